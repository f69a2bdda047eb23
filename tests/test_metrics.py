"""Metrics against small cases worked by hand, and savings against their bound."""

import numpy as np
import pytest

from alutils import metrics


def test_mae_and_r2():
    y, mu = np.array([-6.0, -5.0, -7.0]), np.array([-6.5, -5.0, -6.0])
    assert metrics.mae(y, mu) == pytest.approx(0.5)
    assert metrics.r2(y, mu) == pytest.approx(1 - 1.25 / 2.0)
    assert np.isnan(metrics.mae(y[:0], mu[:0])) and np.isnan(metrics.r2(y[:1], mu[:1]))


def test_rates_by_hand():
    """TP 2, FN 1, FP 3, TN 1: no two ratios of theirs are equal."""
    y = np.array([-5.0, -5.0, -5.0, -7.0, -7.0, -7.0, -7.0])
    mu = np.array([-5.0, -5.5, -7.0, -5.0, -5.0, -5.0, -7.0])
    assert metrics.rates(y, mu, -6.0) == (pytest.approx(2 / 3), pytest.approx(3 / 4))


def test_rates_have_no_value_without_the_class():
    tpr, fpr = metrics.rates(np.array([-7.0]), np.array([-7.0]), -6.0)
    assert np.isnan(tpr) and fpr == 0


def test_target_threshold_leaves_the_share():
    y = np.random.default_rng(0).normal(size=1000)
    assert np.mean(y > metrics.target_threshold(y, 0.3)) == pytest.approx(0.3, abs=1e-3)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, np.nan])
def test_impossible_shares_are_refused(share):
    with pytest.raises(ValueError, match="target_share"):
        metrics.target_threshold(np.arange(10.0), share)


def test_labels_that_cannot_be_split_are_refused():
    with pytest.raises(ValueError, match="0 of 10 molecules"):
        metrics.target_threshold(np.full(10, -6.0), 0.3)


@pytest.mark.parametrize(("threshold", "left"), [(9.0, "0 of 10"), (-1.0, "10 of 10")])
def test_thresholds_that_split_nothing_are_refused(threshold, left):
    with pytest.raises(ValueError, match=left):
        metrics.check_threshold(np.arange(10.0), threshold)


def test_perfect_search_saves_the_bound():
    """The first batch finds the share p, then every label is a find: no strategy can do better."""
    p, n_pool, n_a = 0.30, 10_000, np.array([100, 200, 400, 800, 1600])
    found_a = p * n_a / (p * n_pool)
    found_e = (p * n_a[0] + n_a - n_a[0]) / (p * n_pool)
    saved = metrics.savings(n_a, found_a, n_a, found_e)
    assert saved == pytest.approx(metrics.savings_bound(p, 100, 1600))
    assert saved == pytest.approx(0.65625)


def test_random_search_saves_nothing():
    n, found = np.array([100, 200, 400]), np.array([0.01, 0.02, 0.04])
    assert metrics.savings(n, found, n, found) == 0


def test_savings_are_not_extrapolated():
    n, found = np.array([100, 200, 400]), np.array([0.01, 0.02, 0.04])
    assert np.isnan(metrics.savings(n, found, n, 0.9 * found))


def test_paper_cannot_have_found_what_it_prints():
    """C9: 39 % of AA's in-range molecules at 5 600 labels is more than the labels can hold."""
    in_range, first_batch, labels = 13_396, 1_000, 5_600
    most = round(0.304 * first_batch) + labels - first_batch
    assert metrics.found_share(most, in_range) < 0.39
