"""Our errors beside those of the authors' results workbook, where a page has the paper's own data.

The workbook is in github.com/kunalghosh/Multi_Fidelity_Prediction_GP, branch testing_runs (BSD-3);
the figures are means and standard deviations of its five runs, at the training sizes of POW. Where
there is no deviation the means are those of the authors' plotting notebook (Fig. 4d).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from alutils.acquisition import strategies
from alutils.analysis.statistics import CONFIDENCE
from alutils.report.style import STRATEGY_COLOURS
from alutils.report.tables import Table, select

N_RUNS = 5
SIZES = (1000, 2000, 4000, 8000, 16000)  # training molecules
# Whose curves are drawn beside ours: of the heaviest molecules, those of the whole data set.
BESIDE = {"qm9_pbe": "qm9_pbe", "aa": "aa", "aa_heaviest": "aa"}
# Data set, strategy, noise (eV^2) -> mean and standard deviation of the MAE at each size, eV.
WORKBOOK = {
    ("qm9_pbe", "random", 1e-10): (
        (0.3000, 0.2748, 0.2491, 0.2314, 0.2097),
        (0.0064, 0.0038, 0.0031, 0.0014, 0.0021),
    ),
    ("qm9_pbe", "uncertain_cluster_centres", 1e-10): (
        (0.3000, 0.2482, 0.2156, 0.1924, 0.1689),
        (0.0064, 0.0045, 0.0043, 0.0025, 0.0027),
    ),
    ("aa", "random", 1e-10): (
        (0.5276, 0.3955, 0.3057, 0.2302, 0.1702),
        (0.0167, 0.0096, 0.0076, 0.0081, 0.0018),
    ),
    ("aa", "most_uncertain", 1e-10): (
        (0.5380, 0.4380, 0.3237, 0.2547, 0.1645),
        (0.0211, 0.0116, 0.0125, 0.0199, 0.0092),
    ),
    ("aa", "cluster_centres", 1e-10): (
        (0.5336, 0.3895, 0.3047, 0.2298, 0.1659),
        (0.0102, 0.0144, 0.0055, 0.0023, 0.0011),
    ),
    ("aa", "uncertain_cluster_centres", 1e-10): (
        (0.5263, 0.3674, 0.2698, 0.2039, 0.1478),
        (0.0132, 0.0109, 0.0081, 0.0031, 0.0021),
    ),
    ("aa", "random", 0.05): (
        (0.5154, 0.3694, 0.2776, 0.2118, 0.1614),
        None,
    ),
    ("aa", "uncertain_cluster_centres", 0.05): (
        (0.5154, 0.3535, 0.2637, 0.2048, 0.1602),
        None,
    ),
}


def draw(ax, runs):
    """Enter the authors' curves, dotted with crosses, into an axis with ours; their sizes, or none.

    ax : of errors (eV) against training molecules
    runs : frame of `alutils.runs.records.run_or_load`, of one data set
    """
    drawn = _shown(runs)
    for position, key in enumerate(drawn):
        means, spreads = WORKBOOK[key]
        look = {"color": STRATEGY_COLOURS[key[1]], "marker": "x", "ls": ":", "lw": 1}
        named = f"_the paper's {strategies.letter(key[1])}, noise {key[2]:g} eV²"
        name = named if position else "the paper's runs"  # one line of the legend
        ax.errorbar(SIZES, means, spreads, label=name, **look)
    return SIZES if drawn else ()


def caption(runs):
    """What a caption says of the authors' curves; nothing where there are none."""
    if not (shown := _shown(runs)):
        return ""
    whole = "" if (runs["dataset"] == shown[0][0]).all() else ", on the whole data set"
    bars = f", with the standard deviation of their {N_RUNS} runs where they give it"
    return f"Dotted: the authors' means{whole}{bars}."


def _shown(runs):
    """Keys of `WORKBOOK` of strategies and noises among the runs, on their data or its whole."""
    dataset = BESIDE.get(runs["dataset"].iloc[0])
    ours = set(runs[["strategy", "noise_var"]].itertuples(index=False, name=None))
    return [key for key in WORKBOOK if key[0] == dataset and key[1:] in ours]


def differences(runs):
    """Ours minus the authors' mean error, for what both have.

    Parameters
    ----------
    runs : frame of `alutils.runs.records.run_or_load`

    Returns
    -------
    frame with strategy, noise_var (eV^2), n_train, ours, authors, difference, low, high (eV) and n,
        our seeds; the interval is Welch's, 95 %, by the spread of our seeds and their five runs
    """
    rows = []
    for (dataset, strategy, noise_var), (means, spreads) in WORKBOOK.items():
        if spreads is None:
            continue
        ours = select(runs, dataset=dataset, strategy=strategy, noise_var=noise_var, scheme="pow")
        for n_train, mean, spread in zip(SIZES, means, spreads, strict=True):
            errors = ours.loc[ours["n_train"] == n_train, "mae_ev"]
            if errors.empty:
                continue
            half = _half_width(errors.std(ddof=1), len(errors), spread)
            row = {"strategy": strategy, "noise_var": noise_var, "n_train": n_train}
            row |= {"ours": errors.mean(), "authors": mean, "difference": errors.mean() - mean}
            row |= {"low": row["difference"] - half, "high": row["difference"] + half}
            rows.append({**row, "n": len(errors)})
    return pd.DataFrame(rows)


def table(runs):
    """`differences` to print; None where the authors have no figure for any of the runs."""
    rows = differences(runs)
    shown = [
        {
            "strategy": strategies.letter(row.strategy),
            "noise (eV²)": f"{row.noise_var:g}",
            "training molecules": row.n_train,
            "ours (eV)": f"{row.ours:.3f}",
            "authors' (eV)": f"{row.authors:.3f}",
            "difference (eV, 95 %)": f"{row.difference:+.3f} ({row.low:+.3f} to {row.high:+.3f})",
        }
        for row in rows.itertuples()
    ]
    return Table(pd.DataFrame(shown)) if shown else None


def agreement(runs):
    """How many of the differences are compatible with zero, and the largest, as text."""
    rows = differences(runs)
    if rows.empty:
        return "none: the authors' workbook has no such runs"
    inside = int(((rows["low"] <= 0) & (rows["high"] >= 0)).sum())
    largest = rows.loc[rows["difference"].abs().idxmax()]
    return (
        f"{inside} of {len(rows)} differences are within the scatter of the runs; the largest is "
        f"{largest['difference']:+.3f} eV ({strategies.letter(largest['strategy'])}, "
        f"{largest['n_train']} molecules)"
    )


def _half_width(spread, n, their_spread):
    """Half of Welch's interval for the difference of two means; infinite with one seed of ours."""
    if n < 2:
        return np.inf
    ours, theirs = spread**2 / n, their_spread**2 / N_RUNS
    freedom = (ours + theirs) ** 2 / (ours**2 / (n - 1) + theirs**2 / (N_RUNS - 1))
    return stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(ours + theirs)
