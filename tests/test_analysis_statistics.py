"""Intervals and verdicts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alutils.analysis import statistics
from alutils.analysis.statistics import NOT_SUPPORTED, SUPPORTED, UNDECIDED, Interval


def test_interval_equals_scipys():
    values = np.array([0.1, 0.4, 0.2, 0.3, 0.35])
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    ours = statistics.interval(values)
    assert (ours.low, ours.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_three_seeds_are_wide():
    """The half-width is 2.5 standard deviations: three seeds rarely decide."""
    values = np.array([-1.0, 0.0, 1.0])
    assert statistics.interval(values).high == pytest.approx(2.48, abs=0.01)


def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(2)
    inside = 0
    for sample in rng.normal(0.7, 2.0, size=(4000, 5)):
        found = statistics.interval(sample)
        inside += found.low < 0.7 < found.high
    assert inside / 4000 == pytest.approx(0.95, abs=0.012)


def test_one_seed_decides_nothing():
    one = statistics.interval([3.0])
    assert one.n == 1 and np.isinf(one.high)
    assert statistics.superiority(one, +1) == UNDECIDED
    assert statistics.equivalence(one, 0.5) == UNDECIDED


def test_pairing_removes_what_seeds_share():
    seeds = pd.Series([1.0, 5.0, 9.0, 2.0], index=[0, 1, 2, 3])
    difference = statistics.paired(seeds, seeds + np.array([0.1, 0.11, 0.09, 0.1]))
    assert difference.mean == pytest.approx(0.1) and difference.low > 0.08


def test_pairing_uses_common_seeds():
    a, b = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2]), pd.Series([3.0, 4.5], index=[1, 2])
    assert statistics.paired(a, b).n == 2 and statistics.paired(a, b).mean == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("low", "high", "sign", "expected"),
    [
        (0.1, 0.2, +1, SUPPORTED),
        (0.1, 0.2, -1, NOT_SUPPORTED),
        (-0.2, -0.1, -1, SUPPORTED),
        (-0.2, 0.1, -1, UNDECIDED),
    ],
)
def test_superiority(low, high, sign, expected):
    assert statistics.superiority(Interval(0.0, low, high, 5), sign) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (-0.01, 0.02, SUPPORTED),
        (-0.01, 0.04, UNDECIDED),
        (0.04, 0.05, NOT_SUPPORTED),
        (-0.05, -0.04, NOT_SUPPORTED),
        (0.01, 0.02, SUPPORTED),
    ],
)
def test_equivalence(low, high, expected):
    assert statistics.equivalence(Interval(0.0, low, high, 5), 0.03) == expected


def test_weakest_verdict_wins():
    assert statistics.combine([SUPPORTED, UNDECIDED, NOT_SUPPORTED]) == NOT_SUPPORTED
    assert statistics.combine([SUPPORTED, UNDECIDED]) == UNDECIDED
    assert statistics.combine([SUPPORTED, SUPPORTED]) == SUPPORTED


def test_values_at_a_size_are_linear_in_log_n():
    frame = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "n_train": [100, 400, 100, 400], "mae_ev": [0.4, 0.2, 0.6, 0.5]}
    )
    assert statistics.at(frame, 200, "mae_ev").tolist() == pytest.approx([0.3, 0.55])
    assert statistics.at(frame, 800, "mae_ev").isna().all()
