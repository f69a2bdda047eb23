"""First batches and batch sizes where labels are few: the tables and numbers of that page."""

from __future__ import annotations

import pandas as pd

from alutils.acquisition.strategies import letter
from alutils.acquisition.target import highest
from alutils.analysis.first_batch import (
    BATCHES,
    BEYOND,
    FIRST,
    N_MAX,
    SEARCH,
    SHARES,
    STARTS,
    A,
    B,
    D,
)
from alutils.analysis.spending import BETTER, HALF, OUTCOMES, WORSE, Spent, over_pools, values
from alutils.analysis.statistics import paired
from alutils.report.curves import select
from alutils.report.tables import Table

START_KEYS = {STARTS[1]: "k_centre", STARTS[2]: "typical"}  # in the names of facts
START_WAYS = dict(zip(STARTS, ("at random", "by k-centre", "by typical clusters"), strict=True))
START_NAMES = dict(zip(STARTS, ("random", "k-centre", "typical clusters"), strict=True))
FAMILIES = {
    "after": "error right after the first batch: diverse against random",
    "later": f"error at {N_MAX} labels: diverse against random first batch",
    "hits100": f"hits at {HALF} labels: diverse against random first batch",
    "hits200": f"hits at {N_MAX} labels: diverse against random first batch",
    "batches": f"batches of 1, 5 and 20 against one of {BEYOND}",
    "sizes": f"first batches of 20 and 50 against {FIRST[-1]}",
}


def verdict_table(compared):
    """How many comparisons of each family came out in which way; a row for each family."""
    counts = pd.crosstab(compared["family"], compared["outcome"])
    counts = counts.reindex(index=list(FAMILIES), columns=list(OUTCOMES), fill_value=0)
    return Table(counts.rename(index=FAMILIES).rename_axis("compared", axis=0))


def start_table(compared, family):
    """Diverse against random first batches: a row for each pool, size and strategy."""
    return _table(select(compared, family=family), lambda spent: START_NAMES[spent.start])


def batch_table(compared):
    """Batches of some sizes against one of a hundred: a row for each pool, size and strategy."""
    return _table(select(compared, family="batches"), lambda spent: f"batches of {spent.batch}")


def size_table(compared):
    """First batches of 20 and 50 against one of 100: a row for each pool, size and strategy."""
    return _table(select(compared, family="sizes"), lambda spent: f"first batch of {spent.n_init}")


def mean_table(curves):
    """Diverse minus random first batches, on average over pools and sizes: mean and interval."""
    cells = {}
    for (family, strategy, share, start), seen in over_pools(curves).items():
        what = FAMILIES[family].partition(":")[0]
        row = what if family == "after" else f"{what}, {named(strategy, share)}"
        unit = "hits in a hundred labels" if share else "%"
        cells.setdefault(f"{row} ({unit})", {})[START_NAMES[start]] = span(seen)
    return Table(pd.DataFrame.from_dict(cells, orient="index").rename_axis("on average"))


def span(seen, digits=1):
    """Mean and interval as text."""
    mean, low, high, n = seen
    if n < 2:
        return f"{mean:+.{digits}f} ({n} seed)"
    return f"{mean:+.{digits}f} ({low:+.{digits}f} to {high:+.{digits}f})"


def _table(rows, name):
    """A column for each way to spend the labels, a row for all else that differs."""
    cells = {}
    for row in rows.to_dict("records"):
        what = [row["dataset"]]
        if row["family"] != "after":
            what += [named(row["strategy"], row["share"])]
        if row["family"] != "sizes":
            what += [f"first batch of {row['ours'].n_init}"]
        if row["family"] in ("sizes", "batches"):
            what += [f"{row['at']} labels"]
        cells.setdefault(", ".join(what), {})[name(row["ours"])] = said(row)
    return Table(pd.DataFrame.from_dict(cells, orient="index").fillna("").rename_axis("on"))


def named(strategy, share):
    """A strategy by its letter, and what a search looks for."""
    return f"{letter(strategy)}, {highest(share)}" if share else letter(strategy)


def said(row):
    """A difference and its outcome as text."""
    shown = span(row["difference"], 0)
    return shown if row["difference"].n < 2 else f"{shown}, {row['outcome']}"


