"""A search replayed on a probe: against what can be done by hand, and against real searches."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alutils.acquisition.target import Range
from alutils.analysis import replay
from alutils.analysis.overlap import Plan, gain_along, leave_one_out
from alutils.model.gp import GaussianProcess


@pytest.fixture(scope="module")
def labelled():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    return X, np.sin(X[:, 0]) + X[:, 1] + 0.1 * rng.normal(size=90)


@pytest.fixture(scope="module")
def fitted(labelled):
    return GaussianProcess(0.05, initial=None, random_state=0).fit(*labelled)


def test_the_highest_part_shares_equals_alike():
    weights = np.array([1.0, 0.5, 1.0, 1.0])
    ranking = np.array([2.0, 3.0, 2.0, 0.0])
    taken = replay.highest_part(weights, ranking, 1.5)
    assert np.allclose(taken, [0.5, 0.5, 0.5, 0])
    assert np.allclose(replay.highest_part(weights, ranking, 99), weights)
    assert np.allclose(replay.highest_part(np.zeros(4), ranking, 1), 0)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=30),
    st.floats(0, 40),
)
def test_the_highest_part_is_a_part(pairs, amount):
    weights, ranking = (np.array(part, float) for part in zip(*pairs, strict=True))
    taken = replay.highest_part(weights, ranking, amount)
    assert (taken >= 0).all() and (taken <= weights + 1e-12).all()
    assert taken.sum() == pytest.approx(min(amount, weights.sum()), abs=1e-9)


def test_a_perfect_ranking_gains_all_and_a_blind_one_nothing():
    inside = np.arange(100) < 20
    plan, batches = Plan(1000, 100, 500), [100, 300]
    perfect = replay.replayed(inside, [inside.astype(float)] * 2, plan, batches)
    blind = replay.replayed(inside, [np.zeros(100)] * 2, plan, batches)
    assert perfect["enrichment"] == pytest.approx(180 / (0.2 * 400))
    assert blind["area_gain"] == pytest.approx(0, abs=1e-9)
    assert blind["enrichment"] == pytest.approx(1)
    # The target is exhausted within the second batch, whose hits are spread over it.
    assert 0.5 < perfect["area_gain"] < 1


def test_what_is_picked_is_used_up():
    """All of the target goes in the first batch: the second finds nothing."""
    inside = np.arange(10) < 2
    plan = Plan(110, 10, 60)
    gains = replay.replayed(inside, [inside.astype(float)] * 2, plan, [20, 30])
    expected = gain_along([10, 30, 60], [2, 22, 22], 22, 110)
    assert gains["area_gain"] == pytest.approx(expected["area_gain"])


def test_all_others_are_leave_one_out(labelled, fitted):
    X, y = labelled
    mu, sigma = replay.cross_fitted(X, y, fitted, len(y), np.random.default_rng(0))
    model = GaussianProcess(0.05, initial=None, random_state=0)
    expected = leave_one_out(X, y, model)
    assert np.allclose(mu, expected[0]) and np.allclose(sigma, expected[1])


@pytest.mark.parametrize("n", [40, 45, 70])
def test_no_molecule_is_predicted_from_its_own_label(labelled, fitted, n):
    X, y = labelled
    mu, sigma = replay.cross_fitted(X, y, fitted, n, np.random.default_rng(1))
    changed = y.copy()
    changed[7] += 5
    again, _ = replay.cross_fitted(X, changed, fitted, n, np.random.default_rng(1))
    assert again[7] == mu[7] and (again != mu).any()
    assert np.isfinite(mu).all() and (sigma > 0).all()


def test_more_labels_predict_better(labelled, fitted):
    X, y = labelled
    rng = np.random.default_rng(2)
    errors = [
        np.mean([np.abs(y - replay.cross_fitted(X, y, fitted, n, rng)[0]).mean() for _ in range(5)])
        for n in (8, 30, 80)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_rows_of_a_replay(labelled):
    X, y = labelled
    model = GaussianProcess(0.05, initial=None, random_state=0)
    targets = [Range(low=np.sort(y)[-10]), Range(low=np.sort(y)[-2])]
    rows = replay.replay(X, y, targets, model, Plan(900, 30, 240), [30, 60, 120])
    assert rows["hits"].tolist() == [9, 9, 1, 1]
    assert rows["strategy"].tolist() == ["property_search", "most_probable"] * 2
    first, none = rows.iloc[:2], rows.iloc[2:]
    assert (first["replayed_area_gain"] > 0.2).all() and none["replayed_area_gain"].isna().all()
    assert first["replayed_enrichment"].is_monotonic_increasing  # the greedy rule is the better
    again = replay.replay(X, y, targets, model, Plan(900, 30, 240), [30, 60, 120])
    pd.testing.assert_frame_equal(rows, again)
