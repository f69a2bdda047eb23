"""alutils as a wheel, in an empty folder: it works, or says in one line what it needs."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from book.builder.pages import ROOT

LIMIT_S = 300
LARGEST = 7_000_000  # bytes, of which the three pools take most


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of the tracked files, which a build leaves as they are."""
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
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


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Run alutils from the unpacked wheel in an empty folder with a space and no book beside it."""
    site, work = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("an empty fôlder")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env |= {"PYTHONPATH": str(site), "ALUTILS_CACHE": str(work / "cache"), "HOME": str(work)}
    env["PYTHONDONTWRITEBYTECODE"] = "1"

    def run(*words, program=("-m", "alutils")):
        command = [sys.executable, *program, *map(str, words)]
        done = subprocess.run(
            command, cwd=work, env=env, capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
        return done.returncode, done.stdout + done.stderr

    run.site, run.work = site, work
    return run


def files(folder):
    return {path.relative_to(folder): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_wheel_is_small_and_holds_what_advice_rests_on(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert wheel.stat().st_size < LARGEST
    for name in ("analysis/experience.csv", "data/pools/organics.npz", "py.typed"):
        assert f"alutils/{name}" in names
    assert not [name for name in names if name.startswith(("book/", "tests/", "build/"))]
    (entries,) = [name for name in names if name.endswith("entry_points.txt")]
    assert b"alutils = alutils.__main__:main" in zipfile.ZipFile(wheel).read(entries)


def test_a_campaign_from_an_empty_folder(installed):
    before = files(installed.site)
    script = "; ".join(
        [
            "import ase.io, alutils",
            "frames = list(alutils.load('organics').molecules[:60])",
            "[atoms.info.update(id=f'm{k}', homo=float(alutils.load('organics').y[k])) "
            "for k, atoms in enumerate(frames)]",
            "ase.io.write('mine.extxyz', frames, format='extxyz')",
            "print(alutils.__file__)",
        ]
    )
    status, said = installed(script, program=("-c",))
    assert status == 0 and str(installed.site) in said, said
    assert re.fullmatch(r"alutils \d+\.\d+\.\d+\n", installed("--version")[1])
    status, said = installed("check", "mine.extxyz")
    assert status == 0 and "60" in said, said
    words = ("--above", "-10.2", "--n-init", 20, "--n-const", 10)
    status, said = installed("start", "search", "mine.extxyz", *words)
    assert status == 0 and "60 labels" in said, said
    status, said = installed("advise", "search", "--n-max", 60)
    assert status == 2 and "n_max=60 must lie between" in said, said
    words = ("--above", "-10.2", "--n-init", 12, "--n-max", 40, "--seeds", 1)
    status, said = installed("simulate", "mine.extxyz", *words)
    assert status == 0 and "most_probable: found" in said and "Traceback" not in said, said
    assert files(installed.site) == before


def test_a_run_and_a_load_from_an_empty_folder(installed):
    script = (
        "import alutils; print(len(alutils.run(alutils.RunConfig('organics', 'random', n_init=20, "
        "n_const=20, n_max=40, n_test=50))))"
    )
    assert installed(script, program=("-c",)) == (0, "2\n")


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
