"""Banner and links in front of a page."""

import pytest

from book.builder import sphinx_ext

NOTEBOOK = "notebooks/05_targeted_search.ipynb"


@pytest.mark.parametrize(
    ("repository", "binder"),
    [
        ("https://github.com/me/book", "https://mybinder.org/v2/gh/me/book/HEAD"),
        ("https://github.com/me/book.git", "https://mybinder.org/v2/gh/me/book/HEAD"),
        ("https://gitlab.com/us/in/book/", "https://mybinder.org/v2/gl/us%2Fin%2Fbook/HEAD"),
    ],
)
def test_links_follow_from_one_address(repository, binder):
    (_, run), (_, source) = sphinx_ext.launch_links(repository, NOTEBOOK)
    assert run == f"{binder}?urlpath=lab%2Ftree%2Fnotebooks%2F05_targeted_search.ipynb"
    assert source.startswith("https://git") and source.endswith(f"/blob/HEAD/{NOTEBOOK}")
    assert ".git/" not in source


def test_binder_is_offered_only_where_it_can_go():
    links = sphinx_ext.launch_links("https://git.example.org/me/book", NOTEBOOK)
    assert [text for text, _ in links] == ["Read its source"]


def test_a_reason_is_text_and_not_html():
    assert "&lt;script&gt;" in sphinx_ext.banner("<script>")


def test_thebe_goes_and_the_rest_stays():
    class File:
        def __init__(self, filename, **attributes):
            self.filename, self.attributes = filename, attributes

    kept = File("theme.js")
    files = [File("sphinx-thebe.js"), File(None, body="const THEBE_JS_URL = 1"), kept]
    assert sphinx_ext.without_thebe(files) == [kept]


def test_links_beneath_a_figure_are_folded_and_nothing_else_is():
    links = '<div class="figure-links docutils">\n<p><a href="x.svg">SVG</a></p>\n</div>'
    other = '<div class="docutils"><p>text</p></div>'
    shown = sphinx_ext.dressed(links + other)
    assert shown.startswith('<details class="figure-links"><summary>')
    assert '<a href="x.svg">SVG</a></p>\n</details>' in shown and shown.endswith(other)


@pytest.mark.parametrize("open_, close", [("<td>", "</td>"), ("<td><p>", "</p></td>"),
                         ('<span class="pasted-text">', "</span>")])  # fmt: skip
def test_a_verdict_alone_in_its_place_is_a_badge(open_, close):
    shown = sphinx_ext.dressed(f"{open_}not supported{close} not supported")
    assert shown.count('class="verdict verdict-no"') == 1 and shown.endswith(" not supported")
    assert "verdict-" not in sphinx_ext.dressed(f"{open_}supported by all{close}")


def test_the_empty_corner_of_a_table_is_no_header():
    head = '<tr><th class="head"><p></p></th><th></th><th>A</th></tr>'
    assert sphinx_ext.dressed(head) == '<tr><td class="head"></td><td></td><th>A</th></tr>'
