"""Eight public pools of SMILES, as they are found: what searches find there, and how long it takes.

The book's searches against random sampling, a random forest and a Gaussian process of
scikit-learn, all with the same first batch and batch sizes. Writes book/records/smiles.json, which
the performance page shows, method by method: an interrupted run goes on. Needs the folder `smiles`
in `ALUTILS_DATA`; an hour on one core::

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python tests/bench/smiles.py
    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python tests/bench/smiles.py --times

The second takes the times alone, with nothing else running.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from bench import alone, empty_cache, processor, timed
from sklearn.ensemble import RandomForestRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    ConstantKernel,
    Kernel,
    NormalizedKernelMixin,
    StationaryKernelMixin,
    WhiteKernel,
)

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.search import probability_in_range
from alutils.acquisition.target import Target, sought
from alutils.analysis import advice
from alutils.campaign import simulation
from alutils.data.datasets import load, reading_options
from alutils.data.reading import Reading
from alutils.data.structures import read_structures
from alutils.descriptors import features
from alutils.loop import PICK, split, steps
from alutils.model.noise import most_likely_noise
from alutils.model.scale import prior_model
from alutils.runs.provenance import provenance
from alutils.runs.records import run_or_load
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

FIXED_NOISE = 0.05  # share of the variance of the labels
TREES = 200
SMALL = 3000  # molecules: geometries are made of pools up to here
PATH = records_dir() / "smiles.json"


@dataclass(frozen=True)
class Pool:
    """A file, what is sought in it, and how often.

    target : options of the command line;  n_max : labels in all, None as the command line chooses
    """

    file: str
    property: str
    unit: str
    target: dict
    seeds: int = 6
    n_max: int | None = None
    skip_bad: bool = False

    @property
    def path(self):
        folder = os.environ.get("ALUTILS_DATA") or sys.exit("ALUTILS_DATA names no folder")
        return Path(folder, "smiles", self.file)

    @property
    def reading(self):
        return Reading(property_key=self.property, unit=self.unit, skip_bad=self.skip_bad)

    def plan(self, descriptor=None):
        """Data set and RunConfig of `simulation.plan`, the target by value."""
        target = sought(**self.target)
        pool, config = simulation.plan(
            self.path, target, self.reading, n_max=self.n_max, descriptor=descriptor
        )
        return pool, replace(config, target=Target.of(config.range_in(pool.y)))

    def words(self, path):
        """The command line that simulates it."""
        chosen = [word for k, v in self.target.items() for word in (f"--{k}", str(v))]
        chosen += ["--unit", self.unit] if self.unit else []
        chosen += ["--n-max", str(self.n_max)] if self.n_max else []
        chosen += ["--skip-bad"] if self.skip_bad else []
        return ["simulate", str(path), "--property", self.property, *chosen]


POOLS = {  # targets and sizes of the first five: those of an earlier trial, `BEFORE`
    "photoswitches": Pool(
        *("photoswitches.csv", "E isomer pi-pi* wavelength in nm", "nm", {"above": 450.0}),
        skip_bad=True,  # 13 of its rows have no such wavelength
    ),
    "redox": Pool("redox_bznsn.csv", "Ered_V", "V", {"below": 1.9}, n_max=450),
    "cep": Pool("cep_2500.csv", "PCE_percent", "%", {"above": 8.0}),
    "qm8": Pool("qm8_3000.csv", "E1_CC2_hartree", "hartree", {"below": 0.15067}),
    "aqsol": Pool("aqsoldb_2500.csv", "logS_mol_per_L", "", {"above": 0.0}),
    "lipo": Pool("lipophilicity_2500.csv", "logD", "", {"above": 1.0, "below": 1.5}),
    "enamine": Pool("Enamine10k_scores.csv.gz", "score", "", {"lowest": 0.05}, seeds=3),
    "zinc": Pool("zinc_20k.csv", "logP", "", {"highest": 0.05}, seeds=3),
}
# Found shares of a trial before labels were standardised and pools of SMILES had fingerprints: six
# seeds, other draws. E and greedy are those of the book then, on MBTR of embedded geometries.
EARLIER = ("random", "property_search", "most_probable", "tanimoto", "both")
BEFORE = {
    "redox": (0.29, 0.83, 1.00, 0.99, 1.00),
    "cep": (0.24, 0.36, 0.61, 0.63, 0.65),
    "qm8": (0.20, 0.48, 0.86, 0.79, 0.91),
    "aqsol": (0.25, 0.47, 0.68, 0.71, 0.63),
    "lipo": (0.25, 0.32, 0.33, 0.37, 0.38),
}


# Peers


class Tanimoto(StationaryKernelMixin, NormalizedKernelMixin, Kernel):
    """Bits in both molecules over bits in either; nothing to optimise."""

    def __init__(self):
        pass

    def __call__(self, X, Y=None, eval_gradient=False):
        Y = X if Y is None else Y
        shared = X @ Y.T
        T = shared / np.maximum(X.sum(axis=1)[:, None] + Y.sum(axis=1) - shared, 1)
        return (T, np.empty((len(X), len(X), 0))) if eval_gradient else T


def tanimoto(X, y, X_new, seed):
    """Mean and deviation of scikit-learn's Gaussian process, its noise learned."""
    kernel = ConstantKernel() * Tanimoto() + WhiteKernel()
    model = GaussianProcessRegressor(kernel, normalize_y=True, random_state=seed)
    return model.fit(X, y).predict(X_new, return_std=True)


