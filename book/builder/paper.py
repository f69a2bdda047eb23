"""Run the paper's experiments on one data set, at the paper's sizes, and render their pages.

The runs come first, in workers, and kept after every iteration, so that a command that was
interrupted goes on where it stopped. The pages are made in a copy of the book,
_build/paper-NAME, which holds the book's own pages too; the book itself stays as it is.

python -m book.builder.paper DATASET [--sizes n_test=N ...] [--seeds K ...] [--scheduler NAME]
"""

import argparse
import contextlib
import io
import os
import re
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

import yaml

from alutils.data import datasets
from alutils.descriptors import features
from alutils.storage.locations import cache_dir, data_dir
from book.builder import execute, freshness, pages, render
from book.builder.pages import ROOT, Page, PageError
from book.builder.paper_runs import all_configs, compute
from book.builder.programs import reason

# Molecules; grid_n_max is half of n_max unless it is given.
SIZES = {"n_test": 10000, "n_init": 1000, "n_const": 1000, "n_max": 16000, "grid_n_max": None}
EXAMPLE = 'SIZES="n_test=200 n_init=20 n_const=20 n_max=320 grid_n_max=160"'
SEEDS = ("0", "1", "2")
BATCHES = (2, 4, 8)  # the constant batches of notebook 03, in units of n_const
TITLES = {
    "01_homo_distributions": "HOMO distribution",
    "02_strategy_comparison": "Four strategies compared",
    "03_batch_sensitivity": "Batch size",
    "04_noise_grid": "Noise",
    "05_targeted_search": "Targeted search",
}
COPIED = (*freshness.SOURCES, *render.INPUTS, "notebooks/*.ipynb")
MADE = Path("book", "experiments")


def read_sizes(words):
    """Name -> molecules from words such as n_max=800; the paper's sizes for what is not named."""
    sizes = dict(SIZES)
    for word in words:
        name, _, value = word.partition("=")
        if name not in SIZES or not re.fullmatch(r"0*[1-9]\d*", value):
            raise PageError(f"SIZES: {word!r} is not a size: write {EXAMPLE}, or some of these")
        sizes[name] = int(value)
    sizes["grid_n_max"] = sizes["grid_n_max"] or sizes["n_max"] // 2
    if not sizes["n_init"] < sizes["grid_n_max"] <= sizes["n_max"]:
        raise PageError(
            "SIZES: {n_init} (n_init), {grid_n_max} (grid_n_max, half of n_max unless given) and "
            "{n_max} (n_max) must rise in this order".format(**sizes)
        )
    return sizes


def read_seeds(words):
    """List of int."""
    if not words or len(set(words)) != len(words) or not all(map(str.isdecimal, words)):
        raise PageError(
            f"SEEDS: {' '.join(words)!r} is not a list of different seeds: write SEEDS='0 1 2'"
        )
    return [int(word) for word in words]


def check_pool(name, sizes):
    """Load a data set, downloaded if need be; its checksum, or PageError if it is too small."""
    dataset = datasets.load(name)
    if dataset.label_only:
        raise PageError(f"{name} has labels alone: name a data set with molecules or a descriptor")
    if sizes["n_test"] + sizes["n_max"] > len(dataset):
        unit = len(dataset) // 26
        fitting = f"n_test={10 * unit} n_init={unit} n_const={unit} n_max={16 * unit}"
        raise PageError(
            f"{name} has {len(dataset)} molecules, n_test={sizes['n_test']} and "
            f"n_max={sizes['n_max']} need {sizes['n_test'] + sizes['n_max']}: name smaller ones, "
            f'SIZES="{fitting}"'
        )
    return dataset.sha256


def title_of(path):
    """A file's name for titles, which are Markdown: letters, digits, dots and dashes."""
    return re.sub(r"[^\w .+-]+", "-", Path(path).stem)


def variant_of(name):
    """Short name of a data set's pages."""
    stem = re.sub("[^a-z0-9]+", "-", Path(name).stem.lower()).strip("-")
    return f"paper-{stem or 'data'}"


def pages_of(name, dataset, sizes, seeds):
    """The pages of a data set.

    Parameters
    ----------
    name, dataset : what the pages call it, and their parameter `dataset`
    sizes : as from `read_sizes`
    seeds : list of int
    """
    common = {n: sizes[n] for n in ("n_test", "n_init", "n_const", "n_max")}
    common = {"dataset": dataset, **common, "seeds": list(seeds)}
    # A batch of all that is left would be one run under several names.
    room = sizes["n_max"] - sizes["n_init"]
    constants = [k * sizes["n_const"] for k in BATCHES if k * sizes["n_const"] < room]
    parameters = {
        "01_homo_distributions": {"datasets": [dataset]},
        "03_batch_sensitivity": {
            **common,
            "constants": constants or [BATCHES[0] * sizes["n_const"]],
        },
        "04_noise_grid": {**common, "grid_n_max": sizes["grid_n_max"]},
    }
    return [
        Page(notebook, variant_of(name), f"{title}: {name}", parameters.get(notebook, common))
        for notebook, title in TITLES.items()
    ]


