"""A claim of the paper, the comparisons that it rests on, and what follows: text for the book.

The rules are those of `analysis.statistics`. A claim needs all of its comparisons; one that was not
run with the parameters of a notebook makes the claim untestable there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.analysis import statistics
from alutils.analysis.statistics import Interval
from alutils.report.tables import Table
from alutils.storage import usage_log


class Evidence(NamedTuple):
    """One comparison that a claim rests on, and what follows from it."""

    claim: str
    statement: str
    difference: Interval
    verdict: str
    why: str
    unit: str
    digits: int


def superior(claim, statement, difference, sign, unit="eV", digits=3):
    """Evidence that a paired difference is positive (sign=+1) or negative (sign=-1)."""
    verdict = statistics.superiority(difference, sign)
    why = {
        statistics.SUPPORTED: "the interval excludes 0",
        statistics.NOT_SUPPORTED: "the interval lies on the other side of 0",
        statistics.UNDECIDED: "the interval includes 0",
    }[verdict]
    return _evidence(claim, statement, difference, verdict, why, unit, digits)


def equivalent(claim, statement, difference, margin, unit="eV", digits=3):
    """Evidence that a paired difference lies within ± margin."""
    verdict = statistics.equivalence(difference, margin)
    place = {
        statistics.SUPPORTED: "inside",
        statistics.NOT_SUPPORTED: "outside",
        statistics.UNDECIDED: "neither inside nor outside",
    }[verdict]
    why = f"the interval lies {place} ±{_number(margin, unit, digits)}"
    return _evidence(claim, statement, difference, verdict, why, unit, digits)


def table(evidence):
    """The comparisons as a table to print."""
    rows = [
        {
            "claim": part.claim,
            "statement": part.statement,
            "difference": _number(part.difference.mean, part.unit, part.digits, sign=True),
            "interval": span(part.difference, part.unit, part.digits),
            "verdict": part.verdict,
        }
        for part in evidence
    ]
    return Table(pd.DataFrame(rows).set_index("claim"))


def row(claim, evidence, ours, note=""):
    """The row of one claim for the table of claims: all of its evidence must support it.

    ours : str, the numbers of this run;  note : str, added to the reason
    """
    parts = [part for part in evidence if part.claim == claim]
    tested = [part for part in parts if part.verdict != statistics.UNTESTABLE]
    if len(tested) < len(parts) or not parts:
        missing = next((part for part in parts if part not in tested), None)
        return untestable(claim, ours, missing.why if missing else "not run with these parameters")
    verdict = statistics.combine(part.verdict for part in parts)
    deciding = [part for part in parts if part.verdict == verdict]
    count = f"{len(deciding)} of {len(parts)} comparisons {verdict}; {deciding[0].statement}: "
    why = (count if len(parts) > 1 else "") + deciding[0].why
    return {
        "claim": claim,
        "ours": ours,
        "interval": span(deciding[0].difference, deciding[0].unit, deciding[0].digits),
        "verdict": verdict,
        "why": f"{why}; {note}" if note else why,
    }


def untestable(claim, ours, why, interval=""):
    """The row of a claim that these data cannot test."""
    return {
        "claim": claim,
        "ours": ours,
        "interval": interval,
        "verdict": statistics.UNTESTABLE,
        "why": why,
    }


def publish(rows):
    """Hand the rows of claims to the builder of the book; without it, nothing happens.

    rows : list of dict, of `row` or `untestable`, of text alone
    """
    usage_log.note(verdicts=rows)


def span(difference, unit="eV", digits=3):
    """An interval as text, with unit and number of seeds."""
    if difference.n < 2:
        return f"none ({difference.n} seeds)" if difference.n != 1 else "none (1 seed)"
    low = _number(difference.low, "", digits)
    return f"{low} to {_number(difference.high, unit, digits)} (95 %, {difference.n} seeds)"


def _evidence(claim, statement, difference, verdict, why, unit, digits):
    if difference.n == 0:
        verdict, why = statistics.UNTESTABLE, f"no run for: {statement}"
    if difference.n == 1:
        why = "one seed gives no interval"
    return Evidence(claim, statement, difference, verdict, why, unit, digits)


def _number(value, unit, digits, sign=False):
    if np.isnan(value):
        return "-"
    if round(value, digits) == 0:
        value, sign = 0.0, False  # neither "-0.000" nor "+0.000"
    return f"{value:{'+' if sign else ''}.{digits}f}{unit and ' ' + unit}"
