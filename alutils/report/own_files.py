"""Three files of molecules such as people have, of the embedded pools, whose labels are known."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import ase.io
import numpy as np
from ase.units import Hartree, kJ, mol

from alutils.data.datasets import load
from alutils.data.toolkit import chem

N_LABELLED = 100  # molecules of the .extxyz that have a label already
XYZ, SDF, CSV = "aminoacids.extxyz", "conjugated.sdf", "ionisation.csv"
POOLS = {XYZ: "aminoacids", SDF: "optoelectronics", CSV: "organics"}
BAD_SMILES = "C1CC(=O"  # its ring is not closed


def write(folder, n_molecules, seed=0):
    """Write geometries in eV, an SDF in hartree and SMILES in kJ/mol.

    Parameters
    ----------
    folder : of the files
    n_molecules : in each, more than `N_LABELLED`;  seed : of which ones, and which have a label

    Returns
    -------
    identifier -> label, in the unit of its file; None where nobody can measure it

    Raises
    ------
    ValueError : too few molecules, or more than there are.
    """
    if n_molecules <= N_LABELLED:
        raise ValueError(f"n_molecules={n_molecules}: give more than {N_LABELLED}")
    labels, rng = {}, np.random.default_rng(seed)
    for name, write_file in ((XYZ, _write_xyz), (SDF, _write_sdf), (CSV, _write_csv)):
        pool = load(POOLS[name])
        if n_molecules > len(pool):
            raise ValueError(f"n_molecules={n_molecules}: {pool.name} has {len(pool)}")
        order = rng.permutation(len(pool))
        labels |= write_file(Path(folder) / name, pool, order, n_molecules)
    return labels


def _write_xyz(path, pool, order, n):
    """Geometries, the first of them with their HOMO in eV."""
    frames, labels = [], {}
    for number, k in enumerate(order[:n]):
        atoms, one = pool.molecules[k], f"aa-{k}"
        labels[one] = float(pool.y[k])
        atoms.info = {"id": one, "charge": int(pool.charges[k])}
        if number < N_LABELLED:
            atoms.info["homo"] = round(labels[one], 4)
        frames.append(atoms)
    ase.io.write(path, frames, format="extxyz")
    return labels


def _write_sdf(path, pool, order, n):
    """Geometries with bonds, all with their HOMO in hartree as a data field."""
    labels = {}
    with chem().SDWriter(str(path)) as writer:
        placed = ((k, _with_bonds(pool.molecules[k], pool.smiles[k])) for k in order)
        for k, molecule in islice(((k, one) for k, one in placed if one is not None), n):
            one = f"oe-{k}"
            labels[one] = float(pool.y[k]) / Hartree
            molecule.SetProp("_Name", one)
            molecule.SetProp("E_HOMO", f"{labels[one]:.6f}")
            writer.write(molecule)
    return labels


def _with_bonds(atoms, smiles):
    """The molecule of a SMILES, placed; None where the distances mean other bonds."""
    from rdkit.Chem.rdDetermineBonds import DetermineConnectivity

    Chem = chem()
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    placed = Chem.RWMol()
    for number in atoms.numbers:
        placed.AddAtom(Chem.Atom(int(number)))
    shape = Chem.Conformer(len(atoms))
    shape.SetPositions(atoms.positions.astype(float))
    placed.AddConformer(shape)
    DetermineConnectivity(placed)
    order = list(_bare(placed).GetSubstructMatch(_bare(molecule)))
    if not order:
        return None
    shape.SetPositions(atoms.positions[order].astype(float))
    molecule.AddConformer(shape)
    return molecule


def _bare(molecule):
    """Elements, and which of them are bound, whatever the bonds are."""
    Chem = chem()
    bare = Chem.RWMol()
    for atom in molecule.GetAtoms():
        bare.AddAtom(Chem.Atom(atom.GetAtomicNum()))
    for bond in molecule.GetBonds():
        bare.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return bare


def _write_csv(path, pool, order, n):
    """SMILES and ionisation energies in kJ/mol, by Koopmans' theorem the HOMO's negative."""
    labels, rows = {}, []
    for number, k in enumerate(order[:n]):
        one = f"org-{k}"
        labels[one] = float(-pool.y[k] * mol / kJ) if number else None
        shown = f"{labels[one]:.1f}" if number else "n/a"
        rows.append((one, pool.smiles[k], shown))
    rows.insert(2, ("org-x", BAD_SMILES, "930.0"))
    lines = [";".join(row) for row in [("name", "SMILES", "IE_kJ_mol"), *rows]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return labels
