"""The spectrum of London and Axilrod-Teller-Muto potentials (SLATM): pairs and triples of atoms.

B. Huang, O. A. von Lilienfeld, Nat. Chem. 12, 945 (2020); grids, widths and the form of each term
are those of qmllib, which compiles it. Here it is NumPy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers

R_FIRST = 0.1  # angstrom, where the grid of distances begins
ANGLE_MARGIN = np.radians(20)  # that the grid of angles has beyond 0 and pi


@dataclass(frozen=True)
class SLATMSettings:
    """How pairs and triples of atoms are weighed and smeared.

    cutoff : angstrom; a pair, and each side of a triple, is shorter
    sigma_r, sigma_angle : widths of the Gaussians, angstrom and radian
    step : of both grids, angstrom and radian
    species : chemical symbols; None takes the data set's
    """

    cutoff: float = 4.8
    sigma_r: float = 0.05
    sigma_angle: float = 0.05
    step: float = 0.03
    species: tuple[str, ...] | None = None

    def __str__(self):
        return f"SLATM to {self.cutoff:g} Å"

    def n_columns(self, n_species: int) -> int:
        """Each of n_species elements, each pair of them, each triple with its middle atom."""
        r, angles = _grids(self)
        return n_species + n_pairs(n_species) * (len(r) + n_species * len(angles))

    def rows(self, species: Sequence[str], molecules: Iterable[Atoms]) -> Iterator[np.ndarray]:
        """The row of each of some molecules, (d,) float64.

        species : chemical symbols, by atomic number;  molecules : of which each is an `ase.Atoms`

        First the nuclear charges of each element. Then for each pair of elements the sum over pairs
        of atoms of Z Z' / r^6 times a Gaussian at their distance. Then for each middle element and
        pair of ends the sum over triples of Z Z' Z'' (1 + cos cos' cos'') / (3 (r r' r'')^3) times
        a Gaussian at the middle angle. The r of a pair and the middle cosine are the grid's.
        """
        grids = _grids(self)
        z_of = np.array([atomic_numbers[symbol] for symbol in species])
        for atoms in molecules:
            kind = np.searchsorted(z_of, atoms.numbers)
            charges = np.bincount(kind, atoms.numbers, len(species))
            sides = _sides(atoms.positions, self.cutoff)
            pairs = _pairs(self, grids[0], z_of, kind, sides)
            yield np.concatenate([charges, pairs, _triples(self, grids[1], z_of, kind, sides)])


SLATM = SLATMSettings()


def n_pairs(n):
    """Unordered pairs of n elements, those with themselves among them."""
    return n * (n + 1) // 2


def _grids(settings):
    """Distances, angstrom, and angles, radian."""
    ends = (R_FIRST, settings.cutoff), (-ANGLE_MARGIN, np.pi + ANGLE_MARGIN)
    return [np.linspace(a, b, int((b - a) / settings.step) + 1) for a, b in ends]


def _sides(positions, cutoff):
    """(n, n, 3) unit vectors from each atom to each other, and (n, n) distances, beyond the cutoff
    and of an atom to itself infinite."""
    vectors = positions[None] - positions[:, None]
    distances = np.linalg.norm(vectors, axis=2)
    distances[(distances > cutoff) | (distances == 0)] = np.inf
    return vectors / distances[:, :, None], distances


def _pairs(settings, grid, z_of, kind, sides):
    """(pairs of elements x grid,) sum over pairs of atoms."""
    i, j = np.nonzero(np.triu(np.isfinite(sides[1])))
    weights = z_of[kind[i]] * z_of[kind[j]]
    smeared = _smeared(grid, sides[1][i, j], settings.sigma_r, settings.step)
    blocks = _pair_of(kind[i], kind[j], len(z_of))
    return (_sums(blocks, n_pairs(len(z_of)), weights[None], smeared)[0] / grid**6).ravel()


def _triples(settings, grid, z_of, kind, sides):
    """(elements x pairs of elements x grid,) sum over triples of atoms, j in the middle."""
    unit, distances = sides
    near = np.isfinite(distances)
    i, k = np.nonzero(np.triu(near))
    side, j = np.nonzero(near[i] & near[k])
    i, k = i[side], k[side]
    at_i, at_j, at_k = (_cosines(unit, *turn) for turn in ((i, j, k), (j, i, k), (k, i, j)))
    r = distances[i, j] * distances[j, k] * distances[i, k]
    weights = z_of[kind[i]] * z_of[kind[j]] * z_of[kind[k]] / (3 * r**3)
    smeared = _smeared(grid, np.arccos(at_j), settings.sigma_angle, settings.step)
    n = len(z_of)
    blocks = kind[j] * n_pairs(n) + _pair_of(kind[i], kind[k], n)
    both = np.stack([weights, weights * at_i * at_k])
    plain, turned = _sums(blocks, n * n_pairs(n), both, smeared)
    return (plain + np.cos(grid) * turned).ravel()


def _cosines(unit, at, a, b):
    return np.clip(np.einsum("td,td->t", unit[at, a], unit[at, b]), -1, 1)


def _pair_of(a, b, n):
    """Number of an unordered pair among n elements."""
    low, high = np.minimum(a, b), np.maximum(a, b)
    return low * n - low * (low - 1) // 2 + high - low


def _smeared(grid, at, sigma, step):
    """(t, len(grid)) Gaussians of unit area, times the step."""
    height = step / np.sqrt(2 * np.pi * sigma**2)
    return height * np.exp(-((grid - at[:, None]) ** 2) / (2 * sigma**2))


def _sums(blocks, n_blocks, weights, smeared):
    """Weighted sums of the rows of each block.

    blocks : (t,) ints;  weights : (m, t);  smeared : (t, g);  returns (m, n_blocks, g)
    """
    sums = np.zeros((len(weights), n_blocks, smeared.shape[1]))
    for block in np.unique(blocks):
        members = blocks == block
        sums[:, block] = weights[:, members] @ smeared[members]
    return sums
