"""How wide the Gaussians of an MBTR are of which only principal components were published.

The same molecules get an MBTR of our own at several widths. The canonical correlations between its
leading components and the published ones (H. Hotelling, Biometrika 28, 321 (1936)) do not change
under the unknown rotation and scaling: the width where they are greatest is the likely one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from alutils.descriptors import DEFAULTS, mbtr


def width_match(components, dataset, sigmas, settings=DEFAULTS):
    """How well an MBTR of each width agrees with published components of the same molecules.

    Parameters
    ----------
    components : (n, k) published components, n well above 2 k
    dataset : MoleculeDataset of the n molecules, in the same order
    sigmas : widths in 1/angstrom
    settings : MBTRSettings, of which sigma is replaced

    Returns
    -------
    dict, sigma -> mean squared canonical correlation with as many leading components, 0 to 1

    Raises
    ------
    ValueError : as many molecules as components, or other than there are rows.
    """
    n, k = components.shape
    if len(dataset) != n or n <= 2 * k:
        raise ValueError(
            f"{len(dataset)} molecules and {n} rows of {k} components: give one row per molecule, "
            f"and more than {2 * k} of them"
        )
    matches = {}
    for sigma in sigmas:
        own = leading_components(mbtr(dataset, replace(settings, sigma=sigma)), k)
        matches[sigma] = mean_squared_correlation(components, own)
    return matches


def leading_components(X, n_components):
    """The principal components of most variance of standardised columns; constant ones drop out.

    X : (n, d).  Returns (n, n_components), each of unit length
    """
    X = np.asarray(X, float) - np.mean(X, axis=0, dtype=float)
    spread = X.std(axis=0)
    varies = spread > 1e-12 * spread.max()
    vectors, _, _ = np.linalg.svd(X[:, varies] / spread[varies], full_matrices=False)
    return vectors[:, :n_components]


def mean_squared_correlation(A, B):
    """Mean squared canonical correlation of the columns of A (n, a) and B (n, b).

    1 where the columns of the one are linear functions of the other's; about max(a, b) / n where
    they have nothing to do with each other.
    """
    Q_A, Q_B = (np.linalg.qr(M - M.mean(axis=0))[0] for M in (np.asarray(A, float), B))
    return float(np.sum((Q_A.T @ Q_B) ** 2) / min(Q_A.shape[1], Q_B.shape[1]))
