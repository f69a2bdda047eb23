"""Figures on first batches and batch sizes: learning curves, and what each choice changes."""

from __future__ import annotations

from matplotlib.lines import Line2D

from alutils.acquisition.strategies import letter
from alutils.acquisition.target import highest
from alutils.analysis.first_batch import BEYOND, FIRST, N_MAX, SHARES, STARTS, A, B
from alutils.analysis.spending import HALF, HITS_MARGIN
from alutils.analysis.statistics import MARGIN
from alutils.report.curves import select
from alutils.report.few_labels import START_NAMES
from alutils.report.style import (
    POOL_MARKERS,
    STRATEGY_COLOURS,
    error_axis,
    interval_line,
    new_figure,
    styled,
)

LINES = dict(zip(STARTS, ("-", "--", ":"), strict=True))
FACES = dict(zip(STARTS, (None, "white", "0.75"), strict=True))
ON_POOLS = 0.2  # of a row, between the markers of two pools


@styled
def learning_curves(curves, n_init=FIRST[0]):
    """Error of A after each kind of first batch of one size, a panel for each pool.

    curves : of `analysis.first_batch.curves`
    """
    pools = curves["dataset"].unique()
    fig, axes = new_figure(len(pools), 2.5, sharex=True)
    for ax, pool in zip(axes, pools, strict=True):
        for shift, (start, line) in zip((-1.2, 0, 1.2), LINES.items(), strict=True):
            rows = select(curves, dataset=pool, strategy=A, start=start, n_init=n_init)
            errors = rows.groupby("n_train")["value"].agg(list)
            errors.index += shift
            look = {"color": STRATEGY_COLOURS[A], "ls": line, "mfc": FACES[start], "elinewidth": 1}
            interval_line(ax, errors, marker=POOL_MARKERS.get(pool, "*"), **look)
        error_axis(ax)
        ax.set_title(pool, loc="left")
        ax.set_ylabel("test error, MAE (eV)")
    axes[-1].set_xlabel("training set size (molecules)")
    look = {"color": STRATEGY_COLOURS[A], "marker": "o"}
    handles = [
        Line2D([], [], ls=line, mfc=FACES[start], label=START_NAMES[start], **look)
        for start, line in LINES.items()
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, handlelength=3)
    return fig


@styled
def start_errors(compared):
    """Diverse minus random first batches: errors, in % of those after the random one.

    compared : of `analysis.spending.comparisons`
    """
    titles = {"after": "error right after the first batch", "later": f"error at {N_MAX} labels"}
    return _starts(compared, titles)


@styled
def start_hits(compared):
    """Diverse minus random first batches: hits of the searches, in a hundred labels.

    compared : of `analysis.spending.comparisons`
    """
    return _starts(compared, {f"hits{at}": f"hits at {at} labels" for at in (HALF, N_MAX)})


def _starts(compared, titles):
    chosen, names = [], []
    for family, title in titles.items():
        part = select(compared, family=family).sort_values(["strategy", "share"], kind="stable")
        chosen.append((title, part))
        names.append([_start_row(row) for row in part.to_dict("records")])
    return _forest(chosen, names, "minus random first batch", _start_face, with_starts=True)


@styled
def batches(compared):
    """Small batches minus one batch of a hundred: B's error in %, then hits in a hundred labels.

    compared : of `analysis.spending.comparisons`
    """
    rows = select(compared, family="batches")
    chosen = [("error of B", rows[rows["strategy"] == B])]
    chosen += [(f"hits, {highest(share)}", select(rows, share=share)) for share in SHARES]
    names = [
        [f"{row['ours'].batch}, after {row['ours'].n_init}" for row in part.to_dict("records")]
        for _, part in chosen
    ]
    return _forest(chosen, names, f"minus one batch of {BEYOND}", lambda row: None)


def _forest(chosen, names, than, face, with_starts=False):
    """A panel for each part, a row for each name, a marker for each pool: means and intervals."""
    rows_of = [list(dict.fromkeys(of_panel)) for of_panel in names]
    heights = [len(rows) + 2 for rows in rows_of]
    fig, axes = new_figure(len(chosen), 0.32 * sum(heights) / len(chosen), height_ratios=heights)
    pools = list(dict.fromkeys(pool for _, part in chosen for pool in part["dataset"]))
    for ax, (title, part), of_panel, rows in zip(axes, chosen, names, rows_of, strict=True):
        error = not part["share"].any()
        margin = 100 * MARGIN if error else HITS_MARGIN
        ax.axvspan(-margin, margin, color="0.92", zorder=0)
        ax.axvline(0, color="0.3", lw=1)
        for row, name in zip(part.to_dict("records"), of_panel, strict=True):
            shift = (pools.index(row["dataset"]) - (len(pools) - 1) / 2) * ON_POOLS
            mean, low, high, n = row["difference"]
            look = {"color": STRATEGY_COLOURS[row["strategy"]], "ms": 5.5, "mfc": face(row)}
            bar = [[mean - low], [high - mean]] if n > 1 else None
            at = rows.index(name) + shift
            marker = POOL_MARKERS.get(row["dataset"], "*")
            ax.errorbar(mean, at, xerr=bar, marker=marker, elinewidth=1, capsize=0, **look)
        ax.set_yticks(range(len(rows)), rows, fontsize="small")
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_title(title, loc="left")
        unit = "% of its error" if error else "hits in a hundred labels"
        ax.set_xlabel(f"{than} ({unit})", fontsize="small")
    fig.legend(handles=_handles(pools, with_starts), loc="outside upper left", ncols=3)
    return fig


def _handles(pools, with_starts):
    look = {"ls": "none", "color": "0.3"}
    handles = [Line2D([], [], marker=POOL_MARKERS.get(p, "*"), label=p, **look) for p in pools]
    if with_starts:
        handles += [
            Line2D([], [], marker="o", mfc=FACES[start], label=START_NAMES[start], **look)
            for start in STARTS[1:]
        ]
    return handles


def _start_row(row):
    spent = f"{row['ours'].n_init}, {START_NAMES[row['ours'].start]}"
    if row["family"] == "after":
        return spent
    sought = f", {100 * row['share']:g} %" if row["share"] else ""
    return f"{letter(row['strategy'])}{sought}: {spent}"


def _start_face(row):
    return FACES[row["ours"].start]
