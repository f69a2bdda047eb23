"""The runs behind the pages of a data set: described by their notebooks, computed in workers.

A notebook describes its runs in the cells up to the last that fills its list `configs`. Papermill
executes these with the page's parameters, and a cell at their end notes the list: what is computed
beforehand is what the page will ask for, and what a notebook refuses is refused before any run.
"""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial

import nbformat
import yaml

from alutils.loop import RunConfig
from alutils.runs import store
from alutils.storage.locations import cache_dir
from book.builder.execute import papermill
from book.builder.pages import ROOT, PageError

NOTE_CONFIGS = """from dataclasses import asdict

from alutils.storage import usage_log

usage_log.note(configs=[asdict(config) for config in configs])"""


def describing_cells(notebook):
    """The cells up to the last that assigns or extends `configs`; none if no cell does."""
    describing = [index for index, cell in enumerate(notebook.cells) if describes_runs(cell)]
    return notebook.cells[: describing[-1] + 1] if describing else []


def describes_runs(cell):
    """True for a code cell that assigns or extends `configs`."""
    if cell.cell_type != "code":
        return False
    for statement in ast.parse(cell.source).body:
        targets = getattr(statement, "targets", [getattr(statement, "target", None)])
        if any(getattr(target, "id", None) == "configs" for target in targets):
            return True
    return False


def configs_of(page, root=ROOT):
    """RunConfigs of a page, from a run of its notebook that ends before any of them is computed.

    Raises
    ------
    PageError
        With the page and what its notebook refused.
    """
    notebook = nbformat.read(root / page.source, as_version=4)
    notebook.cells = describing_cells(notebook)
    if not notebook.cells:
        return []
    try:
        _, used = papermill(page, root, f"{page.name}-runs", notebook, NOTE_CONFIGS)
    except PageError as error:
        raise PageError(f"{page.name}: {error}") from None
    noted = [note["configs"] for note in used["notes"] if "configs" in note]
    return [RunConfig(**values) for configs in noted for values in configs]


def all_configs(added, root=ROOT):
    """The RunConfigs of all pages, each once, seed by seed: early pages can be drawn early."""
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(partial(configs_of, root=root), added))
    configs = [config for of_page in found for config in of_page]
    return sorted(dict.fromkeys(configs), key=lambda config: config.seed)


def plan_of(configs):
    """RunConfigs as a plan, such as book/records.yml, in their order."""
    plan = []
    for config in configs:
        run = asdict(config)
        seed = run.pop("seed")
        if not plan or plan[-1]["seeds"] != [seed]:
            plan.append({"name": f"seed {seed}", "settings": {}, "seeds": [seed], "runs": []})
        plan[-1]["runs"].append(run)
    return plan


def compute(configs, checksum, scheduler, root):
    """Make the runs that no record has, as `python -m alutils record` makes those of the book."""
    folder = cache_dir() / "records"
    waiting = [config for config in configs if store.find(config) is None]
    if not waiting:
        return
    for config in waiting:
        made = store.find(config, folder)
        if made and made["data_sha256"] != checksum:  # of another file with the same name
            (folder / store.file_name(config)).unlink()
    (root / "_build").mkdir(exist_ok=True)
    plan = yaml.safe_dump(plan_of(waiting), sort_keys=False, allow_unicode=True)
    (root / "_build/records.yml").write_text(plan, "utf8")
    command = [sys.executable, "-m", "alutils", "record", "_build/records.yml"]
    command += ["--folder", str(folder), "--scheduler", scheduler]
    if subprocess.run(command, cwd=root, check=False).returncode:
        raise PageError("the runs are not finished: the same command goes on where they stopped")
