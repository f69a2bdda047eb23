"""On a machine that lacks what ours has: it works, or one line says what to do. Never a hang."""

import ctypes
import errno
import os
import pwd
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import cache, features, many_body
from alutils.loop import RunConfig
from alutils.runs import records
from alutils.storage import locations
from alutils.storage.kept import Kept

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights and limits of POSIX")
CONFIG = RunConfig("organics", "random", n_init=20, n_const=20, n_max=40, n_test=50)
MAY = "to a folder where you may write"


@pytest.fixture
def few():
    pool = load("organics")
    return MoleculeDataset("few", pool.y[:30], pool.molecules[:30])


def command(*words, cwd, before=None, **env):
    """(status, stdout, stderr) of `python -m alutils`, without root's right to write everywhere."""

    def start():
        bound_by_rights()
        if before:
            before()

    env = {name: value for name, value in (os.environ | env).items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-m", "alutils", *map(str, words)],
        cwd=cwd,
        env=env,
        preexec_fn=start,
        capture_output=True,
        timeout=300,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def bound_by_rights():
    """Take from root, for what it starts now, the right to write where others may not."""
    if os.geteuid() == 0:
        prctl, drop, override = ctypes.CDLL(None).prctl, 24, 1  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
        assert prctl(drop, override, 0, 0, 0) == 0


@pytest.fixture
def pool(tmp_path):
    """A file of molecules whose name is not of ASCII."""
    path = tmp_path / "pöol.csv"
    path.write_text(
        "id,smiles,gap\n" + "".join(f"m{k},{'C' * k}O,{k / 10}\n" for k in range(1, 31))
    )
    return path


@pytest.fixture
def plan(tmp_path):
    """The words of a command that makes two runs in worker processes."""
    text = "- {name: a, settings: {dataset: organics}, seeds: [0, 1], runs: [{strategy: random}]}"
    (tmp_path / "plan.yml").write_text(text)
    return "record", "plan.yml", "--folder", "made"


# The cache


def no_home(tmp_path, monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.delenv("ALUTILS_CACHE")

    def unknown(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    return "no place for the cache (there is no home folder): set ALUTILS_CACHE"


def a_file(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "file"))
    return "Not a directory: set ALUTILS_CACHE"


@pytest.mark.parametrize("fault", [no_home, a_file])
def test_a_cache_that_cannot_be_is_one_line_with_the_remedy(fault, few, tmp_path, monkeypatch):
    said = fault(tmp_path, monkeypatch)
    for work in (lambda: features(few), lambda: list(records.make([CONFIG], cache_records()))):
        with pytest.raises((OSError, ValueError)) as error:
            work()
        assert f"{said} {MAY}" in str(error.value) and "\n" not in str(error.value)


def cache_records():
    return locations.cache_dir() / "records"


@pytest.mark.parametrize("fault", [no_home, a_file])
def test_small_results_are_made_anew_without_a_cache(fault, tmp_path, monkeypatch):
    fault(tmp_path, monkeypatch)
    with pytest.warns(UserWarning, match=r"going on without|ALUTILS_CACHE"):
        Kept("small").put({"a": b"b"})
    with pytest.warns(UserWarning, match=r"ALUTILS_CACHE") if fault is no_home else no_warning():
        assert Kept("small").get(["a"]) == {}


def no_warning():
    return pytest.MonkeyPatch.context()


def test_a_cache_that_may_not_be_written_is_one_line(plan, tmp_path):
    (tmp_path / "mine").mkdir(mode=0o500)
    status, _, said = command(*plan, cwd=tmp_path, ALUTILS_CACHE=str(tmp_path / "mine"))
    assert status == 2 and f"set ALUTILS_CACHE {MAY}" in said and len(said.splitlines()) == 1, said
    assert not list((tmp_path / "mine").iterdir())


def test_what_a_cache_holds_is_read_where_it_may_not_be_written(few, tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path))
    sound = np.array(features(few))
    cache._seen.clear()
    monkeypatch.setattr(os, "mkdir", refuse)
    monkeypatch.setattr(os, "replace", refuse)
    monkeypatch.setattr(cache, "lock", refuse)
    assert np.array_equal(features(few), sound)


def refuse(*_):
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


# A full disk


def full_from(n_bytes):
    """No file of this process and of those it starts grows beyond so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, n_bytes))


def test_a_disk_that_fills_up_while_a_descriptor_is_made_is_one_line(plan, tmp_path):
    """The workers would meet it as a bus error, and Python 3.11.2 would wait for them for ever."""
    full = str(tmp_path / "full")
    status, _, said = command(
        *plan, cwd=tmp_path, before=lambda: full_from(30_000), ALUTILS_CACHE=full
    )
    assert status == 2 and "free some space, or set ALUTILS_CACHE to a folder on another" in said
    assert len(said.splitlines()) == 1
    assert not [path for path in Path(full).rglob("*") if path.suffix in (".npy", ".tmp")]


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="no room can be reserved")
def test_a_descriptor_has_its_room_before_a_worker_writes(few, tmp_path, monkeypatch):
    reserved = []
    monkeypatch.setattr(os, "posix_fallocate", lambda _, start, n: reserved.append((start, n)))
    monkeypatch.setattr(many_body, "write_rows", lambda *_: reserved.append("rows"))
    settings = many_body.DEFAULTS
    species = many_body.species_of("few", few.molecules, settings)
    many_body.write_descriptor(tmp_path / "X.npy", few.molecules, settings, species)
    assert reserved == [(0, (tmp_path / "X.npy").stat().st_size), "rows"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", [("check", "pöol.csv"), ("--help",), ("ask", "--help")])
def test_what_is_said_to_a_full_disk_is_a_failure(words, pool, tmp_path):
    line = f"'{sys.executable}' -m alutils {' '.join(words)} > /dev/full"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    said = "python -m alutils: its output was not written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, said)


def test_a_reader_who_has_seen_enough_is_no_failure_to_talk_about(pool, tmp_path):
    line = f"'{sys.executable}' -m alutils check pöol.csv | true"
    done = subprocess.run(
        ["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stderr == ""


# Words and handles


def test_a_terminal_of_ascii_shows_what_it_can(pool, tmp_path):
    """A name of the reader's, and letters of ours, such as that of the ångström."""
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0", "LANG": None}
    status, said, wrong = command("check", pool.name, cwd=tmp_path, **ascii_only)
    assert (status, wrong) == (0, "") and said.isascii() and "records: 30" in said


def few_handles():
    resource.setrlimit(resource.RLIMIT_NOFILE, (14, 14))


def test_too_few_file_handles_are_one_line(plan, tmp_path):
    status, _, said = command(*plan, cwd=tmp_path, before=few_handles)
    assert status == 2 and "allow more open files (ulimit -n 1024)" in said, said
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not count them")
def test_no_file_handle_is_left_open(few, tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))

    def work(number):
        records.load_once.cache_clear()
        features(few)
        load("organics")
        Kept("small").put({str(number): b"a"})
        Kept("small").get([str(number)])
        (tmp_path / str(number)).mkdir()
        with open(tmp_path / str(number) / "a.csv", "w") as file:
            file.write("id,smiles\na,CO\n")
        return len(os.listdir("/proc/self/fd"))

    counts = [work(number) for number in range(6)]
    assert counts[1:] == counts[1:2] * 5
