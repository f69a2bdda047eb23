"""The GP against its equations, against scikit-learn, and at its limits."""

from contextlib import nullcontext

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel

from alutils.model import kernel
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import CHUNK, factorise, rbf, squared_distances
from alutils.model.likelihood import log_marginal_likelihood

BOUNDS = {"signal": (0.2, 2000.0), "length": (7.0, 70000.0)}  # the paper's 20 and 700, times 100


@pytest.fixture(scope="module")
def data():
    """Descriptors with a falling spectrum, as MBTR's axes have, and labels like a HOMO."""
    rng = np.random.default_rng(7)
    spectrum = 900 * np.arange(1, 81) ** -1.2
    X = rng.normal(size=(700, 80)) * spectrum
    y = -6.5 + 0.6 * np.sin(X[:, 0] / 500) + 0.2 * np.cos(X[:, 1] / 90) + 0.1 * rng.normal(size=700)
    return X[:500], y[:500], X[500:]


def sklearn_gp(noise_var, normalize_y=False, **options):
    kernel = ConstantKernel(20.0, BOUNDS["signal"]) * RBF(700.0, BOUNDS["length"])
    return GaussianProcessRegressor(kernel, alpha=noise_var, normalize_y=normalize_y, **options)


def at_same_parameters(model, noise_var, normalize_y, X, y):
    kernel = ConstantKernel(model.signal_var_) * RBF(model.length_scale_)
    fixed = GaussianProcessRegressor(
        kernel, alpha=noise_var, normalize_y=normalize_y, optimizer=None
    )
    return fixed.fit(X, y)


def test_distances_equal_differences(data):
    X, _, X_new = data
    np.testing.assert_allclose(squared_distances(X, X_new), cdist(X, X_new, "sqeuclidean"), 1e-9)
    D2 = squared_distances(X)
    assert (np.diagonal(D2) == 0).all()
    np.testing.assert_allclose(D2, D2.T, rtol=1e-12)


def test_near_duplicates_keep_their_distance(data):
    """|a|^2 + |b|^2 - 2ab must not lose what separates two conformers."""
    X = data[0].copy()
    X[1] = X[0]
    X[1, 0] += 1e-2
    assert squared_distances(X)[0, 1] == pytest.approx(1e-4, rel=1e-4)


def test_rbf_equals_its_equation(data):
    X = data[0][:20]
    expected = 3.0 * np.exp(-cdist(X, X, "sqeuclidean") / (2 * 400.0**2))
    np.testing.assert_allclose(rbf(squared_distances(X), 3.0, 400.0), expected, rtol=1e-12)


def test_noisy_kernel_is_factorised(data):
    D2 = squared_distances(data[0])
    L = np.tril(factorise(D2, 3.0, 400.0, 0.05))
    np.testing.assert_allclose(L @ L.T, rbf(D2, 3.0, 400.0) + 0.05 * np.eye(len(D2)), atol=1e-10)


def test_lml_equals_multivariate_normal(data):
    from scipy.stats import multivariate_normal

    X, y, _ = data
    D2 = squared_distances(X)
    lml, _ = log_marginal_likelihood(np.log([3.0, 400.0]), D2, y, 0.05)
    K = rbf(D2, 3.0, 400.0) + 0.05 * np.eye(len(y))
    assert lml == pytest.approx(multivariate_normal(cov=K).logpdf(y), rel=1e-9)


@pytest.mark.parametrize("noise_var", [1e-4, 0.05])
@pytest.mark.parametrize("log_params", [(1.0, 6.0), (3.0, 7.5), (-1.0, 8.0)])
def test_gradient_equals_finite_differences(data, noise_var, log_params):
    X, y, _ = data
    D2, step = squared_distances(X), 1e-5
    _, gradient = log_marginal_likelihood(np.array(log_params), D2, y, noise_var)
    for axis in np.eye(2):
        above, _ = log_marginal_likelihood(log_params + step * axis, D2, y, noise_var)
        below, _ = log_marginal_likelihood(log_params - step * axis, D2, y, noise_var)
        assert gradient @ axis == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-3)


