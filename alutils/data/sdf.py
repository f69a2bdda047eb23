"""Records of .sdf and .mol files, one by one, with coordinates, hydrogens and properties.

RDKit reads the records; where they begin and end is decided here, since its supplier runs a record
whose last property lacks the blank line into the next. What RDKit finds wrong with valences or
aromaticity does not matter for coordinates: the molecule is taken, without SMILES.
"""

from __future__ import annotations

import numpy as np

from alutils.data.geometry import NO_HYDROGENS
from alutils.data.records import Bad, Record, each, named
from alutils.data.toolkit import chem

END_OF_RECORD, END_OF_MOLECULE = "$$$$", "M  END"
EMPTY = "is empty; remove it"


def read_sdf(text, reading):
    """The records of an .sdf, or the one of a .mol: a `Record` or a `Bad` for each."""

    def make(place, one, block):
        return _record(place, one, block, reading)

    numbered = enumerate(_blocks(text))
    return list(each(((f"record {k}", str(k), block) for k, block in numbered), make))


def _blocks(text):
    """The text of each record, without its last line."""
    lines = text.split("\n")
    begin = 0
    for end, line in enumerate(lines):
        if line.rstrip() == END_OF_RECORD:
            yield "\n".join(lines[begin:end])
            begin = end + 1
    rest = "\n".join(lines[begin:])
    if rest.strip():
        yield rest


def _record(place, otherwise, block, reading):
    Chem = chem()
    n_ends = sum(line.rstrip() == END_OF_MOLECULE for line in block.split("\n"))
    if not block.strip():
        raise ValueError(EMPTY)
    if n_ends > 1:
        raise ValueError(
            f"has {n_ends} molecules in one record; put a line {END_OF_RECORD} between"
        )
    mol = _parsed(block, Chem)
    if not mol.GetNumAtoms():
        raise ValueError(EMPTY)
    title = mol.GetProp("_Name").strip() if mol.HasProp("_Name") else ""
    known = {name: mol.GetProp(name) for name in mol.GetPropNames()}
    if reading.id_key is not None:
        names = [*known, "_Name"]
        key = named(reading.id_key, names, "identifier", "id_key (--id-key)")
        one, own = known.get(key, title).strip(), True
    else:
        one, own = title or otherwise, False
    try:
        return _checked(Record(place, one, known=known, own_id=own), mol, reading)
    except ValueError as error:
        return Bad(place, one, str(error))


def _parsed(block, Chem):
    """The molecule of a record with its properties, not sanitised."""
    for strict in (True, False):
        supplier = Chem.SDMolSupplier()
        supplier.SetData(
            f"{block}\n\n{END_OF_RECORD}\n", sanitize=False, removeHs=False, strictParsing=strict
        )
        try:
            mol = next(iter(supplier), None)
        except (OSError, RuntimeError, UnicodeDecodeError):
            mol = None
        if mol is not None:
            return mol
    raise ValueError("is not readable by RDKit; correct or remove it")


def _checked(record, mol, reading):
    """The record with geometry, charge and SMILES; ValueError where it has no geometry."""
    Chem = chem()
    for atom in mol.GetAtoms():
        if not atom.GetAtomicNum():
            raise ValueError(
                f"atom {atom.GetIdx()} ({atom.GetSymbol()}) is no element; give a whole molecule"
            )
    if not mol.GetNumConformers() or not mol.GetConformer().Is3D():
        raise ValueError("has no three-dimensional coordinates; give them, or its SMILES in a CSV")
    sound = Chem.Mol(mol)
    try:
        Chem.SanitizeMol(sound)
    except (ValueError, RuntimeError):
        record.smiles = ""
    else:
        mol = _with_hydrogens(sound, reading.hydrogens)
        record.hydrogens_known = reading.hydrogens != "as-is"
        record.smiles = Chem.MolToSmiles(Chem.RemoveHs(sound))
    record.numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
    record.positions = np.array(mol.GetConformer().GetPositions()) * reading.factor
    if not np.isfinite(record.positions).all():
        raise ValueError("a coordinate is not finite; correct or remove it")
    record.charge = int(Chem.GetFormalCharge(mol))
    return record


def _with_hydrogens(mol, hydrogens):
    """The molecule with all hydrogens; ValueError where they are missing and not to be added.

    One or two may be missing by intent, in a radical or a carbene, where others are there.
    """
    if hydrogens == "as-is":
        return mol
    missing = sum(atom.GetTotalNumHs() for atom in mol.GetAtoms())
    present = sum(atom.GetAtomicNum() == 1 for atom in mol.GetAtoms())
    if missing <= present and not (missing and not present):
        return mol
    if hydrogens == "add":
        return chem().AddHs(mol, addCoords=True)
    raise ValueError(NO_HYDROGENS)
