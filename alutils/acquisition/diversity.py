"""Strategies that spread a batch over the pool, and the k-means step of C and D.

Each is ``strategy(view, batch_size, rng)`` as in `alutils.acquisition.strategies`. A pick knows
those before it, and the training set: a pick far from the others but next to a labelled molecule
is worth little. Distances are those of the kernel's feature space,
|phi(x) - phi(x')|^2 = 2 (sigma_f^2 - k(x, x')), as in D. Holzmueller, V. Zaverkin,
J. Kaestner, I. Steinwart, J. Mach. Learn. Res. 24, 164 (2023).
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular
from scipy.linalg.blas import dtrmv
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from alutils.model.kernel import (
    CHUNK,
    cross_kernels,
    n_bits_of,
    rbf,
    split_bits,
    squared_distances,
    tanimoto_distances,
)

if TYPE_CHECKING:
    from alutils.acquisition.strategies import PoolView

VARIANCE_KEPT = 0.99  # share of the descriptors' variance that the clustering sees
LLOYD_ITERATIONS = 25
MEMORY_GIB = 8.0  # most that `posterior_variance` may hold


def posterior_variance(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The highest variance, one after the other, each given the labels of those before.

    Exact: a label shrinks the posterior covariance by a rank-one update of its Cholesky factor,
    whatever its value. It is the greedy design of least remaining variance, also known as MaxDet.

    Raises
    ------
    ValueError
        Before any computing, where (n_train + batch_size) numbers for each held-out molecule
        exceed `MEMORY_GIB`.
    """
    model, n_train, n_heldout = view.model, len(view.model.X_train_), len(view.X)
    needed = (n_train + batch_size) * n_heldout * 8 / 2**30
    if needed > MEMORY_GIB:
        raise ValueError(
            f"strategy 'posterior_variance' needs {needed:.0f} GiB for a batch of {batch_size} "
            f"out of {n_heldout} molecules, at most {MEMORY_GIB:.0f} are allowed: choose smaller "
            "batches or strategy 'most_uncertain'"
        )
    # Row t is the t-th row of L^-1 K(X_train, X): first those of the training set, then the picks'.
    V = np.empty((n_train + batch_size, n_heldout))
    for rows, K in cross_kernels(model, view.X):
        V[:n_train, rows] = solve_triangular(model.L_, K, lower=True, check_finite=False)
    left = model.signal_var_ - np.einsum("ij,ij->j", V[:n_train], V[:n_train])
    distances_to = _distances(view)
    picks = np.empty(batch_size, dtype=int)
    for t in range(batch_size):
        picks[t] = pick = int(np.argmax(np.round(left, 9)))
        k = rbf(distances_to(pick), model.signal_var_, model.length_scale_)
        before = V[: n_train + t]
        noisy = max(left[pick], 0.0) + model.noise_var_used_
        V[n_train + t] = (k - before[:, pick] @ before) / np.sqrt(noisy or 1.0)
        left -= V[n_train + t] ** 2
        left[picks[: t + 1]] = -np.inf
    return picks


