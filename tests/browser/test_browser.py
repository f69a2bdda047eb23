"""Every page in a real browser with the network off: light and dark, wide and narrow.

`make test-browser` runs it; it needs Chromium. What it saw goes to _build/browser/.
"""

import io
import json
import re
import zipfile

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from matplotlib.colors import rgb_to_hsv
from PIL import Image

from alutils.report.style import PAPER_COLOURS
from book.builder.fragments.explorer import luminance
from book.builder.pages import ROOT
from book.builder.release import zipped_book

HTML = ROOT / "_build" / "html"
REPORT = ROOT / "_build" / "browser"
MODES = {
    "light-wide": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark-wide": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "light-narrow": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}},
    "dark-narrow": {"color_scheme": "dark", "viewport": {"width": 390, "height": 844}},
}
BAD = ("moderate", "serious", "critical")
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
    bad = [f"{v['rule']}: {v['nodes'][:3]}" for v in seen["axe"] if v["impact"] in BAD]
    assert not bad, "\n".join(bad)


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


FIGURES = ("book/index", "book/performance", "book/experiments/02_strategy_comparison")


@pytest.mark.parametrize("name", FIGURES)
def test_figures_have_the_ground_of_their_page_and_text_that_can_be_read(context, mode, name):
    page, _ = opened(context, name)
    picture = page.locator("article figure img").first
    picture.scroll_into_view_if_needed()
    seen = Image.open(io.BytesIO(picture.screenshot())).convert("RGB")
    values, counts = np.unique(np.asarray(seen).reshape(-1, 3), axis=0, return_counts=True)
    of_each = np.array([luminance(value / 255) for value in values])
    ground = of_each[counts.argmax()]
    dark = mode.startswith("dark")
    assert ground < 0.02 if dark else ground > 0.9
    text = of_each.max() if dark else of_each.min()
    assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) > 7
    page.close()


def test_a_strategy_keeps_its_hue_in_the_dark(browser):
    hues = []
    for scheme in ("light", "dark"):
        context = browser.new_context(**MODES[f"{scheme}-wide"], offline=True)
        page, _ = opened(context, FIGURES[0])
        page.evaluate(
            """(colours) => { const figure = document.querySelector('article figure');
              figure.replaceChildren(...colours.map(c => { const i = new Image(40, 40);
                i.className = 'patch'; i.src = 'data:image/svg+xml,' + encodeURIComponent(
                `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40"
                height="40" fill="${c}"/></svg>`); return i; })); }""",
            list(PAPER_COLOURS.values()),
        )
        page.wait_for_timeout(200)
        colours = []
        for patch in page.locator("img.patch").all():
            seen = Image.open(io.BytesIO(patch.screenshot())).convert("RGB")
            colours.append(np.array(seen.getpixel((20, 20))) / 255)
        hues.append(colours)
        context.close()
    for light, dark in zip(*hues, strict=True):
        assert (luminance(dark) + 0.05) / 0.055 > 4.5, "contrast with the dark page's ground"
        if np.ptp(light) > 0.2:
            apart = abs(rgb_to_hsv(light)[0] - rgb_to_hsv(dark)[0])
            assert min(apart, 1 - apart) < 0.06


def test_links_show_what_they_lead_to_by_pointer_and_by_keyboard(context, mode):
    page, seen = opened(context, "book/claims")
    card = page.locator("#preview-card")
    term = page.locator("article a[href*='#term-first-batch']").first
    term.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    card.wait_for(state="visible")
    assert "The random molecules that every strategy starts from" in card.inner_text()
    assert term.get_attribute("aria-describedby") == "preview-card"
    inside = card.bounding_box()
    assert inside["x"] >= 0 and inside["x"] + inside["width"] <= MODES[mode]["viewport"]["width"]
    found = Axe().run(page, options={"preload": False}).response["violations"]
    assert not [v["id"] for v in found if v["impact"] in BAD]
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    page.locator("article a[href*='#equation-eq-savings']").first.hover()
    card.wait_for(state="visible")
    assert card.locator("mjx-container").count() == 1
    card.hover()
    page.wait_for_timeout(600)
    assert card.is_visible(), "the pointer may rest on the card"
    page.mouse.move(1, 1)
    card.wait_for(state="hidden")
    assert not seen["console"] and not seen["requests"]
    page.close()


OPEN_TABS = """() => [...document.querySelectorAll('.sd-tab-set.pools > input:checked + label')]
  .map(label => label.textContent.trim())"""


def test_a_link_opens_its_pool_in_all_tabs_and_a_choice_is_kept(browser):
    context = browser.new_context(**MODES["light-wide"], offline=True)
    page, seen = opened(context, "book/experiments/05_targeted_search")
    assert set(page.evaluate(OPEN_TABS)) == {"QM9"}
    shared = page.locator("article a.internal:has(.std-numref)").first
    first = shared.get_attribute("href"), shared.inner_text()
    page.goto(page.url + "#fig-search-rates-organics")
    page.wait_for_timeout(300)
    assert set(page.evaluate(OPEN_TABS)) == {"Organics"}
    assert page.locator("#fig-search-rates-organics").is_visible()
    assert shared.get_attribute("href") == first[0].replace("qm9", "organics")
    assert shared.inner_text() != first[1], "a shared text refers to the figure of the open tab"
    page.locator("label.sd-tab-label", has_text="Amino acids").first.click()
    page.wait_for_timeout(100)
    assert set(page.evaluate(OPEN_TABS)) == {"Amino acids"}
    other, _ = opened(context, "book/experiments/02_strategy_comparison")
    assert set(other.evaluate(OPEN_TABS)) == {"Amino acids"}, "from page to page"
    assert not seen["console"]
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
