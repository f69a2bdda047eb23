"""What label and descriptor change on QM9: three settings, each one change away from the next.

The molecules stay. From the narrow descriptor to the broad one the labels stay too, from the B3LYP
labels to the paper's the descriptor does. D minus A is paired by seed within a setting. Between two
settings nothing is paired, their labelled molecules differ: such a change has Welch's interval.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from alutils.acquisition.strategies import LETTERS
from alutils.acquisition.target import above
from alutils.analysis.statistics import CONFIDENCE, interval
from alutils.report import tables
from alutils.report.parameters import run_configs
from alutils.report.style import (
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    band,
    error_axis,
    marker,
    new_figure,
    noise_unit,
    size_axis,
    styled,
)
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    from matplotlib.lines import Line2D

A, B, C, D, E = (LETTERS[letter] for letter in "ABCDE")
NARROW, BROAD, PAPER = "B3LYP, narrow", "B3LYP, broad", "PBE+vdW, broad"
SETTINGS = {  # PAPER has the broad descriptor as its data set's own
    NARROW: {"dataset": "qm9_b3lyp", "descriptor": None},
    BROAD: {"dataset": "qm9_b3lyp", "descriptor": "mbtr_broad"},
    PAPER: {"dataset": "qm9_pbe", "descriptor": None},
}
CHANGES = {"descriptor": (NARROW, BROAD), "label": (BROAD, PAPER)}
GAIN = "D minus A"
LOOKS = {NARROW: ":", BROAD: "--", PAPER: "-"}


def configs(p):
    """RunConfigs of all that the page shows.

    p : parameters of the notebook, as `check_parameters` returns them
    """
    ends = [p.noise_low, p.noise_high]
    of = {
        NARROW: {"n_max": [p.n_max], "seed": p.seeds},
        BROAD: {"n_max": [p.n_max_broad], "seed": p.seeds},
        PAPER: {"n_max": [p.n_max], "seed": p.seeds_paper, "target": [above(p.threshold_paper)]},
    }
    of = {name: run | {k: [v] for k, v in SETTINGS[name].items()} for name, run in of.items()}
    grid = {"n_max": [p.grid_n_max], "seed": p.validation_seeds}
    groups = [
        *(axes | {"strategy": [A, D], "noise_var": ends} for axes in of.values()),
        *(of[name] | {"strategy": [E], "noise_var": [p.noise_high]} for name in (NARROW, PAPER)),
        of[NARROW] | {"strategy": [A, D], "noise_var": p.noises_between or []},
        of[NARROW] | {"strategy": [B, C], "noise_var": [p.noise_low]},
        of[NARROW] | {"strategy": [A], "noise_var": p.noise_grid or []} | grid,
    ]
    return [config for axes in groups for config in run_configs(p, **axes)]


def with_settings(runs):
    """The runs with their setting, a key of SETTINGS, in one more column."""
    names = {tuple(where.values()): name for name, where in SETTINGS.items()}
    descriptors = runs["descriptor"].astype(object).where(runs["descriptor"].notna(), None)
    of_run = zip(runs["dataset"], descriptors, strict=True)
    return runs.assign(setting=[names[one] for one in of_run])


def gain_by_seed(runs, n_train):
    """D minus A in % of A's mean error, by seed, of the runs of one setting and noise."""
    a, d = (tables.by_seed(runs, n_train, strategy=strategy) for strategy in (A, D))
    return 100 * (d - a).dropna() / a.mean()


def gains(runs):
    """D minus A within each setting, at each noise that all have and each size after the first.

    runs : of `with_settings`, those of the grid left out

    Returns
    -------
    frame with setting, noise_var (eV^2), n_train, mean, low, high (% of A's error; 95 %), n, seeds
    """
    rows = []
    for name in SETTINGS:
        for noise_var in _shared_noises(runs):
            of_setting = tables.select(runs, setting=name, noise_var=noise_var)
            for n_train in _sizes(of_setting)[1:]:
                found = interval(gain_by_seed(of_setting, n_train))
                rows.append((name, noise_var, n_train, *found))
    return pd.DataFrame(
        rows, columns=["setting", "noise_var", "n_train", "mean", "low", "high", "n"]
    )


def changes(runs):
    """What changes from one setting to the next, at each size that both have.

    runs : of `with_settings`, those of the grid left out

    Before the first pick D is A, and has no row.

    Returns
    -------
    frame with change ("descriptor", "label"), noise_var (eV^2), n_train, quantity ("A", "D": MAE,
        eV; "D minus A": % of A's), before, after, difference, low, high (Welch, 95 %)
    """
    rows = []
    for change, names in CHANGES.items():
        for noise_var in _shared_noises(runs):
            pair = [tables.select(runs, setting=name, noise_var=noise_var) for name in names]
            first, *later = sorted(set(_sizes(pair[0])) & set(_sizes(pair[1])))
            for n_train in (first, *later):
                where = {"change": change, "noise_var": noise_var, "n_train": n_train}
                for letter in "A" if n_train == first else "AD":
                    errors = [tables.by_seed(r, n_train, strategy=LETTERS[letter]) for r in pair]
                    rows.append({**where, "quantity": letter, **welch(*errors)})
                if n_train != first:
                    found = welch(*(gain_by_seed(r, n_train) for r in pair))
                    rows.append({**where, "quantity": GAIN, **found})
    return pd.DataFrame(rows)


