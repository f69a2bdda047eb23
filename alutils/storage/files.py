"""Files that survive a crash: written whole or not at all, locked while made, set aside if damaged.

After a power cut a file of the right name may be empty unless its bytes reached the disk before its
name did: hence the order file, name, folder in `whole` (T. S. Pillai et al., OSDI 2014, 433).
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import time
from pathlib import Path
from threading import get_native_id

from filelock import FileLock, Timeout

from alutils.storage import waiting
from alutils.storage.remedies import explained

LEFTOVER_S = 3600  # what nobody has written to for so long belongs to a process that is gone


@contextlib.contextmanager
def whole(path):
    """A binary handle to write to; its file takes the name `path` when all of it is on the disk.

    Whoever reads finds the old file or the new one, also after a kill, a full disk, or a power cut.
    """
    path = make_folder_of(path)
    partial = path.with_name(f"{path.name}.{os.getpid()}-{get_native_id()}.tmp")
    try:
        with explained(path), open(partial, "wb") as handle:
            yield handle
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, path)
    except BaseException:
        with contextlib.suppress(OSError):  # the error that brought us here is the one to tell
            partial.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def make_folder_of(path):
    """Make the folder of a file where it is missing; the file's path."""
    with explained(path):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


def write_bytes(path, content):
    """Write a file through `whole`."""
    with whole(path) as handle:
        handle.write(content)


def write_text(path, text):
    """Write a text file through `whole`, UTF-8."""
    write_bytes(path, text.encode())


def write_json(path, value):
    """Write a value as JSON through `whole`; ValueError for NaN, which JSON does not know."""
    write_text(path, json.dumps(value, separators=(",", ":"), allow_nan=False))


def seal(value):
    """sha256 of a dict of what JSON knows, but its key "seal": one changed digit changes it."""
    content = {key: one for key, one in value.items() if key != "seal"}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sync(path):
    """Bring a file that another library has written to the disk, and its name."""
    with open(path, "rb") as handle:
        os.fsync(handle.fileno())
    sync_folder(path.parent)


def file_sha256(path):
    """sha256 of a file's bytes, hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def state(path):
    """Path, size (bytes) and time of change (ns) of a file, or of each file of a folder.

    Another state is another content; nothing is read. Empty for what is not there.
    """
    path = os.path.abspath(path)
    if not os.path.exists(path):  # False, too, for what can be no path at all
        return ()
    paths = [entry.path for entry in os.scandir(path)] if os.path.isdir(path) else [path]
    found = [(one, os.stat(one)) for one in sorted(paths)]
    return tuple((one, seen.st_size, seen.st_mtime_ns) for one, seen in found)


def sync_folder(folder):
    """Bring the names in a folder to the disk; Windows cannot open one, and does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def move_folder(partial, target):
    """Give a finished folder its name, the bytes of its files first."""
    for path in partial.iterdir():
        with open(path, "rb") as handle:
            os.fsync(handle.fileno())
    sync_folder(partial)
    os.replace(partial, target)
    sync_folder(target.parent)


def set_aside(path):
    """Rename a damaged file to the first free ``NAME.damaged``, ``NAME.damaged-2``...; its name."""
    number, name = 1, f"{path.name}.damaged"
    while path.with_name(name).exists():
        number += 1
        name = f"{path.name}.damaged-{number}"
    os.replace(path, path.with_name(name))
    sync_folder(path.parent)
    return name


@contextlib.contextmanager
def lock(path):
    """Hold ``path.lock`` so that one process at a time makes `path`; the others wait.

    The system takes the lock from a process that dies. Whoever holds it removes what dead processes
    left of `path`, and the lock file at the end. Fork no process that outlives the block: it would
    go on holding the lock. TimeoutError names who holds it after `waiting.longest_s`.
    """
    path = make_folder_of(path)
    held = FileLock(path.with_name(f"{path.name}.lock"))
    with explained(path):
        _acquire(held, path.name)
    try:
        sweep(path.parent, f"{path.name}.*.tmp", older_s=0)
        yield
    finally:
        if os.name != "nt":  # filelock looks whether its file still has a name: see `_unix.py`
            Path(held.lock_file).unlink(missing_ok=True)
        held.release()


def _acquire(held, name):
    longest_s = waiting.longest_s()
    try:
        held.acquire(timeout=0)
    except Timeout:
        who = waiting.holder(held.lock_file)
        print(f"{name}: {who} is at work on it; waiting", file=sys.stderr)
        try:
            held.acquire(timeout=longest_s)
        except Timeout:
            raise waiting.in_vain(f"{name}: {who} is still at work on it: end that one") from None
    except NotImplementedError:  # some file systems of clusters
        raise OSError(errno.ENOLCK, f"{name}: no locks on this disk: choose another") from None


def sweep(folder, pattern, older_s=LEFTOVER_S):
    """Remove files and folders of this pattern that were last written `older_s` seconds ago."""
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another process sweeps too
            if time.time() - path.stat().st_mtime >= older_s:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
