"""What the system says of a file that cannot be written or opened, with what to do about it."""

from __future__ import annotations

import contextlib
import errno
import os
import re

from alutils.storage.locations import cache_dir

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
REFUSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)
HANDLES = (errno.EMFILE, errno.ENFILE)
SHORT_WRITE = re.compile(r"\d+ requested and \d+ written")  # all that numpy says of a full disk


@contextlib.contextmanager
def explained(path):
    """What the system says of `path` in this block is raised with the remedy, in one line.

    Raises
    ------
    OSError, of the same kind: no room, no permission, too many open files
    """
    try:
        yield
    except OSError as error:
        number = errno.ENOSPC if SHORT_WRITE.match(str(error)) else error.errno
        what = remedy(number, path)
        if what is None or error.strerror not in (None, os.strerror(number)):
            raise  # of another kind, or explained already
        raise OSError(number, f"{os.strerror(number)}: {what}") from None


def remedy(number, path=""):
    """What to do about an error of this number at `path`; None of another kind."""
    if number in HANDLES:
        return "allow more open files (ulimit -n 1024)"
    if number not in FULL + REFUSED:
        return None
    cached = os.path.abspath(path).startswith(f"{cache_dir()}{os.sep}")
    place = "set ALUTILS_CACHE to a folder" if cached else "choose a folder"
    if number in FULL:
        return f"free some space, or {place} on another disk"
    return f"{place} where you may write"
