"""What the distances between atoms say: coincident atoms, another unit of length, no hydrogens.

A bond is about as long as the sum of the covalent radii of its atoms (B. Cordero et al., Dalton
Trans. 2008, 2832): from 0.75 (triple bonds) to 1.25 times that. Positions in bohr or picometres
make it longer than any bond, those in nanometres shorter.
"""

from __future__ import annotations

import ase.units
import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii
from scipy.spatial import cKDTree

CLOSEST = 0.5  # angstrom; the shortest bond, of H2, has 0.74
UNITS = {"angstrom": 1.0, "nm": 10.0, "bohr": ase.units.Bohr, "pm": 0.01}  # in angstrom
NO_BOND = 1.35  # times the sum of the covalent radii
MOST_PAIRS = 2**22  # of atoms, looked at in one go
NOBLE = np.isin(np.arange(119), [atomic_numbers[s] for s in ("He", "Ne", "Ar", "Kr", "Xe", "Rn")])
RADII = np.where(covalent_radii < 0.25, 1.6, covalent_radii)  # 0.2 stands for an unknown one
RADII[1] = covalent_radii[1]
# Bond order of a length r: exp((r0 - r) / 0.3 angstrom), r0 that of a single bond (Pauling 1947).
PAULING = 0.3
VALENCE = 4  # of carbon
# Of 46 000 molecules (QM9, OE62, our pools) none with its hydrogens lacks as much, .53 at most;
# without them 19 of 20 do, and the others are known by their neighbours in the file.
LACKING_PER_CARBON, LACKING = 0.55, 1.6  # bonds: of a carbon atom on average, and in all
# What is done about missing hydrogens; only a file with bonds says where they go.
HYDROGENS = ("refuse", "add", "as-is")


