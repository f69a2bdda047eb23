"""One page of the book for each notebook: what its variants share once, what differs in tabs.

`book.builder.execute` makes a notebook for each entry of variants.yml. Here those of one notebook
are laid upon each other, block by block of their prose and cell by cell of their code: the same
block is shown once, different ones stand in tabs, a tab for each variant, and a choice holds for
all tabs of the book. The section "What we find" moves to the top.
"""

import re
from functools import cache, partial

import nbformat
import yaml
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from book.builder.pages import ROOT, PageError
from book.builder.postprocess import GLUE, glue_text, glued

FINDINGS = "## What we find"
HEADING = re.compile(r"#+ ")
TARGET = re.compile(r"\([\w-]+\)=$")
GLUED_FIGURE = re.compile(r"(?<=^```\{glue:figure\} )\w+", re.M)
HIDDEN = {"remove-cell", "remove-output"}


def documents(listed):
    """Notebook -> its pages, in the order of variants.yml."""
    found = {}
    for page in listed:
        found.setdefault(page.notebook, []).append(page)
    return found


def write(listed, names, verdicts, root=ROOT):
    """Write the pages that Sphinx reads, from the executed ones.

    Parameters
    ----------
    listed : of `pages.read_pages`;  names : variant -> text of its tab
    verdicts : notebook -> table of its verdicts in MyST, for the top of its page

    Raises
    ------
    PageError
        Where variants of a notebook do not fit together.
    """
    for notebook, pages in documents(listed).items():
        pages = sorted(pages, key=lambda page: list(names).index(page.variant))
        executed = [nbformat.read(root / page.path, as_version=4) for page in pages]
        page = compose(pages, executed, names, verdicts.get(notebook, ""), heading(pages, root))
        path, text = root / f"{pages[0].document}.ipynb", nbformat.writes(page)
        if not path.exists() or path.read_text("utf8") != text:
            path.write_text(text, "utf8")


def heading(pages, root=ROOT):
    """The title of the page: of a single variant its own, else that of the notebook."""
    if len(pages) == 1:
        return pages[0].title
    notebook = nbformat.read(root / pages[0].source, as_version=4)
    return re.match(r"# (.*)", notebook.cells[0].source)[1]


def compose(pages, executed, names, verdicts="", title=None):
    """The page of some variants of a notebook.

    Parameters
    ----------
    pages, executed : of the same notebook, and what they became
    names : variant -> text of its tab;  verdicts : MyST to stand above the findings
    title : else that of the first page
    """
    for page, notebook in zip(pages, executed, strict=True):
        findings_first(notebook)
        suffix_keys(notebook, page.variant)
    laid = Laid(pages, [glued(notebook) for notebook in executed], names)
    if len(pages) == 1:
        laid.say(f"({pages[0].label})=")
    if len({len(notebook.cells) for notebook in executed}) > 1:
        raise PageError(f"{pages[0].notebook}: its variants have different cells: execute them all")
    for cells in zip(*(notebook.cells for notebook in executed), strict=True):
        if cells[0].cell_type == "markdown":
            laid.prose([cell.source for cell in cells], title or pages[0].title, verdicts)
        else:
            laid.code(cells)
    laid.end()
    page = nbformat.v4.new_notebook(cells=laid.cells)
    page.metadata = {k: v for k, v in executed[0].metadata.items() if k != "alutils"}
    for index, cell in enumerate(page.cells):
        cell.id = f"cell-{index:02d}"
    return page


def findings_first(notebook):
    """Move the section "What we find" behind the introduction, where there is one."""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and cell.source.startswith(FINDINGS):
            first, *rest = blocks(cell.source)
            n = next((k for k, block in enumerate(rest) if HEADING.match(block)), len(rest))
            cell.source = "\n\n".join(rest[n:])
            found = nbformat.v4.new_markdown_cell("\n\n".join([first, *rest[:n]]))
            notebook.cells[index : index + 1] = [cell] if cell.source else []
            notebook.cells.insert(1, found)
            return


def suffix_keys(notebook, variant):
    """Append the variant to each key that the notebook glued, and to its uses."""

    def renamed(match):
        name, colon, spec = match[1].partition(":")
        return match[0] if "::" in match[1] else f"{{glue:text}}`{name}-{variant}{colon}{spec}`"

    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = GLUE.sub(renamed, cell.source)
            cell.source = GLUED_FIGURE.sub(lambda m: f"{m[0]}-{variant}", cell.source)
        for output in cell.get("outputs", []):
            if stamp := output.get("metadata", {}).get("scrapbook"):
                stamp["name"] += f"-{variant}"


@cache
def _parser():
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf8"))
    extensions = set(config["parse"]["myst_enable_extensions"])
    return create_md_parser(MdParserConfig(enable_extensions=extensions), RendererHTML)


