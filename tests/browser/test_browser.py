"""Every page in a real browser with the network off: light and dark, wide and narrow.

`make test-browser` runs it; it needs Chromium. What it saw goes to _build/browser/.
"""

import json
import re
import shutil
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from book.builder.pages import ROOT
from book.builder.release import zipped_book

HTML = ROOT / "_build" / "html"
REPORT = ROOT / "_build" / "browser"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
MODES = {
    "light-wide": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark-wide": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "light-narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark-narrow": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
BAD = ("serious", "critical")
BROKEN_IMAGES = """() => [...document.images].filter(i => !i.complete || !i.naturalWidth)
  .map(i => i.getAttribute('src'))"""
# What reaches beyond the window, and does not scroll in a box of its own.
TOO_WIDE = """() => document.documentElement.scrollWidth - window.innerWidth"""
READY = """async () => { if (window.MathJax && MathJax.startup) await MathJax.startup.promise; }"""
# Headless Chromium loads pictures when they come near: ask for all.
ALL_IMAGES = """async () => { for (const i of document.images) { i.loading = 'eager';
  try { await i.decode(); } catch (e) {} } }"""


def pages():
    """All pages of the book, in the order of its contents, and the search page."""
    text = (ROOT / "_toc.yml").read_text("utf8")
    return [*re.findall(r"\b(?:root|file): *(\S+)", text), "search"]


@pytest.fixture(scope="session")
def browser():
    assert CHROMIUM, "Chromium is needed: Debian: apt install chromium"
    with sync_playwright() as playwright:
        # A page that asks the network for anything is seen below; the browser itself must not.
        options = ["--disable-background-networking", "--disable-component-update"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def context(browser, mode):
    context = browser.new_context(**MODES[mode], offline=True)
    yield context
    context.close()


def watched(context):
    """An empty page, and what goes wrong from now on."""
    page, seen = context.new_page(), {"console": [], "requests": []}
    page.on("console", lambda m: m.type == "error" and seen["console"].append(m.text))
    page.on("pageerror", lambda error: seen["console"].append(str(error)))
    page.on(
        "request",
        lambda r: r.url.startswith(("file:", "data:", "blob:")) or seen["requests"].append(r.url),
    )
    page.on("requestfailed", lambda r: seen["requests"].append(f"failed: {r.url}"))
    return page, seen


def opened(context, name):
    """The page, loaded, and what went wrong meanwhile."""
    page, seen = watched(context)
    page.goto((HTML / f"{name}.html").as_uri(), wait_until="load")
    page.evaluate(READY)
    page.evaluate(ALL_IMAGES)
    return page, seen


@pytest.mark.parametrize("name", pages())
def test_page(context, mode, name):
    page, seen = opened(context, name)
    seen["broken_images"] = page.evaluate(BROKEN_IMAGES)
    seen["too_wide"] = page.evaluate(TOO_WIDE)
    theme = page.evaluate("() => document.documentElement.dataset.theme")
    # preload would fetch the style sheets, which file:// forbids
    found = Axe().run(page, options={"preload": False}).response["violations"]
    seen["axe"] = [
        {
            "rule": violation["id"],
            "impact": violation["impact"],
            "nodes": [node["html"][:200] for node in violation["nodes"]],
        }
        for violation in found
    ]
    folder = REPORT / mode
    folder.mkdir(parents=True, exist_ok=True)
    stem = name.replace("/", "-")
    page.screenshot(path=folder / f"{stem}.png", full_page=True)
    (folder / f"{stem}.json").write_text(json.dumps(seen, indent=1), "utf8")
    page.close()
    assert theme == mode.split("-")[0]
    assert not seen["console"] and not seen["requests"] and not seen["broken_images"]
    assert seen["too_wide"] <= 1, "the page scrolls sideways"
    serious = [f"{v['rule']}: {v['nodes'][:3]}" for v in seen["axe"] if v["impact"] in BAD]
    assert not serious, "\n".join(serious)


def test_search_works_without_a_server(context):
    page, seen = opened(context, "search")
    page.goto((HTML / "search.html").as_uri() + "?q=threshold")
    page.wait_for_selector("ul.search li", timeout=20_000)
    assert page.locator("ul.search li").count() >= 3
    assert not seen["console"] and not seen["requests"]
    page.close()


def test_the_zipped_book_opens_by_a_double_click(browser, tmp_path):
    path, folder = tmp_path / "book.zip", tmp_path / "a bôok, unpacked"
    zipped_book(HTML, path)
    zipfile.ZipFile(path).extractall(folder)
    context = browser.new_context(**MODES["light-wide"], offline=True)
    page, seen = watched(context)
    page.goto((folder / "index.html").as_uri())
    page.wait_for_url("**/pages/book/index.html")
    page.locator("nav.bd-links a", has_text="Claims").first.click()
    page.wait_for_url("**/pages/book/claims.html")
    page.evaluate(READY)
    page.evaluate(ALL_IMAGES)
    assert not seen["console"] and not seen["requests"] and not page.evaluate(BROKEN_IMAGES)
    context.close()


def test_keyboard_reaches_the_content(context, mode):
    page, _ = opened(context, "book/index")
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("() => document.activeElement.closest('article') !== null"))
        if reached[-1]:
            break
    assert any(reached), "no Tab stop in the article"
    outline = page.evaluate(
        "() => getComputedStyle(document.activeElement).outlineStyle"
        " + getComputedStyle(document.activeElement).boxShadow"
    )
    assert not re.fullmatch("nonenone", outline), "focus is not seen"
    page.close()
