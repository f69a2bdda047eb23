"""Exact Gaussian-process regression with an RBF kernel (Eqs. 3 to 7 of the paper).

Line by line this is Algorithm 2.1 of Rasmussen & Williams, *Gaussian Processes for Machine
Learning* (MIT Press 2006; "R&W" below), with the marginal likelihood maximised as in their
section 5.4.1. What makes it fast: the squared distances are computed once and not at every
likelihood evaluation, the two gradients come from sums over a triangle, and the restarts run on a
subset before the best of them is polished on the full likelihood.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

LOG_2PI = np.log(2 * np.pi)
BLOCK = 512  # columns per pass over a matrix: a block stays in the processor's cache
CHUNK = 4096  # molecules predicted at a time: bounds the memory by CHUNK * n_train


def squared_distances(A, B=None):
    """Squared Euclidean distances between rows (Eq. 7, squared).

    Parameters
    ----------
    A : (n, d) array
    B : (m, d) array, optional. Without it, B = A and the diagonal is exactly zero.

    Returns
    -------
    (n, m) array, Fortran order, never negative.

    Notes
    -----
    |a|^2 + |b|^2 - 2ab loses digits when the rows are far from the origin: pass centred rows in
    float64 (`alutils.descriptors.features` are).
    """
    sq_A = np.einsum("ij,ij->i", A, A)
    sq_B = sq_A if B is None else np.einsum("ij,ij->i", B, B)
    # B A^T transposed is A B^T in the Fortran order that LAPACK wants; A A^T is a cheaper syrk.
    D2 = ((A if B is None else B) @ A.T).T
    D2 *= -2.0
    D2 += sq_A[:, None]
    D2 += sq_B[None, :]
    np.maximum(D2, 0.0, out=D2)
    if B is None:
        np.fill_diagonal(D2, 0.0)
    return D2


def rbf(D2, signal_var, length_scale, out=None):
    """RBF kernel of squared distances (Eq. 6, with the signal variance as the factor).

    Parameters
    ----------
    D2 : (n, m) array, squared distances
    signal_var : float, eV^2
    length_scale : float, descriptor units
    out : (n, m) array, optional, may be D2 itself

    Returns
    -------
    (n, m) array, eV^2
    """
    K = np.multiply(D2, -0.5 / length_scale**2, out=out)
    np.exp(K, out=K)
    K *= signal_var
    return K


def factorise(D2, signal_var, length_scale, noise_var):
    """Cholesky factor L of K_x = K + noise_var I (Eq. 5; R&W Alg. 2.1, line 2).

    Returns
    -------
    (n, n) array whose lower triangle is L (eV); the upper triangle is not meaningful.

    Raises
    ------
    numpy.linalg.LinAlgError
        If K_x is not positive definite in float64.
    """
    K = rbf(D2, signal_var, length_scale, out=np.empty_like(D2, order="F"))
    K[np.diag_indices_from(K)] += noise_var
    L, info = dpotrf(K, lower=1, overwrite_a=1, clean=0)
    if info != 0:
        raise np.linalg.LinAlgError(
            f"kernel matrix of {len(K)} molecules is not positive definite at noise_var="
            f"{noise_var:g}: near-duplicate descriptors need more noise"
        )
    return L


def log_marginal_likelihood(log_params, D2, y, noise_var):
    """Log marginal likelihood and its gradient (R&W Eqs. 2.30 and 5.9).

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
        L = factorise(D2, signal_var, length_scale, noise_var)
    except np.linalg.LinAlgError:
        return -np.inf, np.zeros(2)
    weights = cho_solve((L, True), y, check_finite=False)  # R&W Alg. 2.1, line 3
    lml = -0.5 * y @ weights - np.log(np.diagonal(L)).sum() - 0.5 * n * LOG_2PI
    K_inv, _ = dpotri(L, lower=1, overwrite_c=1)

    # d lml / d log theta = 1/2 tr((w w^T - K_x^-1) dK/dlog theta), and dK/dlog signal_var = K:
    # with K = K_x - noise_var I the trace needs no pass over the matrix at all.
    trace_inv = np.trace(K_inv)
    d_signal = 0.5 * (weights @ (y - noise_var * weights) - n + noise_var * trace_inv)

    # dK/dlog length_scale = K * D2 / length_scale^2 vanishes on the diagonal: a sum over the strict
    # lower triangle, twice, the columns in blocks.
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


