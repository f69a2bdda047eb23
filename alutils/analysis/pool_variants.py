"""Variants of a data set that brings its descriptor, each without one thing that a gain may need.

Each is written as a folder of the layout that `alutils.data.readers.read_zenodo` reads, and is
then a data set by its path. Distances are in units of X.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.sparse
from scipy.linalg import eigh
from scipy.spatial import cKDTree
from scipy.stats import norm, rankdata

from alutils.data.datasets import load
from alutils.data.registry import COMPONENT_FACTOR
from alutils.descriptors import mbtr, settings_of

TWINS = 5.0  # below it: the same molecule twice, or nearly; between 2 and 10 few distances fall
CLOSE = 30.0  # about the 60th percentile of AA's nearest-neighbour distances
REMOTE_SHARE = 0.1
NEIGHBOUR = 10  # the nearest of a remote pair may be its twin
# Data set -> the set whose MBTR is used beside it, and the names of its variants.
VARIANTS = {
    "aa_heaviest": (
        "aminoacids",
        ("no_twins", "thinned", "sampled", "not_remote", "ranked", "unwhitened"),
    ),
    "qm9_heaviest": ("qm9_heaviest_molecules", ("axes", "standardised", "whitened")),
}


def origin(name):
    """The data set that `write` makes a variant of this name from; None for no variant."""
    for dataset, (_, names) in VARIANTS.items():
        if name in {f"{dataset}_{one}" for one in names}:
            return dataset
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


def ranked(X):
    """X (n, d) with the values of each column replaced by normal ones in their order: no tails."""
    return COMPONENT_FACTOR * norm.ppf((rankdata(X, axis=0) - 0.5) / len(X))


def standardised(X):
    """X (n, d) with mean zero and variance one in each column; constant columns are left out."""
    X = X[:, X.std(axis=0) > 0].astype(np.float64)
    return (X - X.mean(axis=0)) / X.std(axis=0)


def principal(X, n):
    """Scores (m, n) on the n principal axes of largest variance of the centred columns of X (m, d).

    Returns
    -------
    scores, variances (n,)
    """
    X = X - X.mean(axis=0, dtype=np.float64)
    d = X.shape[1]
    variances, axes = eigh(X.T @ X / len(X), subset_by_index=(d - n, d - 1))
    return X @ axes[:, ::-1], variances[::-1]


def parts(dataset, stand_in):
    """Name -> (X, y) of the variants of a data set of whitened components.

    stand_in : MoleculeDataset with molecules, whose MBTR says how variances fall from one component
        to the next

    Returns
    -------
    dict of (k, d) X and (k,) y in eV; "sampled" has as many molecules as "thinned", at random
    """
    X = np.asarray(dataset.X, dtype=np.float64)
    apart = thinned(X, CLOSE)
    kept = {
        "no_twins": thinned(X, TWINS),
        "thinned": apart,
        "sampled": np.sort(np.random.default_rng(0).permutation(len(X))[: len(apart)]),
        "not_remote": without_remote(X),
    }
    made = {name: (X[index], dataset.y[index]) for name, index in kept.items()}
    falling = principal(standardised(mbtr(stand_in)), X.shape[1])[1]
    made["ranked"] = ranked(X), dataset.y
    made["unwhitened"] = X * np.sqrt(falling / falling.mean()), dataset.y
    return made


def steps(dataset, molecules):
    """Name -> (X, y): our MBTR of the molecules of a data set, compressed as far as each step.

    axes : its principal components, as many as the data set has;  standardised : the same after
    each column was;  whitened : these with variance one, times `COMPONENT_FACTOR`
    """
    n, raw = dataset.X.shape[1], mbtr(molecules, settings_of(molecules))
    scores, variances = principal(standardised(raw), n)
    even = COMPONENT_FACTOR / np.sqrt(variances)
    made = {
        "axes": principal(raw, n)[0],
        "standardised": scores * COMPONENT_FACTOR / np.sqrt(variances.mean()),
        "whitened": scores * even,
    }
    return {name: (X, dataset.y) for name, X in made.items()}


def write(name, folder):
    """Write the variants of the data set of this name into `folder`: name_no_twins and so on."""
    make = parts if name == "aa_heaviest" else steps
    for variant, (X, y) in make(load(name), load(VARIANTS[name][0])).items():
        place = Path(folder) / f"{name}_{variant}"
        place.mkdir(parents=True, exist_ok=True)
        scipy.sparse.save_npz(place / "mbtr_k2.npz", scipy.sparse.csr_matrix(np.float32(X)))
        lines = "".join(f"{value!r}\n" for value in y.tolist())
        (place / "HOMO.txt").write_text(lines, encoding="utf-8")
