"""Labels on a scale of their own, and a fit that finds its optimum wherever that lies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alutils.acquisition.target import Range
from alutils.model.gp import GaussianProcess
from alutils.model.optimise import log_bounds, peaks
from alutils.model.scale import LabelScale, prior_model, scale_of

LABELS = st.lists(st.floats(-1e4, 1e4), min_size=3, max_size=30)


@given(LABELS)
@settings(deadline=None, derandomize=True)
def test_to_the_scale_and_back(labels):
    y = np.array(labels)
    scale = scale_of(y, "data")
    z = scale.to_z(y)
    assert scale.from_z(z) == pytest.approx(y, abs=1e-9 * max(1.0, np.abs(y).max()))
    assert abs(z.mean()) < 1e-6 and z.std() <= 1 + 1e-9


def test_the_papers_prior_leaves_labels_as_they_are():
    y = np.array([-9.0, -8.5, 0.1 + 0.2])
    scale = scale_of(y, "paper")
    assert scale == LabelScale() and (scale.to_z(y) == y).all() and (scale.from_z(y) == y).all()


def test_equal_labels_have_a_scale():
    assert scale_of(np.full(5, 0.1) * 3, "data").std == 1.0


def test_a_range_keeps_its_open_end():
    z = Range(low=3.0).to_z(LabelScale(1.0, 4.0))
    assert z == Range(0.5, np.inf)


@pytest.mark.parametrize("spread", [1e-2, 1.0, 400.0])
@pytest.mark.parametrize("noise_var", [1e-4, 0.05, 0.5])
def test_every_random_state_ends_in_the_same_optimum(spread, noise_var):
    """Whatever the unit of the descriptor: the length scale goes with it."""
    rng = np.random.default_rng(7)
    X = rng.normal(size=(80, 20))
    y = np.sin(2 * X[:, 0]) + 0.5 * X[:, 1] + 0.3 * rng.normal(size=80)
    z = scale_of(y, "data").to_z(y)
    fits = [
        prior_model("data", noise_var, random_state=state).fit(spread * X, z) for state in range(8)
    ]
    lml = np.array([fit.log_marginal_likelihood_ for fit in fits])
    assert np.ptp(lml) < 0.01
    plain = prior_model("data", noise_var, random_state=0).fit(X, z)
    assert fits[0].length_scale_ / spread == pytest.approx(plain.length_scale_, rel=1e-3)
    assert fits[0].at_bound_ == ()


def test_a_scan_sees_the_peak_that_a_climb_from_its_start_does_not():
    """Where all molecules are far apart for a length scale, the likelihood is flat."""
    rng = np.random.default_rng(3)
    X = 400 * rng.normal(size=(60, 3))
    y = np.sin(X[:, 0] / 400)
    z = scale_of(y, "data").to_z(y)
    flat = GaussianProcess(0.05, n_restarts=0, initial=(1.0, 4.0)).fit(X, z)
    seen = prior_model("data", 0.05, n_restarts=0).fit(X, z)
    assert seen.log_marginal_likelihood_ > flat.log_marginal_likelihood_ + 20
    assert np.std(flat.predict(X + 100.0)) < 0.01 < np.std(seen.predict(X + 100.0))


def test_peaks_are_those_of_the_likelihood_highest_first():
    def likelihood(log_params):
        at = log_params[1]
        return np.exp(-((at - 1) ** 2)) + 2 * np.exp(-((at + 2) ** 2)), None

    found = peaks(likelihood, np.zeros(2), log_bounds((1.0, 1.0), 100.0))
    assert [round(point[1]) for point in found] == [-2, 1]
    assert all(point[0] == 0 for point in found)
    (only,) = peaks(lambda _: (-np.inf, None), np.zeros(2), log_bounds((1.0, 1.0), 100.0))
    assert (only == 0).all()
