"""The page "Bring your own": three files such as people have, and the commands that a reader types.

The files hold molecules of the embedded pools, whose labels are known: they answer the queries, as
a measurement would.
"""

from __future__ import annotations

import csv
import io
import shlex
import tempfile
import textwrap
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import ase.io
import numpy as np
import pandas as pd
from ase.units import Hartree, kJ, mol
from rdkit import Chem
from rdkit.Chem import rdDetermineBonds
from scipy.stats import hypergeom

from alutils.__main__ import commands
from alutils.campaign import campaign
from alutils.campaign.folder import FAILED, table
from alutils.data.datasets import load
from alutils.storage.command_line import PROGRAM

WIDTH = 78  # characters that a page shows of a printed line
N_LABELLED = 80  # molecules of the .extxyz that have a label already
OF_THE_MACHINE = "fits here:"  # begins a line that is another one elsewhere
XYZ, SDF, CSV = "aminoacids.extxyz", "conjugated.sdf", "organics.csv"
POOLS = {XYZ: "aminoacids", SDF: "optoelectronics", CSV: "organics"}
BAD_SMILES = "C1CC(=O"


@dataclass(frozen=True)
class Desk:
    """A folder with files and campaigns.

    labels : identifier -> label, in the unit of its file; None where nobody can measure it
    """

    folder: Path
    labels: dict

    def run(self, words):
        """Print a command line, and what the command says in the folder, without a shell."""
        lines = textwrap.wrap(f"$ {PROGRAM} {words}", WIDTH - 2, break_on_hyphens=False)
        said = io.StringIO()
        with chdir(self.folder), redirect_stdout(said), redirect_stderr(said):
            commands.main(shlex.split(words), PROGRAM, standalone_mode=False)
        print(" \\\n    ".join(lines))
        for line in said.getvalue().splitlines():
            if not line.startswith(OF_THE_MACHINE):
                print(textwrap.fill(line, WIDTH, subsequent_indent="  ", break_on_hyphens=False))

    def fill(self, name, factor=1.0):
        """Write the known labels, times a factor, into the newest batch.csv of a campaign.

        Returns
        -------
        its path, in the folder
        """
        path = sorted(self.folder.glob(f"{name}/batch-*/batch.csv"))[-1]
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            label = self.labels[row["id"]]
            row["label"] = FAILED if label is None else f"{label * factor:.6g}"
        path.write_text(table(rows[0], (row.values() for row in rows)), encoding="utf-8")
        return path.relative_to(self.folder).as_posix()

    def go_on(self, name, n_labels):
        """Ask, fill in and tell until a campaign has so many labels."""
        while len(self.state(name).labels) < n_labels:
            self.run(f"ask {name}")
            self.run(f"tell {name} {self.fill(name)}")

    def state(self, name):
        """Of a campaign, an `alutils.campaign.folder.State`."""
        return campaign.read(self.folder / name)


def set_up(n_molecules, seed=0):
    """Write the three files into a temporary folder.

    Parameters
    ----------
    n_molecules : in each, more than `N_LABELLED`;  seed : of which ones, and which have a label

    Returns
    -------
    Desk
    """
    if n_molecules <= N_LABELLED:
        raise ValueError(f"n_molecules={n_molecules}: give more than {N_LABELLED}")
    desk = Desk(Path(tempfile.mkdtemp()), {})
    rng = np.random.default_rng(seed)
    for name, write in ((XYZ, _write_xyz), (SDF, _write_sdf), (CSV, _write_csv)):
        pool = load(POOLS[name])
        order = rng.permutation(len(pool))
        desk.labels.update(write(desk.folder / name, pool, order, n_molecules))
    return desk


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
    with Chem.SDWriter(str(path)) as writer:
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
    molecule = Chem.AddHs(Chem.MolFromSmiles(smiles))
    placed = Chem.RWMol()
    for number in atoms.numbers:
        placed.AddAtom(Chem.Atom(int(number)))
    shape = Chem.Conformer(len(atoms))
    shape.SetPositions(atoms.positions.astype(float))
    placed.AddConformer(shape)
    rdDetermineBonds.DetermineConnectivity(placed)
    order = list(_bare(placed).GetSubstructMatch(_bare(molecule)))
    if not order:
        return None
    shape.SetPositions(atoms.positions[order].astype(float))
    molecule.AddConformer(shape)
    return molecule


def _bare(molecule):
    """Elements, and which of them are bound, whatever the bonds are."""
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


def progress(desk, name):
    """Labels and hits of a campaign after each batch, beside random sampling.

    Returns
    -------
    frame with n_labels, n_found (molecules), expected, low and high (found by as many molecules
    drawn at random: mean and 95 % interval); attrs has n_pool and n_target
    """
    state = desk.state(name)
    y = np.array([desk.labels[one] for one in state.pool.ids], dtype=float)
    inside = state.target.contains(y)
    brought = sorted(state.labels.keys() - {k for batch in state.batches for k in batch})
    parts = [*([brought] if brought else []), *state.batches]
    n = np.cumsum([len(part) for part in parts])
    frame = pd.DataFrame({"n_labels": n, "n_found": np.cumsum([inside[p].sum() for p in parts])})
    n_pool, n_target = len(y), int(inside.sum())
    low, high = (hypergeom.ppf(q, n_pool, n_target, n) for q in (0.025, 0.975))
    frame = frame.assign(expected=n * n_target / n_pool, low=low, high=high)
    frame.attrs = {"n_pool": n_pool, "n_target": n_target}
    return frame