def test_mean_and_variance_equal_direct_solve(data):
    """Eqs. 3 and 4 as they are written, with an explicit inverse."""
    X, y, X_new = data
    model = GaussianProcess(0.05, random_state=0).fit(X, y)
    kernel = (model.signal_var_, model.length_scale_)
    K_inv = np.linalg.inv(rbf(squared_distances(X), *kernel) + 0.05 * np.eye(len(X)))
    K_new = rbf(squared_distances(X_new, X), *kernel)
    mu, sigma = model.predict(X_new, return_std=True)
    np.testing.assert_allclose(mu, K_new @ K_inv @ y, atol=1e-9)
    variance = model.signal_var_ - np.einsum("ij,jk,ik->i", K_new, K_inv, K_new)
    np.testing.assert_allclose(sigma, np.sqrt(variance), atol=1e-8)


@pytest.mark.parametrize("normalize_y", [False, True])
@pytest.mark.parametrize("noise_var", [1e-6, 1e-3, 0.05])
def test_predictions_equal_scikit_learn(data, noise_var, normalize_y):
    X, y, X_new = data
    model = GaussianProcess(noise_var, normalize_y, random_state=0).fit(X, y)
    other = at_same_parameters(model, noise_var, normalize_y, X, y)
    assert model.log_marginal_likelihood_ == pytest.approx(
        other.log_marginal_likelihood_value_, rel=1e-6
    )
    for ours, theirs in zip(
        model.predict(X_new, return_std=True), other.predict(X_new, return_std=True), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-8)


def test_tiny_noise_stays_within_its_condition_number(data):
    """At 1e-10 both are inexact: the bound is the condition number times the rounding unit."""
    X, y, X_new = data
    X = X.copy()
    X[1::2] = X[::2] + 1e-3  # pairs of near-duplicates
    model = GaussianProcess(1e-10, random_state=0).fit(X, y)
    other = at_same_parameters(model, model.noise_var_used_, False, X, y)
    K = rbf(squared_distances(X), model.signal_var_, model.length_scale_)
    K[np.diag_indices_from(K)] += model.noise_var_used_
    scale = model.signal_var_ * np.abs(model.weights_).sum()
    bound = np.linalg.cond(K) * np.finfo(float).eps * scale
    difference = np.abs(model.predict(X_new) - other.predict(X_new)).max()
    print(f"largest difference {difference:.2e} eV, bound {bound:.2e} eV")
    assert difference < bound


@pytest.mark.parametrize("restart_subset", [None, 200])
@pytest.mark.parametrize("normalize_y", [False, True])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_optimum_is_not_below_scikit_learns(data, normalize_y, restart_subset):
    X, y, _ = data
    model = GaussianProcess(0.05, normalize_y, random_state=0, restart_subset=restart_subset).fit(
        X, y
    )
    other = sklearn_gp(0.05, normalize_y, n_restarts_optimizer=2, random_state=0).fit(X, y)
    assert model.log_marginal_likelihood_ > other.log_marginal_likelihood_value_ - 1e-4


def test_the_likelihood_of_a_subset_and_a_model_of_all(data):
    X, y, X_new = data
    whole = GaussianProcess(0.05, random_state=0).fit(X, y)
    part = GaussianProcess(0.05, random_state=0, likelihood_subset=250).fit(X, y)
    assert len(part.L_) == len(X)
    assert part.log_marginal_likelihood_ < whole.log_marginal_likelihood_
    assert part.signal_var_ == pytest.approx(whole.signal_var_, rel=1)
    at_same = at_same_parameters(part, 0.05, False, X, y)
    np.testing.assert_allclose(part.predict(X_new), at_same.predict(X_new), rtol=0, atol=1e-8)


def test_factor_in_place_of_the_distances(data):
    D2 = squared_distances(data[0])
    expected = np.tril(factorise(D2, 3.0, 400.0, 0.05))
    in_place = factorise(D2, 3.0, 400.0, 0.05, out=D2)
    assert in_place is D2 or np.shares_memory(in_place, D2)
    np.testing.assert_array_equal(np.tril(in_place), expected)


def test_interpolates_without_noise(data):
    X, y, _ = data
    errors = [
        np.abs(GaussianProcess(noise, n_restarts=0).fit(X, y).predict(X) - y).max()
        for noise in (1e-2, 1e-4, 1e-6)
    ]
    assert errors[0] > errors[1] > errors[2] and errors[2] < 1e-3


