"""Make tables and HTML from the executed pages and the prose; the last line is index.html.

The HTML is left as it is while nothing it is made from has changed, and otherwise built from
nothing: Sphinx's own incremental build keeps numbers glued from another page as they were, and
reports a warning only once.

python book/render.py
"""

import ast
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

import matplotlib as mpl
import nbformat
import yaml
from bench_page import memory_figure, read_bench, tables, time_figure
from execute import ROOT, PageError, file_digest, glued, verify
from tables import pools_table, table

INPUTS = (
    "_config.yml",
    "_toc.yml",
    "*.md",
    "requirements.lock",
    "book/**/*",
    "alutils/**/*.py",  # the prose links source files as downloads
    "alutils/**/*.md",
    "tests/*.py",
)
INDEX = Path("_build", "html", "index.html")
MARK = INDEX.with_name(".made_from")
VERDICTS = ("supported", "not supported", "undecided", "cannot be tested here")
SECOND_LOOKS = ("-authors", "-wide")  # variants that explain a difference: not in the summary
HEAD = ["Page", "Ours", "Margin or interval", "Verdict", "Why"]


def verdict_rows(listed, root=ROOT):
    """Claim id -> rows that the executed pages glued as `verdicts`, in the order of the pages."""
    rows = {}
    for page in listed:
        text = glued(nbformat.read(root / page.path, as_version=4)).get("verdicts")
        for row in json.loads(ast.literal_eval(text)) if text else []:
            missing = {"claim", "ours", "verdict", "why"} - row.keys()
            if missing:
                raise PageError(f"{page.name}: verdict without {', '.join(sorted(missing))}: {row}")
            if row["verdict"] not in VERDICTS:
                raise PageError(f"{page.name}: verdict {row['verdict']!r}: {', '.join(VERDICTS)}")
            rows.setdefault(row["claim"], []).append({"page": page, **row})
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
    for claim in claims:
        name = f"{claim['id']} (Fig. {claim['figure']})" if claim.get("figure") else claim["id"]
        note = f"\n\n*Note:* {claim['note'].strip()}" if claim.get("note") else ""
        lines = [HEAD]
        for row in rows.get(claim["id"], []):
            page = link(row.get("pool", row["page"].title), row["page"])
            verdict = f"**{row['verdict']}**"
            texts = (row["ours"], row.get("interval") or "-", row["why"])  # from data: no HTML
            ours, interval, why = (html.escape(text, quote=False) for text in texts)
            lines.append([page, ours, interval, verdict, why])
        if len(lines) == 1:
            lines.append(["-", "-", "-", f"**{VERDICTS[-1]}**", claim["untestable"]])
        blocks.append(
            f"({anchor(claim)})=\n**{name}.** {claim['claim'].strip()}\n\n"
            f"*The paper says:* {claim['paper'].strip()}{note}\n\n{table(lines)}\n"
        )
    return "\n".join(blocks)


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


def write_tables(listed, root=ROOT):
    """Write the fragments that the prose pages include, beside the executed pages."""
    rows = verdict_rows(listed, root)
    claims = read_claims(rows, root)
    names = yaml.safe_load((root / "book/variants.yml").read_text("utf8"))["variants"]
    bench = read_bench()
    for name, text in {
        "claims_table": claims_table(claims, rows),
        "summary": claims_summary(claims, rows, names),
        "pools_table": pools_table(),
        **tables(bench, table),
    }.items():
        (root / f"book/experiments/{name}.md").write_text(text, "utf8")
    with mpl.rc_context({"svg.hashsalt": "alutils"}):  # or the ids in the file are random
        for name, figure in (("time", time_figure), ("memory", memory_figure)):
            path = root / f"book/experiments/bench_{name}.svg"
            figure(bench).savefig(path, metadata={"Date": None})


def made_from(root=ROOT):
    """sha256 over everything that the HTML is made from."""
    paths = [p for pattern in INPUTS for p in root.glob(pattern) if "records" not in p.parts]
    return file_digest(paths, root)


def is_built(root=ROOT):
    """True if the HTML is there and made, without a warning, from what is there now."""
    mark = root / MARK
    return (root / INDEX).exists() and mark.exists() and mark.read_text() == made_from(root)


def main(root=ROOT):
    """Verify the pages, write the tables, build the HTML if anything changed; the exit status."""
    write_tables(verify(root), root)
    if not is_built(root):
        for name in ("html", "jupyter_execute", ".doctrees"):
            shutil.rmtree(root / "_build" / name, ignore_errors=True)
        before = made_from(root)
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-q"]
        command += ["-n", "-W", "--keep-going"]
        done = subprocess.run(command, cwd=root, stdout=subprocess.PIPE, text=True, check=False)
        if done.returncode:
            print(done.stdout)
            return 1
        (root / MARK).write_text(before)
    print(INDEX.as_posix())
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except PageError as error:
        sys.exit(f"book/render.py: {error}")
