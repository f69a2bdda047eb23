"""Hits left: the regression on searches whose law is known, and intervals by the pool."""

import numpy as np
import pandas as pd
import pytest
from made_up import known_searches

from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import Range, highest
from alutils.analysis import stop_rules, stopping
from alutils.analysis.stopping import Forecast, Progress
from alutils.loop import RunConfig
from alutils.model.gp import GaussianProcess

POOLS = [f"pool {k}" for k in range(14)]


@pytest.fixture(scope="module")
def rows():
    return known_searches(POOLS, 6)


def test_intervals_hold_on_pools_left_out(rows):
    for outcome in stopping.OUTCOMES:
        found = stop_rules.forecasts(rows, outcome)
        assert 0.9 < found["inside"].mean() <= 1
        assert (found["low"] <= found["expected"]).all()
        assert (found["expected"] <= found["high"]).all()
        many = found[found["hits"] >= 30]
        assert (many["high"] < many["n_pool"] - many["n_labels"]).any()
    left = stop_rules.forecasts(rows)
    assert np.corrcoef(np.log1p(left["expected"]), np.log1p(left["left"]))[0, 1] > 0.95


def test_the_pool_is_the_unit_of_the_intervals(rows):
    """One pool of ten that is unlike the others widens them, however few its rows are; with fewer
    than nine pools there is none."""
    few = rows[rows["dataset"].isin(POOLS[:9])]
    alike = stopping.learn(few).width["30 and more"]
    assert 0 < alike < 1
    odd = few["dataset"] == "pool 0"
    unlike = few.assign(left=few["left"].where(~odd, 20 * few["left"] + 20))
    assert stopping.learn(unlike).width["30 and more"] > 2
    eight = rows[rows["dataset"].isin(POOLS[:8])]
    assert set(stopping.learn(eight).width.values()) == {np.inf}
    assert stopping.learn(eight).forecasts(eight)["low"].eq(0).all()


def test_no_forecast_exceeds_what_there_is(rows):
    law = stopping.learn(rows)
    many = Progress(120, 100, 100, 90, 90, 0.0, 1e6, 90, 100, 10, 10.0)
    assert law.forecast(many).high <= 20
    assert stopping.learn(rows, "next_hits").forecast(many).high <= 10


def test_one_forecast_is_that_of_its_row(rows):
    law, row = stopping.learn(rows), rows.iloc[7]
    alone = law.forecast(Progress(**row[list(Progress.__dataclass_fields__)]))
    assert np.allclose(alone, law.forecasts(rows)[["expected", "low", "high"]].iloc[7])


def test_pools_and_searches_count_alike(rows):
    """A pool that is there ten times over changes no coefficient."""
    often = [
        rows[rows["dataset"] == "pool 1"].assign(seed=lambda f, k=k: f["seed"] + 100 * k)
        for k in range(9)
    ]
    once, more = stopping.learn(rows), stopping.learn(pd.concat([rows, *often[1:]]))
    assert np.allclose(once.coefficients, more.coefficients, atol=1e-8)
    assert once.width == pytest.approx(more.width)


def test_a_pool_is_expected_by_the_others_alone(rows):
    changed = rows.assign(left=rows["left"].where(rows["dataset"] != "pool 3", 1000))
    here = rows["dataset"] == "pool 3"
    assert np.allclose(stopping.unseen(rows)[here], stopping.unseen(changed)[here])
    assert not np.allclose(stopping.unseen(rows)[~here], stopping.unseen(changed)[~here])


def test_share_of_the_target_that_is_found():
    assert Forecast(10, 0, 30).share(30) == (0.75, 0.5, 1.0)
    assert Forecast(0, 0, 0).share(0) == (0.0, 0.0, 0.0)


def test_the_probability_of_a_label_has_the_noise_in_it():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(80, 3))
    model = GaussianProcess(0.3, n_restarts=0, initial=None).fit(X[:40], np.sin(X[:40, 0]))
    view = PoolView(model, X[40:], Range(0.5))
    p = stopping.label_probability(view)
    drawn = view.mu + np.sqrt(view.sigma**2 + 0.3) * rng.standard_normal((20_000, 40))
    assert np.abs((drawn > 0.5).mean(axis=0) - p).max() < 0.02
    with pytest.raises(ValueError, match="needs a target"):
        stopping.label_probability(PoolView(model, X[40:]))


def test_a_search_that_is_watched_is_the_same_search():
    from alutils.data.datasets import load
    from alutils.descriptors import features
    from alutils.loop import run

    sizes = {"scheme": "constant", "n_init": 40, "n_const": 20, "n_max": 100, "n_test": 50}
    config = RunConfig("organics", "most_probable", target=highest(0.1), prior="data", **sizes)
    dataset = load("organics")
    seen = pd.DataFrame(stopping.watch(config, dataset, features(dataset)))
    assert seen["hits"].tolist() == run(config)["n_found"].tolist()[:-1]
    assert (seen["hits"] + seen["left"]).nunique() == 1
    assert (seen["model_next"] <= seen["next_size"]).all()
    assert "most_probable_watched" not in STRATEGIES


def test_the_searches_that_come_with_the_package_are_whole():
    known = stopping.known()
    assert known["dataset"].nunique() >= 10 and not known.isna().any().any()
    assert (known["left"] >= 0).all() and (known["hits"] <= known["n_labels"]).all()
    assert "organics" not in set(stopping.known("organics")["dataset"])
    with pytest.raises(ValueError, match=r"organic.*choose one of .*organics"):
        stopping.known("organic")
