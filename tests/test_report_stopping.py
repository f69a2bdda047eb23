"""The page on when to stop: what its tables, its figures and its sentences say."""

import numpy as np
import pandas as pd
import pytest
from made_up import known_searches

from alutils.analysis import stop_rules
from alutils.report import stopping, stopping_figures
from alutils.report.stopping import RULE

POOLS = ["organics", "redox", "oe62_gw5000", *(f"pool {k}" for k in range(11))]


@pytest.fixture(scope="module")
def rows():
    return known_searches(POOLS, 4)


@pytest.fixture(scope="module")
def left(rows):
    return stop_rules.forecasts(rows)


@pytest.fixture(scope="module")
def coming(rows):
    return stop_rules.forecasts(rows, "next_hits")


@pytest.fixture(scope="module")
def trials(left):
    return stopping.trials(left)


def test_coverage_is_that_of_the_intervals_by_pool_and_by_hits(left, coming):
    half = left.assign(inside=np.arange(len(left)) % 2 == 0)
    table = stopping.coverage_table({"left": half, "next": coming})
    assert table.loc["all", "left"] == "50%" and table.loc["redox", "left"] == "50%"
    assert list(table.index) == [*sorted(POOLS), "all"] or set(table.index) == {*POOLS, "all"}
    by_hits = stopping.coverage_table({"left": left.assign(inside=True)}, by="hits")
    assert set(by_hits["left"]) == {"100%"} == set(by_hits["left: lowest pool"])
    assert by_hits["queries"].astype(int).sum() == len(left)


def test_rules_are_counted_over_the_searches_that_stop(trials):
    table = stopping.rules_table(trials)
    assert list(table.index) == list(stop_rules.RULES)
    for rule, stops in trials.items():
        stopped = stops["n_labels"].notna()
        assert table.loc[rule, "stopped"] == stopped.sum()
        said = table.loc[rule, "of these had it"]
        assert said.startswith(f"{stops['had'].mean():.0%}") or said == "none stopped"
    none = {RULE: trials[RULE].assign(n_labels=np.nan, share=np.nan, had=np.nan)}
    assert stopping.rules_table(none).loc[RULE, "of these had it"] == "none stopped"
    assert stopping.rules_table(none).loc[RULE, "labels too many"] == "-"


def test_labels_too_many_are_those_after_the_share_was_there(trials):
    late = trials[RULE].assign(earliest=trials[RULE]["n_labels"] - 70, had=1.0)
    assert stopping.rules_table({RULE: late}).loc[RULE, "labels too many"] == "70"


def test_the_interval_is_over_pools(trials):
    """Two pools, in one of which all had it, in the other none: nearly anything may be true."""
    stopped = trials["the model's sum"].dropna(subset="n_labels")
    two = stopped[stopped["dataset"].isin(("organics", "redox"))]
    two = two.assign(had=(two["dataset"] == "redox").astype(float))
    assert stopping.had_interval(two) == (0, 1)
    same = two.assign(had=1.0)
    assert stopping.had_interval(same) == (1, 1)
    alone = two[two["dataset"] == "redox"]
    assert stopping.had_text(alone) == "100%"


@pytest.mark.parametrize(
    ("wrong", "said"), [(0, "it holds"), (4, "as promised, though"), (20, "it does not hold")]
)
def test_a_share_that_few_pools_make_is_not_sure(wrong, said):
    """Five pools of ten searches each; those that had it not are of the first two."""
    had = np.ones(50)
    had[:wrong] = 0
    stopped = pd.DataFrame({"dataset": np.repeat(list("abcde"), 10), "had": had})
    assert stopping.verdict(stopped).startswith(said)
    assert stopping.verdict(stopped[:0]) == "it does not hold"


