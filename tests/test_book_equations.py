"""The table of equations names code and tests that exist, one row for each labelled equation."""

import re

import pytest

from book.builder.fragments import equations
from book.builder.pages import ROOT

METHODS = (ROOT / "book/methods.md").read_text(encoding="utf-8")
ENTRIES = equations.read_equations()


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["what"])
def test_named_code_and_test_exist(entry):
    for place, start in ((entry["code"], ("alutils/",)), (entry["test"], ("tests/test_",))):
        assert place.startswith(start)
        first, last = equations.lines_of(place)
        assert 0 < first <= last


def test_every_labelled_equation_has_code_and_test():
    labels = set(re.findall(r"\$\$ \((eq-[\w-]+)\)", METHODS))
    proved = {x for entry in ENTRIES for x in re.findall(r"\{eq\}`(eq-[\w-]+)`", entry["what"])}
    assert labels and labels == proved


def test_lines_are_those_of_the_definition():
    first, last = equations.lines_of("alutils/model/gp.py::GaussianProcess.predict")
    lines = (ROOT / "alutils/model/gp.py").read_text("utf8").splitlines()
    assert lines[first - 1].startswith("    def predict(")
    assert lines[last - 1].startswith("        return ") and not "".join(lines[last : last + 1])


def test_a_report_counts_cases_and_failures(tmp_path):
    report = tmp_path / "report.xml"
    report.write_text(
        '<testsuites><testsuite><testcase classname="tests.test_x" name="test_a[1]" time="1.5"/>'
        '<testcase classname="tests.test_x" name="test_a[2]" time="0.5"><failure/></testcase>'
        "</testsuite></testsuites>"
    )
    tests = ["tests/test_x.py::test_a", "tests/test_x.py::test_b"]
    ran, absent = equations.read_report(report, tests).values()
    assert ran == {"cases": 2, "failed": 1, "seconds": 2.0}
    assert equations.verdict(ran) == "**1 of 2 failed**"
    assert equations.verdict(absent) == "**did not run**"


def test_a_line_of_the_table_leads_to_the_files_and_says_the_result():
    results = {entry["test"]: {"cases": 1, "failed": 0} for entry in ENTRIES}
    first = equations.table(results).splitlines()[2]
    code, test = (ENTRIES[0][kind].partition("::")[0] for kind in ("code", "test"))
    assert f"<../{code}>`<br>{{download}}" in first and f"<../{test}>` | passed |" in first
