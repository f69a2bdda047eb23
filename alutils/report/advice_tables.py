"""Advice from a probe in tables and numbers: what it predicts, and what it was worth."""

from __future__ import annotations

import pandas as pd

from alutils.analysis import advice, advice_check, combined
from alutils.analysis.regression import CONFIDENCE
from alutils.report.tables import Table

TIMES = "{:.1f} times random"  # hits per label


def advice_table(table):
    """Table of `alutils.analysis.advice.advise` for the page."""
    shown = table.drop(columns="enrichment").map("{:.0%}".format)
    shown.insert(0, "hits per label", table["enrichment"].map(TIMES.format))
    return Table(shown)


def outcome_table(table, realised):
    """Predicted savings beside those of `alutils.analysis.advice.realised`."""
    columns = {
        "predicted": table["saved"].map("{:.0%}".format),
        "interval": [f"{row.low:.0%} to {row.high:.0%}" for row in table.itertuples()],
        "realised": realised[table.index].map("{:.0%}".format),
    }
    return Table(pd.DataFrame(columns, index=table.index))


def calibration_table(every):
    """How many savings lie within their interval, by pool and search.

    every : frame of `alutils.analysis.advice_check.calibrated`
    """
    return Table(_held(every, ["dataset", "strategy"]).reset_index())


def hits_table(every):
    """The same by the number of hits in the probe, and how wide the intervals are."""
    held = _held(every, "hits_class").rename_axis("hits in the probe")
    width = (every["high"] - every["low"]).groupby(every["hits_class"]).median()
    held["width, median"] = width.map("{:.0%}".format)
    return Table(held.loc[[name for name in combined.HITS if name in held.index]])


def calibration_facts(every):
    """What the page quotes of how the intervals hold, as a dict of numbers and text.

    every : frame of `alutils.analysis.advice_check.calibrated`
    """
    advised = advice_check.decisions(every)
    open_ = advised[~advised["promised"]]
    by_pool = every.groupby("dataset")["inside"].mean()
    by_hits = every.groupby("hits_class")["inside"].mean().reindex(list(combined.HITS)).dropna()
    return {
        "inside": float(every["inside"].mean()),
        "inside_by_pool": f"{by_pool.mean():.0%}",
        "inside_worst": f"{by_pool.min():.0%} ({by_pool.idxmin()})",
        "n_pools": every["dataset"].nunique(),
        "inside_by_hits": ", ".join(f"{share:.0%} ({hits})" for hits, share in by_hits.items()),
        "n_every": len(every),
        "enough": combined.ENOUGH,
        "n_open": f"{len(open_)} of {len(advised)}",
        "open_paid": f"{(open_['enrichment'] > 1).sum()} of {len(open_)}",
        "n_random": f"{(advised['strategy'] == advice.RANDOM).sum()} of {len(advised)}",
        "never_worse": f"{(advised['enrichment'] > 1).sum()} of {len(advised)}",
    }


def _held(every, groups):
    held = every.groupby(groups, sort=False)["inside"].agg(["mean", "size"])
    held["searches within the interval"] = held["mean"].map("{:.0%}".format)
    return held.rename(columns={"size": "searches"}).drop(columns="mean")


def advice_facts(probed, table, answer, quantity):
    """What the page of the advice quotes, as a dict of numbers and text.

    The numbers of a saving are those of the greedy rule, the search that is advised where one is.

    probed : `alutils.analysis.advice.Probed`;  table, answer : of `alutils.analysis.advice.advise`
    quantity : `report.quantity.Quantity` of the labels
    """
    best = table.loc[advice.GREEDY, ["saved", "low", "high"]]
    return {
        **quantity.facts(),
        "confidence": CONFIDENCE,
        "hits": answer["hits"],
        "caution": answer["caution"],
        "share": answer["share"],
        "noise": quantity.noise(answer["noise_var"]),
        "times": round(float(table.loc[advice.GREEDY, "enrichment"]), 1),
        "strategy": answer["strategy"].replace("_", " "),
        "target": quantity.range(probed.target),
        **best.astype(float).round(2).to_dict(),
    }
