"""Where the runs of a grid are computed: one door, an executor as of `concurrent.futures`, by name.

- ``serial``: in this process, with the threads that linear algebra has here
- ``processes``, ``processes:4``: worker processes, as many as cores, or this many
- ``dask``, ``dask:4``: the same through Dask (the extra `cluster`)
- ``dask:tcp://HOST:PORT``, ``dask:FILE``: a running Dask scheduler, by address or scheduler file

A worker uses one thread of linear algebra.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import re
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from joblib import cpu_count
from threadpoolctl import threadpool_limits

from alutils.storage import waiting
from alutils.storage.processes import WorkerPool, workers_without_interrupt

NAME = re.compile(r"serial|(processes|dask)(:[1-9]\d*)?|dask:(\w+://.+|(?P<file>.+))")
# Dask's own environment also has MALLOC_TRIM_THRESHOLD_: every matrix is then fetched anew from the
# system, and runs of a second took half as long again. Its profiler's memory grows with time.
SETTINGS = {
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(
        ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), 1
    ),
    "distributed.worker.profile.enabled": False,
}
DEATHS = 3  # of workers in a row, without a task done: then the task is to blame
GO_ON = "what is done is kept, and the same call goes on"
DIED = "workers died {} times in a row, killed or out of memory: " + GO_ON


def check(scheduler: str) -> None:
    """Raise ValueError for a name that means nothing, ImportError where Dask is not installed."""
    meant = NAME.fullmatch(scheduler)
    if not meant or (meant["file"] and not Path(meant["file"]).is_file()):
        raise ValueError(
            f"scheduler={scheduler!r} is unknown: write serial, processes, processes:N, dask, "
            "dask:N, dask:tcp://HOST:PORT, or dask:FILE with a scheduler file that is there"
        )
    if scheduler.startswith("dask") and not importlib.util.find_spec("distributed"):
        raise ImportError(
            f"scheduler={scheduler!r} needs the package 'distributed', which is not installed: "
            'pip install "alutils[cluster]"'
        )


@contextmanager
def executor(scheduler: str = "serial") -> Iterator[futures.Executor]:
    """A `concurrent.futures.Executor`; what still waits when the block is left is cancelled.

    Raises what `check` raises, and `concurrent.futures.BrokenExecutor` if a Dask scheduler does
    not answer or is lost, or workers die again and again, or none comes within `waiting.longest_s`.
    """
    check(scheduler)
    kind, _, where = scheduler.partition(":")
    where = where or str(cpu_count())
    open_door = {"serial": lambda _: Serial(), "processes": lambda n: WorkerPool(int(n))}
    with open_door.get(kind, _dask)(where) as door:
        yield door


class Serial(futures.Executor):
    """Computes at once, in this process: `submit` raises what the function raises."""

    def submit(self, function, /, *args, **kwargs):
        future = futures.Future()
        future.set_result(function(*args, **kwargs))
        return future


@contextmanager
def _dask(where):
    """The executor of so many workers, started here, or of the scheduler at an address, or file."""
    from dask import config
    from distributed import Client, KilledWorker, LocalCluster

    # One line of ours tells of a lost scheduler; Dask would log each attempt to find it again.
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    options = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None}
    options["silence_logs"] = logging.CRITICAL  # each worker would tell of each cancelled run
    options["scheduler_kwargs"] = {"dashboard_address": "127.0.0.1:0"}  # its port may be taken
    with ExitStack() as opened:
        if where.isdecimal():
            opened.enter_context(config.set(SETTINGS))
            with workers_without_interrupt():
                where = opened.enter_context(LocalCluster(int(where), host="127.0.0.1", **options))
        elif "://" not in where:
            where = json.loads(Path(where).read_text("utf8"))["address"]
        try:
            client = opened.enter_context(Client(where, set_as_default=False))
        except OSError as error:
            raise futures.BrokenExecutor(f"no Dask scheduler answers: {error}") from None
        try:
            yield client.get_executor(pure=False)
        except futures.CancelledError:
            raise futures.BrokenExecutor(f"the Dask scheduler is lost: {GO_ON}") from None
        except KilledWorker as error:
            raise futures.BrokenExecutor(DIED.format(error.allowed_failures + 1)) from None


def each(function, tasks, scheduler="serial"):
    """Yield (task, function(task)) as they are done; workers that die are replaced.

    `function`, of a module that workers import, takes one task; what it raises is raised at once.
    """
    left, deaths = list(tasks), 0
    while left:
        try:
            with executor(scheduler) as door:
                call = function if scheduler == "serial" else partial(_on_one_thread, function)
                for task, result in _completed(door, call, list(left)):
                    left.remove(task)
                    deaths = 0
                    yield task, result
        except BrokenProcessPool:
            deaths += 1
            if deaths == DEATHS:
                raise futures.BrokenExecutor(DIED.format(DEATHS)) from None


def _completed(door, function, tasks):
    running = {}
    for task in tasks:  # a serial door computes here, and hands on at once what is done
        running[door.submit(function, task)] = task
        for future in [future for future in running if future.done()]:
            yield running.pop(future), future.result(0)
    watch = waiting.Watch(door)
    while running:
        done, _ = futures.wait(running, waiting.LOOK_S, futures.FIRST_COMPLETED)
        watch.look(bool(done))
        for future in done:
            yield running.pop(future), future.result(0)


def _on_one_thread(function, task):
    with threadpool_limits(1):
        return function(task)
