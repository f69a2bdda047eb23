"""Distances between molecules and the RBF kernel made of them (Eqs. 5 to 7 of the paper).

The squared distances are computed once per training set and not, as in scikit-learn, at every
evaluation of the likelihood: all other matrices are made from them. The last columns of a molecule
may be the bits of a fingerprint, which are compared by their Tanimoto similarity T. It is a kernel
(L. Ralaivola et al., Neural Netw. 18, 1093 (2005)), and 2 (1 - T) the squared distance between its
features: hence the RBF of it, and of its sum with other squared distances, is a kernel too
(I. J. Schoenberg, Trans. Am. Math. Soc. 44, 522 (1938)).
"""

from __future__ import annotations

from contextlib import nullcontext

import numpy as np
from scipy.linalg.lapack import dpotrf
from threadpoolctl import threadpool_limits

BLOCK = 512  # columns per pass over a matrix: a block stays in the processor's cache
MOST_THREADED = 8000  # molecules whose kernel matrix is factorised on all threads
CHUNK = 1024  # molecules predicted at a time: bounds the memory by CHUNK * n_train


def squared_distances(A: np.ndarray, B: np.ndarray | None = None, n_bits: int = 0) -> np.ndarray:
    """Squared distances between rows: Euclidean (Eq. 7), and by Tanimoto for fingerprints.

    |a|^2 + |b|^2 - 2 a.b over the plain columns, plus 2 (1 - T) over the bits.

    Parameters
    ----------
    A : (n, d) array
    B : (m, d) array, optional. Without it, B = A and the diagonal is exactly zero.
    n_bits : int, how many of the last columns are the bits of a fingerprint, 0 or 1

    Returns
    -------
    (n, m) array, Fortran order, never negative.

    Notes
    -----
    The sum loses digits when the rows are far from the origin: pass centred rows in float64
    (`alutils.descriptors.features` are). Bits may be of any type, their sums are exact.
    """
    plain_A, bits_A = split_bits(A, n_bits)
    plain_B, bits_B = (plain_A, bits_A) if B is None else split_bits(B, n_bits)
    if plain_A.shape[1]:
        D2 = _euclidean(plain_A, None if B is None else plain_B)
    else:
        D2 = np.zeros((len(A), len(bits_B)), order="F")
    if n_bits:
        sizes_A, sizes_B = bits_A.sum(axis=1), bits_B.sum(axis=1)
        for start in range(0, len(bits_B), CHUNK):
            rows = slice(start, start + CHUNK)
            shared = (bits_B[rows] @ bits_A.T).T
            D2[:, rows] += tanimoto_distances(shared, sizes_A[:, None], sizes_B[rows])
    if B is None:
        np.fill_diagonal(D2, 0.0)
    return D2


def _euclidean(A, B):
    sq_A = np.einsum("ij,ij->i", A, A)
    sq_B = sq_A if B is None else np.einsum("ij,ij->i", B, B)
    # B A^T transposed is A B^T in the Fortran order that LAPACK wants; A A^T is a cheaper syrk.
    D2 = ((A if B is None else B) @ A.T).T
    D2 *= -2.0
    D2 += sq_A[:, None]
    D2 += sq_B[None, :]
    np.maximum(D2, 0.0, out=D2)
    return D2


def split_bits(X, n_bits):
    """The plain columns of X, and its last `n_bits` in float32, which holds their sums exactly."""
    if not n_bits:
        return X, X[:, :0]
    plain = X[:, : X.shape[1] - n_bits]
    return plain.astype(np.float64, copy=False), X[:, -n_bits:].astype(np.float32, copy=False)


def tanimoto_distances(shared, sizes_A, sizes_B):
    """2 (1 - T) for `shared` bits out of `sizes` that are set; arrays that broadcast.

    Molecules without any bit are the same: T = 1.
    """
    either = sizes_A + sizes_B - shared
    return np.divide(2 * (either - shared), np.maximum(either, 1), dtype=np.float64)


def n_bits_of(thing):
    """How many columns of a model or a view of a pool are bits; none where it does not say."""
    return getattr(thing, "n_bits", 0)


def rbf(
    D2: np.ndarray, signal_var: float, length_scale: float, out: np.ndarray | None = None
) -> np.ndarray:
    """RBF kernel, sigma_f^2 exp(-D2 / (2 l^2)) (Eq. 6, with the signal variance as the factor).

    Parameters
    ----------
    D2 : (n, m) array, squared distances
    signal_var : float, sigma_f^2, eV^2
    length_scale : float, l, descriptor units
    out : (n, m) array, optional, may be D2 itself

    Returns
    -------
    (n, m) array, eV^2
    """
    K = np.multiply(D2, -0.5 / length_scale**2, out=out)
    np.exp(K, out=K)
    K *= signal_var
    return K


def cross_kernels(model, X):
    """The kernel between a model's training set and new molecules, `CHUNK` of them at a time.

    Parameters
    ----------
    model : fitted `alutils.model.gp.GaussianProcess`
    X : (m, d) descriptors, of any type

    Yields
    ------
    rows : slice of X
    K : (n_train, rows) array, Fortran order, eV^2; the caller may overwrite it
    """
    for start in range(0, len(X), CHUNK):
        rows = slice(start, start + CHUNK)
        K = squared_distances(model.X_train_, X[rows], n_bits_of(model))
        yield rows, rbf(K, model.signal_var_, model.length_scale_, out=K)


def factorise(D2, signal_var, length_scale, noise_var, out=None):
    """Cholesky factor L of K_x = K + noise_var I (Eq. 5; R&W Alg. 2.1, line 2).

    Parameters
    ----------
    D2 : (n, n) squared distances, of which the lower triangle is read
    signal_var, length_scale, noise_var : eV^2, descriptor units, eV^2
    out : (n, n) array in Fortran order, optional, may be D2 itself

    Returns
    -------
    (n, n) array whose lower triangle is L (eV); the upper triangle is not meaningful.

    Raises
    ------
    numpy.linalg.LinAlgError
        If K_x is not positive definite in float64.
    """
    n = len(D2)
    K = np.empty((n, n), order="F") if out is None else out
    for start in range(0, n, BLOCK):
        stop = start + BLOCK
        rbf(D2[start:, start:stop], signal_var, length_scale, out=K[start:, start:stop])
    K[np.diag_indices(n)] += noise_var
    # On several threads OpenBLAS 0.3 crashed here at 16 000 molecules, now and then.
    with threadpool_limits(1, "blas") if n > MOST_THREADED else nullcontext():
        L, info = dpotrf(K, lower=1, overwrite_a=1, clean=0)
    if info != 0:
        raise indefinite(n, noise_var)
    return L


def indefinite(n, noise_var):
    """The error of a kernel matrix of n molecules that has no Cholesky factor."""
    return np.linalg.LinAlgError(
        f"kernel matrix of {n} molecules is not positive definite at noise_var={noise_var:g}: "
        "near-duplicate descriptors need more noise"
    )
