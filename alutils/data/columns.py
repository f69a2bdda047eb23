"""Tables of descriptors: a column of labels, and columns of numbers in place of molecules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from alutils.data.files import NOT_LABELS
from alutils.data.identifiers import identified
from alutils.data.reading import Reading
from alutils.data.records import MISSING, NO_LABEL, Bad, label_in, message, number_of
from alutils.data.tables import has_smiles, read_rows
from alutils.data.validation import kind_of, read_text

KINDS = (".csv", ".tsv")


def is_of_columns(path: Path, property_key: str) -> bool:
    """True for a table that has the label, no SMILES, and a column of numbers beside the label."""
    if kind_of(path) not in KINDS or not path.is_file():
        return False
    try:
        text = read_text(path)
        if has_smiles(text):
            return False
        found, names = read_rows(text, Reading())
    except ValueError:  # whoever reads it says what is wrong
        return False
    return property_key in names and bool(_descriptors(found, names, property_key))


def read_columns(path: Path, property_key: str, skip_bad: bool = False, **reading: Any) -> dict:
    """Labels and descriptors of a table, each descriptor with mean 0 and standard deviation 1.

    Columns whose first value is no number are left out, and so are those that do not vary.

    Parameters
    ----------
    path : of a .csv or .tsv;  property_key : the column of the labels
    skip_bad : go on without rows that cannot be taken;  reading : other fields of `Reading`

    Returns
    -------
    dict with y, (n,), X, (n, d), and info, whose "columns" names those of X; what was left out is
    in its "skipped"

    Raises
    ------
    ValueError : rows without a label or a number, all in one message; nothing tells rows apart.
    """
    how = Reading(property_key, skip_bad=skip_bad, **reading)
    found, names = read_rows(read_text(path), how)
    columns = _descriptors(found, names, property_key)
    rows = {id(one): _row(one, columns, property_key) for one in found if not isinstance(one, Bad)}
    wrong = {key: row for key, row in rows.items() if isinstance(row, str)}
    found = [Bad(o.place, o.id, wrong[id(o)]) if id(o) in wrong else o for o in found]
    found = identified(found)
    good = [rows[id(one)] for one in found if not isinstance(one, Bad)]
    bad = [one for one in found if isinstance(one, Bad)]
    if bad and (not skip_bad or not good):
        raise ValueError(message(path.name, bad, len(found)))
    table = np.array(good, dtype=float)
    varies = np.ptp(table[:, 1:], axis=0) > 0
    if not varies.any():
        raise ValueError(
            f"{path.name}: all molecules have the same numbers: nothing tells them apart"
        )
    X = table[:, 1:][:, varies]
    skipped = {"skipped": tuple((one.place, one.id, one.reason) for one in bad)} if bad else {}
    named = tuple(name for name, kept in zip(columns, varies, strict=True) if kept)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return {"y": table[:, 0], "X": X, "info": {"columns": named, **skipped}}


def _descriptors(found, names, label):
    """Columns beside the label whose first value is a number."""
    columns = []
    for name in names:
        cells = (one.known[name].strip() for one in found if not isinstance(one, Bad))
        first = next((cell for cell in cells if cell.lower() not in MISSING), None)
        if name != label and name.casefold() not in NOT_LABELS and _number(first) is not None:
            columns.append(name)
    return columns


def _number(cell):
    try:
        value = number_of(cell)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _row(record, columns, property_key):
    """Label and numbers of a row, or what is wrong with it."""
    values = []
    for name in columns:
        cell = record.known[name]
        if cell.strip().lower() in MISSING:
            return f"no value in the column {name!r}"
        if (value := _number(cell)) is None:
            return f"{cell[:80]!r} in the column {name!r} is not a finite number"
        values.append(value)
    try:
        label = label_in(record.known[property_key])
    except ValueError as error:
        return str(error)
    if np.isnan(label):
        return f"{NO_LABEL} {property_key!r}; add it, or use ask and tell"
    return [label, *values]
