"""What the seeds say: paired intervals, and verdicts by rules fixed beforehand.

*Superiority* is supported when the paired 95 % interval lies on the claimed side of zero;
*equivalence* ("on par", "no difference") when it lies inside a margin. Not supported is the claim
whose opposite is shown, undecided all else: three seeds rarely decide.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"
UNTESTABLE = "cannot be tested here"
CONFIDENCE = 0.95  # of the intervals
MARGIN = 0.03  # of the baseline's MAE: the margin for equivalence


class Interval(NamedTuple):
    """Mean of n values and its 95 % Student interval, in the values' unit."""

    mean: float
    low: float
    high: float
    n: int


def interval(values):
    """95 % t-interval of the mean of independent values, one a seed; NaN values are left out.

    With fewer than two values the interval is infinite.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    n = len(values)
    mean = values.mean() if n else np.nan
    if n < 2:
        return Interval(float(mean), -np.inf, np.inf, n)
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n)
    return Interval(float(mean), float(mean - half_width), float(mean + half_width), n)


def at(frame, n_train, column):
    """Values of a column at one training size, by seed: interpolated linearly in log n.

    Parameters
    ----------
    frame : records of one strategy, scheme and noise
    n_train : float, molecules; outside a run's sizes the value is NaN
    column : str

    Returns
    -------
    pandas.Series indexed by seed
    """

    def one(run):
        run = run.sort_values("n_train")
        return np.interp(
            np.log(n_train), np.log(run["n_train"]), run[column], left=np.nan, right=np.nan
        )

    return frame.groupby("seed")[["n_train", column]].apply(one).astype(float)


def paired(a, b, relative=False):
    """Interval of b - a over the seeds that both have; `relative`: of (b - a) / mean of a.

    a, b : pandas.Series indexed by seed
    """
    a, b = a.align(b, join="inner")
    difference = b - a
    return interval(difference / a.mean() if relative else difference)


def superiority(difference, sign):
    """Verdict on "the difference is positive" (sign=+1) or "negative" (sign=-1)."""
    low, high = sorted((sign * difference.low, sign * difference.high))
    if low > 0:
        return SUPPORTED
    return NOT_SUPPORTED if high < 0 else UNDECIDED


def equivalence(difference, margin):
    """Verdict on "no difference": the interval inside +-margin; not supported wholly outside."""
    if -margin < difference.low and difference.high < margin:
        return SUPPORTED
    return NOT_SUPPORTED if difference.low > margin or difference.high < -margin else UNDECIDED


def combine(verdicts):
    """Verdict on a claim that needs all of several: the weakest of them."""
    verdicts = list(verdicts)
    for outcome in (NOT_SUPPORTED, UNDECIDED):
        if outcome in verdicts:
            return outcome
    return SUPPORTED
