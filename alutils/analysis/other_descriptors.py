"""Do the paper's two answers hold with other descriptors? Learning, search, probe and cost of each.

Only descriptors with one row for each molecule are here: the exact GP sees distances between rows.
For other descriptors than MBTR the paper's start (20 eV^2, 700) means nothing, so all runs here,
those of MBTR among them, take the prior from the data: labels are standardised, and noise is a
share of their variance. One share for all would be unfair: a descriptor that leaves much out calls
for more. Each has the noise that random labels call for, as many as a run ends with.
"""

from __future__ import annotations

import json
import time
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd

from alutils import descriptors
from alutils.acquisition.target import highest
from alutils.analysis import overlap
from alutils.analysis.probes import PROBE
from alutils.descriptors.fingerprints import FingerprintSettings, fill
from alutils.descriptors.many_body import species_of
from alutils.loop import RunConfig, split
from alutils.model.noise import most_likely_noise
from alutils.model.scale import prior_model, scale_of
from alutils.runs.provenance import NUMERICS_VERSION, provenance
from alutils.runs.records import load_once, run_or_load, without_nan
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

DESCRIPTORS = ("mbtr", "mbtr_broad", "soap", "slatm", "fingerprint")
LOW_NOISE = 1e-10  # all noises are shares of the labels' variance
NOISES = (0.002, 0.01, 0.05, 0.2, 0.5)  # of which one is the most likely
NOISE_SEED = 100  # of the molecules that say which; no run has it
SIZES = {"n_init": 100, "n_const": 100, "n_max": 800, "n_test": 1000}
# Starts beside the one at the data's own scale changed no digit of the runs that we compared.
SETTINGS = {"prior": "data", "n_restarts": 0, **SIZES}
N_PROBE = round(np.sqrt(SIZES["n_init"] * SIZES["n_max"]))  # molecules: as the law asks
ERRORS = ("random", "most_uncertain", "cluster_centres", "uncertain_cluster_centres")
CHECKED = (ERRORS[0], ERRORS[3])  # A and D, also at `LOW_NOISE`
SEARCHES = ("property_search", "most_probable")
TARGETS = (highest(0.3), highest(0.03))
TIMED, REPEATS = 100, 3  # molecules, and how often
KEPT = {"mae_ev": 6, "r2": 5, "n_found": 0, "found_share": 6}  # columns, and their digits


@cache
def good_noise(pool, descriptor):
    """The most likely of `NOISES` for random labels, as many as a run ends with."""
    config = RunConfig(pool, ERRORS[0], seed=NOISE_SEED, descriptor=descriptor, **SETTINGS)
    dataset = load_once(pool)
    rows = split(replace(config, n_init=SIZES["n_max"]), len(dataset)).train_idx
    X, y = descriptors.features(dataset, descriptor=descriptor)[rows], dataset.y[rows]
    model = config.model(descriptors.n_bits(dataset, descriptor))
    return most_likely_noise(X, scale_of(y, "data").to_z(y), model, NOISES)[0]


def configs(pool, descriptor, seed):
    """The runs of one descriptor: A to D at `good_noise`, A and D at `LOW_NOISE`, and two searches
    for each of `TARGETS`.

    Returns
    -------
    list of RunConfig
    """
    given = {"seed": seed, "descriptor": descriptor, **SETTINGS}
    first = RunConfig(pool, ERRORS[0], noise_var=good_noise(pool, descriptor), **given)
    runs = [replace(first, strategy=one) for one in ERRORS]
    runs += [replace(first, strategy=one, noise_var=LOW_NOISE) for one in CHECKED]
    searches = [replace(first, strategy=one, target=to) for to in TARGETS for one in SEARCHES]
    return runs + searches


def probed(pool, descriptor, seed):
    """What `N_PROBE` labels say of the searches for `TARGETS`.

    Returns
    -------
    list of dict: strategy, target_low, hits, and those of `overlap.probe` that predict the gain
    """
    dataset = load_once(pool)
    X = descriptors.features(dataset, descriptor=descriptor)
    rng = np.random.default_rng([seed, PROBE])
    rows = rng.permutation(len(dataset))[:N_PROBE]
    scale = scale_of(dataset.y[rows], "data")
    options = {"n_bits": descriptors.n_bits(dataset, descriptor), "random_state": 0}
    model = prior_model("data", good_noise(pool, descriptor), **options)
    ranges = {to.range_in(dataset.y).to_z(scale): to.low for to in TARGETS}
    plan = overlap.Plan(len(dataset) - SIZES["n_test"], SIZES["n_init"], SIZES["n_max"])
    found = overlap.probe(X[rows], scale.to_z(dataset.y[rows]), list(ranges), model, plan)
    found["target_low"] = [ranges[one] for one in found["target"]]
    wanted = ["strategy", "target_low", "hits", "predicted_area_gain", "predicted_saved", "r2"]
    return found[wanted].round(6).to_dict("records")


