"""Original files, as their authors laid them out, to arrays Z, R, N and homo of our own layout.

QM9's archive holds one .xyz of its own kind per molecule; the paper's Zenodo records hold data.xyz,
all molecules one after the other, and HOMO.txt, their labels in the same order.
"""

from __future__ import annotations

import sys
import tarfile
import zlib
from itertools import islice

import numpy as np
from ase.data import atomic_numbers
from tqdm import tqdm

from alutils.data.readers import HARTREE, read_labels

MOST_BYTES = 100_000  # of one molecule in QM9's archive; they have about 2000


def read_qm9_archive(path):
    """Arrays Z, R (angstrom), N and homo (eV) of the molecules of QM9's archive, in their order.

    Each file in it is the .xyz of one molecule: the number of atoms; a line of properties, of which
    the eighth is the HOMO in hartree; the atoms; frequencies, SMILES and InChI, which are not read.

    Raises
    ------
    ValueError : no archive, or none of QM9's molecules.
    """
    molecules = {}
    try:
        with tarfile.open(path) as archive:
            for member in _watched(archive, "QM9"):
                if member.isfile():
                    if member.size > MOST_BYTES:
                        raise ValueError(f"{path.name}: {member.name} is too large for a molecule")
                    content = archive.extractfile(member).read()
                    molecules[member.name] = _qm9_molecule(content, f"{path.name}: {member.name}")
    except (tarfile.TarError, EOFError, OSError, zlib.error, OverflowError) as error:
        raise ValueError(
            f"{path.name}: not a whole archive ({type(error).__name__}): download it again"
        ) from None
    if not molecules:
        raise ValueError(f"{path.name}: no molecule in the archive: download it again")
    # The files are numbered with leading zeros: by name is by number.
    numbers, positions, homo = zip(*(molecules[key] for key in sorted(molecules)), strict=True)
    return {
        "Z": np.concatenate(numbers),
        "R": np.concatenate(positions),
        "N": np.array([len(atoms) for atoms in numbers], np.uint8),
        "homo": np.array(homo, np.float32),
    }


def _qm9_molecule(content, place):
    """Atomic numbers (k,), positions (k, 3) in angstrom and HOMO in eV of one .xyz of QM9."""
    try:
        lines = content.decode().splitlines()
        atoms = [line.split() for line in lines[2 : 2 + int(lines[0])]]
        numbers = [atomic_numbers[atom[0]] for atom in atoms]
        # QM9 writes some exponents as 1.2*^-6.
        positions = [[float(text.replace("*^", "e")) for text in atom[1:4]] for atom in atoms]
        if len(atoms) != int(lines[0]):
            raise ValueError(f"{lines[0]} atoms announced, {len(atoms)} found")
        homo = float(lines[1].split()[7]) * HARTREE
        return np.array(numbers, np.uint8), np.array(positions, np.float32).reshape(-1, 3), homo
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise ValueError(f"{place} is not a molecule of QM9 ({error!r})") from None


def read_zenodo_molecules(folder):
    """Arrays Z, R (angstrom), N and homo (eV) of a folder with data.xyz and HOMO.txt.

    Each frame of data.xyz is the number of atoms, a comment line, which is not read, and a line
    per atom: symbol, x, y and z; what follows on it is not read.

    Raises
    ------
    ValueError : a frame of another layout; another number of labels than of frames.
    """
    path, frames = folder / "data.xyz", []
    try:
        with open(path, encoding="utf-8") as lines:
            for head in _watched(lines, path.name):
                if head.strip():
                    frames.append(_frame(int(head), lines))
                elif any(line.strip() for line in lines):
                    raise ValueError("a blank line in the place of a number of atoms")
    except (IndexError, KeyError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{path.name}: molecule {len(frames)} is not the number of atoms, a comment line and a "
            f"line of symbol, x, y, z per atom ({error!r}): give your own .npz of it as data set"
        ) from None
    homo = read_labels(folder / "HOMO.txt")["y"]
    if len(homo) != len(frames) or not frames:
        raise ValueError(
            f"{path.name} holds {len(frames)} molecules, HOMO.txt {len(homo)} labels: give your "
            "own .npz of those that belong together as data set"
        )
    return {
        "Z": np.concatenate([numbers for numbers, _ in frames]),
        "R": np.concatenate([positions for _, positions in frames]),
        "N": np.array([len(numbers) for numbers, _ in frames], np.uint16),
        "homo": homo,
    }


def _frame(n_atoms, lines):
    """Atomic numbers (n_atoms,) and positions (n_atoms, 3) from the lines behind a head."""
    if n_atoms < 1:
        raise ValueError(f"{n_atoms} atoms")
    next(lines, None)
    atoms = [line.split() for line in islice(lines, n_atoms)]
    if len(atoms) != n_atoms:
        raise ValueError(f"{n_atoms} atoms announced, {len(atoms)} found")
    numbers = np.array([atomic_numbers[atom[0]] for atom in atoms], np.uint8)
    positions = [[float(text) for text in (atom[1], atom[2], atom[3])] for atom in atoms]
    return numbers, np.array(positions, np.float32)


def _watched(things, what):
    """The same things, with a bar where somebody watches."""
    return tqdm(things, desc=f"reading {what}", unit="", disable=not sys.stderr.isatty())
