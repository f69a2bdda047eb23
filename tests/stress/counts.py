"""What the programs of this folder count, where the book finds it: book/records/soak.json."""

import json

from alutils.runs.provenance import provenance
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir


def keep(program, figures):
    """Put a program's figures in the place of those that it has there."""
    path = records_dir() / "soak.json"
    all_of_them = json.loads(path.read_text("utf8")) if path.exists() else {}
    write_json(path, all_of_them | {program: figures | {"provenance": provenance()}})
