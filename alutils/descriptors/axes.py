"""The principal axes of a descriptor: a few hundred columns that do the work of thousands."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from scipy.linalg import eigh

BLOCK = 200  # columns reduced at a time: one pair of elements at the default settings


def principal_components(X, tolerance):
    """Scores (n, r) of the rows of X (n, d) on the axes that `features` keeps.

    Neighbouring grid points hold nearly the same number, so each block of columns is rotated to its
    own axes first, for a hundredth of the tolerance; constant columns fall out. What remains is
    several times narrower, and one covariance of it gives the axes.
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, X.shape[1], BLOCK)]
    spectra = [eigh(B.T @ B) for B in (centred(X, block) for block in blocks)]
    variances = np.concatenate([block_variances for block_variances, _ in spectra])
    total = variances.sum()
    if not total > 0:
        raise ValueError("all molecules have the same descriptor: nothing tells them apart")
    least = least_kept(variances, 0.01 * tolerance * total)
    kept = [axes[:, variances >= least] for variances, axes in spectra]
    pairs = zip(blocks, kept, strict=True)
    reduced = np.hstack([centred(X, block) @ axes for block, axes in pairs if axes.size])
    variances, axes = eigh(reduced.T @ reduced)
    F = reduced @ axes[:, variances >= least_kept(variances, 0.99 * tolerance * total)][:, ::-1]
    F *= np.sign(F[np.abs(F).argmax(axis=0), np.arange(F.shape[1])])
    return F


def centred(X, block):
    columns = X[:, block]
    columns = (columns.toarray() if scipy.sparse.issparse(X) else columns).astype(np.float64)
    return columns - columns.mean(axis=0)


def least_kept(variances, allowed):
    """The smallest variance to keep, if all those below it may add to at most `allowed`."""
    ordered = np.sort(variances.clip(min=0))
    return ordered[np.searchsorted(np.cumsum(ordered), allowed, side="right")]
