"""Files to arrays: each reader returns the keyword arguments of `MoleculeDataset`, or says why not.

Layouts: .npz with Z, R, N, homo; .xyz/.extxyz with a property per frame; the folder of the paper's
Zenodo records (mbtr_k2.npz and HOMO.txt); .txt with one label per line. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import ase
import ase.io
import numpy as np

from alutils.data.validation import (
    BROKEN,
    brief,
    check_frames,
    comment_line,
    read_arrays,
    sparse_matrix,
)

HARTREE = 27.211386245988  # eV (CODATA 2018)
LAYOUT = (
    "Z (atomic numbers) and R (positions in angstrom) of all atoms, N (atoms per molecule), "
    "homo (eV)"
)


def frozen(values, dtype):
    array = np.array(values, dtype=dtype, order="C")
    array.flags.writeable = False
    return array


def digest_of(*arrays) -> str:
    """sha256 over types, shapes and bytes."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


class Molecules(Sequence):
    """A sequence of ase.Atoms, made on access from concatenated arrays; read-only.

    Attributes
    ----------
    numbers : (m,) uint8, atomic numbers of all atoms
    positions : (m, 3) float64, angstrom
    counts : (n,) int64, atoms per molecule; molecule k has rows offsets[k] to offsets[k + 1]
    sha256 : digest of the geometry alone

    Raises
    ------
    ValueError : lengths that differ, a molecule without atoms, an atomic number outside 1 to 118,
        a position that is not finite.
    """

    def __init__(self, numbers, positions, counts):
        numbers, positions, counts = map(np.asarray, (numbers, positions, counts))
        for name, array in (("Z", numbers), ("N", counts)):
            if array.ndim != 1 or array.dtype.kind not in "iu":
                raise ValueError(
                    f"{name} is {array.dtype} of shape {array.shape}; give a list of integers"
                )
        if positions.dtype.kind not in "fiu":
            raise ValueError(f"R holds {positions.dtype}, not numbers in angstrom")
        if len(counts) and counts.min() < 1:
            raise ValueError(f"N: molecule {counts.argmin()} has {counts.min()} atoms; remove it")
        if len(counts) and counts.max() > len(numbers):  # the sum below could overflow
            raise ValueError(
                f"N: molecule {counts.argmax()} has {counts.max()} atoms, Z only {len(numbers)}"
            )
        total = int(counts.sum(dtype=np.int64))
        if len(numbers) != total or positions.shape != (total, 3):
            raise ValueError(
                f"the sum of N is {total} atoms, but Z has length {len(numbers)} and R shape "
                f"{positions.shape}; make them ({total},) and ({total}, 3)"
            )
        self.counts = frozen(counts, np.int64)
        self.offsets = frozen(np.concatenate([[0], np.cumsum(self.counts)]), np.int64)
        bad = np.flatnonzero((numbers < 1) | (numbers > 118))
        if bad.size:
            raise ValueError(
                f"Z: atomic number {numbers[bad[0]]} in molecule {self.molecule_of(bad[0])}; "
                "it must lie in 1 to 118"
            )
        self.numbers = frozen(numbers, np.uint8)
        self.positions = frozen(positions, np.float64)
        bad = np.flatnonzero(~np.isfinite(self.positions).all(axis=1))
        if bad.size:
            raise ValueError(
                f"R: position {positions[bad[0]]} in molecule {self.molecule_of(bad[0])} is not "
                "finite; correct or remove the molecule"
            )

    @classmethod
    def of(cls, frames):
        """From a sequence of ase.Atoms; a cell and periodic boundaries are dropped."""
        frames = list(frames)
        Z = np.concatenate([np.zeros(0, int), *(frame.numbers for frame in frames)])
        R = np.concatenate([np.zeros((0, 3)), *(frame.positions for frame in frames)])
        return cls(Z, R, np.array([len(frame) for frame in frames], int))

    def molecule_of(self, atom) -> int:
        """Index of the molecule that an atom, counted over all molecules, belongs to."""
        return int(np.searchsorted(self.offsets, atom, side="right") - 1)

    def take(self, index):
        """The molecules at these places, (k,) int, in this order."""
        counts = self.counts[index]
        starts = np.cumsum(counts) - counts
        atoms = np.repeat(self.offsets[index] - starts, counts) + np.arange(counts.sum())
        return Molecules(self.numbers[atoms], self.positions[atoms], counts)

    def __len__(self):
        return len(self.counts)

    def __getitem__(self, index):
        if isinstance(index, slice):
            chosen = np.zeros(len(self), bool)
            chosen[index] = True
            atoms = np.repeat(chosen, self.counts)
            return Molecules(self.numbers[atoms], self.positions[atoms], self.counts[chosen])
        k = range(len(self))[index]
        rows = slice(self.offsets[k], self.offsets[k + 1])
        return ase.Atoms(numbers=self.numbers[rows], positions=self.positions[rows])

    @cached_property
    def sha256(self) -> str:
        return digest_of(self.numbers, self.positions, self.counts)


