"""The whole book as one PDF: Sphinx's single page, printed by Chromium.

python -m book.builder.pdf    needs the executed pages (make book) and Chromium; prints the path
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from book.builder import programs
from book.builder.pages import ROOT, PageError

SCRATCH, PDF = Path("_build", "single"), Path("_build", "book.pdf")
NAMES = ("chromium", "chromium-browser", "chrome")
PAPER = {"format": "A4", "margin": dict.fromkeys(("top", "bottom", "left", "right"), "15mm")}
FOOT = '<p style="font-size:8px;width:100%;text-align:center"><span class="pageNumber"></span></p>'
READY = """() => Promise.race([MathJax.startup.promise,
  new Promise((_, refuse) => setTimeout(() => refuse("MathJax has no end"), 300000))])"""
LONGEST_S = 3600


def chromium():
    """Path of Chromium; exits with one line where there is none."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or sys.exit("Chromium is needed (Debian, Ubuntu: apt install chromium)")


def main(root=ROOT):
    """Build the single page and print it."""
    browser_path = chromium()
    jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
    command = [jupyter_book, "build", ".", "-q", "--builder", "singlehtml"]
    command += ["--path-output", str(root / SCRATCH)]
    if programs.run("Sphinx", command, LONGEST_S, cwd=root).returncode:
        raise PageError("Sphinx failed: see above")
    html = root / SCRATCH / "_build" / "singlehtml"
    # Sphinx writes the page into the folder of the root document, with links from the top one.
    page = (html / "book/index.html").rename(html / "book.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path)
        tab = browser.new_page()
        tab.goto(page.as_uri(), wait_until="load", timeout=300_000)
        tab.evaluate(READY)
        shown = {"display_header_footer": True, "header_template": "<p></p>"}
        tab.pdf(path=root / PDF, footer_template=FOOT, outline=True, tagged=True, **shown, **PAPER)
        browser.close()
    print(PDF.as_posix())


if __name__ == "__main__":
    programs.main("pdf", main)
