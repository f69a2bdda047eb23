"""Is sigma right: on errors that are drawn as stated, and on such that are not."""

import numpy as np
import pytest
from scipy.stats import norm

from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.analysis import calibration, other_sigma
from alutils.loop import RunConfig
from alutils.model.gp import GaussianProcess
from alutils.model.leave_one_out import left_out_errors

N = 20_000


@pytest.fixture(scope="module")
def drawn():
    """Deviations that vary, and errors drawn from their Gaussians."""
    rng = np.random.default_rng(0)
    deviation = rng.uniform(0.1, 0.5, N)
    return deviation * rng.standard_normal(N), deviation


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))
    return GaussianProcess(0.02, n_restarts=0, initial=None).fit(X, np.sin(X).sum(axis=1) - 6)


def test_errors_as_stated_are_covered_as_stated(drawn):
    found = calibration.scores(*drawn)
    # Five standard deviations of a share of 20 000 are .018 and .011.
    assert abs(found["coverage_50"] - 0.5) < 0.018 and abs(found["coverage_90"] - 0.9) < 0.011
    assert abs(found["rank"] - found["rank_stated"]) < 0.03 and found["rank"] > 0.2
    assert found["sharpness_ev"] == pytest.approx(drawn[1].mean())


def test_a_deviation_that_is_too_small_covers_less_and_scores_worse(drawn):
    error, deviation = drawn
    right, small = calibration.scores(*drawn), calibration.scores(error, deviation / 2)
    expected = norm.cdf(norm.ppf(0.95) / 2) - norm.cdf(-norm.ppf(0.95) / 2)
    assert abs(small["coverage_90"] - expected) < 0.02
    assert small["nll"] > right["nll"] and small["crps_ev"] > right["crps_ev"]
    assert small["rank"] == pytest.approx(right["rank"])  # one factor changes no order


def test_the_score_is_the_integral_that_it_is_defined_by():
    grid = np.linspace(-30, 30, 600_001)
    for error, deviation in ((0.3, 0.2), (-2.0, 0.5), (0.0, 1.0)):
        gap = norm.cdf(grid / deviation) - (grid >= error)
        expected = np.sum(gap**2) * (grid[1] - grid[0])
        found = calibration.scores(np.array([error]), np.array([deviation]))["crps_ev"]
        assert found == pytest.approx(expected, abs=2e-4)


def test_leave_one_out_errors_are_those_of_models_without_the_molecule(model):
    residual, variance = left_out_errors(model)
    y = np.sin(model.X_train_).sum(axis=1) - 6
    for k in (0, 17, 59):
        others = np.delete(np.arange(60), k)
        fixed = model.signal_var_, model.length_scale_, model.noise_var_used_
        without = GaussianProcess().condition(model.X_train_[others], y[others], *fixed)
        mu, sigma = without.predict(model.X_train_[[k]], return_std=True)
        assert residual[k] == pytest.approx(y[k] - mu[0], abs=1e-8)
        assert variance[k] == pytest.approx(sigma[0] ** 2 + model.noise_var_used_, abs=1e-8)


def test_the_local_correction_is_large_where_the_errors_are(model):
    X, y = model.X_train_, np.sin(model.X_train_).sum(axis=1) - 6
    wild = X[:, 0] > 0.5
    rough = GaussianProcess(0.02, n_restarts=0, initial=None)
    noise = np.where(wild, 1.5, 0.0) * np.random.default_rng(3).standard_normal(60)
    rough.condition(X, y + noise, 2.0, 2.0, 0.02)
    factors = calibration.local_factors(rough, X)
    assert factors[wild].mean() > 1.3 * factors[~wild].mean()
    residual, variance = left_out_errors(rough)
    assert calibration.scale(residual, variance) == pytest.approx(
        np.sqrt(np.mean(residual**2 / variance))
    )


def test_conformal_intervals_are_as_wide_as_the_training_errors_ask_for(drawn):
    error, deviation = drawn
    half = N // 2
    found = calibration.conformal_coverage(
        3 * error[:half], deviation[:half], 3 * error[half:], deviation[half:] ** 2
    )
    assert abs(found["coverage_90"] - 0.9) < 0.016
    assert found["width_90"] == pytest.approx(3 * norm.ppf(0.95) * deviation.mean(), rel=0.05)


def test_a_strategy_that_is_shown_another_sigma_picks_by_it(model):
    X = np.random.default_rng(5).normal(size=(80, 3))
    y = np.sin(X).sum(axis=1) - 6
    view = PoolView(model, X)
    before = view.sigma.copy()
    oracle = other_sigma.with_sigma(STRATEGIES["most_uncertain"], other_sigma.oracle_of(X, y))
    picks = oracle(view, 5, np.random.default_rng(0))
    assert set(picks) == set(np.argsort(-np.abs(y - view.mu))[:5])
    assert (view.sigma == before).all()
    local = other_sigma.with_sigma(STRATEGIES["most_uncertain"], other_sigma.corrected_sigma)
    expected = view.sigma * calibration.local_factors(model, X)
    assert set(local(view, 5, np.random.default_rng(0))) == set(np.argsort(-expected)[:5])


def test_one_factor_for_all_changes_no_pick(model):
    view = PoolView(model, np.random.default_rng(5).normal(size=(80, 3)))
    for name in ("most_uncertain", "uncertain_cluster_centres"):
        scaled = other_sigma.with_sigma(STRATEGIES[name], lambda view: 3 * view.sigma)
        pick = [
            strategy(view, 7, np.random.default_rng(0)) for strategy in (STRATEGIES[name], scaled)
        ]
        assert (pick[0] == pick[1]).all()


@pytest.mark.parametrize("pool", ["organics", "aa_heaviest"])
def test_what_is_tracked_belongs_to_the_runs(pool):
    """The scores of random sampling have the size and noise of their runs, all seeds are there."""
    scores, curves = other_sigma.scores(pool, range(5)), other_sigma.curves(pool, range(5))
    config = RunConfig(pool, "random", **other_sigma.sizes_of(pool))
    assert set(scores["n_train"]) == {config.n_init, config.n_max}
    assert set(scores["noise_var"]) == set(other_sigma.NOISES) == set(curves["noise_var"])
    for _, rows in curves.groupby(["strategy", "sigma", "noise_var"]):
        assert set(rows["seed"]) == set(range(5))
    first = curves[curves["n_train"] == config.n_init]
    assert first.groupby(["seed", "noise_var"])["mae_ev"].agg(np.ptp).max() < 2e-6


def test_a_seed_that_is_not_tracked_is_named():
    with pytest.raises(ValueError, match=r"seeds \[77\] are not tracked in sigma-organics.json"):
        other_sigma.curves("organics", [0, 77])
