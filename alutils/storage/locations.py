"""The three folders that the package knows, found in one place; none of them is ever printed."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def cache_dir() -> Path:
    """Folder of what can be computed again: `ALUTILS_CACHE`, else ~/.cache/alutils."""
    return Path(os.environ.get("ALUTILS_CACHE") or Path.home() / ".cache" / "alutils").resolve()


def data_dir() -> Path | None:
    """Folder of the local data sets, named by `ALUTILS_DATA`; None where it is not set."""
    folder = os.environ.get("ALUTILS_DATA")
    return Path(folder).expanduser().resolve() if folder else None


def records_dir() -> Path:
    """Folder of the tracked results of long runs: `ALUTILS_RECORDS`, else that of the book."""
    folder = os.environ.get("ALUTILS_RECORDS")
    return Path(folder).expanduser().resolve() if folder else CHECKOUT / "book" / "records"
