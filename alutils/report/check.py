"""What a file of molecules holds, in about ten lines, before anything is computed from it.

No geometry is made and no descriptor: what is said about them follows from their sizes.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from ase.data import atomic_numbers, chemical_symbols
from tqdm import tqdm

from alutils.data.arrays import read_arrays_of
from alutils.data.duplicates import ROUNDING, same_geometry, same_text
from alutils.data.files import FRAMES, RECORDS, from_file, from_folder, possible_labels
from alutils.data.geometry import problems
from alutils.data.identifiers import identified
from alutils.data.likely_unit import likely_unit
from alutils.data.molecules import Molecules
from alutils.data.reading import Reading
from alutils.data.records import Bad, Record, label_in, named
from alutils.data.toolkit import chem
from alutils.data.validation import kind_of, read_arrays
from alutils.descriptors.fingerprints import MORGAN
from alutils.descriptors.many_body import DEFAULTS, n_columns
from alutils.storage.command_line import PROGRAM
from alutils.storage.memory import free_memory, size_of

SLOW_S = 3.0  # from here on a progress bar
ELEMENT = re.compile(r"([A-Z][a-z]?)(\d*)")  # in a formula such as C2H3O2-
NAMES_SHOWN, SHOWN, LENGTH = 6, 3, 200
SHARE = 0.1  # of the molecules, in the target of the command to go on with
FEW, OF_A_BATCH = 400, 10  # a smaller pool begins with a tenth of it, not with 100
KERNELS = 3  # matrices of n x n doubles that a fit holds
READER = {"property_key": "--property", "unit": "--unit", "id_key": "--id-key"}
READER |= {"smiles_key": "--smiles-key", "length_unit": "--length-unit"}


def check(path: str | Path, property_key: str | None = None, **reading: Any) -> list[str]:
    """Lines about the molecules of a file or folder, its properties, and what to do next.

    Parameters
    ----------
    path, property_key, reading : as of `alutils.data.structures.read_structures`; nothing bad is
        refused, it is counted

    Raises
    ------
    ValueError : what cannot be read at all, or has no property of this name.
    """
    path = Path(path).expanduser()
    how = Reading(property_key or None, **reading)
    if not path.exists():
        raise ValueError(f"{path.name}: no such file or folder")
    try:
        found, values = _read(path, how)
        if property_key:
            key = named(property_key, list(values), "property", "property_key (--property)")
            values = {key: values[key]}
    except ValueError as error:
        said = str(error)
        raise ValueError(said if said.startswith(path.name) else f"{path.name}: {said}") from None
    good = [one for one in found if isinstance(one, Record)]
    bad = [one for one in found if isinstance(one, Bad)]
    head = f"{path.name}: {_kind(path, good)}; records: {len(found)}, taken: {len(good)}"
    if not good:
        return [head, *_left_out(bad, none_left=True)]
    counts, texts = _atoms(good)
    flat = good[0].positions is None
    return [
        head,
        _elements(counts),
        _charges(good),
        _duplicates(good, texts),
        *_properties(values, how),
        *_left_out(bad),
        *_descriptor(len(good), counts, flat, all(one.smiles for one in good)),
        _go_on(path, how, values, len(good), bool(bad)),
    ]


def _read(path, how):
    """Records or `Bad`, and name -> text or numbers of each molecule that may be a label."""
    arrays = {}
    if path.is_dir():
        found, names = from_folder(path, how)
    elif kind_of(path) == ".npz":
        found, names, _ = read_arrays_of(path, how)
        arrays = read_arrays(path)
    else:
        found, names = from_file(path, how)
    if not found:
        raise ValueError("no molecule in the file")
    values = {}
    for name in names if arrays else possible_labels(names, found):
        if not arrays:
            values[name] = [one.known.get(name) for one in found if isinstance(one, Record)]
        elif arrays[name].dtype.kind in "fiu":
            values[name] = arrays[name]
    records = [one for one in found if isinstance(one, Record) and one.positions is not None]
    if records:
        known = [one.hydrogens_known for one in records]
        wrong = problems(_molecules(records), known, how.length_unit, how.hydrogens)
        reasons = {id(records[k]): reason for k, reason in wrong.items()}
        found = [Bad(o.place, o.id, reasons[id(o)]) if id(o) in reasons else o for o in found]
    return identified(found), values


def _molecules(records):
    numbers = np.concatenate([one.numbers for one in records]).astype(int)
    positions = np.concatenate([one.positions for one in records])
    return Molecules(numbers, positions, np.array([len(one.numbers) for one in records]))


def _atoms(good):
    """Element -> number of atoms, of each molecule with its hydrogens, and canonical SMILES."""
    if good[0].positions is not None:
        return [Counter(one.numbers.tolist()) for one in good], []
    from rdkit.Chem.rdMolDescriptors import CalcMolFormula

    quiet = not sys.stderr.isatty()
    counts, texts = [], []
    for one in tqdm(good, desc="molecules", delay=SLOW_S, leave=False, disable=quiet):
        mol = chem().MolFromSmiles(one.smiles)
        parts = ELEMENT.findall(CalcMolFormula(mol))
        counts.append(Counter({atomic_numbers[symbol]: int(n or 1) for symbol, n in parts}))
        texts.append(chem().MolToSmiles(mol))
    return counts, texts


def _kind(path, good):
    if path.is_dir():
        return "a folder of geometries"
    kind = kind_of(path)
    if kind == ".npz":
        return "arrays of geometries"
    if kind in FRAMES:
        return "frames with geometries"
    return "records with geometries" if kind in RECORDS else "a table of SMILES"


def _elements(counts):
    symbols = [chemical_symbols[Z] for Z in sorted(set().union(*counts))]
    sizes = [one.total() for one in counts]
    return (
        f"elements: {len(symbols)} ({' '.join(symbols)}); atoms in a molecule: {min(sizes)} to "
        f"{max(sizes)}, median {np.median(sizes):g}"
    )


def _charges(good):
    counts = Counter(one.charge for one in good)
    if set(counts) == {0}:
        return "charges: none"
    return "charges: " + ", ".join(
        f"{charge:+d} in {n}" if charge else f"0 in {n}" for charge, n in sorted(counts.items())
    )


def _duplicates(good, texts):
    if texts:
        pairs = [(group[0], k) for group in same_text(texts) for k in group[1:]]
    else:
        pairs = same_geometry(_molecules(good))
    if not pairs:
        return "duplicates: none"
    shown = "; ".join(f"{good[i].place} and {good[j].place}" for i, j in pairs[:SHOWN])
    more = "..." if len(pairs) > SHOWN else ""
    same = "SMILES" if texts else f"geometry, within {ROUNDING} angstrom,"
    advice = "" if texts else "; at a noise near zero no fit tells their labels apart"
    return f"duplicates: {len(pairs)} with the {same} of another ({shown}{more}){advice}"


def _properties(values, how):
    if not values:
        return ["properties: none; labels come later, by ask and tell"]
    names = list(values)
    lines = [_property(name, values[name], how) for name in names[:NAMES_SHOWN]]
    if len(names) > NAMES_SHOWN:
        more = _short(", ".join(names[NAMES_SHOWN:]))
        lines.append(f"and {len(names) - NAMES_SHOWN} more: {more}")
    return lines


def _labels(values):
    """(n,) float, NaN where there is no label, and how many are no number."""
    labels, n_wrong = np.full(len(values), np.nan), 0
    for k, value in enumerate(values):
        try:
            labels[k] = label_in(value)
        except ValueError:
            n_wrong += 1
    return labels, n_wrong


def _property(name, values, how):
    labels, n_wrong = _labels(values)
    known = labels[np.isfinite(labels)]
    unit = how.unit or likely_unit(name, labels)[1]
    wrong = f", {n_wrong} that are no number" if n_wrong else ""
    if not len(known):
        return f"property {name}: no label{wrong}"
    low, middle, high = np.quantile(known, (0, 0.5, 1))
    return (
        f"property {name}: {len(known)} labels{wrong}, {low:.4g} to {high:.4g}, median "
        f"{middle:.4g}; {unit}"
    )


def _short(text):
    return text if len(text) <= LENGTH else f"{text[:LENGTH]}..."


def _left_out(bad, none_left=False):
    if not bad:
        return ["left out: none"]
    by_reason = {}
    for one in bad:
        by_reason.setdefault(one.reason, []).append(one.place)
    how = "the file is refused" if none_left else "with --skip-bad; without, the file is refused"
    lines = [f"left out: {len(bad)}; {how}:"]
    for reason, places in list(by_reason.items())[:SHOWN]:
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        lines.append(f"  {places[0]}{more}: {_short(reason)}")
    if len(by_reason) > SHOWN:
        lines.append(f"  and {len(by_reason) - SHOWN} other reasons")
    return lines


def _descriptor(n, counts, flat, has_smiles):
    """What it would be, its size, and how many labels a model may have in the free memory."""
    n_elements = len(set().union(*counts))
    columns = n_columns(DEFAULTS, range(n_elements))
    n_bytes = {"fingerprint": n * MORGAN.n_bits, "mbtr": 4 * n * columns}
    own = "fingerprint" if flat else "mbtr"
    width = {"fingerprint": f"{MORGAN.n_bits} bits", "mbtr": f"{columns} columns"}
    said = f"descriptor: {own}, {width[own]}, {size_of(n_bytes[own])}"
    if flat:
        said += f"; mbtr on geometries that are made first has {size_of(n_bytes['mbtr'])}"
    elif has_smiles:
        said += f"; fingerprint of the SMILES has {size_of(n_bytes['fingerprint'])}"
    free = free_memory()
    if free is None:
        return [said]
    n_max = most_labels(free)
    fits = f"all {n} molecules" if n_max >= n else f"{n_max} labels"
    return [said, f"fits here: {size_of(free)} free, enough for a model of {fits}"]


def most_labels(n_bytes):
    """The most molecules whose fit fits into so much memory: `KERNELS` matrices of doubles."""
    return int(np.sqrt(n_bytes / (KERNELS * 8)))


def _go_on(path, how, values, n, is_bad):
    """The command to go on with."""
    words = ["start", "mine", str(path)]
    labels = {name: _labels(one) for name, one in values.items()}
    known = {name: one[np.isfinite(one)] for name, (one, _) in labels.items()}
    key = max(
        known,
        key=lambda name: (name.casefold() == "homo", len(set(known[name])) > 1, len(known[name])),
        default=None,
    )
    known, (_, n_wrong) = known.get(key, np.zeros(0)), labels.get(key, ((), 0))
    asked = {"property_key": key, "unit": how.unit}
    if key is not None and how.unit is None:
        asked["unit"] = likely_unit(key, known)[0] or None
    for name, option in READER.items():
        if given := asked.get(name, getattr(how, name)):
            words += [option, given]
    if how.hydrogens != "refuse":
        words += ["--hydrogens", how.hydrogens]
    if is_bad or n_wrong or how.skip_bad:
        words += ["--skip-bad"]
    if n < FEW:
        size = str(max(2, n // OF_A_BATCH))
        words += ["--n-init", size, "--n-const", size]
    low, high = np.quantile(known, (SHARE, 1 - SHARE)) if len(known) else (None, None)
    if low is None or low == high:
        target, other = ["--highest", f"{SHARE:g}"], ["--lowest", f"{SHARE:g}"]
    else:
        target, other = ["--above", _rounded(high, known)], ["--below", _rounded(low, known)]
    return f"go on: {PROGRAM} {shlex.join([*words, *target])} (or {' '.join(other)})"


def _rounded(threshold, labels):
    """As text, with as many digits as the range of the labels asks for."""
    digits = 2 - int(np.floor(np.log10(np.ptp(labels))))
    return f"{round(float(threshold), digits):.12g}"
