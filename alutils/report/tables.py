"""Records to the tables and sentences of a notebook, those of `curves` and `savings` included."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.acquisition import strategies
from alutils.acquisition.target import above, above_or_highest
from alutils.analysis import wider_bounds
from alutils.analysis.label_distributions import load_or_summarise
from alutils.data import datasets
from alutils.descriptors import described
from alutils.report.curves import COLLAPSED, by_seed, curve, is_collapsed, select, text
from alutils.report.savings import (
    learning_savings,
    saved_text,
    search_facts,
    search_limit,
    search_savings,
)

__all__ = [
    "Table",
    "bound_text",
    "by_seed",
    "collapsed_text",
    "curve",
    "data_table",
    "is_collapsed",
    "learning_savings",
    "likelihood_noise",
    "lowest_noise",
    "mean_std",
    "ranking",
    "saved_text",
    "scheme_differences",
    "scheme_table",
    "search_facts",
    "search_limit",
    "search_savings",
    "select",
    "share_in_range",
    "stale_text",
    "stands_for",
    "text",
]

BOUNDED = {"signal_var": "the signal variance", "length_scale": "the length scale"}


class Table(pd.DataFrame):
    """A frame to print whole: pandas cuts cells at 50 characters."""

    def _repr_html_(self):
        with pd.option_context("display.max_colwidth", None):
            return self._headed()._repr_html_()

    def __repr__(self):
        with pd.option_context("display.max_colwidth", None, "display.width", 200):
            return repr(self._headed())

    def _headed(self):
        """A plain frame that names its index in the line of its columns, not in one of its own."""
        return pd.DataFrame(self).rename_axis(index=None, columns=self.index.name)


def collapsed_text(records):
    """A sentence on the collapsed fits among these runs."""
    rows = records[is_collapsed(records)]
    if rows.empty:
        return f"None of the {len(records)} fits collapsed.{_bad_text(records)}"
    where = [
        f"{strategies.letter(row.strategy)} at {row.n_train} molecules, "
        f"noise {row.noise_var:g} eV², seed {row.seed}"
        for row in rows.itertuples()
    ]
    shown = "; ".join(where[:6]) + ("; and others" if len(where) > 6 else "")
    return (
        f"{len(rows)} of the {len(records)} fits collapsed ({shown}), that is, have an R² below "
        f"{COLLAPSED:g} on the test set: the model predicts its prior mean, 0 eV, for molecules "
        "like none that it knows. These are all where the length scale ended too short, and the "
        "remote ones where a pool has many. Every number of this page includes such fits; in the "
        "figures a cross at the upper edge stands for a size at which one seed collapsed."
        f"{_bad_text(records)}"
    )


def _bad_text(records):
    """Where most fits are below COLLAPSED, so that none of them is an exception."""
    bad = records[(records["r2"] < COLLAPSED) & ~is_collapsed(records)]
    if bad.empty:
        return ""
    kinds = bad.groupby(["strategy", "noise_var"], sort=False).size().index
    where = ", ".join(f"{strategies.letter(name)} at {noise:g} eV²" for name, noise in kinds)
    return f" Most fits of {where} have an R² below {COLLAPSED:g} there, and are shown as they are."


def bound_text(records):
    """A sentence on the fits among these runs that ended with a parameter at a bound."""
    named = records["at_bound"].str.split()
    counts = named.explode().value_counts()
    n_fits = (named.str.len() > 0).sum()
    said = f"of the {len(records)} fits ended with a parameter at a bound of its range"
    if not n_fits:
        return f"None {said}."
    which = ", ".join(f"{BOUNDED[name]} in {n}" for name, n in counts.items())
    return f"{n_fits} {said} ({which}).{_refitted_text(wider_bounds.of(records))}"


def _refitted_text(refits):
    """What wider bounds do to fits, `wider_bounds.of`; nothing where none was made."""
    if refits.empty:
        return ""
    change = (refits["mae_ev"] - refits["mae_ev_before"]).astype(float)
    ends = refits["signal_var"].astype(float)
    return (
        f" {len(refits)} of them were fitted again within bounds {wider_bounds.WIDER:g} times "
        f"wider: the signal variance then ends at {ends.min():.0f} to {ends.max():.0f} eV², and "
        f"the error on the test set changes by {change.min():+.4f} to {change.max():+.4f} eV, "
        f"{change.mean():+.4f} eV in the mean."
    )


def mean_std(records, column, digits=3):
    """Table of "mean ± std over seeds" as text: a row per training size, a column per strategy."""
    table = {}
    for strategy, runs in records.groupby("strategy", sort=False):
        rows = curve(runs, column)
        mean, std = (rows[column].map(f"{{:.{digits}f}}".format) for column in ("mean", "std"))
        table[strategies.letter(strategy)] = mean + (" ± " + std).where(rows["n"] > 1, "")
    return Table(pd.DataFrame(table).rename_axis("training molecules"))


def stands_for(name, paper_name):
    """True if the data set is, or stands for, one of the paper's: "AA", "QM9" or "OE"."""
    return datasets.REGISTRY.get(name, {}).get("stands_for", "").startswith(paper_name)


def share_in_range(name, target_share, threshold):
    """Share of all molecules that lie in the target range; `threshold` in eV goes first."""
    if threshold is None:
        return target_share
    try:
        y = datasets.load(name, fetch=False).y
    except ValueError:  # the data are absent: a tracked summary of the labels may be here
        return load_or_summarise(name)[0].target(threshold)[1]
    return float(np.mean(above(threshold).range_in(y).contains(y)))


