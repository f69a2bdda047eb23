"""Records to the tables and sentences of a notebook: curves, savings, what the data are."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.acquisition import strategies
from alutils.acquisition.target import above, above_or_highest
from alutils.analysis import statistics
from alutils.data import datasets
from alutils.descriptors import DESCRIPTORS
from alutils.metrics import savings, savings_bound

# R2 on the test set below which a fit has collapsed: the optimiser ended at so short a length scale
# that the model predicts its prior mean of zero, several standard deviations off, for nearly all.
COLLAPSED = -1.0


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


def text(value, digits=3, unit="", missing="not run"):
    """A number as text, and what to say for NaN."""
    return missing if np.isnan(value) else f"{value:.{digits}f}{unit and ' ' + unit}"


def select(records, **where):
    """Rows whose columns have the given values: ``select(records, strategy="random")``."""
    for column, value in where.items():
        records = records[records[column] == value]
    return records


def by_seed(records, n_train, column="mae_ev", **where):
    """`verdicts.at` of the selected runs; an empty Series where there are none."""
    runs = select(records, **where)
    return statistics.at(runs, n_train, column) if len(runs) else pd.Series(dtype=float)


def curve(records, column, by="n_train"):
    """Mean and standard deviation over the seeds at each training size.

    Returns
    -------
    frame with mean, std (NaN for one seed), n, the number of seeds, and collapsed, whether one of
    them is a collapsed fit, indexed by `by`
    """
    grouped = records.groupby(by)[column]
    table = pd.DataFrame({"mean": grouped.mean(), "std": grouped.std(), "n": grouped.count()})
    collapsed = is_collapsed(records) & column.startswith("mae")
    return table.assign(collapsed=collapsed.groupby(records[by]).any())


def is_collapsed(records):
    """True for fits whose model has learnt nothing; see COLLAPSED."""
    return records["r2"] < COLLAPSED


def collapsed_text(records):
    """A sentence on the collapsed fits among these runs."""
    rows = records[is_collapsed(records)]
    if rows.empty:
        return f"None of the {len(records)} fits collapsed."
    where = [
        f"{strategies.letter(row.strategy)} at {row.n_train} molecules, "
        f"noise {row.noise_var:g} eV², seed {row.seed}"
        for row in rows.itertuples()
    ]
    shown = "; ".join(where[:6]) + ("; and others" if len(where) > 6 else "")
    return (
        f"{len(rows)} of the {len(records)} fits collapsed ({shown}): the optimiser ended where "
        "molecules tell nothing about each other, and the model predicts 0 eV, its prior mean, for "
        "all. Every number of this page includes them; in the figures a cross at the upper edge "
        "stands for a size at which one seed collapsed."
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
    y = datasets.load(name).y
    return float(np.mean(above(threshold).range_in(y).contains(y)))


def data_table(name, target_share=None, threshold=None, descriptor=None):
    """What a notebook says of its data set, also where the data are not at hand.

    descriptor : a name of `alutils.descriptors.DESCRIPTORS` that replaces the data set's own

    Returns
    -------
    frame of one column, indexed by what is told
    """
    entry = datasets.REGISTRY.get(name, {})
    try:
        dataset = datasets.load(name, fetch=False)
    except ValueError:
        if name not in datasets.REGISTRY:
            raise
        dataset = None
    told = {
        "data set": entry.get("title", name),
        "stands for": entry.get("stands_for", "itself"),
        "label": f"{entry.get('label', 'HOMO')}, eV",
    }
    if descriptor is not None:
        width = DESCRIPTORS[descriptor].sigma
        told["descriptor"] = f"{descriptor}: MBTR with Gaussians of width {width:g} per Å"
    if dataset is None:
        told["data"] = "not at hand here: all numbers come from tracked records"
    else:
        told["molecules"] = f"{len(dataset):,}".replace(",", " ")
        told["mean and standard deviation"] = f"{dataset.y.mean():.2f} and {dataset.y.std():.2f} eV"
        if target := above_or_highest(threshold, target_share):
            inside = target.range_in(dataset.y)
            share = float(np.mean(inside.contains(dataset.y)))
            told["target"] = f"above {inside.low:.2f} eV: {share:.1%} of the molecules"
    told["licence"] = entry.get("licence", "that of your file")
    return Table({"value": told})


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


def search_savings(records, target_share):
    """Labels that E saves against A at each training size of A, and the most possible.

    Parameters
    ----------
    records : runs of random sampling and property search
    target_share : share of the data set's molecules that is in range

    Returns
    -------
    frame with seed, n_train (of A), savings (NaN where E has no such found share), bound
    """
    rows = []
    for seed, runs in records.groupby("seed"):
        a = select(runs, strategy="random").sort_values("n_train")
        e = select(runs, strategy="property_search").sort_values("n_train")
        if a.empty or e.empty:
            continue
        n_a, found_a = a["n_train"].to_numpy(), a["found_share"].to_numpy()
        for stop in range(2, len(a) + 1):
            saved = savings(
                n_a[:stop], found_a[:stop], e["n_train"].to_numpy(), e["found_share"].to_numpy()
            )
            bound = savings_bound(target_share, n_a[0], n_a[stop - 1])
            rows.append((seed, n_a[stop - 1], saved, bound))
    return pd.DataFrame(rows, columns=["seed", "n_train", "savings", "bound"])


def search_facts(records, last):
    """Numbers of a search at its first and last training size, means over the seeds.

    Parameters
    ----------
    records : runs of random sampling and property search
    last : rows of `search_savings` at the largest training size

    Returns
    -------
    dict of floats (shares, rates) and of text (errors in eV, savings in %)
    """
    n_first, n_end = records["n_train"].min(), records["n_train"].max()

    def mean(n_train, column, strategy="property_search"):
        return float(by_seed(records, n_train, column, strategy=strategy).mean())

    facts = {"bound": float(last["bound"].mean()) if len(last) else float("nan")}
    for letter, strategy in (("A", "random"), ("E", "property_search")):
        facts[f"found_{letter}"] = mean(n_end, "found_share", strategy)
        facts[f"{letter}_test"] = text(mean(n_end, "mae_ev", strategy))
        facts[f"{letter}_in_range"] = text(mean(n_end, "mae_in_range_ev", strategy))
    for column in ("tpr", "tpr_heldout"):
        facts |= {f"{column}_first": mean(n_first, column), f"{column}_end": mean(n_end, column)}
    saved = last["savings"]
    facts["saved"] = text(100 * saved.mean(), 1, "%", "not a number")
    facts["of_bound"] = text(100 * (saved / last["bound"]).mean(), 0, "%", "not a number")
    return {key: round(fact, 6) if isinstance(fact, float) else fact for key, fact in facts.items()}


def search_limit(records):
    """Found share of a search that only picks in-range molecules after the first batch.

    Returns
    -------
    Series indexed by n_train, mean over the seeds
    """
    e = select(records, strategy="property_search").sort_values("n_train")
    limits = []
    for _, run in e.groupby("seed"):
        n_in_pool = (run["n_found"] / run["found_share"]).mean()
        found = run["n_found"].iloc[0] + run["n_train"] - run["n_train"].iloc[0]
        limits.append(pd.Series((found / n_in_pool).clip(upper=1).values, run["n_train"]))
    return pd.concat(limits).groupby(level=0).mean()


def learning_savings(records, strategy):
    """Labels that a strategy saves for A's final MAE, as a share of A's labels, by seed.

    As `alutils.metrics.savings`, with the lowest MAE so far in place of the found share; NaN where
    the strategy never reaches A's final MAE.
    """
    saved = {}
    for seed, runs in records.groupby("seed"):
        a, d = (select(runs, strategy=s).sort_values("n_train") for s in ("random", strategy))
        if len(a) and len(d):
            reached = [-np.minimum.accumulate(run["mae_ev"].to_numpy()) for run in (a, d)]
            n_a, n_d = a["n_train"].to_numpy(), d["n_train"].to_numpy()
            saved[seed] = savings(n_a, reached[0], n_d, reached[1])
    return pd.Series(saved, dtype=float)


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


def saved_text(saved):
    """What `learning_savings` found, as text: how much, and in how many seeds."""
    reached = saved.dropna()
    if saved.empty:
        return "not run"
    if reached.empty:
        return f"nothing (none of {len(saved)} seeds reaches that error)"
    seeds = f"{len(reached)} of {len(saved)} seeds that reach it"
    return f"{100 * reached.mean():.0f} % (mean of the {seeds})"


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
