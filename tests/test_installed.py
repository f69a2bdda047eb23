"""alutils as a wheel, in an empty folder: it works, or says in one line what it needs."""

import csv
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from alutils.data.datasets import load
from book.builder.pages import ROOT

CORE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["dependencies"]

LIMIT_S = 300
LARGEST = 7_000_000  # bytes, of which the three pools take most


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the tracked files, which a build leaves as they are."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    if not (ROOT / ".git").exists():
        pytest.skip("an archive of a release has no git")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=300
    )
    for name in listed.stdout.decode().split("\0"):
        if name.startswith("alutils/") or name in ("pyproject.toml", "README.md", "LICENSE"):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    words = ("-q", "--no-deps", "--no-build-isolation", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "wheel", *words, "-w", made, source]
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
    (path,) = made.iterdir()
    return path


SCRIPT = ("bin/alutils",)  # of the site, in place of -m alutils
BLOCKING = """import os, sys


class Without:
    names = set(os.environ.get("BLOCKED", "").split())

    def __init__(self, finder):
        self.finder = finder

    def __getattr__(self, name):
        return getattr(self.finder, name)

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in self.names:
            return self.finder.find_spec(name, path, target)


sys.meta_path = [Without(finder) for finder in sys.meta_path]
"""


def beyond_the_core():
    """Top-level modules here that are of no package which the core depends on."""
    needed, open_ = set(), [canonicalize_name(Requirement(one).name) for one in CORE]
    while open_:
        if (name := open_.pop()) not in needed:
            needed.add(name)
            more = map(Requirement, importlib.metadata.requires(name) or ())
            open_ += [
                canonicalize_name(r.name)
                for r in more
                if not r.marker or r.marker.evaluate({"extra": ""})
            ]
    owners = importlib.metadata.packages_distributions()
    kept = {"alutils", "book", "__editable___alutils_0_1_0_finder"}
    return [
        top
        for top, names in owners.items()
        if top not in kept
        and not needed & set(map(canonicalize_name, names))
        and top.isidentifier()
    ]


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run alutils from the installed wheel in an empty folder with a space, no book beside it.

    With `core`, of all packages only those are there that the core depends on.
    """
    site, work = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("an empty fôlder")
    words = ("-q", "--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "install", *words, "--target", site, wheel]
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
    (site / "sitecustomize.py").write_text(BLOCKING)
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"PYTHONPATH": str(site), "ALUTILS_CACHE": str(work / "cache"), "HOME": str(work)}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    blocked = " ".join([*beyond_the_core(), "matplotlib"])  # ASE brings it along

    def run(*words, program=("-m", "alutils"), core=False):
        if program == SCRIPT:
            program = (site / SCRIPT[0],)
        done = subprocess.run(
            [sys.executable, *program, *map(str, words)],
            cwd=work,
            env=env | {"BLOCKED": blocked if core else ""},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    run.site, run.work = site, work
    made = run(MOLECULES, program=("-c",))
    assert made == (0, f"{site}/alutils/__init__.py\n"), made
    return run


MOLECULES = """
import csv
import ase.io, alutils
pool = alutils.load("organics")
frames = list(pool.molecules[:60])
for k, atoms in enumerate(frames):
    atoms.info.update(id=f"m{k}", homo=float(pool.y[k]))
ase.io.write("mine.extxyz", frames, format="extxyz")
with open("smiles.csv", "w", newline="") as file:
    csv.writer(file).writerows([("smiles", "homo"), *zip(pool.smiles[:60], pool.y[:60])])
print(alutils.__file__)
"""


def files(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_wheel_is_small_and_holds_what_advice_rests_on(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size < LARGEST
    for name in (
        "analysis/experience.csv",
        "analysis/stopping.csv",
        "data/pools/organics.npz",
        "py.typed",
    ):
        assert f"alutils/{name}" in names
    assert not [name for name in names if name.startswith(("book/", "tests/", "build/"))]
    (entries,) = [name for name in names if name.endswith("entry_points.txt")]
    assert b"alutils = alutils.__main__:main" in zipfile.ZipFile(wheel).read(entries)


def fill(path, y):
    """Write the labels that a batch waits for."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(row | {"label": y[int(row["id"][1:])]} for row in rows)