def forest(X, y, X_new, seed):
    """Mean and deviation among the trees of a random forest."""
    trees = RandomForestRegressor(TREES, random_state=seed).fit(X, y).estimators_
    answers = np.array([tree.predict(X_new, check_input=False) for tree in trees])
    return answers.mean(axis=0), answers.std(axis=0)


def peer(predict):
    """The method that picks by the probability of the target, ties at random."""

    def found(pool, X, config):
        target, shares = config.range_in(pool.y), []
        inside = target.contains(pool.y)
        _, train, heldout = split(config, len(pool))
        for iteration, size in enumerate(
            batch_sizes(config.scheme, config.n_init, config.n_const, config.n_max)
        ):
            mu, sigma = predict(X[train], pool.y[train], X[heldout], config.seed)
            score = probability_in_range(mu, sigma, target.low, target.high)
            keys = np.random.default_rng([config.seed, PICK, iteration]).random(len(heldout))
            picks = np.lexsort((keys, -score))[:size]
            train, heldout = np.r_[train, heldout[picks]], np.delete(heldout, picks)
        shares = inside[train].sum(), inside[heldout].sum()
        return shares[0] / sum(shares)

    def method(pool, config, seeds):
        X = np.asarray(features(pool, descriptor=config.descriptor), dtype=np.float32)
        return [found(pool, X, replace(config, seed=seed)) for seed in seeds]

    return method


# The book's searches


def simulated(pool, config, seeds):
    """The command `simulate`: found shares by strategy, and the advice of each probe."""
    done = simulation.simulate(pool, config, seeds)
    kept = ["noise_var", "strategy", "hits", "enrichment", "low", "high", "saved"]
    rows = done.advice[kept].astype(object).where(done.advice[kept].notna(), None)
    return done.found, rows.to_dict("records")


def fixed(pool, config, seeds):
    """`most_probable` with the noise of `FIXED_NOISE`."""
    return last([replace(config, seed=seed, noise_var=FIXED_NOISE) for seed in seeds])


def likely(pool, config, seeds):
    """`most_probable` with the most likely noise of the probe."""
    configs = []
    for seed in seeds:
        probe = advice.draw(replace(config, seed=seed)).on_scale()
        model = prior_model("data", 0.0, n_bits=probe.n_bits, random_state=0)
        noise_var, _ = most_likely_noise(probe.X, probe.y, model)
        configs.append(replace(config, seed=seed, noise_var=noise_var))
    return last(configs)


def last(configs):
    """Found shares at the end of the greedy search with each configuration."""
    runs = run_or_load([replace(config, strategy="most_probable") for config in configs])
    return runs.groupby("seed", sort=False)["found_share"].last().tolist()


METHODS = {"fixed": fixed, "forest": peer(forest), "tanimoto": peer(tanimoto)}
BOTH = {"both": likely, "both_fixed": fixed}  # on MBTR and fingerprints side by side


def searches(name, entry, keep):
    """Fill the record of one pool, method by method; `keep` writes it."""
    of, found = POOLS[name], entry.setdefault("found", {})
    pool, config = of.plan()
    target = config.range_in(pool.y)
    facts = {
        "command": shlex.join(["python", "-m", "alutils", *of.words(of.file)]),
        "sha256": pool.sha256,
        "molecules": len(pool),
        "skipped": len(pool.info.get("skipped", ())),
        "property": pool.info["label"],
        "target": target.text(of.unit),
        "share": float(target.contains(pool.y).mean()),
        **{key: getattr(config, key) for key in ("n_init", "n_const", "n_max", "n_test")},
        "expected": config.n_max / (len(pool) - config.n_test),
    }
    if name in BEFORE:
        facts["before"] = dict(zip(EARLIER, BEFORE[name], strict=True))
    if entry.get("sha256", pool.sha256) != pool.sha256:
        found.clear()
    entry |= facts
    if "random" not in found:
        table, entry["advice"] = simulated(pool, config, range(of.seeds))
        found |= {strategy: table[strategy].tolist() for strategy in table}
        keep(name)
    for method, shares in METHODS.items():
        if method not in found:
            found[method] = shares(pool, config, range(of.seeds))
            keep(name)


