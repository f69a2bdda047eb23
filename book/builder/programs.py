"""What the modules of the builder share as programs: an end in one line, limits for others."""

import contextlib
import subprocess
import sys
from pathlib import Path

from filelock import FileLock, Timeout

from alutils.storage.remedies import FULL, REFUSED
from book.builder.pages import PageError

ELSEWHERE = "make BUILD=FOLDER works in a copy there"


def run(what, command, longest_s, **options):
    """`subprocess.run` without a check; PageError with `what` it is after `longest_s` seconds."""
    try:
        return subprocess.run(command, timeout=longest_s, check=False, **options)
    except subprocess.TimeoutExpired:
        raise PageError(f"{what}: no end after {longest_s} s") from None


@contextlib.contextmanager
def alone(root):
    """The only build at work in a checkout: two would take each other's files away.

    PageError where another is at work.
    """
    (root / "_build").mkdir(exist_ok=True)
    try:
        with FileLock(root / "_build/.lock", timeout=0):
            yield
    except Timeout:
        raise PageError(
            f"another build is at work in this folder: wait until it has ended; {ELSEWHERE}"
        ) from None


def reason(error):
    """One line about a PageError or an OSError, with what to do about a disk."""
    if not isinstance(error, OSError):
        return str(error)
    name = f" ({Path(error.filename).name})" if error.filename else ""
    remedies = {FULL: f"free some space, or {ELSEWHERE}", REFUSED: ELSEWHERE}
    known = [what for numbers, what in remedies.items() if error.errno in numbers]
    return ": ".join([f"{error.strerror or error}{name}", *known])


def main(module, work, *arguments, **options):
    """Do the work of a module; exits with the status that it returns, or with one line."""
    try:
        sys.exit(work(*arguments, **options))
    except (PageError, OSError) as error:
        sys.exit(f"book/builder/{module}.py: {reason(error)}")
