"""Ways to spend few labels against each other: by the rules of `analysis.first_batch`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from alutils.analysis import statistics
from alutils.analysis.first_batch import (
    BATCHES,
    BEYOND,
    FIRST,
    N_MAX,
    SEARCH,
    SHARES,
    STARTS,
    STEP,
    A,
    B,
    D,
)

HITS_MARGIN = 3.0  # hits in a hundred labels
HALF = 100  # labels at which searches are looked at too
OUTCOMES = BETTER, WORSE, ALIKE, OPEN = ("better", "worse", "no difference", "undecided")


class Spent(NamedTuple):
    """How labels were spent.  start : of `STARTS`;  n_init, batch : molecules"""

    start: str
    n_init: int
    batch: int = STEP


class Comparison(NamedTuple):
    """One way of spending labels against another, its baseline.

    family : of `FAMILIES`;  at : labels;  strategy, share : as of `analysis.first_batch.Arm`
    ours, than : `Spent`
    """

    family: str
    at: int
    strategy: str
    share: float
    ours: Spent
    than: Spent


def planned() -> Iterator[Comparison]:
    """All that is compared on each pool, by the rules of `analysis.first_batch`."""
    errors: list[tuple[str, float]] = [(A, 0), (D, 0)]
    searches: list[tuple[str, float]] = [(SEARCH, share) for share in SHARES]
    for n_init in FIRST:
        for start in STARTS[1:]:
            pair = Spent(start, n_init), Spent("random", n_init)
            yield Comparison("after", n_init, *errors[0], *pair)
            for what in errors:
                yield Comparison("later", N_MAX, *what, *pair)
            for what in searches:
                if n_init < HALF:
                    yield Comparison("hits100", HALF, *what, *pair)
                yield Comparison("hits200", N_MAX, *what, *pair)
    for n_init, batches in ((20, BATCHES[:-1]), (100, BATCHES[1:-1])):
        for what in [(B, 0.0), *searches]:
            for batch in batches:
                pair = Spent("random", n_init, batch), Spent("random", n_init, BEYOND)
                yield Comparison("batches", n_init + BEYOND, *what, *pair)
    for n_init in FIRST[:-1]:
        pair = Spent("random", n_init), Spent("random", FIRST[-1])
        yield Comparison("sizes", N_MAX, *errors[1], *pair)
        for at in (HALF, N_MAX):
            for what in searches:
                yield Comparison("sizes", at, *what, *pair)


def difference(curves, one):
    """By seed: the error minus the baseline's, in % of its mean; or hits in a hundred labels.

    curves : of one pool, as of `analysis.first_batch.curves`;  one : `Comparison`
    """
    than, ours = (values(curves, one.strategy, one.share, s, one.at) for s in (one.than, one.ours))
    unit = 1.0 if one.share else than.mean() / 100
    return (ours / unit - than / unit).dropna()


def values(curves, strategy, share, spent, at):
    """By seed: the error in eV, or with a share the hits in a hundred labels, at so many labels."""
    wanted = {"strategy": strategy, "share": share, **spent._asdict()}
    runs = curves[(curves[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    if runs.empty:
        return pd.Series(dtype=float)
    found = statistics.at(runs, at, "value")
    return 100 * found / at if share else found


def comparisons(curves):
    """Each comparison on each pool that was run, and what follows from it.

    Returns
    -------
    frame with dataset, the fields of `Comparison`, difference (an `Interval`, in % or hits in a
    hundred labels), outcome (of `OUTCOMES`)
    """
    rows = []
    for pool, of_pool in curves.groupby("dataset", sort=False):
        for one in planned():
            seen = statistics.interval(difference(of_pool, one))
            if seen.n == 0:
                continue
            sign = 1 if one.share else -1
            margin = HITS_MARGIN if one.share else 100 * statistics.MARGIN
            found = statistics.superiority(seen, sign, margin)
            rows.append(
                {"dataset": pool, **one._asdict(), "difference": seen, "p": found.p}
                | {"outcome": _outcome(found.verdict, seen.times(sign))}
            )
    frame = pd.DataFrame(rows)
    for _, family in frame.groupby("family"):
        lost = family.index[~statistics.holm(family["p"])]
        frame.loc[lost, "outcome"] = OPEN
    return frame


def over_pools(curves):
    """What a diverse first batch changes on average over the pools and the sizes of the batch.

    Returns
    -------
    dict of `Interval` over the seeds by (family, strategy, share, start)
    """
    found = {}
    for one in planned():
        if one.family in ("batches", "sizes"):
            continue
        key = one.family, one.strategy, one.share, one.ours.start
        for _, of_pool in curves.groupby("dataset", sort=False):
            found.setdefault(key, []).append(difference(of_pool, one))
    mean = {key: pd.concat(each, axis=1).mean(axis=1, skipna=False) for key, each in found.items()}
    return {key: statistics.interval(one) for key, one in mean.items()}


def _outcome(verdict, gain):
    if verdict == statistics.SUPPORTED:
        return BETTER
    if verdict == statistics.NOT_SUPPORTED:
        return WORSE if gain.high < 0 else ALIKE
    return OPEN
