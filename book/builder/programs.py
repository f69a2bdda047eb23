"""Other programs that the builder runs, each with a limit."""

import subprocess

from book.builder.pages import PageError


def run(what, command, longest_s, **options):
    """`subprocess.run` without a check; PageError with `what` it is after `longest_s` seconds."""
    try:
        return subprocess.run(command, timeout=longest_s, check=False, **options)
    except subprocess.TimeoutExpired:
        raise PageError(f"{what}: no end after {longest_s} s") from None
