"""The claims of the paper and the verdicts of the executed pages, as tables in MyST."""

import html

import nbformat
import yaml

from alutils.analysis.statistics import VERDICTS, holm
from book.builder.downloads import record_links
from book.builder.fragments.equations import anchor as anchor_of_code
from book.builder.fragments.markdown import table
from book.builder.pages import ROOT, PageError

# Variants that explain a difference: not in the summary.
SECOND_LOOKS = ("-authors", "-wide", "-heaviest")
HEAD = ["Page", "Ours", "Margin or interval", "Verdict", "p", "Why", "Behind it"]
SURVIVES = "(survives)"  # Holm's correction
LEAST_P = 0.0001  # smaller ones are only said to be so


def verdict_rows(listed, root=ROOT):
    """Claim id -> rows that the executed pages published, in the order of the pages."""
    rows = {}
    for page in listed:
        about = nbformat.read(root / page.path, as_version=4).metadata["alutils"]
        archives = about["archives"]
        for row in about["verdicts"]:
            missing = {"claim", "ours", "verdict", "why"} - row.keys()
            if missing:
                raise PageError(f"{page.name}: verdict without {', '.join(sorted(missing))}: {row}")
            if row["verdict"] not in VERDICTS:
                raise PageError(f"{page.name}: verdict {row['verdict']!r}: {', '.join(VERDICTS)}")
            rows.setdefault(row["claim"], []).append({"page": page, "archives": archives, **row})
    return rows


def read_claims(rows, root=ROOT):
    """The list of book/claims.yml; PageError if it and the verdicts do not fit together."""
    claims = yaml.safe_load((root / "book/claims.yml").read_text("utf8"))
    unknown = rows.keys() - {claim["id"] for claim in claims}
    if unknown:
        raise PageError(f"verdict on {', '.join(sorted(unknown))}: not in book/claims.yml")
    for claim in claims:
        if claim["id"] not in rows and not claim.get("untestable"):
            raise PageError(f"claims.yml: {claim['id']} has neither verdict nor `untestable`")
    return claims


def claims_table(claims, rows):
    """All claims in MyST: the paper's words, then a line for each verdict, or why there is none."""
    blocks = []
    p_values = p_texts(rows)
    for claim in claims:
        name = f"{claim['id']} (Fig. {claim['figure']})" if claim.get("figure") else claim["id"]
        note = f"\n\n*Note:* {claim['note'].strip()}" if claim.get("note") else ""
        lines = [HEAD]
        for row, p in zip(rows.get(claim["id"], []), p_values.get(claim["id"], []), strict=True):
            page = link(row.get("pool", row["page"].title), row["page"])
            verdict = f"**{row['verdict']}**"
            texts = (row["ours"], row.get("interval") or "-", row["why"])  # from data: no HTML
            ours, interval, why = (html.escape(text, quote=False) for text in texts)
            behind = links_behind(claim, row["page"], row["archives"])
            lines.append([page, ours, interval, verdict, p, why, behind])
        if len(lines) == 1:
            lines.append(["-", "-", "-", f"**{VERDICTS[-1]}**", "-", claim["untestable"], "-"])
        blocks.append(
            f"({anchor(claim)})=\n**{name}.** {claim['claim'].strip()}\n\n"
            f"*The paper says:* {claim['paper'].strip()}{note}\n\n{table(lines)}\n"
        )
    return "\n".join(blocks)


def p_texts(rows):
    """Claim id -> p-value of each row as text, with a mark where it survives Holm's correction.

    The correction is for all tests of the book together; "-" stands where nothing was tested.
    """
    p_values = [row.get("p") for found in rows.values() for row in found]
    survivors = iter(holm(p_values))
    return {
        claim: [p_text(row.get("p"), next(survivors)) for row in found]
        for claim, found in rows.items()
    }


def p_text(p, survives):
    """A p-value for a cell of a table."""
    if p is None:
        return "-"
    shown = f"< {LEAST_P:f}".rstrip("0") if p < LEAST_P else f"{p:.2g}"
    return f"{shown} {SURVIVES}" if survives else shown


def links_behind(claim, page, archives):
    """Figure, records and test of the statistics behind a verdict."""
    figure = f"{claim['shown_in']}-{page.variant}"
    archives = [f"/book/experiments/{archive}" for archive in archives]
    test = f"{{ref}}`test <{anchor_of_code(claim['test'])}>`"
    return ", ".join([f"{{numref}}`{figure}`", *record_links(archives), test])


def claims_summary(claims, rows, names):
    """The verdicts alone in MyST: a line for each claim, a column for each variant."""
    variants = list(dict.fromkeys(r["page"].variant for found in rows.values() for r in found))
    variants = [name for name in variants if not name.endswith(SECOND_LOOKS)]
    variants.sort(key=list(names).index)
    lines = [["Claim", *(names[v] for v in variants)]]
    for claim in claims:
        found = rows.get(claim["id"], [])
        cells = [
            "; ".join(link(r["verdict"], r["page"]) for r in found if r["page"].variant == variant)
            for variant in variants
        ]
        blank = "-" if found else VERDICTS[-1]
        name = f"{{ref}}`{claim['id']} <{anchor(claim)}>`"
        lines.append([f"{name} {claim['claim']}", *(cell or blank for cell in cells)])
    return table(lines)


def anchor(claim):
    """The label of a claim, for references from any page."""
    return f"claim-{claim['id'].lower()}"


def link(text, page):
    """A MyST link to a page, good from any page."""
    return f"{{doc}}`{text} </{page.path.with_suffix('').as_posix()}>`"
