"""Intervals and verdicts."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alutils.analysis import statistics
from alutils.analysis.statistics import (
    DIFFERENCE,
    NOT_SUPPORTED,
    SUPPORTED,
    UNDECIDED,
    Interval,
)


def test_interval_equals_scipys():
    values = np.array([0.1, 0.4, 0.2, 0.3, 0.35])
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    ours = statistics.interval(values)
    assert (ours.low, ours.high) == (pytest.approx(expected.low), pytest.approx(expected.high))


def test_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(2)
    inside = 0
    for sample in rng.normal(0.7, 2.0, size=(4000, 5)):
        found = statistics.interval(sample)
        inside += found.low < 0.7 < found.high
    assert inside / 4000 == pytest.approx(0.95, abs=0.012)


def around(mean, half_width, n=5):
    return Interval(mean, mean - half_width, mean + half_width, n)


def test_one_seed_decides_nothing():
    one = statistics.interval([3.0])
    assert one.n == 1 and np.isinf(one.high)
    assert statistics.superiority(one, +1, 0.5) == (UNDECIDED, 1.0)
    assert statistics.equivalence(one, 0.5) == (UNDECIDED, 1.0)
    assert statistics.non_superiority(one, +1, 0.5) == (UNDECIDED, 1.0)


def test_pairing_removes_what_seeds_share():
    seeds = pd.Series([1.0, 5.0, 9.0, 2.0], index=[0, 1, 2, 3])
    difference = statistics.paired(seeds, seeds + np.array([0.1, 0.11, 0.09, 0.1]))
    assert difference.mean == pytest.approx(0.1) and difference.low > 0.08


def test_pairing_uses_common_seeds():
    a, b = pd.Series([1.0, 2.0, 4.0], index=[0, 1, 2]), pd.Series([3.0, 4.5], index=[1, 2])
    assert statistics.paired(a, b).n == 2 and statistics.paired(a, b).mean == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("mean", "half_width", "sign", "margin", "expected"),
    [
        (0.15, 0.05, +1, None, SUPPORTED),
        (0.15, 0.05, -1, None, NOT_SUPPORTED),
        (-0.15, 0.05, -1, None, SUPPORTED),
        (-0.05, 0.15, -1, None, UNDECIDED),
        (-0.05, 0.15, -1, 0.1, UNDECIDED),
        (-0.05, 0.15, -1, 0.3, NOT_SUPPORTED),  # any gain is smaller than the margin
        (-0.15, 0.05, -1, 0.3, SUPPORTED),
    ],
)
def test_superiority(mean, half_width, sign, margin, expected):
    assert statistics.superiority(around(mean, half_width), sign, margin).verdict == expected


@pytest.mark.parametrize(
    ("mean", "half_width", "expected"),
    [
        (0.005, 0.015, SUPPORTED),
        (0.01, 0.022, SUPPORTED),  # the 95 % interval ends at 0.032, the 90 % interval at 0.027
        (0.015, 0.025, UNDECIDED),
        (0.045, 0.005, NOT_SUPPORTED),
        (-0.045, 0.005, NOT_SUPPORTED),
        (0.015, 0.005, SUPPORTED),
        (0.03, 0.02, DIFFERENCE),
        (-0.03, 0.02, DIFFERENCE),
    ],
)
def test_equivalence(mean, half_width, expected):
    assert statistics.equivalence(around(mean, half_width), 0.03).verdict == expected


@pytest.mark.parametrize(
    ("mean", "half_width", "sign", "expected"),
    [
        (-0.5, 0.4, +1, SUPPORTED),  # far worse is no gain either
        (0.5, 0.4, -1, SUPPORTED),
        (0.01, 0.022, +1, SUPPORTED),
        (0.015, 0.025, +1, UNDECIDED),
        (0.045, 0.005, +1, NOT_SUPPORTED),
        (-0.045, 0.005, -1, NOT_SUPPORTED),
        (0.03, 0.02, +1, DIFFERENCE),
    ],
)
def test_non_superiority(mean, half_width, sign, expected):
    assert statistics.non_superiority(around(mean, half_width), sign, 0.03).verdict == expected


def test_p_values_equal_scipys():
    values = np.array([0.01, -0.02, 0.015, 0.004, 0.012, -0.001])
    found = statistics.interval(values)
    below = stats.ttest_1samp(values, 0.03, alternative="less").pvalue
    above = stats.ttest_1samp(values, -0.03, alternative="greater").pvalue
    both = stats.ttest_1samp(values, 0.0).pvalue
    assert statistics.superiority(found, -1).p == pytest.approx(both)
    assert statistics.equivalence(found, 0.03).p == pytest.approx(max(below, above))
    assert statistics.non_superiority(found, +1, 0.03).p == pytest.approx(below)
    assert statistics.non_superiority(found, -1, 0.03).p == pytest.approx(above)


def test_values_without_spread_are_sure():
    same = statistics.interval([0.0, 0.0, 0.0])
    assert statistics.superiority(same, +1) == (UNDECIDED, 1.0)
    assert statistics.equivalence(same, 0.03) == (SUPPORTED, 0.0)
    assert statistics.equivalence(statistics.interval([0.1, 0.1]), 0.03) == (NOT_SUPPORTED, 0.0)


def each_kind(found, margin):
    return (
        statistics.superiority(found, +1, margin),
        statistics.equivalence(found, margin),
        statistics.non_superiority(found, +1, margin),
    )


def test_a_verdict_states_what_its_p_value_shows():
    """Undecided means p above 5 %, everything else p below, on whatever side the values lie."""
    rng = np.random.default_rng(3)
    seen = set()
    for _ in range(500):
        values = rng.normal(rng.uniform(-0.1, 0.1), rng.uniform(0.001, 0.05), size=5)
        for finding in each_kind(statistics.interval(values), 0.03):
            seen.add(finding.verdict)
            assert (finding.p >= statistics.ALPHA) == (finding.verdict == UNDECIDED)
    assert seen == {SUPPORTED, NOT_SUPPORTED, DIFFERENCE, UNDECIDED}


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_a_claim_just_false_is_seldom_supported(kind):
    """At d = 0 superiority, at d = margin the claims of smallness: at most one in twenty."""
    rng = np.random.default_rng(4)
    samples = rng.normal(0.0 if kind == 0 else 0.03, 0.02, size=(1500, 8))
    found = [each_kind(statistics.interval(sample), 0.03)[kind].verdict for sample in samples]
    assert found.count(SUPPORTED) / 1500 <= 0.05 + 0.017  # three standard deviations


def test_an_interval_narrower_than_the_margin_settles_every_claim():
    for mean in np.linspace(-0.1, 0.1, 201):
        for finding in each_kind(around(mean, 0.0149), 0.03):
            assert finding.verdict != UNDECIDED
    assert statistics.equivalence(around(0.0149, 0.0151), 0.03).verdict == SUPPORTED
    assert statistics.equivalence(around(0.02, 0.0201), 0.03).verdict == UNDECIDED


def half_width(spread, n):
    return stats.t.ppf(0.975, n - 1) * spread / np.sqrt(n)


@pytest.mark.parametrize("spread", [0.0001, 0.01, 0.03, 0.2])
def test_the_seeds_needed_are_the_fewest_that_suffice(spread):
    pilot = statistics.interval(spread * np.array([-1.0, 0.0, 1.0]))  # of this standard deviation
    n = statistics.seeds_needed(pilot, 0.03)
    assert half_width(spread, n) < 0.015
    assert n == 2 or half_width(spread, n - 1) >= 0.015


def test_seeds_needed_of_a_known_case():
    """Spread as large as the margin: 1.96 x 2 squared is 16, with Student's quantile 18."""
    assert statistics.seeds_needed(statistics.interval([-1.0, 0.0, 1.0]), 1.0) == 18


