"""The seeds of the pages on embedded pools follow from the pilot by a rule fixed before."""

import pytest

from alutils.analysis.statistics import MOST_SEEDS, interval
from alutils.report import claims
from book.builder import pilot
from book.builder.pages import Page

PAGE = Page("04_noise_grid", "organics", "Noise", {})


def compared(claim, values):
    return claims.equivalent(claim, "one as the other", interval(values), 0.1)


def test_a_page_runs_what_its_most_demanding_comparison_takes():
    parts = [compared("C5", [-0.08, 0.08, 0.0]), compared("C7b", [-0.11, 0.11, 0.0])]
    few, many = (part.seeds for part in parts)
    assert pilot.FEWEST < few < many < MOST_SEEDS
    table = pilot.rows(PAGE, parts)
    assert [row["settled by"] for row in table] == [few, many]
    assert [row["run"] for row in table] == [many, many]


@pytest.mark.parametrize(
    "values, run", [([0.0, 0.001, 0.0], pilot.FEWEST), ([-1.0, 1.0, 0.0], MOST_SEEDS)]
)
def test_at_least_ten_and_at_most_forty(values, run):
    assert [row["run"] for row in pilot.rows(PAGE, [compared("C5", values)])] == [run]


def test_the_grid_counts_by_itself_and_seeds_of_the_pilot_are_not_run_again():
    parts = [compared("C5", [-0.08, 0.08, 0.0]), compared("C6b", [0.0, 0.001, 0.0])]
    seeds = pilot.fresh(pilot.rows(PAGE, parts), PAGE)
    assert seeds["seeds"] == list(range(5, 5 + parts[0].seeds))
    assert seeds["validation_seeds"] == list(range(103, 103 + pilot.FEWEST))


def test_what_belongs_to_no_claim_does_not_count():
    assert (
        pilot.rows(PAGE, [compared("-", [-1.0, 1.0, 0.0]), compared("C5", [-0.08, 0.08, 0.0])])[0][
            "claim"
        ]
        == "C5"
    )


def test_pages_run_the_seeds_that_the_rule_gives():
    table = pilot.read()
    for page in pilot.piloted_pages():
        seeds = {name: page.parameters[name] for name in pilot.PILOT if name in page.parameters}
        assert seeds == pilot.fresh(table, page), page.name


def test_what_is_tracked_of_the_pilot_comes_out_again():
    (page,) = (p for p in pilot.piloted_pages() if p.name == "05_targeted_search-aminoacids")
    found = [{k: str(v) for k, v in row.items()} for row in pilot.rows(page, pilot.evidence(page))]
    assert found == [row for row in pilot.read() if row["page"] == page.name]
