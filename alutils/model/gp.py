"""Exact Gaussian-process regression with an RBF kernel (Eqs. 3 to 7 of the paper).

Line by line this is Algorithm 2.1 of Rasmussen & Williams, *Gaussian Processes for Machine
Learning* (MIT Press 2006; "R&W" below). The estimator is here; the matrices are in `kernel`, the
marginal likelihood and its gradient in `likelihood`, the way to its maximum in `optimise`.
"""

from __future__ import annotations

from typing import Literal, overload

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from alutils.model import optimise
from alutils.model.kernel import cross_kernels, squared_distances
from alutils.model.likelihood import log_marginal_likelihood, posterior

LEAST_NOISE = 1e-12  # eV^2: noise that is zero is raised as if it were this
MOST_FOR_MEDIAN = 1000  # molecules among which the median distance is taken


class GaussianProcess(RegressorMixin, BaseEstimator):
    """Exact GP with an RBF kernel, fixed noise, and parameters of maximum marginal likelihood.

    Follows scikit-learn's estimator conventions and, run for run, its GaussianProcessRegressor with
    ``ConstantKernel(20) * RBF(700)`` and ``alpha=noise_var``.

    Parameters
    ----------
    noise_var : sigma_n^2 in eV^2; with ``normalize_y`` a multiple of var(y), as in scikit-learn.
    normalize_y : fit (y - mean) / std instead of y: the paper says False (zero prior mean).
    n_restarts : starts drawn log-uniformly within the bounds, beside the one at `initial` (the
        paper: 2).
    initial : (signal_var in eV^2, length_scale in descriptor units). The paper's 20 and 700. None:
        the mean square of the labels and the median distance between molecules, and one
        optimisation from each peak of a coarse scan of the length scale there.
    bound_factor : parameters stay within initial / bound_factor and initial * bound_factor (the
        paper: 100).
    restart_subset : all starts are optimised on this many random molecules; the optimum with the
        highest likelihood is then polished on subsets growing by `optimise.GROWTH` up to
        `likelihood_subset`. None: every start on all molecules.
    likelihood_subset : with more molecules than this, the likelihood of this many random ones is
        maximised; the fit itself is always on all. None: the full likelihood, whatever n.
    random_state : draws starts and subset. The same value gives the same fit to the bit on one
        machine.
    n_bits : so many of the last columns of X are bits of a fingerprint, whose distance is
        Tanimoto's (`alutils.model.kernel.squared_distances`).

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
        noise_var: float = 0.05,
        normalize_y: bool = False,
        n_restarts: int = 2,
        initial: tuple[float, float] | None = (20.0, 700.0),
        bound_factor: float = 100.0,
        restart_subset: int | None = 500,
        likelihood_subset: int | None = 8000,
        random_state: int | np.random.Generator | None = None,
        n_bits: int = 0,
    ) -> None:
        self.noise_var = noise_var
        self.normalize_y = normalize_y
        self.n_restarts = n_restarts
        self.initial = initial
        self.bound_factor = bound_factor
        self.restart_subset = restart_subset
        self.likelihood_subset = likelihood_subset
        self.random_state = random_state
        self.n_bits = n_bits

    def fit(self, X: np.ndarray, y: np.ndarray) -> GaussianProcess:
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
                best = self._maximise(X, y, noise_var)
                signal_var, length_scale = best.params
                self._build(X, y, signal_var, length_scale, noise_var)
                break
            except np.linalg.LinAlgError:
                noise_var = 10 * max(noise_var, LEAST_NOISE)
        self.at_bound_, self.n_evaluations_ = best.at_bound, best.n_evaluations
        return self

    def condition(
        self, X: np.ndarray, y: np.ndarray, signal_var: float, length_scale: float, noise_var: float
    ) -> GaussianProcess:
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
        """Training set, checked; y as the model sees it, normalised with ``normalize_y``."""
        X, y = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.n_features_in_ = X.shape[1]
        self.y_mean_ = y.mean() if self.normalize_y else 0.0
        self.y_std_ = (y.std() or 1.0) if self.normalize_y else 1.0
        self.X_train_ = self._array(X)
        return self.X_train_, self._array((y - self.y_mean_) / self.y_std_)

    def _maximise(self, X, y, noise_var):
        """`optimise.Optimum`; LinAlgError where the likelihood is nowhere defined."""
        random = check_random_state(
            self.random_state
            if not isinstance(self.random_state, np.random.Generator)
            else int(self.random_state.integers(2**32))
        )
        initial = self._data_start(X, y) if self.initial is None else self.initial
        bounds = optimise.log_bounds(initial, self.bound_factor)
        starts = [np.log(np.asarray(initial, dtype=float))]
        starts += [random.uniform(bounds[:, 0], bounds[:, 1]) for _ in range(self.n_restarts)]
        order = random.permutation(len(y))
        sizes = optimise.subset_sizes(len(y), self.restart_subset, self.likelihood_subset)
        subsets = [np.sort(order[:size]) for size in sizes]
        return optimise.maximise(
            lambda rows: self._likelihood(X[rows], y[rows], noise_var),
            subsets,
            starts,
            bounds,
            scan=self.initial is None,
        )

    def _data_start(self, X, y):
        """Mean square of the labels and median distance between molecules; 1 for what is zero."""
        few = X[:: -(-len(X) // MOST_FOR_MEDIAN)]
        distances = np.sqrt(self._distances(few)[np.triu_indices(len(few), 1)])
        distances = distances[distances > 0]
        return float(y @ y) / len(y) or 1.0, float(np.median(distances)) if distances.size else 1.0

    def _build(self, X, y, signal_var, length_scale, noise_var):
        """What `predict` needs, at these hyper-parameters."""
        self.signal_var_, self.length_scale_ = signal_var, length_scale
        self.noise_var_used_ = noise_var
        self.L_, self.weights_, self.log_marginal_likelihood_ = self._posterior(
            X, y, signal_var, length_scale, noise_var
        )

    @overload
    def predict(self, X: np.ndarray, return_std: Literal[False] = False) -> np.ndarray: ...

    @overload
    def predict(
        self, X: np.ndarray, return_std: Literal[True]
    ) -> tuple[np.ndarray, np.ndarray]: ...

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
        mu, variance = self._latent(X, return_std)
        mu = self.y_mean_ + self.y_std_ * mu
        if not return_std:
            return mu
        # Rounding can leave a variance slightly below zero at a training molecule.
        return mu, self.y_std_ * np.sqrt(np.maximum(variance, 0.0))

    # All that touches a matrix: a subclass may keep its own elsewhere (tests/bench/torch_gp.py).

    def _array(self, values):
        return values

    def _distances(self, X):
        """(n, n) squared distances between molecules."""
        return squared_distances(X, n_bits=self.n_bits)

    def _likelihood(self, X, y, noise_var):
        """A function of (2,) log parameters: log marginal likelihood, nat, and its gradient."""
        D2 = self._distances(X)
        return lambda log_params: log_marginal_likelihood(log_params, D2, y, noise_var)

    def _posterior(self, X, y, signal_var, length_scale, noise_var):
        """L, weights and log marginal likelihood."""
        D2 = self._distances(X)
        return posterior(D2, y, signal_var, length_scale, noise_var, out=D2)

    def _latent(self, X, return_std):
        """(m,) mean and variance of the latent function in the unit of the fit.

        mu = K_*^T weights,  var = sigma_f^2 - |L^-1 K_*|^2 by column;  without `return_std` the
        variance is not meaningful.
        """
        mu, variance = np.empty(len(X)), np.empty(len(X))
        for rows, K in cross_kernels(self, X):
            mu[rows] = self.weights_ @ K
            if return_std:
                V = solve_triangular(
                    self.L_, K, lower=True, overwrite_b=True, check_finite=False
                )  # R&W Alg. 2.1, line 5
                variance[rows] = self.signal_var_ - np.einsum("ij,ij->j", V, V)
        return mu, variance
