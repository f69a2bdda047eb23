"""Batch designs: each against the definition, computed the slow way; on points and on bits."""

from types import SimpleNamespace

import numpy as np
import pytest

from alutils.acquisition import diversity
from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import factorise, rbf, squared_distances

N_BITS = 64


def of_bits(X):
    """A model conditioned on molecules whose last columns are bits, and the others as a pool."""
    L = factorise(squared_distances(X[:20], n_bits=N_BITS), 2.0, 0.7, 0.01)
    model = SimpleNamespace(X_train_=X[:20], L_=L, n_bits=N_BITS, noise_var_used_=0.01)
    model.signal_var_, model.length_scale_ = 2.0, 0.7
    return PoolView(model, X[20:])


@pytest.fixture(scope="module", params=["points", "bits", "both"])
def view(request):
    rng = np.random.default_rng(2)
    X = rng.normal(size=(120, 4)) * np.array([300, 200, 100, 20])
    X -= X.mean(axis=0)
    bits = (rng.random((120, N_BITS)) < 0.2).astype(np.float32)
    if request.param == "bits":
        return of_bits(bits)
    if request.param == "both":
        return of_bits(np.hstack([X / 300, bits]))
    model = GaussianProcess(0.01, n_restarts=0).fit(X[:20], -6 + np.sin(X[:20, 0] / 300))
    return PoolView(model, X[20:])


def pick(name, view, batch_size=12, seed=0):
    return STRATEGIES[name](view, batch_size, np.random.default_rng(seed)).tolist()


def kernel(model, A, B):
    D2 = squared_distances(A, B, getattr(model, "n_bits", 0))
    return rbf(D2, model.signal_var_, model.length_scale_)


def feature_distances(view, rows):
    """Squared feature-space distances of the held-out set to training set and picks."""
    model = view.model
    centres = np.vstack([model.X_train_, view.X[rows]])
    return 2 * (model.signal_var_ - kernel(model, view.X, centres))


def test_posterior_variance_is_that_of_a_model_that_knows_the_picks(view):
    model, picks = view.model, []
    for _ in range(12):
        known = np.vstack([model.X_train_, view.X[picks]])
        K = kernel(model, known, known) + 0.01 * np.eye(len(known))
        k = kernel(model, known, view.X)
        variance = model.signal_var_ - np.einsum("ij,ij->j", k, np.linalg.solve(K, k))
        variance[picks] = -np.inf
        picks.append(int(variance.argmax()))
    assert pick("posterior_variance", view) == picks
    if isinstance(model, GaussianProcess):
        assert picks != pick("most_uncertain", view)


def test_posterior_variance_tells_its_memory_beforehand(view):
    n = int(diversity.MEMORY_GIB * 2**30)  # a number, of 8 bytes, for each is 8 times too much
    large = PoolView(view.model, np.broadcast_to(view.X[0], (n, view.X.shape[1])))
    with pytest.raises(ValueError, match=f"batch of 12 out of {n} molecules"):
        pick("posterior_variance", large)


def test_k_centre_takes_the_farthest(view):
    picks = []
    for _ in range(12):
        picks.append(int(feature_distances(view, picks).min(axis=1).argmax()))
    assert pick("k_centre", view) == picks


def test_largest_cluster_takes_its_farthest_member(view):
    picks = []
    for _ in range(12):
        D2 = feature_distances(view, picks)
        D2[picks] = 0
        nearest, left = D2.argmin(axis=1), D2.min(axis=1)
        nearest[picks] = -1
        sums = [left[nearest == centre].sum() for centre in range(D2.shape[1])]
        picks.append(int(np.where(nearest == np.argmax(sums), left, -1).argmax()))
    assert pick("largest_cluster", view) == picks


def test_kernel_kmeans_plus_plus_draws_by_squared_distance(view):
    chances = feature_distances(view, []).min(axis=1)
    chances /= chances.sum()
    counts = np.zeros(100)
    for seed in range(3000):
        counts[pick("kernel_kmeans_plus_plus", view, 1, seed)] += 1
    spread = np.sqrt(3000 * chances * (1 - chances))
    assert np.abs(counts - 3000 * chances).max() < 5 * spread.max()


@pytest.mark.parametrize("name", ["k_centre", "largest_cluster"])
def test_a_copy_of_a_training_molecule_is_picked_last(name, view):
    copies = PoolView(view.model, np.vstack([view.model.X_train_[:3], view.X]))
    assert not {0, 1, 2} & set(pick(name, copies, 90))


def test_greedy_sampling_multiplies_distances_of_descriptor_and_prediction():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(90, 4))
    y = 3 + np.sin(X[:20, 0])
    model = GaussianProcess(0.01, n_restarts=0, normalize_y=True).fit(X[:20], y)
    view, picks = PoolView(model, X[20:]), []
    for _ in range(12):
        known, labels = np.vstack([X[:20], view.X[picks]]), np.r_[y, view.mu[picks]]
        apart = np.linalg.norm(view.X[:, None] - known, axis=2)
        scores = (apart * np.abs(view.mu[:, None] - labels)).min(axis=1)
        picks.append(int(scores.argmax()))
    assert pick("greedy_sampling", view) == picks
    assert picks != pick("k_centre", view)
