"""The field's statistics: Holm's correction by hand, wins that are there, none where none is."""

import numpy as np
import pandas as pd

from alutils.analysis import ranking


def test_holm_by_hand():
    assert ranking.holm([0.01, 0.04, 0.03, 0.005]).tolist() == [True, False, False, True]
    assert ranking.holm([0.001, 0.001, 0.04]).tolist() == [True, True, True]
    assert ranking.holm([0.03, 0.03]).tolist() == [False, False]


def test_wins_are_found_and_counted():
    rng = np.random.default_rng(0)
    noise = rng.normal(scale=0.01, size=15)
    table = pd.DataFrame(
        {
            "random": 1 + noise,
            "good": 0.9 + noise + rng.normal(scale=0.002, size=15),
            "same": 1 + noise + rng.normal(scale=0.02, size=15),
        }
    )
    told = ranking.compare(table, lower_is_better=True)
    assert told.index[0] == "good" and told.loc["good", ["wins", "losses"]].tolist() == [2, 0]
    assert told["beats_random"].to_dict() == {"good": 1, "random": 0, "same": 0}
    assert abs(told.loc["good", "mean"] - np.expm1(-0.1)) < 0.005
    swapped = ranking.compare(table, lower_is_better=False)
    assert swapped.loc["good", ["wins", "losses"]].tolist() == [0, 2]


def test_false_wins_are_rare():
    """Fifteen equal strategies, 105 comparisons: any win at all in at most 5 % of the tables."""
    rng = np.random.default_rng(1)
    names = ["random", *(f"s{k}" for k in range(14))]
    false = 0
    for _ in range(100):
        table = pd.DataFrame(rng.normal(size=(15, 15)), columns=names)
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
