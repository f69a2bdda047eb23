"""The k-means step: axes that count, and of each cluster its nearest member."""

import warnings

import numpy as np
import pytest

from alutils.acquisition.diversity import clustering_points, k_means, n_axes, nearest_members


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


def test_plain_points_are_clustered_on_the_axes_that_count():
    X = np.random.default_rng(0).normal(size=(50, 3)) * [0.01, 5, 2]
    rows = np.array([4, 2, 7])
    np.testing.assert_array_equal(clustering_points(X, rows), X[rows][:, [1, 2]])


def test_bits_are_clustered_by_what_they_share_not_by_how_many_they_are():
    """Two families, each of small and large molecules; and molecules without any bit."""
    rng, bits = np.random.default_rng(1), np.zeros((82, 200))
    for k in range(80):
        bits[k, 100 * (k % 2) + rng.choice(100, 60 if k < 40 else 90, replace=False)] = 1
    Z = clustering_points(bits.astype(np.float32), np.arange(80), n_bits=200)
    np.testing.assert_allclose(np.linalg.norm(Z, axis=1), 1)
    labels = k_means(Z, 2, seed=0).labels_
    assert len(set(labels[::2])) == len(set(labels[1::2])) == 1 and labels[0] != labels[1]
    assert not clustering_points(bits, np.array([80, 81]), n_bits=200).any()
    both = np.hstack([rng.normal(size=(82, 2)) * [3, 0.01], bits])
    assert clustering_points(both, np.arange(5), n_bits=200).shape == (5, 201)
