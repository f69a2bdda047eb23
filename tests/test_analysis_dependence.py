"""The claim on overlap and savings: its measure by counting pairs, its interval, its rows."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from alutils.acquisition.search import probability_in_range
from alutils.acquisition.target import Range
from alutils.analysis import dependence, law, overlap, plans, statistics
from alutils.analysis.dependence import DECIDES, FIXED, GAIN, TAILS, rank_correlation
from alutils.model.gp import GaussianProcess
from alutils.report import overlap_claim


def test_overlap_is_the_share_of_pairs_in_the_wrong_order_twice():
    rng = np.random.default_rng(3)
    X = rng.normal(size=(60, 4)) * 250
    y = -6 + np.tanh(X[:, 0] / 250) + 0.3 * rng.normal(size=60)
    target, plan = Range(low=float(np.quantile(y, 0.8))), overlap.Plan(5000, 100, 800)
    auc = overlap.probe(X, y, [target], GaussianProcess(0.05, random_state=0), plan)["auc"].iloc[0]
    mu, sigma, _ = overlap.leave_one_out(X, y, GaussianProcess(0.05, random_state=0))
    q, inside = probability_in_range(mu, sigma, target.low, target.high), target.contains(y)
    pairs = [(of_target, of_rest) for of_target in q[inside] for of_rest in q[~inside]]
    wrong = [(b > a) + 0.5 * (b == a) for a, b in pairs]
    found = dependence.ranked_overlap(auc)
    assert found == pytest.approx(2 * np.mean(wrong)) and 0.05 < found < 1


@pytest.mark.parametrize("many", [1, 7])
def test_the_share_does_not_enter(many):
    inside, q = np.array([(1, 0.9), (0, 0.5), (1, 0.3), (0, 0.3)]).repeat([many, 3, many, 2], 0).T
    # One half of the target is before all of the rest, the other after 3 of 5 and level with 2.
    expected = 2 * (0 + (3 + 2 / 2) / 5) / 2
    assert dependence.ranked_overlap(roc_auc_score(inside, q)) == pytest.approx(expected)


def test_interval_and_p_value_agree_and_hold_the_truth():
    rng = np.random.default_rng(0)
    for slope, verdict in ((-1, statistics.SUPPORTED), (1, statistics.NOT_SUPPORTED)):
        x = rng.normal(size=30)
        found = rank_correlation(x, slope * x + 0.5 * rng.normal(size=30))
        assert found.verdict == verdict and found.p < statistics.ALPHA
    missed = 0
    for _ in range(100):
        x, y = rng.normal(size=(2, 30))
        found = rank_correlation(x, y, n_draws=400)
        assert found.rho == pytest.approx(spearmanr(x, y)[0]) and found.low < found.high
        missed += found.verdict != statistics.UNDECIDED
        assert (found.p < 0.045) <= (found.verdict != statistics.UNDECIDED) <= (found.p < 0.055)
    assert missed <= 14  # 5 of 100, and twice its standard deviation for a bootstrap of 30


def test_what_is_held_fixed_is_taken_out():
    """Two kinds that differ in both, and nothing but that: no correlation is left within a kind."""
    rng = np.random.default_rng(1)
    kind = np.repeat(["tail", "window"], 15)
    x, y = rng.normal(size=(2, 30)) + 5 * (kind == "window") * np.array([[1], [-1]])
    assert rank_correlation(x, y).high < -0.4
    held = rank_correlation(x, y, kind)
    assert held.low < 0 < held.high
    within = rank_correlation(x, x + 0.01 * y, kind)
    assert within.low > 0 and within.verdict == statistics.NOT_SUPPORTED


def test_unknown_values_are_left_out_and_few_cannot_be_tested():
    x = np.r_[np.arange(10.0), np.nan]
    assert rank_correlation(x, -x).n == 10 and rank_correlation(x, -x).rho == pytest.approx(-1)
    few = rank_correlation(x[:3], x[:3])
    assert few.verdict == statistics.UNTESTABLE and np.isnan(few.rho)


@pytest.fixture(scope="module")
def found():
    return dependence.dependence(law.searches(plans.POOLS, range(3)), "property_search")


def test_the_claim_has_a_verdict_on_every_pool(found):
    readings, seeds = found
    assert set(readings) == {*plans.POOLS, law.QM9}
    for pool, one in readings.items():
        assert one[DECIDES].verdict == statistics.SUPPORTED, pool
        assert one[DECIDES].rho < one[FIXED].rho, pool
        assert one[DECIDES].n == len(plans.QM9_TARGETS if pool == law.QM9 else plans.TARGETS)
        assert len(seeds[pool]) == (1 if pool == law.QM9 else 3) and max(seeds[pool]) < 0
    assert readings[law.QM9][GAIN].verdict == statistics.UNDECIDED
    undecided = [one[FIXED].verdict == statistics.UNDECIDED for one in readings.values()]
    assert sum(undecided) > len(undecided) / 2  # as the page says: most of its intervals hold 0
    assert readings["organics"][TAILS].n == len(plans.UPPER)
    assert len({np.sign(one[TAILS].rho) for one in readings.values()} - {np.nan}) > 1


def test_its_rows_stand_in_the_columns_of_their_pools(found):
    rows = overlap_claim.claim_rows(*found)
    assert [row["variant"] for row in rows] == [*plans.POOLS, "qm9"]
    assert ["B3LYP labels" in row["ours"] for row in rows] == [False] * 3 + [True]
    assert rows[-1]["but"] == "B3LYP labels" and "but" not in rows[0]
    assert json.loads(json.dumps(rows)) == rows and all(row["p"] < 0.05 for row in rows)
    assert overlap_claim.verdict_table(rows)["verdict"].unique().tolist() == ["supported"]
    shown = overlap_claim.correlation_table(found[0])
    readings = found[0]["organics"]
    assert shown.loc[DECIDES, "organics"].startswith(f"{readings[DECIDES].rho:+.2f} (")
    facts = overlap_claim.overlap_facts(*found, found[0])
    assert facts["n_overlap"] == "30 or 12" and facts["rho"] == facts["rho_greedy"]


def test_a_pool_with_few_targets_is_not_tested():
    rows = pd.DataFrame({"dataset": "organics", "strategy": "property_search", "seed": 0}, range(3))
    rows = rows.assign(target_low=[0.1, 0.2, 0.3], target_high=0.9, shape="window", share=0.1)
    rows = rows.assign(overlap=0.2, saving_gain=[0.1, 0.2, 0.3], area_gain=0.3, saved=0.1)
    readings, seeds = dependence.dependence(rows, "property_search")
    (row,) = overlap_claim.claim_rows(readings, seeds)
    assert row["verdict"] == statistics.UNTESTABLE and row["p"] is None
    assert "-" in overlap_claim.correlation_table(readings).loc[DECIDES].tolist()
