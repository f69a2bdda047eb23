"""A reader's own molecules from any everyday file, with labels where it has some.

===========================  ======================================  ==========================
.xyz, .extxyz                frames (`alutils.data.xyz`)             `id` or `name`, else number
.sdf, .mol                   records (`alutils.data.sdf`)            title, else number
.csv, .tsv, .smi             SMILES (`alutils.data.tables`)          `id` or `name`, else number
.npz                         Z, R, N (`alutils.data.arrays`)         `id` or `ids`, else number
a folder of .xyz, .sdf ...   one or more molecules in each file      name of the file
===========================  ======================================  ==========================

Any of them packed as .gz, with its suffix in any case. Labels are optional here;
`alutils.data.datasets.load` takes the same files where all have one. SMILES alone have the
descriptor "fingerprint" of their own; a geometry is made for them where something asks for it.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from alutils.data import embedding
from alutils.data.arrays import read_arrays_of
from alutils.data.files import from_file, from_folder, possible_labels
from alutils.data.geometry import problems
from alutils.data.identifiers import identified, wrong_identifier
from alutils.data.molecules import Molecules
from alutils.data.reading import Reading
from alutils.data.records import NO_LABEL, Bad, Record, label_in, message, named
from alutils.data.validation import kind_of

DEFAULT_LABEL = "homo"
PROPERTY_OPTION = "property_key (--property)"


@dataclass(frozen=True, eq=False)
class Structures:
    """Molecules with identifiers, and labels where the file has them; checked once.

    Attributes
    ----------
    name : str
    ids : n different str
    molecules : Molecules; of a table of SMILES `alutils.data.embedding.Embedded`, made on demand
    y : (n,) labels, NaN where there is none
    charges : (n,) int64, elementary charges
    smiles : n str, or None; empty where RDKit has none for a molecule with coordinates
    skipped : (place, identifier, reason) of each molecule of the file that was left out
    label : name of the property that is the label; None where there is none
    info : mapping, of what the file says about all of them
    properties : names of what the file says about its molecules, any of which may be the label

    Raises
    ------
    ValueError : an identifier that is empty, has a line break, or is there twice.
    """

    name: str
    ids: tuple[str, ...]
    molecules: Molecules
    y: np.ndarray
    charges: np.ndarray
    smiles: tuple[str, ...] | None = None
    skipped: tuple = ()
    properties: tuple[str, ...] = ()
    label: str | None = None
    info: dict = field(default_factory=dict)
    # What `alutils.descriptors` looks at in a data set.
    X: None = field(default=None, init=False)
    label_only: bool = field(default=False, init=False)

    def __post_init__(self):
        seen = {}
        for position, one in enumerate(self.ids):
            if wrong := wrong_identifier(one):
                raise ValueError(f"{self.name}: molecule {position} has {wrong}")
            if one in seen:
                raise ValueError(
                    f"{self.name}: molecules {seen[one]} and {position} share the identifier "
                    f"{one!r}: give each its own"
                )
            seen[one] = position

    def __len__(self) -> int:
        return len(self.ids)

    def without_labels(self) -> Structures:
        """The same molecules, as if the file had no label."""
        return replace(self, y=np.full(len(self), np.nan), label=None)


def read_structures(
    path: str | Path, property_key: str | None = None, **reading: Any
) -> Structures:
    """Structures from a file, or a folder of files with geometries.

    Parameters
    ----------
    path : see the table above
    property_key : name of the label; None takes "homo" where the file has it
    reading : `id_key`, `smiles_key`, `hydrogens`, `length_unit`, `skip_bad` and
        `geometries` of `alutils.data.records.Reading`

    Raises
    ------
    ValueError : what cannot be read, with file, place and remedy, all in one message.
    """
    return _structures(Path(path).expanduser(), Reading(property_key or None, **reading))


def read_labelled(path, property_key=DEFAULT_LABEL, **reading):
    """The keyword arguments of `MoleculeDataset`; ValueError where a label is missing."""
    how = Reading(property_key or DEFAULT_LABEL, needs_labels=True, **reading)
    found = _structures(Path(path), how)
    skipped = {"skipped": found.skipped} if found.skipped else {}
    return {
        "y": found.y,
        "molecules": found.molecules,
        "charges": found.charges,
        "smiles": found.smiles,
        "info": found.info | skipped,
    }


def _structures(path, reading):
    if not path.exists():
        raise ValueError(f"{path.name}: no such file or folder")
    info = {}
    try:
        if path.is_dir():
            found, names = from_folder(path, reading)
        elif kind_of(path) == ".npz":
            found, names, info = read_arrays_of(path, reading)
        else:
            found, names = from_file(path, reading)
        if not found:
            raise ValueError("no molecule in the file")
        label = _label_key(found, names, reading)
        found = _labelled(found, label, reading)
        found = identified(_shaped(found, reading))
    except ValueError as error:
        raise ValueError(_with_name(path.name, str(error))) from None
    bad = [one for one in found if isinstance(one, Bad)]
    good = [one for one in found if isinstance(one, Record)]
    if bad and (not reading.skip_bad or not good):
        raise ValueError(message(path.name, bad, len(found)))
    return _gathered(path, good, bad, names, label, info)


def _with_name(name, said):
    return said if said.startswith(name) else f"{name}: {said}"


def _gathered(path, good, bad, names, label, info):
    smiles = tuple(one.smiles for one in good)
    flat = good[0].positions is None
    return Structures(
        path.stem,
        tuple(one.id for one in good),
        embedding.Embedded(smiles) if flat else _molecules(good),
        np.array([one.label for one in good]),
        np.array([one.charge for one in good], dtype=np.int64),
        None if None in smiles else smiles,
        tuple((one.place, one.id, one.reason) for one in bad),
        tuple(possible_labels(names, good)),
        label,
        {**info, "own_descriptor": "fingerprint"} if flat else info,
    )


def _molecules(records):
    numbers = np.concatenate([np.zeros(0, int), *(one.numbers for one in records)])
    positions = np.concatenate([np.zeros((0, 3)), *(one.positions for one in records)])
    return Molecules(numbers.astype(int), positions, np.array([len(r.numbers) for r in records]))


def _label_key(found, names, reading):
    """The property that is the label, or None; ValueError where none has the name that is meant."""
    wanted = reading.property_key
    if wanted is None and not any(name.casefold() == DEFAULT_LABEL for name in names):
        return None
    if not any(isinstance(one, Record) for one in found):
        return None
    shown = possible_labels(names, found)
    return named(wanted or DEFAULT_LABEL, names, "property", PROPERTY_OPTION, shown)


def _labelled(found, key, reading):
    """The records with their labels; a `Bad` for a label that is no number."""
    if key is None:
        return found
    return [
        _with_label(one, key, reading.needs_labels) if isinstance(one, Record) else one
        for one in found
    ]


def _with_label(record, key, needed):
    try:
        record.label = label_in(record.known.get(key))
    except ValueError as error:
        return Bad(record.place, record.id, str(error))
    if needed and np.isnan(record.label):
        return Bad(record.place, record.id, f"{NO_LABEL} {key!r}; add it, or use ask and tell")
    return record


def _shaped(found, reading):
    """The records; a `Bad` for one whose geometry is impossible, or cannot be made if it must."""
    records = [one for one in found if isinstance(one, Record)]
    flat = [one for one in records if one.positions is None and reading.geometries]
    given = [one for one in records if one.positions is not None]
    wrong = {}
    made = embedding.geometries([one.smiles for one in flat]) if flat else []
    for one, geometry in zip(flat, made, strict=True):
        if isinstance(geometry, str):
            wrong[id(one)] = geometry
        else:
            one.numbers, one.positions = geometry
    if given:
        known = [one.hydrogens_known for one in given]
        said = problems(_molecules(given), known, reading.length_unit, reading.hydrogens)
        wrong |= {id(given[k]): reason for k, reason in said.items()}
    return [Bad(o.place, o.id, wrong[id(o)]) if id(o) in wrong else o for o in found]


def label_of(text, where):
    """A label as float; ValueError names the place."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = np.nan
    if isinstance(text, bool) or not np.isfinite(value):
        raise ValueError(f"{where}: label {text!r} is not a finite number; correct it")
    return value


def read_table(text, name):
    """The rows of a CSV as dicts; ValueError where it is none, or a row has more cells than names.

    Some spreadsheets write semicolons or tabs in place of commas. A decimal comma makes one cell
    too many: its number would be another one.
    """
    header = text.partition("\n")[0]
    separator = next((one for one in ",;\t" if one in header), ",")
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
        rows = list(table)
    except csv.Error as error:
        raise ValueError(f"{name}: not a readable CSV ({error})") from None
    names = table.fieldnames or []
    if len(set(names)) != len(names):
        raise ValueError(f"{name}: a column is there twice: {', '.join(names)[:200]}")
    for number, row in enumerate(rows, 1):
        if None in row:
            raise ValueError(
                f"{name}, row {number}: {len(row[None])} cells too many for the header "
                f"{','.join(names)[:200]}; a decimal comma? write -9.5, or quote the text"
            )
    return rows
