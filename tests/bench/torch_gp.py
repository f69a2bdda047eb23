"""The Gaussian process of `model.gp` on PyTorch: the same algorithm, on a processor or a GPU.

Nothing else imports this module, and PyTorch is no dependency: ``make test-torch`` makes an
environment that has it. The estimator is inherited; here are its matrices, by the names that they
have in `alutils.model`. All is float64 but, by choice, the triangular solve of sigma
(`sigma_dtype`).
"""

from __future__ import annotations

import numpy as np
import torch

from alutils.model import gp
from alutils.model.kernel import indefinite
from alutils.model.likelihood import LOG_2PI

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
        raise indefinite(len(K), noise_var)
    return L


def posterior(D2, y, signal_var, length_scale, noise_var):
    """As `alutils.model.likelihood.posterior`, of tensors D2 (n, n), overwritten, and y (n,)."""
    L = factorise(rbf(D2, signal_var, length_scale), noise_var)
    weights = torch.cholesky_solve(y[:, None], L)[:, 0]
    half_log_det = L.diagonal().log().sum()
    return L, weights, float(-0.5 * y @ weights - half_log_det) - 0.5 * len(y) * LOG_2PI


def log_marginal_likelihood(log_params, D2, y, noise_var):
    """As `alutils.model.likelihood.log_marginal_likelihood`, of tensors D2 (n, n) and y (n,).

    Returns
    -------
    lml : float, nat;  gradient : (2,) numpy array, with respect to log signal_var and length_scale
    """
    signal_var, length_scale = np.exp(log_params)
    try:
        L, weights, lml = posterior(D2.clone(), y, signal_var, length_scale, noise_var)
    except np.linalg.LinAlgError:
        return -np.inf, np.zeros(2)
    K_inv = torch.cholesky_inverse(L)
    del L

    # R&W Eq. 5.9, as there: the first needs no pass over the matrix.
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

    Raises
    ------
    ValueError
        By `fit` and `condition`, beside those there: `device` is not there, or `sigma_dtype` is
        another than the two.
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

    def _take(self, X, y):
        if self.sigma_dtype not in ("float64", "float32"):
            raise ValueError(f"sigma_dtype={self.sigma_dtype!r}: give 'float64' or 'float32'")
        if str(self.device).startswith("cuda") and not torch.cuda.is_available():
            raise ValueError(f"device={self.device!r}: PyTorch finds no CUDA here, give 'cpu'")
        return super()._take(X, y)

    def _array(self, values):
        return torch.as_tensor(np.array(values), dtype=torch.float64, device=self.device)

    def _likelihood(self, X, y, noise_var):
        D2 = squared_distances(X)
        return lambda log_params: log_marginal_likelihood(log_params, D2, y, noise_var)

    def _posterior(self, X, y, signal_var, length_scale, noise_var):
        return posterior(squared_distances(X), y, signal_var, length_scale, noise_var)

    def _latent(self, X, return_std):
        L = self.L_.to(getattr(torch, self.sigma_dtype)) if return_std else None
        mu, variance = np.empty(len(X)), np.empty(len(X))
        for start in range(0, len(X), CHUNK):
            rows = slice(start, start + CHUNK)
            K = squared_distances(self.X_train_, self._array(X[rows]))
            K = rbf(K, self.signal_var_, self.length_scale_)  # (n_train, chunk)
            mu[rows] = (self.weights_ @ K).cpu()
            if return_std:
                V = torch.linalg.solve_triangular(L, K.to(L.dtype), upper=False)  # R&W 2.1, line 5
                variance[rows] = (self.signal_var_ - V.square_().sum(0)).cpu()
        return mu, variance
