"""Molecules to points: a descriptor's principal axes, the bits of a fingerprint, or both.

All functions keep their result on disk, under the checksum of what it is made from.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse

from alutils.data.toolkit import rdkit_version
from alutils.descriptors.axes import is_wide, principal_components
from alutils.descriptors.cache import cached
from alutils.descriptors.fingerprints import (
    MORGAN,
    FingerprintSettings,
    smiles_of,
    write_fingerprints,
    write_points,
)
from alutils.descriptors.many_body import (
    DEFAULTS,
    SOAP,
    MBTRSettings,
    SOAPSettings,
    n_columns,
    sparse_descriptor,
    species_of,
    write_descriptor,
)
from alutils.descriptors.slatm import SLATM, SLATMSettings

if TYPE_CHECKING:
    from alutils.data.datasets import MoleculeDataset
    from alutils.data.structures import Structures

__all__ = ["DEFAULTS", "DESCRIPTORS", "MBTRSettings", "features", "mbtr", "morgan", "n_bits"]
# By name: what a run, or a data set in its info, may ask for. The paper's QM9 has the broad one.
DESCRIPTORS = {
    "mbtr": DEFAULTS,
    "mbtr_broad": MBTRSettings(sigma=0.1),
    "fingerprint": MORGAN,
    "mbtr+fingerprint": (DEFAULTS, MORGAN),
    "soap": SOAP,
    "slatm": SLATM,
}
TOLERANCE, SHARP_TOLERANCE = 1e-10, 1e-6
FEATURES_VERSION = 1  # part of the cache key: raise it with any change to `principal_components`


def mbtr(dataset: MoleculeDataset | Structures, settings: MBTRSettings = DEFAULTS) -> np.ndarray:
    """MBTR of every molecule of a data set, or the descriptor X that it brings.

    Parameters
    ----------
    dataset : `MoleculeDataset` or `Structures` of n molecules
    settings : MBTRSettings, but for a set that brings its X

    Returns
    -------
    (n, d) float32, C order, read-only, mapped from the disk cache; d = n_grid e (e + 1) / 2 for e
    elements, pairs in the order of atomic numbers. A set that brings its X returns it, densified.

    Raises
    ------
    ValueError : a set of labels alone; an element that `settings.species` does not cover.
    """
    _source(dataset)
    brought: Any = dataset.X
    if brought is not None:
        X = brought.toarray() if scipy.sparse.issparse(brought) else brought
        X = np.ascontiguousarray(X, dtype=np.float32)
        X.flags.writeable = False
        return X
    return _of_geometries(dataset, settings)


def _of_geometries(dataset, settings):
    """(n, d) float32, as `mbtr`, of any descriptor of geometries."""
    species = species_of(dataset.name, dataset.molecules, settings)
    n_bytes = len(dataset) * n_columns(settings, species) * np.dtype(np.float32).itemsize
    return cached(
        type(settings).__name__.removesuffix("Settings").lower(),
        (_source(dataset), settings, species, version("dscribe")),
        lambda path: write_descriptor(path, dataset.molecules, settings, species),
        n_bytes,
        f"the descriptor of {dataset.name}",
    )


def morgan(
    dataset: MoleculeDataset | Structures, settings: FingerprintSettings = MORGAN
) -> np.ndarray:
    """The Morgan fingerprint of every molecule, of its SMILES.

    Parameters
    ----------
    dataset : `MoleculeDataset` or `Structures` of n molecules;  settings : FingerprintSettings

    Returns
    -------
    (n, n_bits) uint8 of 0 and 1, read-only, mapped from the disk cache

    Raises
    ------
    ValueError : a molecule without SMILES, or one that RDKit cannot read.
    ImportError : RDKit is not installed.
    """
    return cached(
        "fingerprint",
        (_smiles_sha256(dataset), settings, rdkit_version()),
        lambda path: write_fingerprints(path, dataset.name, dataset.smiles, settings),
        len(dataset) * settings.n_bits,
        f"the fingerprints of {dataset.name}",
    )


def settings_of(dataset, descriptor=None):
    """Settings of the descriptor of this name; None: of the data set's own, else `DEFAULTS`.

    Returns
    -------
    MBTRSettings, FingerprintSettings, or a tuple of both

    Raises
    ------
    ValueError : an unknown name; a name for a data set that brings its descriptor; a fingerprint
        for a data set without SMILES.
    """
    if descriptor is not None and dataset.X is not None:
        raise ValueError(
            f"{dataset.name} brings its own descriptor: descriptor={descriptor!r} must be None"
        )
    name = descriptor or dataset.info.get("own_descriptor", "mbtr")
    check_descriptor(name)
    if bits_in(DESCRIPTORS[name]):
        smiles_of(dataset)
    return DESCRIPTORS[name]


def n_bits(dataset: MoleculeDataset | Structures, descriptor: str | None = None) -> int:
    """How many of the last columns of `features` of a dataset are bits; ValueError as there.

    dataset, descriptor : as of `features`
    """
    return bits_in(settings_of(dataset, descriptor))


def bits_in(settings):
    """How many bits settings make, those of a fingerprint among them."""
    parts = settings if isinstance(settings, tuple) else (settings,)
    return sum(part.n_bits for part in parts if isinstance(part, FingerprintSettings))


def described(descriptor: str) -> str:
    """A few words on a descriptor, of `DESCRIPTORS` by its name; ValueError for an unknown one."""
    check_descriptor(descriptor)
    parts = DESCRIPTORS[descriptor]
    return " and ".join(map(str, parts if isinstance(parts, tuple) else (parts,)))


def check_descriptor(name):
    """ValueError for the name of no descriptor."""
    if name is not None and name not in DESCRIPTORS:
        known = ", ".join(DESCRIPTORS)
        raise ValueError(f"descriptor={name!r} is unknown: choose one of {known}")


def features(
    dataset: MoleculeDataset | Structures,
    tolerance: float | None = None,
    descriptor: str | None = None,
) -> np.ndarray:
    """The points of a data set, between which the kernel's distances are taken.

    Of geometries: X centred and rotated to its principal axes, the fewest that keep all but
    `tolerance`.
    Distances between rows are all that the kernel (Eqs. 6, 7) and the clustering see, and a
    rotation keeps them: a few hundred axes do the work of thousands of columns. The centred origin
    keeps the digits of |a|^2 + |b|^2 - 2ab. Of a fingerprint: its bits. Of both: the axes, scaled
    so that their mean squared distance between molecules is that of the bits, and then the bits.

    Parameters
    ----------
    dataset : MoleculeDataset or Structures of n molecules
    tolerance : share of the variance that may be left out; None: 1e-10, but 1e-6 of SOAP and SLATM,
        which would else keep an axis for nearly every molecule
    descriptor : a name of `DESCRIPTORS`; None takes the data set's own

    Returns
    -------
    (n, r) float64, read-only, mapped from the disk cache; columns by falling variance, the entry
    of largest magnitude in each positive. The discarded variance is at most `tolerance` times the
    total, hence so is the mean error of a squared distance over all pairs, relative to their mean.
    Squared distances only ever shrink; that of a near pair by a larger part of itself.
    With bits (`n_bits` of them, the last columns) float32.

    Raises
    ------
    ValueError : a set of labels alone; a tolerance outside [0, 1); an unknown descriptor, or one
        that the data set cannot have; molecules whose descriptors are all equal.
    """
    settings = settings_of(dataset, descriptor)
    if tolerance is None:
        sharp = isinstance(settings, SOAPSettings | SLATMSettings)
        tolerance = SHARP_TOLERANCE if sharp else TOLERANCE
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance {tolerance} is a share of the variance; give 0 to below 1")
    if not bits_in(settings):
        return _axes(dataset, settings, tolerance)
    if isinstance(settings, FingerprintSettings):
        axes, parts, bits = None, (), morgan(dataset, settings)
    else:
        axes, bits = _axes(dataset, settings[0], tolerance), morgan(dataset, settings[1])
        parts = _parts(dataset, settings[0], tolerance)
    return cached(
        "features",
        (*parts, _smiles_sha256(dataset), settings, rdkit_version()),
        lambda path: write_points(path, axes, bits, dataset.smiles),
        np.dtype(np.float32).itemsize * (bits.size + (0 if axes is None else axes.size)),
        f"the features of {dataset.name}",
    )


def _axes(dataset, settings, tolerance):
    """`features` of geometries, or of the descriptor that a set brings."""

    def write(path):
        by_rows = _is_wide(dataset, settings)
        np.save(path, principal_components(_columns(dataset, settings), tolerance, by_rows))

    return cached("features", _parts(dataset, settings, tolerance), write)


def _columns(dataset, settings):
    """A descriptor, (n, d), by its columns: sparse where dense is large."""
    if dataset.X is not None:  # OE's is 7 GB when dense
        return dataset.X.tocsc() if scipy.sparse.issparse(dataset.X) else mbtr(dataset)
    if _is_wide(dataset, settings):
        species = species_of(dataset.name, dataset.molecules, settings)
        return sparse_descriptor(dataset.molecules, settings, species).tocsc()
    return _of_geometries(dataset, settings)


def _is_wide(dataset, settings):
    """True if the Gram matrix of the molecules is the one to decompose, not that of the columns."""
    if dataset.X is not None:
        return is_wide(*dataset.X.shape)
    n = n_columns(settings, species_of(dataset.name, dataset.molecules, settings))
    # Neighbouring points of MBTR's grid hold nearly the same; the records rest on this, too.
    return is_wide(len(dataset), n) if isinstance(settings, MBTRSettings) else n > len(dataset)


def _parts(dataset, settings, tolerance):
    return _source(dataset), settings, version("dscribe"), tolerance, FEATURES_VERSION


def _smiles_sha256(dataset):
    return hashlib.sha256("\n".join(smiles_of(dataset)).encode()).hexdigest()


def _source(dataset):
    """Checksum of what a descriptor is made from; ValueError for labels alone."""
    if dataset.label_only:
        raise ValueError(
            f"{dataset.name} has labels alone, no molecules: it serves the HOMO distributions; "
            "choose a data set with geometries or a descriptor"
        )
    return dataset.molecules.sha256 if dataset.X is None else dataset.sha256
