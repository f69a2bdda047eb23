"""Execute the pages of variants.yml with Papermill and make each ready for Jupyter Book.

A page is one notebook with one set of parameters: notebooks/NN_slug.ipynb becomes
book/experiments/NN_slug-variant.ipynb. It is reused while its key (notebook, parameters,
alutils, embedded data, records, lock, this file) and its content are unchanged, and verify()
refuses to go on with any other page. Two pages run at a time, each through the command that a
reader would type.

python book/execute.py [PAGE ...]
"""

import ast
import hashlib
import html
import json
import os
import re
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import nbformat
import yaml
from myst_nb.core.variables import format_plain_text

from alutils.untrusted import read_yaml

ROOT = Path(__file__).resolve().parents[1]
SOURCES = (
    "alutils/**/*.py",
    "alutils/**/*.mplstyle",
    "alutils/pools/*.npz",
    "alutils/pools/*.json",
    "book/records/**/*",
    "notebooks/reference/**/*",
    "book/execute.py",
    "requirements.lock",
)
CELL_SECONDS = 1200
GLUE = re.compile(r"\{glue:text\}`([^`]+)`")
FIGURE_OPTIONS = re.compile(r"(?<=^```\{glue:figure\})(.*?\n---\n)(.*?)(?=^---$)", re.M | re.S)
LABEL = re.compile(
    r"^\((?P<section>[\w-]+)\)=\s*$"
    r"|^\s*:?(?:name|label):\s*(?P<directive>[\w-]+)\s*$"
    r"|\$\$\s*\((?P<equation>[\w-]+)\)",
    re.M,
)
REFERENCE = re.compile(r"(\{(?:numref|ref|eq)\}`(?:[^`<]*<)?|\]\(#?)([\w-]+)(?=>?`|\))")
COMMAND = re.compile(r"^\.venv/bin/papermill notebooks/(?:.*\\\n)*.*$", re.M)
MACHINE_PATH = re.compile(
    r"(?<![\w.:~/-])/(?:home|Users|root|work|tmp|private|var|opt|usr|srv|mnt|media)/[\w.]"
    r"|\b[A-Z]:\\+[\w.]"
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

    def command(self):
        """The Papermill line that runs this page's notebook with this page's parameters."""
        words = [f".venv/bin/papermill {self.source.as_posix()} out.ipynb"]
        for name, value in self.parameters.items():
            if isinstance(value, list):
                words.append("-y " + shlex.quote(f"{name}: {literal(value)}"))
            else:
                words.append(f"-p {name} {shlex.quote(str(value))}")
        return " \\\n  ".join(words)


def pages(root=ROOT):
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
        (root / f"alutils/pools/{n}.npz").exists() for n in names
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
    stamp = notebook.metadata.get("alutils", {})
    return stamp.get("key") == key(page, sources, root) and stamp.get("content") == content_digest(
        notebook
    )


def verify(root=ROOT):
    """Raise PageError unless book/experiments holds every page, fresh, and no other."""
    listed, sources = pages(root), source_digest(root)
    stale = [p.name for p in listed if not is_fresh(p, sources, root)]
    extra = sorted(unlisted(listed, root))
    if stale or extra:
        what = [f"stale: {', '.join(stale)}"] if stale else []
        what += [f"not in variants.yml: {', '.join(p.stem for p in extra)}"] if extra else []
        raise PageError("; ".join(what) + " (run python book/execute.py)")
    return listed


def unlisted(listed, root=ROOT):
    """Notebooks of book/experiments that are no page."""
    wanted = {root / p.path for p in listed}
    return {p for p in (root / "book/experiments").glob("*.ipynb") if p not in wanted}


# Finishing: from Papermill's output to a page.


def glued(notebook):
    """Key -> text of everything the notebook glued as text (as stored: repr of the value)."""
    texts = {}
    for output in (o for c in notebook.cells for o in c.get("outputs", [])):
        stamp = output.get("metadata", {}).get("scrapbook")
        if stamp:
            texts[stamp["name"]] = output["data"].get(stamp["mime_prefix"] + "text/plain")
    return texts


def glue_text(match, texts):
    """What the role {glue:text}`key:format` shows; PageError if Sphinx could not show it."""
    name, _, spec = match[1].partition(":")
    if name not in texts:
        raise PageError(f"{match[0]}: nothing is glued as {name!r}")
    try:
        return format_plain_text(texts[name], spec or "s")
    except (TypeError, ValueError) as error:
        raise PageError(f"{match[0]}: {texts[name]} cannot be formatted ({error})") from None


def fill_glue(text, texts):
    """Put glued values where Sphinx parses no role, headings and alt text; check all others."""
    fill = partial(glue_text, texts=texts)
    for role in GLUE.finditer(text):
        if "::" not in role[1]:
            fill(role)
    text = FIGURE_OPTIONS.sub(lambda m: m[1] + GLUE.sub(fill, m[2]), text)

    def in_heading(match):  # Markdown is read after this: a value must not become HTML
        return html.escape(fill(match), quote=False)

    return re.sub(r"^#+ .*", lambda m: GLUE.sub(in_heading, m[0]), text, flags=re.M)


def suffix_labels(texts, variant):
    """Append the variant to every label that these markdown texts define, and to its uses."""
    labels = {m[m.lastgroup] for t in texts for m in LABEL.finditer(t)}

    def renamed(name):
        return f"{name}-{variant}" if name in labels else name

    def defined(match):
        start, end = (at - match.start() for at in match.span(match.lastgroup))
        return match[0][:start] + renamed(match[match.lastgroup]) + match[0][end:]

    return [REFERENCE.sub(lambda m: m[1] + renamed(m[2]), LABEL.sub(defined, t)) for t in texts]


def strip(notebook):
    """Drop what differs from run to run: times, versions, identifiers, streams on stderr.

    Returns the first line of what was dropped from stderr, or None.
    """
    first = None
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    keep = {k: v for k, v in notebook.metadata.items() if k == "jupytext"}
    notebook.metadata = nbformat.from_dict(
        {**keep, "kernelspec": kernel, "language_info": {"name": "python"}}
    )
    for index, cell in enumerate(notebook.cells):
        cell.id = f"cell-{index:02d}"
        for name in ("papermill", "execution"):
            cell.metadata.pop(name, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        for output in list(cell.get("outputs", [])):
            if output.get("name") == "stderr":
                first = first or output["text"].strip().splitlines()[0]
                cell.outputs.remove(output)
    return first


def refuse_paths(notebook):
    """Raise PageError if a cell's source or output holds a path of this machine."""
    own = [str(ROOT), str(Path.home()), sys.prefix, os.environ.get("ALUTILS_DATA", "")]
    for index, cell in enumerate(notebook.cells):
        texts = [cell.source] + [
            output.get("text", "")
            + json.dumps({k: v for k, v in output.get("data", {}).items() if "image/" not in k})
            + "".join(output.get("traceback", []))
            for output in cell.get("outputs", [])
        ]
        for text in texts:
            found = MACHINE_PATH.search(text)
            hit = found[0] if found else next((p for p in own if len(p) > 1 and p in text), None)
            if hit:
                raise PageError(f"cell {index}: a path of this machine ({hit}...): print none")


def finish(notebook, page):
    """Turn an executed notebook into the page, in place; returns what stderr said, or None."""
    known = parameters(notebook)
    show_parameters(notebook, page.parameters, known)
    said = strip(notebook)
    refuse_paths(notebook)
    texts = glued(notebook)
    prose = [c for c in notebook.cells if c.cell_type == "markdown"]
    if not prose or not re.match(r"# .", prose[0].source):
        raise PageError("the first markdown cell must begin with the title: # ...")
    prose[0].source = re.sub(r"^# .*", lambda m: f"# {page.title}", prose[0].source, count=1)
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            try:
                cell.source = fill_glue(cell.source, texts)
            except PageError as error:
                raise PageError(f"cell {index}: {error}") from None
    for cell, text in zip(
        prose, suffix_labels([c.source for c in prose], page.variant), strict=True
    ):
        cell.source = text
    for cell in prose:
        cell.source, done = COMMAND.subn(lambda m: page.command(), cell.source, count=1)
        if done:
            break
    return said


# Running.


def papermill(page, root=ROOT):
    """Run Papermill on the page's notebook; the executed notebook, or PageError."""
    raw = Path("_build", "papermill", f"{page.name}.ipynb")
    (root / raw).parent.mkdir(parents=True, exist_ok=True)
    (root / raw).unlink(missing_ok=True)
    env = os.environ | {f"{n}_NUM_THREADS": "1" for n in ("OPENBLAS", "OMP", "MKL")}
    command = [sys.executable, "-m", "papermill", page.source.as_posix(), raw.as_posix()]
    command += ["--no-progress-bar", "--execution-timeout", str(CELL_SECONDS)]
    command += ["-y", yaml.safe_dump(page.parameters)] if page.parameters else []
    done = subprocess.run(
        command, cwd=root, env=env, stderr=subprocess.PIPE, text=True, check=False
    )
    notebook = nbformat.read(root / raw, as_version=4) if (root / raw).exists() else None
    if done.returncode or notebook is None:
        raise PageError(short_error(notebook, done.stderr) + f" (see {raw.as_posix()})")
    return notebook


def short_error(notebook, stderr):
    """The error of the first cell that failed, or the last line that Papermill said."""
    cells = notebook.cells if notebook else []
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                at = cell.execution_count or "?"
                first = cell.source.strip().splitlines()[0]
                what = (output.evalue.strip().splitlines() or [""])[0]
                return f"In [{at}] `{first}`: {output.ename}: {what}"
    return (stderr.strip().splitlines() or ["Papermill failed and said nothing"])[-1]


def execute(page, sources, root=ROOT):
    """Execute and finish one page; one line at its start, one at its end. True if all is well."""
    print(f"{page.name}: started", flush=True)
    start = time.monotonic()
    try:
        stamp = key(page, sources, root)
        notebook = papermill(page, root)
        said = finish(notebook, page)
    except PageError as error:
        print(f"{page.name}: FAILED after {time.monotonic() - start:.0f} s: {error}", flush=True)
        return False
    notebook.metadata["alutils"] = {"key": stamp, "content": content_digest(notebook)}
    (root / page.path).parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, root / page.path)
    aside = f" (dropped from stderr: {said})" if said else ""
    print(f"{page.name}: done in {time.monotonic() - start:.0f} s{aside}", flush=True)
    return True


def main(names=(), root=ROOT):
    """Execute the stale pages, or those of the given names; the exit status."""
    listed, sources = pages(root), source_digest(root)
    unknown = set(names) - {p.name for p in listed}
    if unknown:
        raise PageError(f"no page {', '.join(sorted(unknown))}: see variants.yml")
    for path in unlisted(listed, root):
        path.unlink()
    stale = []
    for page in listed:
        if not names or page.name in names:
            try:
                fresh = is_fresh(page, sources, root)
            except PageError as error:
                raise PageError(f"{page.name}: {error}") from None
            if not fresh:
                (root / page.path).unlink(missing_ok=True)
                stale.append(page)
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda p: execute(p, sources, root), stale))
    print(f"{len(listed)} pages: {sum(done)} executed, {len(stale) - sum(done)} failed", flush=True)
    return 0 if all(done) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except PageError as error:
        sys.exit(f"book/execute.py: {error}")
