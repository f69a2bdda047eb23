"""The page on the targeted search: the comparisons that C8 to C12 rest on, and its numbers."""

from __future__ import annotations

from fractions import Fraction
from functools import partial

from alutils.analysis.statistics import MARGIN, interval, paired
from alutils.report import claims, quantity, tables

A, E = "random", "property_search"
MOVES_LITTLE = 0.1  # C10: of a true positive rate
FAR_BELOW = Fraction(3, 4)  # C12: of the error on all, for the data set AA


def evidence(runs, savings, dataset):
    """The comparisons of a search with random sampling, by the rules that the page states.

    Parameters
    ----------
    runs : records of A and E, one size or more after the first batch
    savings : `tables.search_savings` of them
    dataset : name; of AA, and of the pool that stands for it, C12 is stricter

    Returns
    -------
    list of `claims.Evidence`
    """
    read = partial(tables.by_seed, runs)
    n_first, *later = _sizes(runs)
    n_end = later[-1]
    parts = []
    for n in later:
        found = paired(read(n, "found_share", strategy=A), read(n, "found_share", strategy=E))
        parts.append(claims.superior("C8", f"E above A at {n}", found, +1, unit=""))
    last = _last(runs, savings)
    saved = interval(last["savings"] - last["bound"] / 2)
    parts.append(claims.superior("C9", "savings above half of the bound", saved, +1, unit=""))
    parts += _rates(read, n_first, n_end)
    parts.append(_in_range(read, n_end, dataset, quantity.of_runs(runs).shown))
    return parts


def _rates(read, n_first, n_end):
    """C10 and C11: true positive rates of E, at the first size and at the last."""
    first, end = (read(n, "tpr", strategy=E) for n in (n_first, n_end))
    heldout_first, heldout_end = (read(n, "tpr_heldout", strategy=E) for n in (n_first, n_end))
    little = ("TPR on the test set, last minus first", paired(first, end))
    falls = ("TPR on the held-out set, last minus first", paired(heldout_first, heldout_end))
    below = ("TPR at the end, held-out minus test set", paired(end, heldout_end))
    return [
        claims.equivalent("C10", *little, MOVES_LITTLE, unit=""),
        claims.superior("C11", *falls, -1, unit=""),
        claims.superior("C11", *below, -1, unit=""),
    ]


def _in_range(read, n_end, dataset, shown):
    """C12: the error of E in range against its error on all."""
    on_all, in_range = (read(n_end, c, strategy=E) for c in ("mae_ev", "mae_in_range_ev"))
    if tables.stands_for(dataset, "AA"):
        lower = paired(float(FAR_BELOW) * on_all, in_range)
        stated = f"in-range error minus {FAR_BELOW} of that on all"
        return claims.superior("C12", stated, lower, -1, **shown)
    margin = MARGIN * read(n_end, strategy=A).mean()
    same = paired(on_all, in_range)
    return claims.equivalent("C12", "in-range error minus that on all", same, margin, **shown)


def facts(runs, savings):
    """The numbers of the page: `tables.search_facts` at the last size, and what E gains and pays.

    Returns
    -------
    dict of numbers and text; gain and price are intervals of E minus A, on in-range and on all test
    molecules
    """
    n_end, about = _sizes(runs)[-1], quantity.of_runs(runs)
    read = partial(tables.by_seed, runs, n_end)
    found = {"collapsed": tables.collapsed_text(runs), "at_bound": tables.bound_text(runs)}
    found |= {"n_end": n_end} | about.facts() | tables.search_facts(runs, _last(runs, savings))
    for name, column in (("gain", "mae_in_range_ev"), ("price", "mae_ev")):
        difference = paired(read(column, strategy=A), read(column, strategy=E))
        found[name] = claims.span(difference, **about.shown)
    return found


def rows(evidence, facts):
    """Rows of C8 to C12 for `claims.publish`, from what `evidence` and `facts` return."""
    tpr = "TPR {tpr_first:.2f} to {tpr_end:.2f} on the test set".format_map(facts)
    heldout = "{tpr_heldout_first:.2f} to {tpr_heldout_end:.2f} on the held-out set"
    found = "found: A {found_A:.1%}, E {found_E:.1%} at {n_end} molecules"
    saved = "saved {saved} of {n_end} labels, bound {bound:.1%}"
    errors = "E {E_in_range}{in_unit} in range, {E_test}{in_unit} on all"
    level = "the paper's levels, near 1 and below 0.8, belong to its data"
    percentages = "the paper's percentages belong to its data"
    return [
        claims.row("C8", evidence, found.format_map(facts)),
        claims.row("C9", evidence, saved.format_map(facts), percentages),
        claims.row("C10", evidence, tpr, level),
        claims.row("C11", evidence, f"{tpr}, {heldout.format_map(facts)}"),
        claims.row("C12", evidence, errors.format_map(facts)),
    ]


def _sizes(runs):
    return [int(n) for n in sorted(runs["n_train"].unique())]


def _last(runs, savings):
    """Savings at the largest training size, by seed."""
    return tables.select(savings, n_train=_sizes(runs)[-1]).set_index("seed")
