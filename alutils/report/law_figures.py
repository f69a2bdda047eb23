"""Figures beyond the paper: the law of overlap, the strategies' field, shifted test sets."""

from __future__ import annotations

import numpy as np

from alutils.acquisition.target import shape_of
from alutils.analysis import statistics
from alutils.analysis.ranking import AT_LEARNED_NOISE
from alutils.report.style import (
    PALE,
    PAPER_COLOURS,
    POOL_MARKERS,
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    interval_line,
    margin_axis,
    new_figure,
    styled,
    titled_legends,
)
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    from matplotlib.lines import Line2D

LINEAR = 5  # %, of the field's axis: up to here it is linear
FACES = {"upper tail": "full", "lower tail": "left", "window": "none"}


@styled
def law(frame, errors):
    """Realised against predicted gain, a panel per strategy: the figure to remember.

    Parameters
    ----------
    frame : rows with dataset, strategy, target_low, target_high, predicted_area_gain, area_gain,
        and spread, its standard deviation over the seeds (NaN for one)
    errors : strategy -> (low, high), quantiles of realised minus predicted, shaded
    """
    names = list(errors)
    fig, axes = new_figure(len(names), 4.3, sharex=True)
    for ax, name in zip(axes, names, strict=True):
        low, high = errors[name]
        line = np.array([-0.05, 1.05])
        ax.fill_between(line, line + low, line + high, color="0.9", lw=0, zorder=0)
        ax.plot(line, line, color="0.3", lw=1, zorder=1)
        _gains(ax, frame, name, frame["predicted_area_gain"])
        ax.set_title(STRATEGY_LABELS[name], loc="left")
        ax.set_ylabel("realised gain\n(share of the possible)")
        ax.set_xlim(-0.08, 1.05)
        ax.set_ylim(-0.08, 1.05)
    axes[-1].set_xlabel("gain predicted by a probe (share of the possible)")
    _legend(fig, frame)
    return fig


def _gains(ax, frame, name, x):
    """Gains of one strategy against x: mean and, as a line, one standard deviation over seeds."""
    colour = STRATEGY_COLOURS[name]
    for row, at in zip(frame.itertuples(), x, strict=True):
        if row.strategy != name:
            continue
        ends = [row.area_gain - row.spread, row.area_gain + row.spread]
        ax.plot([at, at], ends, color=colour, lw=1, alpha=0.35)
        ax.plot(
            at,
            row.area_gain,
            POOL_MARKERS.get(row.dataset, "*"),
            color=colour,
            fillstyle=FACES[shape_of(row.target_low, row.target_high)],
            markerfacecoloralt="white",
            ms=6,
            alpha=0.85,
        )


def _legend(fig, frame):
    """Pools by marker, shapes of target by filling: a legend for each."""
    look = {"ls": "none", "color": "0.3", "ms": 6}
    pools = [name for name in POOL_MARKERS if (frame["dataset"] == name).any()]
    handles = [Line2D([], [], marker=POOL_MARKERS[name], label=name, **look) for name in pools]
    shapes = [
        Line2D([], [], marker="o", fillstyle=face, markerfacecoloralt="white", label=shape, **look)
        for shape, face in FACES.items()
    ]
    titled_legends(fig, ("pool", handles), ("shape of the target", shapes))


@styled
def share_alone(frame):
    """The null model: the same gains against the target's share alone.

    frame : as of `law`, with share
    """
    names = [name for name in STRATEGY_COLOURS if (frame["strategy"] == name).any()]
    fig, axes = new_figure(len(names), 3.4, sharex=True)
    for ax, name in zip(axes, names, strict=True):
        _gains(ax, frame, name, 100 * frame["share"])
        ax.set_title(STRATEGY_LABELS[name], loc="left")
        ax.set_ylabel("realised gain\n(share of the possible)")
        ax.set_ylim(-0.08, 1.05)
    axes[-1].set_xscale("log")
    ticks = [1, 3, 10, 30, 90]
    axes[-1].set_xticks(ticks, [str(tick) for tick in ticks])
    axes[-1].minorticks_off()
    axes[-1].set_xlabel("share of the target (% of the pool)")
    _legend(fig, frame)
    return fig


