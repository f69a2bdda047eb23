"""Picks from a stream against picks in memory: the same, or as good, and in constant memory."""

import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest

from alutils.acquisition.strategies import PAPER, STRATEGIES, upper_half
from alutils.acquisition.target import Range
from alutils.streaming import strategies
from alutils.streaming.strategies import STREAMED, StreamedView


def scored(n, seed=0, n_columns=5):
    """mu, sigma with ties, and Z in blobs: columns by falling variance, none to be spared."""
    rng = np.random.default_rng(seed)
    sigma = np.round(rng.gamma(2.0, 0.1, n), 2)
    blobs = rng.normal(scale=30, size=(12, n_columns))[rng.integers(12, size=n)]
    Z = (blobs + rng.normal(size=(n, n_columns))) * np.linspace(3, 1, n_columns)
    Z = Z[:, np.argsort(-Z.var(axis=0))].astype(np.float32)
    return {"mu": rng.normal(-6, 0.5, n), "sigma": sigma, "Z": Z}


ABOVE = Range(-5.7)


def both(arrays, target=ABOVE, size=97):
    """The pool in memory and in chunks."""
    n = len(arrays["mu"])
    chunks = [
        {name: array[start : start + size] for name, array in arrays.items()}
        for start in range(0, n, size)
    ]
    whole = SimpleNamespace(mu=arrays["mu"], sigma=arrays["sigma"], X=arrays["Z"], target=target)
    return whole, StreamedView(chunks, target)


def pick(table, name, view, batch_size, seed=3):
    return table[name](view, batch_size, np.random.default_rng(seed))


def spread(Z, picks):
    """Mean squared distance of every fifth molecule to the nearest pick."""
    return np.mean(np.min(np.sum((Z[::5, None] - Z[picks]) ** 2, axis=2), axis=1))


def test_the_papers_strategies_are_all_here():
    assert tuple(STREAMED) == PAPER


@pytest.mark.parametrize("size", [1, 97, 600])
@pytest.mark.parametrize("batch_size", [1, 2, 40, 250, 300, 301, 599, 600])
@pytest.mark.parametrize("name", STREAMED)
def test_picks_are_distinct_in_range_and_the_same_for_any_chunks(name, batch_size, size):
    arrays = scored(600)
    picks = pick(STREAMED, name, both(arrays, size=size)[1], batch_size)
    assert len(picks) == len(np.unique(picks)) == batch_size
    assert picks.min() >= 0 and picks.max() < 600
    np.testing.assert_array_equal(
        picks, pick(STREAMED, name, both(arrays, size=600)[1], batch_size)
    )


@pytest.mark.parametrize("batch_size", [1, 30, 200, 600])
@pytest.mark.parametrize("target", [Range(-5.7), Range(-4.8), Range(-6.2, -6.0)])
@pytest.mark.parametrize("name", ["most_uncertain", "property_search"])
def test_b_and_e_are_those_in_memory(name, target, batch_size):
    whole, streamed = both(scored(600), target)
    np.testing.assert_array_equal(
        pick(STREAMED, name, streamed, batch_size), pick(STRATEGIES, name, whole, batch_size)
    )


@pytest.mark.parametrize("batch_size", [15, 40, 400])
@pytest.mark.parametrize("name", ["cluster_centres", "uncertain_cluster_centres"])
def test_c_and_d_are_those_in_memory(name, batch_size):
    whole, streamed = both(scored(600))
    np.testing.assert_array_equal(
        np.sort(pick(STREAMED, name, streamed, batch_size)),
        np.sort(pick(STRATEGIES, name, whole, batch_size)),
    )


@pytest.mark.parametrize("name", ["random", "property_search"])
def test_a_and_e_are_uniform(name):
    """Every candidate as often as any other, within six standard deviations."""
    arrays, n_draws = scored(40), 3000
    whole, streamed = both(arrays, size=9)
    inside = np.flatnonzero(whole.target.contains(arrays["mu"]))
    candidates = np.arange(40) if name == "random" else inside
    counts = np.zeros(40)
    for seed in range(n_draws):
        counts[pick(STREAMED, name, streamed, 4, seed)] += 1
    assert counts.sum() == 4 * n_draws == counts[candidates].sum()
    p = 4 / len(candidates)
    deviation = np.abs(counts[candidates] - p * n_draws).max()
    assert deviation < 6 * np.sqrt(n_draws * p * (1 - p))


