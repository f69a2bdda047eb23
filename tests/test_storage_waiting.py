"""Waits for others end: with who is in the way and what to do, in one line."""

import multiprocessing
import os
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest

from alutils.storage import files, waiting
from alutils.storage.processes import WorkerPool

pytestmark = pytest.mark.skipif(os.name == "nt", reason="forks, as POSIX has them")


def hold(path, held, go_on):
    with files.lock(path):
        held.set()
        go_on.wait(timeout=60)


@pytest.fixture
def holder(tmp_path):
    """A process that holds the lock of tmp_path/a."""
    context = multiprocessing.get_context("spawn")
    held, go_on = context.Event(), context.Event()
    process = context.Process(target=hold, args=[tmp_path / "a", held, go_on])
    process.start()
    assert held.wait(timeout=60)
    yield process
    go_on.set()
    process.join(timeout=60)


def test_who_waits_in_vain_for_a_lock_is_told_for_whom(holder, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("ALUTILS_WAIT_S", "0.2")
    who = f"process {holder.pid}" if Path("/proc/locks").exists() else "another process"
    with pytest.raises(TimeoutError) as error, files.lock(tmp_path / "a"):
        pass
    assert error.value.strerror == (
        f"a: {who} is still at work on it: end that one, or wait longer: ALUTILS_WAIT_S, in "
        "seconds (waited 0.2)"
    )
    assert capfd.readouterr().err == f"a: {who} is at work on it; waiting\n"


@pytest.mark.parametrize("value", ["0", "-1", "ten", "inf", "nan"])
def test_a_limit_that_is_none_is_refused(value, monkeypatch):
    monkeypatch.setenv("ALUTILS_WAIT_S", value)
    with pytest.raises(ValueError, match=f"ALUTILS_WAIT_S='{value}': give seconds above 0"):
        waiting.longest_s()


def test_the_limit_is_a_day_where_nobody_says(monkeypatch):
    monkeypatch.delenv("ALUTILS_WAIT_S")
    assert waiting.longest_s() == 24 * 3600


def die(array):
    os._exit(1)


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_workers_that_die_while_much_is_sent_to_them_end_the_wait(method):
    """The Python of Debian 12, 3.11.2, waited for ever."""
    with pytest.raises(BrokenProcessPool), WorkerPool(2, method=method) as pool:
        list(pool.map(die, [np.zeros(3_000_000)] * 8))