@styled
def overlap(frame, strategy):
    """Savings as a fraction of the possible against the overlap as a model sees it, a panel a pool.

    frame : as of `law`, with overlap and saving_gain;  strategy : name of a search
    """
    frame = frame[frame["strategy"] == strategy]
    pools = [name for name in POOL_MARKERS if (frame["dataset"] == name).any()]
    fig, axes = new_figure(len(pools), 2.1, sharex=True)
    for ax, pool in zip(axes, pools, strict=True):
        for row in frame[frame["dataset"] == pool].itertuples():
            face = FACES[shape_of(row.target_low, row.target_high)]
            look = {"color": STRATEGY_COLOURS[strategy], "markerfacecoloralt": "white", "ms": 6}
            marker = POOL_MARKERS[pool]
            ax.plot(row.overlap, row.saving_gain, marker, fillstyle=face, alpha=0.85, **look)
        ax.set_title(pool, loc="left")
        ax.set_ylabel("saved, part\nof the possible")
        ax.set_ylim(0, 1.05)
    axes[-1].set_xlim(0, max(1, 1.05 * frame["overlap"].max()))
    axes[-1].set_xlabel("overlap of target and rest as the model sees them")
    _legend(fig, frame)
    return fig


@styled
def field(tables, labels):
    """Difference of every strategy from A, with 95 % intervals; pale where it may be chance.

    The paper's strategies have their colours, the others, which their row names, have none.

    Parameters
    ----------
    tables : list of frames of `alutils.analysis.ranking.compare`;  labels : of the axes, one each
    """
    fig, axes = new_figure(len(tables), 0.25 * max(map(len, tables)) + 0.9)
    for ax, table, label in zip(axes, tables, labels, strict=True):
        ax.axvline(0, color="0.3", lw=1)
        for row, (name, stated) in enumerate(table.iterrows()):
            base = name.removesuffix(AT_LEARNED_NOISE)
            colour = STRATEGY_COLOURS[base] if base in PAPER_COLOURS else "0.3"
            bar = [
                [100 * (stated["mean"] - stated["low"])],
                [100 * (stated["high"] - stated["mean"])],
            ]
            look = {"marker": "o" if base == name else "d", "color": colour, "ms": 6}
            look["alpha"] = 1 if stated["beats_random"] else PALE
            ax.errorbar(100 * stated["mean"], row, xerr=bar, **look)
        names = [_entry(name) for name in table.index]
        ax.set_yticks(range(len(table)), names, fontsize="small")
        ax.set_ylim(len(table) - 0.5, -0.5)
        ax.set_xscale("symlog", linthresh=LINEAR, linscale=0.6)
        ax.axvspan(-LINEAR, LINEAR, color="0.96", zorder=0)
        ticks = [-20, -5, 0, 5, 20, 100]
        low, high = ax.get_xlim()
        shown = [tick for tick in ticks if low <= tick <= high]
        ax.set_xticks(shown, [str(tick) for tick in shown])
        ax.minorticks_off()
        ax.set_xlabel(f"{label}\nlinear on grey, logarithmic beyond ±{LINEAR} %")
    return fig


def _entry(name):
    """Label of a strategy; of one at learned noise its letter alone, for the width."""
    base = name.removesuffix(AT_LEARNED_NOISE)
    label = STRATEGY_LABELS.get(base, base)
    return label if base == name else label.split()[0] + AT_LEARNED_NOISE


@styled
def shifted_tests(frame, margin=statistics.MARGIN):
    """Error against A's on ever more remote test molecules, a panel per pool (task 1).

    frame : dataset, strategy, seed, remote_share (%), difference (share of A's MAE)
    """
    pools = list(dict.fromkeys(frame["dataset"]))
    fig, axes = new_figure(len(pools), 2.5, sharex=True)
    for ax, pool in zip(axes, pools, strict=True):
        names = list(dict.fromkeys(frame["strategy"]))
        for position, name in enumerate(names):
            rows = frame[(frame["dataset"] == pool) & (frame["strategy"] == name)]
            values = rows.groupby("remote_share")["difference"].agg(lambda d: [100 * v for v in d])
            values.index = values.index * (1 + 0.05 * (position - len(names) / 2))
            look = {"color": STRATEGY_COLOURS[name], "marker": POOL_MARKERS.get(pool, "*")}
            interval_line(ax, values, label=STRATEGY_LABELS[name], **look)
        margin_axis(ax, margin)
        ax.set_title(pool, loc="left")
        ax.set_xscale("log")
    ticks = sorted(frame["remote_share"].unique())
    axes[-1].set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes[-1].minorticks_off()
    axes[-1].invert_xaxis()
    axes[-1].set_xlabel("test set: the most remote part of the test molecules (%)")
    handles, labels = axes[0].get_legend_handles_labels()
    fig.legend(handles, labels, loc="outside upper left", ncols=2, fontsize="small")
    return fig


