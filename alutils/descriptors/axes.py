"""The principal axes of a descriptor: a few hundred columns that do the work of thousands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse
from scipy.linalg import eigh

BLOCK = 200  # columns reduced at a time: one pair of elements at the default settings
WIDE = 40_000  # columns, of 20 elements: records of narrower sets rest on the path of `_decomposed`


@dataclass(frozen=True)
class Axes:
    """Principal axes of a sample, onto which any further molecule is rotated.

    mean : (d,);  axes : (d, r), by falling variance;  variances : (r,), sums over the sample
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def rotate(self, X: np.ndarray) -> np.ndarray:
        """(m, r) float64 of X (m, d); `principal_components` where X is the sample itself."""
        return (X - self.mean) @ self.axes


def principal_axes(X: np.ndarray, tolerance: float = 1e-10) -> Axes:
    """`Axes` of a sample X (n, d), the fewest that keep all but `tolerance` of its variance.

    A pool whose molecules resemble none of the sample varies where these axes do not look: draw the
    sample from the pool.

    Raises
    ------
    ValueError : the rows of X are all equal.
    """
    return _decomposed(X, tolerance)[0]


def principal_components(X, tolerance, by_rows=None):
    """Scores (n, r) of the rows of X (n, d), dense or sparse, on their own principal axes.

    by_rows : decompose the Gram matrix of the rows, not that of the columns; None: if `is_wide`

    Each column's entry of largest magnitude is positive. ValueError as by `principal_axes`.
    """
    by_rows = is_wide(*X.shape) if by_rows is None else by_rows
    return _of_gram(X, tolerance) if by_rows else _decomposed(X, tolerance)[1]


def is_wide(n_rows, n_columns):
    """True if the Gram matrix of the rows is the one to decompose, not that of the columns."""
    return n_columns > max(WIDE, n_rows)


def _of_gram(X, tolerance):
    """Scores by the Gram matrix of the centred rows, with the memory of two or three of its size.

    Of many elements few are in a molecule: most blocks of columns are zero in most rows, and only
    the others are multiplied. Centring the sum centres those blocks too; where a block is in most
    rows it is centred before, which keeps more digits.
    """
    n = X.shape[0]
    gram = np.zeros((n, n))
    for start in range(0, X.shape[1], BLOCK):
        columns = _columns(X, slice(start, start + BLOCK))
        rows = np.flatnonzero(columns.any(axis=1))
        if 2 * len(rows) > n:
            columns -= columns.mean(axis=0)
            gram += columns @ columns.T
        else:
            gram[np.ix_(rows, rows)] += columns[rows] @ columns[rows].T
    middle = gram.mean(axis=0)
    gram -= middle
    gram -= (middle - middle.mean())[:, None]
    total = np.trace(gram)
    _check_variance(total)
    variances, axes = eigh(gram.T, overwrite_a=True, check_finite=False)
    del gram
    above = variances >= _least_kept(variances, tolerance * total)
    F = axes[:, above][:, ::-1]
    F *= np.sqrt(variances[above][::-1])
    F *= _signs(F)
    return F


def _decomposed(X, tolerance):
    """`Axes` of X, and the scores of its rows on them.

    Neighbouring grid points hold nearly the same number, so each block of columns is rotated to its
    own axes first, for a hundredth of the tolerance; constant columns fall out. What remains is
    several times narrower, and one covariance of it gives the axes.
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, X.shape[1], BLOCK)]
    spectra = [eigh(B.T @ B) for B in (_centred(X, block)[0] for block in blocks)]
    variances = np.concatenate([block_variances for block_variances, _ in spectra])
    total = variances.sum()
    _check_variance(total)
    least = _least_kept(variances, 0.01 * tolerance * total)
    kept = [axes[:, variances >= least] for variances, axes in spectra]
    means, reduced = [], []
    for block, axes in zip(blocks, kept, strict=True):
        columns, mean = _centred(X, block)
        means.append(mean)
        if axes.size:
            reduced.append(columns @ axes)
    reduced = np.hstack(reduced)
    variances, axes = eigh(reduced.T @ reduced)
    above = variances >= _least_kept(variances, 0.99 * tolerance * total)
    variances, axes = variances[above][::-1], axes[:, above][:, ::-1]
    F = reduced @ axes
    signs = _signs(F)
    F *= signs
    parts = np.split(axes * signs, np.cumsum([part.shape[1] for part in kept])[:-1])
    rotation = np.vstack([part @ rows for part, rows in zip(kept, parts, strict=True)])
    return Axes(np.concatenate(means), rotation, variances), F


def _check_variance(total):
    if not total > 0:
        raise ValueError("all molecules have the same descriptor: nothing tells them apart")


def _signs(F):
    """Of the entry of largest magnitude in each column."""
    largest = [np.abs(column).argmax() for column in F.T]
    return np.sign(F[largest, np.arange(F.shape[1])])


def _centred(X, block):
    """Columns of X in float64 without their mean, and the mean."""
    columns = _columns(X, block)
    mean = columns.mean(axis=0)
    return columns - mean, mean


def _columns(X, block):
    columns = X[:, block]
    return (columns.toarray() if scipy.sparse.issparse(X) else columns).astype(np.float64)


def _least_kept(variances, allowed):
    """The smallest variance to keep, if all those below it may add to at most `allowed`."""
    ordered = np.sort(variances.clip(min=0))
    return ordered[np.searchsorted(np.cumsum(ordered), allowed, side="right")]
