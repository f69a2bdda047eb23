"""The one disk cache of descriptors: whole, checked against its checksum, made by one process.

An array that is cut, or whose bytes are not those that were noted beside it when it was made, is
renamed to ``NAME.damaged``, named in a warning, and made again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import warnings

import numpy as np

from alutils.storage.files import file_sha256, lock, set_aside, sweep, sync, sync_folder, write_text
from alutils.storage.locations import cache_dir
from alutils.storage.remedies import explained

_seen = {}  # path -> (size, time of change, inode) when its bytes were last compared


def cached(kind, parts, write, n_bytes=0, what="the array"):
    """The array made from these parts: from the disk if it is sound there, else written now.

    Parameters
    ----------
    kind : str, the folder of the cache
    parts : tuple whose ``repr`` determines the array
    write : function of the path of an .npy that it writes
    n_bytes : bytes that the array takes; it is mapped, and a disk that fills up meanwhile would end
        the process without a word (SIGBUS)
    what : what the array is, for the message on a full disk

    Returns
    -------
    array, read-only, mapped from the disk

    Raises
    ------
    OSError
        Before anything is written, where the disk has no room for it; where the cache cannot be
        written.
    """
    path = cache_dir() / kind / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}.npy"
    with explained(path):
        sweep(path.parent, "*.*.npy")  # what a killed process left half written
        if not _is_sound(path):
            with lock(path):
                if not _is_sound(path):  # another process may have made it meanwhile
                    _make(path, write, n_bytes, what)
    return np.load(path, mmap_mode="r", allow_pickle=False).view(np.ndarray)


def _make(path, write, n_bytes, what):
    free = shutil.disk_usage(path.parent).free
    if n_bytes > free:
        sizes = f"{n_bytes / 1e6:.0f} MB, the disk of the cache has {free / 1e6:.0f} MB left"
        hint = "free some, or set ALUTILS_CACHE to a folder on another disk"
        raise OSError(errno.ENOSPC, f"{what} takes {sizes}: {hint}")
    unfinished = path.with_name(f"{path.stem}.{os.getpid()}.npy")
    try:
        write(unfinished)
        sync(unfinished)
        write_text(_note(path), file_sha256(unfinished))  # the note first: no array without one
        os.replace(unfinished, path)
        sync_folder(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)
    _seen[path] = _state(path)


def _is_sound(path):
    """True if the array is there with the bytes that were noted; one that is not is set aside."""
    try:
        state = _state(path)
        if _seen.get(path) == state:
            return True
        sha256 = file_sha256(path)
        noted = _note(path).read_text(errors="replace") if _note(path).exists() else None
    except FileNotFoundError:
        return False
    if noted != sha256:
        _refuse(path)
        return False
    _seen[path] = state
    return True


def _state(path):
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ino


def _note(path):
    return path.with_name(f"{path.name}.sha256")


def _refuse(path):
    try:
        name = set_aside(path)
    except FileNotFoundError:  # another process was faster
        return
    warnings.warn(
        f"{path.name} in the cache is damaged (its bytes are not those that were noted); it is now "
        f"{name}, and made again",
        stacklevel=5,
    )
