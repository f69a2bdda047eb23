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
