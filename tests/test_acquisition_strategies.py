"""What every strategy must do, and what each does on its own."""

from types import SimpleNamespace

import numpy as np
import pytest

from alutils.acquisition.strategies import (
    CANDIDATES,
    LETTERS,
    STRATEGIES,
    PoolView,
    in_range,
    register,
    upper_half,
)
from alutils.acquisition.target import Range
from alutils.model.gp import GaussianProcess


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(330, 12)) * np.geomspace(300, 1, 12)
    X -= X.mean(axis=0)
    y = -6 + np.tanh(X[:, 0] / 300)
    model = GaussianProcess(0.01, n_restarts=0).fit(X[:30], y[:30])
    return PoolView(model, X[30:], Range(-5.7))


ABOVE_ZERO = Range(0.0)


def fake(mu=None, sigma=None, X=None, target=ABOVE_ZERO):
    n = len(mu if mu is not None else sigma)
    X = np.random.default_rng(0).normal(size=(n, 3)) if X is None else X
    return SimpleNamespace(mu=mu, sigma=sigma, X=X, target=target)


def pick(name, view, batch_size, seed=0):
    return STRATEGIES[name](view, batch_size, np.random.default_rng(seed))


@pytest.mark.parametrize("batch_size", [1, 2, 40, 149, 151, 299, 300])
@pytest.mark.parametrize("name", STRATEGIES)
def test_picks_are_distinct_in_range_and_of_the_exact_size(name, view, batch_size):
    picks = pick(name, view, batch_size)
    assert len(picks) == len(np.unique(picks)) == batch_size
    assert picks.min() >= 0 and picks.max() < len(view.X)


@pytest.mark.parametrize("name", STRATEGIES)
def test_picks_are_reproducible_and_change_nothing(name, view):
    before = [a.copy() for a in (view.X, view.mu, view.sigma, view.model.L_)]
    assert (pick(name, view, 25) == pick(name, view, 25)).all()
    after = (view.X, view.mu, view.sigma, view.model.L_)
    assert all((a == b).all() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("name", STRATEGIES)
def test_picks_survive_duplicates(name, view):
    """Three different descriptors, a hundred times each: fewer clusters than the batch asks for."""
    twins = PoolView(view.model, np.repeat(view.X[:3], 100, axis=0), view.target)
    picks = pick(name, twins, 20)
    assert len(np.unique(picks)) == 20


@pytest.mark.parametrize("name", ["random", "property_search", "cluster_centres"])
def test_another_seed_picks_others(name, view):
    assert set(pick(name, view, 25, seed=0)) != set(pick(name, view, 25, seed=1))


def test_random_is_uniform():
    view = fake(mu=np.zeros(20))
    counts = np.zeros(20)
    for seed in range(2000):
        counts[pick("random", view, 5, seed)] += 1
    # Binomial(2000, 1/4): six standard deviations are 116.
    assert np.abs(counts - 500).max() < 116


def test_most_uncertain_takes_the_highest_sigma():
    sigma = np.array([0.1, 0.5, 0.3, 0.5, 0.2])
    assert pick("most_uncertain", fake(sigma=sigma), 3).tolist() == [1, 3, 2]


def test_cluster_centres_find_the_clusters():
    rng = np.random.default_rng(1)
    centres = 100.0 * np.arange(6)[:, None] * np.ones(3)
    X = np.repeat(centres, 30, axis=0) + rng.normal(size=(180, 3))
    picks = pick("cluster_centres", fake(mu=np.zeros(180), X=X), 6)
    assert sorted(picks // 30) == list(range(6))
    for position in picks:
        cluster = X[position // 30 * 30 :][:30]
        nearest = np.linalg.norm(cluster - cluster.mean(axis=0), axis=1).argmin()
        assert position % 30 == nearest


def test_uncertain_cluster_centres_stay_in_the_upper_half(view):
    picks = pick("uncertain_cluster_centres", view, 40)
    assert np.isin(picks, upper_half(view)).all()
    assert view.sigma[picks].min() >= np.median(view.sigma) - 1e-9


def test_uncertain_cluster_centres_beyond_half_take_the_most_uncertain(view):
    picks = pick("uncertain_cluster_centres", view, 200)
    assert set(picks) == set(pick("most_uncertain", view, 200))


def test_random_uncertain_half_is_uniform_in_that_half(view):
    half, counts = upper_half(view), np.zeros(len(view.X))
    for seed in range(1000):
        counts[pick("random_uncertain_half", view, 30, seed)] += 1
    assert set(np.flatnonzero(counts)) == set(half)
    # Binomial(1000, 1/5): six standard deviations are 76.
    assert np.abs(counts[half] - 200).max() < 76


def test_uncertain_of_clusters_takes_the_most_uncertain_of_each():
    rng = np.random.default_rng(1)
    X = np.repeat(100.0 * np.arange(6)[:, None] * np.ones(3), 30, axis=0)
    X += rng.normal(size=(180, 3))
    view = fake(sigma=rng.random(180), X=X)
    picks = pick("uncertain_of_clusters", view, 6)
    assert sorted(picks // 30) == list(range(6))
    assert all(view.sigma[p] == view.sigma[p // 30 * 30 :][:30].max() for p in picks)
    assert (np.diff(view.sigma[picks]) < 0).all()


def test_property_search_stays_in_range(view):
    candidates = in_range(view)
    assert 40 < len(candidates) < 250
    assert np.isin(pick("property_search", view, 40), candidates).all()


def test_property_search_fills_up_when_short():
    mu = np.full(50, -1.0)
    mu[[4, 9]] = 1.0
    picks = pick("property_search", fake(mu=mu), 10)
    assert set(picks[:2]) == {4, 9} and len(np.unique(picks)) == 10


def test_property_search_moves_one_pick_for_one_candidate():
    """So that a prediction at the threshold cannot turn over a whole batch."""
    mu = np.where(np.arange(200) % 2, 1.0, -1.0)
    one_more = mu.copy()
    one_more[0] = 1.0
    before, after = (set(pick("property_search", fake(mu=m), 30)) for m in (mu, one_more))
    assert len(before - after) <= 1


def test_property_search_needs_a_target(view):
    with pytest.raises(ValueError, match="needs a target"):
        pick("property_search", PoolView(view.model, view.X), 5)


def test_reading_sigma_gives_the_same_mu(view):
    fresh = PoolView(view.model, view.X)
    mu = fresh.mu
    assert np.abs(mu - view.mu).max() < 1e-12
    with pytest.raises(AttributeError):
        fresh.target = Range(1.0)


def test_every_letter_and_candidate_list_names_a_strategy():
    assert set(LETTERS.values()) <= set(STRATEGIES) and set(CANDIDATES) <= set(STRATEGIES)


@pytest.mark.parametrize(
    ("function", "name", "stated"),
    [
        (print, "random", "'random' comes with alutils"),
        (lambda view, batch_size, rng: None, None, "has no name of its own"),
        ("random", None, "is a function"),
    ],
)
def test_register_refuses(function, name, stated):
    with pytest.raises(ValueError, match=stated):
        register(function, name)
