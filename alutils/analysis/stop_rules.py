"""Rules to stop a search by, put to the test: of those that say "found", how many had?

Fixed before the searches on the pools beyond the three embedded ones were looked at: the rule is
"the margin"; where fewer than 90 % of the searches that it stops on pools left out had the share,
"the strictest pool" takes its place; and where that fails too, none is offered. The first held, up
to the share `MOST`. What the hits of the next batch are taken for, in `COMING`, was chosen after
they were seen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta

from alutils.analysis.combined import ENOUGH
from alutils.analysis.regression import CONFIDENCE
from alutils.analysis.stopping import SEARCH, Progress, learn, predictors, unseen

RULE = "the margin"  # of `RULES`: what a campaign stops by
MOST = 0.9  # the highest share at which it held
MARGINS = tuple(np.linspace(0, 4, 81))  # of the logarithm of the hits left


def forecasts(rows: pd.DataFrame, outcome: str = "left") -> pd.DataFrame:
    """What would have been predicted before each query, by a law that its pool had no part in.

    Parameters
    ----------
    rows : of `stopping.known`, of three data sets or more;  outcome : "left" or "next_hits"

    Returns
    -------
    frame: rows, with log, expected, low, high (of `stopping.Law.forecasts`) and inside
    """
    parts = []
    for pool, here in rows.groupby("dataset", sort=False):
        law = learn(rows[rows["dataset"] != pool], outcome)
        parts.append(here.join(law.forecasts(here)))
    every = pd.concat(parts)
    # A forecast of 3.2 to 7.9 hits means 3 to 8 of them.
    inside = every[outcome].between(np.floor(every["low"]), np.ceil(every["high"]))
    return every.assign(inside=inside)


def room(rows: pd.DataFrame, until: float, log: pd.Series) -> pd.Series:
    """How far the logarithm of the hits left may err before the share found is below `until`.

    Minus infinity with fewer than `ENOUGH` hits: nothing is said. Infinite where all that have no
    label may be hits.

    rows : with the fields of `Progress`;  log : expected, as of `stopping.unseen`
    """
    allowed = rows["hits"] * (1 - until) / until
    spare = (np.log1p(allowed) - log).where(rows["hits"] >= ENOUGH, -np.inf)
    return spare.mask(rows["n_pool"] - rows["n_labels"] <= allowed, np.inf)


def first_stops(rows: pd.DataFrame, said: pd.Series) -> pd.DataFrame:
    """The rows, one a search, of its first query at which a rule is satisfied."""
    return rows[said].sort_values("n_labels").drop_duplicates(SEARCH)


def margin(rows: pd.DataFrame, until: float) -> float:
    """The least `room` to stop with, so that 90 % of the searches that stop had the share.

    It is counted on pools as they look to the others, each pool alike, and with one pool more, in
    which as many stop as in their mean and none of these had it. Infinite where no margin is
    enough.

    rows : of `stopping.known`;  until : share of the target
    """
    paths = _Paths.of(rows, until)
    for least in MARGINS:
        weight, right = paths.stopped(least)
        one_more = weight.sum() / paths.n_pools
        wrong = weight[~right].sum() + one_more
        if one_more and wrong <= (1 - CONFIDENCE) * (weight.sum() + one_more):
            return float(least)
    return np.inf


def found(progress: Progress, until: float, known: pd.DataFrame) -> bool:
    """Whether a search has found this share of its target, by `margin`.

    progress : of the search;  until : share;  known : of `stopping.known`
    """
    row = pd.DataFrame([asdict(progress)])
    spare = room(row, until, learn(known).forecasts(row)["log"])
    return bool(spare.iloc[0] >= margin(known, until))


def strictest(rows: pd.DataFrame, until: float) -> float:
    """The margin of the pool that needs the largest for 90 % of its own searches that stop."""
    needed = []
    for _, of_pool in rows.assign(log=unseen(rows)).groupby("dataset"):
        paths = _Paths.of(of_pool, until, of_pool["log"])
        for least in (*MARGINS, np.inf):
            weight, right = paths.stopped(least)
            if weight[right].sum() >= CONFIDENCE * weight.sum():
                needed.append(least)
                break
    return float(max(needed))


class _Paths(NamedTuple):
    """Searches, query by query: spare `room`, whether the share is there, and their weight."""

    search: np.ndarray
    spare: np.ndarray
    there: np.ndarray
    weight: np.ndarray
    n_pools: int

    @classmethod
    def of(cls, rows, until, log=None):
        rows = rows.assign(spare=room(rows, until, unseen(rows) if log is None else log))
        rows = rows.sort_values("n_labels", kind="stable")
        per_pool = rows.drop_duplicates(SEARCH).groupby("dataset").size()
        share = rows["hits"] / (rows["hits"] + rows["left"]).clip(lower=1)
        search = rows.groupby(SEARCH).ngroup().to_numpy()
        weight = (1 / rows["dataset"].map(per_pool)).to_numpy(float)
        there = (share >= until).to_numpy()
        return cls(search, rows["spare"].to_numpy(), there, weight, len(per_pool))

    def stopped(self, least):
        """Weight of each search that stops with this margin, and whether it has the share there."""
        at = np.flatnonzero(self.spare >= least)
        at = at[np.unique(self.search[at], return_index=True)[1]]
        return self.weight[at], self.there[at]


def most_by_random(rows: pd.DataFrame) -> pd.Series:
    """Most hits left by the random batch alone: one-sided 95 % limit of its share of hits.

    C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934).
    """
    k, n = rows["random_hits"], rows["n_random"]
    share = beta.ppf((1 + CONFIDENCE) / 2, k + 1, n - k)
    return (share * rows["n_pool"] - rows["hits"]).clip(lower=0)


def _at_most(most):
    """The rule that stops where the hits are the share of themselves and so many."""
    return lambda rows, known, until: rows["hits"] / (rows["hits"] + most(rows)) >= until


# Whether rows of `forecasts` satisfy a rule, from other searches that are known, and the share.
RULES: dict[str, Callable[[pd.DataFrame, pd.DataFrame, float], pd.Series]] = {
    "the margin": lambda rows, known, until: room(rows, until, rows["log"]) >= margin(known, until),
    "the strictest pool": lambda rows, known, until: (
        room(rows, until, rows["log"]) >= strictest(known, until)
    ),
    "the interval's end": _at_most(lambda rows: rows["high"]),
    "the model's sum": _at_most(lambda rows: rows["model_left"]),
    "the random batch": _at_most(most_by_random),
    "no hit in a batch": lambda rows, known, until: rows["last_hits"] == 0,
}


def stops(rows: pd.DataFrame, until: float, rule: str = RULE) -> pd.DataFrame:
    """Where each search would have stopped: before the first query where the rule is satisfied.

    Parameters
    ----------
    rows : of `forecasts`;  until : share of the target, above 0 and below 1, or ValueError
    rule : of `RULES`

    Returns
    -------
    frame, a row per search: `SEARCH`, n_labels, hits (at the stop; NaN where it never stopped),
        share (found there), had (share >= until), earliest (labels when the share was first there,
        NaN where it never was), last (labels of the last query); in its attrs, until
    """
    if not 0 < until < 1:
        raise ValueError(f"until={until} must lie above 0 and below 1: it is a share of the target")
    rows = rows.assign(share=rows["hits"] / (rows["hits"] + rows["left"]).clip(lower=1))
    parts = []
    for pool, here in rows.groupby("dataset", sort=False):
        said = RULES[rule](here, rows[rows["dataset"] != pool], until)
        stopped = first_stops(here, said).set_index(SEARCH)[["n_labels", "hits", "share"]]
        there = first_stops(here, here["share"] >= until).set_index(SEARCH)["n_labels"]
        last = here.groupby(SEARCH, sort=False)["n_labels"].max()
        found = pd.DataFrame({"earliest": there, "last": last}).join(stopped)
        had = (found["share"] >= until).astype(float).where(found["share"].notna())
        parts.append(found.assign(had=had).reset_index())
    made = pd.concat(parts, ignore_index=True)
    made.attrs["until"] = until
    return made


# What a rule takes for the hits of the next batch, of rows of `forecasts(..., "next_hits")`.
COMING: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "the model's sum": lambda rows: rows["expected"],
    "the last batch": lambda rows: rows["next_size"] * rows["last_hits"] / rows["last_size"],
    "a regression": lambda rows: _regressed(rows),
}


def _regressed(rows):
    """Of ln(1 + hits) on the model's sum, the last batch's rate and the surprise; other pools."""
    rate = rows["next_size"] * (rows["last_hits"] + 0.5) / (rows["last_size"] + 1)
    seen = [np.log1p(rows["model_next"]), np.log1p(rate), predictors(rows)["surprise"]]
    X, y = np.column_stack([np.ones(len(rows)), *seen]), np.log1p(rows["next_hits"])
    made = pd.Series(np.nan, rows.index)
    for pool in rows["dataset"].unique():
        here = (rows["dataset"] == pool).to_numpy()
        made[here] = np.expm1(X[here] @ np.linalg.lstsq(X[~here], y[~here], rcond=None)[0])
    return made


def worth_it(rows: pd.DataFrame, worth: float, rule: str = "the model's sum") -> pd.DataFrame:
    """What a search gains that stops where the next hits are to cost more than they are worth.

    Parameters
    ----------
    rows : of `forecasts` of next_hits;  worth : labels that a hit is worth;  rule : of `COMING`

    Returns
    -------
    frame, a row per search: `SEARCH`, n_labels (at the stop, or the last that is known), and, in
        labels and counted from the first batch on: gained (worth of the hits less the labels), best
        (with hindsight), whole (of the search to its end)
    """
    too_dear = COMING[rule](rows) * worth < rows["next_size"]
    found = []
    for key, of_one in rows.assign(stop=too_dear).groupby(SEARCH, sort=False):
        of_one = of_one.sort_values("n_labels")
        last = of_one.iloc[-1]
        hits = np.append(of_one["hits"], last["hits"] + last["next_hits"])
        labels = np.append(of_one["n_labels"], last["n_labels"] + last["next_size"])
        gained = worth * (hits - hits[0]) - (labels - labels[0])
        at = int(np.argmax(np.append(of_one["stop"], True)))
        found.append((*key, labels[at], gained[at], gained.max(), gained[-1]))
    return pd.DataFrame(found, columns=[*SEARCH, "n_labels", "gained", "best", "whole"])
