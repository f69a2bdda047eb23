"""What the seeds say: paired intervals, and verdicts by rules fixed beforehand.

A claim is one of three kinds. Let d be the mean paired difference, counted so that the claimed side
is positive, and m the margin below which a difference is of no use:

===========================  =====================  =====================  ====================
verdict                      superiority: d > 0     equivalence: |d| < m   non-superiority: d < m
===========================  =====================  =====================  ====================
supported                    d > 0                  |d| < m (1)            d < m (1)
not supported                d < 0, or |d| < m (2)  d > m, or d < -m       d > m
a difference, perhaps small  -                      d > 0, or d < 0        d > 0
undecided                    all else               all else               all else
===========================  =====================  =====================  ====================

An entry holds when the two-sided 95 % interval lies wholly there, and the first that holds counts.
(1) A test of smallness has a custom of its own, one-sided at 5 %: the two one-sided tests of D. J.
Schuirmann, J. Pharmacokin. Biopharm. 15, 657 (1987), that is, the 90 % interval inside the margin.
(2) The same, and only where a margin is given. Whatever the truth, seeds whose 95 % interval is
narrower than m settle every claim that has a margin (`seeds_needed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit  # Student's distribution and its quantile

SUPPORTED, NOT_SUPPORTED, UNDECIDED = "supported", "not supported", "undecided"
DIFFERENCE = "a difference, perhaps small"
UNTESTABLE = "cannot be tested here"
VERDICTS = (SUPPORTED, NOT_SUPPORTED, DIFFERENCE, UNDECIDED, UNTESTABLE)
CONFIDENCE = 0.95  # of the intervals
ALPHA = 0.05  # of a test: 1 - CONFIDENCE where it has two sides, one-sided for smallness
MARGIN = 0.03  # of the baseline's MAE: the margin for equivalence
MOST_SEEDS = 40  # of the embedded pools, whatever `seeds_needed` says


class Interval(NamedTuple):
    """The mean of n values and its 95 % Student interval, low to high, in the values' unit."""

    mean: float
    low: float
    high: float
    n: int

    @property
    def std_error(self) -> float:
        """Of the mean, in the values' unit; infinite for fewer than two values."""
        return np.inf if self.n < 2 else (self.high - self.low) / 2 / _quantile(self.n)

    @property
    def spread(self) -> float:
        """Standard deviation of the values; NaN for fewer than two."""
        return np.nan if self.n < 2 else self.std_error * np.sqrt(self.n)

    def at(self, confidence: float) -> tuple[float, float]:
        """(low, high) at another confidence, a share."""
        if self.n < 2:
            return -np.inf, np.inf
        half_width = _quantile(self.n, confidence) * self.std_error
        return self.mean - half_width, self.mean + half_width

    def p_above(self, value: float) -> float:
        """One-sided p-value of "the mean lies above `value`"; 1 if fewer than two values."""
        if self.n < 2:
            return 1.0
        if self.std_error == 0:
            return float(self.mean <= value)
        return float(stdtr(self.n - 1, (value - self.mean) / self.std_error))

    def times(self, sign: int) -> Interval:
        """The interval of the values times the sign, +1 or -1."""
        low, high = sorted((sign * self.low, sign * self.high))
        return Interval(sign * self.mean, low, high, self.n)


class Finding(NamedTuple):
    """A verdict, and the p-value of what it states (where undecided, of what was claimed)."""

    verdict: str
    p: float


def interval(values: Sequence[float] | np.ndarray | pd.Series) -> Interval:
    """95 % t-interval of the mean of independent values, one a seed; NaN values are left out.

    With fewer than two values the interval is infinite.
    """
    values = np.asarray(values, dtype=float)
    values = values[~np.isnan(values)]
    n = len(values)
    mean = values.mean() if n else np.nan
    if n < 2:
        return Interval(float(mean), -np.inf, np.inf, n)
    half_width = _quantile(n) * values.std(ddof=1) / np.sqrt(n)
    return Interval(float(mean), float(mean - half_width), float(mean + half_width), n)


def at(frame: pd.DataFrame, n_train: float, column: str) -> pd.Series:
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


def paired(a: pd.Series, b: pd.Series, relative: bool = False) -> Interval:
    """Interval of b - a over the seeds that both have; `relative`: of (b - a) / mean of a.

    a, b : pandas.Series indexed by seed
    """
    a, b = a.align(b, join="inner")
    difference = b - a
    return interval(difference / a.mean() if relative else difference)


def margin_of(baseline):
    """The margin beside these values, such as A's MAE by seed, in their unit; None for no value."""
    return MARGIN * baseline.mean() if len(baseline) else None


