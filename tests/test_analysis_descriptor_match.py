"""The width of a published descriptor is found again from its rotated, scaled components."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from alutils.analysis.descriptor_match import (
    leading_components,
    mean_squared_correlation,
    width_match,
)
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import DEFAULTS, mbtr

N, K = 300, 8
SIGMAS = (0.02, 0.05, 0.1)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    """Some molecules; the cache of their descriptors is the module's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALUTILS_CACHE", str(tmp_path_factory.mktemp("cache")))
        whole = load("organics")
        yield MoleculeDataset("few", whole.y[:N], whole.molecules[:N])


@pytest.mark.parametrize("sigma", SIGMAS)
def test_the_width_is_found_again(sigma, pool):
    rng = np.random.default_rng(0)
    published = leading_components(mbtr(pool, replace(DEFAULTS, sigma=sigma)), K)
    published = published @ rng.normal(size=(K, K)) + rng.normal(size=K)
    matches = width_match(published, pool, SIGMAS)
    assert max(matches, key=matches.get) == sigma
    assert matches[sigma] == pytest.approx(1) and min(matches.values()) < 0.95


def test_canonical_correlations_are_those_of_scikit_learn():
    rng = np.random.default_rng(1)
    A = rng.normal(size=(400, 3))
    B = A @ rng.normal(size=(3, 3)) + rng.normal(size=(400, 3))
    U, V = CCA(3, max_iter=10_000, tol=1e-12).fit_transform(A, B)
    expected = np.mean([np.corrcoef(U[:, k], V[:, k])[0, 1] ** 2 for k in range(3)])
    assert mean_squared_correlation(A, B) == pytest.approx(expected, rel=1e-6)


def test_what_is_unrelated_hardly_correlates():
    rng = np.random.default_rng(2)
    A, B = rng.normal(size=(2, 4000, 5))
    assert mean_squared_correlation(A, B) < 0.01


def test_constant_columns_have_no_part():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(50, 4))
    more = np.hstack([X, np.full((50, 2), 7.0)])
    np.testing.assert_allclose(leading_components(more, 3), leading_components(X, 3), atol=1e-12)


def test_other_molecules_or_too_few_are_refused(pool):
    with pytest.raises(ValueError, match=r"300 molecules and 299 rows of 2 components: give one"):
        width_match(np.ones((N - 1, 2)), pool, SIGMAS)
    with pytest.raises(ValueError, match="more than 400 of them"):
        width_match(np.ones((N, 200)), pool, SIGMAS)


def test_the_paper_s_qm9_has_the_broad_descriptor(data_dir):
    labels, molecules = load("qm9_heaviest"), load("qm9_heaviest_molecules")
    rows = np.sort(np.random.default_rng(0).choice(len(labels), 600, replace=False))
    few = MoleculeDataset("few", labels.y[rows], molecules.molecules.take(rows))
    matches = width_match(labels.X[rows], few, SIGMAS)
    assert max(matches, key=matches.get) == 0.1
