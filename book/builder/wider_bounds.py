"""Refit, within wider bounds, the fits of the pages on noise that ended at one.

python -m book.builder.wider_bounds [--most N]     writes book/records/wider_bounds.json

What is there already is kept, so that the same command goes on where it stopped. `--most` leaves
out training sets of more than N molecules: a fit of 16 000 takes minutes.
"""

import argparse
import json
import sys

from tqdm import tqdm

from alutils.analysis.wider_bounds import FILE, WIDER, bounded, refit
from alutils.runs import store
from alutils.runs.provenance import NUMERICS_VERSION, provenance
from alutils.storage.files import write_json
from alutils.storage.locations import cache_dir, records_dir
from book.builder.pages import ROOT, read_pages
from book.builder.paper_runs import all_configs


def main(most=16_000, match="", root=ROOT):
    """Compute what is missing and write it, fit by fit."""
    listed = [page for page in read_pages(root) if page.notebook.startswith("04")]
    pages = [page for page in listed if match in page.name]
    path = records_dir() / FILE
    made = json.loads(path.read_text("utf8"))["rows"] if path.exists() else []
    done = {(row["record"], row["n_train"]) for row in made}
    waiting = []
    for config in all_configs(pages, root):
        record = store.find(config) or store.find(config, cache_dir() / "records")
        for iteration in bounded(record) if record else ():
            n_train = record["rows"][iteration]["n_train"]
            if n_train <= most and (store.file_name(config), n_train) not in done:
                waiting.append((record, iteration))
    source = {"numerics_version": NUMERICS_VERSION, "wider": WIDER, "provenance": provenance()}
    for record, iteration in tqdm(waiting, unit="fit", disable=None):
        made.append(refit(record, iteration))
        write_json(path, source | {"rows": made})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--most", type=int, default=16_000, help="molecules to train on, at most")
    parser.add_argument("--match", default="", help="only pages with this in their name")
    sys.exit(main(**vars(parser.parse_args())))
