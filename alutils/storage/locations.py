"""The three folders that the package knows, found in one place; none of them is ever printed."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_dir() -> Path:
    """Folder of what can be computed again: `ALUTILS_CACHE`, else ~/.cache/alutils.

    ValueError where neither names a folder, as for a user whom the machine does not know.
    """
    folder = Path(os.environ.get("ALUTILS_CACHE") or Path("~", ".cache", "alutils"))
    try:
        return folder.expanduser().resolve()
    except (RuntimeError, OSError) as error:
        reason = getattr(error, "strerror", None) or "there is no home folder"
        raise ValueError(
            f"no place for the cache ({reason}): set ALUTILS_CACHE to a folder where you may write"
        ) from None


def data_dir() -> Path | None:
    """Folder of the local data sets, named by `ALUTILS_DATA`; None where it is not set."""
    folder = os.environ.get("ALUTILS_DATA")
    return Path(folder).expanduser().resolve() if folder else None


def records_dir() -> Path:
    """Folder of the tracked results of long runs: `ALUTILS_RECORDS`, else that of the book.

    Where alutils is installed without its checkout there is no book: an empty place in the cache.
    """
    folder = os.environ.get("ALUTILS_RECORDS")
    if folder:
        return Path(folder).expanduser().resolve()
    book = CHECKOUT / "book" / "records"
    return book if book.is_dir() else cache_dir() / "book"


def writable_records_dir() -> Path:
    """`records_dir`, for what adds to it; ValueError where there is no book to add to."""
    folder = records_dir()
    if not folder.is_dir():
        raise ValueError(
            "this adds to the records of the book, which alutils as it is installed here does not "
            "have: run it in a checkout of the repository, or set ALUTILS_RECORDS to a folder"
        )
    return folder
