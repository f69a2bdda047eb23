"""The paper's strategies A to E on a pool that is read in chunks, as often as they like.

Each is ``strategy(view, batch_size, rng)`` and returns `batch_size` positions in the pool.
They hold a batch, k-means its sample, and nothing that grows with the pool. B and E pick what
`acquisition.strategies` picks from the same numbers and generator, to the molecule. A draws by E's
rule and not by a permutation, which would hold the pool. C and D pick the same where the candidates
are no more than the sample of k-means. Of fingerprints the bits stay packed but for those that
k-means sees, and a few at a time when the nearest member of a cluster is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from alutils.acquisition.diversity import beside_unit_rows, k_means, nearest_members
from alutils.acquisition.target import Range

SAMPLE = 50  # molecules per cluster that k-means sees
DIGIT = 16  # bits of a cut that one pass over the pool finds
PIECE = 1000  # molecules whose bits are unpacked at a time


@dataclass(frozen=True)
class StreamedView:
    """As `acquisition.strategies.PoolView`: all that a strategy may look at when it picks a batch.

    chunks : mappings as `streaming.scoring.Scorer.score` gives them, to be read more than once: a
        `Store`, a list
    target : `acquisition.target.Range` in the unit of mu; None without a target
    """

    chunks: Iterable
    target: Range | None = None


def random(view: StreamedView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """A: uniformly at random."""
    return lowest(((rng.random(len(p)), p) for p, _ in _each(view.chunks, "mu")), batch_size)


def most_uncertain(view: StreamedView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """B: the highest sigma; ties, to 1e-9 eV, by position."""
    return lowest(((-_nano(s), p) for p, s in _each(view.chunks, "sigma")), batch_size)


def cluster_centres(view: StreamedView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """C: the molecules nearest to the centres of `batch_size` clusters."""
    return _centres(lambda: _all(view.chunks), batch_size, rng)


def uncertain_cluster_centres(
    view: StreamedView, batch_size: int, rng: np.random.Generator
) -> np.ndarray:
    """D: as C, within the more uncertain half (or the batch_size most uncertain, if more)."""
    n = sum(len(chunk["mu"]) for chunk in view.chunks)
    cut = _cut(view.chunks, min(n, max((n + 1) // 2, batch_size)))
    return _centres(lambda: _above(view.chunks, *cut), batch_size, rng)


def property_search(view: StreamedView, batch_size: int, rng: np.random.Generator) -> np.ndarray:
    """E: at random among those predicted in range; if they are too few, the rest at random."""
    target = view.target
    if target is None:
        raise ValueError("strategy 'property_search' needs a target")
    mus = _each(view.chunks, "mu")
    return lowest(((~target.contains(mu), rng.random(len(p)), p) for p, mu in mus), batch_size)


STREAMED = {
    "random": random,
    "most_uncertain": most_uncertain,
    "cluster_centres": cluster_centres,
    "uncertain_cluster_centres": uncertain_cluster_centres,
    "property_search": property_search,
}


def lowest(rows, size):
    """Positions of the `size` molecules with the lowest keys, lowest first.

    rows : iterable of tuples of (m,) arrays, one tuple a chunk: keys, the deciding one first, and
        last the positions, which also break ties
    """
    held = []
    for arrays in rows:
        held.append(np.vstack(arrays).astype(np.float64))  # whole numbers are exact to 2^53
        if sum(part.shape[1] for part in held) > 2 * size:  # or sorting would take over
            held = [_sorted(held)[:, :size]]
    return _sorted(held)[-1, :size].astype(np.int64)


def _sorted(parts):
    rows = np.hstack(parts)
    return rows[:, np.lexsort(rows[::-1])]


def _each(chunks, name):
    """Positions in the pool and this array, chunk by chunk."""
    start = 0
    for chunk in chunks:
        array = chunk[name]
        yield start + np.arange(len(array)), array
        start += len(array)


def _nano(sigma):
    return np.rint(1e9 * sigma).astype(np.int64)


def _cut(chunks, rank):
    """sigma (1e-9 eV) of the molecule of this rank, and how many with just that one come first.

    A histogram for each of its digits, the highest first: the pool is neither held nor sorted.
    """
    low = 0
    for shift in (2 * DIGIT, DIGIT, 0):
        counts = np.zeros(2**DIGIT, dtype=np.int64)
        for chunk in chunks:
            digits = (_nano(chunk["sigma"]) - low) >> shift
            counts += np.bincount(digits[(digits >= 0) & (digits < len(counts))], None, len(counts))
        from_above = np.cumsum(counts[::-1])
        above = int(np.searchsorted(from_above, rank))  # digits that are higher than the cut's
        rank -= int(from_above[above - 1]) if above else 0
        low += (len(counts) - 1 - above) << shift
    return low, rank


@dataclass(frozen=True)
class _Points:
    """Molecules as the clustering sees them, `clustering_points`: made of the rows looked up.

    Z : (m, r);  bits : (m, k) packed, or None
    """

    Z: np.ndarray
    bits: np.ndarray | None

    def __len__(self):
        return len(self.Z)

    def __getitem__(self, rows):
        if self.bits is None:
            return self.Z[rows]
        return beside_unit_rows(self.Z[rows], np.unpackbits(self.bits[rows], axis=1))

    def take(self, rows):
        return _Points(self.Z[rows], None if self.bits is None else self.bits[rows])


def _joined(parts):
    """The points of several `_Points`."""
    bits = None if parts[0].bits is None else np.concatenate([part.bits for part in parts])
    return _Points(np.concatenate([part.Z for part in parts]), bits)[:]


def _all(chunks):
    """Positions in the pool and `_Points`, chunk by chunk."""
    start = 0
    for chunk in chunks:
        points = _Points(chunk["Z"], chunk.get("bits"))
        yield start + np.arange(len(points)), points
        start += len(points)


def _above(chunks, cut, n_ties):
    """As `_all`, of the molecules above the cut, and of the first `n_ties` at it."""
    start = 0
    for chunk in chunks:
        sigma = _nano(chunk["sigma"])
        tied = (sigma == cut) & (np.cumsum(sigma == cut) <= n_ties)
        n_ties -= tied.sum()
        rows = np.flatnonzero((sigma > cut) | tied)
        yield start + rows, _Points(chunk["Z"], chunk.get("bits")).take(rows)
        start += len(sigma)


def _in_pieces(stream):
    """Positions and points, of at most `PIECE` molecules at a time."""
    for positions, points in stream:
        for first in range(0, len(points), PIECE):
            rows = slice(first, first + PIECE)
            yield positions[rows], points[rows]


def _centres(candidates, n_clusters, rng):
    """One molecule per cluster, the member nearest to its centre, as in memory.

    candidates : function that starts a stream of positions and `_Points`. k-means itself sees at
        most `SAMPLE` of them per cluster, at random; the nearest member is looked for among all.
    """
    n = sum(len(positions) for positions, _ in candidates())
    if n_clusters >= n:
        return np.concatenate([positions for positions, _ in candidates()])
    seed = int(rng.integers(2**31))
    size = SAMPLE * n_clusters
    if n > size:
        sample = lowest(((rng.random(len(p)), p) for p, _ in candidates()), size)
        seen = [points.take(np.isin(p, sample)) for p, points in candidates()]
    else:
        seen = [points for _, points in candidates()]
    kmeans = k_means(_joined(seen), n_clusters, seed)

    nearest, picks = np.full(n_clusters, np.inf), np.full(n_clusters, -1)
    for positions, Z in _in_pieces(candidates()):
        found = nearest_members(Z, kmeans.predict(Z), kmeans.cluster_centers_)
        closer = found[2] < nearest[found[0]]
        clusters, members, distances = (array[closer] for array in found)
        nearest[clusters], picks[clusters] = distances, positions[members]
    picks = picks[picks >= 0]
    if len(picks) == n_clusters:
        return picks
    rest = ((np.isin(p, picks), rng.random(len(p)), p) for p, _ in candidates())
    return np.r_[picks, lowest(rest, n_clusters - len(picks))]
