"""Geometries of many molecules in three arrays, and the digest of arrays."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property

import ase
import numpy as np


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


def check_layout(numbers, positions, counts):
    """ValueError unless the arrays of `Molecules` are of the right kinds and fit together."""
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

    def __init__(self, numbers: np.ndarray, positions: np.ndarray, counts: np.ndarray) -> None:
        numbers, positions, counts = map(np.asarray, (numbers, positions, counts))
        check_layout(numbers, positions, counts)
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
    def of(cls, frames: Iterable[ase.Atoms]) -> Molecules:
        """From frames, a sequence of ase.Atoms; a cell and periodic boundaries are dropped."""
        frames = list(frames)
        Z = np.concatenate([np.zeros(0, int), *(frame.numbers for frame in frames)])
        R = np.concatenate([np.zeros((0, 3)), *(frame.positions for frame in frames)])
        return cls(Z, R, np.array([len(frame) for frame in frames], int))

    def molecule_of(self, atom: int) -> int:
        """Position of the molecule that an atom, counted over all molecules, belongs to."""
        return int(np.searchsorted(self.offsets, atom, side="right") - 1)

    def take(self, index: Sequence[int] | np.ndarray) -> Molecules:
        """The molecules at these places, index (k,) int, in this order."""
        counts = self.counts[index]
        starts = np.cumsum(counts) - counts
        atoms = np.repeat(self.offsets[index] - starts, counts) + np.arange(counts.sum())
        return Molecules(self.numbers[atoms], self.positions[atoms], counts)

    def __len__(self) -> int:
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
        """Digest of the geometry alone."""
        return digest_of(self.numbers, self.positions, self.counts)

    @property
    def content_sha256(self) -> str:
        """Digest of what the molecules were given by: here their geometry."""
        return self.sha256
