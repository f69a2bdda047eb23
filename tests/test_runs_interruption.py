"""Whatever stops a run or a campaign, it goes on where it was and ends with the same bits.

A few seconds of what `make soak` does at length; and two processes with one run, locks of the dead,
the order in which bytes and names reach the disk.
"""

import errno
import json
import multiprocessing
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import kills
import numpy as np
import pytest

from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import MBTRSettings, cache, features, mbtr
from alutils.runs import records, store
from alutils.storage import files
from book.builder.execute import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks, as POSIX has them")
LEFT = re.compile(r"\.tmp|\.lock$")


def test_kills_lack_of_memory_and_a_full_disk_cost_no_bit(tmp_path):
    command = [
        sys.executable,
        "tests/stress/kills.py",
        "--kills",
        "12",
        "--starved",
        "3",
        "--seed",
        "7",
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    assert len(said) == 6 and sum("kills survived: 12 of 12" in line for line in said) == 2
    met = [re.search(r"3 of 3 went on \((\d) ended early", line) for line in said[2:]]
    assert all(met) and sum(int(one[1]) for one in met) >= 6


def make(victim, folder):
    """The victim's run, with a line in a common file for each fit."""
    real = kills.GaussianProcess.fit

    def fit(*arguments):
        with open(folder.parent / "fits", "a") as file:
            file.write("fit\n")
        return real(*arguments)

    kills.GaussianProcess.fit = fit
    victim.work(folder)


def status_of(pid, longest_s=60):
    """The exit status of a forked process; the test fails if it does not end."""
    deadline = time.monotonic() + longest_s
    while not (ended := os.waitpid(pid, os.WNOHANG))[0]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return os.waitstatus_to_exitcode(ended[1])


@pytest.fixture
def victim(tmp_path, monkeypatch):
    """A run on a data set of 300 points, an empty cache."""
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    (tmp_path / "toy").mkdir()
    return kills.Run(tmp_path / "toy")


def test_two_processes_do_one_run_once(victim, tmp_path):
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=make, args=[victim, tmp_path / "run"]) for _ in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(timeout=120)
    assert [process.exitcode for process in both] == [0, 0]
    n_fits = len(store.read(next((tmp_path / "run").iterdir()))["rows"])
    assert (tmp_path / "fits").read_text() == n_fits * "fit\n"
    (tmp_path / "alone").mkdir()
    victim.work(tmp_path / "alone")
    assert victim.result(tmp_path / "run") == victim.result(tmp_path / "alone")
    assert [path.name for path in (tmp_path / "run").iterdir()] == [store.file_name(victim.config)]


def test_the_second_waits_and_then_reads_what_the_first_has_made(victim, tmp_path, capfd):
    folder, path = tmp_path / "run", tmp_path / "run" / store.file_name(victim.config)
    whole = records.compute(victim.config, tmp_path / "whole")
    pid = os.fork()
    if pid == 0:
        with files.lock(path):
            (tmp_path / "held").touch()
            time.sleep(1)
            files.write_json(path, whole)
        os._exit(0)
    deadline = time.monotonic() + 60
    while not (tmp_path / "held").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    made = records.compute(victim.config, folder)
    assert made == json.loads(json.dumps(whole))  # to the timings: read, not computed
    assert status_of(pid) == 0
    assert f"{path.name}: process {pid} is at work on it; waiting" in capfd.readouterr().err


def test_the_lock_and_the_leftovers_of_a_dead_process_are_in_nobodys_way(victim, tmp_path):
    path = tmp_path / "run" / store.file_name(victim.config)
    pid = os.fork()
    if pid == 0:
        with files.lock(path), files.whole(path) as handle:
            handle.write(b"half")
            handle.flush()
            os._exit(1)
    assert status_of(pid) == 1
    assert len([one for one in path.parent.iterdir() if LEFT.search(one.name)]) == 2
    assert records.compute(victim.config, path.parent)["complete"]
    assert list(path.parent.iterdir()) == [path]


# What a power cut leaves


