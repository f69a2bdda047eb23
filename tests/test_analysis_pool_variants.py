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


def test_unwhitened_has_the_variances_of_the_spectrum():
    X = np.random.default_rng(1).normal(size=(5000, 3))
    falling = np.array([4.0, 1.0, 1.0])
    assert pool_variants.unwhitened(X, falling).var(axis=0) == pytest.approx(falling / 2, rel=0.1)


def test_the_spectrum_is_that_of_the_standardised_columns():
    X = np.random.default_rng(2).normal(size=(50, 4)) * [1, 10, 100, 0]
    X[:, 1] += 5 * X[:, 0]
    expected = np.sort(np.linalg.eigvalsh(np.corrcoef(X[:, :3].T)))[::-1]
    assert pool_variants.spectrum(X, 3) == pytest.approx(expected)


def test_variants_are_data_sets_by_their_path(X, organics_small, monkeypatch, tmp_path):
    whole = MoleculeDataset("aa_heaviest", np.linspace(-9, -5, len(X)), X=X)
    monkeypatch.setattr(pool_variants, "load", {"aa_heaviest": whole, "o": organics_small}.get)
    pool_variants.write("aa_heaviest", "o", tmp_path)
    made = {path.name: load(path) for path in tmp_path.iterdir()}
    assert {name.removeprefix("aa_heaviest_") for name in made} == set(pool_variants.VARIANTS)
    sizes = {name.removeprefix("aa_heaviest_"): len(one) for name, one in made.items()}
    assert sizes["unwhitened"] == len(X) and sizes["sampled"] == sizes["thinned"] < len(X)
    assert set(made["aa_heaviest_thinned"].y) <= set(whole.y)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("aa_heaviest_thinned", ("aa_heaviest", "aminoacids")),
        ("aa_heaviest", None),
        ("aa_heaviest_other", None),
        ("oe_heaviest_thinned", None),
        ("thinned", None),
    ],
)
def test_a_variant_is_known_by_its_name(name, found):
    assert pool_variants.origin(name) == found


@pytest.fixture
def organics_small():
    organics = load("organics")
    return MoleculeDataset("o", organics.y[:60], organics.molecules[:60])
