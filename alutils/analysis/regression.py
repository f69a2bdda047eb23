"""Regressions that predict what they were not fitted to, and how much they explain of it."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

CONFIDENCE = 0.9  # of an interval around a prediction


def left_out(frame, columns, outcome, groups, within=None):
    """Predictions for each group by a linear model that was fitted to the other groups.

    Parameters
    ----------
    frame : rows;  columns : predictors;  outcome, groups : column names
    within : column name: each of its values has a model of its own

    Returns
    -------
    (len(frame),) predictions; NaN where no other group has rows to fit to
    """
    A = np.column_stack([np.ones(len(frame)), frame[columns].to_numpy(float)])
    y, group = frame[outcome].to_numpy(float), frame[groups].to_numpy()
    kind = np.zeros(len(frame)) if within is None else frame[within].to_numpy()
    predicted = np.full(len(frame), np.nan)
    for one, same in product(pd.unique(group), pd.unique(kind)):
        here, others = (kind == same) & (group == one), (kind == same) & (group != one)
        if others.any():
            coefficients, *_ = np.linalg.lstsq(A[others], y[others], rcond=None)
            predicted[here] = A[here] @ coefficients
    return predicted


def explained(outcome, predicted):
    """Share of the variance that predictions explain: 1 - SS_res / SS_tot. Below 0: worse than
    the mean."""
    outcome, predicted = np.asarray(outcome, float), np.asarray(predicted, float)
    return float(1 - np.sum((outcome - predicted) ** 2) / np.sum((outcome - outcome.mean()) ** 2))


def explained_interval(outcome, predicted, groups, other=None, n=2000, seed=0):
    """95 % interval of `explained` by the bootstrap: whole groups are drawn with replacement.

    groups : (n,) labels;  n : draws
    other : (n,) predictions; then of what `predicted` explains more than they do
    """
    outcome, predicted = np.asarray(outcome, float), np.asarray(predicted, float)
    missed = (outcome - predicted) ** 2
    if other is not None:
        missed = missed - (outcome - np.asarray(other, float)) ** 2
    columns = [np.ones(len(outcome)), outcome, outcome**2, missed]
    sums = pd.DataFrame(np.column_stack(columns)).groupby(np.asarray(groups)).sum().to_numpy()
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size=n) @ sums
    count, total, squares, residual = drawn.T
    values = (other is None) - residual / (squares - total**2 / count)
    return tuple(np.quantile(values, [0.025, 0.975]))


def error_quantiles(errors, confidence=CONFIDENCE):
    """Lower and upper quantile of realised minus predicted: what to add for an interval."""
    errors = np.asarray(errors, float)
    errors = errors[np.isfinite(errors)]
    tail = (1 - confidence) / 2
    return tuple(np.quantile(errors, [tail, 1 - tail]))
