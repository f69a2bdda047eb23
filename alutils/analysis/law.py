"""The law of overlap put to the test: gains predicted by probes against gains realised by runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.acquisition.target import shape_of
from alutils.analysis.overlap import (
    KEYS,
    error_quantiles,
    explained,
    explained_interval,
    gains,
    left_out,
)

# Rivals, each beside the share of the target: what it adds to the null model.
RIVALS = {
    "share alone (null model)": [],
    "share and AUC": ["auc"],
    "share and MMD²": ["mmd2"],
    "share and neighbours' purity": ["purity"],
    "share and error near the edge": ["near"],
}
LAW, FITTED = "gains curve, nothing fitted", "gains curve, two numbers fitted"


def joined(runs, probes, n_pool):
    """Runs and probes of the same pool, seed, strategy and target: a row each.

    Parameters
    ----------
    runs : frame of `run_or_load`;  probes : frame of `alutils.analysis.probes.read_or_compute`
    n_pool : data set -> molecules in training and held-out set together

    Returns
    -------
    frame: columns of `gains` and of the probes, shape, logit (of the share seen) and its powers
    """
    parts = [gains(select, n_pool[name]) for name, select in runs.groupby("dataset", sort=False)]
    frame = pd.concat(parts).merge(probes, on=KEYS)
    frame["shape"] = [
        shape_of(*ends) for ends in zip(frame.target_low, frame.target_high, strict=True)
    ]
    logit = np.log(frame["share_seen"] / (1 - frame["share_seen"]))
    frame = frame.assign(logit=logit, logit2=logit**2, logit3=logit**3)
    return frame


def usable(frame):
    """Rows for which all rivals have a value: two or more of the probe's labels lie in the target,
    and two or more outside."""
    return frame.dropna(subset=["predicted_area_gain", "area_gain", "auc", "mmd2", "purity"])


def contest(frame, outcome="area_gain", groups="dataset"):
    """How well each rival predicts the gains of a group that it was not fitted to.

    Parameters
    ----------
    frame : of `joined`, one strategy;  groups : "dataset" or "shape"

    Returns
    -------
    frame indexed by rival: explained (share of the variance), low and high (95 %, bootstrap over
        targets), error (mean absolute)
    """
    frame = usable(frame).reset_index(drop=True)
    column = f"predicted_{outcome}"
    predictions = {
        name: left_out(frame, ["logit", "logit2", "logit3", *extra], outcome, groups)
        for name, extra in RIVALS.items()
    }
    predictions[FITTED] = left_out(frame, [column], outcome, groups)
    predictions[LAW] = frame[column].to_numpy(float)
    targets = frame.groupby(["dataset", "target_low", "target_high"]).ngroup()
    rows = {}
    for name, predicted in predictions.items():
        low, high = explained_interval(frame[outcome], predicted, targets)
        rows[name] = {
            "explained": explained(frame[outcome], predicted),
            "low": low,
            "high": high,
            "error": np.abs(frame[outcome] - predicted).mean(),
        }
    return pd.DataFrame(rows).T


def calibrated(frame, outcome="saved"):
    """Intervals whose width comes from the other pools, and whether they hold the realised value.

    Returns
    -------
    frame with low, high and inside, for the rows that have a predicted and a realised value
    """
    column = f"predicted_{outcome}"
    frame = frame.dropna(subset=[outcome, column]).copy()
    error = frame[outcome] - frame[column]
    for name in ("low", "high"):
        frame[name] = np.nan
    for key, rows in frame.groupby(["dataset", "strategy"]):
        others = (frame["dataset"] != key[0]) & (frame["strategy"] == key[1])
        if others.any():
            low, high = error_quantiles(error[others])
            frame.loc[rows.index, "low"] = rows[column] + low
            frame.loc[rows.index, "high"] = rows[column] + high
    frame["inside"] = (frame[outcome] >= frame["low"]) & (frame[outcome] <= frame["high"])
    return frame
