"""The claims of the paper and the verdicts of the executed pages, as tables in MyST."""

import html
from collections import Counter

import nbformat
import yaml

from alutils.analysis.statistics import VERDICTS, holm
from book.builder.downloads import record_links
from book.builder.fragments.markdown import table
from book.builder.pages import ROOT, PageError

# Variants that explain a difference: not in the summary.
SECOND_LOOKS = ("-authors", "-wide", "-heaviest")
HEAD = ["Page", "Ours", "Verdict", "Why"]  # four, so that the reasons fit beside them
BADGES = dict(zip(VERDICTS, ("yes", "no", "some", "open", "none"), strict=True))  # in custom.css
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
    """All claims in MyST: the paper's words, the count of our verdicts, and, folded, a line for
    each, or why there is none.

    Beneath the page stands what is behind it, beneath our value its interval, beneath the verdict
    its p-value.
    """
    blocks = []
    p_values = p_texts(rows)
    for claim in claims:
        note = f"\n\n*Note:* {claim['note'].strip()}" if claim.get("note") else ""
        found = zip(rows.get(claim["id"], []), p_values.get(claim["id"], []), strict=True)
        lines = [claim_line(claim, row, p) for row, p in found]
        if not lines:
            lines.append(["-", "-", badge(VERDICTS[-1]), claim["untestable"]])
        blocks.append(
            f"({anchor(claim)})=\n**{claim['id']}{place(claim)}.** {claim['claim'].strip()}\n\n"
            f"*The paper says:* {claim['paper'].strip()}{note}\n\n"
            + folded(totals(rows.get(claim["id"], [])), table([HEAD, *lines]))
        )
    return "\n".join(blocks)


def place(claim):
    """Where the paper has a claim, in brackets; its figures have numbers of their own."""
    where = claim.get("figure")
    if not where:
        return ""
    return f" (the paper's {'text' if where == 'text' else f'Fig. {where}'})"


def folded(shown, lines):
    """A table of verdicts in MyST that opens at the line of its counts."""
    counts = [badge_html(verdict, f"{n} {verdict}") for verdict, n in shown.items()]
    counts = " ".join(counts) or badge_html(VERDICTS[-1])
    head = f'<details class="claim-verdicts">\n<summary>{counts}</summary>\n\n'
    return f"{head}:::{{div}} claims-table\n{lines}:::\n\n</details>\n"


def totals(found):
    """Verdict -> how many of these rows have it, without zeros, in the order of VERDICTS."""
    counted = Counter(row["verdict"] for row in found)
    return {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]}


def badge(verdict, text=None):
    """A verdict in MyST as a badge: its colour and sign beside its words.

    text : what it says, else the verdict
    """
    return f"[{text or verdict}]{{.verdict .verdict-{BADGES[verdict]}}}"


def badge_html(verdict, text=None):
    """`badge` in HTML, where no Markdown is read."""
    return f'<span class="verdict verdict-{BADGES[verdict]}">{text or verdict}</span>'


def balance(rows):
    """All verdicts on some claims by their count, in MyST: a line of badges that explains them."""
    counted = totals([row for found in rows.values() for row in found])
    stated = " ".join(badge(verdict, f"{n} {verdict}") for verdict, n in counted.items())
    n = sum(counted.values())
    return f"{n} verdicts, each on one claim and one pool, second looks included: {stated}\n"


def claim_line(claim, row, p):
    """The cells of a verdict with their second lines; p is text, "-" where nothing was tested."""
    texts = (row["ours"], row.get("interval") or "-", row["why"])  # from data: no HTML
    ours, interval, why = (html.escape(text, quote=False) for text in texts)
    page = link(row.get("pool", row["page"].title), row["page"])
    return [
        second_line(page, links_behind(claim, row["page"], row["archives"])),
        second_line(ours, interval),
        second_line(badge(row["verdict"]), p if p == "-" else f"*p* {p}"),
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
    test = f"{{download}}`test <../{claim['test'].partition('::')[0]}>`"
    return ", ".join([f"{{numref}}`{figure}`", *record_links(archives), test])


def claims_summary(claims, rows, names):
    """The verdicts alone in MyST: a line for each claim, a column for each variant."""
    variants = list(dict.fromkeys(column_of(r) for found in rows.values() for r in found))
    variants = [name for name in variants if not name.endswith(SECOND_LOOKS)]
    if unknown := set(variants) - names.keys():
        raise PageError(f"verdict for {', '.join(sorted(unknown))}: no variant of variants.yml")
    variants.sort(key=list(names).index)
    lines, shown = [["Claim", *(names[v] for v in variants), "All"]], []
    for claim in claims:
        found = [r for r in rows.get(claim["id"], []) if column_of(r) in variants]
        cells = [
            "<br>".join(summary_cell(r) for r in found if column_of(r) == variant)
            for variant in variants
        ]
        blank = "-" if found else badge(VERDICTS[-1])
        name = f"{{ref}}`{claim['id']} <{anchor(claim)}>`"
        cells = [cell or blank for cell in cells]
        lines.append([f"{name} {claim['claim']}", *cells, total_cell(found)])
        shown += found
    of_columns = [[r for r in shown if column_of(r) == variant] for variant in variants]
    lines.append(["**All**", *map(total_cell, [*of_columns, shown])])
    return f":::{{div}} verdict-summary\n{table(lines)}:::\n"


def total_cell(found):
    """How many of these verdicts there are of each kind, a line each."""
    stated = totals(found).items()
    return "<br>".join(badge(verdict, f"{n} [{verdict}]{{.said}}") for verdict, n in stated) or "-"


def column_of(row):
    """The variant whose column a verdict stands in: the page's, where the row names no other.

    A page on several pools gives each of its rows that of the pool.
    """
    return row.get("variant", row["page"].variant)


def summary_cell(row):
    """A verdict that links to its page, with what it holds `but` for its column's name."""
    but = f" ({row['but']})" if row.get("but") else ""
    linked = badge(row["verdict"], link(row["verdict"], row["page"]))
    return linked + html.escape(but, quote=False)


def anchor(claim):
    """The label of a claim, for references from any page."""
    return f"claim-{claim['id'].lower()}"


def link(text, page):
    """A MyST link to a page, good from any page."""
    return f"{{ref}}`{text} <{page.label}>`"