@pytest.mark.parametrize("n", [599, 600])
def test_d_stays_in_the_more_uncertain_half_to_the_molecule(n):
    """With ties at the median that the half divides."""
    whole, streamed = both(scored(n))
    half = np.sort(upper_half(whole))
    cut = strategies._cut(streamed.chunks, len(half))
    above = [p for p, _ in strategies._above(streamed.chunks, *cut)]
    np.testing.assert_array_equal(np.concatenate(above), half)
    last = upper_half(whole)[-1]
    assert np.any(whole.sigma[last + 1 :] == whole.sigma[last])


@pytest.mark.parametrize("name", ["cluster_centres", "uncertain_cluster_centres"])
def test_a_sample_for_k_means_still_finds_every_cluster(name, monkeypatch):
    """Twelve blobs of a thousand molecules, k-means sees sixty: one pick each, near the middle."""
    monkeypatch.setattr(strategies, "SAMPLE", 5)
    rng = np.random.default_rng(8)
    centres = 1000.0 * np.eye(12, 4, k=0) + 500.0 * rng.normal(size=(12, 4))
    blob = np.repeat(np.arange(12), 1000)
    Z = (centres[blob] + rng.normal(size=(12_000, 4))).astype(np.float32)
    order = rng.permutation(12_000)
    sigma = rng.random(12_000)
    arrays = {"mu": sigma, "sigma": sigma, "Z": Z[order]}
    whole, streamed = both(arrays, size=1000)
    picks = pick(STREAMED, name, streamed, 12)
    assert sorted(blob[order][picks]) == list(range(12))
    inertia, best = (spread(Z[order], p) for p in (picks, pick(STRATEGIES, name, whole, 12)))
    print(f"{name}: inertia {inertia / best:.3f} times that in memory")
    assert inertia < 1.25 * best


def test_a_sample_costs_little_where_there_are_no_clusters():
    """One broad cloud, the hardest case, with the sample of the real runs: 50 for each centre."""
    rng = np.random.default_rng(2)
    n, k = 12_000, 40
    Z = rng.normal(size=(n, 6)).astype(np.float32)
    whole, streamed = both({"mu": Z[:, 0], "sigma": rng.random(n), "Z": Z}, size=1000)
    assert n > strategies.SAMPLE * k
    inertia = spread(Z, pick(STREAMED, "cluster_centres", streamed, k))
    best = spread(Z, pick(STRATEGIES, "cluster_centres", whole, k))
    at_random = spread(Z, pick(STREAMED, "random", streamed, k))
    print(f"inertia {inertia / best:.3f} times that in memory, random {at_random / best:.3f}")
    assert inertia < 1.05 * best < at_random


def test_picks_survive_duplicates():
    Z = np.repeat(np.eye(3, dtype=np.float32), 100, axis=0)
    arrays = {"mu": np.zeros(300), "sigma": np.zeros(300), "Z": Z}
    for name in STREAMED:
        picks = pick(STREAMED, name, both(arrays)[1], 20)
        assert len(np.unique(picks)) == 20, name


def test_property_search_needs_a_target():
    with pytest.raises(ValueError, match="needs a target"):
        pick(STREAMED, "property_search", both(scored(50), None)[1], 5)


class Made:
    """A pool made anew each time it is read: nothing of it stays in memory."""

    def __init__(self, n_chunks):
        self.n_chunks = n_chunks

    def __iter__(self):
        return (scored(500, seed, 8) for seed in range(self.n_chunks))


@pytest.mark.parametrize("name", STREAMED)
def test_memory_does_not_grow_with_the_pool(name):
    def peak(n_chunks):
        tracemalloc.start()
        picks = pick(STREAMED, name, StreamedView(Made(n_chunks), Range(-5.7)), 20)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(np.unique(picks)) == 20
        return highest

    peak(6)  # what libraries keep
    small, large = peak(6), peak(24)
    assert large < 1.1 * small, f"{small / 1e6:.2f} MB, then {large / 1e6:.2f} MB"
