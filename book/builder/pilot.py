"""How many seeds the pages on embedded pools run: estimated from a pilot, by a rule fixed before.

python -m book.builder.pilot     (reads book/records/pilot.jsonl, writes book/pilot.csv)

The rule. For each comparison of a page the pilot's spread gives the seeds that would settle it, as
an undecided verdict states them. A page runs the largest number that one of its comparisons takes,
at least FEWEST and at most `statistics.MOST_SEEDS`. They are fresh: the pilot's seeds are not among
them.
"""

import csv
import sys
from dataclasses import replace
from types import SimpleNamespace

import nbformat

from alutils.analysis.statistics import MOST_SEEDS
from alutils.report import batches, claims, comparison, noise, savings, tables, targeted_search
from alutils.runs.records import run_or_load
from book.builder import pages
from book.builder.paper_runs import configs_of

PILOT = {"seeds": [0, 1, 2, 3, 4], "validation_seeds": [100, 101, 102]}
POOLS = ("organics", "aminoacids", "optoelectronics")
FEWEST = 10
COLUMNS = ("page", "seeds of", "claim", "comparisons", "settled by", "run")


def evidence(page, root=pages.ROOT):
    """What the claims of a page rest on, with the seeds of the pilot in place of its own.

    Returns
    -------
    list of `claims.Evidence`
    """
    known = pages.parameters(nbformat.read(root / page.source, as_version=4))
    values = {name: default for name, (default, _) in known.items()} | page.parameters
    piloted = {name: seeds for name, seeds in PILOT.items() if name in known}
    page = replace(page, parameters=page.parameters | piloted)
    runs = run_or_load(configs_of(page, root), scheduler="processes:2")
    return EVIDENCE[page.notebook[:2]](runs, SimpleNamespace(**values | piloted))


def rows(page, parts):
    """One row for each claim of a page: the seeds that settle it, and those that the page runs.

    The grid of noises has seeds of its own, `validation_seeds`; all other claims share `seeds`.
    """
    of = {part.claim: "seeds" for part in parts if part.claim.startswith("C")}
    of |= {claim: "validation_seeds" for claim in of if claim == "C6b"}
    needed = claims.pilot(parts).groupby("claim")["seeds"]
    counts, settled = needed.size(), needed.max().astype(float)
    most = {group: max(settled[c] for c in of if of[c] == group) for group in of.values()}
    run = {group: int(min(max(n, FEWEST), MOST_SEEDS)) for group, n in most.items()}
    return [
        dict(zip(COLUMNS, (page.name, g, c, counts[c], int(settled[c]), run[g]), strict=True))
        for c, g in of.items()
    ]


def fresh(table, page):
    """Parameter -> its seeds, for a page: those that follow the pilot's."""
    counts = {row["seeds of"]: int(row["run"]) for row in table if row["page"] == page.name}
    return {
        name: [max(PILOT[name]) + 1 + i for i in range(count)] for name, count in counts.items()
    }


def piloted_pages(root=pages.ROOT):
    """The pages of the paper's experiments on the embedded pools."""
    listed = pages.read_pages(root)
    return [page for page in listed if page.notebook[:2] in EVIDENCE and page.variant in POOLS]


def read(root=pages.ROOT):
    """The rows of book/pilot.csv, as text."""
    with open(root / "book/pilot.csv", encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def main(root=pages.ROOT):
    """Write book/pilot.csv."""
    table = [row for page in piloted_pages(root) for row in rows(page, evidence(page, root))]
    with open(root / "book/pilot.csv", "w", encoding="utf8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def _batches(runs, p):
    return batches.evidence(tables.scheme_differences(runs, p.strategy))


def _noise(runs, p):
    noises = [p.noise_low, *p.noises_between, p.noise_high]
    return noise.evidence(noise.study(runs, noises, p.validation_seeds))


def _search(runs, p):
    return targeted_search.evidence(runs, savings.search_savings(runs, p.target_share), p.dataset)


EVIDENCE = {
    "02": lambda runs, _: comparison.evidence(runs),
    "03": _batches,
    "04": _noise,
    "05": _search,
}


if __name__ == "__main__":
    sys.exit(main())
