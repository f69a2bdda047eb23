"""The pages of variants.yml: their parameters, what each is made from, and whether it still is.

A page is one notebook with one set of parameters: notebooks/NN_slug.ipynb becomes
book/experiments/NN_slug-variant.ipynb. It is fresh while its key (notebook, parameters, alutils,
embedded data, records, lock, the runner) and its content are unchanged.
"""

import ast
import hashlib
import json
import os
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from alutils.data.validation import read_yaml

ROOT = Path(__file__).resolve().parents[2]
SOURCES = (
    "alutils/**/*.py",
    "alutils/**/*.mplstyle",
    "alutils/data/pools/*.npz",
    "alutils/data/pools/*.json",
    "book/records/**/*",
    "book/builder/pages.py",
    "book/builder/postprocess.py",
    "book/builder/downloads.py",
    "book/builder/execute.py",
    "requirements.lock",
)


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


def show_parameters(notebook, values, known):
    """Put the page's values into the parameters cell and drop the cell Papermill injected."""
    cell = parameters_cell(notebook)
    lines = [line.encode() for line in cell.source.splitlines()]
    for name in reversed([n for n in known if n in values]):
        node = known[name][1]
        first, last = node.lineno - 1, node.end_lineno - 1
        lines[first : last + 1] = [
            lines[first][: node.col_offset]
            + literal(values[name]).encode()
            + lines[last][node.end_col_offset :]
        ]
    cell.source = b"\n".join(lines).decode()
    notebook.cells = [
        c for c in notebook.cells if "injected-parameters" not in c.metadata.get("tags", [])
    ]


# Keys: what a page was made from.


def digest(*parts):
    """sha256 over strings and bytes, each with its length."""
    h = hashlib.sha256()
    for part in parts:
        part = part if isinstance(part, bytes) else str(part).encode()
        h.update(f"{len(part)}:".encode() + part)
    return h.hexdigest()


def file_digest(paths, base):
    """sha256 over names, relative to base, and contents."""
    parts = []
    for path in sorted(set(paths)):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [path.relative_to(base).as_posix(), path.read_bytes()]
    return digest(*parts)


def source_digest(root=ROOT):
    """sha256 over everything that all pages are made from."""
    return file_digest((p for pattern in SOURCES for p in root.glob(pattern)), root)


def key(page, sources, root=ROOT):
    """sha256 over what this page is made from; local data count where the page names any."""
    notebook = nbformat.read(root / page.source, as_version=4)
    known = parameters(notebook)
    check_parameters(page, known)
    values = {n: default for n, (default, _) in known.items()} | page.parameters
    data = [values.get("dataset", []), values.get("datasets", [])]
    names = [n for d in data for n in ([d] if isinstance(d, str) else d or [])]
    local = ""
    if os.environ.get("ALUTILS_DATA") and not all(
        (root / f"alutils/data/pools/{n}.npz").exists() for n in names
    ):
        folder = Path(os.environ["ALUTILS_DATA"])
        local = file_digest(folder.iterdir(), folder)
    cells = [[c.cell_type, c.source, c.metadata.get("tags", [])] for c in notebook.cells]
    return digest(sources, local, json.dumps(cells), json.dumps(values), page.title, page.name)


def content_digest(notebook):
    """sha256 over a finished page, its own stamp left out."""
    notebook = nbformat.from_dict(notebook)
    notebook.metadata.pop("alutils", None)
    return digest(nbformat.writes(notebook))


def is_fresh(page, sources, root=ROOT):
    """True if the executed page is there, unaltered, and made from what is there now."""
    try:
        notebook = nbformat.read(root / page.path, as_version=4)
    except (OSError, nbformat.reader.NotJSONError):
        return False
    now = stamp(page, notebook, key(page, sources, root), root)
    return now.items() <= notebook.metadata.get("alutils", {}).items()


def stamp(page, notebook, made_from, root=ROOT):
    """What marks a finished page: the key it was made from, and what it and its files held."""
    files = file_digest((root / page.files).glob("*"), root)
    return {"key": made_from, "content": content_digest(notebook), "files": files}


def verify(root=ROOT):
    """Raise PageError unless book/experiments holds every page, fresh, and no other."""
    listed, sources = read_pages(root), source_digest(root)
    stale = [p.name for p in listed if not is_fresh(p, sources, root)]
    extra = sorted(unlisted(listed, root))
    if stale or extra:
        what = [f"stale: {', '.join(stale)}"] if stale else []
        what += [f"not in variants.yml: {', '.join(p.stem for p in extra)}"] if extra else []
        raise PageError("; ".join(what) + " (run python -m book.builder.execute)")
    return listed


def unlisted(listed, root=ROOT):
    """Notebooks of book/experiments that are no page."""
    wanted = {root / p.path for p in listed}
    return {p for p in (root / "book/experiments").glob("*.ipynb") if p not in wanted}
