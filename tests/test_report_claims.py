"""Claims: all of the evidence must support one, and what was not run cannot be tested."""

import numpy as np
import pytest

from alutils.analysis import statistics
from alutils.report import claims
from alutils.storage import usage_log

SURE = statistics.Interval(-1.0, -1.1, -0.9, 3)
OPEN = statistics.Interval(-1.0, -3.0, 1.0, 3)
AGAINST = statistics.Interval(1.0, 0.9, 1.1, 3)
BARELY_AGAINST = statistics.Interval(1.0, 0.01, 1.99, 3)
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
        ((BARELY_AGAINST,), statistics.NOT_SUPPORTED, "the interval lies on the other side of 0"),
        (
            (SURE, SURE, BARELY_AGAINST),
            statistics.UNDECIDED,
            "1 of 3 comparisons not supported; part 2: the interval lies on the other side of 0, "
            "which chance can do among 3 comparisons; about 5 seeds would settle it",
        ),
        ((BARELY_AGAINST, ONE_SEED), statistics.UNDECIDED, "1 of 2 comparisons not supported"),
        ((SURE, NOT_RUN), statistics.UNTESTABLE, "no run for: part 1"),
        ((ONE_SEED,), statistics.UNDECIDED, "one seed gives no interval"),
        ((), statistics.UNTESTABLE, "not run with these parameters"),
    ],
)
def test_a_claim_needs_all_of_its_evidence(differences, verdict, why):
    found = row(*differences)
    assert found["verdict"] == verdict
    assert found["why"].startswith(why)
    if verdict == statistics.UNTESTABLE:
        assert found["p"] is None
    else:
        assert (found["p"] < statistics.ALPHA) == (verdict != statistics.UNDECIDED)


def test_the_p_value_of_a_claim_is_that_of_its_verdict():
    """All are needed: the largest; any speaks against it: the smallest, times their number."""
    clear, less = SURE, statistics.Interval(-1.0, -1.5, -0.5, 3)
    assert row(clear, less)["p"] == statistics.superiority(less, -1).p
    assert row(clear, clear, AGAINST)["p"] == 3 * statistics.superiority(AGAINST, -1).p
    assert row(clear, OPEN)["p"] == statistics.superiority(OPEN, -1).p


def test_the_interval_is_that_of_the_deciding_comparison():
    assert row(SURE)["interval"] == "-1.100 to -0.900 eV (95 %, 3 seeds)"
    assert row(SURE, OPEN)["interval"] == "part 1: -3.000 to 1.000 eV (95 %, 3 seeds)"
    assert row(ONE_SEED)["interval"] == "none (1 seed)"


def around(mean, half_width, n=5):
    return statistics.Interval(mean, mean - half_width, mean + half_width, n)


@pytest.mark.parametrize(
    ("difference", "verdict", "why"),
    [
        (
            around(0.001, 0.003),
            statistics.SUPPORTED,
            "the 90 % interval, -0.001 to 0.003 eV, lies inside ±0.005 eV",
        ),
        (
            around(0.006, 0.003),
            statistics.DIFFERENCE,
            "+0.006 eV is more than nothing, but not surely more than the margin of 0.005 eV",
        ),
        (around(0.01, 0.003), statistics.NOT_SUPPORTED, "the interval lies outside ±0.005 eV"),
        (
            around(0.004, 0.005),
            statistics.UNDECIDED,
            "the 90 % interval, 0.0002 to 0.0078 eV, crosses the margin, ±0.005 eV; "
            "about 13 seeds would settle it",
        ),
    ],
)
def test_equivalence_names_its_margin(difference, verdict, why):
    part = claims.equivalent("C7b", "D as A", difference, 0.005)
    assert (part.verdict, part.why) == (verdict, why)


@pytest.mark.parametrize(
    ("difference", "verdict", "why"),
    [
        (
            around(0.1, 0.05),
            statistics.SUPPORTED,
            "the gain is at most -0.062 eV (95 % sure), the margin 0.005 eV",
        ),
        (
            around(-0.006, 0.003),
            statistics.DIFFERENCE,
            "a gain of 0.006 eV is more than nothing, but not surely more than the margin of "
            "0.005 eV",
        ),
        (around(-0.01, 0.003), statistics.NOT_SUPPORTED, "the gain exceeds the margin of 0.005 eV"),
        (
            around(0.001, 0.05),
            statistics.UNDECIDED,
            "a gain of up to 0.037 eV (95 % sure) is possible, the margin is 0.005 eV; about 695 "
            "seeds would settle it, more than the 40 that we run at most",
        ),
    ],
)
def test_no_gain_names_what_is_possible(difference, verdict, why):
    part = claims.not_superior("C7a", "D below A", difference, -1, 0.005)
    assert (part.verdict, part.why) == (verdict, why)


