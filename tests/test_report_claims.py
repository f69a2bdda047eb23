"""Claims: all of the evidence must support one, and what was not run cannot be tested."""

import numpy as np
import pytest

from alutils.analysis import statistics
from alutils.report import claims
from alutils.storage import usage_log

SURE = statistics.Interval(-1.0, -1.5, -0.5, 3)
OPEN = statistics.Interval(-1.0, -3.0, 1.0, 3)
AGAINST = statistics.Interval(1.0, 0.5, 1.5, 3)
NOT_RUN = statistics.Interval(float("nan"), -np.inf, np.inf, 0)
ONE_SEED = statistics.Interval(-1.0, -np.inf, np.inf, 1)


def row(*differences):
    parts = [claims.superior("C3", f"part {i}", d, -1) for i, d in enumerate(differences)]
    return claims.row("C3", parts, "ours")


@pytest.mark.parametrize(
    ("differences", "verdict", "why"),
    [
        ((SURE,), statistics.SUPPORTED, "the interval excludes 0"),
        ((AGAINST,), statistics.NOT_SUPPORTED, "the interval lies on the other side of 0"),
        ((SURE, OPEN), statistics.UNDECIDED, "1 of 2 comparisons undecided; part 1"),
        (
            (SURE, OPEN, AGAINST),
            statistics.NOT_SUPPORTED,
            "1 of 3 comparisons not supported; part 2",
        ),
        ((SURE, NOT_RUN), statistics.UNTESTABLE, "no run for: part 1"),
        ((ONE_SEED,), statistics.UNDECIDED, "one seed gives no interval"),
        ((), statistics.UNTESTABLE, "not run with these parameters"),
    ],
)
def test_a_claim_needs_all_of_its_evidence(differences, verdict, why):
    told = row(*differences)
    assert told["verdict"] == verdict
    assert told["why"].startswith(why)
    assert all(isinstance(value, str) for value in told.values())


def test_the_interval_is_that_of_the_deciding_comparison():
    assert row(SURE)["interval"] == "-1.500 to -0.500 eV (95 %, 3 seeds)"
    assert row(SURE, OPEN)["interval"] == "-3.000 to 1.000 eV (95 %, 3 seeds)"
    assert row(ONE_SEED)["interval"] == "none (1 seed)"


def test_equivalence_names_its_margin():
    part = claims.equivalent("C7", "D as A", statistics.Interval(0.001, -0.002, 0.004, 5), 0.005)
    assert (part.verdict, part.why) == (statistics.SUPPORTED, "the interval lies inside ±0.005 eV")


def test_the_table_prints_signs_and_no_signed_zero():
    tiny = statistics.Interval(0.0001, -0.001, 0.002, 3)
    shown = claims.table(
        [claims.superior("C3", "x", d, -1) for d in (SURE, AGAINST, tiny, NOT_RUN)]
    )
    assert list(shown["difference"]) == ["-1.000 eV", "+1.000 eV", "0.000 eV", "-"]


def test_verdicts_reach_the_builder_as_they_are_and_a_reader_sees_nothing(
    monkeypatch, tmp_path, capsys
):
    path, rows = tmp_path / "notes", [{"claim": "C3", "why": 'of "A\'s" ± 3 %'}]
    claims.publish(rows)
    monkeypatch.setenv("ALUTILS_USAGE_LOG", str(path))
    claims.publish(rows)
    assert usage_log.read(path) == [{"verdicts": rows}] and not capsys.readouterr().out
