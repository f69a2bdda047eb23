"""Gains by hand, leave-one-out against refits, the law on cases whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from alutils.acquisition.target import Range
from alutils.analysis import overlap, regression
from alutils.analysis.overlap import Plan
from alutils.model.gp import GaussianProcess

MODEL = GaussianProcess(0.01, random_state=0)


def run_frame(n, found, n_target):
    frame = pd.DataFrame({"n_train": n, "n_found": found})
    frame["found_share"] = frame["n_found"] / n_target
    keys = {"dataset": "toy", "strategy": "s", "seed": 0, "target_low": 0.8, "target_high": 1.0}
    return frame.assign(**keys)


def test_a_perfect_search_gains_all_and_a_random_one_nothing():
    n = np.array([100, 200, 300])
    perfect = overlap.gains(run_frame(n, [20, 120, 220], 400), 2000).iloc[0]
    assert perfect["area_gain"] == pytest.approx(1, abs=1e-6)
    assert perfect["saving_gain"] == pytest.approx(1, abs=1e-6)
    assert perfect["enrichment"] == pytest.approx(5) and perfect["share"] == 0.2
    random = overlap.gains(run_frame(n, [20, 40, 60], 400), 2000).iloc[0]
    assert random["area_gain"] == pytest.approx(0, abs=1e-9)
    assert random["saved"] == pytest.approx(0, abs=1e-9)
    assert random["first_enrichment"] == pytest.approx(1)


def test_savings_by_hand():
    """20 hits at first, then one in two: random has 60 in the end, the search at 180 labels."""
    stated = overlap.gains(run_frame([100, 300], [20, 120], 400), 2000).iloc[0]
    assert stated["saved"] == pytest.approx(1 - 180 / 300)
    assert stated["saved_bound"] == pytest.approx(1 - 140 / 300)


def test_leave_one_out_is_the_model_without_the_molecule():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(25, 3)) * 300
    y = -6 + np.sin(X[:, 0] / 300)
    mu, sigma, model = overlap.leave_one_out(X, y, MODEL)
    for k in (0, 7, 24):
        rest = np.delete(np.arange(25), k)
        other = GaussianProcess(
            0.01,
            n_restarts=0,
            initial=(model.signal_var_, model.length_scale_),
            bound_factor=1 + 1e-12,
        ).fit(X[rest], y[rest])
        expected = other.predict(X[k : k + 1], return_std=True)
        assert mu[k] == pytest.approx(expected[0][0], abs=1e-3)
        assert sigma[k] == pytest.approx(expected[1][0], abs=1e-3)


def test_gains_curve_treats_equal_ranks_as_one():
    inside = np.array([True, False, True, False])
    x, t = overlap.gains_curve(inside, np.array([1.0, 1.0, 0.0, 0.0]))
    assert x.tolist() == [0, 0.5, 1] and t.tolist() == [0, 0.5, 1]
    x, t = overlap.gains_curve(inside, np.array([4.0, 1.0, 3.0, 2.0]))
    assert x.tolist() == [0, 0.25, 0.5, 0.75, 1] and t.tolist() == [0, 0.5, 1, 1, 1]


def test_law_reduces_to_the_precision():
    """Candidates that last, with precision pi: the gain is (pi - p) / (1 - p)."""
    share, precision, predicted = 0.3, 0.7, 0.4
    curve = (np.array([0, predicted, 1]), np.array([0, precision * predicted / share, 1]))
    stated = overlap.predicted_gain(curve, share, Plan(10_000, 100, 800))
    assert stated["area_gain"] == pytest.approx((precision - share) / (1 - share), abs=1e-3)
    assert stated["enrichment"] == pytest.approx(precision / share, abs=1e-6)


def test_useless_and_perfect_rankings_are_foretold():
    plan = Plan(5000, 100, 800)
    useless = overlap.predicted_gain((np.array([0, 1]), np.array([0, 1])), 0.1, plan)
    assert useless["area_gain"] == pytest.approx(0, abs=1e-9)
    perfect = overlap.predicted_gain((np.array([0, 0.1, 1]), np.array([0, 1, 1])), 0.1, plan)
    assert perfect["area_gain"] == pytest.approx(1, abs=1e-3)


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(200, 4)) * 250
    return X, -6 + np.tanh(X[:, 0] / 250) + 0.02 * rng.normal(size=200)


def test_probe_tells_easy_from_hard_targets(pool):
    X, y = pool
    shuffled = np.random.default_rng(0).permutation(y)
    plan, target = Plan(5000, 100, 800), Range(low=float(np.quantile(y, 0.7)))
    easy = overlap.probe(X, y, [target], MODEL, plan).set_index("strategy")
    hard = overlap.probe(X, shuffled, [target], MODEL, plan).set_index("strategy")
    assert (easy["predicted_area_gain"] > 0.6).all() and (hard["predicted_area_gain"] < 0.4).all()
    assert easy["auc"].iloc[0] > 0.95 and hard["auc"].iloc[0] < 0.7
    assert easy["mmd2"].iloc[0] > 0.01 and easy["purity"].iloc[0] > hard["purity"].iloc[0]
    assert easy["near"].iloc[0] < hard["near"].iloc[0]


def test_probe_without_hits_says_so(pool):
    X, y = pool
    stated = overlap.probe(X, y, [Range(5.0, 6.0)], MODEL, Plan(5000, 100, 800))
    assert (stated["hits"] == 0).all() and "predicted_area_gain" not in stated
    assert stated["auc"].isna().all()


def test_mmd2_is_unbiased():
    """Two halves drawn alike: zero in the mean."""
    rng = np.random.default_rng(1)
    values = []
    for _ in range(300):
        x = rng.normal(size=40)
        K = np.exp(-0.5 * (x[:, None] - x) ** 2)
        np.fill_diagonal(K, 0)
        values.append(overlap._mmd2(K, np.arange(40) < 15))
    assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(300)


def test_left_out_groups_are_predicted_by_the_others():
    frame = pd.DataFrame({"x": [0, 1, 2, 3.0], "y": [1, 3, 5, 100.0], "g": ["a", "a", "b", "c"]})
    predicted = regression.left_out(frame[:3], ["x"], "y", "g")
    assert predicted[2] == pytest.approx(5)
    assert regression.explained([1, 2, 3], [1, 2, 3]) == 1
    assert regression.explained([1, 2, 3], [2, 2, 2]) == 0


def test_each_kind_has_a_model_of_its_own_and_a_new_one_has_none():
    frame = pd.DataFrame({"x": [0, 1, 2, 0, 1, 2, 0], "kind": list("aaabbbc")})
    frame["y"] = frame["x"] * frame["kind"].map({"a": 1, "b": -1, "c": 0})
    frame["g"] = [1, 2, 2, 1, 2, 2, 1]
    apart = regression.left_out(frame, ["x"], "y", "g", within="kind")
    assert np.allclose(apart[[0, 3]], 0) and np.isnan(apart[6])
    assert not np.allclose(regression.left_out(frame, ["x"], "y", "g")[[1, 2]], [1, 2])
    assert np.isnan(regression.left_out(frame, ["x"], "y", "kind", within="kind")).all()


def test_interval_of_the_explained_share_holds_it():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=300)
    predicted = truth + 0.5 * rng.normal(size=300)
    low, high = regression.explained_interval(truth, predicted, np.arange(300) // 3)
    assert low < regression.explained(truth, predicted) < high and 0.05 < high - low < 0.3


def test_error_quantiles_leave_out_what_is_unknown():
    errors = np.r_[np.linspace(-1, 1, 201), np.nan]
    assert regression.error_quantiles(errors) == pytest.approx((-0.9, 0.9))


def test_what_is_explained_beyond_others_is_judged_on_the_same_draws():
    rng = np.random.default_rng(0)
    truth, groups = rng.normal(size=300), np.arange(300) // 3
    good, bad = truth + rng.normal(scale=0.3, size=300), truth + rng.normal(scale=0.6, size=300)
    low, high = regression.explained_interval(truth, good, groups, bad)
    assert 0 < low < regression.explained(truth, good) - regression.explained(truth, bad) < high
    assert regression.explained_interval(truth, good, groups, good) == (0, 0)
