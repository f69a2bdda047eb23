"""The k-means step of strategies C and D, of a pool in memory and of one that is read in chunks."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

VARIANCE_KEPT = 0.99  # share of the descriptors' variance that the clustering sees
LLOYD_ITERATIONS = 25


def n_axes(variances):
    """How many of the axes hold `VARIANCE_KEPT` of the variance; (r,) variances, falling."""
    return 1 + int(np.searchsorted(np.cumsum(variances), VARIANCE_KEPT * np.sum(variances)))


def k_means(Z, n_clusters, seed):
    """Fitted `sklearn.cluster.KMeans` of the rows of Z (n, r): Lloyd's, from one k-means++."""
    kmeans = KMeans(
        n_clusters, n_init=1, algorithm="lloyd", max_iter=LLOYD_ITERATIONS, random_state=seed
    )
    with warnings.catch_warnings():  # of duplicates: the strategies make up for empty clusters
        warnings.simplefilter("ignore", ConvergenceWarning)
        return kmeans.fit(Z)


def nearest_members(Z, labels, centres):
    """Of each cluster the member nearest to its centre; ties, to 1e-9, by position.

    The paper takes the molecule nearest to each centre, which two centres may share; the nearest
    *member* of each cluster is always another one.

    Parameters
    ----------
    Z : (n, r) points;  labels : (n,) the cluster of each;  centres : (k, r)

    Returns
    -------
    clusters : (c,) those that have members, rising, c <= k
    members : (c,) rows of Z
    distances : (c,) to the centre, rounded to 1e-9, in the unit of Z
    """
    distances = np.round(np.linalg.norm(Z - centres[labels], axis=1), 9)
    by_cluster = np.lexsort((distances, labels))
    clusters, first = np.unique(labels[by_cluster], return_index=True)
    members = by_cluster[first]
    return clusters, members, distances[members]