def with_geometries(name, entry, keep):
    """The same for MBTR of embedded geometries beside the fingerprints."""
    of, found = POOLS[name], entry["found"]
    if entry["molecules"] > SMALL or not set(BOTH) - set(found):
        return
    pool, config = of.plan("mbtr+fingerprint")
    for method, shares in BOTH.items():
        if method not in found:
            found[method] = shares(pool, config, range(of.seeds))
            keep(name)


# Times


def with_times(name, entry, keep):
    """Wall time of each step with an empty cache, of commands and of the functions behind them."""
    with empty_cache(), tempfile.TemporaryDirectory() as folder:
        entry["commands"] = commands(name, Path(folder))
    with empty_cache():
        entry["functions"] = alone(functions, name)
    keep(name)


def commands(name, folder):
    """Seconds and memory of `start`, the queries, and the whole of `simulate` with one seed."""
    of, mine = POOLS[name], str(folder / "mine")
    target = [word for k, v in of.target.items() for word in (f"--{k}", str(v))]
    made = {"start": command("start", mine, str(of.path), *target)}
    made["first_ask"] = command("ask", mine)
    write_answers(of, Path(mine, "batch-000", "batch.csv"))
    made["tell"] = command("tell", mine, str(Path(mine, "batch-000", "batch.csv")))
    made["fit_and_ask"] = command("ask", mine)
    made["simulate"] = command(*of.words(of.path), "--seeds", "1")
    return made


def command(*words):
    """Wall time and memory of a command line."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "alutils", *words], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"alutils {shlex.join(words)} failed")
    return {"s": time.perf_counter() - started, "peak_memory_gib": usage.ru_maxrss / 2**20}


def write_answers(of, path):
    """Fill in the labels of a batch from the file; those that it lacks failed."""
    structures = read_structures(of.path, of.property, skip_bad=of.skip_bad)
    known = dict(zip(structures.ids, structures.y, strict=True))
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    with open(path, "w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(["id", "label"])
        for row in rows:
            label = known.get(row["id"], np.nan)
            writer.writerow([row["id"], label if np.isfinite(label) else "failed"])


def functions(name):
    """Seconds of reading, fingerprints, advice, a fit with its query, and a search to its end."""
    of = POOLS[name]
    pool, read_s = timed(lambda: load(of.path, **reading_options(of.reading)))
    X, fingerprint_s = timed(features, pool)
    config = replace(of.plan()[1], strategy="most_probable")
    (_, answer), advice_s = timed(lambda: advice.advise(advice.draw(config), advice.experience()))
    search = steps(replace(config, noise_var=answer["noise_var"]), pool, X)
    _, fit_and_ask_s = timed(next, search)
    _, rest_s = timed(list, search)
    return {
        "read_s": read_s,
        "fingerprint_s": fingerprint_s,
        "advice_s": advice_s,
        "fit_and_ask_s": fit_and_ask_s,
        "search_s": fit_and_ask_s + rest_s,
    }


def rounded(value):
    """The same with four digits of each float."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("only", nargs="*", help=f"pools: {', '.join(POOLS)}")
    parser.add_argument("--times", action="store_true", help="the times alone")
    given = parser.parse_args()
    if unknown := set(given.only) - set(POOLS):
        parser.error(f"no pool {', '.join(sorted(unknown))}: choose from {', '.join(POOLS)}")
    warnings.simplefilter("ignore", ConvergenceWarning)
    names, result = given.only or list(POOLS), {"pools": {}}
    if PATH.exists():
        result = json.loads(PATH.read_text(encoding="utf-8"))
    about = provenance() | {"processor": processor()}

    def keep(name):
        write_json(PATH, rounded(result))
        found = result["pools"][name].get("found", {})
        print(name, {key: round(float(np.mean(one)), 3) for key, one in found.items()}, flush=True)

    for part in (with_times,) if given.times else (searches, with_geometries):
        result["times_provenance" if given.times else "provenance"] = about
        for name in names:
            part(name, result["pools"].setdefault(name, {}), keep)
    print(f"written: book/records/{PATH.name}")


if __name__ == "__main__":
    main()
