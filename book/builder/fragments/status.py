"""The state of every page, record and equation test, as tables in MyST."""

from collections import Counter

import nbformat

from alutils.analysis.statistics import VERDICTS
from book.builder.fragments.claims import link
from book.builder.fragments.markdown import table
from book.builder.freshness import changes, snapshot
from book.builder.pages import ROOT

NAMED = 3  # changes that a banner names


def stale_reasons(listed, root=ROOT):
    """Name of a page -> why it is out of date, for those that are."""
    now, reasons = snapshot(root), {}
    for page in listed:
        why = []
        if changed := changes(page, now, root):
            more = f" and {len(changed) - NAMED} more" if changed[NAMED:] else ""
            why.append(f"changed since: {', '.join(changed[:NAMED])}{more}")
        about = nbformat.read(root / page.path, as_version=4).metadata.get("alutils", {})
        stale = about.get("stale_records", [])
        if stale:
            why.append(f"{len(stale)} of its records were made by older code ({stale[0]})")
        if why:
            reasons[page.name] = f"older than what it was made from: {'; '.join(why)}."
    return reasons


def banners(listed, reasons):
    """Document name -> what its banner says, for those with a page that is out of date."""
    said = {}
    for page in (page for page in listed if page.name in reasons):
        said.setdefault(page.document, []).append(f"{page.title}: {reasons[page.name]}")
    return {document: " ".join(lines) for document, lines in said.items()}


def pages_table(listed, reasons, root=ROOT):
    """One line for each executed page: its state, records, time and memory."""
    lines = [["page", "state", "records", "executed in (s)", "memory (GiB)"]]
    for page in listed:
        about = nbformat.read(root / page.path, as_version=4).metadata["alutils"]
        state = "**out of date**" if page.name in reasons else "fresh"
        made = [str(len(about["records"])), f"{about['seconds']:.0f}", f"{about['gib'] or '-'}"]
        lines.append([link(page.title, page), state, *made])
    return table(lines)


def summary(listed, reasons, verdicts, proofs):
    """The book in five lines."""
    counted = Counter(row["verdict"] for rows in verdicts.values() for row in rows)
    failed = sum(bool(result["failed"] or not result["cases"]) for result in proofs.values())
    stated = ", ".join(f"{counted[verdict]} {verdict}" for verdict in VERDICTS)
    lines = [
        ["what", "state"],
        ["pages out of date", f"{len(reasons)} of {len(listed)}"],
        ["tests behind the equations that fail", f"{failed} of {len(proofs)}"],
        ["verdicts on claims, one for each pool", stated],
    ]
    return table(lines)
