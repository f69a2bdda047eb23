"""What a link shows before it is followed: terms, figures and equations, read from the built HTML.

A page that is opened from a folder may not read another one: what the links of all pages lead to is
gathered in one script, which `previews.js` loads when the first card is asked for.
"""

import json
import re
from html import escape
from pathlib import Path
from urllib.parse import unquote, urljoin

from bs4 import BeautifulSoup

SCRIPT = Path("_static", "previews_data.js")
PREFIX = "window.ALUTILS_PREVIEWS = "
KINDS = ("term-", "fig-", "equation-")  # how the ids of what can be shown begin
SENTENCE = re.compile(r"(?<=[.:?])\s+(?=[A-Z])")


def write(html):
    """Write the script into a folder of built HTML; the previews by "PAGE.html#ID"."""
    pages = {
        path.relative_to(html).as_posix(): BeautifulSoup(path.read_text("utf8"), "html.parser")
        for path in sorted(html.rglob("*.html"))
        if "_static" not in path.parts
    }
    wanted = {to for name, page in pages.items() for to in linked(name, page)}
    found = {}
    for to in sorted(wanted):
        name, _, anchor = to.partition("#")
        target = pages[name].find(id=anchor) if name in pages else None
        if target is not None and (shown := preview(name, target)):
            found[to] = shown
    text = PREFIX + json.dumps(found, separators=(",", ":"), ensure_ascii=False) + ";\n"
    (html / SCRIPT).write_text(text, "utf8")
    return found


def linked(name, page):
    """What the article of a page links to and can be shown, as "PAGE.html#ID"."""
    for link in page.select("article a.internal[href*='#']"):
        to = urljoin(name, unquote(link["href"]))
        if to.partition("#")[2].startswith(KINDS):
            yield to


def preview(name, target):
    """What a card shows of an element: its HTML, and for a figure its picture; None for others."""
    if target.name == "dt":
        meaning = target.find_next_sibling("dd")
        return {"html": f"<strong>{plain(target).rstrip('#')}</strong>: {plain(meaning)}"}
    if target.name == "figure" and (picture := target.find("img")):
        number = target.select_one(".caption-number")
        caption = target.select_one(".caption-text")
        first = SENTENCE.split(plain(caption), maxsplit=1)[0] if caption else ""
        words = f"{plain(number)}. {first}" if number else first
        return {"html": words, "picture": urljoin(name, picture["src"])}
    if "math" in target.get("class", []):
        formula = "".join(part for part in target.strings if part.parent is target)
        return {"html": f'<div class="math">{escape(formula.strip(), quote=False)}</div>'}
    return None


def plain(element):
    """Text and formulas of an element on one line, as HTML without links."""
    parts = []
    for part in element.strings:
        text = escape(part, quote=False)
        formula = "math" in part.parent.get("class", [])
        parts.append(f'<span class="math">{text}</span>' if formula else text)
    return " ".join("".join(parts).split())
