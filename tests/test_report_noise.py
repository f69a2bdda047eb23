"""The page of the noise: which comparisons its claims rest on, and the numbers it quotes."""

import pandas as pd
import pytest
from made_up import SEEDS, SIZES, A, D, runs, scattered

from alutils.analysis import statistics
from alutils.report import claims, noise, page, tables

NOISES = [1e-10, 0.01, 0.05]
GRID = [1e-10, 0.01, 0.05, 0.1]
VALIDATION = [100, 101, 102]


def study(dataset="organics", noises=NOISES, grid=GRID, change=scattered):
    """A made-up Study: no two errors are equal unless `change` makes them so."""
    compared = [runs((A, D), noise_var=n) for n in noises]
    scored = [runs((A,), noise_var=n).assign(seed=lambda f: f["seed"] + 100) for n in grid]
    frame = change(pd.concat([*compared, *scored], ignore_index=True)).assign(dataset=dataset)
    return noise.study(frame, noises, VALIDATION)


def statements(parts, claim):
    return [part.statement for part in parts if part.claim == claim]


def test_runs_fall_into_comparison_and_grid():
    made = study()
    assert set(made.comparison["seed"]) == set(SEEDS) and set(made.grid["seed"]) == set(VALIDATION)
    assert made.shown is made.grid
    bare = study(grid=[])
    assert bare.grid.empty and set(bare.shown["strategy"]) == {A}


def test_each_claim_has_its_comparisons():
    made = study()
    parts = noise.evidence(made)
    assert statements(parts, "C5") == ["D minus A at noise 1e-10"]
    assert statements(parts, "C6a")[0] in {f"A at {n:g} minus at 1e-10" for n in NOISES[1:]}
    assert statements(parts, "C6b") == [f"{n:g} against 0.05" for n in (1e-10, 0.01, 0.1)]
    assert statements(parts, "C7a") == statements(parts, "C7b") == ["D minus A at noise 0.05"]
    assert statements(parts, "-") == ["D minus A at noise 0.01", noise.AT_BEST]
    assert not statements(parts, "C7c")


def test_differences_and_margins_are_those_of_the_claim():
    made = study()
    parts = {(part.claim, part.statement): part for part in noise.evidence(made)}
    a, d = made.errors(A), made.errors(D)
    scores = {n: tables.by_seed(made.grid, SIZES[-1], noise_var=n) for n in GRID}
    for key, baseline, other in (
        (("C5", "D minus A at noise 1e-10"), a[1e-10], d[1e-10]),
        (("C6b", "0.1 against 0.05"), scores[0.05], scores[0.1]),
        (("C7a", "D minus A at noise 0.05"), a[0.05], d[0.05]),
        (("C7b", "D minus A at noise 0.05"), a[0.05], d[0.05]),
    ):
        part = parts[key]
        assert part.difference.mean == pytest.approx((other - baseline).mean()), key
        assert part.margin == pytest.approx(statistics.MARGIN * baseline.mean()), key


def test_the_pool_that_stands_for_aa_has_a_claim_of_its_own():
    made = study("aminoacids")
    parts = noise.evidence(made)
    assert statements(parts, "C7c") and not statements(parts, "C7a") + statements(parts, "C7b")
    found = noise.rows(made, noise.evidence(made))
    assert [row["claim"] for row in found] == ["C5", "C6a", "C6b", "C7c"]
    found = noise.rows(study(), noise.evidence(study()))
    assert [row["claim"] for row in found] == ["C5", "C6a", "C6b", "C7a", "C7b"]


def test_one_larger_noise_that_helps_is_enough():
    def better_at(helps):
        def change(records):
            gain = (records["noise_var"] == helps) * 0.2
            return records.assign(mae_ev=records["mae_ev"] * (1 - gain) + 1e-4 * records["seed"])

        return change

    for helps, verdict in ((0.01, statistics.SUPPORTED), (None, statistics.NOT_SUPPORTED)):
        (part,) = [p for p in noise.evidence(study(change=better_at(helps))) if p.claim == "C6a"]
        assert part.verdict == verdict
        if helps:
            assert part.statement == "A at 0.01 minus at 1e-10"


def test_without_a_grid_the_best_noise_cannot_be_tested():
    made = study(grid=[])
    parts = noise.evidence(made)
    row = claims.row("C6b", parts, "")
    assert row["verdict"] == statistics.UNTESTABLE
    facts = noise.facts(made, parts, noise.rows(made, parts))
    assert facts["noise_path"] == "" and facts["grid_note"].startswith("No grid")
    assert facts["n_grid"] == SIZES[-1] and facts["n_grid_seeds"] == len(SEEDS)


def test_a_noise_that_the_grid_lacks_is_named():
    row = claims.row("C6b", noise.evidence(study(grid=[1e-10, 0.1])), "")
    assert row["verdict"] == statistics.UNTESTABLE and "against 0.05" in row["why"]


def test_the_numbers_of_the_prose():
    made = study()
    parts = noise.evidence(made)
    rows = noise.rows(made, parts)
    facts = noise.facts(made, parts, rows)
    a = {n: series.mean() for n, series in made.errors(A).items()}
    assert facts["A_low"] == f"{a[1e-10]:.3f}" and facts["A_high"] == f"{a[0.05]:.3f}"
    assert facts["A_at"] == min(a, key=a.get) and facts["A_best"] == f"{min(a.values()):.3f}"
    scores = {n: tables.by_seed(made.grid, SIZES[-1], noise_var=n).mean() for n in GRID}
    assert facts["noise_best"] == min(scores, key=scores.get)
    assert facts["mae_grid_high"] == f"{scores[0.05]:.3f}"
    assert (facts["noise_min"], facts["noise_max"]) == (GRID[0], GRID[-1])
    assert {f"A_low_{n}" for n in SIZES} <= facts.keys()
    assert facts.items() >= page.verdict_facts(rows).items()
    assert facts["C7c_verdict"] == "not claimed of this pool" and "AA" in facts["C7c_why"]
    assert all(type(fact) in (str, int, float) for fact in facts.values())


@pytest.mark.parametrize(
    ("factor", "c6b"), [(0.9, statistics.NOT_SUPPORTED), (1.1, statistics.SUPPORTED)]
)
def test_the_verdicts_follow_the_side_of_the_differences(factor, c6b):
    """D is ten percent better than A everywhere, the grid at 0.1 better or worse than at 0.05."""

    def change(records):
        scale = (records["noise_var"] == 0.1) * (factor - 1) + 1
        return records.assign(mae_ev=records["mae_ev"] * scale)

    def verdicts(dataset):
        made = study(dataset, change=change)
        return {row["claim"]: row["verdict"] for row in noise.rows(made, noise.evidence(made))}

    found = verdicts("organics") | verdicts("aminoacids")
    assert found["C5"] == found["C7c"] == statistics.SUPPORTED
    assert found["C7a"] == found["C7b"] == statistics.NOT_SUPPORTED
    assert found["C6b"] == c6b
