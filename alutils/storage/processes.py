"""Worker processes that end with their parent, and a Ctrl-C that ends in one line.

The pools of `concurrent.futures` leave their workers waiting for ever when the parent is killed.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor

GOES_ON = "the same command goes on from the last finished iteration"
POLL_S = 0.5  # between two looks at who the parent is


class WorkerPool(ProcessPoolExecutor):
    """Worker processes that none of our faults outlives; one that dies ends the wait for them all.

    jobs : processes;  tasks_per_process : a process is replaced after so many (None: never)
    method : how they are started, as `multiprocessing.get_context` names it

    Ctrl-C in its ``with`` block ends the workers at once, as does the end of a generator that holds
    it; another error lets them finish what they are at.
    """

    def __init__(self, jobs, tasks_per_process=None, method="spawn"):
        context = multiprocessing.get_context(method)
        super().__init__(jobs, context, die_with_parent, max_tasks_per_child=tasks_per_process)
        if sys.version_info < (3, 11, 5):
            _stop_writing_to_the_dead(self._call_queue)

    def submit(self, *arguments, **kwargs):
        with workers_without_interrupt():
            return super().submit(*arguments, **kwargs)

    def __exit__(self, kind, error, trace):
        if isinstance(error, KeyboardInterrupt | GeneratorExit):  # nobody waits for results
            for child in multiprocessing.active_children():
                child.terminate()
        self.shutdown(cancel_futures=error is not None)


def _stop_writing_to_the_dead(queue):
    """As CPython does from 3.11.5 on (gh-94777): that of Debian 12, 3.11.2, waited for ever.

    The executor closes its queue of tasks when a worker has died, and waits until what is in there
    is written; but the parent itself holds the end where nobody reads any more.
    """
    close, queue._ignore_epipe = queue.close, True

    def close_both():
        queue._reader.close()  # workers have their own
        close()

    queue.close = close_both


def die_with_parent():
    """The initializer of a worker process: ends it as soon as its parent is gone.

    Nothing needs to be cleaned up: all files are written whole or not at all. For a process that
    `multiprocessing` did not start, the parent is the one that it has now.
    """
    parent = multiprocessing.parent_process()
    if parent is None:
        _watch_parent()
    else:  # under a forkserver, or on Windows, the process above is another, or unknown
        _when_done(parent.join)


def forks_die_too():
    """From now on, what this process forks ends with it as well, and leaves Ctrl-C to it.

    To be called by the main thread.
    """
    if hasattr(os, "register_at_fork") and not _bound:
        _bound.append(True)
        owner = os.getpid()

        def interrupt(*arguments):
            if os.getpid() == owner:  # a child may meet Ctrl-C before `_forked` has made it deaf
                signal.default_int_handler(*arguments)

        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, interrupt)
        os.register_at_fork(after_in_child=_forked)


_bound = []


def _forked():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _watch_parent()


def _watch_parent():
    parent = os.getppid()

    def wait():
        while os.getppid() == parent:
            time.sleep(POLL_S)

    _when_done(wait)


def _when_done(wait):
    """Leave the process, from a thread of its own, when `wait()` returns."""

    def run():
        wait()
        os._exit(1)

    threading.Thread(target=run, daemon=True, name="die with parent").start()


@contextlib.contextmanager
def workers_without_interrupt():
    """Processes and threads that are started inside never see Ctrl-C: it is for their parent.

    They inherit the mask of blocked signals, from their first instruction on.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