@styled
def predicted_savings(frame):
    """Savings that a probe predicted, with their intervals, against the realised ones.

    What lies outside its interval is at full strength, with a black edge.

    frame : rows of `alutils.analysis.advice_check.calibrated`
    """
    names = [name for name in STRATEGY_COLOURS if (frame["strategy"] == name).any()]
    fig, axes = new_figure(len(names), 3.8, sharex=True)
    for ax, name in zip(axes, names, strict=True):
        ax.plot([0, 100], [0, 100], color="0.3", lw=1)
        rows, colour = frame[frame["strategy"] == name], STRATEGY_COLOURS[name]
        ends = np.c_[rows["low"], rows["high"], np.full(len(rows), np.nan)].ravel()
        at = np.repeat(100 * rows["predicted_saved"], 3)
        (bars,) = ax.plot(at[:-1], 100 * ends[:-1], color=colour, alpha=0.2, lw=1)
        bars.get_path().should_simplify = False  # it would repeat the last point
        for (pool, inside), part in rows.groupby(["dataset", "inside"], sort=False):
            look = {"alpha": PALE} if inside else {"mec": "black", "zorder": 3}
            look |= {"marker": POOL_MARKERS.get(pool, "*"), "color": colour, "ms": 5, "ls": "none"}
            ax.plot(100 * part["predicted_saved"], 100 * part["saved"], **look)
        ax.set_title(STRATEGY_LABELS[name], loc="left")
        ax.set_ylabel("labels saved, realised (%)")
    axes[-1].set_xlabel("labels saved, predicted by the probe (%)")
    pools = [name for name in POOL_MARKERS if (frame["dataset"] == name).any()]
    look = {"ls": "none", "color": "0.3"}
    handles = [Line2D([], [], marker=POOL_MARKERS[name], label=name, **look) for name in pools]
    places = [
        Line2D([], [], marker="o", alpha=PALE, label="inside its interval", **look),
        Line2D([], [], marker="o", mec="black", label="outside", **look),
    ]
    titled_legends(fig, ("pool", handles), ("what was realised lies", places))
    return fig


@styled
def found_live(curve, share, n_pool, strategy):
    """Molecules found in a live search against labels, beside random sampling.

    curve : frame with n_labels, n_found;  share : of the target in the pool;  n_pool : molecules
    strategy : of the search
    """
    fig, (ax,) = new_figure(1, 3.2)
    # 95 % of the share that the first batch, a random sample, leaves open.
    error = 1.96 * np.sqrt(share * (1 - share) / curve["n_labels"].iloc[0])
    low, high = (curve["n_labels"] * (share + sign * error) for sign in (-1, 1))
    ax.fill_between(curve["n_labels"], low, high, color="0.85", lw=0)
    ax.plot(
        curve["n_labels"],
        curve["n_found"],
        "-*",
        color=STRATEGY_COLOURS[strategy],
        label="search",
        ms=8,
    )
    ax.plot(
        curve["n_labels"],
        share * curve["n_labels"],
        color=STRATEGY_COLOURS["random"],
        label="random, expected",
    )
    possible = np.minimum(curve["n_labels"], share * n_pool)
    ax.plot(curve["n_labels"], possible, ":", color="0.3", label="most possible")
    ax.set_xlabel("labels (molecules)")
    ax.set_ylabel("found (molecules)")
    ax.set_ylim(0, 1.1 * max(possible.max(), curve["n_found"].max()))
    ax.legend()
    return fig
