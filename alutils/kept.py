"""The disk cache of descriptors, mistrusted: `alutils.descriptors.features` for runs that are kept.

A cached array that is cut, or whose bytes are not those that were noted beside it when it was made,
is renamed to ``NAME.damaged``, named in a warning, and made again.
"""

from __future__ import annotations

import errno
import shutil
import warnings
from pathlib import Path

import numpy as np

from alutils import descriptors
from alutils.data.validation import BROKEN, brief
from alutils.storage.files import file_sha256, set_aside, sweep, sync, write_text
from alutils.storage.locations import cache_dir

_seen = {}  # path -> (size, time of change, inode) when its bytes were last compared


def features(dataset):
    """As `alutils.descriptors.features`, from a cache that has been looked through."""
    _look_through("features", "mbtr")
    _check_room(dataset, descriptors.DEFAULTS)
    while True:
        X = descriptors.features(dataset)
        used = Path(X.base.filename)
        if not _note(used).exists():  # just made: from a descriptor that is sound?
            shapes = {path: _shape(path) for path in _arrays(cache_dir() / "mbtr")}
            of_these = [path for path, shape in shapes.items() if shape and shape[0] == len(X)]
            if not all([_is_sound(path) for path in of_these]):
                _refuse(used, "made from a damaged array")
                continue
        if _is_sound(used):
            return X


def mbtr(dataset, settings=descriptors.DEFAULTS):
    """As `alutils.descriptors.mbtr` of a data set with molecules, from the same cache."""
    _look_through("mbtr")
    _check_room(dataset, settings)
    while True:
        X = descriptors.mbtr(dataset, settings)
        if _is_sound(Path(X.base.filename)):
            return X


def _check_room(dataset, settings):
    """OSError before a descriptor is written to a full disk: it is mapped, and the system would end
    the process without a word (SIGBUS)."""
    if dataset.X is not None or dataset.molecules is None:
        return
    n_elements = len(settings.species or np.unique(dataset.molecules.numbers))
    columns = settings.n_grid * n_elements * (n_elements + 1) // 2
    if any(_shape(path) == (len(dataset), columns) for path in _arrays(cache_dir() / "mbtr")):
        return
    needed = len(dataset) * columns * np.dtype(np.float32).itemsize
    cache_dir().mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(cache_dir()).free
    if needed > free:
        sizes = f"{needed / 1e6:.0f} MB, the disk of the cache has {free / 1e6:.0f} MB left"
        raise OSError(errno.ENOSPC, f"the descriptor of {dataset.name} takes {sizes}: free some")


def _arrays(folder):
    """The finished arrays in a folder; unfinished ones have a second dot in their name."""
    sweep(folder, "*.*.npy")
    return sorted(path for path in folder.glob("*.npy") if "." not in path.stem)


def _look_through(*kinds):
    for kind in kinds:
        for path in _arrays(cache_dir() / kind):
            _shape(path)


def _shape(path):
    """Shape of an array on disk; None, and the array set aside, if it is cut or no array."""
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False).shape
    except FileNotFoundError:  # another process has set it aside
        return None
    except BROKEN as error:
        _refuse(path, brief(error))
        return None


def _is_sound(path):
    """True if the bytes are those that were noted; notes them at the first look."""
    try:
        stat = path.stat()
        state = (stat.st_size, stat.st_mtime_ns, stat.st_ino)
        if _seen.get(path) == state:
            return True
        sha256, note = file_sha256(path), _note(path)
    except FileNotFoundError:  # another process has set it aside
        return False
    if not note.exists():
        sync(path)  # before the note is there
        write_text(note, sha256)
    elif note.read_text(errors="replace") != sha256:
        _refuse(path, "its bytes have changed")
        return False
    _seen[path] = state
    return True


def _note(path):
    return path.with_name(f"{path.name}.sha256")


def _refuse(path, why):
    try:  # the note goes last: without it the damage would be noted as sound
        name = set_aside(path)
    except FileNotFoundError:  # another process was faster
        return
    _note(path).unlink(missing_ok=True)
    warnings.warn(
        f"{path.name} in the cache is damaged ({why}); it is now {name}, and made again",
        stacklevel=4,
    )
