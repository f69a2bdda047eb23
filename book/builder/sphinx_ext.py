"""A Sphinx extension: what the reader should know before reading a page.

A banner on pages that are older than the code or records they used, named in _build/stale.json,
and, once `repository_url` is set in _config.yml, links to run and to read the notebook elsewhere.
"""

import json
import re
from html import escape
from pathlib import Path
from urllib.parse import quote, urlsplit

from alutils.analysis.statistics import VERDICTS
from book.builder.fragments.claims import badge_html

CITATIONS = {  # Docutils' list and entries have roles that they may not have
    '<div role="list" class="citation-list">': '<div class="citation-list">',
    ' role="doc-biblioentry"': "",
}
STALE = Path("_build", "stale.json")
LINKS = re.compile(r'<div class="(figure-links) docutils">(.*?)</div>', re.S)
BEHIND = r'<details class="\1"><summary>Data, source, records</summary>\2</details>'
NO_HEAD = re.compile(r"<th( [^>]*)?>\s*(?:<p>\s*</p>)?\s*</th>")
ANY = "|".join(VERDICTS)
SAID = re.compile(rf'<(td|span class="pasted-text")>(?:<p>)?({ANY})(?:</p>)?</(td|span)>')
GLUED = re.compile(r'<span class="pasted-text">[^<]*')
PER_CENT, NO_BREAK = re.compile(r"(?<=\d)%"), "\u00a0"
# What a page computes in the browser -> the scripts that it then needs, in this order, and a style.
LIVE = {
    'id="live-advice"': (
        *("live/modules.js", "live/linear.js", "live/random.js", "live/line_search.js"),
        *("live/climb.js", "live/optimise.js", "live/gp.js", "live/statistics.js"),
        *("live/noise.js", "live/replay.js", "live/advice.js", "live/tables.js"),
        *("live/probe_file.js", "live/fingerprints.js", "live/advice_worker.js"),
        *("live/advice_form.js", "live/advice_text.js", "live/advice_picture.js"),
        *("advice_data.js", "live/advice_view.js", "live/advice.css"),
    )
}


def launch_links(repository, notebook):
    """(text, address) of Binder and of the tracked notebook, for a repository on a known host."""
    address = urlsplit(repository)
    where = address.path.strip("/").removesuffix(".git")
    host = {"github.com": "gh", "gitlab.com": "gl"}.get(address.netloc)
    links = []
    if host:
        name = quote(where, safe="/" if host == "gh" else "")
        lab = quote(f"lab/tree/{notebook}", safe="")
        binder = f"https://mybinder.org/v2/{host}/{name}/HEAD?urlpath={lab}"
        links.append(("Run this notebook on Binder", binder))
    source = f"https://{address.netloc}/{where}/blob/HEAD/{notebook}"
    return [*links, ("Read its source", source)]


def banner(reason):
    """The banner of a stale page, in HTML."""
    return (
        '<div class="admonition warning stale-page"><p class="admonition-title">Out of date</p>'
        f"<p>{escape(reason)}</p></div>"
    )


def without_thebe(files):
    """Scripts or styles less those of Thebe, which this book does not use: it asks the network."""
    stated = [f"{file.filename} {file.attributes}".lower() for file in files]
    return [file for file, text in zip(files, stated, strict=True) if "thebe" not in text]


def live_scripts(app, pagename, templatename, context, doctree):
    """Enter the scripts of `LIVE` on the pages that have what they fill, and on no other."""
    for mark, files in LIVE.items():
        if mark in context.get("body", ""):
            for file in files:
                if file.endswith(".css"):
                    app.add_css_file(file)
                else:
                    app.add_js_file(file, loading_method="defer")


def before_the_page(app, pagename, templatename, context, doctree):
    """Put banner and links in front of the body of a page; drop what would ask the network."""
    for kind in ("script_files", "css_files"):
        context[kind] = without_thebe(context[kind])
    stale = Path(app.srcdir) / STALE
    reasons = json.loads(stale.read_text("utf8")) if stale.exists() else {}
    first = banner(reasons[pagename]) if pagename in reasons else ""
    path = Path(pagename)
    if app.config.repository_url and path.parent.name == "experiments":
        notebook = f"notebooks/{path.name.split('-')[0]}.ipynb"
        links = launch_links(app.config.repository_url, notebook)
        shown = " · ".join(f'<a href="{escape(to)}">{text}</a>' for text, to in links)
        first += f'<p class="launch-links">{shown}</p>'
    if "body" in context:
        context["body"] = first + dressed(context["body"])


def dressed(body):
    """A page's HTML, links beneath figures folded, verdicts as badges, no role that is not one.

    Per cents of glued numbers have a space, as those in prose.
    """
    body = GLUED.sub(lambda m: PER_CENT.sub(NO_BREAK + "%", m[0]), body)
    for old, new in CITATIONS.items():
        body = body.replace(old, new)
    body = LINKS.sub(BEHIND, body)
    body = NO_HEAD.sub(r"<td\1></td>", body)  # the corner of a table heads nothing
    return SAID.sub(lambda m: f"<{m[1]}>{badge_html(m[2])}</{m[3]}>", body)


def setup(app):
    app.add_config_value("repository_url", "", "html")
    app.connect("html-page-context", live_scripts)
    app.connect("html-page-context", before_the_page, priority=900)  # after all that adds
    return {"parallel_read_safe": True, "parallel_write_safe": True}