@pytest.mark.parametrize(
    ("program", "typed"), [(("-m", "alutils"), "python -m alutils"), (SCRIPT, "alutils")]
)
def test_the_four_paths_from_an_empty_folder_with_the_core_alone(program, typed, installed):
    before = files(installed.site)

    def ok(*words):
        status, said = installed(*words, program=program, core=True)
        assert status == 0 and "Traceback" not in said, said
        return said

    assert re.fullmatch(r"alutils \d+\.\d+\.\d+\n", ok("--version"))
    assert ok("--help").startswith(f"Usage: {typed} [OPTIONS]")
    said = ok("check", "mine.extxyz")
    assert "records: 60, taken: 60" in said and f"go on: {typed} start mine" in said
    folder, y = typed.split()[0], load("organics").y
    words = ("--above", "-10.2", "--no-labels", "--n-init", 20, "--n-const", 10)
    assert "60 molecules, 0 labels" in ok("start", folder, "mine.extxyz", *words)
    batch = f"{folder}/batch-000/batch.csv"
    assert ok("ask", folder).endswith(f"next: {typed} tell {folder} {batch}\n")
    fill(installed.work / batch, y)
    assert "20 new, 20 labels" in ok("tell", folder, batch)
    status, said = installed("advise", folder, "--n-max", 600, program=program, core=True)
    assert status == 2 and said.startswith(f"{typed}: n_max=600 must lie between"), said
    assert "the campaign goes on with" in ok("advise", folder, "--n-max", 40, "--take")
    assert "10 molecules wait" in ok("ask", folder)
    words = ("--above", "-10.2", "--n-init", 12, "--n-max", 40, "--seeds", 1)
    assert "most_probable: found" in ok("simulate", "mine.extxyz", *words)
    assert files(installed.site) == before


@pytest.mark.parametrize(
    ("words", "package", "extra"),
    [
        (("check", "smiles.csv"), "rdkit", "smiles"),
        (("start", "flat", "smiles.csv", "--highest", 0.1), "rdkit", "smiles"),
        (("live", "python", "--find", 1), "rdkit", "xtb"),
        (
            ("simulate", "mine.extxyz", "--above", -10.2, "--seeds", 1, "--scheduler", "dask:2"),
            "distributed",
            "cluster",
        ),
    ],
)
def test_a_command_that_needs_an_extra_names_it_in_one_line(words, package, extra, installed):
    status, said = installed(*words, core=True)
    assert status == 2 and len(said.strip().splitlines()) == 1, said
    assert f"needs the package {package!r}, which is not installed" in said
    assert said.endswith(f'pip install "alutils[{extra}]"\n')


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        ("from alutils.report import figures", "plots"),
        ("from alutils.report import pool_figures", "plots"),
        ("import alutils; alutils.load('smiles.csv')", "smiles"),
        ("from alutils.campaign import xtb", "xtb"),
        (
            "import alutils; from alutils.runs.records import run_or_load; "
            "run_or_load([alutils.RunConfig('organics', 'random')], scheduler='dask:2')",
            "cluster",
        ),
    ],
)
def test_a_function_that_needs_an_extra_names_it(code, extra, installed):
    status, said = installed(code, program=("-c",), core=True)
    last = said.strip().splitlines()[-1]
    assert status == 1 and last.startswith("ImportError: "), said
    assert last.endswith(f'pip install "alutils[{extra}]"'), said


def test_a_run_and_a_load_from_an_empty_folder(installed):
    script = (
        "import alutils; print(len(alutils.run(alutils.RunConfig('organics', 'random', n_init=20, "
        "n_const=20, n_max=40, n_test=50))))"
    )
    assert installed(script, program=("-c",), core=True) == (0, "2\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("verify",), "no records here: those of the book come with a checkout"),
        (("probe", "organics"), "this adds to the records of the book"),
        (("study", "field"), "this adds to the records of the book"),
        (("advise", "nowhere", "--n-max", 3), "holds no campaign"),
    ],
)
def test_what_needs_the_book_says_so_at_once(words, said, installed):
    before = files(installed.site)
    status, output = installed(*words)
    assert status == 2 and said in output and len(output.strip().splitlines()) == 1, output
    assert files(installed.site) == before
