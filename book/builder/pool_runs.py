"""The runs that pages show, in tracked bundles: the book then reads them.

python -m book.builder.pool_runs [NAME ...] [--fresh]     (--fresh computes all of them anew)

pools : of the embedded pools, the default
heaviest : of the heaviest molecules of the paper's data sets, which need `ALUTILS_DATA`
"""

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from alutils.analysis import gains, pool_variants
from alutils.data.datasets import REGISTRY
from alutils.runs import long_runs, store
from alutils.storage.locations import cache_dir, records_dir
from book.builder.pages import ROOT, read_pages
from book.builder.paper_runs import all_configs

NOTEBOOKS = ("02", "03", "04", "05")  # the paper's experiments
GAIN = "12_why_d_gains"  # a study whose runs are in the second bundle; others have their own


def is_embedded(dataset, root=ROOT):
    """True for a pool that comes with the repository."""
    return (root / f"alutils/data/pools/{dataset}.npz").exists()


def is_heaviest(dataset, root=ROOT):
    """True for the heaviest molecules of a data set of the paper's."""
    return "heaviest" in dataset and dataset in REGISTRY


STUDIED = {"heaviest": ("aa_heaviest",)}  # whose runs are taken apart, by the bundle that has them
BUNDLES = {"pools": is_embedded, "heaviest": is_heaviest}


def bundle_configs(name, root=ROOT):
    """RunConfigs of the pages that a bundle serves, but those that other bundles hold."""
    listed = read_pages(root)
    pages = [page for page in listed if page.notebook[:2] in NOTEBOOKS]
    served = [page for page in pages if BUNDLES[name](page.parameters["dataset"], root)]
    own = store.parts(records_dir() / f"{name}.jsonl")
    others = [store.bundle(path) for path in store.bundles(records_dir()) if path not in own]
    elsewhere = {name for bundle in others for name in bundle}
    configs = all_configs(served, root)
    for page in listed:
        if page.notebook == GAIN and BUNDLES[name](gains.POOLS[0], root):
            configs += gains.configs(page.parameters["seeds"], page.parameters.get("noises", ()))
    return [c for c in dict.fromkeys(configs) if store.file_name(c) not in elsewhere]


def placed(configs, folder):
    """The same runs, a variant of a pool named by its path; what is not in `folder` is made."""
    made = []
    for config in configs:
        origin = pool_variants.origin(config.dataset)
        if origin and not (folder / config.dataset).exists():
            pool_variants.write(origin, folder)
        made.append(replace(config, dataset=str(folder / config.dataset)) if origin else config)
    return made


def main(names=(), fresh=False, scheduler="processes:2", folder=None):
    """Compute what is missing in `folder`, all if `fresh`, and write the bundles."""
    for name in names or ["pools"]:
        configs = placed(bundle_configs(name), cache_dir() / "variants")
        with tempfile.TemporaryDirectory(prefix="pools-", dir=cache_dir()) as scratch:
            work = Path(scratch) if fresh else folder or cache_dir() / "records"
            path = records_dir() / f"{name}.jsonl"
            n_runs = long_runs.make_bundle(configs, path, scheduler, work, anew=fresh)
        print(f"{n_runs} runs in {name}.jsonl")
        for dataset in STUDIED.get(name, ()):
            print(f"the errors behind them in {gains.track(dataset).name}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[*BUNDLES, []], help="of bundles")
    parser.add_argument("--fresh", action="store_true", help="compute all of them anew")
    parser.add_argument("--folder", type=Path, help="of runs made before (default: the cache)")
    parser.add_argument("--scheduler", default="processes:2", help="of alutils.runs.schedulers")
    sys.exit(main(**vars(parser.parse_args())))
