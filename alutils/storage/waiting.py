"""How long to wait for others, and for whom: no wait of this package is without an end.

A run of the paper's size takes minutes, the queue of a cluster hours: the limit is a day, or
`ALUTILS_WAIT_S` seconds. A worker process at work has none: it is alive, or its death is noticed.
"""

from __future__ import annotations

import errno
import math
import os
import sys
import time
from concurrent.futures import BrokenExecutor
from pathlib import Path

DAY_S = 86400
LOOK_S = 10  # between two looks whether anybody is at work
NO_WORKER = "no worker of the Dask scheduler has come: see what its job wrote (slurm-*.out)"


def longest_s() -> float:
    """Seconds to wait for a lock, or for a worker that has not come; ValueError for no number."""
    stated = os.environ.get("ALUTILS_WAIT_S") or DAY_S
    try:
        seconds = float(stated)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise ValueError(f"ALUTILS_WAIT_S={stated!r}: give seconds above 0, such as {DAY_S}")
    return seconds


def in_vain(what):
    """The TimeoutError of a wait that has reached its limit."""
    hint = "or wait longer: ALUTILS_WAIT_S, in seconds"
    return TimeoutError(errno.ETIMEDOUT, f"{what}, {hint} (waited {longest_s():g})")


def holder(lock_file):
    """Who holds a lock: "process 123" where Linux tells, else "another process"."""
    try:
        number = str(os.stat(lock_file).st_ino)
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()  # 1: FLOCK ADVISORY WRITE 123 fe:00:5678 0 EOF
            if words[1] == "FLOCK" and words[5].rpartition(":")[2] == number:
                return f"process {words[4]}"
    except (OSError, IndexError):
        pass
    return "another process"


def result(future, executor):
    """What a future comes to, however long its worker takes.

    Raises
    ------
    Whatever the task raised; BrokenExecutor as by `Watch.look`.
    """
    watch = Watch(executor)
    while True:
        try:
            return future.result(timeout=LOOK_S)
        except TimeoutError:
            if future.done():  # the task's own
                raise
        watch.look()


class Watch:
    """Looks whether an executor of Dask has workers: those of a cluster may never start.

    executor : of `concurrent.futures`, or a Dask client
    """

    def __init__(self, executor):
        self.client = getattr(executor, "_client", executor)
        self.alone_since = None

    def look(self, progress=False):
        """To be called now and then, with whether a task was done meanwhile.

        Raises
        ------
        BrokenExecutor
            If there is no worker, and was none for `longest_s`.
        """
        if progress or self._has_workers():
            self.alone_since = None
        elif self.alone_since is None:
            self.alone_since = time.monotonic()
            print("the Dask scheduler has no worker yet; waiting", file=sys.stderr)
        elif time.monotonic() - self.alone_since > longest_s():
            raise BrokenExecutor(in_vain(NO_WORKER).strerror)

    def _has_workers(self):
        try:
            if hasattr(self.client, "wait_for_workers"):
                self.client.wait_for_workers(1, timeout=1)
        except TimeoutError:
            return False
        except OSError:  # the scheduler is lost: the futures say so
            pass
        return True
