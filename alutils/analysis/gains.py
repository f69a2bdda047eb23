"""Where a strategy's gain over random sampling lies: errors molecule by molecule, and its picks.

The model is built anew at the recorded picks and hyper-parameters, which takes one factorisation.
What comes of it is tracked, since the data may be absent.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from alutils.analysis import plans
from alutils.analysis.pool_variants import REMOTE_SHARE, TWINS, VARIANTS, remoteness
from alutils.descriptors import features
from alutils.loop import RunConfig, split
from alutils.model.gp import GaussianProcess
from alutils.runs import store
from alutils.runs.provenance import provenance
from alutils.runs.records import load_once
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

WORST_SHARE = 0.05  # of the test molecules: those with the largest errors
DECILES = range(1, 11)  # of remoteness, among all molecules; the tenth is the most remote
SEEDS = range(100)  # from 100 on they are those of a noise grid, on validation molecules
COMPARED = ("random", "uncertain_cluster_centres", "cluster_centres", "most_uncertain")
NOISE = 0.05  # eV^2
POOLS = (*plans.HEAVIEST, "qm9_heaviest_molecules")
SIZES = plans.SIZES[POOLS[0]]
# NOISE as a part of the variance of a pool's labels, to two digits: for labels that are centred.
CENTRED = {"aa_heaviest": 0.015, "oe_heaviest": 0.16, "qm9_heaviest": 0.29}


def configs(seeds, noises=()):
    """A and D on `POOLS` and on all variants of them; on AA also B and C, and at other noises.

    On the pools of `CENTRED` also with centred labels (`normalize_y`) at the same noise in eV^2.

    noises : eV^2

    Returns
    -------
    list of RunConfig; a variant's data set is its name, where its path would have the folder too
    """
    variants = [f"{name}_{one}" for name, (_, found) in VARIANTS.items() for one in found]
    wanted = [(name, one, NOISE) for name in (*POOLS, *variants) for one in COMPARED[:2]]
    wanted += [(POOLS[0], one, NOISE) for one in COMPARED[2:]]
    wanted += [(POOLS[0], one, noise) for noise in noises for one in COMPARED[:2]]
    made = []
    for seed in seeds:
        made += [RunConfig(name, x, noise_var=v, seed=seed, **SIZES) for name, x, v in wanted]
        for name, share in CENTRED.items():
            centred = {"noise_var": share, "normalize_y": True, "seed": seed}
            made += [RunConfig(name, one, **centred, **SIZES) for one in COMPARED[:2]]
    return made


def at_one_noise(runs):
    """The runs at `NOISE`; those with centred labels as a data set of their own, NAME_centred.

    runs : frame of `alutils.runs.records.run_or_load`, of `configs`
    """
    centred = runs["normalize_y"]
    named = runs.assign(dataset=runs["dataset"] + np.where(centred, "_centred", ""))
    return named[centred | (runs["noise_var"] == NOISE)]


def anatomy(record):
    """One row on the last model of a recorded run.

    Returns
    -------
    dict of the run's dataset, strategy, noise_var, seed and n_train, and
        mae_ev, median_ev : of the absolute errors on the test set
        worst_ev, remote_ev : the parts of mae_ev that are due to the `WORST_SHARE` of largest
            errors, and to test molecules in the most remote `REMOTE_SHARE` of all
        mae_1 ... mae_10 : eV, by decile of remoteness;  picks_1 ... picks_10 : shares of the picks
        twins : share of the training molecules with another one closer than `TWINS`
        picks_mean_ev, picks_std_ev : of the labels of the picks

    Raises
    ------
    ValueError
        If the model's error is not the recorded one.
    """
    config = RunConfig(**record["config"])
    dataset, last = load_once(config.dataset), record["rows"][-1]
    X, y = features(dataset, descriptor=config.descriptor), dataset.y
    parts = split(config, len(y))
    picks = np.concatenate(record["batches"]).astype(int)
    train = np.r_[parts.train_idx, picks]
    model = GaussianProcess(config.noise_var, config.normalize_y)
    found = (last["signal_var"], last["length_scale"], last["noise_var_used"])
    model.condition(X[train], y[train], *found)
    errors = np.abs(model.predict(X[parts.test_idx]) - y[parts.test_idx])
    if abs(errors.mean() - last["mae_ev"]) > 1e-4:
        raise ValueError(
            f"{store.file_name(config)}: recorded is an error of {last['mae_ev']:.4f} eV, the "
            f"model has {errors.mean():.4f} eV: made from other data than those at hand"
        )
    decile = 1 + np.searchsorted(_edges(X), remoteness(X))
    nearest = cKDTree(X[train]).query(X[train], 2)[0][:, 1]
    row = {name: getattr(config, name) for name in ("dataset", "strategy", "noise_var", "seed")}
    row |= {"n_train": len(train), "twins": float((nearest < TWINS).mean())}
    row |= {"picks_mean_ev": float(y[picks].mean()), "picks_std_ev": float(y[picks].std())}
    row |= {f"picks_{k}": float((decile[picks] == k).mean()) for k in DECILES}
    return row | of_errors(errors, decile[parts.test_idx])


def of_errors(errors, decile):
    """The columns of `anatomy` on absolute errors (m,), eV, of molecules of these deciles (m,)."""
    n_worst = round(WORST_SHARE * len(errors))
    row = {"mae_ev": errors.mean(), "median_ev": np.median(errors)}
    row["worst_ev"] = np.sort(errors)[len(errors) - n_worst :].sum() / len(errors)
    row["remote_ev"] = errors[decile == DECILES[-1]].sum() / len(errors)
    row |= {f"mae_{k}": errors[decile == k].mean() for k in DECILES}
    return {name: float(value) for name, value in row.items()}


def _edges(X):
    return np.quantile(remoteness(X), np.arange(1, 10) * REMOTE_SHARE)


def read(dataset):
    """The tracked rows of `anatomy` of the runs of a data set, a frame.

    Raises
    ------
    ValueError
        If none are tracked.
    """
    path = _file(dataset)
    if not path.exists():
        raise ValueError(
            f"{path.name} is not in book/records: make it with `track`, which needs the data"
        )
    tracked = json.loads(path.read_text(encoding="utf-8"))
    usage_log.note(dataset=dataset, sha256=tracked["data_sha256"])
    usage_log.note(record=path.name, file=path.name, stale=False)
    return pd.DataFrame(tracked["rows"])


def track(dataset, noise_var=NOISE):
    """Write `anatomy` of all tracked POW runs of `COMPARED` at this noise; the path."""
    rows = []
    for record in store.tracked(records_dir()).values():
        config = RunConfig(**record["config"])
        wanted = (config.dataset, config.noise_var, config.scheme) == (dataset, noise_var, "pow")
        if wanted and config.strategy in COMPARED and config.seed in SEEDS:
            rows.append(anatomy(record))
    rows = pd.DataFrame(rows).sort_values(["seed", "strategy"]).round(10).to_dict("records")
    source = {"data_sha256": load_once(dataset).sha256, "provenance": provenance()}
    write_json(_file(dataset), source | {"rows": rows})
    return _file(dataset)


def _file(dataset):
    return records_dir() / f"gain-{dataset}.json"
