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
    assert metrics.rates(y > -6, mu > -6) == (pytest.approx(2 / 3), pytest.approx(3 / 4))


def test_rates_have_no_value_without_the_class():
    tpr, fpr = metrics.rates(np.array([False]), np.array([False]))
    assert np.isnan(tpr) and fpr == 0


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
