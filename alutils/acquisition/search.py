"""Strategies that search for the target range, beside E.

All are ``strategy(view, batch_size, rng)`` as of `alutils.acquisition.strategies`. The target is an
`acquisition.target.Range`; what maximises y has no meaning for one that ends, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_solve
from scipy.stats import norm

from alutils.model.kernel import CHUNK, n_bits_of, rbf, squared_distances

if TYPE_CHECKING:
    from alutils.acquisition.strategies import PoolView

WIDTH = 2.0  # standard deviations that `upper_confidence_bound` adds
FOURIER_FEATURES = 2000
SAMPLES = 128  # Thompson samples drawn together
PLAIN_ONLY = ("thompson_samples",)  # strategies that no fingerprint serves


def optimistic_search(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """At random among those with mu + sigma above the threshold; the rest at random if too few.

    The authors' variant I, which their code holds and the paper does not show.
    """
    low = _lower_edge(view, "optimistic_search")
    keys = rng.random(len(view.X))
    return np.lexsort((keys, view.mu + view.sigma <= low))[:batch_size]


def uncertain_in_range(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The most uncertain of those predicted in range; then the most uncertain of the rest.

    The authors' variant J.
    """
    outside = ~_target(view, "uncertain_in_range").contains(view.mu)
    return np.lexsort((-np.round(view.sigma, 9), outside))[:batch_size]


def most_probable(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The highest probability of lying in range.

    The greedy rule of active search (R. Garnett et al., ICML 2012).
    """
    target = _target(view, "most_probable")
    score = probability_in_range(view.mu, view.sigma, target.low, target.high)
    return _highest(score, batch_size)


def probability_in_range(mu: np.ndarray, sigma: np.ndarray, low: float, high: float) -> np.ndarray:
    """Posterior probability that the latent HOMO level lies between two edges.

    mu, sigma : (n,) eV;  low, high : eV, may be infinite;  returns (n,)
    """
    sigma = np.maximum(sigma, 1e-9)
    return norm.cdf((high - mu) / sigma) - norm.cdf((low - mu) / sigma)


def expected_improvement(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The highest expected excess over the threshold, E[max(f - threshold, 0)].

    Kept as its logarithm's argument: far below the threshold it is tiny, not zero, by a scaled
    complementary error function (S. Ament et al., NeurIPS 2023).
    """
    low = _lower_edge(view, "expected_improvement")
    sigma = np.maximum(view.sigma, 1e-9)
    z = (view.mu - low) / sigma
    # log(z Phi(z) + phi(z)) without cancellation: -z Phi(z) / phi(z) tends to 1 - 1/z^2 far below.
    near = np.log(np.maximum(z * norm.cdf(z) + norm.pdf(z), 1e-300))
    far = norm.logpdf(z) - 2 * np.log(np.maximum(-z, 1.0))
    return _highest(np.log(sigma) + np.where(z < -10, far, near), batch_size)


def upper_confidence_bound(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The highest mu + WIDTH sigma (P. Auer, J. Mach. Learn. Res. 3, 397 (2002))."""
    _lower_edge(view, "upper_confidence_bound")
    return _highest(view.mu + WIDTH * view.sigma, batch_size)


def thompson_samples(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """For each pick a function from the posterior, and the molecule where it is highest.

    Functions by pathwise conditioning (J. T. Wilson et al., ICML 2020): one from the prior, as
    random Fourier features, and the exact correction by the training labels.

    Raises
    ------
    ValueError
        For fingerprints: their kernel is not an RBF of plain columns, and has no Fourier features.
    """
    _lower_edge(view, "thompson_samples")
    refuse_bits("thompson_samples", n_bits_of(view))
    model, X = view.model, view.X
    free = np.ones(len(X), dtype=bool)
    picks = []
    while len(picks) < batch_size:
        n_samples = min(SAMPLES, batch_size - len(picks))
        for f in _posterior_samples(model, X, n_samples, rng):
            picks.append(int(np.argmax(np.where(free, f, -np.inf))))
            free[picks[-1]] = False
    return np.array(picks)


def refuse_bits(strategy, n_bits):
    """ValueError for a strategy, by its name, that cannot do with the bits of a descriptor."""
    if n_bits and strategy in PLAIN_ONLY:
        raise ValueError(
            f"strategy {strategy!r} is for plain columns, the descriptor has the bits of a "
            "fingerprint: choose another strategy, such as most_probable, or descriptor 'mbtr'"
        )


def _posterior_samples(model, X, n_samples, rng):
    """(n_samples, m) functions from the posterior at the rows of X, in units of the fit."""
    frequencies = rng.standard_normal((X.shape[1], FOURIER_FEATURES)) / model.length_scale_
    phases = rng.uniform(0, 2 * np.pi, FOURIER_FEATURES)
    amplitudes = rng.standard_normal((FOURIER_FEATURES, n_samples))
    amplitudes *= np.sqrt(2 * model.signal_var_ / FOURIER_FEATURES)

    def prior(rows):
        return np.cos(rows @ frequencies + phases) @ amplitudes

    noise = np.sqrt(model.noise_var_used_) * rng.standard_normal((len(model.L_), n_samples))
    at_training = prior(model.X_train_) + noise
    weights = model.weights_[:, None] - cho_solve((model.L_, True), at_training, check_finite=False)
    samples = np.empty((n_samples, len(X)))
    for start in range(0, len(X), CHUNK):
        rows = slice(start, start + CHUNK)
        K = squared_distances(model.X_train_, X[rows])
        rbf(K, model.signal_var_, model.length_scale_, out=K)
        samples[:, rows] = (prior(X[rows]) + K.T @ weights).T
    return samples


def _highest(score, batch_size):
    """Positions by falling score; ties, to 1e-9, by position."""
    return np.argsort(-np.round(score, 9), kind="stable")[:batch_size]


def _target(view, name):
    """The range in eV; ValueError without one."""
    if view.target is None:
        raise ValueError(f"strategy {name!r} needs a target")
    return view.target


def _lower_edge(view, name):
    target = _target(view, name)
    if np.isfinite(target.high):
        raise ValueError(
            f"strategy {name!r} looks for the highest levels, the target ends at {target.high:g} "
            "eV: choose property_search or most_probable"
        )
    return target.low
