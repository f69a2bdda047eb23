"""Records to the tables and sentences of a notebook, those of `curves` and `savings` included."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd

from alutils.acquisition import strategies
from alutils.acquisition.target import SHARE
from alutils.analysis.label_distributions import load_or_summarise
from alutils.data.datasets import REGISTRY, of_run
from alutils.descriptors import described
from alutils.report import quantity
from alutils.report.curves import by_seed, curve, is_collapsed, select, text
from alutils.report.fits import bound_text, collapsed_text, fits_text
from alutils.report.savings import (
    learning_savings,
    saved_text,
    search_facts,
    search_limit,
    search_savings,
)
from alutils.runs.records import load_once

__all__ = [
    "Table",
    "bound_text",
    "by_seed",
    "collapsed_text",
    "curve",
    "data_table",
    "fits_text",
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


def mean_std(records, column, digits=None):
    """Table of "mean ± std over seeds" as text: a row per training size, a column per strategy.

    digits : decimals; None takes those of errors in these runs
    """
    digits = quantity.of_runs(records).decimals if digits is None else digits
    write, table = partial(quantity.fixed, decimals=digits), {}
    for strategy, runs in records.groupby("strategy", sort=False):
        rows = curve(runs, column)
        mean, std = (rows[name].map(write) for name in ("mean", "std"))
        table[strategies.letter(strategy)] = mean + (" ± " + std).where(rows["n"] > 1, "")
    return Table(pd.DataFrame(table).rename_axis("training molecules"))


def stands_for(name, paper_name):
    """True if the data set is, or stands for, one of the paper's: "AA", "QM9" or "OE"."""
    return REGISTRY.get(name, {}).get("stands_for", "").startswith(paper_name)


def at_hand(config):
    """The data set of a run; None for a registered one that is not here."""
    if config.dataset not in REGISTRY:
        return load_once(config.dataset, config.reading)
    try:
        return of_run(config, fetch=False)
    except ValueError:
        return None


def share_in_range(config):
    """Share of all molecules that lie in the target of a run."""
    if config.target.by == SHARE:
        return config.target.share
    dataset = at_hand(config)
    if dataset is None:  # a tracked summary of the labels may be here
        return load_or_summarise(config.dataset)[0].target(config.target.low)[1]
    return float(np.mean(config.range_in(dataset.y).contains(dataset.y)))


def data_table(config, with_target=False):
    """What a notebook says of the data set of a run, also where the data are not at hand.

    with_target : say what is sought, too

    Returns
    -------
    frame of one column, indexed by what is said
    """
    entry, dataset = REGISTRY.get(config.dataset, {}), at_hand(config)
    about = quantity.of_labels(config, dataset.y if dataset else 0.0)
    facts = {
        "data set": entry.get("title", config.dataset),
        "stands for": entry.get("stands_for", "itself"),
        "label": about._replace(name=entry.get("label", about.name)).named,
    }
    own = dataset.info.get("own_descriptor") if dataset and not entry else None
    if descriptor := config.descriptor or own:
        facts["descriptor"] = f"{descriptor}: {described(descriptor)}"
    elif "factor" in entry:
        facts["descriptor"] = f"the paper's, as whitened components times {entry['factor']:g}"
    if dataset is None:
        facts["data"] = "not at hand here: all numbers come from tracked records"
    else:
        facts["molecules"] = f"{len(dataset):,}".replace(",", " ")
        if skipped := dataset.info.get("skipped"):
            place, one, reason = skipped[0]
            facts["left out"] = f"{len(skipped)} of the file, such as {place} ({one}): {reason}"
        mean, std = dataset.y.mean(), dataset.y.std()
        facts["mean and standard deviation"] = f"{about.number(mean)} and {about.text(std)}"
        if with_target:
            inside = config.range_in(dataset.y)
            share = float(np.mean(inside.contains(dataset.y)))
            facts["target"] = f"{about.range(inside)}: {share:.1%} of the molecules"
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