def cost(pool):
    """What each descriptor takes to make, beside MBTR, on the first `TIMED` molecules of a pool.

    Returns
    -------
    list of dict: descriptor; s_per_1000, processor seconds for 1000 molecules; times_mbtr, the same
        as a multiple of MBTR's (medians of `REPEATS` in turn); columns as they are made; axes, the
        columns that the model sees; distinct, how many molecules it tells apart
    """
    dataset = load_once(pool)
    spent = {name: [] for name in DESCRIPTORS}
    for _ in range(REPEATS):
        for name in DESCRIPTORS:
            started = time.process_time()
            columns = _make(dataset, descriptors.DESCRIPTORS[name])
            spent[name].append((time.process_time() - started, columns))
    mbtr = np.median([seconds for seconds, _ in spent["mbtr"]])
    found = []
    for name, runs in spent.items():
        seconds = np.median([one for one, _ in runs])
        X = descriptors.features(dataset, descriptor=name)
        about = {"descriptor": name, "s_per_1000": round(float(1000 * seconds / TIMED), 4)}
        about |= {"times_mbtr": round(float(seconds / mbtr), 4), "columns": runs[0][1]}
        distinct = len({np.asarray(row).tobytes() for row in X})
        found.append(about | {"axes": X.shape[1], "distinct": distinct})
    return found


def _make(dataset, settings):
    """Make the rows of some molecules and forget them; returns how many columns they have."""
    if isinstance(settings, FingerprintSettings):
        bits = np.zeros((TIMED, settings.n_bits), dtype=np.uint8)
        fill(bits, dataset.name, dataset.smiles[:TIMED], settings)
        return settings.n_bits
    species = species_of(dataset.name, dataset.molecules, settings)
    for row in settings.rows(species, dataset.molecules[:TIMED]):
        n = len(row)
    return n


def curves(pool, descriptor, seed):
    """Rows of `configs` at each size of the training set, with the columns `KEPT`.

    Returns
    -------
    list of dict: strategy, noise_var, good_noise (of `good_noise`), target_low, a list n_train, and
        one for each of `KEPT`
    """
    found, good = [], good_noise(pool, descriptor)
    for config in configs(pool, descriptor, seed):
        rows = run_or_load([config])
        about = {"strategy": config.strategy, "noise_var": config.noise_var}
        about |= {
            "good_noise": good,
            "target_low": config.target.low,
            "n_train": rows["n_train"].tolist(),
        }
        found.append(about | {name: rows[name].round(n).tolist() for name, n in KEPT.items()})
    return found


def track(pool, seeds):
    """Complete the tracked file of a pool, seed by seed and descriptor by descriptor; its path."""
    tracked = _tracked(pool) or {"cost": cost(pool), "curves": [], "probes": []}
    for seed in seeds:
        for name in DESCRIPTORS:
            about = {"descriptor": name, "seed": seed}
            if any(about.items() <= row.items() for row in tracked["curves"]):
                continue
            tracked["curves"] += [about | row for row in curves(pool, name, seed)]
            tracked["probes"] += [about | without_nan(row) for row in probed(pool, name, seed)]
            source = {"question": _question(pool), "provenance": provenance()}
            write_json(_file(pool), source | {k: tracked[k] for k in ("cost", "curves", "probes")})
    return _file(pool)


def read(pools, seeds):
    """What is tracked of some pools.

    Returns
    -------
    dict of frames: "curves", a row per training set of a run; "gains", of `overlap.gains` of each
        search beside what its probe predicted; "cost"; each with dataset and descriptor

    Raises
    ------
    ValueError : where the tracked file of a pool lacks a seed.
    """
    parts = [_of_pool(pool, seeds) for pool in pools]
    return {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in parts[0]}


def _of_pool(pool, seeds):
    tracked = _tracked(pool)
    rows = pd.DataFrame(tracked["curves"] if tracked else [], columns=None)
    absent = set(seeds) - set(rows["seed"] if len(rows) else ())
    if absent:
        raise ValueError(
            f"{pool}: seeds {sorted(absent)} are not tracked in {_file(pool).name}: choose others, "
            "or make them with `track`"
        )
    rows = rows[rows["seed"].isin(seeds)].explode(["n_train", *KEPT], ignore_index=True)
    rows = rows.astype({"n_train": int, **dict.fromkeys(KEPT, float)}).assign(dataset=pool)
    found = {"curves": rows, "gains": joined(rows, pd.DataFrame(tracked["probes"]))}
    return found | {"cost": pd.DataFrame(tracked["cost"]).assign(dataset=pool)}


def joined(rows, probes):
    """Realised and predicted gains of the searches: a row for each descriptor, target and seed.

    rows : runs of one pool, as of `read`;  probes : frame of `probed`, with descriptor and seed
    """
    n_pool = len(load_once(rows["dataset"].iloc[0])) - SIZES["n_test"]
    searches = rows[rows["strategy"].isin(SEARCHES)].assign(target_high=1.0)
    parts = [
        overlap.gains(of_one, n_pool).assign(descriptor=name)
        for name, of_one in searches.groupby("descriptor", sort=False)
    ]
    keys = ["descriptor", "strategy", "seed", "target_low"]
    return pd.concat(parts).merge(probes, on=keys)


def _tracked(pool):
    path = _file(pool)
    if path.exists():
        tracked = json.loads(path.read_text(encoding="utf-8"))
        if tracked["question"] == _question(pool):
            usage_log.note(record=path.name, file=path.name, stale=False)
            return tracked
    return None


def _question(pool):
    return {"pool": pool, "noises": [*NOISES, LOW_NOISE], "n_probe": N_PROBE, "sizes": SIZES} | {
        "numerics_version": NUMERICS_VERSION,
        "features_version": descriptors.FEATURES_VERSION,
    }


def _file(pool):
    return records_dir() / f"descriptors-{pool}.json"
