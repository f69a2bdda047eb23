"""Claim C14, "the less overlap, the more is saved": table, verdicts and numbers for the page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis import law
from alutils.analysis.dependence import DECIDES, FIXED, GAIN, READINGS, TAILS
from alutils.analysis.statistics import SUPPORTED, UNDECIDED, UNTESTABLE
from alutils.report.tables import Table

CLAIM = "C14"
STRATEGY = "property_search"  # the paper's search
NOT_LIKE_ITS_COLUMN = {law.QM9: ("qm9", "B3LYP labels")}  # column of the summary, what differs
WHY = {
    SUPPORTED: "the interval lies below 0",
    UNDECIDED: "the interval includes 0; more targets would narrow it, more seeds would not",
    UNTESTABLE: "too few targets for a correlation",
}


def correlation_table(readings):
    """Table of `alutils.analysis.dependence.dependence`: a row per reading, a column per pool."""
    columns = {
        pool: [_with_interval(found[title]) for title in READINGS]
        for pool, found in readings.items()
    }
    return Table(pd.DataFrame(columns, index=list(READINGS)).rename_axis("rank correlation of"))


def claim_rows(readings, seeds):
    """Rows of C14 for `claims.publish`, one a pool, each in that pool's column of the summary.

    readings, seeds : of `alutils.analysis.dependence.dependence`
    """
    rows = []
    for pool, found in readings.items():
        decides, fixed, gain = (found[title] for title in (DECIDES, FIXED, GAIN))
        column, but = NOT_LIKE_ITS_COLUMN.get(pool, (pool, None))
        runs = f"{len(seeds[pool])} seed{'s' if len(seeds[pool]) > 1 else ''}"
        labels = f"{but}, " if but else ""
        why = WHY.get(decides.verdict, "the interval lies above 0")
        beside = (
            f"shape of the target held fixed: {_with_interval(fixed)}; gain in place of savings"
        )
        row = {
            "claim": CLAIM,
            "variant": column,
            "pool": f"Overlap and savings: {pool}",
            "ours": f"rank correlation {decides.rho:+.2f} ({labels}E, {runs})",
            "interval": f"{decides.low:+.2f} to {decides.high:+.2f} (95 %, {decides.n} targets)",
            "verdict": decides.verdict,
            "why": f"{why}; {beside}: {_with_interval(gain)}",
            "p": None if np.isnan(decides.p) else decides.p,
        }
        rows.append(row | ({"but": but} if but else {}))
    return rows


def verdict_table(rows):
    """The rows of `claim_rows` as a table to print."""
    return Table(rows, columns=["pool", "ours", "interval", "verdict"]).set_index("pool")


def overlap_facts(readings, seeds, greedy):
    """What the page quotes of the claim, as a dict of text.

    readings, seeds : of `dependence` for E;  greedy : readings for the greedy rule
    """
    counts = sorted({found[DECIDES].n for found in readings.values()}, reverse=True)
    facts = {"n_overlap": " or ".join(map(str, counts))}
    for key, found in (("rho", readings), ("rho_greedy", greedy)):
        facts[key] = _of_pools(found, DECIDES)
    for key, title in (("rho_fixed", FIXED), ("rho_tails", TAILS), ("rho_gain", GAIN)):
        facts[key] = _of_pools(readings, title)
    every = [rho for values in seeds.values() for rho in values]
    facts["rho_seeds"] = f"{min(every):+.2f} to {max(every):+.2f}"
    return facts


def _of_pools(readings, title):
    known = {pool: found[title].rho for pool, found in readings.items()}
    return ", ".join(f"{rho:+.2f} ({pool})" for pool, rho in known.items() if not np.isnan(rho))


def _with_interval(found):
    """A correlation with its interval as text; "-" without one."""
    if np.isnan(found.rho):
        return "-"
    return f"{found.rho:+.2f} ({found.low:+.2f} to {found.high:+.2f})"
