"""A prediction from two sides: what a target of this shape gains elsewhere, and a replay here.

The more hits a probe has, the more the replay counts: w R + (1 - w) S, w = h / (h + h0). The rule,
with what R and S are, is in `alutils.analysis.replay`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.analysis.regression import CONFIDENCE

HALVES = (1, 3, 10, 20, 30, 50, 100, 200, 400)  # candidates for h0, hits

ENOUGH, MANY = 10, 30  # hits of a probe
HITS = {f"under {ENOUGH}": 0, f"{ENOUGH} to {MANY - 1}": ENOUGH, f"{MANY} and more": MANY}


class Law(NamedTuple):
    """A fitted prediction of one outcome of one strategy.

    outcome : column of `alutils.analysis.overlap.gains`
    coefficients : shape of the target -> (4,), a cubic in the logarithmic odds of the share
    h0 : hits at which replay and shape count alike;  shift : added to the replay
    """

    outcome: str
    coefficients: dict[str, np.ndarray]
    h0: float
    shift: float

    def shape_alone(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) predictions by share and shape; NaN for a shape that was not fitted."""
        return _by_shape(_design(rows), rows["shape"].to_numpy(), self.coefficients)

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) predictions from share, shape and replay.

        rows : with share_seen, shape, hits and the outcome as replayed_..., NaN where there is none
        """
        return _joined(rows, self.shape_alone(rows), self.outcome, self.h0, self.shift)


def fit(rows: pd.DataFrame, outcome: str = "area_gain") -> Law:
    """The law of one strategy, learned where each pool is predicted from the others.

    Pools count alike, however many searches each has.

    rows : as of `Law.predict`, with dataset and the outcome itself;  ValueError for a single pool
    """
    if rows["dataset"].nunique() < 2:
        raise ValueError("one pool alone does not teach how far others differ: give two or more")
    X, truth = _design(rows), rows[outcome].to_numpy(float)
    shapes, pools = rows["shape"].to_numpy(), rows["dataset"].to_numpy()
    moments, elsewhere = _moments(X, truth, shapes, pools), np.empty(len(rows))
    for pool in pd.unique(pools):
        here = pools == pool
        elsewhere[here] = _by_shape(X[here], shapes[here], _cubics(moments, without=pool))
    counts = pool_weights(pools)
    best = (np.inf, np.nan, 0.0)
    for h0 in HALVES:
        weight = _weights(rows, outcome, h0)
        missed = truth - _joined(rows, elsewhere, outcome, h0)
        shift = float((counts * weight) @ missed / max((counts * weight) @ weight, 1e-12))
        error = float(counts @ (missed - shift * weight) ** 2)
        best = min(best, (error, h0, shift))
    return Law(outcome, _cubics(moments), *best[1:])


def _by_shape(X, shapes, coefficients):
    """(n,) predictions from rows of the design; NaN for a shape without coefficients."""
    predicted = np.full(len(X), np.nan)
    for shape, of_shape in coefficients.items():
        here = shapes == shape
        predicted[here] = X[here] @ of_shape
    return predicted


def _moments(X, y, shapes, pools):
    """(shape, pool) -> means of x x^T and of x y, x being a row of the design."""
    found = {}
    for shape, pool in pd.unique(pd.MultiIndex.from_arrays([shapes, pools])):
        here = (shapes == shape) & (pools == pool)
        part = X[here]
        found[shape, pool] = part.T @ part / len(part), part.T @ y[here] / len(part)
    return found


def _cubics(moments, without=None):
    """Shape of the target -> coefficients, each pool counting alike; one pool may be left out."""
    found = {}
    for shape in dict.fromkeys(shape for shape, _ in moments):
        kept = [of for (s, pool), of in moments.items() if s == shape and pool != without]
        if kept:
            A, b = (np.sum(part, axis=0) for part in zip(*kept, strict=True))
            found[shape] = np.linalg.lstsq(A, b, rcond=None)[0]
    return found


def pool_weights(pools):
    """(n,) weights of rows of these pools, which sum to 1: pools alike, whatever their number."""
    pools = pd.Series(np.asarray(pools))
    return (1 / pools.map(pools.value_counts()) / pools.nunique()).to_numpy(float)


def left_out_predictions(rows: pd.DataFrame, outcome: str = "area_gain") -> pd.DataFrame:
    """Predictions for each pool by a law that was fitted to the others.

    rows : of one strategy, as of `fit`, of three pools or more

    Returns
    -------
    frame with shape_alone and predicted, index as of rows
    """
    parts = []
    for pool in rows["dataset"].unique():
        here = rows["dataset"] == pool
        law = fit(rows[~here], outcome)
        both = {"shape_alone": law.shape_alone(rows[here]), "predicted": law.predict(rows[here])}
        parts.append(pd.DataFrame(both, rows.index[here]))
    return pd.concat(parts).loc[rows.index]


def errors(rows: pd.DataFrame, outcome: str) -> np.ndarray:
    """(n,) outcome less what is predicted of it from all other pools; rows : of one strategy."""
    return (rows[outcome] - left_out_predictions(rows, outcome)["predicted"]).to_numpy(float)


def by_hits(known, errors, hits) -> np.ndarray:
    """What to add to predictions for a 90 % interval: errors of those with about as many hits.

    The next error, if it is drawn from the same ones, lies between their k-th smallest and k-th
    largest with this confidence or more (V. Vovk et al., Algorithmic Learning in a Random World,
    Springer 2005); here pools count alike. Too few cannot promise it: then the extremes.

    Parameters
    ----------
    known : frame of n rows with dataset and hits;  errors : (n,) outcome less prediction
    hits : (m,) of the probes that ask

    Returns
    -------
    (m, 2); NaN where nothing is known with as many hits
    """
    kinds, wanted, errors = hits_class(known["hits"]), hits_class(hits), np.asarray(errors, float)
    ends, tail = np.full((len(wanted), 2), np.nan), (1 - CONFIDENCE) / 2
    for kind in np.unique(wanted):
        here = kinds == kind
        if here.any():
            weights = pool_weights(known["dataset"].to_numpy()[here])
            amount = tail * (1 + weights.mean()) + 1e-12  # the one that asks counts, too
            for end, sign in enumerate((1, -1)):
                order = np.argsort(sign * errors[here])
                k = np.searchsorted(np.cumsum(weights[order]), amount, side="right") - 1
                ends[wanted == kind, end] = errors[here][order][max(k, 0)]
    return ends


def hits_class(hits):
    """Keys of `HITS`, by the number of hits in a probe; (n,) integers to (n,) text."""
    at = np.searchsorted(list(HITS.values()), np.asarray(hits), side="right") - 1
    return np.array(list(HITS))[at]


def _design(rows):
    share = rows["share_seen"].to_numpy(float)
    logit = np.log(share / (1 - share))
    return np.column_stack([np.ones(len(rows)), logit, logit**2, logit**3])


def _weights(rows, outcome, h0):
    """(n,) weights of the replay; 0 where there is none."""
    replayed = rows[f"replayed_{outcome}"].notna().to_numpy()
    hits = rows["hits"].to_numpy(float)
    return np.where(replayed, hits / (hits + h0), 0.0)


def _joined(rows, elsewhere, outcome, h0, shift=0.0):
    weight = _weights(rows, outcome, h0)
    replayed = rows[f"replayed_{outcome}"].fillna(0.0).to_numpy(float)
    return weight * (replayed + shift) + (1 - weight) * elsewhere