def blocks(text):
    """The paragraphs, lists, tables, headings, targets and directives of a text, one by one."""
    lines = text.splitlines()
    starts = [t.map[0] for t in _parser().parse(text) if t.level == 0 and t.map and t.nesting >= 0]
    ends = [*starts[1:], len(lines)]
    return ["\n".join(lines[a:b]).strip() for a, b in zip(starts, ends, strict=True)]


class Laid:
    """Cells that grow while variants are laid upon each other.

    cells : finished ones;  shared : blocks since the last one;  apart : rows of different blocks
    """

    def __init__(self, pages, texts, names):
        self.pages, self.texts, self.names = pages, texts, names
        self.cells, self.shared, self.apart = [], [], []
        self.unlabelled = len(pages) > 1  # until the first tabs, which links to a variant open

    def prose(self, sources, title, verdicts):
        """Add a cell of prose, given for each variant."""
        rows = [blocks(source) for source in sources]
        if len({len(row) for row in rows}) > 1:
            raise PageError(f"{self.pages[0].notebook}: a cell of prose differs in its blocks")
        for row in zip(*rows, strict=True):
            if row[0].startswith("# "):
                self.say(f"# {title}")
            elif not self.alike(row):  # a heading would break the tabs
                self.tell_apart([HEADING.sub("", b) if HEADING.match(b) else b for b in row])
            elif TARGET.match(row[0]):
                self.say("\n".join(row))
            else:
                self.say(row[0])
                if row[0] == FINDINGS and verdicts:
                    self.say(verdicts)

    def code(self, cells):
        """Add a cell of code with its outputs, given for each variant."""
        first = nbformat.from_dict(cells[0])
        tags = set(first.metadata.get("tags", []))
        shown = ["" if tags & HIDDEN else output_text(cell) for cell in cells]
        if "parameters" in tags and len(cells) > 1:
            self.tell_apart([f"```python\n{cell.source}\n```" for cell in cells])
            return
        differs = len(set(shown)) > 1
        first.outputs = [o for cell in cells for o in cell.outputs if is_glued(o)]
        if not differs:
            first.outputs += [o for o in cells[0].outputs if not is_glued(o)]
        if "remove-cell" not in tags:
            self.end()
        self.cells.append(first)
        if differs:
            self.tell_apart(shown)

    def alike(self, row):
        """True for blocks that read the same, but for the variant that they refer to."""
        forms = zip(row, self.pages, self.texts, strict=True)
        return len({plain(block, page.variant, texts) for block, page, texts in forms}) == 1

    def say(self, block):
        """Add a block that all variants share."""
        if self.apart:
            self.end()
        self.shared.append(block)

    def tell_apart(self, row):
        """Add a block that differs between variants."""
        if self.shared:
            self.end()
        self.apart.append(row)

    def end(self):
        """Finish the cell that is being written."""
        text = "\n\n".join(block for block in self.shared if block)
        if self.apart:
            text = self.tabs([[b for b in column if b] for column in zip(*self.apart, strict=True)])
            self.unlabelled = False
        if text:
            self.cells.append(nbformat.v4.new_markdown_cell(text))
        self.shared, self.apart = [], []

    def tabs(self, columns):
        """A set of tabs in MyST, one for each variant that has something to say."""
        items = []
        for page, column in zip(self.pages, columns, strict=True):
            if self.unlabelled:
                column = [f"({page.label})=\n*{page.title}*", *column]
            if column:
                text, name = "\n\n".join(column), self.names[page.variant]
                items.append(fence(f"tab-item}} {name}", f":sync: {page.variant}\n\n{text}"))
        return fence("tab-set}", "\n".join([":class: pools", "", *items]))


def plain(block, variant, texts):
    """A block with its numbers in place, and without the variant in what it refers to."""
    fill = partial(glue_text, texts=texts)
    block = GLUE.sub(lambda m: m[0] if "::" in m[1] else fill(m), block)
    return re.sub(rf"-{variant}(?=[`>)])", "", block)


def fence(head, text):
    """A directive around a text that may hold others."""
    inner = max((len(run) for run in re.findall(r"^`{3,}", text, re.M)), default=3)
    ticks = "`" * (inner + 1)
    return f"{ticks}{{{head}\n{text}\n{ticks}"


def is_glued(output):
    """True for what is kept for the prose and not shown in its place."""
    return "scrapbook" in output.get("metadata", {})


def output_text(cell):
    """What a cell shows, in MyST."""
    shown = []
    for output in (o for o in cell.outputs if not is_glued(o)):
        data = output.get("data", {})
        if "text/html" in data:
            table = f'<div class="cell_output">{data["text/html"]}</div>'
            shown.append(f"```{{raw}} html\n{table}\n```")
        else:
            text = output.get("text", data.get("text/plain", "")).rstrip("\n")
            shown.append(f"```text\n{text}\n```" if text else "")
    return "\n\n".join(filter(None, shown))