# The copy of the book.


def copy_book(root):
    """Bring the copy to the state of the book; executed pages that are of use stay, or come too."""
    wanted = {path for pattern in COPIED for path in ROOT.glob(pattern) if path.is_file()}
    wanted = {path.relative_to(ROOT) for path in wanted}
    wanted = {p for p in wanted if "__pycache__" not in p.parts and MADE not in p.parents}
    for path in [path for path in root.rglob("*") if path.is_file() or path.is_symlink()]:
        name = path.relative_to(root)
        if name not in wanted and MADE not in name.parents and name.parts[0] != "_build":
            path.unlink()
    for name in wanted:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, root / name)
    now = freshness.snapshot()
    (root / MADE).mkdir(exist_ok=True)
    for page in pages.read_pages():
        if freshness.is_fresh(page, now):
            shutil.copy2(ROOT / page.path, root / page.path)
            shutil.copytree(ROOT / page.files, root / page.files, dirs_exist_ok=True)
    shared = [MADE / "files/bundles", MADE / "files/notebooks"]
    for folder in (folder for folder in shared if (ROOT / folder).exists()):
        shutil.copytree(ROOT / folder, root / folder, dirs_exist_ok=True)


def link_data(name, root):
    """The data set's name in the copy: a file is linked there, so that no page names a folder."""
    if name in datasets.REGISTRY:
        return name
    path = Path(name).expanduser().resolve()
    inside = path.is_relative_to(ROOT) and path != ROOT
    linked = path.relative_to(ROOT) if inside else Path("data", path.name)
    (root / linked).parent.mkdir(parents=True, exist_ok=True)
    if not (root / linked).exists():
        (root / linked).symlink_to(path)
    return linked.as_posix()


def add_pages(added, title, root):
    """Enter pages into variants.yml of the copy: a tab more on the book's own pages."""
    path = root / "book/variants.yml"
    table = yaml.safe_load(path.read_text("utf8"))
    table["variants"][added[0].variant] = f"{title} (make paper)"
    table["pages"] += [asdict(page) for page in added]
    write_yaml(path, table)


def drop_outdated(added, checksum, root):
    """Remove executed pages that were made from other data; their key knows parameters alone."""
    mark = root / "_build/data.sha256"
    if not mark.exists() or mark.read_text() != checksum:
        for page in added:
            (root / page.path).unlink(missing_ok=True)
        mark.parent.mkdir(exist_ok=True)
        mark.write_text(checksum)


def write_yaml(path, value):
    path.write_text(yaml.safe_dump(value, sort_keys=False, allow_unicode=True), "utf8")


def main(name, sizes=(), seeds=SEEDS, scheduler="processes:2"):
    """Runs, pages, HTML; prints the path of index.html. The exit status."""
    sizes, seeds = read_sizes(sizes), read_seeds(seeds)
    # The copy is another working directory, where a relative folder would be another one.
    os.environ["ALUTILS_CACHE"] = str(cache_dir())
    if data_dir():
        os.environ["ALUTILS_DATA"] = str(data_dir())
    checksum = check_pool(name, sizes)
    root = ROOT / "_build" / variant_of(name)
    copy_book(root)
    dataset = link_data(name, root)
    title = name if dataset == name else title_of(name)
    added = pages_of(title, dataset, sizes, seeds)
    add_pages(added, title, root)
    drop_outdated(added, checksum, root)
    configs = all_configs(added, root)
    features(datasets.load(name))  # once, before every run would make its own
    compute(configs, checksum, scheduler, root)
    if execute.main(root=root):
        return 1
    with contextlib.redirect_stdout(io.StringIO()) as said:
        status = render.main(root)
    index = (root / render.INDEX).relative_to(ROOT).as_posix()
    print(said.getvalue() if status else index)
    return status


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", metavar="DATASET", help="aa, oe, qm9, qm9_b3lyp, or a path")
    parser.add_argument("--sizes", nargs="*", default=[], metavar="n_test=N")
    parser.add_argument("--seeds", nargs="*", default=SEEDS)
    parser.add_argument("--scheduler", default="processes:2", help="of alutils.runs.schedulers")
    arguments = vars(parser.parse_args())
    try:
        if not arguments["name"]:
            raise PageError("which data set? make paper DATASET=aa, or oe, qm9, qm9_b3lyp, a path")
        sys.exit(main(**arguments))
    except (PageError, ValueError, OSError) as error:
        sys.exit(f"book/builder/paper.py: {reason(error)}")
    except KeyboardInterrupt:
        sys.exit("\nbook/paper.py: stopped; the same command goes on where this one stopped")
