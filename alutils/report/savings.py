"""Labels that a strategy saves against random sampling: for hits, or for a smaller error."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.metrics import savings, savings_bound
from alutils.report import quantity
from alutils.report.curves import by_seed, select, text


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
    dict of floats (shares, rates) and of text (errors, savings in %)
    """
    about = quantity.of_runs(records)
    n_first, n_end = records["n_train"].min(), records["n_train"].max()

    def mean(n_train, column, strategy="property_search"):
        return float(by_seed(records, n_train, column, strategy=strategy).mean())

    facts = {"bound": float(last["bound"].mean()) if len(last) else float("nan")}
    for letter, strategy in (("A", "random"), ("E", "property_search")):
        facts[f"found_{letter}"] = mean(n_end, "found_share", strategy)
        facts[f"{letter}_test"] = about.number(mean(n_end, "mae_ev", strategy))
        facts[f"{letter}_in_range"] = about.number(mean(n_end, "mae_in_range_ev", strategy))
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


def saved_text(saved):
    """What `learning_savings` found, as text: how much, and in how many seeds."""
    reached = saved.dropna()
    if saved.empty:
        return "not run"
    if reached.empty:
        return f"nothing (none of {len(saved)} seeds reaches that error)"
    seeds = f"{len(reached)} of {len(saved)} seeds that reach it"
    return f"{100 * reached.mean():.0f} % (mean of the {seeds})"
