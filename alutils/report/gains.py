"""What strategy D gains over A on a pool and on its variants, and what the gain needs."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from alutils.acquisition import strategies
from alutils.analysis.gains import DECILES
from alutils.analysis.statistics import (
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    UNTESTABLE,
    Interval,
    interval,
    paired,
)
from alutils.report import claims, tables

A, B, C, D = (strategies.LETTERS[letter] for letter in "ABCD")
PARTS = {  # rows of the table on the errors, from the columns of `analysis.gains.anatomy`
    "mean": lambda rows: rows["mae_ev"],
    "median": lambda rows: rows["median_ev"],
    "from the worst 5 %": lambda rows: rows["worst_ev"],
    "from all others": lambda rows: rows["mae_ev"] - rows["worst_ev"],
    "from the most remote tenth": lambda rows: rows["remote_ev"],
    "from the other nine": lambda rows: rows["mae_ev"] - rows["remote_ev"],
}


class Reason(NamedTuple):
    """Something that a gain may need: the pool without it, and the pool to compare that with."""

    name: str
    without: str
    beside: str


WHOLE = {  # data set -> its name in tables and figures
    "aa_heaviest": "AA",
    "oe_heaviest": "OE",
    "qm9_heaviest": "QM9",
    "qm9_heaviest_molecules": "QM9, our MBTR",
}
SAMPLED = "aa_heaviest_sampled"  # as many molecules as the thinned pool
VARIANTS = {
    "aa_heaviest": "AA, whole",
    "aa_heaviest_no_twins": "no near-duplicates",
    SAMPLED: "part, at random",
    "aa_heaviest_thinned": "part, none close",
    "aa_heaviest_not_remote": "no remote tenth",
    "aa_heaviest_ranked": "no tails",
    "aa_heaviest_unwhitened": "not whitened",
    "aa_heaviest_centred": "labels centred",
}
CENTRED = {  # the pools again, with labels whose mean is taken out
    "aa_heaviest_centred": "AA",
    "oe_heaviest_centred": "OE",
    "qm9_heaviest_centred": "QM9",
}
REASONS = (
    Reason("near-duplicates", "aa_heaviest_no_twins", "aa_heaviest"),
    Reason("crowded regions", "aa_heaviest_thinned", SAMPLED),
    Reason("the most remote tenth", "aa_heaviest_not_remote", "aa_heaviest"),
    Reason("tails of the components", "aa_heaviest_ranked", "aa_heaviest"),
    Reason("equal variances", "aa_heaviest_unwhitened", "aa_heaviest"),
    Reason("the prior mean of zero", "aa_heaviest_centred", "aa_heaviest"),
)
STEPS = {
    "qm9_heaviest_molecules": "QM9, our MBTR",
    "qm9_heaviest_axes": "30 components",
    "qm9_heaviest_standardised": "and standardised",
    "qm9_heaviest_whitened": "and whitened",
    "qm9_heaviest": "QM9, the paper's",
}


def gain(runs, dataset, strategy=D, n_train=None):
    """Interval of a strategy's error minus A's, in % of A's mean, over the seeds of both.

    runs : records of one noise and scheme;  n_train : molecules (default: the largest size)
    """
    runs = tables.select(runs, dataset=dataset)
    n_train = n_train or runs["n_train"].max()
    a, other = (tables.by_seed(runs, n_train, strategy=name) for name in (A, strategy))
    return paired(100 * a / a.mean(), 100 * other / a.mean())


def gain_table(runs, names):
    """The differences of D from A as a table: a row for each data set, a column for each size.

    names : data set -> what it is called
    """
    sizes = [int(n) for n in sorted(runs["n_train"].unique())[1:]]
    rows = {
        name: {f"{n} molecules": text(gain(runs, dataset, n_train=n)) for n in sizes}
        for dataset, name in names.items()
    }
    return tables.Table(pd.DataFrame(rows).T.rename_axis("D minus A, % of A's error"))


def noise_table(runs, dataset):
    """Error of A, and D minus A, at each noise, on one data set at the largest size.

    runs : also those with centred labels, which are left out
    """
    n_end, rows = runs["n_train"].max(), {}
    runs = tables.select(runs, dataset=dataset, normalize_y=False)
    for noise, at_noise in runs.groupby("noise_var"):
        a = tables.by_seed(at_noise, n_end, strategy=A)
        difference = text(gain(at_noise, dataset))
        rows[f"{noise:g}"] = {"A (eV)": tables.text(a.mean()), "D minus A": difference}
    return tables.Table(pd.DataFrame(rows).T.rename_axis("noise (eV²)"))


def reasons_table(runs, reasons):
    """What is left of the gain without each of the reasons, and whether the gain needs it.

    A gain needs what it is less than half as large without: *supported* where the whole interval
    lies below half of the gain beside it, *not supported* where it lies above.
    """
    rows = {}
    for reason in reasons:
        beside, without = gain(runs, reason.beside), gain(runs, reason.without)
        left = without.mean / beside.mean if beside.mean else float("nan")
        rows[reason.name] = {
            "D minus A beside": text(beside),
            "without it": text(without),
            "left": f"{left:.0%}",
            "needed": needed(beside, without),
        }
    return tables.Table(pd.DataFrame(rows).T.rename_axis("reason"))


def verdict(runs, reasons):
    """A sentence on what the gain needs, and what it does not, by the rule of `needed`."""
    said = {SUPPORTED: "needs", NOT_SUPPORTED: "does not need", UNDECIDED: "may or may not need"}
    found = {}
    for reason in reasons:
        one = needed(gain(runs, reason.beside), gain(runs, reason.without))
        found.setdefault(one, []).append(reason.name)
    parts = [f"{said[one]} {', '.join(found[one])}" for one in said if one in found]
    return f"The gain {'; it '.join(parts)}." if parts else "There is no gain here."


def needed(beside, without):
    """Verdict on "the gain needs what is left out", from the two differences of D from A."""
    if not beside.high < 0 or without.n < 2:
        return UNTESTABLE
    if without.low > beside.mean / 2:
        return SUPPORTED
    return NOT_SUPPORTED if without.high < beside.mean / 2 else UNDECIDED


def parts_table(rows):
    """Mean and median error of A and D, and the parts that the mean is made of, in eV.

    rows : frame of `analysis.gains.anatomy`
    """
    shown = {}
    for name in PARTS:
        a, d = (part(rows, name, strategy) for strategy in (A, D))
        difference = paired(a, d)
        shown[name] = {
            "A (eV)": tables.text(a.mean()),
            "D (eV)": tables.text(d.mean()),
            "D minus A": claims.span(difference),
        }
    return tables.Table(pd.DataFrame(shown).T.rename_axis("test error"))


def part(rows, name, strategy):
    """One of `PARTS` by seed, eV."""
    of_one = tables.select(rows, strategy=strategy)
    return PARTS[name](of_one).set_axis(of_one["seed"])


def by_decile(rows, strategy, stem):
    """The columns stem_1 to stem_10 of `analysis.gains.anatomy`: decile -> list over the seeds."""
    of_one = tables.select(rows, strategy=strategy)
    return pd.Series({k: of_one[f"{stem}_{k}"].tolist() for k in DECILES}, dtype=object)


def facts(runs, rows, dataset, compressed):
    """What the prose quotes: name -> number or text.

    runs : of all data sets;  rows : of `analysis.gains.anatomy` of `dataset`
    compressed : two data sets of the same molecules, ours and the compressed ones, in one order
    """
    mean, worst, remote, others = (
        paired(*(part(rows, name, strategy) for strategy in (A, D)))
        for name in ("mean", "from the worst 5 %", "from the most remote tenth", "median")
    )
    picks = {name: tables.select(rows, strategy=name) for name in (A, D)}
    found = {
        "dataset": dataset,
        "n_end": int(runs["n_train"].max()),
        "n_seeds": runs["seed"].nunique(),
        "noise": float(tables.select(runs, dataset=dataset)["noise_var"].iloc[0]),
        "gain": text(gain(runs, dataset)),
        "gain_centred": text(gain(runs, f"{dataset}_centred")),
        **_errors_of_a(runs, dataset),
        "tail_share": f"{worst.mean / mean.mean:.0%}",
        "remote_share": f"{remote.mean / mean.mean:.0%}",
        "median_change": claims.span(others),
        "A_remote_picks": f"{picks[A]['picks_10'].mean():.0%}",
        "D_remote_picks": f"{picks[D]['picks_10'].mean():.0%}",
        "A_twins": f"{picks[A]['twins'].mean():.1%}",
        "D_twins": f"{picks[D]['twins'].mean():.1%}",
        "A_labels": f"{picks[A]['picks_mean_ev'].mean():.2f}",
        "D_labels": f"{picks[D]['picks_mean_ev'].mean():.2f}",
    }
    found |= {"gain_B": text(gain(runs, dataset, B)), "gain_C": text(gain(runs, dataset, C))}
    found["verdict"] = verdict(runs, REASONS)
    ours, theirs = (by_seed(runs, name) for name in compressed)
    found |= {"gain_ours": text(interval(ours)), "gain_compressed": text(interval(theirs))}
    return found | {"compression": text(paired(ours, theirs))}


def _errors_of_a(runs, dataset):
    """A's error with a prior mean of zero and with centred labels, as text in eV."""
    runs = tables.select(runs, n_train=runs["n_train"].max(), strategy=A)
    names = {"A_zero": dataset, "A_centred": f"{dataset}_centred"}
    errors = {key: tables.select(runs, dataset=name)["mae_ev"] for key, name in names.items()}
    return {key: tables.text(of_one.mean()) for key, of_one in errors.items()}


def by_seed(runs, dataset):
    """D minus A at the largest size, seed by seed, in % of A's mean."""
    runs = tables.select(runs, dataset=dataset)
    a, d = (tables.by_seed(runs, runs["n_train"].max(), strategy=name) for name in (A, D))
    return (100 * (d - a) / a.mean()).dropna()


def text(difference: Interval):
    """A difference in % as text: mean, 95 % interval and seeds."""
    if difference.n < 2:
        return f"{difference.mean:+.0f} % ({difference.n} seed)" if difference.n else "not run"
    low, high = (f"{value:+.0f}" for value in (difference.low, difference.high))
    return f"{difference.mean:+.0f} % ({low} to {high}, {difference.n} seeds)"
