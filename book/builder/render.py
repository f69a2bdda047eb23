"""Make tables and HTML from the executed pages and the prose; the last line is index.html.

The HTML is left as it is while nothing it is made from has changed, and otherwise built from
nothing: Sphinx's own incremental build keeps numbers glued from another page as they were, and
reports a warning only once.

python -m book.builder.render
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from PIL import Image

from alutils.report.figure_data import drawn_data, svg
from book.builder import assemble, previews, programs
from book.builder.fragments import (
    equations,
    headline,
    live_loop,
    millions,
    smiles,
    soak,
    which_strategy,
    your_csv,
)
from book.builder.fragments.bench import memory_figure, read_measured, tables, time_figure
from book.builder.fragments.claims import (
    balance,
    claims_summary,
    claims_table,
    read_claims,
    verdict_rows,
)
from book.builder.fragments.explorer import write_script
from book.builder.fragments.live_advice import write_scripts
from book.builder.fragments.markdown import pools_table, table
from book.builder.fragments.status import banners, pages_table, stale_reasons, summary
from book.builder.freshness import file_digest
from book.builder.pages import ROOT, PageError, read_pages
from book.builder.sphinx_ext import STALE

INPUTS = (
    "_config.yml",
    "_toc.yml",
    "*.md",
    "CITATION.cff",
    "tests/bench/*.py",
    "notebooks/*.py",
    "requirements.lock",
    "book/**/*",
    "alutils/**/*.py",  # the prose links source files as downloads, and tables
    "alutils/**/*.csv",
    "alutils/**/*.md",
    "tests/*.py",
)
INDEX = Path("_build", "html", "index.html")
MARK = INDEX.with_name(".made_from")
LONGEST_S = 3600
MATHJAX = ("mathjax/tex-chtml.js", "mathjax/input/tex/", "mathjax/output/chtml/")
ICONS = Path("_static", "scripts", "fontawesome.js")
ICON = re.compile(
    r'"?(?P<name>[a-z0-9-]+)"?:\[\d+,\d+,\[(?P<aliases>[^\]]*)\],"[0-9a-f]*",(?:"[^"]*"|\[[^\]]*\])\],?'
)
UNUSED = ("**/*.map", "_static/locales/**/*", "**/webfonts/*.ttf")  # browsers take the .woff2


def write_tables(listed, root=ROOT):
    """Write the fragments that the prose pages include, beside the executed pages."""
    rows = verdict_rows(listed, root)
    claims = read_claims(rows, root)
    names = yaml.safe_load((root / "book/variants.yml").read_text("utf8"))["variants"]
    bench, results, stale = read_measured("bench"), equations.run(root), stale_reasons(listed, root)
    (root / STALE).write_text(json.dumps(banners(listed, stale)), "utf8")
    for name, text in {
        "claims_table": claims_table(claims, rows),
        "balance": balance(rows),
        "summary": claims_summary(claims, rows, names),
        "pools_table": pools_table(),
        "proofs_table": equations.table(results, root),
        "status": summary(listed, stale, rows, results),
        "status_pages": pages_table(listed, stale, root),
        **tables(bench, table),
        **millions.fragments(read_measured("millions"), table),
        **smiles.fragments(read_measured("smiles"), table),
        **soak.fragments(read_measured("soak") or {}, table),
        **which_strategy.fragments(),
    }.items():
        (root / f"book/experiments/{name}.md").write_text(text, "utf8")
    for name, draw in (("bench_time", time_figure), ("bench_memory", memory_figure)):
        figure, path = draw(bench), root / f"book/experiments/{name}"
        path.with_suffix(".csv").write_text(drawn_data(figure).to_csv(index=False), "utf8")
        path.with_suffix(".svg").write_text(svg(figure), "utf8")
    headline.write(root / "book/experiments", root)
    your_csv.write(root / "book/experiments", root)
    write_script(listed, root)
    write_scripts(root)
    live_loop.write_script(root)
    assemble.write(listed, names, summaries(claims, rows, names), root)


def summaries(claims, rows, names):
    """Notebook -> the verdicts of its pages as a table, pools in columns."""
    notebooks = {row["page"].notebook for found in rows.values() for row in found}
    found = {}
    for notebook in notebooks:
        own = {
            claim: [row for row in of if row["page"].notebook == notebook]
            for claim, of in rows.items()
        }
        own = {claim: of for claim, of in own.items() if of}
        table = claims_summary([c for c in claims if c["id"] in own], own, names)
        found[notebook] = f"{balance(own)}\n{table}"
    return found


def refuse_gaps(listed, root=ROOT):
    """PageError unless the table of contents has the page of each notebook."""
    text = (root / "_toc.yml").read_text("utf8")
    files = set(re.findall(r"\bfile: *(\S+)", text))
    if gaps := sorted({page.document for page in listed} - files):
        raise PageError(f"_toc.yml lists no {', '.join(gaps)}: enter a line `- file: {gaps[0]}`")


def made_from(root=ROOT):
    """sha256 over everything that the HTML is made from."""
    paths = [p for pattern in INPUTS for p in root.glob(pattern) if "records" not in p.parts]
    return file_digest(paths, root)


def is_built(root=ROOT):
    """True if the HTML is there and made, without a warning, from what is there now."""
    mark = root / MARK
    return (root / INDEX).exists() and mark.exists() and mark.read_text() == made_from(root)


def slim(html):
    """Drop what no page asks for, and store pictures with a palette; their SVG is beside them."""
    for path in [path for pattern in UNUSED for path in html.glob(pattern) if path.is_file()]:
        path.unlink()
    for path in (html / "_static/mathjax").rglob("*"):
        if path.is_file() and not path.relative_to(html / "_static").as_posix().startswith(MATHJAX):
            path.unlink()
    for path in (html / "_images").glob("*.png"):
        with Image.open(path) as picture:
            flat = Image.new("RGB", picture.size, "white")
            flat.paste(picture, mask=picture.getchannel("A") if picture.mode == "RGBA" else None)
        flat.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def fewer_icons(html):
    """Leave in the theme's script the icons that a page or a script names, a dozen of 2000."""
    path = html / ICONS
    others = [p for kind in ("html", "js") for p in html.rglob(f"*.{kind}") if p != path]
    used = {name for p in others for name in re.findall(r"\bfa-([a-z0-9-]+)", p.read_text("utf8"))}

    def kept(found):
        names = {found["name"], *re.findall(r'"([^"]+)"', found["aliases"])}
        return found[0] if names & used else ""

    path.write_text(ICON.sub(kept, path.read_text("utf8")), "utf8")


