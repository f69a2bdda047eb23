"""Does a search save more where its target overlaps less with the pool? The paper's last claim.

The paper has no measure of overlap. Two readings are tried: what the model sees, and the labels.

The unit is a target: values are means over the seeds, and the bootstrap draws targets within one
pool. The targets were chosen and some hold others, so an interval says how far the answer hangs on
single targets, not what another choice would give. All targets of a seed share one probe; the
scatter between probes is no part of the interval and stands beside it, as the seeds' own values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from alutils.analysis.statistics import CONFIDENCE, NOT_SUPPORTED, SUPPORTED, UNDECIDED, UNTESTABLE

DRAWS = 9999
FEWEST = 6  # targets


class Reading(NamedTuple):
    """Two columns of a frame of `law.joined`, what is held fixed, the only shape that counts."""

    overlap: str
    saved: str
    given: str | None = None
    only: str | None = None


SEEN, OF_LABELS = "overlap seen by the model", "overlap of the labels"
DECIDES = f"{SEEN}, savings as a part of the possible"
FIXED = f"{DECIDES}, shape held fixed"
TAILS = f"{DECIDES}, upper tails alone"
GAIN = f"{SEEN}, gain"
READINGS = {
    DECIDES: Reading("overlap", "saving_gain"),
    FIXED: Reading("overlap", "saving_gain", "shape"),
    TAILS: Reading("overlap", "saving_gain", only="upper tail"),  # as are the paper's targets
    GAIN: Reading("overlap", "area_gain"),
    f"{SEEN}, savings": Reading("overlap", "saved"),
    f"{OF_LABELS}, savings as a part of the possible": Reading("share", "saving_gain"),
    f"{OF_LABELS}, savings": Reading("share", "saved"),
}


class Correlation(NamedTuple):
    """Spearman's rank correlation of n targets, 95 % interval, two-sided p-value of "not 0"."""

    rho: float
    low: float
    high: float
    p: float
    n: int

    @property
    def verdict(self):
        """On "less overlap, more saved": the interval lies below 0, above, or neither."""
        if self.n < FEWEST:
            return UNTESTABLE
        if self.high < 0:
            return SUPPORTED
        return NOT_SUPPORTED if self.low > 0 else UNDECIDED


def ranked_overlap(auc):
    """Overlap of target and rest on the scale on which a model ranks them: 2 (1 - AUC).

    The area under the ROC curve is the chance that a molecule of the target is ranked before one
    of the rest. So 0 means that all of the target come first, 1 that the model cannot tell them
    apart, and more than 1 that it is misled. How many molecules the target has does not enter.

    auc : float or array
    """
    return 2 * (1 - auc)


def rank_correlation(x, y, given=None, n_draws=DRAWS, seed=0):
    """Spearman's correlation with a bootstrap interval; pairs with a NaN are left out.

    Parameters
    ----------
    x, y : (n,) floats, one a unit
    given : (n,) labels; then the mean rank of each label is taken out of both first

    Returns
    -------
    Correlation; NaN for fewer than `FEWEST` units
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    kinds = np.zeros(len(x), int) if given is None else pd.factorize(np.asarray(given))[0]
    known = ~np.isnan(x) & ~np.isnan(y)
    x, y, kinds = x[known], y[known], kinds[known]
    n = len(x)
    if n < FEWEST:
        return Correlation(np.nan, np.nan, np.nan, np.nan, n)
    drawn = np.random.default_rng(seed).integers(0, n, (n_draws, n))
    rho = _correlations(x[None], y[None], kinds[None])[0]
    draws = _correlations(x[drawn], y[drawn], kinds[drawn])
    draws = draws[~np.isnan(draws)]  # a draw of one target alone has no correlation
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    other_side = min(np.sum(draws <= 0), np.sum(draws >= 0))
    p = min(1.0, 2 * (1 + other_side) / (len(draws) + 1))
    return Correlation(float(rho), float(low), float(high), float(p), n)


def dependence(rows, strategy):
    """`READINGS` on each pool, over its targets, and the one that decides seed by seed.

    Parameters
    ----------
    rows : of `alutils.analysis.law.joined`;  strategy : name of a search

    Returns
    -------
    readings : dict: data set -> dict: key of READINGS -> Correlation
    seeds : dict: data set -> list of floats, the deciding correlation within each seed
    """
    readings, seeds = {}, {}
    rows = rows[rows["strategy"] == strategy]
    for name, pool in rows.groupby("dataset", sort=False):
        mean = pool.groupby(["target_low", "target_high", "shape"]).mean(numeric_only=True)
        mean = mean.reset_index()
        readings[name] = {title: _read(mean, one) for title, one in READINGS.items()}
        seeds[name] = [_read(run, READINGS[DECIDES]).rho for _, run in pool.groupby("seed")]
    return readings, seeds


def _read(frame, one):
    frame = frame if one.only is None else frame[frame["shape"] == one.only]
    given = None if one.given is None else frame[one.given]
    return rank_correlation(frame[one.overlap], frame[one.saved], given)


def _correlations(x, y, kinds):
    """Correlation of the ranks in each row, kinds' mean ranks taken out; (m, n) arrays to (m,)."""
    ranks = [rankdata(values, axis=1) for values in (x, y)]
    for kind in range(kinds.max() + 1):
        here = kinds == kind
        size = np.maximum(here.sum(1), 1)
        for values in ranks:
            values -= here * ((values * here).sum(1) / size)[:, None]
    a, b = ranks
    with np.errstate(invalid="ignore"):
        return (a * b).sum(1) / np.sqrt((a**2).sum(1) * (b**2).sum(1))
