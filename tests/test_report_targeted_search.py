"""The page on the targeted search: which comparison decides on which claim, and its numbers."""

import numpy as np
import pytest
from made_up import SEEDS, SIZES, A, E, runs, scattered

from alutils.analysis import statistics
from alutils.report import tables, targeted_search

RECORDS = scattered(runs((A, E)))
SHARE = 0.3


def judged(records, dataset="organics"):
    """Comparisons by claim, in their order."""
    savings = tables.search_savings(records, SHARE)
    found = {}
    for part in targeted_search.evidence(records, savings, dataset):
        found.setdefault(part.claim, []).append(part)
    return found


def of(records, strategy, n_train):
    return (records["strategy"] == strategy) & (records["n_train"] == n_train)


def seeds(records, strategy, n_train, column):
    return records[of(records, strategy, n_train)].sort_values("seed")[column].to_numpy()


def test_differences_are_those_of_the_claims():
    found, first, end = judged(RECORDS), SIZES[0], SIZES[-1]
    assert [part.statement for part in found["C8"]] == [f"E above A at {n}" for n in SIZES[1:]]
    for part, n in zip(found["C8"], SIZES[1:], strict=True):
        gained = seeds(RECORDS, E, n, "found_share") - seeds(RECORDS, A, n, "found_share")
        assert part.difference.mean == pytest.approx(gained.mean())
    tpr = [seeds(RECORDS, E, n, "tpr") for n in (first, end)]
    heldout = [seeds(RECORDS, E, n, "tpr_heldout") for n in (first, end)]
    means = [part.difference.mean for part in found["C10"] + found["C11"]]
    differences = [tpr[1] - tpr[0], heldout[1] - heldout[0], heldout[1] - tpr[1]]
    assert means == pytest.approx([one.mean() for one in differences])
    saved = tables.search_savings(RECORDS, SHARE).query(f"n_train == {end}")
    above = saved["savings"] - saved["bound"] / 2
    assert found["C9"][0].difference.mean == pytest.approx(above.mean())
    assert all(part.difference.n == len(SEEDS) for parts in found.values() for part in parts)


@pytest.mark.parametrize(
    ("claim", "column", "at", "shift", "verdict"),
    [
        ("C8", "found_share", SIZES[1], -0.5, statistics.NOT_SUPPORTED),
        ("C10", "tpr", SIZES[-1], 0.0, statistics.SUPPORTED),
        ("C10", "tpr", SIZES[-1], -0.3, statistics.NOT_SUPPORTED),
        ("C11", "tpr_heldout", SIZES[0], 0.0, statistics.SUPPORTED),
        ("C11", "tpr_heldout", SIZES[0], -0.5, statistics.NOT_SUPPORTED),
    ],
)
def test_a_claim_stands_or_falls_with_its_column(claim, column, at, shift, verdict):
    records = runs((A, E))
    records.loc[of(records, E, at), column] += shift + 0.001 * np.arange(len(SEEDS))
    first = judged(records)[claim][0]
    assert first.verdict == verdict, first.why


@pytest.mark.parametrize(
    ("dataset", "ratio", "verdict"),
    [
        ("aminoacids", 0.7, statistics.SUPPORTED),
        ("aa", 0.8, statistics.NOT_SUPPORTED),
        ("organics", 1.0, statistics.SUPPORTED),
        ("organics", 0.7, statistics.NOT_SUPPORTED),
    ],
)
def test_far_below_is_the_rule_for_amino_acids_alone(dataset, ratio, verdict):
    records = runs((A, E))
    records["mae_in_range_ev"] = ratio * records["mae_ev"]
    (part,) = judged(records, dataset)["C12"]
    assert part.verdict == verdict, part.why


def test_facts_and_rows_give_the_numbers_of_the_last_size():
    savings = tables.search_savings(RECORDS, SHARE)
    facts = targeted_search.facts(RECORDS, savings)
    end = facts["n_end"]
    assert end == SIZES[-1]
    for letter, strategy in (("A", A), ("E", E)):
        found = seeds(RECORDS, strategy, end, "found_share").mean()
        assert facts[f"found_{letter}"] == pytest.approx(found, abs=1e-6)
    ours, theirs = (seeds(RECORDS, s, end, "mae_in_range_ev") for s in (E, A))
    low, high = statistics.interval(ours - theirs)[1:3]
    assert facts["gain"].startswith(f"{low:.3f} to {high:.3f} eV")
    evidence = targeted_search.evidence(RECORDS, savings, "organics")
    rows = {row["claim"]: row for row in targeted_search.rows(evidence, facts)}
    assert list(rows) == ["C8", "C9", "C10", "C11", "C12"]
    assert f"{facts['found_E']:.1%} at {end} molecules" in rows["C8"]["ours"]
    assert facts["saved"] in rows["C9"]["ours"] and facts["E_in_range"] in rows["C12"]["ours"]
    assert rows["C11"]["ours"].startswith(rows["C10"]["ours"])
