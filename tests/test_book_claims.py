"""The table of claims and the count of verdicts, from made-up rows."""

import pytest

from alutils.analysis import statistics
from book.builder.fragments import claims, status
from book.builder.pages import Page, PageError


def made_up(**p_values):
    """Claim id -> rows of a page, one for each p-value."""
    page = Page("02_strategy_comparison", "organics", "Four strategies")
    fixed = {"page": page, "archives": [], "ours": "-", "why": "-", "verdict": "supported"}
    return {claim: [fixed | {"p": p} for p in found] for claim, found in p_values.items()}


def p_cells(rows):
    listed = [
        {"id": claim, "claim": "c", "paper": "p", "shown_in": "fig-x", "test": "tests/a.py::b"}
        for claim in rows
    ]
    lines = claims.claims_table(listed, rows).splitlines()
    cells = [line.split(" | ")[2] for line in lines if line.startswith("| {ref}")]
    return [p.removeprefix("*p* ") or "-" for p in (cell.partition("<br>")[2] for cell in cells)]


def test_p_values_that_survive_are_marked_over_all_claims_together():
    rows = made_up(C1=[0.04, 0.001], C2=[None, 0.03], C3=[1e-9])
    assert p_cells(rows) == [
        "0.04",
        "0.001 (survives)",
        "-",
        "0.03",
        "< 0.0001 (survives)",
    ]


def test_one_more_test_can_take_the_mark_away():
    assert p_cells(made_up(C1=[0.02, 0.04])) == ["0.02 (survives)", "0.04 (survives)"]
    assert p_cells(made_up(C1=[0.02, 0.04], C2=[0.9])) == ["0.02", "0.04", "0.9"]


def test_rows_without_a_test_are_none_of_many():
    untested = made_up(C1=[0.04], C2=[None] * 5)
    del untested["C2"][0]["p"]
    assert p_cells(untested) == ["0.04 (survives)", *["-"] * 5]


@pytest.mark.parametrize("missing", statistics.VERDICTS)
def test_every_verdict_is_counted_also_where_there_is_none(missing):
    rows = made_up(C1=[0.1] * len(statistics.VERDICTS))
    for row, verdict in zip(rows["C1"], statistics.VERDICTS, strict=True):
        row["verdict"] = verdict if verdict != missing else statistics.VERDICTS[0]
    text = status.summary([], {}, rows, {})
    for verdict in statistics.VERDICTS:
        count = sum(row["verdict"] == verdict for row in rows["C1"])
        assert f"{count} {verdict}" in text


NAMES = {"qm9": "QM9, the paper's labels", "organics": "Organics", "pools": "All pools"}


def test_a_page_on_several_pools_has_its_verdicts_in_their_columns():
    rows = made_up(C1=[0.1], C2=[0.1, 0.2])
    for row, column in zip(rows["C2"], ("organics", "qm9"), strict=True):
        row |= {"page": Page("06_overlap_law", "pools", "The law"), "variant": column}
    rows["C2"][1] |= {"but": "other <labels>", "verdict": "undecided"}
    listed = [{"id": claim, "claim": "c"} for claim in rows]
    _, head, _, first, second, total, _ = claims.claims_summary(listed, rows, NAMES).splitlines()
    assert head == "| Claim | QM9, the paper's labels | Organics | All |"
    assert [cell.strip() for cell in first.split("|")][2] == "-"
    _, _, qm9, organics, both, _ = (cell.strip() for cell in second.split("|"))
    link = "<page-06_overlap_law-pools>`"
    supported, undecided = "{.verdict .verdict-yes}", "{.verdict .verdict-open}"
    assert qm9 == f"[{{ref}}`undecided {link}]{undecided} (other &lt;labels&gt;)"
    assert organics == f"[{{ref}}`supported {link}]{supported}"
    assert both == f"[1 [supported]{{.said}}]{supported}<br>[1 [undecided]{{.said}}]{undecided}"
    assert [cell.strip() for cell in total.split("|")][2:-1] == [
        f"[1 [undecided]{{.said}}]{undecided}",
        f"[2 [supported]{{.said}}]{supported}",
        f"[2 [supported]{{.said}}]{supported}<br>[1 [undecided]{{.said}}]{undecided}",
    ]


def test_the_balance_counts_every_verdict_once():
    rows = made_up(C1=[0.1, 0.2], C2=[None])
    rows["C2"][0]["verdict"] = "cannot be tested here"
    assert claims.balance(rows) == (
        "3 verdicts, each on one claim and one pool, second looks included: "
        "[2 supported]{.verdict .verdict-yes} "
        "[1 cannot be tested here]{.verdict .verdict-none}\n"
    )


@pytest.mark.parametrize(
    ("figure", "shown"),
    [("4a", " (the paper's Fig. 4a)"), ("text", " (the paper's text)"), ("", "")],
)
def test_a_figure_of_the_paper_is_said_to_be_the_papers(figure, shown):
    assert claims.place({"figure": figure}) == shown


def test_the_rows_of_a_claim_are_folded_beneath_their_counts():
    rows = made_up(C1=[0.1, 0.2])
    rows["C1"][1]["verdict"] = "not supported"
    listed = [
        {"id": "C1", "claim": "c", "paper": "p", "shown_in": "fig-x", "test": "tests/a.py::b"}
    ]
    text = claims.claims_table(listed, rows)
    summary = text[text.index("<summary>") : text.index("</summary>")]
    assert ">1 supported<" in summary and ">1 not supported<" in summary
    assert text.index("</summary>") < text.index("| {ref}") < text.index("</details>")


def test_a_column_that_does_not_exist_is_refused():
    rows = made_up(C1=[0.1])
    rows["C1"][0]["variant"] = "qm8"
    with pytest.raises(PageError, match=r"verdict for qm8: no variant of variants\.yml"):
        claims.claims_summary([{"id": "C1", "claim": "c"}], rows, NAMES)
