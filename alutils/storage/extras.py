"""Packages that only a part of alutils needs: where one is missing, one line names its extra."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def imports_of(extra: str, what: str) -> Iterator[None]:
    """A block that imports packages of an extra; `what` is what needs them.

    Raises
    ------
    ImportError
        In place of that of a missing package: it names the extra.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or "").partition(".")[0]
        raise ImportError(
            f"{what} needs the package {package!r}, which is not installed: "
            f'pip install "alutils[{extra}]"'
        ) from None
