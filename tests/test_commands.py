"""Every command that README and book print does what it says, or is refused early.

The short ones are run as pasted. Of a notebook the cells up to the check of its parameters are run
with those of the line: what comes then takes minutes, and `make commands` runs it. Of make, which
says what it would do, the rest is what the project's own checks consist of.
"""

import os
import subprocess
import sys

import ase.io
import nbformat
import numpy as np
import pandas as pd
import pasted
import pytest
import yaml

from alutils.data.datasets import load
from book.builder import pages
from book.builder.fragments import your_csv
from book.builder.pages import ROOT

MAKE, PAPERMILL, ALUTILS = "make", "papermill", f"{your_csv.PYTHON} -m alutils"
# Commands that another check runs, or that need what a test has not; each by its beginning.
ELSEWHERE = {
    "pip install": "tests/test_installed.py installs the wheel",
    "conda env create": "needs conda; tests/test_setup.py compares its file with the lock",
    'eval "$(_ALUTILS_COMPLETE': "tests/test_command_line.py completes words",
    f"{your_csv.PYTHON} -m distributed": "shows what a scheduler sends; HOST is no address",
    f"{your_csv.PYTHON} -m alutils.data.pools.build": "hours with GFN2-xTB; test_data_pools.py",
    f"{your_csv.PYTHON} -m alutils download": "8 GB from Zenodo; tests/test_data_downloads.py",
    f"{your_csv.PYTHON} -m alutils live": "a folder of the reader's, and hours with GFN2-xTB",
    f"{your_csv.PYTHON} -m alutils records": "make check runs it",
    f"{your_csv.PYTHON} -m pytest": "make check runs it",
    f"{your_csv.PYTHON} -m papermill my_fair_field.ipynb": "tests/test_acquisition_plugins.py",
    ".venv/bin/papermill --help-notebook": "prints the parameters cell",
}
CAMPAIGNS = ("README.md", "rerun.md", "your_csv.md", "08_own_molecules.py", "13_bring_your_own.py")
EVERY = pasted.commands()
NOTEBOOKS = [
    (name, line) for name, line in EVERY if line.startswith(".venv/bin/papermill notebooks")
]
STATUS_DONE = 3  # of `ask --until` and `ask --worth`
N_MOLECULES = 160


def kind(line):
    """What runs a command."""
    if any(line.startswith(start) for start in ELSEWHERE):
        return "elsewhere"
    starts = {MAKE: "make ", PAPERMILL: ".venv/bin/papermill notebooks/", ALUTILS: f"{ALUTILS} "}
    return next((name for name, start in starts.items() if line.startswith(start)), None)


def test_every_command_is_known():
    assert len(EVERY) > 60
    unknown = [f"{name}: {line}" for name, line in EVERY if kind(line) is None]
    assert not unknown, "enter how it is tested"
    for start in ELSEWHERE:
        assert any(line.startswith(start) for _, line in EVERY), f"no page has {start!r}"


@pytest.mark.parametrize("line", sorted({line for _, line in EVERY if kind(line) == MAKE}))
def test_make_knows_its_goal(line, tmp_path):
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    line = line.replace("path/to/data", str(tmp_path)).replace("make ", "make -n ", 1)
    run = subprocess.run(
        ["bash", "-c", line if "STAMP=" in line else f"{line.partition('#')[0]} STAMP="],
        cwd=ROOT,
        env=env | {"CONDA_PREFIX": sys.prefix},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0 and run.stdout.strip(), run.stderr


@pytest.fixture
def desk(tmp_path):
    """A folder with the files that the commands name, and the Python of their beginning."""
    pool = load("organics")
    frames = [pool.molecules[k] for k in range(N_MOLECULES)]
    for number, frame in enumerate(frames):
        frame.info = {"id": f"m{number}", "homo": round(float(pool.y[number]), 3)}
    ase.io.write(tmp_path / "molecules.xyz", frames, format="extxyz")
    (tmp_path / "oe62-xyz").mkdir()
    ase.io.write(tmp_path / "oe62-xyz/all.xyz", frames, format="extxyz")
    for name in ("mine.csv", "molecules.csv"):
        (tmp_path / name).write_text(your_csv.csv(), "utf8")
    return tmp_path


@pytest.fixture
def big_desk(desk):
    """The same with more molecules, and the properties that the Papermill lines name."""
    pasted.write_files(desk)
    return desk


def run(line, folder):
    """Run a command as pasted, with this Python in the place of the checkout's; status and text."""
    line = line.replace(your_csv.PYTHON, sys.executable, 1)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", line], cwd=folder, env=env, capture_output=True, text=True, timeout=600
    )
    return done.returncode, done.stdout + done.stderr


def fill(folder, line):
    """Enter labels into the batch that a `tell` names, as its page says."""
    path = folder / line.partition("#")[0].split()[-1]
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    values = np.random.default_rng(0).normal(-9.5, 0.5, len(rows))
    rows.assign(label=[f"{value:.3f}" for value in values]).to_csv(path, index=False)


@pytest.mark.parametrize("name", CAMPAIGNS)
def test_the_commands_of_a_page_run_one_after_the_other(name, desk):
    lines = [line for file, line in EVERY if file == name and kind(line) == ALUTILS]
    assert lines
    for line in lines:
        if " tell " in line:
            fill(desk, line)
        status, said = run(line, desk)
        stops = " --until" in line or " --worth" in line
        assert status in ((0, STATUS_DONE) if stops else (0,)), f"{line}\n{said}"
        assert said.strip(), line


def test_the_stopping_rules_of_their_page_are_those_of_the_manual():
    stated = {line.partition(" #")[0] for file, line in EVERY if file == "rerun.md"}
    for file, line in EVERY:
        if file == "15_when_to_stop.py" and kind(line) == ALUTILS:
            assert line in stated


def given(line):
    """Notebook and parameters of a Papermill line, as Papermill reads them."""
    from papermill.cli import _resolve_type

    _, source, _, *rest = pasted.words(line)
    values = {}
    while rest:
        flag, *rest = rest
        if flag == "-p":
            key, value, *rest = rest
            values[key] = _resolve_type(value)
        else:
            assert flag == "-y", line
            values |= yaml.safe_load(rest[0])
            rest = rest[1:]
    return ROOT / source, values


@pytest.mark.parametrize(("name", "line"), NOTEBOOKS, ids=lambda text: text[-60:])
def test_a_notebook_takes_the_parameters_of_its_line(name, line, big_desk, monkeypatch):
    path, values = given(line)
    cells = nbformat.read(path, as_version=4).cells
    code = [c for c in cells if c.cell_type == "code"]
    (at,) = (k for k, c in enumerate(code) if "parameters" in c.metadata.get("tags", []))
    known = pages.parameters(nbformat.read(path, as_version=4))
    assert values.keys() <= known.keys()
    place = {"__name__": "__main__"}
    for cell in code[: at + 1]:
        exec(cell.source, place)
    place |= values
    check = next(c.source for c in code[at + 1 :] if "check_parameters(" in c.source)
    monkeypatch.chdir(big_desk)
    exec(check[: check.index("\n)") + 2] if "\n)" in check else check.splitlines()[0], place)
