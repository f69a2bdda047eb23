"""Morgan fingerprints of SMILES: which surroundings of atoms a molecule has, without a geometry.

D. Rogers, M. Hahn, J. Chem. Inf. Model. 50, 742 (2010), by RDKit.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from alutils.data.toolkit import chem
from alutils.model.kernel import squared_distances

CHUNK = 1000  # molecules held as RDKit's at a time
SCALED_BY = 2000  # molecules whose distances set the scale of axes beside bits


@dataclass(frozen=True)
class FingerprintSettings:
    """Which surroundings of atoms are looked at.

    radius : bonds from an atom to the edge of its surroundings
    n_bits : that they are folded to
    """

    radius: int = 2
    n_bits: int = 2048

    def __str__(self):
        return f"Morgan fingerprint of radius {self.radius}, {self.n_bits} bits"


MORGAN = FingerprintSettings()


def smiles_of(dataset):
    """The SMILES of a data set, each a text; ValueError where a molecule has none."""
    missing = "descriptor 'mbtr' needs none; or bring the molecules as a table of SMILES"
    if dataset.smiles is None:
        raise ValueError(f"{dataset.name} has no SMILES to make fingerprints of: {missing}")
    for k, one in enumerate(dataset.smiles):
        if not one:
            raise ValueError(f"{dataset.name}: molecule {k} has no SMILES: {missing}")
    return dataset.smiles


def write_fingerprints(path, name, smiles, settings):
    """An .npy of bits, (n, n_bits) uint8; ValueError for a SMILES that RDKit cannot read."""
    shape = (len(smiles), settings.n_bits)
    bits = np.lib.format.open_memmap(path, "w+", dtype=np.uint8, shape=shape)
    fill(bits, name, smiles, settings)
    bits.flush()


def fill(bits, name, smiles, settings):
    """Write fingerprints into an array (n, n_bits); ValueError as by `write_fingerprints`."""
    Chem = chem()
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(
        radius=settings.radius, fpSize=settings.n_bits
    )
    for start in range(0, len(smiles), CHUNK):
        molecules = [Chem.MolFromSmiles(one) for one in smiles[start : start + CHUNK]]
        for k, mol in enumerate(molecules, start):
            if mol is None:
                raise ValueError(f"{name}: molecule {k}, {smiles[k]!r}, is no SMILES for RDKit")
            bits[k] = generator.GetFingerprintAsNumPy(mol)


def write_points(path, axes, bits, smiles):
    """An .npy of float32: bits (n, n_bits), and before them axes (n, r) at their scale, or None.

    Raises
    ------
    ValueError : all molecules have the same fingerprint, and nothing else tells them apart.
    """
    if axes is None and (bits == bits[0]).all():
        raise ValueError("all molecules have the same fingerprint: nothing tells them apart")
    r = 0 if axes is None else axes.shape[1]
    shape = (len(bits), r + bits.shape[1])
    points = np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape)
    if r:
        points[:, :r] = axes * scale_beside(axes, bits, smiles)
    points[:, r:] = bits
    points.flush()


def scale_beside(axes, bits, smiles):
    """The factor at which axes are as far apart as bits, by the mean of squared distances.

    Many molecules are represented by some, which do not depend on the order of the rows.
    """
    rows = np.arange(len(bits))
    if len(rows) > SCALED_BY:
        digests = np.array([hashlib.sha256(one.encode()).digest() for one in smiles])
        rows = np.argsort(digests, kind="stable")[:SCALED_BY]
    wanted = squared_distances(bits[rows], n_bits=bits.shape[1]).mean()
    return np.sqrt((wanted or 1.0) / squared_distances(axes[rows]).mean())