def k_centre(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """The molecule farthest from all training molecules and picks, one after the other.

    Greedy core-set (O. Sener, S. Savarese, ICLR 2018); in the kernel's space and in that of the
    descriptor the picks are the same.
    """
    return _spread(view, batch_size, lambda left: int(np.argmax(np.round(left, 9))))


def kernel_kmeans_plus_plus(
    view: PoolView, batch_size: int, rng: np.random.Generator
) -> np.ndarray:
    """Drawn with probabilities proportional to the squared distance in feature space.

    The seeding of k-means++ (D. Arthur, S. Vassilvitskii, SODA 2007) with the training molecules as
    the first centres.
    """

    def draw(left):
        chances = np.cumsum(np.maximum(left, 0.0))
        if not chances[-1] > 0:  # duplicates of centres are all that is left
            return int(rng.choice(np.flatnonzero(left > -np.inf)))
        return int(np.searchsorted(chances, rng.random() * chances[-1], side="right"))

    return _spread(view, batch_size, draw)


def largest_cluster(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """LCMD: the farthest member of the cluster with the largest sum of squared distances.

    Training molecules and picks are the centres, each molecule belongs to the nearest (Holzmueller
    et al., Sec. 4.3.6).
    """
    distances_to, (left, nearest) = _distances(view), _to_training(view)
    n_train = len(view.model.X_train_)
    picks = np.empty(batch_size, dtype=int)
    for t in range(batch_size):
        free = left > -np.inf
        sums = np.bincount(nearest[free], np.maximum(left[free], 0.0), n_train + batch_size)
        counts = np.bincount(nearest[free], minlength=n_train + batch_size)
        sums[counts == 0] = -np.inf
        members = np.flatnonzero(free & (nearest == np.argmax(np.round(sums, 9))))
        picks[t] = pick = members[np.argmax(np.round(left[members], 9))]
        new = _feature_distances(distances_to(pick), view.model)
        closer = new < left
        left[closer], nearest[closer] = new[closer], n_train + t
        left[pick] = -np.inf
    return picks


def greedy_sampling(view: PoolView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """Farthest from all training molecules and picks in descriptor and prediction at once: iGS.

    A molecule's distance to another is that of the descriptors times that of the labels, its own
    label being predicted and, for a pick, the pick's too (D. Wu, C.-T. Lin, J. Huang, Inf. Sci.
    474, 90 (2019)). With the descriptor alone, GSx, the picks are those of `k_centre`.
    """
    model, mu, distances_to = view.model, view.mu, _distances(view)
    y = model.y_mean_ + model.y_std_ * _labels(model)
    left = np.empty(len(view.X))
    for start in range(0, len(view.X), CHUNK):
        rows = slice(start, start + CHUNK)
        D2 = squared_distances(model.X_train_, view.X[rows], n_bits_of(view))
        left[rows] = (np.sqrt(D2) * np.abs(mu[rows] - y[:, None])).min(axis=0)
    picks = np.empty(batch_size, dtype=int)
    for t in range(batch_size):
        picks[t] = pick = int(np.argmax(np.round(left, 9)))
        np.minimum(left, np.sqrt(distances_to(pick)) * np.abs(mu - mu[pick]), out=left)
        left[picks[: t + 1]] = -np.inf
    return picks


def _labels(model):
    """(n,) labels of the training set as the model sees them: L L^T times the weights.

    Above its diagonal L_ holds what the factorisation has left there.
    """
    upper = model.L_.T
    return dtrmv(upper, dtrmv(upper, model.weights_), trans=1)


def _spread(view, batch_size, choose):
    """Picks that `choose` makes from the squared distances (n_heldout,) to training set and picks;
    those already picked are at minus infinity."""
    distances_to, (left, _) = _distances(view), _to_training(view)
    picks = np.empty(batch_size, dtype=int)
    for t in range(batch_size):
        picks[t] = pick = choose(left)
        new = _feature_distances(distances_to(pick), view.model)
        np.minimum(left, new, out=left)
        left[pick] = -np.inf
    return picks


def _to_training(view):
    """Squared feature-space distance to the nearest training molecule, and which it is."""
    distance, nearest = np.empty(len(view.X)), np.empty(len(view.X), dtype=int)
    for start in range(0, len(view.X), CHUNK):
        rows = slice(start, start + CHUNK)
        D2 = squared_distances(view.model.X_train_, view.X[rows], n_bits_of(view))
        nearest[rows] = D2.argmin(axis=0)
        distance[rows] = _feature_distances(D2.min(axis=0), view.model)
    return distance, nearest


def _distances(view):
    """A function: squared distances (n_heldout,) of all held-out molecules to one of them."""
    X, bits = split_bits(view.X, n_bits_of(view))
    squares, sizes = np.einsum("ij,ij->i", X, X), bits.sum(axis=1)

    def to(row):
        D2 = np.maximum(squares + squares[row] - 2 * (X @ X[row]), 0.0)
        if bits.size:
            D2 += tanimoto_distances(bits @ bits[row], sizes, sizes[row])
        return D2

    return to


def _feature_distances(D2, model):
    """2 (sigma_f^2 - k): squared distances in the kernel's feature space, eV^2."""
    return -2 * model.signal_var_ * np.expm1(-0.5 * D2 / model.length_scale_**2)


def clustering_points(X, rows, n_bits=0):
    """Some rows of X (n, d) as the clustering sees them: leading axes of X, bits at unit length.

    Euclidean distances between bits grow with the number that is set: large molecules would be far
    from all others, and from each other. Between rows of unit length they are 2 (1 - cos), which
    orders molecules nearly as 2 (1 - T) does.
    """
    plain, bits = X[:, : X.shape[1] - n_bits], X[rows, X.shape[1] - n_bits :]
    # In principal axes, which `features` are, few columns hold nearly all of the variance.
    variance = plain.var(axis=0)
    order = np.argsort(-variance, kind="stable")
    Z = plain[np.ix_(rows, order[: n_axes(variance[order])])]
    return beside_unit_rows(Z, bits) if n_bits else np.ascontiguousarray(Z)


def beside_unit_rows(Z, bits):
    """(n, r + n_bits) float64: plain columns Z (n, r), and bits (n, n_bits) at unit length."""
    points = np.empty((len(Z), Z.shape[1] + bits.shape[1]))
    lengths = np.sqrt(np.maximum(bits.sum(axis=1, dtype=np.float64), 1.0))
    points[:, : Z.shape[1]] = Z
    np.divide(bits, lengths[:, None], out=points[:, Z.shape[1] :])
    return points


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
