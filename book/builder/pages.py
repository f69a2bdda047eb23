"""The pages of variants.yml and their parameters.

A page is one notebook with one set of parameters: notebooks/NN_slug.ipynb becomes
book/experiments/NN_slug-variant.ipynb. The book shows the pages of one notebook as one, with tabs.
"""

import ast
import json
import re
import shlex
import textwrap
from dataclasses import dataclass, field
from pathlib import Path

from alutils.data.validation import read_yaml

ROOT = Path(__file__).resolve().parents[2]
TAB = 4 * " "


class PageError(Exception):
    """What is wrong with a page, where, and what to do: one line for the terminal."""


@dataclass(frozen=True)
class Page:
    """One entry of variants.yml."""

    notebook: str
    variant: str
    title: str
    parameters: dict = field(default_factory=dict)

    @property
    def name(self):
        return f"{self.notebook}-{self.variant}"

    @property
    def source(self):
        return Path("notebooks", f"{self.notebook}.ipynb")

    @property
    def path(self):
        return Path("book", "experiments", f"{self.name}.ipynb")

    @property
    def document(self):
        """The page of the book on which it stands, which it may share with other variants."""
        return f"book/experiments/{self.notebook}"

    @property
    def label(self):
        """What links to it name."""
        return f"page-{self.name}"

    @property
    def files(self):
        """Folder of what the page offers for download."""
        return Path("book", "experiments", "files", self.name)

    def command(self):
        """The Papermill line that runs this page's notebook with this page's parameters."""
        words = [f".venv/bin/papermill {self.source.as_posix()} out.ipynb"]
        for name, value in self.parameters.items():
            if isinstance(value, list):
                words.append("-y " + shlex.quote(f"{name}: {literal(value)}"))
            else:
                words.append(f"-p {name} {shlex.quote(str(value))}")
        return " \\\n  ".join(words)


def read_pages(root=ROOT):
    """The pages of book/variants.yml, in its order; PageError names a bad entry."""
    listed = []
    try:
        table = read_yaml(root / "book/variants.yml")
        entries, variants = list(table["pages"]), set(table["variants"])
    except (ValueError, KeyError, TypeError) as error:
        raise PageError(f"variants.yml: needs `variants` and `pages` ({error})") from None
    for entry in entries:
        try:
            page = Page(**entry)
            if not all(isinstance(text, str) for text in (page.notebook, page.variant, page.title)):
                raise TypeError("notebook, variant and title are text")
            if not isinstance(page.parameters, dict):
                raise TypeError("parameters are a mapping")
        except TypeError as error:
            raise PageError(f"variants.yml: {entry}: {error}") from None
        if not re.fullmatch(r"[a-z0-9_-]{1,80}", page.notebook):
            raise PageError(f"variants.yml: {page.notebook!r} is no notebook's name")
        if page.variant not in variants or not re.fullmatch(r"[a-z0-9-]{1,80}", page.variant):
            raise PageError(f"variants.yml: {page.name}: name the variant (a-z, 0-9, -) on top")
        if not (root / page.source).exists():
            raise PageError(f"variants.yml: {page.name}: there is no {page.source}")
        if page.name in {p.name for p in listed}:
            raise PageError(f"variants.yml: {page.name} is listed twice")
        listed.append(page)
    return listed


# Parameters: literals of one tagged cell, so that they can be read without running anything.


def parameters_cell(notebook):
    """The cell tagged `parameters`."""
    cells = [c for c in notebook.cells if "parameters" in c.metadata.get("tags", [])]
    if len(cells) != 1:
        raise PageError(f"{len(cells)} cells are tagged `parameters`: exactly one must be")
    return cells[0]


def parameters(notebook):
    """Name -> (default, the node of its literal) for each line of the parameters cell."""
    found = {}
    for node in ast.parse(parameters_cell(notebook).source).body:
        try:
            (target,) = node.targets
            found[target.id] = (ast.literal_eval(node.value), node.value)
        except (AttributeError, ValueError):
            raise PageError(f"parameters cell, line {node.lineno}: only `name = literal`") from None
    return found


def check_parameters(page, known):
    """Refuse what Papermill lets pass: an unknown name, text in the place of a number."""
    for name, value in page.parameters.items():
        if name not in known:
            raise PageError(f"unknown parameter {name!r}: {page.source} has {', '.join(known)}")
        kinds = [
            "a number" if isinstance(v, int | float) else type(v).__name__
            for v in (value, known[name][0])
        ]
        if kinds[0] != kinds[1] and None not in (value, known[name][0]):
            hint = " (YAML reads 1e-10 as text: write 1.0e-10)" if kinds[0] == "str" else ""
            raise PageError(f"parameter {name}: {value!r} is not {kinds[1]}{hint}")


def literal(value):
    """Python source of a parameter's value, strings in double quotes as ruff has them."""
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def wrapped(value, width=72):
    """`literal`, a long list of numbers over several lines."""
    text = literal(value)
    if len(text) <= width - 20 or not isinstance(value, list) or '"' in text:
        return text
    lines = textwrap.wrap(f"{text[1:-1]},", width, initial_indent=TAB, subsequent_indent=TAB)
    return "\n".join(["[", *lines, "]"])


def show_parameters(notebook, values, known):
    """Put the page's values into the parameters cell and drop the cell Papermill injected."""
    cell = parameters_cell(notebook)
    lines = [line.encode() for line in cell.source.splitlines()]
    for name in reversed([n for n in known if n in values]):
        node = known[name][1]
        first, last = node.lineno - 1, node.end_lineno - 1
        lines[first : last + 1] = [
            lines[first][: node.col_offset]
            + wrapped(values[name]).encode()
            + lines[last][node.end_col_offset :]
        ]
    cell.source = b"\n".join(lines).decode()
    notebook.cells = [
        c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])
    ]
