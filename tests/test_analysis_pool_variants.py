"""Variants of a pool: what each leaves out, that it is a data set by its path, and its name."""

import numpy as np
import pytest

from alutils.analysis import pool_variants
from alutils.data.datasets import MoleculeDataset, load


@pytest.fixture
def X():
    """Two hundred points, each with a twin, and ten that lie far off."""
    rng = np.random.default_rng(0)
    bulk = 100 * rng.normal(size=(200, 4))
    return np.vstack([bulk, bulk + 0.1, 5000 + 1000 * rng.normal(size=(10, 4))])


def test_thinned_leaves_no_two_within_the_distance_and_no_gap(X):
    kept = pool_variants.thinned(X, 5.0)
    distances = np.linalg.norm(X[:, None] - X[kept], axis=2)
    assert not (np.triu(distances[kept], 1) > 0)[np.triu(distances[kept], 1) < 5].any()
    assert (distances.min(axis=1) < 5).all() and len(kept) <= 210


def test_the_most_remote_are_left_out(X):
    kept = pool_variants.without_remote(X, share=10 / len(X))
    assert kept.tolist() == list(range(400))


def test_a_twin_makes_nobody_less_remote(X):
    far = pool_variants.remoteness(np.vstack([X, X[-10:]]))
    assert far[400:].min() > far[:400].max()


def test_ranked_components_have_no_tails_and_keep_their_order():
    X = np.random.default_rng(1).standard_cauchy(size=(500, 3))
    flat = pool_variants.ranked(X)
    assert (np.argsort(flat, axis=0) == np.argsort(X, axis=0)).all()
    assert np.abs(flat).max() < 400 and flat.std(axis=0) == pytest.approx(np.full(3, 100), rel=0.02)


def test_principal_axes_are_those_of_the_covariance():
    X = np.random.default_rng(2).normal(size=(50, 4)) * [1, 10, 100, 0]
    X[:, 1] += 5 * X[:, 0]
    even = pool_variants.standardised(X)
    assert even.shape == (50, 3) and even.std(axis=0) == pytest.approx(np.ones(3))
    scores, variances = pool_variants.principal(even, 2)
    expected = np.sort(np.linalg.eigvalsh(np.corrcoef(X[:, :3].T)))[::-1]
    assert variances == pytest.approx(expected[:2])
    assert scores.var(axis=0) == pytest.approx(variances)


@pytest.mark.parametrize("name", pool_variants.VARIANTS)
def test_variants_are_data_sets_by_their_path(name, X, few, monkeypatch, tmp_path):
    whole = MoleculeDataset(name, np.linspace(-9, -5, len(X)), X=X)
    if name == "qm9_heaviest":  # the molecules are those of the set
        whole = MoleculeDataset(name, few.y, X=X[: len(few), :3])
    other, names = pool_variants.VARIANTS[name]
    monkeypatch.setattr(pool_variants, "load", {name: whole, other: few}.get)
    pool_variants.write(name, tmp_path)
    made = {path.name.removeprefix(f"{name}_"): load(path) for path in tmp_path.iterdir()}
    assert set(made) == set(names)
    assert all(set(one.y) <= set(whole.y) for one in made.values())
    if name == "aa_heaviest":
        assert len(made["sampled"]) == len(made["thinned"]) < len(made["unwhitened"]) == len(X)
    else:
        spread = {key: one.X.toarray().std(axis=0) for key, one in made.items()}
        assert spread["whitened"] == pytest.approx(np.full(3, 100), rel=1e-3)
        assert spread["axes"][0] > 1.2 * spread["axes"][1]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("aa_heaviest_thinned", "aa_heaviest"),
        ("aa_heaviest", None),
        ("aa_heaviest_other", None),
        ("oe_heaviest_thinned", None),
        ("thinned", None),
    ],
)
def test_a_variant_is_known_by_its_name(name, found):
    assert pool_variants.origin(name) == found


@pytest.fixture
def few():
    organics = load("organics")
    return MoleculeDataset("o", organics.y[:60], organics.molecules[:60])
