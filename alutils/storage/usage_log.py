"""What a page used and what it found, for the builder of the book.

The builder names a file in `ALUTILS_USAGE_LOG`; data sets and records are noted there as they are
used, the verdicts as they are published, one JSON object a line, and figures bring their SVG and
their data along with the picture. Without the variable, as in a reader's notebook, nothing happens.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]


def wanted():
    """True if the builder of the book asked for a log."""
    return bool(os.environ.get("ALUTILS_USAGE_LOG"))


def note(**what):
    """Append one line to the log, if one is wanted."""
    if wanted():
        with open(os.environ["ALUTILS_USAGE_LOG"], "a", encoding="utf-8") as handle:
            handle.write(json.dumps(what) + "\n")


def note_modules():
    """Note the files of all of alutils that this process has imported so far, as alutils/...py."""
    parts = [module for name, module in sys.modules.items() if name.split(".")[0] == "alutils"]
    paths = [Path(part.__file__).resolve() for part in parts if part.__file__]
    note(modules=sorted(path.relative_to(PACKAGE.parent).as_posix() for path in paths))


def read(path):
    """The notes of a log, each once, in their order; none where nothing was noted."""
    path = Path(path)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line) for line in dict.fromkeys(lines)]
