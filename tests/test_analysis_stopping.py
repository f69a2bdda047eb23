"""Hits left: the regression on searches whose law is known, and the rules that rest on it."""

from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import Range, highest
from alutils.analysis import stop_rules, stopping
from alutils.analysis.stopping import Forecast, Progress
from alutils.loop import RunConfig
from alutils.model.gp import GaussianProcess

POOLS = ("one", "two", "three", "four")


def search(pool, seed, rng, n_hits):
    """A search of 2 000 molecules that finds a third of what is left with each batch of 50."""
    rows, hits, picked, left = [], int(rng.binomial(n_hits, 0.05)), 0.0, n_hits
    first, last, left = hits, hits, n_hits - hits
    for k in range(12):
        n_labels = 100 + 50 * k
        expected = left / 3 * rng.lognormal(0, 0.1)
        progress = Progress(
            n_pool=2000,
            n_labels=n_labels,
            n_random=100,
            random_hits=first,
            hits=hits,
            model_picked=picked,
            model_left=left * rng.lognormal(0, 0.2),
            last_hits=last,
            last_size=50 if k else 100,
            next_size=50,
            model_next=expected,
        )
        last = min(left, 50, int(rng.poisson(left / 3)))
        about = {"dataset": pool, "seed": seed, "target_low": 0.9, "target_high": 1.0}
        rows.append(about | asdict(progress) | {"left": left, "next_hits": last})
        picked, hits, left = picked + expected, hits + last, left - last
    return rows


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    made = [
        row
        for pool in POOLS
        for seed in range(8)
        for row in search(pool, seed, rng, int(rng.integers(20, 400)))
    ]
    return pd.DataFrame(made)


def test_intervals_hold_on_pools_left_out(rows):
    for outcome in stopping.COLUMNS:
        found = stop_rules.forecasts(rows, outcome)
        assert 0.85 < found["inside"].mean() <= 1
        assert (found["low"] <= found["expected"]).all()
        assert (found["expected"] <= found["high"]).all()
    left = stop_rules.forecasts(rows)
    assert np.corrcoef(np.log1p(left["expected"]), np.log1p(left["left"]))[0, 1] > 0.95


def test_no_forecast_exceeds_what_there_is(rows):
    law = stopping.learn(rows)
    many = Progress(120, 100, 100, 90, 90, 0.0, 1e6, 90, 100, 10, 10.0)
    assert law.forecast(many).high <= 20
    assert stopping.learn(rows, "next_hits").forecast(many).high <= 10


def test_pools_and_searches_count_alike(rows):
    """A pool that is there ten times over changes no coefficient."""
    often = [
        rows[rows["dataset"] == "one"].assign(seed=lambda f, k=k: f["seed"] + 100 * k)
        for k in range(9)
    ]
    once, more = stopping.learn(rows), stopping.learn(pd.concat([rows, *often[1:]]))
    assert np.allclose(once.coefficients, more.coefficients, atol=1e-8)


def test_share_of_the_target_that_is_found():
    assert Forecast(10, 0, 30).share(30) == (0.75, 0.5, 1.0)
    assert Forecast(0, 0, 0).share(0) == (0.0, 0.0, 0.0)


def test_a_rule_stops_at_the_first_query_that_satisfies_it(rows):
    forecasts = stop_rules.forecasts(rows)
    stops = stop_rules.stops(forecasts, 0.8)
    assert len(stops) == len(POOLS) * 8
    some = stops.dropna(subset="n_labels").iloc[0]
    of_one = forecasts[
        (forecasts["dataset"] == some["dataset"]) & (forecasts["seed"] == some["seed"])
    ]
    least = of_one["hits"] / (of_one["hits"] + of_one["high"])
    first = of_one["n_labels"][least >= 0.8].min()
    assert some["n_labels"] == first
    at = of_one[of_one["n_labels"] == first].iloc[0]
    assert some["share"] == pytest.approx(at["hits"] / (at["hits"] + at["left"]))
    sure = stop_rules.stops(forecasts.assign(high=forecasts["left"]), 0.8)
    assert sure["had"].dropna().eq(1).all() and (sure["n_labels"] == sure["earliest"]).all()


def test_the_random_batch_alone_gives_a_limit_that_holds():
    """Of 2 000 draws of 100 molecules, the upper limit of the hits in the pool lies above the truth
    in 95 % at least; three standard deviations are 1.5 %."""
    rng = np.random.default_rng(1)
    k = rng.hypergeometric(60, 1940, 100, size=2000)
    rows = pd.DataFrame({"random_hits": k, "n_random": 100, "n_pool": 2000, "hits": k})
    assert (stop_rules.most_by_random(rows) + k >= 60).mean() > 0.935


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
    assert known["dataset"].nunique() >= 3 and not known.isna().any().any()
    assert (known["left"] >= 0).all() and (known["hits"] <= known["n_labels"]).all()
    assert "organics" not in set(stopping.known("organics")["dataset"])
