"""The Gaussian process of `model.gp` on PyTorch: the same algorithm, on a processor or a GPU.

Nothing else imports this module, and PyTorch is no dependency: ``make test-torch`` makes an
environment that has it. The climb to the highest likelihood is inherited, line by line; here are
the matrices. All is float64 but, where asked for, the triangular solve of sigma (`sigma_dtype`).
"""

from __future__ import annotations

import numpy as np
import torch
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from alutils.model import gp

BLOCK = 2048  # rows per pass over a matrix: bounds the working memory by BLOCK * n
CHUNK = 8192  # molecules predicted at a time


def squared_distances(A, B=None):
    """(n, m) squared Euclidean distances between rows (Eq. 7, squared), never negative.

    Without B, B = A and the diagonal is exactly zero.
    """
    other = A if B is None else B
    D2 = torch.addmm((other * other).sum(1)[None, :], A, other.T, alpha=-2.0)
    D2.add_((A * A).sum(1)[:, None]).clamp_(min=0.0)
    return D2.fill_diagonal_(0.0) if B is None else D2


def rbf(D2, signal_var, length_scale):
    """RBF kernel of squared distances (Eq. 6), in their place."""
    return D2.mul_(-0.5 / length_scale**2).exp_().mul_(signal_var)


def factorise(K, noise_var):
    """Cholesky factor L (lower, the rest zero) of K + noise_var I; K is overwritten.

    Raises
    ------
    numpy.linalg.LinAlgError
        If it is not positive definite.
    """
    K.diagonal().add_(noise_var)
    L, info = torch.linalg.cholesky_ex(K)
    if info != 0:
        raise np.linalg.LinAlgError(
            f"kernel matrix of {len(K)} molecules is not positive definite at noise_var="
            f"{noise_var:g}: near-duplicate descriptors need more noise"
        )
    return L


def evidence(L, y, weights):
    """Log marginal likelihood, nat (R&W Eq. 2.30)."""
    half_log_det = L.diagonal().log().sum()
    return float(-0.5 * y @ weights - half_log_det) - 0.5 * len(y) * gp.LOG_2PI


def log_marginal_likelihood(log_params, D2, y, noise_var):
    """As `alutils.model.gp.log_marginal_likelihood`, of tensors D2 (n, n) and y (n,).

    Returns
    -------
    lml : float, nat;  gradient : (2,) numpy array, with respect to log signal_var and length_scale
    """
    signal_var, length_scale = np.exp(log_params)
    try:
        L = factorise(rbf(D2.clone(), signal_var, length_scale), noise_var)
    except np.linalg.LinAlgError:
        return -np.inf, np.zeros(2)
    weights = torch.cholesky_solve(y[:, None], L)[:, 0]  # R&W Alg. 2.1, line 3
    lml = evidence(L, y, weights)
    K_inv = torch.cholesky_inverse(L)
    del L

    # R&W Eq. 5.9, as in `alutils.model.gp`: the first needs no pass over the matrix.
    d_signal = weights @ (y - noise_var * weights) - len(y) + noise_var * K_inv.trace()
    d_length = 0.0
    for start in range(0, len(y), BLOCK):
        rows = slice(start, start + BLOCK)
        dK = rbf(D2[rows].clone(), signal_var, length_scale).mul_(D2[rows])
        K_inv[rows].sub_(torch.outer(weights[rows], weights)).mul_(dK)
        d_length -= float(K_inv[rows].sum())
    return lml, 0.5 * np.array([float(d_signal), d_length / length_scale**2])


