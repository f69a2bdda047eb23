"""The runs of the embedded pools that pages show, in one tracked bundle: the book then reads them.

python -m book.builder.pool_runs [--fresh]     (--fresh computes all of them anew)
"""

import argparse
import sys
import tempfile
from pathlib import Path

from alutils.runs import long_runs, store
from alutils.storage.locations import cache_dir, records_dir
from book.builder.pages import ROOT, read_pages
from book.builder.paper_runs import all_configs

NAME = "pools"
NOTEBOOKS = ("02", "03", "04", "05")  # the paper's experiments; the studies have their own bundles


def pool_configs(root=ROOT):
    """RunConfigs of the experiment pages on embedded pools, but those that other bundles hold."""
    pages = [page for page in read_pages(root) if page.notebook[:2] in NOTEBOOKS]
    embedded = [page for page in pages if is_embedded(page.parameters["dataset"], root)]
    others = [store.bundle(path) for path in store.bundles(records_dir()) if path.stem != NAME]
    elsewhere = {name for bundle in others for name in bundle}
    return [c for c in all_configs(embedded, root) if store.file_name(c) not in elsewhere]


def is_embedded(dataset, root=ROOT):
    """True for a pool that comes with the repository."""
    return (root / f"alutils/data/pools/{dataset}.npz").exists()


def main(fresh=False, scheduler="processes:2"):
    """Compute what is missing, all if `fresh`, and write the bundle."""
    configs = pool_configs()
    with tempfile.TemporaryDirectory(prefix="pools-", dir=cache_dir()) as scratch:
        work = Path(scratch) if fresh else cache_dir() / "records"
        n_runs = long_runs.make_bundle(configs, records_dir() / f"{NAME}.jsonl", scheduler, work)
    print(f"{n_runs} runs in {NAME}.jsonl")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fresh", action="store_true", help="compute all of them anew")
    parser.add_argument("--scheduler", default="processes:2", help="of alutils.runs.schedulers")
    sys.exit(main(**vars(parser.parse_args())))
