"""The searches that a forecast of hits learns from: they come with the package.

Each search is kept in the cache as soon as it is done; half an hour on one core.

python -m book.builder.stopping
"""

import json
from itertools import product

import pandas as pd
from tqdm import tqdm

from alutils.acquisition.target import SHARE, Target
from alutils.analysis import plans, stopping
from alutils.descriptors import features
from alutils.loop import RunConfig
from alutils.runs.records import load_once
from alutils.storage.files import write_json, write_text
from alutils.storage.locations import cache_dir

# Quantiles between which a target lies: tails at both ends, windows in the middle.
TARGETS = (
    *((0.99, 1.0), (0.97, 1.0), (0.9, 1.0), (0.0, 0.01), (0.0, 0.03), (0.0, 0.1)),
    *((0.485, 0.515), (0.45, 0.55)),
)
SIZES = {"scheme": "constant", "n_init": 100, "n_const": 50, "n_max": 1000}
NEW_SIZES = SIZES | {"n_max": 800, "n_test": 200}  # the smallest has 1 407 molecules
# Three seeds of the embedded pools; then, seed by seed, the pools on which no law was made.
NEW_POOLS = ("redox", "cep", "qm8", "aqsol", "lipo", "oe62_gw5000", *plans.HEAVIEST, "enamine")
SEARCHES = [
    *product(range(3), plans.POOLS, TARGETS),
    *product(range(2), NEW_POOLS, TARGETS),
]
# Scores of docking come in steps of 0.1: no molecule lies between these quantiles.
SEARCHES = [one for one in SEARCHES if one[1:] != ("enamine", (0.485, 0.515))]


def search(pool, ends, seed):
    """Rows of `alutils.analysis.stopping.watch` of one search, kept in the cache."""
    path = cache_dir() / "stopping" / f"{pool}-{seed}-{ends[0]}-{ends[1]}.json"
    if not path.exists():
        # The scan of the prior "data" finds the peak: restarts would find the same.
        target = Target(*ends, SHARE)
        same = {"target": target, "seed": seed, "prior": "data", "n_restarts": 0}
        sizes = SIZES if pool in plans.POOLS else NEW_SIZES
        dataset = load_once(pool)
        config = RunConfig(pool, "most_probable", **same, **sizes)
        write_json(path, stopping.watch(config, dataset, features(dataset)))
    return json.loads(path.read_text("utf8"))


if __name__ == "__main__":
    rows = []
    for seed, pool, ends in tqdm(SEARCHES, unit="search", disable=None):
        rows += search(pool, ends, seed)
    table = pd.DataFrame(rows).sort_values(["dataset", "seed", "target_low", "target_high"])
    write_text(stopping.KNOWN, table.to_csv(index=False, float_format="%.6g"))
    print(f"{len(SEARCHES)} searches in {stopping.KNOWN.name}")
