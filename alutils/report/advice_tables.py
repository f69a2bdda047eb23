"""Advice from a probe in tables and numbers: what it predicts, and what it was worth."""

from __future__ import annotations

import pandas as pd

from alutils.analysis.overlap import CONFIDENCE
from alutils.report.tables import Table

TIMES = "{:.1f} times random"  # hits per label


def advice_table(table):
    """Table of `alutils.analysis.advice.advise` for the page."""
    shown = table.drop(columns="enrichment").map("{:.0%}".format)
    return Table(shown.assign(**{"hits per label": table["enrichment"].map(TIMES.format)}))


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

    every : frame of `alutils.analysis.law.calibrated`
    """
    held = every.groupby(["dataset", "strategy"], sort=False)["inside"].agg(["mean", "size"])
    held["searches within the interval"] = held["mean"].map("{:.0%}".format)
    return Table(held.rename(columns={"size": "searches"}).drop(columns="mean").reset_index())


def advice_facts(probed, table, answer):
    """What the page of the advice quotes, as a dict of numbers and text.

    probed : `alutils.analysis.advice.Probed`;  table, answer : of `alutils.analysis.advice.advise`
    """
    best = table.loc[table["saved"].idxmax(), ["saved", "low", "high"]]
    return {
        "confidence": CONFIDENCE,
        "hits": answer["hits"],
        "share": answer["share"],
        "noise": answer["noise_var"],
        "strategy": answer["strategy"].replace("_", " "),
        "threshold": probed.target.low,
        **best.astype(float).round(2).to_dict(),
    }