def welch(before, after):
    """Both means, their difference and its 95 % interval, unpaired; infinite for a single value.

    before, after : values by seed, of unequal number and spread

    Returns
    -------
    dict of before, after, difference, low, high, in the values' unit
    """
    low, high = -np.inf, np.inf
    if min(len(before), len(after)) > 1:
        test = stats.ttest_ind(after, before, equal_var=False)
        low, high = test.confidence_interval(CONFIDENCE)
    means = {"before": before.mean(), "after": after.mean()}
    return means | {"difference": means["after"] - means["before"], "low": low, "high": high}


def changes_table(changed):
    """`changes` to print: a row for each change, noise and size, a column for each quantity."""
    rows = {}
    for row in changed.itertuples():
        key = (row.change, f"{row.noise_var:g}", row.n_train)
        name = f"{row.quantity} (% of A's)" if row.quantity == GAIN else f"{row.quantity} (eV)"
        rows.setdefault(key, {})[name] = change_text(row)
    index = ["changed", "noise (eV²)", "molecules"]
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index)
    return tables.Table(table.fillna("-").reset_index().set_index("changed"))


def gains_table(found):
    """`gains` to print: a row for each noise and size, a column for each setting."""
    cells = found.assign(text=[percent_text(row) for row in found.itertuples()])
    table = cells.pivot(index=["noise_var", "n_train"], columns="setting", values="text")
    table = table[list(SETTINGS)].fillna("not run").reset_index()
    table["noise_var"] = table["noise_var"].map("{:g}".format)
    named = {"noise_var": "noise (eV²)", "n_train": "molecules"}
    return tables.Table(table.rename(columns=named).set_index("noise (eV²)"))


@styled
def learning_curves(runs):
    """Error of A and D in each setting, a panel for each noise that all have, on one scale."""
    noises = _shared_noises(runs)
    fig, axes = new_figure(len(noises), sharex=True, sharey=True)
    for ax, noise_var in zip(axes, noises, strict=True):
        for name, style in LOOKS.items():
            for strategy in (A, D):
                of_line = tables.select(runs, setting=name, noise_var=noise_var, strategy=strategy)
                colour = STRATEGY_COLOURS[strategy]
                look = {"color": colour, "ls": style, "marker": marker(of_line), "ms": 5}
                look |= {"mfc": colour if name == PAPER else "white", "alpha": 0.12}
                table = tables.curve(of_line, "mae_ev")
                band(ax, table, label=f"_{STRATEGY_LABELS[strategy]}; {name}", **look)
        ax.set_title(f"noise {noise_var:g} {noise_unit(runs)}", loc="left")
        error_axis(ax)
    size_axis(axes[-1], runs)
    _legend(fig)
    return fig


def change_text(row):
    """A change and its interval as text, in the unit of the table's column or of the prose."""
    digits = 1 if row.quantity == GAIN else 3
    return f"{row.difference:+.{digits}f} ({row.low:+.{digits}f} to {row.high:+.{digits}f})"


def percent_text(found):
    """A gain and its interval in % as text."""
    if np.isnan(found.mean):
        return "not run"
    return f"{found.mean:+.1f} % ({found.low:+.1f} to {found.high:+.1f})"


def four_strategies(runs, p):
    """A to D, in this order, at the low noise in the narrow setting; runs of `with_settings`."""
    of_four = tables.select(runs, setting=NARROW, noise_var=p.noise_low)
    of_four = of_four[~of_four["seed"].isin(p.validation_seeds)]
    return pd.concat([tables.select(of_four, strategy=name) for name in (A, B, C, D)])


def _legend(fig):
    """Strategies by colour, settings by line."""
    handles = [Line2D([], [], color=STRATEGY_COLOURS[s], label=STRATEGY_LABELS[s]) for s in (A, D)]
    for name, style in LOOKS.items():
        face = "0.3" if name == PAPER else "white"
        look = {"ls": style, "marker": "D", "ms": 5, "mfc": face, "color": "0.3"}
        handles.append(Line2D([], [], label=name, **look))
    fig.legend(handles=handles, loc="outside upper left", ncols=2, fontsize="small")


def _shared_noises(runs):
    """Noises that every setting was run at, from low to high."""
    of_each = [set(tables.select(runs, setting=name)["noise_var"]) for name in SETTINGS]
    return sorted(set.intersection(*of_each))


def _sizes(runs):
    return [int(n) for n in sorted(runs["n_train"].unique())]
