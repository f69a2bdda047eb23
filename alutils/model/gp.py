"""Exact Gaussian-process regression with an RBF kernel (Eqs. 3 to 7 of the paper).

Line by line this is Algorithm 2.1 of Rasmussen & Williams, *Gaussian Processes for Machine
Learning* (MIT Press 2006; "R&W" below), with the marginal likelihood maximised as in their
section 5.4.1. What makes it fast: the squared distances are computed once and not at every
likelihood evaluation, the two gradients come from sums over a triangle, the restarts run on a
subset, and the best of them climbs to the full likelihood by way of larger and larger subsets, each
of which tells the next the curvature: about five evaluations there, in place of fifteen.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import OptimizeResult, minimize
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

LOG_2PI = np.log(2 * np.pi)
BLOCK = 512  # columns per pass over a matrix: a block stays in the processor's cache
CHUNK = 1024  # molecules predicted at a time: bounds the memory by CHUNK * n_train
HESSIAN_STEP = 0.02  # in log signal_var and log length_scale
LONGEST_STEP = 0.7  # in log signal_var or log length_scale
LML_TOLERANCE = 1e-4  # nat
GROWTH = 2  # of the subsets on the way to the full likelihood


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
    L, info = dpotrf(K, lower=1, overwrite_a=1, clean=0)
    if info != 0:
        raise np.linalg.LinAlgError(
            f"kernel matrix of {n} molecules is not positive definite at noise_var="
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
        All starts are optimised on this many random molecules; the optimum with the highest
        likelihood is then polished on subsets growing by GROWTH up to `likelihood_subset`. None:
        every start on all molecules.
    likelihood_subset : int or None
        With more molecules than this, the likelihood of this many random ones is maximised; the
        fit itself is always on all. None: the full likelihood, whatever n.
    random_state : int, numpy.random.Generator or None
        Draws starts and subset. The same value gives the same fit to the bit on one machine.

    Attributes (after `fit`)
    ------------------------
    signal_var_, length_scale_ : floats, in eV^2 (with ``normalize_y`` a multiple of var(y)) and
        descriptor units, rounded to 1e-4 in their logarithm so that the last digits
        of the optimiser, which differ between processors, do not reach the predictions
    log_marginal_likelihood_ : float, nat, at these parameters
    noise_var_used_ : float, the noise of the fit in the unit of `noise_var`; larger than
        `noise_var` if K_x was indefinite, raised in steps of ten
    at_bound_ : tuple of names of the parameters that ended at a bound
    n_evaluations_ : int, evaluations of the likelihood on the last, largest set
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
        likelihood_subset=8000,
        random_state=None,
    ):
        self.noise_var = noise_var
        self.normalize_y = normalize_y
        self.n_restarts = n_restarts
        self.initial = initial
        self.bound_factor = bound_factor
        self.restart_subset = restart_subset
        self.likelihood_subset = likelihood_subset
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
        X, y = self._take(X, y)
        noise_var = self.noise_var
        while True:
            try:
                self.noise_var_used_ = noise_var
                log_params = self._maximise(X, y)
                self._build(X, y, *np.exp(np.round(log_params, 4)), noise_var)
                break
            except np.linalg.LinAlgError:
                noise_var = 10 * max(noise_var, 1e-12)
        near = (np.abs(log_params[:, None] - self._bounds()) < 1e-3).any(axis=1)
        self.at_bound_ = tuple(np.array(["signal_var", "length_scale"])[near])
        return self

    def condition(self, X, y, signal_var, length_scale, noise_var):
        """Build the posterior at given hyper-parameters; nothing is optimised.

        Parameters
        ----------
        X : (n, d) descriptors;  y : (n,) labels, eV
        signal_var, length_scale, noise_var : as `signal_var_`, `length_scale_` and
            `noise_var_used_` of a fit: eV^2 and descriptor units; with ``normalize_y`` the two
            variances are multiples of var(y)

        Raises
        ------
        ValueError
            If X or y hold NaN or infinity.
        numpy.linalg.LinAlgError
            If K_x is not positive definite in float64.
        """
        X, y = self._take(X, y)
        self._build(X, y, signal_var, length_scale, noise_var)
        self.at_bound_ = ()
        return self

    def _take(self, X, y):
        """Training set, checked; y as the model sees it, normalised if that is asked for."""
        X, y = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.n_features_in_ = X.shape[1]
        self.X_train_ = X
        self.y_mean_ = y.mean() if self.normalize_y else 0.0
        self.y_std_ = (y.std() or 1.0) if self.normalize_y else 1.0
        return X, (y - self.y_mean_) / self.y_std_

    def _build(self, X, y, signal_var, length_scale, noise_var):
        """Factorise K_x and solve for the weights (R&W Alg. 2.1, lines 2, 3 and 7)."""
        self.signal_var_, self.length_scale_ = signal_var, length_scale
        self.noise_var_used_ = noise_var
        D2 = squared_distances(X)
        self.L_ = factorise(D2, signal_var, length_scale, noise_var, out=D2)
        self.weights_ = cho_solve((self.L_, True), y, check_finite=False)
        self.log_marginal_likelihood_ = (
            -0.5 * y @ self.weights_ - np.log(np.diagonal(self.L_)).sum() - 0.5 * len(y) * LOG_2PI
        )

    def _bounds(self):
        """(2, 2) lower and upper bounds of log signal_var and log length_scale."""
        span = np.log(self.bound_factor)
        return np.log(np.asarray(self.initial, dtype=float))[:, None] + [-span, span]

    def _maximise(self, X, y):
        """(2,) log parameters of the highest likelihood; LinAlgError if it is nowhere defined."""
        random = check_random_state(
            self.random_state
            if not isinstance(self.random_state, np.random.Generator)
            else int(self.random_state.integers(2**32))
        )
        bounds = self._bounds()
        starts = [np.log(np.asarray(self.initial, dtype=float))]
        starts += [random.uniform(bounds[:, 0], bounds[:, 1]) for _ in range(self.n_restarts)]
        order = random.permutation(len(y))

        first, *larger = self._subset_sizes(len(y))
        subset = self._subset(X, y, order[:first])
        climbs = [self._climb(start, *subset) for start in starts]
        for size in larger:
            # Different starts mostly end in one optimum: evaluate it once.
            optima = list({tuple(np.round(climb.x, 2)): climb.x for climb in climbs}.values())
            smaller, subset = subset, self._subset(X, y, order[:size])
            if len(optima) > 1:
                optima.sort(key=lambda optimum: -self._lml(optimum, *subset)[0])
            hessian = self._hessian(optima[0], *smaller) * (size / len(smaller[1]))
            climbs = [self._polish(optima[0], hessian, *subset)]
        self.n_evaluations_ = sum(climb.nfev for climb in climbs)
        best = min(climbs, key=lambda climb: climb.fun)
        if not np.isfinite(best.fun):
            raise np.linalg.LinAlgError("kernel matrix indefinite at every parameter tried")
        return best.x

    def _subset_sizes(self, n):
        """Molecules whose likelihood is maximised, in this order; a step of less than 2 is none."""
        last = min(n, self.likelihood_subset or n)
        sizes = []
        size = self.restart_subset or n
        while 2 * size <= last:
            sizes.append(size)
            size *= GROWTH
        return [*sizes, last]

    def _subset(self, X, y, rows):
        """Squared distances and labels of these rows, in the order of the training set."""
        rows = np.sort(rows)
        return squared_distances(X[rows]), y[rows]

    def _lml(self, log_params, D2, y):
        return log_marginal_likelihood(log_params, D2, y, self.noise_var_used_)

    def _negative(self, log_params, D2, y):
        """What is minimised; infinite outside the bounds, which `_polish` does not know."""
        if ((log_params < self._bounds()[:, 0]) | (log_params > self._bounds()[:, 1])).any():
            return np.inf, np.zeros(2)
        lml, gradient = self._lml(log_params, D2, y)
        return -lml, -gradient

    def _climb(self, start, D2, y):
        """L-BFGS-B from a start of which nothing is known: scipy's OptimizeResult."""
        return minimize(
            self._negative, start, (D2, y), method="L-BFGS-B", jac=True, bounds=self._bounds()
        )

    def _hessian(self, log_params, D2, y):
        """(2, 2) second derivatives of -lml, from differences of the gradient."""
        steps = HESSIAN_STEP * np.eye(2)
        above, below = (
            np.array([-self._lml(log_params + sign * step, D2, y)[1] for step in steps])
            for sign in (1, -1)
        )
        hessian = (above - below) / (2 * HESSIAN_STEP)
        return (hessian + hessian.T) / 2

    def _polish(self, x, hessian, D2, y):
        """Quasi-Newton with a known first curvature; L-BFGS-B if that does not get there.

        The BFGS update (J. Nocedal & S. Wright, Numerical Optimization (2006), Eq. 6.19) also
        learns from a step that is then rejected. It is there when the quadratic model promises less
        than LML_TOLERANCE for one more step.
        """
        value, gradient = self._negative(x, D2, y)
        for evaluations in range(1, 16):
            if not (np.isfinite(value) and np.linalg.eigvalsh(hessian)[0] > 0):
                break
            step = -np.linalg.solve(hessian, gradient)
            if -0.5 * gradient @ step < LML_TOLERANCE:
                # A last step this short needs no evaluation to be trusted.
                x = np.clip(x + step, *self._bounds().T)
                return OptimizeResult(x=x, fun=value, nfev=evaluations)
            step *= min(1.0, LONGEST_STEP / np.abs(step).max())
            new_value, new_gradient = self._negative(x + step, D2, y)
            if not np.isfinite(new_value):
                break
            change = new_gradient - gradient
            if step @ change > 0:
                ahead = hessian @ step
                hessian = hessian - np.outer(ahead, ahead) / (step @ ahead)
                hessian += np.outer(change, change) / (step @ change)
            elif new_value >= value:
                break
            if new_value < value:
                x, value, gradient = x + step, new_value, new_gradient
        return self._climb(x, D2, y)

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