def test_superiority_says_when_a_difference_is_of_no_use():
    def why(mean, half_width):
        return claims.superior("C5", "x", around(mean, half_width), -1, margin=0.005).why

    less = "any difference is smaller than the margin of 0.005 eV"
    assert why(0.0, 0.003) == less
    assert why(-0.002, 0.001) == f"the interval excludes 0, but {less}"
    assert why(-0.02, 0.001) == "the interval excludes 0"


@pytest.mark.parametrize(
    ("differences", "verdict", "statement"),
    [
        ((around(-0.1, 0.05), around(0.1, 0.01)), statistics.SUPPORTED, "part 0"),
        ((around(-0.1, 0.095),), statistics.SUPPORTED, "part 0"),
        ((around(-0.1, 0.095), around(0.1, 0.2)), statistics.UNDECIDED, "part 0"),
        ((around(0.1, 0.05), around(0.1, 0.01)), statistics.NOT_SUPPORTED, "part 0"),
        ((NOT_RUN, around(-0.1, 0.05)), statistics.SUPPORTED, "part 1"),
        ((NOT_RUN,), statistics.UNTESTABLE, "part 0"),
    ],
)
def test_one_of_several_suffices_their_number_considered(differences, verdict, statement):
    part = claims.some_superior("C6a", {f"part {i}": d for i, d in enumerate(differences)}, -1)
    assert (part.verdict, part.statement) == (verdict, statement)


def test_one_alone_is_no_choice_of_several():
    alone = around(-0.1, 0.095)
    assert claims.some_superior("C6a", {"a": alone}, -1) == claims.superior("C6a", "a", alone, -1)


def test_a_clear_difference_takes_fewer_seeds():
    """An interval narrower than the way to the next verdict, or than the margin, suffices."""
    far = around(-0.05, 0.02)

    def seeds(width):
        return statistics.seeds_needed(far, width)

    assert claims.superior("C5", "x", far, -1).seeds == seeds(0.05)
    assert claims.superior("C5", "x", far, -1, margin=0.08).seeds == seeds(0.08)
    assert claims.equivalent("C7b", "x", far, 0.01).seeds == seeds(0.05 - 0.01)
    assert claims.equivalent("C7b", "x", far, 0.04).seeds == seeds(0.04)
    assert claims.not_superior("C7a", "x", far, -1, 0.01).seeds == seeds(0.05 - 0.01)
    assert claims.not_superior("C7a", "x", far, +1, 0.01).seeds == seeds(0.05 + 0.01)


def test_the_largest_of_the_clear_ones_stands_for_all():
    clear, larger, unclear = around(-0.01, 0.001), around(-0.1, 0.05), around(-0.5, 0.6)
    part = claims.some_superior("C6a", {"a": clear, "b": larger, "c": unclear}, -1)
    assert (part.statement, part.verdict) == ("b", statistics.SUPPORTED)
    assert part.p == 3 * statistics.superiority(larger, -1).p


def test_the_pilot_lists_spread_and_seeds():
    parts = [
        claims.equivalent("C4", "x", statistics.interval([-0.01, 0.0, 0.01]), 0.01),
        claims.superior("C5", "y", statistics.interval([-0.01, -0.02, -0.03]), -1),
        claims.superior("C5", "z", NOT_RUN, -1),
    ]
    listed = claims.pilot(parts).set_index("statement")
    assert listed.loc[["x", "y"], "spread"].tolist() == pytest.approx([0.01, 0.01])
    assert listed.loc["x", "seeds"] == 18 == statistics.seeds_needed(parts[0].difference, 0.01)
    assert listed.loc["y", "seeds"] == statistics.seeds_needed(parts[1].difference, 0.02)
    assert np.isnan(listed["seeds"].astype(float)["z"])


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
