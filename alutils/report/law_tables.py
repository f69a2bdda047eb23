"""The law of overlap in numbers: its rivals, the size of its probe, remote test molecules."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis import law, plans, probes
from alutils.analysis.regression import explained
from alutils.analysis.statistics import interval
from alutils.report.curves import select
from alutils.report.tables import Table

E, GREEDY = "property_search", "most_probable"
NO_NUMBER = "-"
POOL_PROBES, QM9_PROBES = (100, 300, 800), (300, 1000, 3000)  # tracked sizes, molecules


def contest_table(results):
    """Table of `alutils.analysis.law.contest` results: groups -> frame."""
    columns = {}
    for name, result in results.items():
        columns[f"variance explained, {name}"] = [_explained(row) for row in result.itertuples()]
        columns[f"mean error, {name}"] = [_or_none("{:.3f}", error) for error in result["error"]]
    index = next(iter(results.values())).index
    return Table(pd.DataFrame(columns, index=index).rename_axis("predicted from"))


def probe_sizes(pools, with_qm9=True):
    """How the law does for E with probes smaller and larger than the studied one.

    pools : names of embedded pools, taken together;  with_qm9 : the same on QM9

    Returns
    -------
    frame indexed by pools and labels: bias (realised minus predicted gain, mean over the targets),
        low, high (95 % interval), explained (share of the gains' variance)
    """
    cases = [("embedded", pools, size) for size in POOL_PROBES]
    cases += [("QM9", [], size) for size in QM9_PROBES if with_qm9]
    rows = {}
    for name, some, size in cases:
        frame = law.usable(law.searches(some, range(3), size, with_qm9=not some))
        frame = select(frame, strategy=E)
        error = frame["area_gain"] - frame["predicted_area_gain"]
        bias = interval(error.groupby([frame[column] for column in law.TARGET]).mean())
        share = explained(frame["area_gain"], frame["predicted_area_gain"])
        numbers = {"bias": bias.mean, "low": bias.low, "high": bias.high, "explained": share}
        rows[f"{name}, {size} labels"] = numbers
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("probe")


def probe_size_table(sizes):
    """Table of `probe_sizes`."""
    bias = [_from_to("{:+.2f}", row.bias, row.low, row.high) for row in sizes.itertuples()]
    columns = {
        "realised minus predicted gain": bias,
        "variance explained": sizes["explained"].map("{:.2f}".format),
    }
    return Table(pd.DataFrame(columns, index=sizes.index))


def remote_text(shifted, strategy, share):
    """Difference from A on the most remote share (%) of the test molecules, % of A's error.

    shifted : of `alutils.analysis.shift.shifted_errors`

    Returns
    -------
    Series of text, mean and 95 % interval, indexed by data set
    """
    rows = select(shifted, strategy=strategy, remote_share=share)
    pools = rows.groupby("dataset", sort=False)["difference"]
    return pools.apply(
        lambda part: _from_to("{:+.1f}", *np.round(interval(100 * part)[:3], 1) + 0.0)
    )


def remote_table(shifted, strategy="uncertain_cluster_centres", shares=(100, 20, 5)):
    """`remote_text` for some shares, a row per pool."""
    columns = {f"{share} %": remote_text(shifted, strategy, share) for share in shares}
    title = "D minus A, % of A's error, on the most remote"
    return Table(pd.DataFrame(columns).rename_axis(title))


def law_facts(rows, contests):
    """What the page of the law quotes, as a dict of numbers and text.

    rows : of `alutils.analysis.law.searches`;  contests : of `alutils.analysis.law.contests`
    """
    facts = {"n_targets": len(plans.TARGETS)}
    for pool, ending in ((plans.POOLS[0], ""), (law.QM9, "_qm9")):
        plan = probes.studied(pool)["plan"]
        facts[f"swept{ending}"] = f"{plan['n_init']} to {plan['n_max']}"
        facts[f"n_star{ending}"] = round(probes.studied_size(pool))
    for letter, strategy in (("E", E), ("P", GREEDY)):
        on_pool, on_shape = (contests[strategy][left] for left in law.LEFT_OUT)
        facts[f"{letter}_law"] = _explained(on_pool.loc[law.LAW])
        facts[f"{letter}_null_pool"] = _explained(on_pool.loc[law.NULL])
        facts[f"{letter}_null_shape"] = _explained(on_shape.loc[law.NULL])
        facts[f"{letter}_shape"] = _explained(on_pool.loc[law.SHAPE])
        facts[f"{letter}_both"] = _explained(on_pool.loc[law.BOTH])
        more = on_pool.loc[law.SHAPE, ["more", "more_low", "more_high"]]
        facts[f"{letter}_more"] = _from_to("{:+.2f}", *more)
        facts[f"{letter}_between"] = law.between_targets(select(rows, strategy=strategy))
    by_target = law.usable(rows).pivot_table("area_gain", law.TARGET, "strategy")
    wins = by_target[GREEDY] > by_target[E]
    facts["greedy_wins"] = f"{wins.sum()} of {len(by_target.dropna())}"
    more = interval((by_target[GREEDY] - by_target[E]).dropna())
    facts["greedy_more"] = _from_to("{:.2f}", *more[:3])
    return facts


def remote_facts(shifted, strategy="uncertain_cluster_centres", share=5):
    """What the page of the law quotes of the most remote molecules, in a line, and the seeds."""
    pools = remote_text(shifted, strategy, share).items()
    remote = "; ".join(f"{pool}: {text}" for pool, text in pools)
    return {"remote": remote, "n_shifted": shifted["seed"].nunique()}


def _explained(row):
    return _from_to("{:.2f}", row.explained, row.low, row.high)


def _from_to(form, value, low, high):
    return _or_none(f"{form} ({form} to {form})", value, low, high)


def _or_none(form, *values):
    """Numbers as text; `NO_NUMBER` where a rival had nothing to be fitted to."""
    return NO_NUMBER if np.isnan(values[0]) else form.format(*values)