def superiority(difference: Interval, sign: int, margin: float | None = None) -> Finding:
    """Finding on "the difference is positive" (sign=+1) or "negative" (sign=-1).

    margin : float, in the difference's unit: a difference that is surely smaller refutes the claim
    """
    gain = difference.times(sign)
    two_sided = _two_sided(gain, 0.0)
    if gain.low > 0:
        return Finding(SUPPORTED, two_sided)
    if gain.high < 0:
        return Finding(NOT_SUPPORTED, two_sided)
    if margin is not None and _p_within(gain, _checked(margin)) < ALPHA:
        return Finding(NOT_SUPPORTED, _p_within(gain, margin))
    return Finding(UNDECIDED, two_sided)


def equivalence(difference: Interval, margin: float) -> Finding:
    """Finding on "no difference": smaller than the margin, in the difference's unit."""
    within = _p_within(difference, _checked(margin))
    if within < ALPHA:
        return Finding(SUPPORTED, within)
    if difference.low > margin or difference.high < -margin:
        beyond = margin if difference.mean > 0 else -margin
        return Finding(NOT_SUPPORTED, _two_sided(difference, beyond))
    if difference.low > 0 or difference.high < 0:
        return Finding(DIFFERENCE, _two_sided(difference, 0.0))
    return Finding(UNDECIDED, within)


def non_superiority(difference: Interval, sign: int, margin: float) -> Finding:
    """Finding on "no gain": less than the margin in the direction of `sign`, +1 or -1."""
    gain = difference.times(sign)
    below = gain.times(-1).p_above(-_checked(margin))
    if below < ALPHA:
        return Finding(SUPPORTED, below)
    if gain.low > margin:
        return Finding(NOT_SUPPORTED, _two_sided(gain, margin))
    if gain.low > 0:
        return Finding(DIFFERENCE, _two_sided(gain, 0.0))
    return Finding(UNDECIDED, below)


def combine(verdicts):
    """Verdict on a claim that needs all of several: the weakest of them."""
    verdicts = list(verdicts)
    for outcome in (NOT_SUPPORTED, UNDECIDED, DIFFERENCE):
        if outcome in verdicts:
            return outcome
    return SUPPORTED


def seeds_needed(pilot: Interval, margin: float) -> int | None:
    """Number of fresh seeds whose 95 % interval will be narrower than the margin.

    The half-width is then below half the margin, and each kind of claim is settled, if the fresh
    seeds spread as those of the pilot do. The t quantile depends on the number, hence the steps.

    Parameters
    ----------
    pilot : Interval of the paired differences;  margin : float > 0, in their unit

    Returns
    -------
    int, at least 2, not capped; None where the pilot has fewer than two seeds and shows no spread
    """
    if pilot.n < 2:
        return None
    half_margins = 2 * pilot.spread / _checked(margin)
    n = max(2, int((_quantile(np.inf) * half_margins) ** 2))
    while _quantile(n) * half_margins >= np.sqrt(n):
        n += 1
    return n


def holm(p: Sequence[float] | np.ndarray, alpha: float = ALPHA) -> np.ndarray:
    """True for the p-values that survive when all of them are looked at.

    S. Holm, Scand. J. Stat. 6, 65 (1979): the smallest of m p-values survives when it is at most
    alpha / m, the next when at most alpha / (m - 1), and so on until one does not; the chance of
    any false survivor stays below alpha. None or NaN is no test: it does not survive, nor is it
    one of the m.
    """
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")[: int(np.sum(~np.isnan(p)))]  # NaN is sorted to the end
    passed = p[order] <= alpha / np.arange(len(order), 0, -1)
    survives = np.zeros(len(p), dtype=bool)
    survives[order[np.logical_and.accumulate(passed)]] = True
    return survives


def _quantile(n, confidence=CONFIDENCE):
    """Half-width of the interval of a mean of n values, in standard errors."""
    return float(stdtrit(n - 1, (1 + confidence) / 2))


def _two_sided(difference, value):
    """p-value of "the mean is not `value`", by the t-test on both sides."""
    sides = (difference.p_above(value), difference.times(-1).p_above(-value))
    return min(1.0, 2 * min(sides))


def _p_within(difference, margin):
    """p-value of "the mean lies within ±margin": the larger one of two one-sided tests."""
    return max(difference.p_above(-margin), difference.times(-1).p_above(-margin))


def _checked(margin):
    if not margin > 0:
        raise ValueError(f"margin={margin!r} is not above 0: give it in the difference's unit")
    return margin
