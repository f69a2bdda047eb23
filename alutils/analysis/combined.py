"""A prediction from two sides: what a target of this shape gains elsewhere, and a replay here.

The more hits a probe has, the more the replay counts: w R + (1 - w) S, w = h / (h + h0). The rule,
with what R and S are, is in `alutils.analysis.replay`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.analysis.overlap import left_out

POWERS = ["logit", "logit2", "logit3"]  # of the share seen
HALVES = (1, 3, 10, 20, 30, 50, 100, 200, 400)  # candidates for h0, hits


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
        X, none = _design(rows), np.full(4, np.nan)
        return np.array(
            [X[k] @ self.coefficients.get(shape, none) for k, shape in enumerate(rows["shape"])]
        )

    def predict(self, rows: pd.DataFrame) -> np.ndarray:
        """(n,) predictions from share, shape and replay.

        rows : with share_seen, shape, hits and the outcome as replayed_..., NaN where there is none
        """
        return _joined(rows, self.shape_alone(rows), self.outcome, self.h0, self.shift)


def fit(rows: pd.DataFrame, outcome: str = "area_gain") -> Law:
    """The law of one strategy, learned where each pool is predicted from the others.

    rows : as of `Law.predict`, with dataset and the outcome itself;  ValueError for a single pool
    """
    if rows["dataset"].nunique() < 2:
        raise ValueError("one pool alone does not teach how far others differ: give two or more")
    rows = with_powers(rows).reset_index(drop=True)
    elsewhere = left_out(rows, POWERS, outcome, "dataset", "shape")
    truth = rows[outcome].to_numpy(float)
    best = (np.inf, np.nan, 0.0)
    for h0 in HALVES:
        weight = _weights(rows, outcome, h0)
        missed = truth - _joined(rows, elsewhere, outcome, h0)
        shift = float(weight @ missed / max(weight @ weight, 1e-12))
        best = min(best, (float(np.mean((missed - shift * weight) ** 2)), h0, shift))
    coefficients = {
        shape: np.linalg.lstsq(_design(part), part[outcome].to_numpy(float), rcond=None)[0]
        for shape, part in rows.groupby("shape")
    }
    return Law(outcome, coefficients, *best[1:])


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


def with_powers(rows):
    """Rows with the powers of the logarithmic odds of their share_seen."""
    logit = np.log(rows["share_seen"] / (1 - rows["share_seen"]))
    return rows.assign(logit=logit, logit2=logit**2, logit3=logit**3)


def _design(rows):
    return np.column_stack([np.ones(len(rows)), with_powers(rows)[POWERS].to_numpy(float)])


def _weights(rows, outcome, h0):
    """(n,) weights of the replay; 0 where there is none."""
    replayed = rows[f"replayed_{outcome}"].notna().to_numpy()
    hits = rows["hits"].to_numpy(float)
    return np.where(replayed, hits / (hits + h0), 0.0)


def _joined(rows, elsewhere, outcome, h0, shift=0.0):
    weight = _weights(rows, outcome, h0)
    replayed = rows[f"replayed_{outcome}"].fillna(0.0).to_numpy(float)
    return weight * (replayed + shift) + (1 - weight) * elsewhere
