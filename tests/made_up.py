"""Made-up runs and data sets: what the tests of figures, tables and records work on."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import scipy.sparse

from alutils.acquisition import strategies
from alutils.analysis.stopping import Progress
from alutils.runs import store
from alutils.storage import files
from alutils.storage.numerics import NUMERICS_VERSION

A, B, C, D, E = strategies.PAPER
SIZES = [100, 200, 400, 800]
SEEDS = [0, 1, 2]
UNITS = {  # of a label of 1 eV
    "eV": 1.0,
    "hartree": 1 / 27.211386,
    "kcal/mol": 23.0605,
    "kJ/mol": 96.4853,
    "meV": 1000.0,
    "1/cm": 8065.54,
}


def write_data_set(folder, X, y):
    """A data set (n, d) with labels (n,) in eV, in the layout of the paper's; its path loads it."""
    folder.mkdir()
    scipy.sparse.save_npz(folder / "mbtr_k2.npz", scipy.sparse.csr_matrix(X))
    np.savetxt(folder / "HOMO.txt", y)


def toy():
    """Points (300, 10), and labels (300,) in eV that they explain."""
    rng = np.random.default_rng(11)
    X = rng.normal(size=(300, 10)) * np.geomspace(400, 5, 10)
    return X, -6 + np.tanh(X[:, 0] / 300) + 0.05 * rng.normal(size=300)


def record(config, data_sha256="this"):
    """A record that counts as complete and fresh, without a row."""
    made = {
        "config": store.portable(config),
        "data_sha256": data_sha256,
        "numerics_version": NUMERICS_VERSION,
        **{"created": "2024-01-01", "complete": True, "wall_s": 0.0, "rows": [], "batches": []},
    }
    return made | {"seal": files.seal(made)}


def run(strategy, seed, sizes=SIZES, scheme="pow", n_const=100, noise_var=0.05, factor=1.0):
    """A made-up run: the error falls as a power of n, the found share grows."""
    n = np.array(sizes)
    mae = factor * (0.5 + 0.02 * seed) * (n / 100) ** -0.3
    n_found = (n * (0.3 if strategy == A else 0.6)).astype(int)
    return pd.DataFrame(
        {
            "dataset": "aminoacids",
            "descriptor": None,
            "strategy": strategy,
            "scheme": scheme,
            "n_const": n_const,
            "noise_var": noise_var,
            "normalize_y": False,
            "seed": seed,
            "iteration": range(len(n)),
            "n_train": n,
            "mae_ev": mae,
            "r2": 0.8,
            "at_bound": "",
            "lml": -n * (0.3 + (np.log10(noise_var) + 2) ** 2),  # highest at a noise of 0.01
            "mae_in_range_ev": 0.8 * mae,
            "tpr": 0.7,
            "fpr": 0.1,
            "tpr_heldout": np.linspace(0.7, 0.5, len(n)),
            "fpr_heldout": 0.1,
            "n_found": n_found,
            "found_share": n_found / 1500,
        }
    )


def runs(names=(A, B, C, D, E), **where):
    factors = {D: 0.9, B: 1.1}
    each = [run(name, s, factor=factors.get(name, 1.0), **where) for name in names for s in SEEDS]
    return pd.concat(each, ignore_index=True)


def schemes():
    small = [run(D, s, range(100, 801, 100), "constant", 100, factor=0.9) for s in SEEDS]
    large = [run(D, s, [100, 500, 800], "constant", 400, factor=0.9) for s in SEEDS]
    return pd.concat([runs((A, D)), *small, *large], ignore_index=True)


def scattered(records):
    """The same runs where no two measured columns, sizes or seeds have the same values."""
    rng = np.random.default_rng(1)
    records = records.copy()
    for column in ("mae_ev", "mae_in_range_ev", "lml"):
        records[column] *= rng.uniform(0.8, 1.2, len(records))
    for column, centre in (("tpr", 0.8), ("fpr", 0.1), ("tpr_heldout", 0.6), ("fpr_heldout", 0.2)):
        records[column] = centre + rng.uniform(-0.09, 0.09, len(records))
    records["n_found"] += rng.integers(0, 20, len(records))
    records["found_share"] = records["n_found"] / (1500 + 40 * records["seed"])
    return records


def known_searches(pools, n_seeds, seed=0):
    """Searches of pools that are all alike, as of `alutils.analysis.stopping.known`."""
    rng = np.random.default_rng(seed)
    made = [
        row
        for pool in pools
        for number in range(n_seeds)
        for row in _search(pool, number, rng, int(rng.integers(20, 400)))
    ]
    return pd.DataFrame(made)


def _search(pool, seed, rng, n_hits):
    """A search of 2 000 molecules that finds a third of what is left with each batch of 50."""
    rows, hits, picked, left = [], int(rng.binomial(n_hits, 0.05)), 0.0, n_hits
    first, last, left = hits, hits, n_hits - hits
    for k in range(12):
        n_labels = 100 + 50 * k
        expected = left / 3 * rng.lognormal(0, 0.1)
        progress = Progress(
            n_pool=2000,
            n_labels=n_labels,
            n_random=100,
            random_hits=first,
            hits=hits,
            model_picked=picked,
            model_left=left * rng.lognormal(0, 0.2),
            last_hits=last,
            last_size=50 if k else 100,
            next_size=50,
            model_next=expected,
        )
        last = min(left, 50, int(rng.poisson(left / 3)))
        about = {"dataset": pool, "seed": seed, "target_low": 0.9, "target_high": 1.0}
        rows.append(about | asdict(progress) | {"left": left, "next_hits": last})
        picked, hits, left = picked + expected, hits + last, left - last
    return rows
