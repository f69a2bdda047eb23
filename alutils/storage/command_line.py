"""What all commands share: one line and a status when they fail, modules loaded when they run."""

from __future__ import annotations

import errno
import os
import signal
import sys
from concurrent.futures import BrokenExecutor
from functools import partial, wraps
from importlib import import_module
from pathlib import Path

import click

from alutils.storage.processes import GOES_ON, forks_die_too
from alutils.storage.remedies import HANDLES, remedy

# As it was started, so that what it says to type next can be typed.
PROGRAM = "alutils" if Path(sys.argv[0]).stem == "alutils" else "python -m alutils"
HELP = """Active learning of molecular data: campaigns on your own molecules, and long runs.

\b
look at a file:    check FILE
label, in steps:   start FOLDER FILE --above ..., then in turn ask FOLDER and
                   tell FOLDER RESULTS; advise FOLDER --n-max N in between
would it pay?      simulate FILE --above ...            (all labels known)
repeat the book:   verify, record PLAN, study NAME      (in a checkout)
"""
NOT_WRITTEN = [os.strerror(number) for number in (errno.EPIPE, errno.ENOSPC)]
PATH = click.Path(path_type=Path)
say = partial(print, flush=True)


class Commands(click.Group):
    """Commands that end in one line and a status when they fail, or are interrupted.

    What a terminal's encoding does not have is written as \\xe9 or \\u2212.
    """

    def main(self, *arguments, **options):
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):  # not where another program shows what we say
                stream.reconfigure(errors="backslashreplace")
        try:
            try:
                return super().main(*arguments, **options)
            finally:
                sys.stdout.flush()
        except OSError as error:  # as of `> FULL_DISK`, or `| head -1`
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python tries again when it ends
            if error.errno != errno.EPIPE:  # for a reader who has seen enough
                print(f"{PROGRAM}: its output was not written: {error.strerror}", file=sys.stderr)
            sys.exit(2)

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (ValueError, ImportError, BrokenExecutor) as error:
            status, message = 2, f"{PROGRAM}: {error}"
        except OSError as error:  # a full disk, no permission; only the name: no folder is printed
            if error.strerror in NOT_WRITTEN and not error.filename:
                raise  # to `main`, where what we say last is written
            name = f" ({Path(error.filename).name})" if error.filename else ""
            said = f"{error.strerror or error}{name}"
            if error.errno in HANDLES:
                said += f": {remedy(error.errno)}"
            status, message = 2, f"{PROGRAM}: {said}: {GOES_ON}"
        except RuntimeError as error:
            if "home directory" not in str(error):
                raise
            status, message = 2, f"{PROGRAM}: no home folder: set HOME to a folder of yours"
        except MemoryError:
            status, message = 2, f"{PROGRAM}: out of memory: {GOES_ON}"
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # we are leaving already
            status, message = 130, f"stopped: {GOES_ON}"
        click.echo(message, err=True)
        context.exit(status)


commands = Commands("alutils", help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
commands = click.version_option(package_name="alutils", message="alutils %(version)s")(commands)


def command(*modules):
    """Make a command of a function whose first arguments are these modules of alutils.

    They are imported when the command runs, so that help and mistyped words are answered at once.
    """

    def decorate(function):
        @wraps(function)
        def work(**given):
            loaded = [import_module(f"alutils.{name}") for name in modules]
            _heed_ctrl_c()
            function(*loaded, **given)

        return commands.command()(work)

    return decorate


def _heed_ctrl_c():
    """From now on Ctrl-C is an exception, for the workers to be ended; nohup's ignoring stays."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    forks_die_too()


def options(*each):
    """Several options as one decorator; the first is the first in the help."""

    def decorate(function):
        for option in reversed(each):
            function = option(function)
        return function

    return decorate
