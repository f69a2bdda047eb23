"""How good a model is, how much of the target is found, and how many labels that saves."""

from __future__ import annotations

import numpy as np


def mae(y: np.ndarray, mu: np.ndarray) -> float:
    """Mean absolute error, eV; NaN for no molecules. y, mu: (n,) eV."""
    return float(np.mean(np.abs(y - mu))) if len(y) else float("nan")


def r2(y: np.ndarray, mu: np.ndarray) -> float:
    """Coefficient of determination; NaN where y does not vary. y, mu: (n,) eV."""
    total = np.sum((y - np.mean(y)) ** 2) if len(y) else 0.0
    return float(1 - np.sum((y - mu) ** 2) / total) if total > 0 else float("nan")


def rates(in_range: np.ndarray, predicted: np.ndarray) -> tuple[float, float]:
    """True and false positive rate of a prediction of being in range (Eq. 8, with FPR = FP / N).

    The paper prints FPR = FN / N, which is neither what it describes nor what it plots.

    Parameters
    ----------
    in_range, predicted : (n,) bool, by label and by prediction

    Returns
    -------
    tpr, fpr : floats in [0, 1]; NaN where there is no positive (negative) molecule
    """
    n_positive, n_negative = in_range.sum(), (~in_range).sum()
    tpr = (in_range & predicted).sum() / n_positive if n_positive else np.nan
    fpr = (~in_range & predicted).sum() / n_negative if n_negative else np.nan
    return float(tpr), float(fpr)


def found_share(n_found: int, n_in_pool: int) -> float:
    """In-range molecules in the training set over those in training and held-out set together.

    n_found, n_in_pool : the two numbers;  returns a share, NaN where nothing is in range
    """
    return n_found / n_in_pool if n_in_pool else float("nan")


def savings(n_a: np.ndarray, found_a: np.ndarray, n_e: np.ndarray, found_e: np.ndarray) -> float:
    """Share of the labels that E saves against A (the paper's Fig. 5b), at the largest n of A.

    1 - n_E / n_A, where E, linear between its iterations, has the found share of A.

    Parameters
    ----------
    n_a, found_a : (T,) training sizes (molecules) and found shares of random sampling, A
    n_e, found_e : (T',) the same of the search, E

    Returns
    -------
    float; NaN where E never has A's found share within its iterations (no extrapolation)
    """
    target = found_a[-1]
    if not found_e[0] <= target <= found_e[-1]:
        return float("nan")
    return float(1 - np.interp(target, found_e, n_e) / n_a[-1])


def savings_bound(target_share: float, n_init: int, n_a: int) -> float:
    """The most that any strategy can save: (1 - p)(1 - n_init / n_A).

    The first batch is random for all, and a perfect search then finds one molecule per label,
    where random sampling finds p.

    target_share : p;  n_init, n_a : molecules in the first batch, and labelled by A in the end
    """
    return (1 - target_share) * (1 - n_init / n_a)
