"""Would a better sigma help? B and D with the sigma of the model, a corrected one, and the truth.

One factor for all deviations changes no pick of B and D, which look at their order alone. So the
correction here is local, and the last word is an oracle's: the absolute error itself, which no
method can know, in place of sigma.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from alutils.acquisition import strategies
from alutils.analysis import calibration
from alutils.analysis.plans import sizes_of
from alutils.descriptors import features
from alutils.loop import RunConfig, steps, to_frame
from alutils.runs import store
from alutils.runs.provenance import NUMERICS_VERSION, provenance
from alutils.runs.records import load_once, run_or_load, without_nan
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import cache_dir, records_dir

NOISES = (1e-10, 0.05)  # eV^2
GIVEN = ("random", "most_uncertain", "uncertain_cluster_centres")
SIGMAS = ("local", "oracle")  # in place of the model's
COLUMNS = ["strategy", "sigma", "noise_var", "seed", "n_train", "mae_ev", "r2"]


def corrected_sigma(view):
    """(n_heldout,) sigma of a `PoolView` times `calibration.local_factors`."""
    return view.sigma * calibration.local_factors(view.model, view.X)


def oracle_of(X, y):
    """A function of a `PoolView`: the absolute error of each prediction, eV.

    X : (n, d) features of all molecules;  y : (n,) labels, eV. Molecules with equal features have
        one prediction: they count with the label of the first.
    """
    label = {}
    for row, value in zip(X, y, strict=True):
        label.setdefault(row.tobytes(), value)

    def error(view):
        return np.abs([label[row.tobytes()] for row in view.X] - view.mu)

    return error


def with_sigma(strategy, sigma_of):
    """A strategy that is shown another sigma.

    strategy : as of `alutils.acquisition.strategies`;  sigma_of : function of a `PoolView`
    """

    def pick(view, batch_size, rng):
        other = replace(view)
        other.__dict__.update(mu=view.mu, sigma=sigma_of(view))
        return strategy(other, batch_size, rng)

    return pick


def configs(pool, seeds):
    """The runs of A, B and D whose models and picks are looked at: records, at both noises."""
    return [
        RunConfig(pool, strategy, noise_var=noise, seed=seed, **sizes_of(pool))
        for seed in seeds
        for noise in NOISES
        for strategy in GIVEN
    ]


def run(config, sigma, X, dataset):
    """One run of the loop whose strategy sees another sigma; frame with the columns `COLUMNS`.

    config : RunConfig of B or D;  sigma : of `SIGMAS`;  X : (n, d) features of the data set
    """
    sigma_of = corrected_sigma if sigma == "local" else oracle_of(X, dataset.y)
    name = f"{config.strategy}_{sigma}"
    strategies.STRATEGIES[name] = with_sigma(strategies.STRATEGIES[config.strategy], sigma_of)
    try:
        rows = [step.row for step in steps(replace(config, strategy=name), dataset, X)]
    finally:
        del strategies.STRATEGIES[name]
    return to_frame(config, rows).assign(sigma=sigma)[COLUMNS]


def curves(pool, seeds):
    """Learning curves of A, of B and D, and of B and D with each of `SIGMAS`.

    Returns
    -------
    frame with the columns `COLUMNS` and dataset; sigma is "model" for the runs of the records

    Raises
    ------
    ValueError : where the tracked file lacks a seed.
    """
    tracked = _of_seeds(pool, "curves", seeds)[COLUMNS]
    records = run_or_load(configs(pool, seeds)).assign(sigma="model")
    return pd.concat([records[COLUMNS].assign(dataset=pool), tracked.assign(dataset=pool)])


def scores(pool, seeds):
    """`calibration.of_record` of the first and the last models of A, B and D, as tracked, a frame.

    ValueError as of `curves`.
    """
    return _of_seeds(pool, "scores", seeds).assign(dataset=pool)


def of_pools(read, pools, seeds):
    """`curves` or `scores` of several pools, one frame."""
    return pd.concat([read(pool, seeds) for pool in pools], ignore_index=True)


def _of_seeds(pool, part, seeds):
    rows = pd.DataFrame(_tracked(pool)[part])
    absent = set(seeds) - set(rows["seed"] if len(rows) else ())
    if absent:
        raise ValueError(
            f"{pool}: seeds {sorted(absent)} are not tracked in {_file(pool).name}: choose others, "
            "or make them with `track`"
        )
    return rows[rows["seed"].isin(seeds)].reset_index(drop=True)


def track(pool, seeds):
    """Complete the tracked file of a pool, seed by seed; its path."""
    tracked, dataset = _tracked(pool), load_once(pool)
    X = features(dataset)
    for seed in seeds:
        if seed in {row["seed"] for row in tracked["scores"]}:
            continue
        run_or_load(configs(pool, [seed]))
        for config in configs(pool, [seed]):
            tracked["scores"] += _scores(config, X)
            if config.strategy == "random":
                continue
            for sigma in SIGMAS:
                frame = run(config, sigma, X, dataset).round({"mae_ev": 6, "r2": 6})
                tracked["curves"] += [without_nan(row) for row in frame.to_dict("records")]
        source = {"question": _question(pool), "provenance": provenance()}
        write_json(_file(pool), source | {"scores": tracked["scores"], "curves": tracked["curves"]})
    return _file(pool)


def _scores(config, X):
    """Rows of `calibration.of_record` on a run's first and last model, six digits."""
    record = store.find(config) or store.find(config, cache_dir() / "records")
    found = calibration.of_record(record, X, (config.n_init, config.n_max))
    about = {name: getattr(config, name) for name in ("strategy", "noise_var", "seed")}
    return [about | _rounded(row) for row in found]


def _rounded(row):
    if "deciles" in row and (row["set"], row["correction"]) != ("held out", "none"):
        row = {name: value for name, value in row.items() if name != "deciles"}
    return {
        name: np.round(value, 5).tolist() if isinstance(value, float | list) else value
        for name, value in row.items()
    }


def _tracked(pool):
    path = _file(pool)
    if path.exists():
        tracked = json.loads(path.read_text(encoding="utf-8"))
        if tracked["question"] == _question(pool):
            usage_log.note(record=path.name, file=path.name, stale=False)
            return tracked
    return {"scores": [], "curves": []}


def _question(pool):
    return {"pool": pool, "noises": list(NOISES), "sizes": sizes_of(pool)} | {
        "numerics_version": NUMERICS_VERSION
    }


def _file(pool):
    return records_dir() / f"sigma-{pool}.json"
