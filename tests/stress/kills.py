"""Kill runs and campaigns at random moments, starve them of memory and disk: the same bits result.

python tests/stress/kills.py [--kills 100] [--starved 20] [--seed 0] [--record]

A victim is forked, so that it starts at once, and killed (SIGKILL) either after a random time, or
at a random operation on a file of its folder: before one is opened, renamed or removed, or with
half of its bytes written. It is started again in the same folder, killed again, until it has
finished; then all that it left, timings aside, is compared with an undisturbed one. POSIX only.
"""

import argparse
import contextlib
import csv
import errno
import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse
from counts import keep
from threadpoolctl import threadpool_limits

from alutils.acquisition.target import above
from alutils.campaign import campaign
from alutils.data.datasets import load
from alutils.data.structures import Structures
from alutils.loop import RunConfig
from alutils.model.gp import GaussianProcess
from alutils.runs import records, store
from alutils.storage import files

SHORTAGES = (errno.ENOSPC, errno.ENOMEM, None)
LONGEST_S = 120  # a victim that takes longer hangs
CONFIG = RunConfig("toy", "property_search", "constant", 20, 20, 160, 50, 0.01, n_restarts=0)
SETTINGS = campaign.Settings(
    "property_search", n_init=10, n_const=10, noise_var=0.02, target=above(-10.4)
)


class Run:
    """A recorded run on a toy data set of 300 points, a folder of its own."""

    def __init__(self, folder):
        rng = np.random.default_rng(11)
        X = rng.normal(size=(300, 10)) * np.geomspace(400, 5, 10)
        scipy.sparse.save_npz(folder / "mbtr_k2.npz", scipy.sparse.csr_matrix(X))
        np.savetxt(folder / "HOMO.txt", -6 + np.tanh(X[:, 0] / 300) + 0.05 * rng.normal(size=300))
        self.config = replace(CONFIG, dataset=str(folder))

    def work(self, folder):
        records.compute(self.config, folder)

    def progress(self, folder):
        path = folder / store.file_name(self.config)
        return len(store.read(path, self.config)["rows"]) if path.exists() else 0

    def result(self, folder):
        record = store.find(self.config, folder)
        rows = [{k: v for k, v in r.items() if k not in records.TIMINGS} for r in record["rows"]]
        return json.dumps([rows, record["batches"]])


