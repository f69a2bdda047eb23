"""The field's statistics: the pool as a block, wins that are there, none where none is."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alutils.analysis import ranking

POOLS = pd.MultiIndex.from_product([["a", "b", "c"], range(5)], names=["dataset", "seed"])


def test_wins_are_found_and_counted():
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.01, size=15)
    table = pd.DataFrame(
        {
            "random": 1 + noise,
            "good": 0.9 + noise + rng.normal(scale=0.002, size=15),
            "same": 1 + noise + rng.normal(scale=0.02, size=15),
        },
        index=POOLS,
    )
    found = ranking.compare(table, lower_is_better=True)
    assert found.index[0] == "good" and found.loc["good", ["wins", "losses"]].tolist() == [2, 0]
    assert found["beats_random"].to_dict() == {"good": 1, "random": 0, "same": 0}
    assert abs(found.loc["good", "mean"] - np.expm1(-0.1)) < 0.005
    swapped = ranking.compare(table, lower_is_better=False)
    assert swapped.loc["good", ["wins", "losses"]].tolist() == [0, 2]


def blocked(values, index=POOLS):
    return ranking.blocked(pd.DataFrame({"x": values}, index=index)).loc["x"]


def test_an_effect_that_differs_between_pools_is_no_scatter():
    """Worse by 5, 20 and 80 % in three pools, each time surely: a t-test of all 15 sees less."""
    rng = np.random.default_rng(5)
    effect = np.repeat([0.05, 0.2, 0.8], 5) + rng.normal(scale=0.02, size=15)
    found = blocked(effect)
    assert found.p < 1e-5 and stats.ttest_1samp(effect, 0.0).pvalue > 1e-3
    assert found.low < 0.35 < found.high and found.high - found.low < 0.1


def test_one_pool_is_the_paired_t_test():
    values = np.array([0.1, 0.3, -0.05, 0.2, 0.15])
    expected, ours = stats.ttest_1samp(values, 0.0), blocked(values, POOLS[:5])
    assert np.allclose(ours[["low", "high"]], expected.confidence_interval(0.95))
    assert np.isclose(ours.p, expected.pvalue)


def test_pools_count_alike_whatever_their_seeds():
    values = np.r_[np.zeros(10), np.nan, np.full(4, 0.3)]
    assert np.isclose(blocked(values)["mean"], 0.1) and blocked(values).p == 0.0  # no scatter


def test_what_cannot_be_tested_wins_nothing():
    lonely = blocked([0.1, 0.2, 0.3], POOLS[[0, 1, 5]])
    assert lonely[["low", "high", "p"]].tolist() == [-np.inf, np.inf, 1.0]
    assert blocked(np.zeros(15)).p == 1.0


@pytest.mark.parametrize("spreads", [(1, 1, 1), (10, 1, 1)])
def test_false_wins_are_rare(spreads):
    """Fifteen equal strategies, 105 comparisons: any win at all in at most 5 % of the tables."""
    rng = np.random.default_rng(1)
    names = ["random", *(f"s{k}" for k in range(14))]
    false = 0
    for _ in range(100):
        values = rng.normal(size=(15, 15)) * np.repeat(spreads, 5)[:, None]
        table = pd.DataFrame(values, index=POOLS, columns=names)
        false += ranking.compare(table, True)["wins"].sum() > 0
    assert false <= 11  # binomial(100, 0.05): 11 is 2.8 standard deviations


def test_scores_are_multiples_of_random_in_each_pool():
    rows = [
        (pool, seed, strategy, 400, scale * (2 if strategy == "x" else 1) + 0.1 * seed)
        for pool, scale in (("a", 1.0), ("b", 10.0))
        for seed in (0, 1)
        for strategy in ("random", "x")
    ]
    frame = pd.DataFrame(rows, columns=["dataset", "seed", "strategy", "n_train", "mae_ev"])
    table = ranking.scores(frame, "mae_ev", 400)
    assert np.exp(table["random"]).groupby(level=0).mean().round(12).tolist() == [1.0, 1.0]
    assert table.loc[("b", 0), "x"] == np.log(20 / 10.05)
