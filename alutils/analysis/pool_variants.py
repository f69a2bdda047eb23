"""Variants of a data set that brings its descriptor, each without one thing that a gain may need.

Each is written as a folder of the layout that `alutils.data.readers.read_zenodo` reads, and is
then a data set by its path. Distances are in units of X.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse
from scipy.spatial import cKDTree

from alutils.data.datasets import load
from alutils.descriptors import mbtr

TWINS = 5.0  # below it: the same molecule twice, or nearly; between 2 and 10 few distances fall
CLOSE = 30.0  # about the 60th percentile of AA's nearest-neighbour distances
REMOTE_SHARE = 0.1
VARIANTS = ("no_twins", "thinned", "sampled", "not_remote", "unwhitened")
STAND_INS = {"aa_heaviest": "aminoacids"}  # by the data set that has variants
NEIGHBOUR = 10  # the nearest of a remote pair may be its twin


def origin(name):
    """Data set and stand-in that `write` makes a variant from, by its name; None for no variant."""
    for dataset, stand_in in STAND_INS.items():
        if name.removeprefix(f"{dataset}_") in VARIANTS and name.startswith(dataset):
            return dataset, stand_in
    return None


def remoteness(X):
    """(n,) distance of each row of X (n, d) to its tenth neighbour."""
    return cKDTree(X).query(X, NEIGHBOUR + 1)[0][:, -1]


def thinned(X, distance):
    """Indices of rows of X (n, d), in order, no two of them closer than `distance`.

    A row is taken unless one before it was taken within that distance.
    """
    gone = np.zeros(len(X), dtype=bool)
    for index, near in enumerate(cKDTree(X).query_ball_point(X, distance)):
        if not gone[index]:
            gone[[other for other in near if other > index]] = True
    return np.flatnonzero(~gone)


def without_remote(X, share=REMOTE_SHARE):
    """Indices of the rows of X (n, d) but for the share that lies most remote."""
    far = remoteness(X)
    return np.flatnonzero(far <= np.quantile(far, 1 - share))


def unwhitened(X, spectrum):
    """X (n, d), whitened, with the variances of its components in the ratios of `spectrum` (d,)."""
    return X * np.sqrt(spectrum / np.mean(spectrum))


def spectrum(X, n):
    """The n largest variances along the principal axes of the standardised columns of X (m, d)."""
    X = X[:, X.std(axis=0) > 0].astype(np.float64)
    X = (X - X.mean(axis=0)) / X.std(axis=0)
    return np.linalg.eigvalsh(X @ X.T / len(X))[::-1][:n]


def variants(dataset, stand_in):
    """Name -> (X, y) of each variant.

    Parameters
    ----------
    dataset : MoleculeDataset of whitened components
    stand_in : MoleculeDataset with molecules, whose MBTR says how variances fall from component to
        component

    Returns
    -------
    dict of (k, d) X and (k,) y in eV; "sampled" has as many molecules as "thinned"
    """
    X = np.asarray(dataset.X, dtype=np.float64)
    apart = thinned(X, CLOSE)
    parts = {
        "no_twins": thinned(X, TWINS),
        "thinned": apart,
        "sampled": np.sort(np.random.default_rng(0).permutation(len(X))[: len(apart)]),
        "not_remote": without_remote(X),
    }
    made = {name: (X[index], dataset.y[index]) for name, index in parts.items()}
    falling = spectrum(mbtr(stand_in), X.shape[1])
    return made | {"unwhitened": (unwhitened(X, falling), dataset.y)}


def write(name, stand_in, folder):
    """Write the variants of the data set of this name into `folder`: name_no_twins and so on.

    stand_in : name of an embedded pool that stands for it
    """
    for variant, (X, y) in variants(load(name), load(stand_in)).items():
        place = Path(folder) / f"{name}_{variant}"
        place.mkdir(parents=True, exist_ok=True)
        scipy.sparse.save_npz(place / "mbtr_k2.npz", scipy.sparse.csr_matrix(np.float32(X)))
        lines = "".join(f"{value!r}\n" for value in y.tolist())
        (place / "HOMO.txt").write_text(lines, encoding="utf-8")
