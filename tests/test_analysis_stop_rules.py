"""Rules to stop by: they stop at the first query that satisfies them, and a margin that holds."""

import numpy as np
import pandas as pd
import pytest
from made_up import known_searches

from alutils.analysis import stop_rules, stopping
from alutils.analysis.stopping import Progress

POOLS = [f"pool {k}" for k in range(14)]
FIELDS = list(Progress.__dataclass_fields__)


@pytest.fixture(scope="module")
def rows():
    return known_searches(POOLS, 6)


@pytest.fixture(scope="module")
def forecasts(rows):
    return stop_rules.forecasts(rows)


@pytest.fixture
def unlike(rows):
    """The same with half of the pools holding far more hits than anyone expects."""
    odd = rows["dataset"].isin(POOLS[::2])
    return rows.assign(left=rows["left"].where(~odd, 5 * rows["left"] + 50))


def test_a_rule_stops_at_the_first_query_that_satisfies_it(forecasts):
    stops = stop_rules.stops(forecasts, 0.8, "the interval's end")
    assert len(stops) == len(POOLS) * 6
    some = stops.dropna(subset="n_labels").iloc[0]
    of_one = forecasts[
        (forecasts["dataset"] == some["dataset"]) & (forecasts["seed"] == some["seed"])
    ]
    least = of_one["hits"] / (of_one["hits"] + of_one["high"])
    first = of_one["n_labels"][least >= 0.8].min()
    assert some["n_labels"] == first
    at = of_one[of_one["n_labels"] == first].iloc[0]
    assert some["share"] == pytest.approx(at["hits"] / (at["hits"] + at["left"]))
    sure = stop_rules.stops(forecasts.assign(high=forecasts["left"]), 0.8, "the interval's end")
    assert sure["had"].dropna().eq(1).all() and (sure["n_labels"] == sure["earliest"]).all()


@pytest.mark.parametrize("until", [0, 1, 90, -0.5])
def test_a_share_is_above_0_and_below_1(forecasts, until):
    with pytest.raises(ValueError, match=f"until={until} must lie"):
        stop_rules.stops(forecasts, until)


@pytest.mark.parametrize("rule", ["the margin", "the strictest pool"])
def test_of_the_searches_on_pools_left_out_that_stop_nine_in_ten_had_it(forecasts, rule):
    stops = stop_rules.stops(forecasts, 0.9, rule).dropna(subset="n_labels")
    assert len(stops) > 40 and stops["had"].mean() >= 0.9
    assert (stops["hits"] >= stop_rules.ENOUGH).all()


def test_the_margin_grows_where_pools_are_unlike(rows, unlike):
    for least in (stop_rules.margin, stop_rules.strictest):
        assert 0 <= least(rows, 0.9) < 1 < least(unlike, 0.9)


def test_few_pools_are_never_enough_for_a_margin(rows):
    """With eight pools the one more, of which none had it, is more than a tenth."""
    assert stop_rules.margin(rows[rows["dataset"].isin(POOLS[:8])], 0.9) == np.inf


def test_room_is_what_the_logarithm_may_err_by():
    row = pd.DataFrame({"hits": [90, 9, 91], "n_pool": [1000, 1000, 200], "n_labels": [190] * 3})
    spare = stop_rules.room(row, 0.9, pd.Series([np.log1p(4.0)] * 3))
    assert spare[0] == pytest.approx(np.log(11 / 5))
    assert spare[1] == -np.inf, "too few hits to say"
    assert spare[2] == np.inf, "all ten molecules left may be hits"


def test_one_search_is_judged_as_in_the_table(rows, forecasts):
    """A search of a new pool stops where `stops` stops it."""
    here, known = forecasts[forecasts["dataset"] == "pool 2"], rows[rows["dataset"] != "pool 2"]
    stops = stop_rules.stops(forecasts, 0.9)
    one = stops[stops["dataset"] == "pool 2"].iloc[0]
    path = here[here["seed"] == one["seed"]].sort_values("n_labels")
    said = [
        stop_rules.found(Progress(**row), 0.9, known) for row in path[FIELDS].to_dict("records")
    ]
    assert path["n_labels"].iloc[said.index(True)] == one["n_labels"]


def test_the_random_batch_alone_gives_a_limit_that_holds():
    """Of 2 000 draws of 100 molecules, the upper limit of the hits in the pool lies above the truth
    in 95 % at least; three standard deviations are 1.5 %."""
    rng = np.random.default_rng(1)
    k = rng.hypergeometric(60, 1940, 100, size=2000)
    rows = pd.DataFrame({"random_hits": k, "n_random": 100, "n_pool": 2000, "hits": k})
    assert (stop_rules.most_by_random(rows) + k >= 60).mean() > 0.935


def test_a_search_gains_the_worth_of_its_hits_less_the_labels(rows):
    coming = stop_rules.forecasts(rows, "next_hits")
    known = coming.assign(expected=coming["next_hits"])
    for worth in (2, 5, 20):
        found = stop_rules.worth_it(known, worth)
        assert len(found) == len(POOLS) * 6
        assert (found["gained"] <= found["best"]).all() and (found["whole"] <= found["best"]).all()
    never = stop_rules.worth_it(known.assign(expected=np.inf), 5)
    assert (never["gained"] == never["whole"]).all()
    at_once = stop_rules.worth_it(known.assign(expected=0.0), 5)
    assert at_once["gained"].eq(0).all() and at_once["n_labels"].eq(100).all()
    one = known[(known["dataset"] == "pool 0") & (known["seed"] == 0)]
    whole = stop_rules.worth_it(one, 3)["whole"].item()
    assert whole == 3 * one["next_hits"].sum() - one["next_size"].sum()
    assert stopping.SEARCH == list(found.columns[:4])
