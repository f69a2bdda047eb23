"""What several test modules share."""

import faulthandler
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 900  # of one test: the slowest takes a minute or two where caches are empty
os.environ.setdefault("ALUTILS_WAIT_S", "300")  # for locks and workers, also of what tests start


def pytest_configure(config):
    """A copy of stderr that no test captures, for the stacks of one that hangs."""
    config.stash[STDERR] = os.fdopen(os.dup(2), "w")


STDERR = pytest.StashKey()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """A test that hangs, in C code too, ends its process with the stacks of its threads."""
    faulthandler.dump_traceback_later(LIMIT_S, exit=True, file=item.config.stash[STDERR])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.fixture(scope="session")
def root():
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir():
    """The folder of local data sets; tests that need it are skipped without ALUTILS_DATA."""
    if not os.environ.get("ALUTILS_DATA"):
        pytest.skip("needs local data: ALUTILS_DATA names no folder")
    return Path(os.environ["ALUTILS_DATA"])
