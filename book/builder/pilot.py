"""How many seeds the pages on embedded pools run: estimated from a pilot, by a rule fixed before.

python -m book.builder.pilot     (reads book/records/pilot.jsonl, writes book/pilot.csv)

The rule. For each comparison of a page the pilot's spread gives the seeds that would settle it, as
an undecided verdict states them. A page runs the largest number that one of its comparisons takes,
at least FEWEST, at least twice the pilot's, and at most `statistics.MOST_SEEDS`. They are fresh:
the pilot's seeds are not among them.

The second stage. Where the grid of noises left C6b undecided on a page whose runs are short, the
grid seeds that it had are the pilot of a second stage, by the same rule. It runs once, and its
verdict stands, whatever it is.
"""

import csv
import sys
from dataclasses import replace
from types import SimpleNamespace

import nbformat

from alutils.analysis.statistics import MOST_SEEDS, UNDECIDED
from alutils.report import batches, claims, comparison, noise, savings, tables, targeted_search
from alutils.runs.records import run_or_load
from book.builder import pages
from book.builder.paper_runs import configs_of
from book.builder.pool_runs import BUNDLES

GRID = "validation_seeds"  # of the claim C6b; all other claims share `seeds`
PILOT = {"seeds": [0, 1, 2, 3, 4], GRID: [100, 101, 102]}
POOLS = ("organics", "aminoacids", "optoelectronics")
FEWEST = 10
COLUMNS = ("page", "seeds of", "pilot", "claim", "comparisons", "settled by", "run")


def evidence(page, pilot=PILOT, root=pages.ROOT):
    """What the claims of a page rest on, with the seeds of a pilot in place of its own.

    pilot : parameter -> seeds

    Returns
    -------
    list of `claims.Evidence`
    """
    known = pages.parameters(nbformat.read(root / page.source, as_version=4))
    values = {name: default for name, (default, _) in known.items()} | page.parameters
    piloted = {name: seeds for name, seeds in pilot.items() if name in known}
    page = replace(page, parameters=page.parameters | piloted)
    runs = run_or_load(configs_of(page, root), scheduler="processes:2")
    return EVIDENCE[page.notebook[:2]](runs, SimpleNamespace(**values | piloted))


def rows(page, parts, pilot=PILOT):
    """One row for each claim of a page: the seeds that settle it, and those that the page runs.

    parts : list of `claims.Evidence`;  pilot : parameter -> the seeds that they rest on
    """
    of = {part.claim: "seeds" for part in parts if part.claim.startswith("C")}
    of |= {claim: GRID for claim in of if claim == "C6b"}
    needed = claims.pilot(parts).groupby("claim")["seeds"]
    counts, settled = needed.size(), needed.max().astype(float)
    most = {group: max(settled[c] for c in of if of[c] == group) for group in of.values()}
    run = {g: min(max(int(n), FEWEST, 2 * len(pilot[g])), MOST_SEEDS) for g, n in most.items()}
    had = {group: f"{pilot[group][0]}-{pilot[group][-1]}" for group in most}
    cells = [(page.name, g, had[g], c, counts[c], int(settled[c]), run[g]) for c, g in of.items()]
    return [dict(zip(COLUMNS, row, strict=True)) for row in cells]


def second_rows(page, parts, first):
    """The rows of a page's second stage; none where its grid has settled C6b.

    parts : list of `claims.Evidence`;  first : the grid seeds that they rest on
    """
    of_grid = [part for part in parts if part.claim == "C6b"]
    if not of_grid or claims.row("C6b", of_grid, "")["verdict"] != UNDECIDED:
        return []
    return rows(page, of_grid, {GRID: first})


def fresh(table, page):
    """Parameter -> its seeds, for a page: those that follow the pilot's, of its last stage."""
    found = {}
    for row in table:
        if row["page"] == page.name:
            after = int(row["pilot"].split("-")[1]) + 1
            found[row["seeds of"]] = list(range(after, after + int(row["run"])))
    return found


def piloted_pages(root=pages.ROOT):
    """The pages of the paper's experiments on the embedded pools."""
    listed = pages.read_pages(root)
    return [page for page in listed if page.notebook[:2] in EVIDENCE and page.variant in POOLS]


def grid_pages(root=pages.ROOT):
    """The pages whose grid of noises takes short runs: of embedded pools and heaviest molecules."""
    listed = [page for page in pages.read_pages(root) if page.notebook[:2] == "04"]
    short = [p for p in listed if any(of(p.parameters["dataset"]) for of in BUNDLES.values())]
    return [page for page in short if page.parameters.get("noise_grid") != []]


def second_stage(table, page, root=pages.ROOT):
    """The rows of a page's second stage, after the grid seeds that the first gave it, if any.

    table : the rows of the first stage
    """
    first = (PILOT | fresh(table, page))[GRID]
    return second_rows(page, evidence(page, {GRID: first}, root), first)


def read(root=pages.ROOT):
    """The rows of book/pilot.csv, as text."""
    with open(root / "book/pilot.csv", encoding="utf8", newline="") as file:
        return list(csv.DictReader(file))


def main(root=pages.ROOT):
    """Write book/pilot.csv."""
    first = [row for p in piloted_pages(root) for row in rows(p, evidence(p, root=root))]
    table = first + [row for p in grid_pages(root) for row in second_stage(first, p, root)]
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
