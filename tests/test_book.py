"""The built book, as a reader's browser finds it: pages, figures, links, nothing left over."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import numpy as np
import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup

from book.builder import assemble, freshness, pages, postprocess, render, sphinx_ext
from book.builder.fragments import claims
from book.builder.fragments.status import banners, stale_reasons
from book.builder.pages import ROOT

HTML = ROOT / "_build" / "html"
PAGES = pages.read_pages()
BUILT = {"genindex.html", "search.html", "index.html"}
LEFT_OVER = re.compile(
    r"WARNING|Traceback|\{(?:glue|numref|eq|ref|doc|cite)|np\.float|\bsystem-message\b"
    r"|<Figure size|object at 0x"
)
# The searches of the third are a table, which its text offers.
WITHOUT_RECORDS = ("01_homo_distributions", "08_own_molecules", "15_when_to_stop")
SMALLEST_FIGURE = 5_000  # bytes: an empty pair of axes has more


def toc():
    """The files of _toc.yml, in its order."""
    return re.findall(r"\b(?:root|file): *(\S+)", (ROOT / "_toc.yml").read_text("utf8"))


@cache
def source(path):
    """The text of one built page."""
    assert path.exists(), f"{path.name} is not in the built book: make book"
    return path.read_text("utf8")


@cache
def out_of_date():
    """Name -> why, of the pages that are older than what they were made from."""
    return stale_reasons(PAGES)


def html(name):
    """One built page, parsed."""
    return BeautifulSoup(source(HTML / f"{name}.html"), "html.parser")


@cache
def anchors(path):
    """The ids of one built page."""
    soup = BeautifulSoup(source(path), "html.parser")
    return {tag["id"] for tag in soup.find_all(id=True)} | {
        tag["name"] for tag in soup.find_all("a", attrs={"name": True})
    }


def executed(page):
    return nbformat.read(ROOT / page.path, as_version=4)


def markdown(page):
    return "\n\n".join(c.source for c in executed(page).cells if c.cell_type == "markdown")


def figures(page):
    """The figures of one variant in the built page, which others may share."""
    shown = html(page.document).select("article figure")
    variants = [p.variant for p in PAGES if p.notebook == page.notebook]
    longer = [f"-{v}" for v in variants if v.endswith(f"-{page.variant}")]
    return [
        figure
        for figure in shown
        if figure["id"].endswith(f"-{page.variant}") and not figure["id"].endswith(tuple(longer))
    ]


@pytest.fixture(params=toc())
def name(request):
    return request.param


@pytest.fixture(params=PAGES, ids=lambda page: page.name)
def page(request):
    return request.param


def test_contents_list_every_prose_page():
    prose = {path.relative_to(ROOT).with_suffix("").as_posix() for path in ROOT.glob("book/*.md")}
    assert prose | {page.document for page in PAGES} == set(toc())
    assert len(set(toc())) == len(toc())


def test_built_pages_are_those_of_the_contents():
    built = {path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html")}
    built = {name for name in built if not name.startswith("_")}
    assert built - BUILT == {f"{name}.html" for name in toc()}


def test_the_html_is_made_from_what_is_there_now():
    freshness.verify()
    assert render.is_built(), "the HTML is older than what it is made from: make book"


def test_no_page_is_out_of_date_and_none_carries_the_banner(name):
    assert name not in banners(PAGES, out_of_date())
    assert not html(name).select(".stale-page")


def test_page_has_one_title_and_prose(name):
    soup = html(name)
    (title,) = soup.select("article h1")
    assert len(title.get_text().strip("#")) > 3
    assert len(soup.select_one("article").get_text().split()) > 30


def test_nothing_is_left_over(name):
    article = html(name).select_one("article")
    assert not article.select(".system-message, .problematic, .traceback, .stderr")
    for code in article.select("pre, code, script, .math"):
        code.extract()
    found = LEFT_OVER.search(article.get_text())
    assert not found, f"...{article.get_text()[max(0, found.start() - 60) : found.end() + 60]}..."


def test_no_path_of_a_machine(name):
    found = postprocess.MACHINE_PATH.search(html(name).select_one("article").get_text())
    assert not found, found


def test_images_are_there_and_described(name):
    for image in html(name).select("article img"):
        target = (HTML / name).parent / unquote(image["src"])
        assert target.is_file(), image["src"]
        assert image.get("alt", "").strip(), image["src"]
        assert image["alt"] != image["src"]


def test_internal_links_and_anchors_resolve(name):
    here = HTML / f"{name}.html"
    for link in html(name).select("a[href]"):
        address = urlsplit(link["href"])
        if address.scheme or address.netloc:
            continue
        target = (here.parent / unquote(address.path)).resolve() if address.path else here
        assert target.is_file(), f"{name}: {link['href']}"
        if address.fragment and target.suffix == ".html":
            assert unquote(address.fragment) in anchors(target), f"{name}: {link['href']}"


def test_every_figure_of_the_page_is_shown_with_caption_and_alt_text(page):
    names = re.findall(r"^name: (fig-[a-z0-9-]+)$", markdown(page), re.M)
    assert names
    assert [figure["id"] for figure in figures(page)] == names
    for figure in figures(page):
        (image,) = figure.select("img")
        caption = figure.select_one("figcaption .caption-text").get_text()
        assert figure["id"].endswith(f"-{page.variant}")
        assert len(image["alt"].split()) >= 10 and len(caption.split()) >= 8
        assert re.search(r"Fig\. \d+", figure.select_one(".caption-number").get_text())
        png = (HTML / page.path.parent / image["src"]).read_bytes()
        assert png.startswith(b"\x89PNG") and len(png) > SMALLEST_FIGURE


def test_beneath_every_figure_are_its_files_and_its_command(page):
    for figure in figures(page):
        below = figure.find_next(class_="figure-links")
        offered = {Path(unquote(link["href"])).name for link in below.select("a[href]")}
        assert {f"{figure['id']}.{kind}" for kind in ("svg", "csv", "yml")} <= offered
        assert {f"{page.notebook}.py", f"{page.notebook}.ipynb"} <= offered
        assert (
            any(name.endswith((".zip", ".xz")) for name in offered)
            or page.notebook in WITHOUT_RECORDS
        )
        assert f"make figure NAME={figure['id']}" in below.get_text()
        assert below.name == "details" and below.find("summary").get_text(strip=True)


def test_the_picture_of_the_readme_is_that_of_the_book():
    shown, built = (pd.read_csv(ROOT / f"book/{name}headline.csv") for name in ("", "experiments/"))
    numbers = ["x", "x_low", "x_high"]
    # In % of A's: on another processor a pick more or less moves the last point by less than this.
    np.testing.assert_allclose(shown[numbers], built[numbers], atol=2)
    rest = [name for name in built if name not in numbers]
    assert shown[rest].equals(built[rest])
    text = (ROOT / "README.md").read_text("utf8")
    assert "](book/headline.svg)" in text and (ROOT / "book/headline.svg").is_file()


def test_the_page_shows_its_title_parameters_and_command(page):
    soup = html(page.document)
    shared = [other for other in PAGES if other.notebook == page.notebook]
    assert soup.select_one("article h1").get_text().rstrip("#") == assemble.heading(shared)
    text = soup.select_one("article").get_text()
    assert page.title in text and page.command() in text
    for parameter, value in page.parameters.items():
        assert f"{parameter} = {pages.wrapped(value)}" in text


def test_glued_numbers_of_the_page_are_in_its_html(page):
    texts = postprocess.glued(executed(page))
    shown = html(page.document).select_one("article").get_text()
    shown = shown.replace(f"{sphinx_ext.NO_BREAK}%", "%")
    for role in postprocess.GLUE.finditer(markdown(page)):
        if "::" not in role[1]:
            assert postprocess.glue_text(role, texts) in shown, role[0]


def test_every_claim_has_its_verdicts():
    listed = yaml.safe_load((ROOT / "book/claims.yml").read_text("utf8"))
    article = html("book/claims").select_one("article")
    for claim in listed:
        rows = article.find(id=claims.anchor(claim)).find_next("table").select("tr")
        head, *found = [row.select("th, td") for row in rows]
        assert [cell.get_text().strip() for cell in head] == claims.HEAD, claim["id"]
        verdicts = [cells[2].select_one(".verdict").get_text() for cells in found]
        assert verdicts and set(verdicts) <= set(claims.VERDICTS), claim["id"]
        assert all(cells[3].get_text().strip() for cells in found), claim["id"]


def test_functions_and_tests_named_in_the_prose_exist():
    prose = "".join(path.read_text("utf8") for path in ROOT.glob("book/*.md"))
    named = set(re.findall(r"((?:alutils|tests)/[\w/]+\.py)::([\w.]+)", prose))
    assert named
    for file, names in named:
        code = (ROOT / file).read_text("utf8")
        for name in names.split("."):
            defined = rf"^\s*(?:def|class) {name}\b|^{name} = "
            assert re.search(defined, code, re.M), f"{file} has no {name}"


def test_equations_need_no_network():
    scripts = [tag["src"] for tag in html("book/methods").select("script[src]")]
    (mathjax,) = [source for source in scripts if "mathjax" in source]
    assert (HTML / "book" / urlsplit(mathjax).path).is_file()
