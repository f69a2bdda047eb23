"""The page of batch sizes: which comparisons its claim rests on, and the numbers it quotes."""

import pytest
from made_up import SEEDS, SIZES, D, scattered, schemes

from alutils.analysis import statistics
from alutils.report import batches, tables

RUNS = scattered(schemes())
DIFFERENCES = tables.scheme_differences(RUNS, D)


def test_each_scheme_is_compared_at_the_end_and_along_the_curve():
    parts = batches.evidence(DIFFERENCES)
    assert [part.statement for part in parts] == [
        f"constant {n} as POW, {place}"
        for n in (100, 400)
        for place in ("at the end", "along the curve")
    ]
    small = DIFFERENCES[DIFFERENCES["n_const"] == 100]
    end = small[small["n_train"] == SIZES[-1]]["difference"].mean()
    along = small.groupby("seed")["difference"].mean().mean()
    assert [part.difference.mean for part in parts[:2]] == pytest.approx([end, along])
    assert end != pytest.approx(along)
    assert {part.margin for part in parts} == {100 * statistics.MARGIN}  # in %, as the differences


def test_the_row_names_the_largest_difference():
    parts = batches.evidence(DIFFERENCES)
    largest = max(parts, key=lambda part: abs(part.difference.mean))
    ours = batches.row(parts)["ours"]
    assert largest.statement in ours and f"{largest.difference.mean:+.1f} % of A's MAE" in ours


def test_the_numbers_of_the_prose():
    row = batches.row(batches.evidence(DIFFERENCES))
    facts = batches.facts(RUNS, D, row)
    assert facts["constants"] == "100, 400" and facts["smallest"] == 100
    assert facts["n_end"] == SIZES[-1] and facts["n_seeds"] == len(SEEDS)
    assert facts["fits_pow"] == len(SIZES) and facts["fits_most"] == len(range(100, 801, 100))
    pow_end = tables.by_seed(RUNS, SIZES[-1], strategy=D, scheme="pow").mean()
    assert facts["mae_pow"] == f"{pow_end:.3f}"
    assert (facts["verdict"], facts["why"], facts["letter"]) == (row["verdict"], row["why"], "D")
