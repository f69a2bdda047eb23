"""Principal axes by the smaller matrix: of many columns, and few rows that fill them."""

import ase
import ase.build
import numpy as np
import pytest
import scipy.sparse

from alutils.data.datasets import MoleculeDataset
from alutils.descriptors import axes, features, many_body, mbtr
from alutils.descriptors.axes import is_wide, principal_components
from alutils.model.kernel import squared_distances


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))


def columns(n=70, d=2100, seed=0):
    """Rows (n, d) of smooth blocks, of which each row fills a few and all fill the first."""
    rng = np.random.default_rng(seed)
    X = np.zeros((n, d), dtype=np.float32)
    bump = np.exp(-0.5 * ((np.arange(100) - 50) / 12) ** 2)
    for k in range(n):
        for block in (0, *rng.integers(1, d // 100, size=3)):
            shift = rng.integers(-20, 20)
            X[k, 100 * block : 100 * block + 100] += rng.uniform(1, 3) * np.roll(bump, shift)
    return X


@pytest.mark.parametrize("made", [np.asarray, scipy.sparse.csc_matrix])
@pytest.mark.parametrize("tolerance", [0, 1e-10, 1e-4])
def test_both_ways_keep_the_same_distances(made, tolerance, monkeypatch):
    X = made(columns())
    by_columns = principal_components(X, tolerance)
    monkeypatch.setattr(axes, "WIDE", 0)
    assert is_wide(*X.shape)
    by_rows = principal_components(X, tolerance)
    expected = squared_distances(by_columns)
    allowed = max(1e-8, 2 * tolerance * len(expected)) * expected.mean()
    np.testing.assert_allclose(squared_distances(by_rows), expected, rtol=0, atol=allowed)
    near = max(1e-8, tolerance) * by_rows.max()
    np.testing.assert_allclose(by_rows[:, :5], by_columns[:, :5], rtol=0, atol=near)


def test_the_fewest_axes_are_kept_by_falling_variance(monkeypatch):
    monkeypatch.setattr(axes, "WIDE", 0)
    X = columns().astype(float)
    F = principal_components(X, 1e-3)
    singular = np.linalg.svd(X - X.mean(axis=0), compute_uv=False)
    share_left = 1 - np.cumsum(singular**2) / np.sum(singular**2)
    assert F.shape[1] == 1 + int(np.argmax(share_left <= 1e-3))
    np.testing.assert_allclose(np.linalg.norm(F, axis=0), singular[: F.shape[1]], rtol=1e-9)
    assert (F[np.abs(F).argmax(axis=0), range(F.shape[1])] > 0).all()
    np.testing.assert_allclose(F.mean(axis=0), 0, atol=1e-10)


def test_near_duplicates_far_from_the_origin_keep_their_distance(monkeypatch):
    """What most rows have in common, and where it lies, must not cost the digits of the rest."""
    rng = np.random.default_rng(3)
    X = 1000 + np.repeat(rng.normal(size=(20, 500)), 2, axis=0)
    X[1::2, 7] += 1e-3
    monkeypatch.setattr(axes, "WIDE", 0)
    D2 = squared_distances(principal_components(X, 0))
    np.testing.assert_allclose(D2[::2, 1::2].diagonal(), 1e-6, rtol=1e-4)


def test_sets_of_few_elements_keep_their_path_to_the_bit():
    """Tracked records rest on it: the widest embedded pool has 16 elements, 27 200 columns."""
    assert not is_wide(1, 27_200) and not is_wide(6000, 27_200) and is_wide(1000, 198_000)
    assert not is_wide(200_000, 198_000)
    X = columns()
    assert np.array_equal(principal_components(X, 1e-10), axes._decomposed(X, 1e-10)[1])


def test_equal_rows_are_refused(monkeypatch):
    monkeypatch.setattr(axes, "WIDE", 0)
    with pytest.raises(ValueError, match="same descriptor"):
        principal_components(np.repeat(columns(1), 5, axis=0), 1e-10)


def molecules_of_many_elements(n=24):
    rng, names = np.random.default_rng(0), ("CH4", "NH3", "SiH4", "PH3", "C2H6", "CH3Cl", "SH2")
    frames = [ase.build.molecule(names[k % len(names)]) for k in range(n)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    return MoleculeDataset("many", rng.normal(size=n), frames)


def test_of_many_elements_no_column_is_kept_that_is_empty(monkeypatch, tmp_path):
    dataset = molecules_of_many_elements()
    expected, dense = squared_distances(np.array(features(dataset))), mbtr(dataset)
    species = many_body.species_of("many", dataset.molecules, many_body.DEFAULTS)
    sparse = many_body.sparse_descriptor(
        dataset.molecules, many_body.DEFAULTS, species, chunk=5, in_process=0
    )
    assert sparse.dtype == np.float32 and sparse.nnz < 0.2 * dense.size
    assert np.array_equal(sparse.toarray(), dense)
    monkeypatch.setattr(axes, "WIDE", 0)
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "other"))
    found = squared_distances(np.array(features(dataset)))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8 * expected.mean())
    assert not list((tmp_path / "other").glob("mbtr/*.npy"))
