"""When to stop a search: how many hits are left, from the labels so far, with an interval.

Three things speak of what is left. The model's own sum of probabilities knows the pool, and is far
too small late in a greedy search: what it thinks likely has been picked. The share of hits in the
random first batch is unbiased, and coarse. What the batches held, beside what the model had
expected of them, says how wrong it has been. A regression joins the three; its coefficients and
its intervals come from searches whose end is known (`stopping.csv`). Of the next batch alone the
model's own sum holds, and only its interval is learned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.acquisition.search import probability_in_range
from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.analysis.combined import HITS, hits_class
from alutils.analysis.regression import CONFIDENCE
from alutils.loop import steps

KNOWN = Path(__file__).with_name("stopping.csv")
SEARCH = ["dataset", "seed", "target_low", "target_high"]
# What the hits left are predicted from, columns of `predictors`.
COLUMNS = ["model_left", "by_random", "by_last", "surprise", "hits"]
OUTCOMES = ("left", "next_hits")


@dataclass(frozen=True)
class Progress:
    """A search before one of its queries, in molecules.

    n_pool : labelled and not;  n_labels : so far, n_random of them drawn at random
    random_hits : of these in the target;  hits : of all labels
    model_picked : sum of the probabilities, when they were picked, of those that a model picked
    model_left : the same of all that have no label
    last_hits, last_size : of the last batch
    next_size : molecules of the next batch;  model_next : sum of its probabilities
    """

    n_pool: int
    n_labels: int
    n_random: int
    random_hits: int
    hits: int
    model_picked: float
    model_left: float
    last_hits: int
    last_size: int
    next_size: int = 0
    model_next: float = 0.0

    @property
    def n_left(self):
        """Molecules without a label."""
        return self.n_pool - self.n_labels


class Forecast(NamedTuple):
    """Hits to come: expected number, and 90 % interval."""

    left: float
    low: float
    high: float

    def share(self, hits):
        """Share of the target that is found: expected, and at least and at most, 90 %."""
        return tuple(
            hits / (hits + left) if hits else 0.0 for left in (self.left, self.high, self.low)
        )


def label_probability(view: PoolView) -> np.ndarray:
    """(n_heldout,) probability that the *label* of each molecule lies in the target.

    That of the latent function, which the greedy rule ranks by, has no noise in it. ValueError
    without a target.
    """
    if view.target is None:
        raise ValueError("what is left of a target needs a target: there is none")
    deviation = np.sqrt(view.sigma**2 + view.model.noise_var_used_ * view.model.y_std_**2)
    return probability_in_range(view.mu, deviation, view.target.low, view.target.high)


def predictors(progress: pd.DataFrame) -> pd.DataFrame:
    """What the regressions see, as logarithms, of rows with the fields of `Progress`.

    model_left : the model's own sum;  hits : so far
    by_random : the share of hits in the random batch times the pool, less the hits so far
    by_last : the last batch's rate of hits times what is left
    surprise : hits of the picked batches over those that the model had expected
    """
    p = progress
    by_random = p["n_pool"] * (p["random_hits"] + 0.5) / (p["n_random"] + 1) - p["hits"]
    rate = (p["last_hits"] + 0.5) / (p["last_size"] + 1)
    made = {
        "model_left": p["model_left"],
        "hits": p["hits"],
        "by_random": by_random.clip(lower=0),
        "by_last": (p["n_pool"] - p["n_labels"]) * rate,
    }
    logs = np.log1p(pd.DataFrame(made))
    expected = p["model_picked"] + 1
    return logs.assign(surprise=np.log((p["hits"] - p["random_hits"] + 1) / expected))


class Law(NamedTuple):
    """A regression of ln(1 + hits) on `predictors`, and how far it errs on a pool it has not seen.

    outcome : of `OUTCOMES`;  coefficients : of the regression; none for next_hits
    width : class of `combined.HITS` -> half of the 90 % interval of the logarithm; infinite where
        too few pools are known to tell
    """

    outcome: str
    coefficients: np.ndarray
    width: dict[str, float]

    def forecasts(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Hits to come, no more than there are molecules to label.

        rows : with the fields of `Progress`

        Returns
        -------
        frame, index as of rows: log (of one more than the hits expected), expected, low, high
        """
        left = self.outcome == "left"
        log = _design(rows) @ self.coefficients if left else np.log1p(rows["model_next"])
        width = np.array([self.width.get(kind, np.inf) for kind in hits_class(rows["hits"])])
        most = rows["n_pool"] - rows["n_labels"] if left else rows["next_size"]
        ends = np.expm1([log, log - width, log + width]).clip(0, most)
        made = dict(zip(("log", "expected", "low", "high"), [log, *ends], strict=True))
        return pd.DataFrame(made, rows.index)

    def forecast(self, progress: Progress) -> Forecast:
        """The same of one search."""
        row = self.forecasts(pd.DataFrame([asdict(progress)])).iloc[0]
        return Forecast(*map(float, row[["expected", "low", "high"]]))


