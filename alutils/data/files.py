"""Files of molecules by their kind, and folders of them: records, and the names of properties."""

from __future__ import annotations

from collections import Counter

import numpy as np

from alutils.data.records import Bad, Record, label_in
from alutils.data.sdf import read_sdf
from alutils.data.tables import LISTS, read_smiles
from alutils.data.validation import kind_of, read_text
from alutils.data.xyz import read_frames

FRAMES, RECORDS = (".xyz", ".extxyz"), (".sdf", ".sd", ".mol")
TABLES = (".csv", ".tsv", *LISTS)
KINDS = (*FRAMES, *RECORDS, *TABLES, ".npz")
NOT_LABELS = frozenset({"id", "name", "charge", "q"})


def from_file(path, reading):
    """Records of a text file, and the names of the properties that they have."""
    kind = kind_of(path)
    if kind in FRAMES:
        found = read_frames(read_text(path), reading)
    elif kind in RECORDS:
        found = read_sdf(read_text(path), reading)
    elif kind in TABLES:
        return read_smiles(read_text(path), kind, reading)
    else:
        raise ValueError(
            f"unknown kind of file {kind!r}; give {', '.join(KINDS)} or a folder of geometries"
        )
    return found, _names(found)


def _names(found):
    each = (one.known for one in found if isinstance(one, Record))
    return list(dict.fromkeys(name for known in each for name in known))


def possible_labels(names, found):
    """The names that may be a label: a number somewhere, and no identifier or charge."""
    numeric = set()
    for one in found:
        for name in one.known.keys() - numeric if isinstance(one, Record) else ():
            if _is_number(one.known[name]):
                numeric.add(name)
    return [name for name in names if name in numeric and name.casefold() not in NOT_LABELS]


def _is_number(value):
    try:
        return not np.isnan(label_in(value))
    except ValueError:
        return False


def from_folder(folder, reading):
    """Records of all files, called as their files are; a file of another kind is a `Bad`."""
    files = sorted(path for path in folder.iterdir() if path.name[0] != ".")
    geometries = [path for path in files if _has_geometries(path)]
    if not geometries:
        raise ValueError("no .xyz, .extxyz, .sdf or .mol in the folder")
    stems = Counter(_stem(path) for path in geometries)
    found = []
    for path in files:
        if not _has_geometries(path):
            what = "a folder" if path.is_dir() else "no .xyz, .extxyz, .sdf or .mol"
            found.append(Bad(f"file {path.name}", "", f"{what}: it is not read; move it away"))
            continue
        one = _stem(path) if stems[_stem(path)] == 1 else path.name
        try:
            inside, _ = from_file(path, reading)
        except ValueError as error:
            found.append(Bad(f"file {path.name}", one, str(error)))
            continue
        if not inside:
            found.append(Bad(f"file {path.name}", one, "no molecule in the file"))
        found += [_in_folder(path.name, record, one, len(inside)) for record in inside]
    return found, _names(found)


def is_folder_of_geometries(path):
    """True if a file in the folder has geometries, and it is not the paper's Zenodo layout."""
    names = {one.name for one in path.iterdir()}
    return "mbtr_k2.npz" not in names and any(_has_geometries(one) for one in path.iterdir())


def _has_geometries(path):
    return path.is_file() and kind_of(path) in (*FRAMES, *RECORDS)


def _stem(path):
    name = path.name[:-3] if path.name.lower().endswith(".gz") else path.name
    return name.rpartition(".")[0]


def _in_folder(name, record, one, n_inside):
    """A record of a file, called as the file is unless there are several with names of theirs."""
    place = f"file {name}" + (f", {record.place}" if n_inside > 1 else "")
    if isinstance(record, Bad):
        return Bad(place, one, record.reason)
    own = n_inside > 1 and record.id != record.place.split()[-1]
    record.own_id = record.own_id and own
    record.place, record.id = place, record.id if own else one
    return record
