"""Ways to spend few labels: which are compared, in which unit, and what is concluded."""

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import spending
from alutils.analysis.first_batch import FIRST, N_MAX, SEARCH, A, B, D, arms
from alutils.analysis.spending import ALIKE, BETTER, OPEN, WORSE, Comparison, Spent

SEEDS = range(6)
SCATTER = dict(zip(SEEDS, (-0.02, -0.01, 0.0, 0.0, 0.01, 0.02), strict=True))


def curves(value, pool="organics"):
    """All arms, each of its sizes: what `value` says of an arm and a size, with some scatter that
    the seeds share, and a little that they do not."""
    own = np.random.default_rng(3)
    rows = [
        {"dataset": pool, "seed": seed, **arm._asdict(), "n_train": n}
        | {"value": value(arm, n) * (1 + SCATTER[seed] + 0.001 * own.normal())}
        for arm in arms()
        for seed in SEEDS
        for n in sorted({arm.n_init, (arm.n_init + arm.n_max) // 2, 100, 120, arm.n_max})
        if arm.n_init <= n <= arm.n_max
    ]
    return pd.DataFrame(rows)


def outcomes(compared, **where):
    for name, value in where.items():
        compared = compared[compared[name] == value]
    return set(compared["outcome"])


def test_each_pool_is_compared_as_the_rules_say():
    planned = list(spending.planned())
    sizes = pd.Series([one.family for one in planned]).value_counts().to_dict()
    assert sizes == {"after": 6, "later": 12, "hits100": 8, "hits200": 12} | {
        "batches": 15,
        "sizes": 10,
    }
    run = {(arm.strategy, arm.share, arm.start, arm.n_init, arm.batch) for arm in arms()}
    for one in planned:
        for spent in (one.ours, one.than):
            assert (one.strategy, one.share, *spent) in run, one


def test_an_error_is_compared_in_percent_and_hits_in_a_hundred_labels():
    made = curves(
        lambda arm, n: (0.8 if arm.start == "k_centre" else 1.0) * (n if arm.share else 2)
    )
    pair = Spent("k_centre", 20), Spent("random", 20)
    error = spending.difference(made, Comparison("later", N_MAX, D, 0, *pair))
    assert error.mean() == pytest.approx(-20, abs=0.1) and list(error.index) == list(SEEDS)
    hits = spending.difference(made, Comparison("hits200", N_MAX, SEARCH, 0.3, *pair))
    assert hits.mean() == pytest.approx(-20, abs=0.2)
    half = spending.difference(made, Comparison("hits100", 100, SEARCH, 0.3, *pair))
    assert half.mean() == pytest.approx(-20, abs=0.2), "of a hundred labels, and of two hundred"


def test_errors_should_fall_and_hits_rise():
    def value(arm, n):
        return {"random": 1, "k_centre": 0.8, "cluster_centres": 1.2}[arm.start] * n / 10

    compared = spending.comparisons(curves(value))
    starts = compared["ours"].map(lambda spent: spent.start)
    for family, expected in (("after", (BETTER, WORSE)), ("later", (BETTER, WORSE))):
        of = compared["family"] == family
        assert set(compared[of & (starts == "k_centre")]["outcome"]) == {expected[0]}
        assert set(compared[of & (starts == "cluster_centres")]["outcome"]) == {expected[1]}
    assert outcomes(compared[starts == "k_centre"], family="hits200") <= {WORSE, ALIKE}
    assert outcomes(compared[starts == "cluster_centres"], family="hits200") <= {BETTER, ALIKE}
    assert outcomes(compared, family="batches") == outcomes(compared, family="sizes") == {ALIKE}


def test_small_batches_that_help_are_better():
    def value(arm, n):
        helps = 1 + 0.2 * (arm.batch < 100)
        return n * 0.5 * helps if arm.share else 1 / helps

    compared = spending.comparisons(curves(value))
    assert outcomes(compared, family="batches") == {BETTER}
    assert outcomes(compared, family="after") == {ALIKE}


def test_what_does_not_survive_among_all_is_undecided():
    """One difference whose p-value is below 5 %, among many that are nothing."""
    made = curves(lambda arm, n: 1.0 * (n / 3 if arm.share else 1))
    shifts = dict(zip(SEEDS, (0.02, 0.1, 0.15, 0.01, 0.09, 0.05), strict=True))
    rows = (made["start"] == "k_centre") & (made["n_init"] == 50) & (made["strategy"] == A)
    noise = np.random.default_rng(0).normal(0, 0.1, len(made))
    made["value"] *= 1 + noise
    made.loc[rows, "value"] = 1 - made.loc[rows, "seed"].map(shifts)
    other = (made["start"] == "random") & (made["n_init"] == 50) & (made["strategy"] == A)
    made.loc[other, "value"] = 1.0
    compared = spending.comparisons(made)
    one = compared[
        (compared["family"] == "after") & (compared["ours"] == Spent("k_centre", 50))
    ].iloc[0]
    assert 0.05 / 6 < one["p"] < 0.05 and one["difference"].high < 0
    assert one["outcome"] == OPEN


def test_what_was_not_run_is_not_compared():
    made = curves(lambda arm, n: n)
    compared = spending.comparisons(made[made["batch"] != 1])
    assert len(compared) == sum(1 for _ in spending.planned()) - 3
    assert 1 not in {spent.batch for spent in compared["ours"]}
    assert compared[compared["strategy"] == B]["family"].unique().tolist() == ["batches"]


def test_values_are_read_between_the_sizes_of_a_run():
    made = curves(lambda arm, n: 100 * np.log(n))
    alone = made[made["n_train"].isin((50, 125, 200)) | (made["n_init"] != 50)]
    found = spending.values(alone, A, 0, Spent("random", FIRST[1]), 100)
    assert found.mean() == pytest.approx(100 * np.log(100), rel=1e-3)


def test_the_mean_over_pools_and_sizes_is_taken_seed_by_seed():
    level = {"random": 1.0, "k_centre": 0.9, "cluster_centres": 1.0}
    low = curves(lambda arm, n: level[arm.start])
    high = curves(lambda arm, n: level[arm.start] ** 3, "aminoacids")
    found = spending.over_pools(pd.concat([low, high]))
    seen = found["after", A, 0, "k_centre"]
    assert seen.mean == pytest.approx(-(10 + 27.1) / 2, abs=0.1) and seen.n == len(SEEDS)
    assert found["later", D, 0, "cluster_centres"].mean == pytest.approx(0, abs=0.1)
    assert len(found) == 2 + 4 + 4 + 4
    made = pd.concat([low, high[high["seed"] != 0]])
    assert spending.over_pools(made)["after", A, 0, "k_centre"].n == len(SEEDS) - 1