class Campaign:
    """Start, ask and tell, until 70 of 100 molecules have a result."""

    def __init__(self):
        organics = load("organics")
        ids = tuple(f"mol-{k}" for k in range(100))
        nothing = np.full(100, np.nan)
        self.y = organics.y
        self.pool = Structures("mine", ids, organics.molecules[:100], nothing, np.zeros(100, int))

    def work(self, folder):
        if not (folder / "campaign.json").exists():
            campaign.start(folder, self.pool, SETTINGS)
        while len(campaign.read(folder).labels) < 70:
            with open(campaign.ask(folder) / "batch.csv", newline="") as file:
                ids = [row["id"] for row in csv.DictReader(file)]
            stated = [(one, f"{self.y[int(one[4:])]:.6f}") for one in ids]
            campaign.take(folder, stated[: len(stated) // 2])
            campaign.take(folder, stated[len(stated) // 2 :])

    def progress(self, folder):
        if not (folder / "campaign.json").exists():
            return 0
        state = campaign.read(folder)
        return len(state.labels) + len(state.batches)

    def result(self, folder):
        return {
            path.relative_to(folder).as_posix(): content(path)
            for path in folder.rglob("*")
            # the next that changes the campaign removes these two
            if path.is_file() and path.suffix not in (".lock", ".tmp")
        }


def content(path):
    """The bytes of a file; of an archive, which tells the time, those of its arrays."""
    if path.suffix != ".npz":
        return path.read_bytes()
    with np.load(path, allow_pickle=False) as arrays:
        return {name: (arrays[name].dtype.str, arrays[name].tobytes()) for name in arrays.files}


def fork(job, *arguments):
    """Call in a process of its own, that is killed after LONGEST_S; its id."""
    pid = os.fork()
    if pid == 0:
        status = 3
        try:
            signal.alarm(LONGEST_S)
            os.environ["ALUTILS_CACHE"] = str(arguments[0].parent / "cache")
            job(*arguments)
            status = 0
        except BaseException as error:
            # numpy tells a full disk as an OSError without errno: "3000 requested and 2032 written"
            if isinstance(error, MemoryError) or getattr(error, "errno", 0) in SHORTAGES:
                status = 2
            else:
                traceback.print_exc()
        finally:
            os._exit(status)
    return pid


def wait(pid):
    """How a process ended: 0 (done), 2 (short of memory or disk), or killed; else we stop."""
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if ended not in (0, 2, -signal.SIGKILL):
        why = "hangs" if ended == -signal.SIGALRM else f"failed with status {ended}"
        raise SystemExit(f"a victim {why}: see above")
    return ended


def killed_at_operation(work, number):
    """`work`, killed at its number-th operation on a file: see the module's docstring."""
    done = 0

    def count(half_written=None):
        nonlocal done
        done += 1
        if done >= number:
            if half_written is not None:
                os.ftruncate(half_written, os.fstat(half_written).st_size // 2)
            os.kill(os.getpid(), signal.SIGKILL)

    def mortal(folder):
        real = os.fsync

        def fsync(descriptor):
            writes = fcntl.fcntl(descriptor, fcntl.F_GETFL) & (os.O_WRONLY | os.O_RDWR)
            count(descriptor if writes else None)
            real(descriptor)

        def hook(event, arguments):
            if event in ("os.rename", "os.remove") or (
                event == "open" and "w" in str(arguments[1])
            ):
                if str(arguments[0]).startswith(str(folder.parent)):
                    count()

        os.fsync = fsync
        sys.addaudithook(hook)
        work(folder)

    return mortal


def undisturbed(victim, folder):
    """Let a victim finish; how long it took, s."""
    started = time.perf_counter()
    if wait(fork(victim.work, folder)):
        raise SystemExit("an undisturbed victim failed")
    return time.perf_counter() - started


def kill(victim, n_kills, rng, folder):
    """Kill n times; how many kills cost no finished step and led to the same bits, in how many
    lives."""
    duration = undisturbed(victim, folder / "whole/run")
    whole = victim.result(folder / "whole/run")
    survived = pending = lives = progress = 0
    run = folder / "0/run"
    while survived + pending < n_kills or pending:
        enough = survived + pending >= n_kills
        by_time = rng.random() < 0.5
        operation = int(rng.integers(1, 60))
        view = float(rng.uniform(0, 0.6 * duration))
        if enough:
            ended = wait(fork(victim.work, run))
        elif by_time:
            pid = fork(victim.work, run)
            time.sleep(view)
            os.kill(pid, signal.SIGKILL)
            ended = wait(pid)
        else:
            ended = wait(fork(killed_at_operation(victim.work, operation), run))
        if ended == 2:
            raise SystemExit(f"{run}: short of memory or disk, though nothing was taken away")
        pending += ended == -signal.SIGKILL
        now = victim.progress(run)
        if now < progress:
            raise SystemExit(f"progress was lost: {progress} steps before the kill, {now} after")
        progress = now
        if ended == 0:
            if victim.result(run) != whole:
                raise SystemExit(f"{run}: killed {pending} times, it ended with other bits")
            shutil.rmtree(run.parent)
            survived, pending, progress, lives = survived + pending, 0, 0, lives + 1
            run = folder / f"{lives}/run"
    return survived, lives


def starve_memory(victim, n, rng, folder):
    """Limit the memory n times (RLIMIT_AS), in a fit, then let the run finish; how many faults were
    met, of how many."""

    def hungry(number, run):
        def fit(model, X, y):
            fits.append(1)
            if len(fits) >= number:
                pages = int(Path("/proc/self/statm").read_text().split()[0])
                limit = (pages + 1000) * resource.getpagesize()
                resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
                np.ones((3000, 3000))  # the kernel matrix of a larger run
            return real(model, X, y)

        real, fits, GaussianProcess.fit = GaussianProcess.fit, [], fit
        victim.work(run)

    faults = [partial(hungry, int(rng.integers(1, 4))) for _ in range(n)]
    return starve(victim, faults, folder)


def starve_disk(victim, n, rng, folder):
    """Let the disk be full n times, then let the run finish; how many faults were met,
    of how many, and whether it was a real disk."""
    with small_disk(folder / "disk") as real:

        def crowded(number, run):
            if real:
                free = os.statvfs(folder / "disk").f_bavail * 4096
                (folder / "disk/filler").write_bytes(bytes(max(0, free - number * 4096)))
            else:
                inject_full_disk(number)
            victim.work(run)

        faults = [partial(crowded, int(rng.integers(1, 12))) for _ in range(n)]
        return (*starve(victim, faults, folder / "disk"), real)


def starve(victim, faults, folder):
    """Let a victim meet each fault, then finish without it: nothing half-written, the same bits."""
    undisturbed(victim, folder / "whole/run")
    whole = victim.result(folder / "whole/run")
    met = 0
    for number, fault in enumerate(faults):
        run = folder / f"{number}/run"
        run.mkdir(parents=True)
        ended = wait(fork(fault, run))
        if ended < 0:
            raise SystemExit("a victim that was starved was killed: it should have said so")
        met += ended == 2
        (folder / "filler").unlink(missing_ok=True)
        if left := list(run.rglob("*.tmp")):
            raise SystemExit(f"half a file was left: {left}")
        victim.progress(run)
        undisturbed(victim, run)
        if victim.result(run) != whole:
            raise SystemExit("a run that was starved ended with other bits")
        shutil.rmtree(run.parent)
    return met, len(faults)


@contextlib.contextmanager
def small_disk(folder):
    """A disk of 4 MB where we may mount one (yields True); else an ordinary folder (False)."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    real = (
        os.geteuid() == 0
        and not subprocess.run(command, capture_output=True, check=False, timeout=300).returncode
    )
    try:
        yield real
    finally:
        if real:
            subprocess.run(["umount", "-l", str(folder)], check=True, timeout=300)


def inject_full_disk(number):
    """From the number-th file on, the disk is full."""
    real, done = files.os.fsync, []

    def fsync(descriptor):
        done.append(1)
        if len(done) >= number:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    files.os.fsync = fsync


def main(kills, starved, seed, record):
    threadpool_limits(1)  # a forked OpenBLAS with threads may wait for those of its parent
    rng = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "toy").mkdir()
        victims = {"run": Run(Path(folder, "toy")), "campaign": Campaign()}
        counted = {name: {} for name in victims}
        for name, victim in victims.items():
            survived, lives = kill(victim, kills, rng, Path(folder, name))
            counted[name] |= {"kills": survived, "lives": lives}
            print(f"{name}: kills survived: {survived} of {kills} ({lives} lives)", flush=True)
        for name, victim in victims.items():
            met, n = starve_memory(victim, starved, rng, Path(folder, f"{name}-memory"))
            counted[name]["out_of_memory"] = {"faults": n, "ended_early": met}
            print(f"{name}: out of memory: {n} of {n} went on ({met} ended early)", flush=True)
            met, n, real = starve_disk(victim, starved, rng, Path(folder, f"{name}-disk"))
            disk = "a full tmpfs" if real else "injected ENOSPC"
            counted[name]["disk_full"] = {"faults": n, "ended_early": met, "disk": disk}
            print(f"{name}: disk full: {n} of {n} went on ({met} ended early, {disk})", flush=True)
    if record:
        keep("kills", counted | {"seed": seed})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=100, help="of each kind of victim (100)")
    parser.add_argument("--starved", type=int, default=20, help="faults of each kind (20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--record", action="store_true", help="into book/records/soak.json")
    main(**vars(parser.parse_args()))
