"""From Papermill's output to a page: glue filled in, labels made unique, nothing volatile kept."""

import html
import json
import os
import re
import sys
from functools import partial
from pathlib import Path

import nbformat
from myst_nb.core.variables import format_plain_text

from book.builder.pages import ROOT, PageError, parameters, show_parameters

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
    r"(?<![\w.:~/!-])/(?:home|Users|root|work|tmp|private|var|opt|usr|srv|mnt|media)/[\w.]"
    r"|\b[A-Z]:\\+[\w.]"
)


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
        if cell.get("outputs"):
            cell.outputs = list(_joined(cell.outputs))
    return first


def _joined(outputs):
    """The outputs, parts of one stream as one: where it is cut depends on the machine."""
    last = None
    for output in outputs:
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
            continue
        if last:
            yield last
        last = output
    yield last


def refuse_paths(notebook):
    """Raise PageError if a cell's source or output holds a path of this machine."""
    own = [str(ROOT), str(Path.home()), sys.prefix, os.environ.get("ALUTILS_DATA", "")]
    own = [path for path in own if path.count("/") > 1]  # "/book" also begins links of the book
    for index, cell in enumerate(notebook.cells):
        texts = [cell.source] + [
            output.get("text", "")
            + json.dumps({k: v for k, v in output.get("data", {}).items() if "image/" not in k})
            + "".join(output.get("traceback", []))
            for output in cell.get("outputs", [])
        ]
        for text in texts:
            found = MACHINE_PATH.search(text)
            hit = found[0] if found else next((p for p in own if p in text), None)
            if hit:
                raise PageError(f"cell {index}: a path of this machine ({hit}...): print none")


def make_page(notebook, page):
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
