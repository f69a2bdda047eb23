"""The k-means step: axes that count, and of each cluster its nearest member."""

import warnings

import numpy as np
import pytest

from alutils.acquisition.diversity import k_means, n_axes, nearest_members


@pytest.mark.parametrize(
    ("variances", "n"), [([98.9, 0.2, 0.9], 2), ([99.1, 0.9], 1), ([1.0, 1.0, 1.0], 3), ([5.0], 1)]
)
def test_the_fewest_axes_that_keep_99_percent(variances, n):
    assert n_axes(np.array(variances)) == n


def test_nearest_members_by_hand():
    """Cluster 1 has none; in cluster 2 two are equally near, and the first is taken."""
    Z = np.array([[5.0], [1.0], [0.5], [9.0], [11.0]])
    centres = np.array([[0.0], [100.0], [10.0]])
    clusters, members, distances = nearest_members(Z, np.array([0, 0, 0, 2, 2]), centres)
    np.testing.assert_array_equal(clusters, [0, 2])
    np.testing.assert_array_equal(members, [2, 3])
    np.testing.assert_array_equal(distances, [0.5, 1.0])


def test_k_means_finds_blobs_and_is_silent_about_duplicates():
    Z = np.repeat(100 * np.eye(3), 20, axis=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kmeans = k_means(Z, 5, seed=0)
    assert len(np.unique(kmeans.labels_)) == 3
    assert kmeans.inertia_ < 1e-20 * np.sum(Z**2)