@pytest.fixture
def disk(monkeypatch):
    """The calls that bring something to the disk, in their order."""
    calls, real_sync, real_replace = [], os.fsync, os.replace

    def fsync(descriptor):
        name = Path(os.readlink(f"/proc/self/fd/{descriptor}")).name
        calls.append(("sync", name))
        real_sync(descriptor)

    def replace(old, new):
        calls.append(("rename", Path(new).name))
        real_replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    return calls


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs the names of open files")
def test_bytes_reach_the_disk_before_their_name_and_the_name_before_we_go_on(
    disk, victim, tmp_path
):
    records.compute(victim.config, tmp_path / "run")
    name = store.file_name(victim.config)
    written = [call for call in disk if call[1].startswith(name) or call[1] == "run"]
    partial = f"{name}.{os.getpid()}-{threading.get_native_id()}.tmp"
    assert written == 8 * [("sync", partial), ("rename", name), ("sync", "run")]
    (cached,) = [new for kind, new in disk if kind == "rename" and new.endswith(".npy")]
    noted, named = (disk.index(("rename", name)) for name in (f"{cached}.sha256", cached))
    stem = cached.removesuffix(".npy")
    assert ("sync", f"{stem}.{os.getpid()}.npy") in disk[:noted]
    assert noted < named and disk[named + 1] == ("sync", "features")


def test_a_folder_is_named_when_its_files_are_on_the_disk(disk, tmp_path):
    (tmp_path / "batch.tmp").mkdir()
    (tmp_path / "batch.tmp/a.csv").write_text("a")
    files.move_folder(tmp_path / "batch.tmp", tmp_path / "batch")
    assert [name for _, name in disk] == ["a.csv", "batch.tmp", "batch", tmp_path.name]
    assert (tmp_path / "batch/a.csv").read_text() == "a"


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    files.write_text(tmp_path / "a", "old")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old" and len(list(tmp_path.iterdir())) == 1


# The cache of descriptors


@pytest.fixture
def few(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path))
    pool = load("organics")
    return MoleculeDataset("few", pool.y[:30], pool.molecules[:30])


def damage(path, how):
    content = bytearray(path.read_bytes())
    content[-9] ^= 1
    zeros = bytes(len(content) - 4096)
    kinds = {"cut": content[:-100], "bit": content, "empty": b"", "zeros": content[:4096] + zeros}
    path.write_bytes(kinds[how])


@pytest.mark.parametrize("how", ["cut", "bit", "empty", "zeros"])
@pytest.mark.parametrize("kind", ["features", "mbtr"])
def test_a_damaged_array_of_the_cache_is_set_aside_and_made_again(how, kind, few, tmp_path):
    sound = np.array(features(few))
    features(few)
    (path,) = (tmp_path / kind).glob("*.npy")
    damage(path, how)
    if kind == "mbtr":  # a descriptor is read only where the features are missing
        for one in (tmp_path / "features").iterdir():
            one.unlink()
    with pytest.warns(UserWarning, match=rf"{path.name} in the cache is damaged .*\.damaged"):
        assert np.array_equal(features(few), sound)
    assert path.with_name(f"{path.name}.damaged").exists()
    assert np.load(path).shape[0] == 30


def test_a_kill_while_a_damaged_array_is_set_aside_hides_nothing(few, tmp_path, monkeypatch):
    """Its note must not go before it does: the next look would note the damage as sound."""
    sound = np.array(features(few))
    (path,) = (tmp_path / "features").glob("*.npy")
    damage(path, "bit")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(cache, "set_aside", interrupt)
        features(few)
    with pytest.warns(UserWarning, match="is damaged"):
        assert np.array_equal(features(few), sound)


def interrupt(_):
    raise KeyboardInterrupt


def test_another_process_may_set_a_damaged_array_aside_first(few, tmp_path, monkeypatch):
    sound = np.array(features(few))
    (path,) = (tmp_path / "features").glob("*.npy")
    damage(path, "bit")
    real = cache.set_aside

    def late(path):
        real(path)
        return real(path)

    monkeypatch.setattr(cache, "set_aside", late)
    assert np.array_equal(features(few), sound)
    assert path.with_name(f"{path.name}.damaged").exists()


def test_unfinished_arrays_of_the_dead_go_after_a_while(few, tmp_path):
    features(few)
    old, new = tmp_path / "features/abc.1.npy", tmp_path / "features/abc.2.npy"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, time.time() - files.LEFTOVER_S - 1))
    features(few)
    assert new.exists() and not old.exists()


def test_a_disk_too_small_for_a_descriptor_is_told_beforehand(few):
    """Written anyway, it would be a bus error: no exception, no message."""
    with pytest.raises(OSError, match=r"descriptor of few takes \d+ MB, .* \d+ MB left: free some"):
        mbtr(few, MBTRSettings(n_grid=10**15))