def read_any(path: Path, property_key: str = "homo") -> dict:
    """The reader for a path, chosen by its kind; `property_key` is for .xyz and .extxyz."""
    if path.is_dir():
        return read_zenodo(path)
    readers = {".npz": read_npz, ".txt": read_labels}
    if path.suffix in (".xyz", ".extxyz"):
        return read_xyz(path, property_key)
    if path.suffix not in readers:
        raise ValueError(
            f"{path.name}: unknown kind of file {path.suffix!r}; give .npz, .xyz, .extxyz, .sdf, "
            ".csv, .txt or a folder that holds mbtr_k2.npz and HOMO.txt"
        )
    return readers[path.suffix](path)


def located(path, make, *arguments):
    """``make(*arguments)``, whose ValueError then names the file."""
    try:
        return make(*arguments)
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from None


def read_npz(path: Path) -> dict:
    """The layout of the embedded pools and of the local sets.

    Z (m,) atomic numbers and R (m, 3) positions in angstrom, both concatenated over molecules;
    N (n,) atoms per molecule; homo (n,) in eV. Optional: smiles (n,), charge (n,), and meta, a 0-d
    text array that holds JSON and becomes `info`.
    """
    arrays = read_arrays(path)
    missing = [key for key in ("Z", "R", "N", "homo") if key not in arrays]
    if missing:
        raise ValueError(
            f"{path.name}: array{'s' * (len(missing) > 1)} {', '.join(missing)} missing, found "
            f"{', '.join(sorted(arrays)) or 'none'}; needed are {LAYOUT}. A sparse MBTR of the "
            "Zenodo layout is loaded by the name of its folder"
        )
    for key, what, kinds in (("homo", "labels", "fiu"), ("charge", "charges", "iu")):
        if key in arrays and arrays[key].dtype.kind not in kinds:
            wanted = "numbers; give eV" if key == "homo" else "integers"
            raise ValueError(
                f"{path.name}: {key} is {arrays[key].dtype}: the {what} are not {wanted}"
            )
    try:
        info = dict(json.loads(str(arrays["meta"][()]))) if "meta" in arrays else {}
        smiles = None if "smiles" not in arrays else _texts(arrays["smiles"])
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"{path.name}: meta is not JSON of a mapping, or smiles no list of text "
            f"({brief(error)}); write it anew"
        ) from None
    return {
        "y": arrays["homo"],
        "molecules": located(path, Molecules, *map(arrays.get, "ZRN")),
        "smiles": smiles,
        "charges": arrays.get("charge"),
        "info": info,
    }


def _texts(array):
    """An array of text, or of UTF-8 bytes, as a tuple of str."""
    if array.ndim != 1 or array.dtype.kind not in "SU":
        raise ValueError(f"smiles is {array.dtype} of shape {array.shape}")
    array = np.char.decode(array, "utf-8") if array.dtype.kind == "S" else array
    return tuple(str(text) for text in array)


def read_xyz(path: Path, property_key: str = "homo") -> dict:
    """All frames of an .xyz or .extxyz; the label is `property_key` of each comment line, in eV.

    A cell and periodic boundaries, if there are any, are dropped: these are molecules.
    """
    frames = read_frames(path)
    y = np.empty(len(frames))
    for index, frame in enumerate(frames):
        known = dict(frame.calc.results if frame.calc else {}, **frame.info)
        if property_key not in known:
            raise ValueError(
                f"{path.name}: frame {index} has no property {property_key!r}, found "
                f"{', '.join(sorted(known)) or 'none'}; write {property_key}=<eV> into the "
                "comment line or name another with property_key"
            )
        value = known[property_key]
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            raise ValueError(
                f"{path.name}: property {property_key!r} of frame {index} is {value!r}, not a "
                "number in eV; correct the comment line"
            )
        y[index] = value
    return {"y": y, "molecules": located(path, Molecules.of, frames)}


def read_frames(path: Path) -> list:
    """All frames of an .xyz or .extxyz as ase.Atoms, at least one."""
    check_frames(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # ase goes on with what it took for a number
            frames = ase.io.read(path, index=":", format="extxyz", properties_parser=comment_line)
    except Exception as error:  # ase raises what its parsers happen to meet
        raise ValueError(
            f"{path.name}: not a readable .xyz ({type(error).__name__}: {error}); each frame is "
            "the number of atoms, a comment line, and one line per atom"
        ) from None
    if not frames:
        raise ValueError(f"{path.name}: no molecule in the file; give at least one frame")
    return frames


def read_labels(path: Path) -> dict:
    """One label in eV per line: labels alone, no geometry and no descriptor."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return {"y": np.array([float(line) for line in lines if line.strip()])}
    except ValueError as error:
        raise ValueError(f"{path.name}: not one label in eV per line ({error})") from None


def read_zenodo(folder: Path) -> dict:
    """The paper's Zenodo layout: mbtr_k2.npz (scipy sparse) and HOMO.txt (eV), no geometry."""
    for name in ("mbtr_k2.npz", "HOMO.txt"):
        if not (folder / name).is_file():
            raise ValueError(
                f"{folder.name}: {name} is not in the folder; the Zenodo layout is mbtr_k2.npz "
                "(scipy.sparse.save_npz) and HOMO.txt (eV, one per line)"
            )
    try:
        X = sparse_matrix(**read_arrays(folder / "mbtr_k2.npz"))
    except BROKEN as error:
        raise ValueError(
            f"{folder.name}: mbtr_k2.npz: not a matrix of scipy.sparse.save_npz "
            f"({brief(error)}); download it again"
        ) from None
    return {"y": read_labels(folder / "HOMO.txt")["y"], "X": X}
