"""The marginal likelihood of the labels and its gradient, from the Cholesky factor of K_x.

Rasmussen & Williams, *Gaussian Processes for Machine Learning* (MIT Press 2006; "R&W" below),
Algorithm 2.1 and Sec. 5.4.1.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotri

from alutils.model.kernel import BLOCK, factorise, rbf

LOG_2PI = np.log(2 * np.pi)


def posterior(D2, y, signal_var, length_scale, noise_var, out=None):
    """Factor, weights and log marginal likelihood (R&W Alg. 2.1, lines 2, 3 and 7; Eq. 2.30).

    L L^T = K_x,  weights = K_x^-1 y,
    log p(y | X) = -1/2 y.weights - sum_i log L_ii - n/2 log(2 pi)

    Parameters
    ----------
    D2 : (n, n) squared distances
    y : (n,) labels, eV
    signal_var, length_scale, noise_var : eV^2, descriptor units, eV^2
    out : (n, n) array in Fortran order that becomes L, optional, may be D2 itself

    Returns
    -------
    L : (n, n), lower triangle, eV
    weights : (n,), 1/eV
    lml : float, nat

    Raises
    ------
    numpy.linalg.LinAlgError
        If K_x is not positive definite in float64.
    """
    L = factorise(D2, signal_var, length_scale, noise_var, out)
    weights = cho_solve((L, True), y, check_finite=False)
    lml = -0.5 * y @ weights - np.log(np.diagonal(L)).sum() - 0.5 * len(y) * LOG_2PI
    return L, weights, lml


def log_marginal_likelihood(log_params, D2, y, noise_var):
    """Log marginal likelihood and its gradient (R&W Eqs. 2.30 and 5.9).

    d lml / d log theta = 1/2 tr((w w^T - K_x^-1) dK / d log theta),  w = K_x^-1 y

    Parameters
    ----------
    log_params : (2,) array, natural logarithms of signal_var and length_scale
    D2 : (n, n) squared distances
    y : (n,) labels, eV
    noise_var : float, eV^2

    Returns
    -------
    lml : float, nat; minus infinity where K_x is not positive definite
    gradient : (2,) array, with respect to `log_params`
    """
    signal_var, length_scale = np.exp(log_params)
    n = len(y)
    try:
        L, weights, lml = posterior(D2, y, signal_var, length_scale, noise_var)
    except np.linalg.LinAlgError:
        return -np.inf, np.zeros(2)
    K_inv, _ = dpotri(L, lower=1, overwrite_c=1)

    # dK/d log signal_var = K, and with K = K_x - noise_var I the trace needs no pass over a matrix.
    trace_inv = np.trace(K_inv)
    d_signal = 0.5 * (weights @ (y - noise_var * weights) - n + noise_var * trace_inv)

    # dK/d log length_scale = K * D2 / length_scale^2 vanishes on the diagonal: a sum over the
    # strict lower triangle, twice, the columns in blocks.
    d_length = 0.0
    for start in range(0, n, BLOCK):
        stop = min(start + BLOCK, n)
        D2_block = D2[start:, start:stop]
        K_block = rbf(D2_block, signal_var, length_scale)
        K_block *= D2_block
        K_block *= (
            np.multiply.outer(weights[start:], weights[start:stop]) - K_inv[start:, start:stop]
        )
        square = K_block[: stop - start]
        d_length += np.tril(square, -1).sum() + K_block[stop - start :].sum()
    return lml, np.array([d_signal, d_length / length_scale**2])