@pytest.mark.parametrize("normalize_y", [False, True])
def test_falls_back_to_the_prior_far_away(data, normalize_y):
    X, y, X_new = data
    model = GaussianProcess(0.05, normalize_y, random_state=0).fit(X, y)
    mu, sigma = model.predict(X_new + 1e7, return_std=True)
    np.testing.assert_allclose(mu, y.mean() if normalize_y else 0.0, atol=1e-12)
    np.testing.assert_allclose(sigma, np.sqrt(model.signal_var_) * model.y_std_)


def test_posterior_variance_is_within_the_prior(data):
    X, y, X_new = data
    model = GaussianProcess(0.05, random_state=0).fit(X, y)
    _, at_training = model.predict(X, return_std=True)
    _, elsewhere = model.predict(X_new, return_std=True)
    assert (at_training < np.sqrt(0.05)).all()
    assert (elsewhere <= np.sqrt(model.signal_var_)).all()


def test_chunks_change_nothing(data):
    X, y, X_new = data
    model = GaussianProcess(0.05, random_state=0).fit(X, y)
    many = np.resize(X_new, (2 * CHUNK + 7, X.shape[1]))  # the same molecules over and over
    for ours, theirs in zip(
        model.predict(many, return_std=True), model.predict(X_new, return_std=True), strict=True
    ):
        np.testing.assert_allclose(ours, np.resize(theirs, len(many)), rtol=0, atol=1e-10)


def test_same_seed_same_bits(data):
    X, y, X_new = data
    first, second = (GaussianProcess(0.05, random_state=3).fit(X, y) for _ in range(2))
    assert (first.predict(X_new) == second.predict(X_new)).all()


def test_indefinite_kernel_raises_the_noise_and_says_so():
    X = np.repeat(np.linspace(0, 1, 40)[:, None], 5, axis=0)  # every molecule five times
    y = np.sin(X[:, 0])
    model = GaussianProcess(0.0, n_restarts=0).fit(X, y)
    assert model.noise_var_used_ > 0
    assert np.log10(model.noise_var_used_) == pytest.approx(round(np.log10(model.noise_var_used_)))
    assert np.isfinite(model.predict(X)).all()


def test_parameter_at_its_bound_is_named(data):
    X, y, _ = data
    model = GaussianProcess(0.05, bound_factor=1.05, n_restarts=0).fit(X, y)
    assert set(model.at_bound_) == {"signal_var", "length_scale"}
    assert GaussianProcess(0.05, random_state=0).fit(X, y).at_bound_ == ()


def test_estimator_conventions(data):
    X, y, X_new = data
    model = GaussianProcess(0.01, n_restarts=0)
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.predict(X_new)
    assert model.fit(X, y).score(X, y) > 0.5
    with pytest.raises(ValueError, match="columns"):
        model.predict(X_new[:, :3])


@pytest.mark.parametrize("noise_var", [-1.0, np.nan, np.inf])
def test_bad_noise_is_refused(data, noise_var):
    with pytest.raises(ValueError, match="noise_var"):
        GaussianProcess(noise_var).fit(*data[:2])


def test_nan_is_refused(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="NaN"):
        GaussianProcess().fit(np.where(X == X[3, 4], np.nan, X), y)


def test_a_large_matrix_is_factorised_on_one_thread(monkeypatch):
    """On several, OpenBLAS has crashed; the factor is the same."""
    X = np.random.default_rng(0).normal(size=(40, 3))
    D2, threads = kernel.squared_distances(X), []
    small = kernel.factorise(D2, 2.0, 1.0, 0.1)

    def limited(n_threads, api):
        threads.append((n_threads, api))
        return nullcontext()

    monkeypatch.setattr(kernel, "threadpool_limits", limited)
    monkeypatch.setattr(kernel, "MOST_THREADED", 40)
    kernel.factorise(D2, 2.0, 1.0, 0.1)
    assert threads == []
    monkeypatch.setattr(kernel, "MOST_THREADED", 39)
    large = kernel.factorise(D2, 2.0, 1.0, 0.1)
    assert threads == [(1, "blas")] and np.tril(large) == pytest.approx(np.tril(small))
