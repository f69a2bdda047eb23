"""The law of overlap put to the test: gains predicted by probes against gains realised by runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.acquisition.target import shape_of
from alutils.analysis import plans, probes
from alutils.analysis.dependence import ranked_overlap
from alutils.analysis.overlap import KEYS, gains
from alutils.analysis.regression import error_quantiles, explained, explained_interval, left_out
from alutils.runs.records import run_or_load

QM9 = "qm9_b3lyp"
TARGET = ["dataset", "target_low", "target_high"]


class Rival(NamedTuple):
    """What is known beside the share of the target, of which all rivals have a cubic."""

    extra: tuple[str, ...] = ()  # columns of the probe
    within: str | None = None  # a column: each of its values has a cubic of its own


NULL, SHAPE = "share alone (null model)", "share and shape"
RIVALS = {
    NULL: Rival(),
    SHAPE: Rival(within="shape"),
    "share and AUC": Rival(("auc",)),
    "share and MMD²": Rival(("mmd2",)),
    "share and neighbours' purity": Rival(("purity",)),
    "share and error near the edge": Rival(("near",)),
}
LAW, FITTED = "gains curve, nothing fitted", "gains curve, two numbers fitted"
BOTH = "mean of share and shape and gains curve"
LEFT_OUT = {"pool left out": "dataset", "shape left out": "shape"}


def searches(
    pools: Sequence[str], seeds: Sequence[int], n_probe: int = probes.N_PROBE, with_qm9: bool = True
) -> pd.DataFrame:
    """The searches of the sweeps on some pools, each with a probe of its own.

    Parameters
    ----------
    pools : names of data sets;  seeds : of runs and probes
    n_probe : molecules labelled before a search;  with_qm9 : add the sweep on QM9

    Returns
    -------
    frame of `joined`
    """
    configs = plans.sweep(pools, seeds) + (plans.sweep_qm9() if with_qm9 else [])
    questions = [{**probes.studied(pool, n_probe), "seeds": list(seeds)} for pool in pools]
    questions += [probes.studied(QM9, n_probe)] if with_qm9 else []
    answers = pd.concat([probes.read_or_compute(question) for question in questions])
    n_pool = {question["pool"]: question["plan"]["n_pool"] for question in questions}
    return joined(run_or_load(configs), answers, n_pool)


def joined(runs: pd.DataFrame, probes: pd.DataFrame, n_pool: Mapping[str, int]) -> pd.DataFrame:
    """Runs and probes of the same pool, seed, strategy and target: a row each.

    Parameters
    ----------
    runs : frame of `run_or_load`;  probes : frame of `alutils.analysis.probes.read_or_compute`
    n_pool : data set -> molecules in training and held-out set together

    Returns
    -------
    frame: columns of `gains` and of the probes, shape, overlap (of `ranked_overlap`), logit (of the
        share seen) and its powers
    """
    parts = [gains(select, n_pool[name]) for name, select in runs.groupby("dataset", sort=False)]
    frame = pd.concat(parts).merge(probes, on=KEYS)
    frame["shape"] = [
        shape_of(*ends) for ends in zip(frame.target_low, frame.target_high, strict=True)
    ]
    logit = np.log(frame["share_seen"] / (1 - frame["share_seen"]))
    powers = {"logit": logit, "logit2": logit**2, "logit3": logit**3}
    return frame.assign(overlap=ranked_overlap(frame["auc"]), **powers)


def usable(frame):
    """Rows for which all rivals have a value: two or more of the probe's labels lie in the target,
    and two or more outside."""
    return frame.dropna(subset=["predicted_area_gain", "area_gain", "auc", "mmd2", "purity"])


def predictions(frame, groups="dataset", outcome="area_gain"):
    """What each rival predicts for a group that it was not fitted to.

    Parameters
    ----------
    frame : of `usable`, one strategy, index 0, 1, ...;  groups : "dataset" or "shape"

    Returns
    -------
    dict: rival -> (len(frame),) predictions, NaN where it was fitted to nothing like the row
    """
    powers, curve = ["logit", "logit2", "logit3"], f"predicted_{outcome}"
    predicted = {
        name: left_out(frame, [*powers, *rival.extra], outcome, groups, rival.within)
        for name, rival in RIVALS.items()
    }
    predicted[FITTED] = left_out(frame, [curve], outcome, groups)
    predicted[LAW] = frame[curve].to_numpy(float)
    predicted[BOTH] = (predicted[SHAPE] + predicted[LAW]) / 2
    return predicted


def contest(
    frame: pd.DataFrame, outcome: str = "area_gain", groups: str = "dataset"
) -> pd.DataFrame:
    """How well each rival predicts the gains of a group that it was not fitted to.

    Parameters
    ----------
    frame : of `joined`, one strategy;  groups : "dataset" or "shape", what is left out
    outcome : "area_gain" or "saved", columns of `joined`

    Returns
    -------
    frame indexed by rival: explained (share of the variance), low and high (95 %, bootstrap over
        targets), error (mean absolute), more, more_low and more_high (explained beyond the law);
        NaN for a rival that predicts nothing for some of the rows
    """
    frame = usable(frame).reset_index(drop=True)
    truth, targets = frame[outcome], frame.groupby(TARGET).ngroup()
    predicted, rows = predictions(frame, groups, outcome), {}
    for name, values in predicted.items():
        if np.isnan(values).any():
            rows[name] = {}
            continue
        share, of_law = explained(truth, values), explained(truth, predicted[LAW])
        low, high = explained_interval(truth, values, targets)
        more_low, more_high = explained_interval(truth, values, targets, predicted[LAW])
        rows[name] = {
            **{"explained": share, "low": low, "high": high},
            "error": np.abs(truth - values).mean(),
            **{"more": share - of_law, "more_low": more_low, "more_high": more_high},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def contests(frame):
    """`contest` of each search, with a pool and with a shape left out.

    frame : of `joined`

    Returns
    -------
    dict: strategy -> dict: a key of LEFT_OUT -> frame of `contest`
    """
    return {
        strategy: {left: contest(rows, groups=groups) for left, groups in LEFT_OUT.items()}
        for strategy, rows in frame.groupby("strategy", sort=False)
    }


def between_targets(frame):
    """Share of the variance of the gains that lies between targets, not between pools and seeds.

    frame : of `joined`, one strategy
    """
    frame = usable(frame)
    return explained(frame["area_gain"], frame.groupby(TARGET[1:])["area_gain"].transform("mean"))


def mean_gains(frame):
    """Means over the seeds: a row per search and target, spread being area_gain's deviation."""
    rows = frame.groupby(["dataset", "strategy", "target_low", "target_high"], as_index=False)
    spread = rows["area_gain"].std()["area_gain"]
    return rows.mean(numeric_only=True).assign(spread=spread)


def gain_errors(frame):
    """Quantiles of realised minus predicted gain: strategy -> (low, high)."""
    error = frame["area_gain"] - frame["predicted_area_gain"]
    by_search = error.groupby(frame["strategy"], sort=False)
    return {name: error_quantiles(part) for name, part in by_search}
