"""Strategies A to D at one noise: what the claims C1, C2 and C3 rest on, and the page's numbers."""

from __future__ import annotations

from alutils.acquisition.strategies import LETTERS
from alutils.analysis.statistics import MARGIN, interval, margin_of, paired
from alutils.report import authors, claims, page, quantity, tables

# Section IV of the paper, in eV, and the only data set and training size that they are of.
PRINTED = {"A": 0.170, "B": 0.164, "C": 0.166, "D": 0.148}
PRINTED_OF = ("aa", 16_000)


def errors(records, n_train):
    """Letter -> test MAE by seed at a training size, empty for a strategy that was not run."""
    return {letter: tables.by_seed(records, n_train, strategy=LETTERS[letter]) for letter in "ABCD"}


def evidence(records):
    """The comparisons behind C2 and C3, and behind C1 where the paper's own data were run.

    C2: B above A at each size after the first. C3: C within the margin of A at the largest size, D
    below each of the others there. C1: the printed errors, each within its margin.

    records : runs of the strategies, of one data set and noise
    """
    first, *sizes = (int(n) for n in sorted(records["n_train"].unique()))
    n_end = sizes[-1] if sizes else first
    end, shown = errors(records, n_end), quantity.of_runs(records).shown
    parts = []
    for n in sizes:
        at_size = errors(records, n)
        b_minus_a = paired(at_size["A"], at_size["B"])
        margin = margin_of(at_size["A"])
        stated = ("C2", f"B above A at {n}", b_minus_a, +1)
        parts.append(claims.superior(*stated, margin=margin, **shown))
    margin = margin_of(end["A"])
    c_minus_a = paired(end["A"], end["C"])
    parts.append(claims.equivalent("C3", f"C equal to A at {n_end}", c_minus_a, margin, **shown))
    for letter in "ABC":
        statement = f"D below {letter} at {n_end}"
        difference = paired(end[letter], end["D"])
        parts.append(claims.superior("C3", statement, difference, -1, margin=margin, **shown))
    if (records["dataset"].iloc[0], n_end) == PRINTED_OF:
        for letter, printed in PRINTED.items():
            difference = interval(end[letter] - printed)
            stated = ("C1", f"{letter} minus {printed}", difference)
            parts.append(claims.equivalent(*stated, MARGIN * printed))
    return parts


def rows(records, evidence):
    """The rows of C1, C2 and C3 for the table of claims."""
    n_end, about = int(records["n_train"].max()), quantity.of_runs(records)
    maes = [f"{name} {about.number(mae.mean())}" for name, mae in errors(records, n_end).items()]
    ours = f"MAE {', '.join(maes)}{about.in_unit} at {n_end} molecules"
    absolute = (
        claims.row("C1", evidence, ours)
        if any(part.claim == "C1" for part in evidence)
        else claims.untestable("C1", ours, "the paper's values are of AA at 16 000 molecules")
    )
    return [absolute, *(claims.row(claim, evidence, ours) for claim in ("C2", "C3"))]


def facts(records, rows):
    """What the prose quotes: name -> number or text, errors at the largest size."""
    n_end, about = int(records["n_train"].max()), quantity.of_runs(records)
    end = errors(records, n_end)
    return {
        "collapsed": tables.collapsed_text(records),
        "at_bound": tables.bound_text(records),
        "dataset": records["dataset"].iloc[0],
        "n_end": n_end,
        "n_seeds": records["seed"].nunique(),
        "noise": float(records["noise_var"].iloc[0]),
        "ranking": tables.ranking(end),
        "theirs": authors.caption(records),
        **{f"mae_{letter}": about.number(mae.mean()) for letter, mae in end.items()},
        **about.facts(),
        **page.verdict_facts(rows),
    }
