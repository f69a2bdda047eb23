"""What a link shows before it is followed: read from made-up pages, and from the book."""

import json

from book.builder import previews, render

FIGURE = """<figure id="fig-x"><img alt="A line." src="../_images/x.png"><figcaption><p>
<span class="caption-number">Fig. 3 </span><span class="caption-text"><strong>
What it shows.</strong>
Upper: <a href="#a">more</a>.</span></p></figcaption></figure>"""
TERM = """<dl><dt id="term-pool">pool<a class="headerlink" href="#term-pool">#</a></dt>
<dd><p>All <em>molecules</em>, <span class="math notranslate">\\(n < 5\\)</span>.</p></dd></dl>"""
FORMULA = """<div class="math notranslate" id="equation-eq-a">
<span class="eqno">(1)</span>\\[a &lt; b\\]
</div>"""
LINK = '<a class="reference internal" href="{}">there</a>'


def book(folder, *links):
    (folder / "book/experiments").mkdir(parents=True)
    (folder / "_static").mkdir()
    (folder / "book/notation.html").write_text(f"<article>{TERM}{FORMULA}</article>")
    shown = "".join(map(LINK.format, links))
    (folder / "book/experiments/one.html").write_text(f"<article>{FIGURE}{shown}</article>")
    return previews.write(folder)


def test_terms_figures_and_equations_are_shown_by_where_their_links_lead(tmp_path):
    to = ["../notation.html#term-pool", "../notation.html#equation-eq-a", "#fig-x"]
    found = book(tmp_path, *to)
    assert found["book/notation.html#term-pool"]["html"] == (
        '<strong>pool</strong>: All molecules, <span class="math">\\(n &lt; 5\\)</span>.'
    )
    equation = found["book/notation.html#equation-eq-a"]["html"]
    assert equation == '<div class="math">\\[a &lt; b\\]</div>'
    assert found["book/experiments/one.html#fig-x"] == {
        "html": "Fig. 3. What it shows.",
        "picture": "book/_images/x.png",
    }
    script = (tmp_path / previews.SCRIPT).read_text("utf8")
    assert json.loads(script.removeprefix(previews.PREFIX).rstrip(";\n")) == found


def test_what_is_not_linked_or_not_there_is_left_out(tmp_path):
    assert set(book(tmp_path, "../notation.html#term-none", "gone.html#fig-x", "#section")) == set()


def test_the_icons_that_something_names_are_left_and_no_other(tmp_path):
    script = tmp_path / render.ICONS
    script.parent.mkdir(parents=True)
    one = '"arrow-up":[3,5,[85,"up"],"f062","M0 0z"],'
    script.write_text(f'var a={{{one}moon:[3,5,[],"f1",["M1","M2"]],"x-ray":[3,5,[],"f2","M3"]}};')
    (tmp_path / "index.html").write_text('<i class="fa-solid fa-up"></i><i class="fa-moon"></i>')
    render.fewer_icons(tmp_path)
    assert script.read_text() == f'var a={{{one}moon:[3,5,[],"f1",["M1","M2"]],}};'
