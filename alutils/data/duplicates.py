"""Molecules that are in a file more than once: the same SMILES, or the same distances of atoms."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy.spatial import cKDTree

ROUNDING = 0.01  # angstrom, of each atom's distance from the centre


def same_text(texts):
    """Groups of positions whose text is the same, such as canonical SMILES."""
    groups = defaultdict(list)
    for k, text in enumerate(texts):
        groups[text].append(k)
    return [group for group in groups.values() if len(group) > 1]


def same_geometry(molecules):
    """Pairs of positions with the same atoms at the same distances from their centre.

    However they are turned, shifted, mirrored or ordered. Two that differ may agree in these
    distances, but seldom do.

    Parameters
    ----------
    molecules : `alutils.data.molecules.Molecules`

    Returns
    -------
    list of (i, j), i < j; of several that are the same, each with one that has been named
    """
    distances = defaultdict(list)
    for k in range(len(molecules)):
        rows = slice(molecules.offsets[k], molecules.offsets[k + 1])
        Z, R = molecules.numbers[rows], molecules.positions[rows]
        radius = np.linalg.norm(R - R.mean(axis=0), axis=1)
        order = np.lexsort((radius, Z))
        distances[Z[order].tobytes()].append((k, radius[order]))
    pairs = []
    for alike in distances.values():
        index, radii = zip(*alike, strict=True)
        # Equal ones first: among thousands of them there are millions of pairs.
        _, first, of = np.unique(np.round(radii, 4), axis=0, return_index=True, return_inverse=True)
        same = {k: int(first[one]) for k, one in enumerate(of.reshape(-1)) if first[one] != k}
        tree = cKDTree(np.array(radii)[first])
        for i, j in sorted(tree.query_pairs(ROUNDING, p=np.inf)):
            early, late = sorted((int(first[i]), int(first[j])))
            same.setdefault(late, early)
        pairs += [(index[early], index[late]) for late, early in same.items()]
    return sorted(pairs)
