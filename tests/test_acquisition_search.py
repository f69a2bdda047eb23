"""Searches: each rule against its definition; targets of any shape."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from alutils.acquisition import search
from alutils.acquisition.strategies import SEARCHES, STRATEGIES, PoolView
from alutils.acquisition.target import Range
from alutils.model.gp import GaussianProcess

MAXIMISING = (
    *("optimistic_search", "expected_improvement", "upper_confidence_bound", "thompson_samples"),
)


def fake(mu, sigma, target):
    return SimpleNamespace(
        mu=np.array(mu), sigma=np.array(sigma), X=np.zeros((len(mu), 1)), target=target
    )


def pick(name, view, batch_size, seed=0):
    return STRATEGIES[name](view, batch_size, np.random.default_rng(seed)).tolist()


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(90, 3)) * 250
    model = GaussianProcess(0.02, n_restarts=0).fit(X[:30], -6 + np.tanh(X[:30, 0] / 250))
    return PoolView(model, X[30:], Range(-5.8))


@pytest.mark.parametrize("name", SEARCHES)
def test_a_search_needs_a_target(name, view):
    with pytest.raises(ValueError, match="needs a target"):
        pick(name, PoolView(view.model, view.X), 5)


@pytest.mark.parametrize("name", MAXIMISING)
def test_what_maximises_refuses_a_window(name, view):
    window = PoolView(view.model, view.X, Range(-6.2, -5.8))
    with pytest.raises(ValueError, match=r"the target ends at -5\.8 eV: choose property_search"):
        pick(name, window, 5)


@pytest.mark.parametrize("name", sorted(set(SEARCHES) - set(MAXIMISING)))
def test_the_others_search_a_window(name, view):
    window = PoolView(view.model, view.X, Range(-6.2, -5.8))
    inside = Range(-6.2, -5.8).contains(view.mu)
    assert 5 < inside.sum() < 55
    assert inside[pick(name, window, 5)].mean() >= 0.6


@pytest.mark.parametrize("name", SEARCHES)
def test_an_open_window_is_a_threshold(name, view):
    window = PoolView(view.model, view.X, Range(-5.8, np.inf))
    assert pick(name, window, 20) == pick(name, view, 20)


def test_optimistic_search_counts_sigma_in():
    view = fake([-1.0, -1.0, 1.0, -3.0], [0.5, 1.5, 0.1, 1.0], Range(0.0))
    assert set(pick("optimistic_search", view, 2)) == {1, 2}


def test_uncertain_in_range_goes_by_sigma_within_the_range():
    view = fake([1.0, 1.0, -1.0, 1.0, -1.0], [0.1, 0.3, 0.9, 0.2, 0.8], Range(0.0))
    assert pick("uncertain_in_range", view, 5) == [1, 3, 0, 2, 4]


def test_most_probable_weighs_the_distance_by_sigma():
    view = fake([0.5, 0.6, -0.1], [0.1, 2.0, 5.0], Range(0.0))
    assert pick("most_probable", view, 3) == [0, 1, 2]
    assert np.allclose(
        search.probability_in_range(np.array([0.5]), np.array([0.1]), 0.4, 0.6),
        norm.cdf(1) - norm.cdf(-1),
    )


@pytest.mark.parametrize("z", [-30.0, -11.0, -9.0, -2.0, 0.0, 3.0])
def test_expected_improvement_ranks_by_its_integral(z):
    """A pair with nearly equal improvement must be ranked as the integral ranks it."""

    def improvement(mu, sigma):
        density = norm(mu, sigma).pdf
        upper = max(mu, 0) + 12 * sigma
        return quad(lambda f: f * density(f), 0, upper, epsabs=0, limit=200, points=[mu])[0]

    for other in (z - 0.05, z + 0.05):
        view = fake([z * 0.3, other * 0.3], [0.3, 0.3], Range(0.0))
        assert pick("expected_improvement", view, 1) == [int(other > z)]
    if z > -9:
        mu, sigma = [z * 0.3, z * 0.3 - 0.1], [0.3, 0.5]
        values = [improvement(*pair) for pair in zip(mu, sigma, strict=True)]
        assert pick("expected_improvement", fake(mu, sigma, Range(0.0)), 1) == [
            int(np.argmax(values))
        ]


def test_upper_confidence_bound_adds_two_sigma():
    assert pick(
        "upper_confidence_bound", fake([0.0, 0.5, 0.2], [0.5, 0.1, 0.3], Range(9.0)), 3
    ) == [
        0,
        2,
        1,
    ]


def test_posterior_samples_have_the_posteriors_mean_and_spread(view):
    """Fourier features are inexact by 1/sqrt(FOURIER_FEATURES); 4 000 samples by less."""
    samples = search._posterior_samples(view.model, view.X, 4000, np.random.default_rng(0))
    scale = view.sigma.max()
    assert np.abs(samples.mean(axis=0) - view.mu).max() < 0.1 * scale
    assert np.abs(samples.std(axis=0) - view.sigma).max() < 0.1 * scale


def test_thompson_samples_favour_what_is_high_or_unknown(view):
    picks = pick("thompson_samples", view, 15)
    optimism = view.mu + 2 * view.sigma
    assert optimism[picks].mean() > np.quantile(optimism, 0.6)


def test_thompson_samples_refuse_bits():
    view = PoolView(SimpleNamespace(n_bits=2), np.eye(3), Range(0.0))
    assert view.n_bits == 2
    with pytest.raises(ValueError, match=r"bits of a fingerprint: choose another .*'mbtr'"):
        pick("thompson_samples", view, 1)
