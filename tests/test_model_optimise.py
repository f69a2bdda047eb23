"""The way to the highest likelihood: subsets that grow, and a polish that knows the curvature."""

import numpy as np
import pytest

from alutils.model import optimise
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import squared_distances
from alutils.model.likelihood import log_marginal_likelihood


@pytest.fixture(scope="module")
def data():
    """Descriptors with a falling spectrum and labels like a HOMO, (500, 80) and (500,) eV."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(500, 80)) * 900 * np.arange(1, 81) ** -1.2
    y = -6.5 + 0.6 * np.sin(X[:, 0] / 500) + 0.2 * np.cos(X[:, 1] / 90) + 0.1 * rng.normal(size=500)
    return X, y


@pytest.mark.parametrize(
    ("n", "restart", "likelihood", "sizes"),
    [
        (400, 500, 8000, [400]),
        (999, 500, 8000, [999]),
        (1000, 500, 8000, [500, 1000]),
        (16_000, 500, 8000, [500, 1000, 2000, 4000, 8000]),
        (16_000, 500, None, [500, 1000, 2000, 4000, 8000, 16_000]),
        (300, None, 8000, [300]),
        (300, None, 100, [100]),
    ],
)
def test_subsets_grow_to_the_full_likelihood(n, restart, likelihood, sizes):
    assert optimise.subset_sizes(n, restart, likelihood) == sizes


@pytest.mark.parametrize("noise_var", [1e-6, 1e-3, 0.05])
def test_the_ladder_ends_at_the_optimum_of_a_climb_from_scratch(data, noise_var):
    """With a fraction of its evaluations of the full likelihood."""
    X, y = data
    ladder = GaussianProcess(noise_var, random_state=0, restart_subset=60).fit(X, y)
    scratch = GaussianProcess(noise_var, random_state=0, restart_subset=None).fit(X, y)
    assert ladder.log_marginal_likelihood_ > scratch.log_marginal_likelihood_ - 1e-3
    assert ladder.n_evaluations_ <= 8 < scratch.n_evaluations_


def bowl(log_params):
    """A likelihood with its maximum at log 5 and log 300, curvatures 8 and 2, and its gradient."""
    away = log_params - np.log([5.0, 300.0])
    return -(4 * away[0] ** 2 + away[1] ** 2), -np.array([8.0, 2.0]) * away


WIDE = optimise.log_bounds((20.0, 700.0), 100.0)


def test_a_polish_without_curvature_still_climbs(data):
    X, y = data
    D2, start = squared_distances(X), np.log([5.0, 2000.0])

    def likelihood(log_params):
        return log_marginal_likelihood(log_params, D2, y, 0.05)

    best = GaussianProcess(0.05, n_restarts=0, random_state=0).fit(X, y).log_marginal_likelihood_
    for hessian in (-np.eye(2), np.diag([1e-9, 1e-9])):  # indefinite; far too long a step
        found = optimise.polish(likelihood, start, hessian, WIDE)
        assert -found.fun > best - 1e-3


def test_curvature_is_that_of_the_likelihood():
    hessian = optimise.curvature(bowl, np.log([2.0, 1000.0]))
    np.testing.assert_allclose(hessian, np.diag([8.0, 2.0]), atol=1e-10)


def test_a_polish_with_the_right_curvature_needs_few_evaluations():
    start = np.log([4.0, 400.0])
    found = optimise.polish(bowl, start, np.diag([8.0, 2.0]), WIDE)
    np.testing.assert_allclose(found.x, np.log([5.0, 300.0]), atol=1e-12)
    assert found.nfev <= 2 < optimise.climb(bowl, start, WIDE).nfev


def test_an_updated_hessian_maps_the_step_to_the_change():
    """The secant equation (Nocedal & Wright, Eq. 6.6)."""
    step, change = np.array([0.3, -0.2]), np.array([1.0, -0.1])
    hessian = optimise.updated(np.diag([8.0, 2.0]), step, change)
    np.testing.assert_allclose(hessian @ step, change, rtol=1e-12)
    np.testing.assert_array_equal(hessian, hessian.T)


def test_the_optimum_is_rounded_and_its_bounds_are_named():
    """Of two bounds the signal variance meets one: 5 eV^2 lies below the lowest that is allowed."""
    bounds = optimise.log_bounds((20.0, 300.0), 2.0)
    rows = [np.arange(10), np.arange(40)]
    starts = [bounds.mean(axis=1)]
    best = optimise.maximise(lambda subset: bowl, rows, starts, bounds)
    assert best.at_bound == ("signal_var",)
    logs = np.log(best.params)
    np.testing.assert_allclose(logs, np.round(logs, optimise.DECIMALS), atol=1e-12)
    assert best.params == pytest.approx([10.0, 300.0], rel=1e-4)


def test_a_likelihood_that_is_nowhere_finite_raises():
    def nowhere(log_params):
        return -np.inf, np.zeros(2)

    with pytest.raises(np.linalg.LinAlgError, match="at every parameter tried"):
        optimise.maximise(lambda subset: nowhere, [np.arange(3)], [WIDE.mean(axis=1)], WIDE)