def data_table(name, target_share=None, threshold=None, descriptor=None):
    """What a notebook says of its data set, also where the data are not at hand.

    descriptor : a name of `alutils.descriptors.DESCRIPTORS` that replaces the data set's own

    Returns
    -------
    frame of one column, indexed by what is said
    """
    entry = datasets.REGISTRY.get(name, {})
    try:
        dataset = datasets.load(name, fetch=False)
    except ValueError:
        if name not in datasets.REGISTRY:
            raise
        dataset = None
    facts = {
        "data set": entry.get("title", name),
        "stands for": entry.get("stands_for", "itself"),
        "label": f"{entry.get('label', 'HOMO')}, eV",
    }
    if descriptor is not None:
        facts["descriptor"] = f"{descriptor}: {described(descriptor)}"
    elif "factor" in entry:
        facts["descriptor"] = f"the paper's, as whitened components times {entry['factor']:g}"
    if dataset is None:
        facts["data"] = "not at hand here: all numbers come from tracked records"
    else:
        facts["molecules"] = f"{len(dataset):,}".replace(",", " ")
        facts["mean and standard deviation"] = (
            f"{dataset.y.mean():.2f} and {dataset.y.std():.2f} eV"
        )
        if target := above_or_highest(threshold, target_share):
            inside = target.range_in(dataset.y)
            share = float(np.mean(inside.contains(dataset.y)))
            facts["target"] = f"above {inside.low:.2f} eV: {share:.1%} of the molecules"
    facts["licence"] = entry.get("licence", "that of your file")
    return Table({"value": facts})


def likelihood_noise(records):
    """The noise of the highest marginal likelihood at each training size, from runs on a grid.

    A parabola in log10 of the noise through the highest point and its neighbours; at an end of the
    grid the end itself.

    Returns
    -------
    frame with n_train, seed, noise_var (eV^2)
    """
    rows = []
    for (n_train, seed), runs in records.groupby(["n_train", "seed"]):
        runs = runs.sort_values("noise_var")
        log_noise, lml = np.log10(runs["noise_var"].to_numpy()), runs["lml"].to_numpy()
        top = int(lml.argmax())
        best = log_noise[top]
        if 0 < top < len(lml) - 1:
            a, b, _ = np.polyfit(log_noise[top - 1 : top + 2], lml[top - 1 : top + 2], 2)
            best = -b / (2 * a)
        rows.append((n_train, seed, 10**best))
    return pd.DataFrame(rows, columns=["n_train", "seed", "noise_var"])


def lowest_noise(records):
    """The noise with the lowest mean error, a Series indexed by n_train, from runs on a grid."""
    sizes = records.groupby("n_train")
    return sizes.apply(lambda runs: curve(runs, "mae_ev", by="noise_var")["mean"].idxmin())


def scheme_differences(records, strategy):
    """Each constant scheme minus POW, in % of the error of A under POW, by seed.

    Both are read at the sizes that the constant scheme itself reaches, where POW, which has a size
    at each doubling, is interpolated in log n. Sizes with a collapsed fit in either are left out,
    except the last.

    Returns
    -------
    frame with n_const, seed, n_train, difference (%)
    """
    learnt = records.assign(mae_ev=records["mae_ev"].mask(is_collapsed(records)))
    rows = []
    for n_const in sorted(select(records, scheme="constant")["n_const"].unique()):
        ours = {"strategy": strategy, "scheme": "constant", "n_const": n_const}
        sizes = sorted(select(records, **ours)["n_train"].unique())[1:]
        for n_train in sizes:
            runs = records if n_train == sizes[-1] else learnt
            pow_runs = select(runs, scheme="pow")
            percent = by_seed(select(pow_runs, strategy="random"), n_train).mean() / 100
            theirs = by_seed(pow_runs, n_train, strategy=strategy)
            difference = (by_seed(runs, n_train, **ours) - theirs) / percent
            if not difference.isna().any():
                rows += [(n_const, seed, n_train, value) for seed, value in difference.items()]
    return pd.DataFrame(rows, columns=["n_const", "seed", "n_train", "difference"])


def scheme_table(records, strategy):
    """Number of fits and sizes of the training sets under each scheme."""
    rows = {}
    for (scheme, n_const), runs in select(records, strategy=strategy).groupby(
        ["scheme", "n_const"], sort=False
    ):
        sizes = [str(n) for n in sorted(runs["n_train"].unique())]
        shown = sizes if len(sizes) < 7 else [*sizes[:3], "...", *sizes[-2:]]
        name = "POW" if scheme == "pow" else f"constant {n_const}"
        rows[name] = {"fits": len(sizes), "training molecules": ", ".join(shown)}
    return Table(pd.DataFrame(rows).T)


def stale_text(records):
    """A sentence on how many of these runs were made by the present version of the numerics."""
    keys = ["dataset", "strategy", "scheme", "n_const", "n_max", "noise_var", "seed"]
    stale = records.groupby(keys)["stale"].any()
    others = ", the others by an earlier one" if stale.any() else ""
    made = f"{(~stale).sum()} of {len(stale)} runs were made"
    return f"{made} by this version of the numerics{others}."


def ranking(values):
    """Names from the lowest mean to the highest: "D < A < C"; those without a value are left out.

    values : name -> Series by seed
    """
    means = {name: series.mean() for name, series in values.items() if len(series)}
    return " < ".join(sorted(means, key=means.get))