def test_tables_by_pool_and_by_share_agree(left, trials):
    shares = stopping.by_share(left, (0.8, 0.9))
    by_pool, by_share = stopping.pools_table(trials), stopping.shares_table(shares)
    assert by_pool["stopped"].sum() == by_share.loc["90% found", "stopped"]
    assert by_pool["reached it"].sum() == by_share.loc["90% found", "reached it"]
    assert by_share["reached it"].is_monotonic_decreasing
    assert (by_pool["had it"] <= by_pool["stopped"]).all()
    assert stopping.holding(shares) == [0.8, 0.9]
    missed = shares[0.9].assign(had=0.89)
    assert stopping.holding(shares | {0.9: missed}) == [0.8]


def test_forecasts_of_a_batch_are_compared_with_what_came(coming):
    table = stopping.coming_table(coming)
    assert table["batches"].astype(int).sum() == len(coming)
    few = coming[coming["expected"] < 1]
    assert table.loc["0 to 1", "came"] == f"{few['next_hits'].mean():.1f}"


def test_knowing_what_comes_gains_most(coming):
    known = coming.assign(expected=coming["next_hits"])
    table = stopping.worth_table(known, (5,)).loc["5"]
    share = {name: float(table[name].rstrip("%")) for name in ("the model's sum", "never stop")}
    assert 90 < share["the model's sum"] <= 100 and share["never stop"] <= 100


def test_a_proof_takes_so_many_random_labels_that_one_more_hit_would_have_shown():
    one = {"dataset": "organics", "seed": 0, "target_low": 0.9, "target_high": 1.0}
    rows = pd.DataFrame([one | {"hits": 90, "left": 5, "n_pool": 1100, "n_labels": 100}])
    (n,) = stopping.proof_labels(rows, 0.9)
    allowed = 11  # one more than a tenth of 100 hits, of 1 000 molecules
    assert (1 - allowed / 1000) ** n <= 0.1 < (1 - allowed / 1000) ** (n - 1)
    assert stopping.proof_labels(rows.assign(left=50), 0.9).empty
    assert stopping.proof_labels(rows.assign(n_labels=1090), 0.9).item() == 0


def test_facts_are_of_the_rule_and_the_worst_case(left, coming, trials):
    shares = {0.9: trials[RULE]}
    facts = stopping.facts(left, coming, trials, shares)
    stopped = trials[RULE].dropna(subset="n_labels")
    assert facts["stopped"] == len(stopped) and facts["had"] == stopped["had"].sum()
    assert facts["verdict"] == stopping.verdict(stopped)
    assert facts["until"] == facts["holding"] == "90%"
    assert (facts["n_pools"], facts["n_searches"]) == (len(POOLS), 4 * len(POOLS))
    assert facts["n_least"] == facts["n_most"] == 700
    missed = {RULE: trials[RULE].assign(had=0.0)}
    missed[RULE].attrs = trials[RULE].attrs
    assert stopping.facts(left, coming, trials | missed, shares)["verdict"] == "it does not hold"
    ends = (
        left[left["hits"] >= 10]
        .sort_values("n_labels")
        .drop_duplicates([*stop_rules.SEARCH], keep="last")
    )
    at = ends.index[3]
    blind = left.assign(
        left=left["left"].where(left.index != at, 500),
        model_left=left["model_left"].where(left.index != at, 0.1),
    )
    assert stopping.worst(blind).name == at


def test_figures_show_every_rule_and_kind_of_pool(left, coming, trials):
    upper, lower = stopping_figures.remaining(left, coming).axes
    shown = sum(len(line.get_xdata()) for line in upper.lines[:3])
    assert shown == (left["hits"] >= 10).sum() and len(upper.lines) == len(lower.lines) == 4
    (ax,) = stopping_figures.had(trials).axes
    names = [text.get_text() for text in ax.get_yticklabels()]
    n = trials[RULE]["n_labels"].notna().sum()
    assert len(names) == len(stop_rules.RULES) and names[0] == f"{RULE}: {n}"
    none = {RULE: trials[RULE].assign(n_labels=np.nan)}
    assert stopping_figures.had(none).axes[0].get_yticklabels()[0].get_text() == f"{RULE}: 0"
    kinds = map(stopping_figures.kind_of, ("organics", "redox", "oe62_gw5000"))
    assert list(kinds) == ["embedded", "SMILES", "the paper's, and OE62"]
