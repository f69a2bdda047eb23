"""A claim of the paper, the comparisons that it rests on, and what follows: text for the book.

The rules are those of `analysis.statistics`. A claim needs all of its comparisons; one that was not
run with the parameters of a notebook makes the claim untestable there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.analysis import statistics
from alutils.analysis.statistics import ALPHA, MOST_SEEDS, Interval
from alutils.report.quantity import fixed
from alutils.report.tables import Table
from alutils.storage import usage_log

SMALLNESS = 1 - 2 * ALPHA  # confidence of the interval that lies inside the margin


class Evidence(NamedTuple):
    """One comparison that a claim rests on, and what follows from it."""

    claim: str
    statement: str
    difference: Interval
    verdict: str
    why: str
    unit: str
    digits: int
    p: float | None = None  # of what the verdict states; None where nothing was tested
    margin: float | None = None  # in the difference's unit
    seeds: int | None = None  # that would settle it, spread and mean being as they are


def superior(claim, statement, difference, sign, unit="eV", digits=3, margin=None):
    """Evidence that a paired difference is positive (sign=+1) or negative (sign=-1).

    margin : float, in the difference's unit, optional: a difference surely smaller refutes it
    """
    shown = _Shown(difference, margin, unit, digits)
    if difference.n == 0:
        return _not_run(claim, statement, shown)
    found = statistics.superiority(difference, sign, margin)
    small = margin is not None and statistics.equivalence(difference, margin)[0]
    why = {
        statistics.SUPPORTED: "the interval excludes 0",
        statistics.NOT_SUPPORTED: "the interval lies on the other side of 0",
        statistics.UNDECIDED: "the interval includes 0",
    }[found.verdict]
    if small == statistics.SUPPORTED:
        less = f"any difference is smaller than the margin of {shown.margin()}"
        why = f"{why}, but {less}" if difference.low > 0 or difference.high < 0 else less
    return _evidence(claim, statement, shown, found, why, abs(difference.mean))


def equivalent(claim, statement, difference, margin, unit="eV", digits=3):
    """Evidence that a paired difference lies within ± margin."""
    shown = _Shown(difference, margin, unit, digits)
    if difference.n == 0:
        return _not_run(claim, statement, shown)
    found = statistics.equivalence(difference, margin)
    why = {
        statistics.SUPPORTED: f"the {shown.narrower()} lies inside ±{shown.margin()}",
        statistics.NOT_SUPPORTED: f"the interval lies outside ±{shown.margin()}",
        statistics.DIFFERENCE: f"{shown.mean()} is more than nothing, but not surely more than the "
        f"margin of {shown.margin()}",
        statistics.UNDECIDED: f"the {shown.narrower()} crosses the margin, ±{shown.margin()}",
    }[found.verdict]
    return _evidence(claim, statement, shown, found, why, abs(difference.mean) - margin)


def not_superior(claim, statement, difference, sign, margin, unit="eV", digits=3):
    """Evidence that a paired difference in the direction of `sign` is less than the margin."""
    shown = _Shown(difference, margin, unit, digits)
    if difference.n == 0:
        return _not_run(claim, statement, shown)
    found = statistics.non_superiority(difference, sign, margin)
    most = _number(difference.times(sign).at(SMALLNESS)[1], unit, digits)
    sure = f"{100 * (1 - ALPHA):.0f} % sure"
    why = {
        statistics.SUPPORTED: f"the gain is at most {most} ({sure}), the margin {shown.margin()}",
        statistics.NOT_SUPPORTED: f"the gain exceeds the margin of {shown.margin()}",
        statistics.DIFFERENCE: f"a gain of {_number(sign * difference.mean, unit, digits)} is more "
        f"than nothing, but not surely more than the margin of {shown.margin()}",
        statistics.UNDECIDED: f"a gain of up to {most} ({sure}) is possible, the margin is "
        f"{shown.margin()}",
    }[found.verdict]
    return _evidence(claim, statement, shown, found, why, abs(margin - sign * difference.mean))


def some_superior(claim, differences, sign, unit="eV", digits=3, margin=None):
    """Evidence that at least one of several differences is positive (sign=+1) or negative (-1).

    Of those whose p-value times their number (Bonferroni) is below ALPHA, the largest one stands
    for all. The claim is refuted only where each of them is.

    Parameters
    ----------
    differences : statement -> Interval;  the others as of `superior`
    """
    parts = [superior(claim, *one, sign, unit, digits, margin) for one in differences.items()]
    tested = [part for part in parts if part.p is not None]
    if not tested:
        missing = "; ".join(differences) or "any comparison"
        return _not_run(claim, missing, _Shown(statistics.interval([]), margin, unit, digits))
    if len(tested) == 1:
        return tested[0]
    chances = [min(1.0, len(tested) * _p_claimed(part, sign)) for part in tested]
    sure = [one for one in zip(chances, tested, strict=True) if one[0] < ALPHA]
    if sure:
        p, best = max(sure, key=lambda one: sign * one[1].difference.mean)
        return best._replace(p=p, why=f"{best.why}, also as one of {len(tested)}")
    best = tested[int(np.argmin(chances))]
    if all(part.verdict == statistics.NOT_SUPPORTED for part in tested):
        return best._replace(p=max(part.p for part in tested))
    seeds = max((part.seeds for part in tested if part.seeds), default=None)
    why = f"none of {len(tested)} is clear enough to stand for all"
    undecided = {"verdict": statistics.UNDECIDED, "p": min(chances), "seeds": seeds}
    return best._replace(why=f"{why}; {_to_settle(seeds, best)}", **undecided)


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


def pilot(evidence):
    """What a pilot's comparisons say of the seeds that it takes to settle each.

    Returns
    -------
    frame with claim, statement, mean, spread (standard deviation over the seeds), margin, n (seeds
        of the pilot), verdict, seeds (not capped; missing where unknown)
    """
    rows = [
        {
            "claim": part.claim,
            "statement": part.statement,
            "mean": part.difference.mean,
            "spread": part.difference.spread,
            "margin": part.margin,
            "n": part.difference.n,
            "verdict": part.verdict,
            "seeds": part.seeds,
        }
        for part in evidence
    ]
    return pd.DataFrame(rows).astype({"seeds": "Int64"})


def row(claim, evidence, ours, note=""):
    """The row of one claim for the table of claims: all of its evidence must support it.

    Its p-value is that of what the verdict states: the largest of the comparisons where each was
    needed, else the smallest times their number, since any of them could have spoken against it.
    What chance can do among that many comparisons leaves the claim undecided.

    ours : str, the numbers of this run;  note : str, added to the reason
    """
    parts = [part for part in evidence if part.claim == claim]
    tested = [part for part in parts if part.verdict != statistics.UNTESTABLE]
    if len(tested) < len(parts) or not parts:
        missing = next((part for part in parts if part not in tested), None)
        return untestable(claim, ours, missing.why if missing else "not run with these parameters")
    verdict, deciding, p, chance = _combined(parts)
    count = sum(part.verdict == deciding.verdict for part in parts)
    counted = f"{count} of {len(parts)} comparisons {deciding.verdict}; {deciding.statement}: "
    why = (counted if len(parts) > 1 else "") + deciding.why + chance
    of = f"{deciding.statement}: " if len(parts) > 1 else ""
    return {
        "claim": claim,
        "ours": ours,
        "interval": of + span(deciding.difference, deciding.unit, deciding.digits),
        "verdict": verdict,
        "why": f"{why}; {note}" if note else why,
        "p": p,
    }


def untestable(claim, ours, why, interval=""):
    """The row of a claim that these data cannot test."""
    return {
        "claim": claim,
        "ours": ours,
        "interval": interval,
        "verdict": statistics.UNTESTABLE,
        "why": why,
        "p": None,
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
    return f"{_from_to(difference.low, difference.high, unit, digits)} (95 %, {difference.n} seeds)"


def _combined(parts):
    """Verdict, the comparison that decides, p-value, and what to add to the reason."""
    verdict = statistics.combine(part.verdict for part in parts)
    deciding = [part for part in parts if part.verdict == verdict]
    if verdict in (statistics.SUPPORTED, statistics.UNDECIDED):
        key = "p" if verdict == statistics.SUPPORTED else "seeds"
        last = max(deciding, key=lambda part: np.inf if (v := getattr(part, key)) is None else v)
        return verdict, last, max(part.p for part in deciding), ""
    clearest = min(deciding, key=lambda part: part.p)
    p = min(1.0, clearest.p * len(parts))
    if p < ALPHA:
        return verdict, clearest, p, ""
    more = _to_settle(max(part.seeds or 0 for part in parts), clearest)
    chance = f", which chance can do among {len(parts)} comparisons; {more}"
    return statistics.UNDECIDED, clearest, p, chance


class _Shown(NamedTuple):
    """The numbers of a comparison, as text."""

    difference: Interval
    threshold: float | None
    unit: str
    digits: int

    def mean(self):
        return _number(self.difference.mean, self.unit, self.digits, sign=True)

    def margin(self):
        return _number(self.threshold, self.unit, self.digits)

    def narrower(self):
        ends = _from_to(*self.difference.at(SMALLNESS), self.unit, self.digits)
        return f"{100 * SMALLNESS:.0f} % interval, {ends},"


def _p_claimed(part, sign):
    """p-value of the claimed side, 1 where the mean lies on the other."""
    claimed = sign * part.difference.mean > 0
    return statistics.superiority(part.difference, sign).p if claimed else 1.0


def _evidence(claim, statement, shown, found, why, distance):
    """`distance` : of the mean from the nearest end of what another verdict stands for"""
    stem = (claim, statement, shown.difference, found.verdict, why, shown.unit, shown.digits)
    width = max(shown.threshold or 0.0, distance)
    seeds = statistics.seeds_needed(shown.difference, width) if width > 0 else None
    part = Evidence(*stem, found.p, shown.threshold, seeds)
    if shown.difference.n == 1:
        return part._replace(why="one seed gives no interval")
    undecided = found.verdict == statistics.UNDECIDED
    return part._replace(why=f"{why}; {_to_settle(seeds, part)}") if undecided else part


def _to_settle(seeds, part):
    if seeds is None:
        return "no number of seeds would settle it"
    seeds = max(seeds, part.difference.n + 1)
    more = f", more than the {MOST_SEEDS} that we run at most" if seeds > MOST_SEEDS else ""
    return f"about {seeds} seeds would settle it{more}"


def _not_run(claim, statement, shown):
    why = f"no run for: {statement}"
    stem = (claim, statement, shown.difference, statistics.UNTESTABLE, why)
    return Evidence(*stem, shown.unit, shown.digits)


def _from_to(low, high, unit, digits):
    if any(end and round(end, digits) == 0 for end in (low, high)):
        digits += 1  # on which side of zero it ends is what it is read for
    return f"{_number(low, '', digits)} to {_number(high, unit, digits)}"


def _number(value, unit, digits, sign=False):
    if np.isnan(value):
        return "-"
    if round(value, digits) == 0:
        value, sign = 0.0, False  # neither "-0.000" nor "+0.000"
    return f"{fixed(value, digits, '+' if sign else '')}{unit and ' ' + unit}"
