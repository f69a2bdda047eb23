"""The Gaussian process on PyTorch against `model.gp`, which is the reference: make test-torch."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch_fit as bench
import torch_gp
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.model import gp, kernel, likelihood

DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
SAME = 1e-8  # relative


@pytest.fixture(scope="module")
def data():
    """Training set, and new molecules, of an embedded pool."""
    dataset = load("organics")
    order = np.random.default_rng(0).permutation(len(dataset))[:1600]
    X, y = features(dataset)[order], dataset.y[order]
    return X[:1100], y[:1100], X[1100:]


def both(data, device, noise_var=0.05, **options):
    """The two models, fitted on the same molecules."""
    options = {"noise_var": noise_var, "random_state": 0, **options}
    ours = torch_gp.GaussianProcess(device=device, **options).fit(*data[:2])
    return gp.GaussianProcess(**options).fit(*data[:2]), ours


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("normalize_y", [False, True])
@pytest.mark.parametrize("noise_var", [1e-6, 1e-3, 0.05])
def test_optimum_likelihood_and_predictions_are_the_same(data, device, noise_var, normalize_y):
    theirs, ours = both(data, device, noise_var, normalize_y=normalize_y)
    assert ours.n_evaluations_ == theirs.n_evaluations_ and ours.at_bound_ == theirs.at_bound_
    assert ours.noise_var_used_ == theirs.noise_var_used_ == noise_var
    # Equal to the bit: both round the optimum to 1e-4 in the logarithm.
    assert ours.signal_var_ == theirs.signal_var_ and ours.length_scale_ == theirs.length_scale_
    assert ours.log_marginal_likelihood_ == pytest.approx(theirs.log_marginal_likelihood_, rel=SAME)
    predicted = (model.predict(data[2], True) for model in (ours, theirs))
    for mine, reference in zip(*predicted, strict=True):
        assert mine.dtype == np.float64
        np.testing.assert_allclose(mine, reference, rtol=SAME)


@pytest.mark.parametrize("device", DEVICES)
def test_a_model_at_given_parameters_is_the_same(data, device):
    X, y, X_new = data
    theirs = gp.GaussianProcess().condition(X, y, 3.0, 600.0, 0.05)
    ours = torch_gp.GaussianProcess(device=device).condition(X, y, 3.0, 600.0, 0.05)
    assert ours.log_marginal_likelihood_ == pytest.approx(theirs.log_marginal_likelihood_, rel=SAME)
    np.testing.assert_allclose(ours.predict(X_new), theirs.predict(X_new), rtol=SAME)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("noise_var", [1e-6, 1e-3, 0.05])
@pytest.mark.parametrize("log_params", [(1.0, 6.0), (3.0, 7.5), (4.5, 6.5)])
def test_likelihood_and_gradient_are_the_same_at_any_parameters(
    data, device, noise_var, log_params
):
    X, y, _ = data
    D2 = kernel.squared_distances(X)
    lml, gradient = likelihood.log_marginal_likelihood(np.array(log_params), D2, y, noise_var)
    ours = torch_gp.log_marginal_likelihood(
        np.array(log_params),
        torch_gp.squared_distances(torch.tensor(X, device=device)),
        torch.tensor(y, device=device),
        noise_var,
    )
    assert ours[0] == pytest.approx(lml, rel=SAME)
    np.testing.assert_allclose(ours[1], gradient, rtol=SAME, atol=SAME * len(y))


@pytest.mark.parametrize("device", DEVICES)
def test_blocks_and_chunks_change_nothing(data, device, monkeypatch):
    _, whole = both(data, device)
    expected = whole.predict(data[2], True)
    monkeypatch.setattr(torch_gp, "BLOCK", 97)
    monkeypatch.setattr(torch_gp, "CHUNK", 7)
    _, parts = both(data, device)
    for mine, reference in zip(parts.predict(data[2], True), expected, strict=True):
        np.testing.assert_allclose(mine, reference, rtol=SAME)


@pytest.mark.parametrize("device", DEVICES)
def test_sigma_in_float32_is_right_for_new_molecules_and_wrong_for_training_molecules(data, device):
    """To 0.5 % of sigma where sigma is 0.1 eV; at noise 1e-6 a training molecule's is lost."""
    X, _, X_new = data
    _, model = both(data, device, 1e-6)
    (mu, sigma), (_, at_training) = (model.predict(x, True) for x in (X_new, X))
    model.sigma_dtype = "float32"
    (mu_32, sigma_32), (_, at_training_32) = (model.predict(x, True) for x in (X_new, X))
    np.testing.assert_array_equal(mu_32, mu)
    far = sigma > 0.05
    assert far.mean() > 0.95
    worst = np.abs(sigma_32 - sigma)[far].max()
    print(f"float32: sigma off by at most {worst:.1e} eV at new molecules with sigma > 0.05 eV")
    assert worst < 5e-4
    lost = np.abs(at_training_32 - at_training) / at_training
    print(f"float32: sigma off by {np.median(lost):.0%} at training molecules (median)")
    assert np.median(lost) > 0.1