def _chunks(counts):
    """Indices of molecules of equal size, as many as make `MOST_PAIRS` pairs of atoms."""
    for size in np.unique(counts):
        same = np.flatnonzero(counts == size)
        step = max(1, MOST_PAIRS // int(size) ** 2)
        for first in range(0, len(same), step):
            yield int(size), same[first : first + step]


def survey(molecules):
    """Shortest distances of each molecule, and the bonds that its carbon atoms lack.

    Returns
    -------
    closest : (n,) angstrom, inf for a single atom
    ratio : (n,) the same in sums of covalent radii; noble gases count as unbound, with inf
    lacks : (n,) bool, the carbon atoms lack so many bonds that hydrogens must be missing
    """
    n = len(molecules)
    closest, ratio, lacks = np.full(n, np.inf), np.full(n, np.inf), np.zeros(n, bool)
    for size, index in _chunks(molecules.counts):
        rows = molecules.offsets[index][:, None] + np.arange(size)
        Z, R = molecules.numbers[rows], molecules.positions[rows]
        if size * size > MOST_PAIRS:
            closest[index], ratio[index] = _nearest(Z[0], R[0])
        elif size > 1:
            closest[index], ratio[index], lacks[index] = _all_pairs(Z, R)
    return closest, ratio, lacks


def _all_pairs(Z, R):
    """As `survey`, of k molecules of equal size: Z (k, n), R (k, n, 3)."""
    square = sum((R[:, :, None, axis] - R[:, None, :, axis]) ** 2 for axis in range(3))
    n = Z.shape[1]
    square[:, range(n), range(n)] = np.inf
    distance = np.sqrt(square)
    radii = RADII[Z][:, :, None] + RADII[Z][:, None, :]
    free = NOBLE[Z][:, :, None] | NOBLE[Z][:, None, :]
    orders = np.where(distance < NO_BOND * radii, np.exp((radii - distance) / PAULING), 0)
    missing = np.where(Z == 6, np.maximum(0, VALENCE - orders.sum(axis=2)), 0).sum(axis=1)
    lacks = (missing >= LACKING) & (missing >= LACKING_PER_CARBON * (Z == 6).sum(axis=1))
    ratio = np.where(free, np.inf, distance / radii).min(axis=(1, 2))
    return distance.min(axis=(1, 2)), ratio, lacks


def _nearest(Z, R):
    """Shortest distance of a large molecule, and in sums of covalent radii, by a tree."""
    distance, other = cKDTree(R).query(R, k=2)
    pairs = np.where(NOBLE[Z] | NOBLE[Z[other[:, 1]]], np.inf, RADII[Z] + RADII[Z[other[:, 1]]])
    return distance[:, 1].min(), (distance[:, 1] / pairs).min() or np.inf


def problems(molecules, hydrogens_known, unit=None, hydrogens="refuse"):
    """What is wrong with geometries, by molecule.

    Parameters
    ----------
    molecules : Molecules, angstrom
    hydrogens_known : (n,) bool, True where a graph has said that they are all there
    unit : of the file, a key of `UNITS`; None if nobody has said it
    hydrogens : of `HYDROGENS`

    Returns
    -------
    dict : index -> reason, with the remedy
    """
    closest, ratio, lacks = survey(molecules)
    found = {}
    for k in np.flatnonzero(closest < CLOSEST):
        found[int(k)] = _too_close(molecules, int(k), unit)
    if unit is None:
        looks = _longer_unit(ratio[(molecules.counts > 1) & np.isfinite(ratio)])
        for k in np.flatnonzero(ratio * UNITS[looks] < NO_BOND) if looks else ():
            found.setdefault(int(k), TOO_FAR.format(unit=looks))
    if hydrogens != "as-is":
        for k in _without_hydrogens(molecules, lacks & ~np.asarray(hydrogens_known)):
            found.setdefault(int(k), NO_HYDROGENS)
    return found


NO_HYDROGENS = (
    'hydrogens are missing: give all atoms, or an .sdf, whose bonds say where hydrogens="add" '
    '(--hydrogens add) puts them; "as-is" takes the molecule without'
)


TOO_FAR = (
    "its closest atoms are farther apart than any bond, as in most of the file: positions in "
    "{unit}? Say so with length_unit (--length-unit {unit}), or angstrom if they are not"
)


def _too_close(molecules, k, unit):
    rows = slice(molecules.offsets[k], molecules.offsets[k + 1])
    Z, R = molecules.numbers[rows], molecules.positions[rows]
    distance, other = cKDTree(R).query(R, k=2)
    i = int(distance[:, 1].argmin())
    j = int(other[i, 1]) if other[i, 1] != i else int(other[i, 0])
    said = (
        f"atoms {i} ({chemical_symbols[Z[i]]}) and {j} ({chemical_symbols[Z[j]]}) are "
        f"{distance[i, 1]:.3g} angstrom apart"
    )
    usual = np.median(distance[:, 1] / (RADII[Z] + RADII[Z[other[:, 1]]]))
    if unit is None and 0.07 < usual < 0.14:
        return f"{said}: positions in nm? Say so with length_unit (--length-unit nm)"
    return f"{said}, closer than any two can be ({CLOSEST}); correct or remove the molecule"


def _longer_unit(ratio):
    """The unit in which bonds are as long as in most molecules of a file; None for angstrom.

    ratio : (n,) closest atoms of each molecule, in sums of covalent radii in angstrom
    """
    for unit in ("bohr", "pm"):
        alike = (ratio > NO_BOND) & (ratio * UNITS[unit] > 0.7) & (ratio * UNITS[unit] < 1.3)
        if 2 * alike.sum() >= max(1, len(ratio)):
            return unit
    return None


def _without_hydrogens(molecules, lacks):
    """Molecules that lack hydrogens; where most of a file do, all in it that have none."""
    has = {
        Z: np.add.reduceat((molecules.numbers == Z).astype(int), molecules.offsets[:-1]) > 0
        for Z in (1, 6)
    }
    if lacks[has[6]].sum() * 2 > has[6].sum():
        lacks = lacks | (has[6] & ~has[1] & (molecules.counts > 1))
    return np.flatnonzero(lacks)