def known(without: str | None = None) -> pd.DataFrame:
    """Searches whose end is known: rows with `SEARCH`, the fields of `Progress`, left, next_hits.

    without : name of a data set to leave out; ValueError if it is not among them
    """
    rows = pd.read_csv(KNOWN)
    names = list(rows["dataset"].unique())
    if without is not None and without not in names:
        raise ValueError(f"without={without!r} has no searches: choose one of {', '.join(names)}")
    return rows[rows["dataset"] != without]


def learn(rows: pd.DataFrame, outcome: str = "left") -> Law:
    """The regression of these rows, with the errors that it makes on pools left out of its fit.

    Each pool, and in it each search, counts alike, whatever the number of its queries. The pool is
    the unit of the intervals: one pool more, unlike all that are known, counts with the others, so
    that fewer than nine pools promise nothing (Y. Lee, R. F. Barber, R. Willett, arXiv:2306.06342).

    rows : of `known`, of two data sets or more;  outcome : of `OUTCOMES`
    """
    errors = np.abs(np.log1p(rows[outcome]) - unseen(rows, outcome)).to_numpy()
    kinds, pools, weights = hits_class(rows["hits"]), rows["dataset"].to_numpy(), _weights(rows)
    width = {}
    for kind in HITS:
        of_kind = kinds == kind
        width[kind] = _by_pool(errors[of_kind], weights[of_kind], pools[of_kind])
    if outcome == "next_hits":
        return Law(outcome, np.empty(0), width)
    fitted = _fit(_design(rows), np.log1p(rows[outcome].to_numpy(float)), weights)
    return Law(outcome, fitted, width)


def unseen(rows: pd.DataFrame, outcome: str = "left") -> pd.Series:
    """ln(1 + hits) as expected, each pool's by the regression of all the others."""
    if outcome == "next_hits":
        return np.log1p(rows["model_next"].astype(float))
    X, y, weights = _design(rows), np.log1p(rows[outcome].to_numpy(float)), _weights(rows)
    found, pools = np.full(len(rows), np.nan), rows["dataset"].to_numpy()
    for pool in np.unique(pools):
        here = pools == pool
        found[here] = X[here] @ _fit(X[~here], y[~here], weights[~here])
    return pd.Series(found, rows.index)


def _by_pool(errors, weights, pools):
    """The error that is not exceeded in 90 % of the rows of one pool more."""
    names, at = np.unique(pools, return_inverse=True)
    share = weights / np.bincount(at, weights)[at] / (len(names) + 1)
    order = np.argsort(errors)
    enough = np.cumsum(share[order]) >= CONFIDENCE - 1e-12
    return float(errors[order][enough][0]) if enough.any() else np.inf


def _design(rows):
    return np.column_stack([np.ones(len(rows)), predictors(rows)[COLUMNS]])


def _weights(rows):
    """(n,) weights: searches of a pool alike, pools alike."""
    of_search = rows.groupby(SEARCH)["n_labels"].transform("size")
    searches = rows.drop_duplicates(SEARCH).groupby("dataset").size()
    return (1 / of_search / rows["dataset"].map(searches)).to_numpy(float)


def _fit(X, y, weights):
    root = np.sqrt(weights)
    return np.linalg.lstsq(root[:, None] * X, root * y, rcond=None)[0]


def watch(config, dataset, X) -> list[dict]:
    """Run a search, and note its `Progress` before each query and what was then left.

    Parameters
    ----------
    config : RunConfig with a target;  dataset : MoleculeDataset;  X : (n, d) features

    Returns
    -------
    list of dict: `SEARCH`, the fields of `Progress`, left (hits
        without a label) and next_hits (of the batch that was then picked)
    """
    seen, rule = [], STRATEGIES[config.strategy]

    def watched(view, batch_size, rng):
        picks = rule(view, batch_size, rng)
        p = label_probability(view)
        seen.append({"model_left": p.sum(), "model_next": p[picks].sum(), "next_size": len(picks)})
        return picks

    name = f"{config.strategy}_watched"
    STRATEGIES[name] = watched
    try:
        rows = [step.row for step in steps(replace(config, strategy=name), dataset, X)]
    finally:
        del STRATEGIES[name]
    return _noted(config, len(dataset) - config.n_test, rows, seen)


def _noted(config, n_pool, rows, seen) -> list[dict]:
    about = {"dataset": config.dataset, "seed": config.seed}
    about |= {"target_low": config.target.low, "target_high": config.target.high}
    hits = [row["n_found"] for row in rows]
    n_target = round(hits[-1] / rows[-1]["found_share"]) if rows[-1]["found_share"] else 0
    found, picked = [], 0.0
    for k, one in enumerate(seen):
        batch = (hits[k] - hits[k - 1], rows[k]["n_train"] - rows[k - 1]["n_train"])
        last_hits, last_size = batch if k else (hits[0], config.n_init)
        progress = Progress(
            n_pool=n_pool,
            n_labels=rows[k]["n_train"],
            n_random=config.n_init,
            random_hits=hits[0],
            hits=hits[k],
            model_picked=round(picked, 4),
            last_hits=last_hits,
            last_size=last_size,
            model_left=round(one["model_left"], 4),
            next_size=one["next_size"],
            model_next=round(one["model_next"], 4),
        )
        picked += one["model_next"]
        found.append(
            about
            | asdict(progress)
            | {"left": n_target - hits[k], "next_hits": hits[k + 1] - hits[k]}
        )
    return found