def test_the_mean_in_float32_would_lose_what_the_factor_holds(data):
    """Why there is no such choice: weights that are large and cancel."""
    X, _, X_new = data
    _, model = both(data, "cpu", 0.05)
    K = kernel.rbf(kernel.squared_distances(X, X_new), model.signal_var_, model.length_scale_)
    mu_32 = (model.weights_.float() @ torch.tensor(K).float()).numpy()
    worst = np.abs(mu_32 - model.predict(X_new)).max()
    print(f"float32: mean off by up to {worst:.1e} eV")
    assert worst > 1e-5


def test_indefinite_kernel_raises_the_noise_and_says_so():
    X = np.repeat(np.linspace(0, 1, 40)[:, None], 5, axis=0)  # every molecule five times
    model = torch_gp.GaussianProcess(0.0, n_restarts=0).fit(X, np.sin(X[:, 0]))
    assert model.noise_var_used_ > 0 and np.isfinite(model.predict(X)).all()


def test_the_likelihood_of_a_subset_and_a_model_of_all(data):
    theirs, ours = both(data, "cpu", restart_subset=200, likelihood_subset=500)
    assert len(ours.L_) == len(data[0]) and ours.signal_var_ == theirs.signal_var_
    np.testing.assert_allclose(ours.predict(data[2]), theirs.predict(data[2]), rtol=SAME)


def test_estimator_conventions(data):
    model = torch_gp.GaussianProcess(0.01, n_restarts=0, sigma_dtype="float32")
    assert clone(model).get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        model.predict(data[2])
    model.fit(data[0][:50], data[1][:50])
    with pytest.raises(ValueError, match="columns"):
        model.predict(data[2][:, :3])


@pytest.mark.parametrize(
    ("options", "named"),
    [({"noise_var": -1.0}, "noise_var"), ({"sigma_dtype": "half"}, "sigma_dtype")],
)
def test_bad_options_are_refused(data, options, named):
    with pytest.raises(ValueError, match=named):
        torch_gp.GaussianProcess(**options).fit(*data[:2])


def test_a_device_that_is_not_there_is_named(data, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match="no CUDA here"):
        torch_gp.GaussianProcess(device="cuda").fit(*data[:2])


def test_the_bench_measures_and_without_a_gpu_says_so(data):
    """Its parts on the processor; the whole where no GPU is seen: one line, status 2."""
    X, y, X_new = data
    row = bench.measure("cpu", X[:200], y[:200], X_new, data[1][: len(X_new)])
    assert min(row["fit_s"], row["predict_s"], row["predict_float32_s"]) > 0
    assert 0 < row["sigma_float32_max_ev"] < 1e-2
    assert max(bench.agreement("cpu", X[:200], y[:200], X_new)[k] for k in ("mu", "lml")) < SAME
    env = os.environ | {"CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, bench.__file__]
    done = subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "finds no CUDA" in done.stderr