def main(root=ROOT):
    """Write tables and contents, build the HTML if anything changed; the exit status.

    PageError where another build is at work, or a page is not executed yet.
    """
    with programs.alone(root):
        return _render(root)


def _render(root):
    listed = read_pages(root)
    missing = [page.name for page in listed if not (root / page.path).exists()]
    if missing:
        raise PageError(
            f"not executed yet: {', '.join(missing)} (run python -m book.builder.execute)"
        )
    refuse_gaps(listed, root)
    write_tables(listed, root)
    if not is_built(root):
        for name in ("html", "jupyter_execute", ".doctrees"):
            shutil.rmtree(root / "_build" / name, ignore_errors=True)
        before = made_from(root)
        print("building the HTML, about a minute; nothing is opened", flush=True)
        command = [str(Path(sys.executable).with_name("jupyter-book")), "build", ".", "-q"]
        command += ["-n", "-W", "--keep-going"]
        done = programs.run(
            "Sphinx", command, LONGEST_S, cwd=root, stdout=subprocess.PIPE, text=True
        )
        if done.returncode:
            print(done.stdout)
            return 1
        slim(root / INDEX.parent)
        fewer_icons(root / INDEX.parent)
        previews.write(root / INDEX.parent)
        (root / MARK).write_text(before)
    print(INDEX.as_posix())
    return 0


if __name__ == "__main__":
    programs.main("render", main)
