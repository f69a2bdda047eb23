"""Fits that ended at a bound of their hyper-parameters, repeated with wider bounds.

The training sets are those of the recorded runs; only the range in which the likelihood is
maximised changes, so that the difference of the errors is what the bound did to this fit. What a
strategy would have picked with the wider bounds is not followed up.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.loop import FIT, RunConfig, split
from alutils.model.gp import GaussianProcess
from alutils.runs.store import file_name
from alutils.storage import usage_log
from alutils.storage.locations import records_dir

WIDER = 100.0  # times as far from the paper's 20 eV^2 and 700 as its own bounds
FILE = "wider_bounds.json"
RUN = ["dataset", "descriptor", "strategy", "scheme", "n_const", "noise_var", "normalize_y", "seed"]


def bounded(record):
    """Iterations of a run whose fit ended with a parameter at its bound."""
    return [row["iteration"] for row in record["rows"] if row["at_bound"]]


def refit(record, iteration):
    """One fit of a recorded run again, on its training set, within wider bounds.

    Parameters
    ----------
    record : dict, as of `alutils.runs.store.find`;  iteration : int

    Returns
    -------
    dict: the record's name, what tells its run (`RUN`), n_train, and before and after: mae_ev (eV,
        test set), lml (nat), signal_var (eV^2), length_scale (descriptor units)
    """
    config, was = RunConfig(**record["config"]), record["rows"][iteration]
    dataset = load(config.dataset)
    X, y = features(dataset, descriptor=config.descriptor), dataset.y
    test_idx, train_idx, _ = split(config, len(y))
    picked = map(np.asarray, record["batches"][:iteration])
    train_idx = np.concatenate([train_idx, *picked]).astype(int)
    settings = (config.noise_var, config.normalize_y, config.n_restarts)
    model = GaussianProcess(
        *settings,
        bound_factor=WIDER * GaussianProcess().bound_factor,
        random_state=np.random.default_rng([config.seed, FIT, iteration]),
    ).fit(X[train_idx], y[train_idx])
    after = {
        "mae_ev": float(np.abs(model.predict(X[test_idx]) - y[test_idx]).mean()),
        "lml": float(model.log_marginal_likelihood_),
        "signal_var": float(model.signal_var_ * model.y_std_**2),
        "length_scale": float(model.length_scale_),
    }
    told_apart = {name: record["config"][name] for name in RUN}
    before = {f"{name}_before": was[name] for name in after}
    stem = {"record": file_name(config), **told_apart, "n_train": len(train_idx)}
    return stem | before | after


def tracked():
    """The tracked refits as a frame, a row each, with the columns that `refit` names.

    They are made by ``python -m book.builder.wider_bounds``.
    """
    path = records_dir() / FILE
    if not path.exists():
        return pd.DataFrame(columns=[*RUN, "n_train"])
    usage_log.note(record=path.name, file=path.name, stale=False)
    return pd.DataFrame(json.loads(path.read_text(encoding="utf-8"))["rows"])


def of(records):
    """The tracked refits of these runs: a frame as of `tracked`.

    records : rows of runs, as of `alutils.runs.records.run_or_load`
    """
    key = [*RUN, "n_train"]
    ours = records[records["at_bound"] != ""][key].astype(object)
    return tracked().astype({name: object for name in key}).merge(ours, on=key)
