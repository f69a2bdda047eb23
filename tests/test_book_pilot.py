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


def test_a_pilot_is_followed_by_twice_its_seeds_at_least():
    part = compared("C6b", [0.0, 0.001, 0.0])
    had = {pilot.GRID: list(range(103, 115))}
    (row,) = pilot.rows(PAGE, [part], had)
    assert (row["pilot"], row["run"]) == ("103-114", 24)
    assert pilot.fresh([row], PAGE) == {pilot.GRID: list(range(115, 139))}


def test_a_grid_that_left_its_claim_open_has_a_second_stage_and_no_other_has():
    settled, unsettled = (
        [claims.not_superior("C6b", "another", interval(values), -1, 0.1)]
        for values in ([0.0, 0.001, 0.0], [-0.2, 0.2, 0.0])
    )
    first = [100, 101, 102]
    assert pilot.second_rows(PAGE, settled, first) == []
    assert pilot.second_rows(PAGE, [compared("C5", [-1.0, 1.0, 0.0])], first) == []
    (row,) = pilot.second_rows(PAGE, [compared("C5", [-1.0, 1.0, 0.0]), *unsettled], first)
    assert (row["claim"], row["seeds of"], row["pilot"]) == ("C6b", pilot.GRID, "100-102")


def test_the_last_stage_gives_the_seeds():
    part = compared("C6b", [0.0, 0.001, 0.0])
    stages = pilot.rows(PAGE, [part]) + pilot.rows(PAGE, [part], {pilot.GRID: [103, 104, 105]})
    assert pilot.fresh(stages, PAGE)[pilot.GRID] == list(range(106, 106 + pilot.FEWEST))


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
    for page in pilot.grid_pages():
        given = pilot.fresh(table, page) or pilot.PILOT
        assert page.parameters.get(pilot.GRID, pilot.PILOT[pilot.GRID]) == given[pilot.GRID]


def test_what_is_tracked_of_the_pilot_comes_out_again():
    (page,) = (p for p in pilot.piloted_pages() if p.name == "05_targeted_search-aminoacids")
    assert as_text(pilot.rows(page, pilot.evidence(page))) == stages(page)


def test_what_is_tracked_of_the_second_stage_comes_out_again():
    (page,) = (p for p in pilot.grid_pages() if p.name == "04_noise_grid-aminoacids")
    first = [row for row in stages(page) if row["pilot"] in ("0-4", "100-102")]
    second = pilot.second_stage(first, page)
    assert second and first + as_text(second) == stages(page)


def stages(page):
    return [row for row in pilot.read() if row["page"] == page.name]


def as_text(rows):
    return [{name: str(value) for name, value in row.items()} for row in rows]