class GaussianProcess(gp.GaussianProcess):
    """`alutils.model.gp.GaussianProcess` with its matrices on a device of PyTorch.

    Parameters
    ----------
    device : str, "cpu", "cuda", "cuda:1"
    sigma_dtype : "float64", or "float32": in it is the triangular solve of sigma alone, the one
        step of a prediction that costs n^2. New molecules whose sigma exceeds 0.05 eV keep it to
        5e-4 eV, training molecules at a small noise lose it (tests/torch/test_torch_gp.py). Nothing
        else has this choice: the mean would lose 0.01 eV, with weights that are large and cancel.
    The others are those of `alutils.model.gp.GaussianProcess`.

    Attributes (after `fit`)
    ------------------------
    As there; but X_train_, L_ and weights_ are tensors on the device.
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
        device="cpu",
        sigma_dtype="float64",
    ):
        super().__init__(
            *(noise_var, normalize_y, n_restarts, initial, bound_factor),
            *(restart_subset, likelihood_subset, random_state),
        )
        self.device = device
        self.sigma_dtype = sigma_dtype

    def fit(self, X, y):
        """Maximise the marginal likelihood and factorise K_x.

        Parameters
        ----------
        X : (n, d) descriptors, centred for best accuracy
        y : (n,) labels, eV

        Raises
        ------
        ValueError
            If noise_var is negative or not finite, X or y hold NaN or infinity, `device` is not
            there, or `sigma_dtype` is another than the two.
        """
        if not (np.isfinite(self.noise_var) and self.noise_var >= 0):
            raise ValueError(
                f"noise_var={self.noise_var!r} must be a finite number, 0 eV^2 or more"
            )
        if self.sigma_dtype not in ("float64", "float32"):
            raise ValueError(f"sigma_dtype={self.sigma_dtype!r}: give 'float64' or 'float32'")
        if str(self.device).startswith("cuda") and not torch.cuda.is_available():
            raise ValueError(f"device={self.device!r}: PyTorch finds no CUDA here, give 'cpu'")
        X, y = check_X_y(X, y, dtype=np.float64, y_numeric=True)
        self.n_features_in_ = X.shape[1]
        self.y_mean_ = y.mean() if self.normalize_y else 0.0
        self.y_std_ = (y.std() or 1.0) if self.normalize_y else 1.0
        X, y = self._tensor(X), self._tensor((y - self.y_mean_) / self.y_std_)
        self.X_train_ = X

        self.noise_var_used_ = self.noise_var
        while True:
            try:
                log_params = self._maximise(X, y)
                self.signal_var_, self.length_scale_ = np.exp(np.round(log_params, 4))
                K = rbf(squared_distances(X), self.signal_var_, self.length_scale_)
                self.L_ = factorise(K, self.noise_var_used_)
                break
            except np.linalg.LinAlgError:
                self.noise_var_used_ = 10 * max(self.noise_var_used_, 1e-12)
        self.weights_ = torch.cholesky_solve(y[:, None], self.L_)[:, 0]
        self.log_marginal_likelihood_ = evidence(self.L_, y, self.weights_)
        near = (np.abs(log_params[:, None] - self._bounds()) < 1e-3).any(axis=1)
        self.at_bound_ = tuple(np.array(["signal_var", "length_scale"])[near])
        return self

    def predict(self, X, return_std=False):
        """Posterior mean and standard deviation, numpy arrays (Eqs. 3, 4; R&W Eqs. 2.25, 2.26).

        Parameters
        ----------
        X : (m, d) descriptors
        return_std : bool

        Returns
        -------
        mu : (m,) float64, eV
        sigma : (m,) float64, eV, of the latent function (without noise); only with ``return_std``

        Raises
        ------
        As `alutils.model.gp.GaussianProcess.predict`.
        """
        check_is_fitted(self)
        X = check_array(X, dtype=np.float64)
        if X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} columns, the model was fitted on {self.n_features_in_}: "
                "use the descriptors of the same data set and settings"
            )
        L = self.L_.to(getattr(torch, self.sigma_dtype)) if return_std else None
        mu, variance = np.empty(len(X)), np.empty(len(X))
        for start in range(0, len(X), CHUNK):
            rows = slice(start, start + CHUNK)
            K = squared_distances(self.X_train_, self._tensor(X[rows]))
            K = rbf(K, self.signal_var_, self.length_scale_)  # (n_train, chunk)
            mu[rows] = (self.weights_ @ K).cpu()
            if return_std:
                V = torch.linalg.solve_triangular(L, K.to(L.dtype), upper=False)  # R&W 2.1, line 5
                variance[rows] = (self.signal_var_ - V.square_().sum(0)).cpu()
        mu = self.y_mean_ + self.y_std_ * mu
        if not return_std:
            return mu
        # Rounding can leave a variance slightly below zero at a training molecule.
        return mu, self.y_std_ * np.sqrt(np.maximum(variance, 0.0))

    def _tensor(self, array):
        return torch.as_tensor(np.array(array), dtype=torch.float64, device=self.device)

    def _subset(self, X, y, rows):
        rows = torch.as_tensor(np.sort(rows), device=self.device)
        return squared_distances(X[rows]), y[rows]

    def _lml(self, log_params, D2, y):
        return log_marginal_likelihood(log_params, D2, y, self.noise_var_used_)
