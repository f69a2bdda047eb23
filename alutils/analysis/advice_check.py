"""Was the advice right? On searches that are known, each pool advised by what the others taught."""

from __future__ import annotations

import pandas as pd

from alutils.analysis import advice, combined


def calibrated(known):
    """The intervals as they would be printed for a pool, from all other pools, and if they hold.

    Parameters
    ----------
    known : frame of `experience`

    Returns
    -------
    frame: known, with hits_class, predicted_saved, predicted_enrichment, low, high and inside
    """
    parts = []
    for name, rows in known.groupby("dataset", sort=False):
        stated = advice.predicted(rows, known[known["dataset"] != name])
        stated = stated.rename(columns={k: f"predicted_{k}" for k in ("saved", "enrichment")})
        parts.append(rows.join(stated))
    every = pd.concat(parts)
    inside = (every["saved"] >= every["low"]) & (every["saved"] <= every["high"])
    return every.assign(inside=inside, hits_class=combined.hits_class(every["hits"]))


def decisions(every):
    """What `advise` would have said, for each probe and target of a known greedy search.

    every : frame of `calibrated`

    Returns
    -------
    frame: strategy (advised), promised (the interval lies above zero), saved and enrichment (what
        came)
    """
    greedy = every[every["strategy"] == advice.GREEDY]
    advised = pd.Series(advice.GREEDY, greedy.index).where(
        greedy["predicted_enrichment"] > 1, advice.RANDOM
    )
    return greedy[["saved", "enrichment"]].assign(strategy=advised, promised=greedy["low"] > 0)
