"""The page of four strategies: which comparisons its claims rest on, and the numbers it quotes."""

import pytest
from made_up import SEEDS, SIZES, A, B, C, D, runs, scattered

from alutils.analysis import statistics
from alutils.report import claims, comparison, page, tables

RUNS = scattered(runs((A, B, C, D)))


def test_each_claim_has_its_comparisons():
    parts = comparison.evidence(RUNS)
    assert [part.claim for part in parts] == ["C2"] * 3 + ["C3"] * 4
    assert [part.statement for part in parts] == [
        *(f"B above A at {n}" for n in SIZES[1:]),
        f"C equal to A at {SIZES[-1]}",
        *(f"D below {letter} at {SIZES[-1]}" for letter in "ABC"),
    ]
    a, b, d = (tables.by_seed(RUNS, SIZES[-1], strategy=name) for name in (A, B, D))
    assert parts[2].difference.mean == pytest.approx((b - a).mean())
    assert parts[5].difference.mean == pytest.approx((d - b).mean())
    assert all(part.margin == statistics.margin_of(a) for part in parts[2:])
    a_200 = tables.by_seed(RUNS, SIZES[1], strategy=A)
    assert parts[0].margin == pytest.approx(statistics.MARGIN * a_200.mean())


def test_a_difference_below_the_margin_refutes_the_claim():
    equal = runs((A, B, C, D)).assign(mae_ev=lambda frame: 0.5 + 1e-4 * frame["seed"])
    rows = comparison.rows(equal, comparison.evidence(equal))
    assert [row["verdict"] for row in rows[1:]] == [statistics.NOT_SUPPORTED] * 2


def test_without_random_choice_nothing_but_d_against_the_others_is_compared():
    parts = comparison.evidence(runs((B, C, D)))
    tested = [part.statement for part in parts if part.verdict != statistics.UNTESTABLE]
    assert tested == [f"D below {letter} at {SIZES[-1]}" for letter in "BC"]
    assert claims.row("C3", parts, "ours")["verdict"] == statistics.UNTESTABLE


def test_the_printed_errors_are_compared_on_the_papers_own_data_alone():
    dataset, n_end = comparison.PRINTED_OF
    paper = runs((A, B, C, D), sizes=[1000, n_end]).assign(dataset=dataset)
    paper["mae_ev"] = paper["strategy"].map(tables.strategies.letter).map(comparison.PRINTED)
    paper["mae_ev"] += 1e-4 * paper["seed"]
    c1, *_ = comparison.rows(paper, comparison.evidence(paper))
    assert c1["claim"] == "C1" and c1["verdict"] == statistics.SUPPORTED
    for other in (paper.assign(dataset="aminoacids"), paper[paper["n_train"] < n_end]):
        c1, *_ = comparison.rows(other, comparison.evidence(other))
        assert c1["verdict"] == statistics.UNTESTABLE and "AA at 16 000 molecules" in c1["why"]


def test_the_numbers_of_the_prose():
    rows = comparison.rows(RUNS, comparison.evidence(RUNS))
    facts = comparison.facts(RUNS, rows)
    a = tables.by_seed(RUNS, SIZES[-1], strategy=A)
    assert facts["mae_A"] == f"{a.mean():.3f}" and f"A {a.mean():.3f}" in rows[0]["ours"]
    assert facts["n_end"] == SIZES[-1] and facts["n_seeds"] == len(SEEDS)
    assert sorted(facts["ranking"].split(" < ")) == list("ABCD")
    assert facts.items() >= page.verdict_facts(rows).items()


def test_the_verdicts_follow_the_side_of_the_differences():
    """B is ten percent worse than A, C as good and D ten percent better, or A is the best."""
    found = runs((A, B, C, D))
    rows = comparison.rows(found, comparison.evidence(found))
    assert [row["verdict"] for row in rows[1:]] == [statistics.SUPPORTED] * 2
    best = found.assign(mae_ev=found["mae_ev"] * (1 - 0.3 * (found["strategy"] == A)))
    rows = comparison.rows(best, comparison.evidence(best))
    assert [row["verdict"] for row in rows[1:]] == [statistics.SUPPORTED, statistics.NOT_SUPPORTED]