def fits_table():
    """Models fitted to spend a hundred labels beyond the first batch, by the size of batches."""
    fits = {batch: -(-BEYOND // batch) + 1 for batch in BATCHES}
    return Table(pd.DataFrame({"models fitted": fits}).rename_axis("molecules in a batch"))


def hundred_table(curves):
    """A hundred labels in all: what each way to spend them brings, mean over the seeds.

    A column for each pool and what is looked at: the error after A or D, and the hits of searches.
    """
    wanted = [("error (eV), then A", A, 0), ("error (eV), then D", D, 0)]
    wanted += [(f"hits, {highest(share)}", SEARCH, share) for share in SHARES]
    rows = {}
    for pool, of_pool in curves.groupby("dataset", sort=False):
        for start, n_init in ((start, n_init) for n_init in FIRST for start in STARTS):
            row = rows.setdefault(f"{pool}, {n_init} {START_NAMES[start]}", {})
            for title, strategy, share in wanted:
                mean = values(of_pool, strategy, share, Spent(start, n_init), HALF).mean()
                row[title] = f"{mean:.0f}" if share else f"{mean:.3f}"
    return Table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("first batch"))


def facts(curves, compared):
    """What the prose quotes: name -> number or text.

    For each of `_groups`: its number of comparisons, their outcomes, what these advise, and the
    range of the mean differences; the averages of `mean_table`; for each choice the way of
    `_choice`.
    """
    found = {"n_seeds": int(curves["seed"].nunique()), "n_compared": len(compared)}
    found["n_seeds_ones"] = int(select(curves, batch=1)["seed"].nunique())
    for name, rows in _groups(compared):
        means = [one.mean for one in rows["difference"]]
        found |= {
            f"{name}_n": len(rows),
            f"{name}_counts": counts(rows),
            f"{name}_advice": advice(rows),
            f"{name}_range": f"{min(means):+.0f} to {max(means):+.0f}",
        }
    for (family, strategy, share, start), seen in over_pools(curves).items():
        what = f"{100 * share:.0f}" if share else letter(strategy)
        found[f"mean_{family}_{what}_{START_KEYS[start]}"] = span(seen)
    found["B_minus_A"] = _uncertain_minus_random(curves)
    return found | {f"choose_{name}": _choice(*given) for name, given in _choices(compared).items()}


def _uncertain_minus_random(curves):
    """Error of B in batches of 5 minus A's, a hundred labels after a first batch of 20, by pool."""
    at, parts = FIRST[0] + BEYOND, []
    for pool, of_pool in curves.groupby("dataset", sort=False):
        ours = values(of_pool, B, 0, Spent("random", FIRST[0], BATCHES[1]), at)
        than = values(of_pool, A, 0, Spent("random", FIRST[0]), at)
        unit = than.mean() / 100
        parts.append(f"{span(paired(than / unit, ours / unit), 0)} % on {pool}")
    return ", ".join(parts)


def _groups(compared):
    """(name, rows) of the comparisons that a sentence is about."""
    families = {"after": ["after"], "later": ["later"], "hits": ["hits100", "hits200"]}
    for family, wanted in families.items():
        rows = compared[compared["family"].isin(wanted)]
        for start, name in START_KEYS.items():
            yield f"{family}_{name}", rows[[spent.start == start for spent in rows["ours"]]]
    for family in ("batches", "sizes"):
        rows = select(compared, family=family)
        yield f"{family}_errors", select(rows, share=0)
        for share in SHARES:
            yield f"{family}_hits{100 * share:.0f}", select(rows, share=share)


def counts(rows):
    """Outcomes by their number, as "better in 3, undecided in 15"."""
    number = rows["outcome"].value_counts()
    return ", ".join(f"{name} in {number[name]}" for name in OUTCOMES if name in number)


def advice(rows):
    """What comparisons say to somebody who has a choice."""
    seen = set(rows["outcome"])
    if {BETTER, WORSE} <= seen:
        return "better in some cases, worse in others"
    if BETTER in seen:
        return "better wherever we could tell"
    if WORSE in seen:
        return "worse wherever we could tell"
    return "no better and no worse that we could tell"


def _choices(compared):
    """For errors and for searches: comparisons, how each way is called, and the baseline."""
    given = {}
    for what, rows in (
        ("error", compared[compared["share"] == 0]),
        ("search", compared[compared["share"] > 0]),
    ):
        starts = rows[~rows["family"].isin(("batches", "sizes"))]
        batches = select(rows, family="batches")
        batches = batches[[spent.n_init == FIRST[0] for spent in batches["ours"]]]
        given |= {
            f"{what}_start": (starts, lambda spent: START_WAYS[spent.start], "at random"),
            f"{what}_batch": (
                batches,
                lambda spent: "one by one" if spent.batch == 1 else f"in batches of {spent.batch}",
                f"in one batch of {BEYOND}",
            ),
            f"{what}_size": (
                select(rows, family="sizes"),
                lambda spent: str(spent.n_init),
                str(FIRST[-1]),
            ),
        }
    return given


def _choice(rows, called, baseline):
    """Of the ways that came out better somewhere and worse nowhere, that of the largest gain.

    rows : of `spending.comparisons`;  called : a way's name;  baseline : where there is none
    """
    best = (0.0, baseline)
    for way, of_way in rows.groupby(rows["ours"].map(called)):
        seen = set(of_way["outcome"])
        if BETTER not in seen or WORSE in seen:
            continue
        sign = of_way["share"].map(lambda share: 1 if share else -1)
        gain = (sign * [one.mean for one in of_way["difference"]]).mean()
        best = max(best, (gain, way))
    return best[-1]
