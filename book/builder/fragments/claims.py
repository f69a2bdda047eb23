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
HEAD = ["Page", "Ours", "Verdict", "Why"]  # four, so that the reasons fit beside them
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
    """All claims in MyST: the paper's words, then a line for each verdict, or why there is none.

    Beneath the page stands what is behind it, beneath our value its interval, beneath the verdict
    its p-value.
    """
    blocks = []
    p_values = p_texts(rows)
    for claim in claims:
        name = f"{claim['id']} (Fig. {claim['figure']})" if claim.get("figure") else claim["id"]
        note = f"\n\n*Note:* {claim['note'].strip()}" if claim.get("note") else ""
        found = zip(rows.get(claim["id"], []), p_values.get(claim["id"], []), strict=True)
        lines = [claim_line(claim, row, p) for row, p in found]
        if not lines:
            lines.append(["-", "-", f"**{VERDICTS[-1]}**", claim["untestable"]])
        blocks.append(
            f"({anchor(claim)})=\n**{name}.** {claim['claim'].strip()}\n\n"
            f"*The paper says:* {claim['paper'].strip()}{note}\n\n"
            f":::{{div}} claims-table\n{table([HEAD, *lines])}:::\n"
        )
    return "\n".join(blocks)


def claim_line(claim, row, p):
    """The cells of a verdict with their second lines; p is text, "-" where nothing was tested."""
    texts = (row["ours"], row.get("interval") or "-", row["why"])  # from data: no HTML
    ours, interval, why = (html.escape(text, quote=False) for text in texts)
    page = link(row.get("pool", row["page"].title), row["page"])
    return [
        second_line(page, links_behind(claim, row["page"], row["archives"])),
        second_line(ours, interval),
        second_line(f"**{row['verdict']}**", p if p == "-" else f"*p* {p}"),
        why,
    ]


def second_line(text, beneath):
    """A cell of two lines, or of one where "-" says that there is no second."""
    return text if beneath == "-" else f"{text}<br>{beneath}"


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
    variants = list(dict.fromkeys(column_of(r) for found in rows.values() for r in found))
    variants = [name for name in variants if not name.endswith(SECOND_LOOKS)]
    if unknown := set(variants) - names.keys():
        raise PageError(f"verdict for {', '.join(sorted(unknown))}: no variant of variants.yml")
    variants.sort(key=list(names).index)
    lines = [["Claim", *(names[v] for v in variants)]]
    for claim in claims:
        found = rows.get(claim["id"], [])
        cells = [
            "; ".join(summary_cell(r) for r in found if column_of(r) == variant)
            for variant in variants
        ]
        blank = "-" if found else VERDICTS[-1]
        name = f"{{ref}}`{claim['id']} <{anchor(claim)}>`"
        lines.append([f"{name} {claim['claim']}", *(cell or blank for cell in cells)])
    return table(lines)


def column_of(row):
    """The variant whose column a verdict stands in: the page's, where the row names no other.

    A page on several pools gives each of its rows that of the pool.
    """
    return row.get("variant", row["page"].variant)


def summary_cell(row):
    """A verdict that links to its page, with what it holds `but` for its column's name."""
    but = f" ({row['but']})" if row.get("but") else ""
    return link(row["verdict"], row["page"]) + html.escape(but, quote=False)


def anchor(claim):
    """The label of a claim, for references from any page."""
    return f"claim-{claim['id'].lower()}"


def link(text, page):
    """A MyST link to a page, good from any page."""
    return f"{{ref}}`{text} <{page.label}>`"
