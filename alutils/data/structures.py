"""A reader's own molecules: .xyz, .extxyz, a folder of them, .sdf, or a CSV of SMILES.

Labels are optional here; `alutils.data.datasets.load` takes the same files where all have one.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import ase
import numpy as np

from alutils.data.readers import Molecules, located, read_frames

FRAMES = (".xyz", ".extxyz")
MOST_ATOMS = 200  # heavy ones of a SMILES: beyond, RDKit looks for a geometry for minutes
KINDS = (*FRAMES, ".sdf", ".csv")


@dataclass(frozen=True, eq=False)
class Structures:
    """Molecules with identifiers, and labels where the file has them; checked once.

    Attributes
    ----------
    name : str
    ids : n different str
    molecules : Molecules
    y : (n,) labels, NaN where there is none
    charges : (n,) int64, elementary charges
    smiles : n str, or None

    Raises
    ------
    ValueError : an identifier that is empty or there twice.
    """

    name: str
    ids: tuple[str, ...]
    molecules: Molecules
    y: np.ndarray
    charges: np.ndarray
    smiles: tuple[str, ...] | None = None
    # What `alutils.descriptors` looks at in a data set.
    X: None = field(default=None, init=False)
    info: dict = field(default_factory=dict, init=False)
    label_only: bool = field(default=False, init=False)

    def __post_init__(self):
        seen = {}
        for position, one in enumerate(self.ids):
            if not one.strip():
                raise ValueError(f"{self.name}: molecule {position} has an empty identifier")
            if one in seen:
                raise ValueError(
                    f"{self.name}: molecules {seen[one]} and {position} share the identifier "
                    f"{one!r}: give each its own"
                )
            seen[one] = position

    def __len__(self):
        return len(self.ids)


def read_structures(path, property_key="homo"):
    """Structures from a file or a folder of .xyz files.

    Parameters
    ----------
    path : .xyz or .extxyz (identifier: `id` or `name` in the comment line, else the frame's number;
        in a folder the file's name), .sdf (identifier: the title line), or .csv with a column
        `smiles` (others: `id`, the label); geometries of SMILES are made by RDKit, seeded
    property_key : name of the label, eV

    Raises
    ------
    ValueError : what cannot be read, with file, place and remedy.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return _from_folder(path, property_key)
    if not path.is_file():
        raise ValueError(f"{path.name}: no such file or folder")
    if path.suffix in FRAMES:
        frames = read_frames(path)
        ids = [_identifier(frame, str(number)) for number, frame in enumerate(frames)]
        return _from_frames(path, frames, ids, property_key)
    if path.suffix == ".sdf":
        return _from_sdf(path, property_key)
    if path.suffix == ".csv":
        return _from_smiles(path, property_key)
    raise ValueError(f"{path.name}: unknown kind of file; give {', '.join(KINDS)} or a folder")


def read_labelled(path, property_key="homo"):
    """The keyword arguments of `MoleculeDataset`; ValueError where a label is missing."""
    found = read_structures(path, property_key)
    missing = np.flatnonzero(np.isnan(found.y))
    if missing.size:
        raise ValueError(
            f"{found.name}: molecule {found.ids[missing[0]]!r} has no label {property_key!r}, and "
            f"{missing.size - 1} more have none; add them, or use ask and tell"
        )
    return {
        "y": found.y,
        "molecules": found.molecules,
        "charges": found.charges,
        "smiles": found.smiles,
    }


def label_of(text, where):
    """A label as float; ValueError names the place."""
    try:
        value = float(text)
    except (TypeError, ValueError):
        value = np.nan
    if isinstance(text, bool) or not np.isfinite(value):
        raise ValueError(f"{where}: label {text!r} is not a finite number in eV; correct it")
    return value


def _charge_of(value, name, one):
    """A charge as int; ValueError for what is none, or none of a molecule."""
    try:
        charge = float(value)
    except (TypeError, ValueError):
        charge = np.nan
    if isinstance(value, bool) or not abs(charge) < 1000 or charge != int(charge):
        raise ValueError(
            f"{name}: molecule {one!r}: charge {value!r} is not a whole number; correct it"
        )
    return int(charge)


def read_table(text, name):
    """The rows of a CSV as dicts; ValueError where it is none, or a row has more cells than names.

    A decimal comma makes one cell too many: its number would be another one.
    """
    try:
        table = csv.DictReader(io.StringIO(text, newline=""), strict=True)
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


def _from_folder(folder, property_key):
    files = sorted(path for path in folder.iterdir() if path.suffix in FRAMES)
    if not files:
        raise ValueError(f"{folder.name}: no .xyz or .extxyz in the folder")
    frames, ids = [], []
    for path in files:
        in_file = read_frames(path)
        if len(in_file) > 1:
            raise ValueError(f"{path.name}: {len(in_file)} frames; in a folder each file has one")
        frames += in_file
        ids.append(path.stem)
    return _from_frames(folder, frames, ids, property_key)


def _from_frames(path, frames, ids, property_key):
    y, charges = np.full(len(frames), np.nan), np.zeros(len(frames), dtype=np.int64)
    for position, frame in enumerate(frames):
        known = dict(frame.calc.results if frame.calc else {}, **frame.info)
        if property_key in known:
            where = f"{path.name}: molecule {ids[position]!r}"
            y[position] = label_of(known[property_key], where)
        charges[position] = _charge_of(known.get("charge", 0), path.name, ids[position])
    molecules = located(path, Molecules.of, frames)
    return Structures(path.stem, tuple(ids), molecules, y, charges)


def _identifier(frame, otherwise):
    return str(frame.info.get("id", frame.info.get("name", otherwise)))


def _from_sdf(path, property_key):
    Chem = _rdkit().Chem
    frames, ids, y, charges, smiles = [], [], [], [], []
    for number, mol in enumerate(_records(path, Chem)):
        where = f"{path.name}: record {number}"
        if mol is None:
            raise ValueError(f"{where} is not readable by RDKit; correct or remove it")
        if not mol.GetNumConformers() or not mol.GetConformer().Is3D():
            raise ValueError(
                f"{where} has no three-dimensional coordinates; give them, or its SMILES in a CSV"
            )
        try:
            ids.append(mol.GetProp("_Name").strip() or str(number))
            label = mol.GetProp(property_key) if mol.HasProp(property_key) else None
        except UnicodeDecodeError as error:
            raise ValueError(f"{where} is not a text in UTF-8 ({error})") from None
        frames.append(_atoms(mol))
        y.append(np.nan if label is None else label_of(label, where))
        charges.append(Chem.GetFormalCharge(mol))
        smiles.append(Chem.MolToSmiles(Chem.RemoveHs(mol)))
    if not frames:
        raise ValueError(f"{path.name}: no molecule in the file")
    molecules = located(path, Molecules.of, frames)
    return Structures(
        path.stem, tuple(ids), molecules, np.array(y), np.array(charges), tuple(smiles)
    )


def _records(path, Chem):
    """The records of an .sdf, None for those that RDKit cannot read."""
    try:
        yield from Chem.SDMolSupplier(str(path), removeHs=False)
    except (OSError, RuntimeError) as error:
        raise ValueError(f"{path.name}: not a readable .sdf ({type(error).__name__})") from None


def _from_smiles(path, property_key):
    chemistry = _rdkit()
    try:
        rows = read_table(path.read_bytes().decode("utf-8-sig"), path.name)
    except UnicodeDecodeError as error:
        raise ValueError(f"{path.name}: not a readable CSV in UTF-8 ({error})") from None
    if not rows or "smiles" not in rows[0]:
        found = ", ".join(filter(None, rows[0])) if rows else "no row"
        raise ValueError(f"{path.name}: no column 'smiles', found {found}; name it in the header")
    frames, ids, y, charges = [], [], [], []
    for number, row in enumerate(rows):
        where = f"{path.name}, line {number + 2}"
        mol = chemistry.Chem.MolFromSmiles(row["smiles"] or "")
        if mol is None or not mol.GetNumAtoms():
            raise ValueError(f"{where}: {row['smiles']!r} is no SMILES that RDKit can read")
        if mol.GetNumAtoms() > MOST_ATOMS:
            raise ValueError(
                f"{where}: {mol.GetNumAtoms()} atoms are too many to make a geometry of; give one "
                "as .xyz"
            )
        charges.append(chemistry.Chem.GetFormalCharge(mol))
        try:
            mol = chemistry.embed(mol, np.random.default_rng([0, number]))
        except chemistry.Dropped:
            raise ValueError(
                f"{where}: RDKit finds no geometry for {row['smiles']!r}; give one as .xyz"
            ) from None
        if chemistry.AllChem.MMFFHasAllMoleculeParams(mol):
            chemistry.AllChem.MMFFOptimizeMolecule(mol, maxIters=1000)
        frames.append(_atoms(mol))
        ids.append((row.get("id") or "").strip() or str(number))
        label = row.get(property_key)
        y.append(label_of(label, where) if label not in (None, "") else np.nan)
    molecules = located(path, Molecules.of, frames)
    smiles = tuple(row["smiles"] for row in rows)
    return Structures(path.stem, tuple(ids), molecules, np.array(y), np.array(charges), smiles)


def _atoms(mol):
    numbers = [atom.GetAtomicNum() for atom in mol.GetAtoms()]
    return ase.Atoms(numbers=numbers, positions=mol.GetConformer().GetPositions())


def _rdkit():
    """RDKit, with the embedding of the pools' builder."""
    try:
        from alutils.data.pools import chemistry
    except ImportError as error:
        raise ValueError(str(error).replace("building a pool", "reading SMILES or .sdf")) from None
    return chemistry
