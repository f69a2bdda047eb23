"""One strategy under several batch schemes: what claim C4 rests on, and the page's numbers."""

from __future__ import annotations

from alutils.acquisition.strategies import letter
from alutils.analysis.statistics import MARGIN, interval
from alutils.report import claims, quantity, tables


def evidence(differences):
    """The comparisons behind C4: each constant scheme as POW, at the end and along the curve.

    differences : of `tables.scheme_differences`, in % of A's error
    """
    parts = []
    for n_const, of_scheme in differences.groupby("n_const"):
        end = of_scheme[of_scheme["n_train"] == of_scheme["n_train"].max()]["difference"]
        along = of_scheme.groupby("seed")["difference"].mean()
        for place, values in (("at the end", end), ("along the curve", along)):
            stated = ("C4", f"constant {n_const} as POW, {place}", interval(values))
            parts.append(claims.equivalent(*stated, 100 * MARGIN, "% of A's MAE", 1))
    return parts


def row(evidence):
    """The row of C4 for the table of claims: ours is the largest mean difference."""
    largest = max(evidence, key=lambda part: abs(part.difference.mean))
    size = f"{largest.difference.mean:+.1f} {largest.unit}"
    return claims.row("C4", evidence, f"largest difference: {size} ({largest.statement})")


def facts(records, strategy, row):
    """What the prose quotes: name -> number or text.

    records : runs of the strategy under all schemes, and of A under POW;  row : of C4
    """
    pow_runs = tables.select(records, strategy=strategy, scheme="pow")
    constants = [int(n) for n in tables.select(records, scheme="constant")["n_const"].unique()]
    n_end, about = int(records["n_train"].max()), quantity.of_runs(records)
    return {
        **about.facts(),
        "collapsed": tables.collapsed_text(records),
        "dataset": records["dataset"].iloc[0],
        "n_seeds": records["seed"].nunique(),
        "noise": float(records["noise_var"].iloc[0]),
        "letter": letter(strategy),
        "constants": ", ".join(map(str, constants)),
        "smallest": min(constants),
        "n_end": n_end,
        "mae_pow": about.number(tables.by_seed(pow_runs, n_end).mean()),
        "fits_pow": pow_runs["iteration"].nunique(),
        "fits_most": int(records["iteration"].max() + 1),
        "ours": row["ours"],
        "verdict": row["verdict"],
        "why": row["why"],
    }