class GaussianProcess(RegressorMixin, BaseEstimator):
    """Exact GP with an RBF kernel, fixed noise, and parameters of maximum marginal likelihood.

    Follows scikit-learn's estimator conventions and, run for run, its GaussianProcessRegressor with
    ``ConstantKernel(20) * RBF(700)`` and ``alpha=noise_var``.

    Parameters
    ----------
    noise_var : float
        sigma_n^2 in eV^2; with ``normalize_y`` a multiple of var(y), as in scikit-learn.
    normalize_y : bool
        Fit (y - mean) / std instead of y: the paper says False (zero prior mean).
    n_restarts : int
        Starts drawn log-uniformly within the bounds, beside the one at `initial` (the paper: 2).
    initial : (signal_var in eV^2, length_scale in descriptor units)
        The paper's 20 and 700.
    bound_factor : float
        Parameters stay within initial / bound_factor and initial * bound_factor (the paper: 100).
    restart_subset : int or None
        All starts are optimised on this many random molecules; the optimum with the highest full
        likelihood is then polished on all. None: every start on all molecules.
    random_state : int, numpy.random.Generator or None
        Draws starts and subset. The same value gives the same fit to the bit on one machine.

    Attributes (after `fit`)
    ------------------------
    signal_var_, length_scale_ : floats, rounded to 1e-4 in their logarithm so that the last digits
        of the optimiser, which differ between processors, do not reach the predictions
    log_marginal_likelihood_ : float, nat, at these parameters
    noise_var_used_ : float, the noise of the fit in the unit of `noise_var`; larger than
        `noise_var` if K_x was indefinite, raised in steps of ten
    at_bound_ : tuple of names of the parameters that ended at a bound
    n_evaluations_ : int, evaluations of the full likelihood in the last climbs
    weights_ : (n,) K_x^-1 y, 1/eV
    L_ : (n, n) lower triangle, Cholesky factor of K_x, eV
    X_train_, y_mean_, y_std_
    """

    def __init__(
        self,
        noise_var=0.05,
        normalize_y=False,
        n_restarts=2,
        initial=(20.0, 700.0),
        bound_factor=100.0,
        restart_subset=500,
        random_state=None,
    ):
        self.noise_var = noise_var
        self.normalize_y = normalize_y
        self.n_restarts = n_restarts
        self.initial = initial
        self.bound_factor = bound_factor
        self.restart_subset = restart_subset
        self.random_state = random_state

    def fit(self, X, y):
        """Maximise the marginal likelihood and factorise K_x.

        Parameters
        ----------
        X : (n, d) descriptors, centred for best accuracy
        y : (n,) labels, eV

        Raises
        ------
        ValueError
            If noise_var is negative or not finite, or X or y hold NaN or infinity.
        """
        if not (np.isfinite(self.noise_var) and self.noise_var >= 0):
            raise ValueError(
                f"noise_var={self.noise_var!r} must be a finite number, 0 eV^2 or more"
            )
        X, y = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.n_features_in_ = X.shape[1]
        self.X_train_ = X
        self.y_mean_ = y.mean() if self.normalize_y else 0.0
        self.y_std_ = (y.std() or 1.0) if self.normalize_y else 1.0
        y = (y - self.y_mean_) / self.y_std_

        D2 = squared_distances(X)
        self.noise_var_used_ = self.noise_var
        while True:
            try:
                log_params = self._maximise(D2, y)
                self.signal_var_, self.length_scale_ = np.exp(np.round(log_params, 4))
                self.L_ = factorise(D2, self.signal_var_, self.length_scale_, self.noise_var_used_)
                break
            except np.linalg.LinAlgError:
                self.noise_var_used_ = 10 * max(self.noise_var_used_, 1e-12)
        self.weights_ = cho_solve((self.L_, True), y, check_finite=False)
        self.log_marginal_likelihood_ = (
            -0.5 * y @ self.weights_ - np.log(np.diagonal(self.L_)).sum() - 0.5 * len(y) * LOG_2PI
        )
        bounds = self._bounds()
        near = (np.abs(log_params[:, None] - bounds) < 1e-3).any(axis=1)
        self.at_bound_ = tuple(np.array(["signal_var", "length_scale"])[near])
        return self

    def _bounds(self):
        """(2, 2) lower and upper bounds of log signal_var and log length_scale."""
        span = np.log(self.bound_factor)
        return np.log(np.asarray(self.initial, dtype=float))[:, None] + [-span, span]

    def _maximise(self, D2, y):
        """(2,) log parameters of the highest likelihood; LinAlgError if it is nowhere defined."""
        random = check_random_state(
            self.random_state
            if not isinstance(self.random_state, np.random.Generator)
            else int(self.random_state.integers(2**32))
        )
        bounds = self._bounds()
        starts = [np.log(np.asarray(self.initial, dtype=float))]
        starts += [random.uniform(bounds[:, 0], bounds[:, 1]) for _ in range(self.n_restarts)]

        n = len(y)
        if self.restart_subset is not None and n > self.restart_subset:
            subset = np.sort(random.permutation(n)[: self.restart_subset])
            D2_subset = np.asfortranarray(D2[np.ix_(subset, subset)])
            starts = [self._climb(start, D2_subset, y[subset])[0] for start in starts]
            # Different starts mostly end in one optimum: evaluate it once.
            starts = list({tuple(np.round(start, 2)): start for start in starts}.values())
            if len(starts) > 1:
                full = [self._lml(start, D2, y)[0] for start in starts]
                starts = [starts[int(np.argmax(full))]]

        climbs = [self._climb(start, D2, y) for start in starts]
        self.n_evaluations_ = sum(evaluations for _, _, evaluations in climbs)
        best, lml, _ = max(climbs, key=lambda climb: climb[1])
        if not np.isfinite(lml):
            raise np.linalg.LinAlgError("kernel matrix indefinite at every parameter tried")
        return best

    def _lml(self, log_params, D2, y):
        return log_marginal_likelihood(log_params, D2, y, self.noise_var_used_)

    def _climb(self, start, D2, y):
        """L-BFGS-B from one start: (log parameters, lml, evaluations)."""

        def negative(log_params):
            lml, gradient = self._lml(log_params, D2, y)
            return -lml, -gradient

        result = minimize(negative, start, method="L-BFGS-B", jac=True, bounds=self._bounds())
        return result.x, -result.fun, result.nfev

    def predict(self, X, return_std=False):
        """Posterior mean and standard deviation (Eqs. 3 and 4; R&W Eqs. 2.25 and 2.26).

        Parameters
        ----------
        X : (m, d) descriptors
        return_std : bool

        Returns
        -------
        mu : (m,) eV
        sigma : (m,) eV, of the latent function (without noise); only with ``return_std``

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before `fit`.
        ValueError
            If X has another number of columns than the training set, or holds NaN or infinity.
        """
        check_is_fitted(self)
        X = check_array(X, dtype=np.float64)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} columns, the model was fitted on {self.n_features_in_}: "
                "use the descriptors of the same data set and settings"
            )
        mu, variance = np.empty(len(X)), np.empty(len(X))
        for start in range(0, len(X), CHUNK):
            rows = slice(start, start + CHUNK)
            K = squared_distances(self.X_train_, X[rows])
            rbf(K, self.signal_var_, self.length_scale_, out=K)  # (n_train, chunk)
            mu[rows] = self.weights_ @ K
            if return_std:
                V = solve_triangular(
                    self.L_, K, lower=True, overwrite_b=True, check_finite=False
                )  # R&W Alg. 2.1, line 5
                variance[rows] = self.signal_var_ - np.einsum("ij,ij->j", V, V)
        mu = self.y_mean_ + self.y_std_ * mu
        if not return_std:
            return mu
        # Rounding can leave a variance slightly below zero at a training molecule.
        return mu, self.y_std_ * np.sqrt(np.maximum(variance, 0.0))