def test_seeds_needed_refuses_what_it_cannot_use():
    assert statistics.seeds_needed(statistics.interval([1.0]), 1.0) is None
    with pytest.raises(ValueError, match=r"margin=0.0 is not above 0: give it in"):
        statistics.seeds_needed(statistics.interval([1.0, 2.0]), 0.0)


def test_holm_by_hand():
    assert statistics.holm([0.01, 0.04, 0.03, 0.005]).tolist() == [True, False, False, True]
    assert statistics.holm([0.001, 0.001, 0.04]).tolist() == [True, True, True]
    assert statistics.holm([0.03, 0.03]).tolist() == [False, False]


def test_holm_counts_no_test_that_was_not_made():
    assert statistics.holm([0.03, None, 0.02, float("nan")]).tolist() == [True, False, True, False]
    assert statistics.holm([]).tolist() == []


def test_weakest_verdict_wins():
    assert statistics.combine([SUPPORTED, DIFFERENCE, UNDECIDED, NOT_SUPPORTED]) == NOT_SUPPORTED
    assert statistics.combine([SUPPORTED, DIFFERENCE, UNDECIDED]) == UNDECIDED
    assert statistics.combine([SUPPORTED, DIFFERENCE]) == DIFFERENCE
    assert statistics.combine([SUPPORTED, SUPPORTED]) == SUPPORTED


def test_values_at_a_size_are_linear_in_log_n():
    frame = pd.DataFrame(
        {"seed": [0, 0, 1, 1], "n_train": [100, 400, 100, 400], "mae_ev": [0.4, 0.2, 0.6, 0.5]}
    )
    assert statistics.at(frame, 200, "mae_ev").tolist() == pytest.approx([0.3, 0.55])
    assert statistics.at(frame, 800, "mae_ev").isna().all()
