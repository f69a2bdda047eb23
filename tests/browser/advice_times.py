"""Seconds that the advice in the page takes, by the number of labels: a script, for the reader.

python tests/browser/advice_times.py [SIZE ...]
"""

import json
import sys
import tempfile
from pathlib import Path

from conftest import CHROMIUM
from playwright.sync_api import sync_playwright
from test_browser import REPORT
from test_live_advice import LONGEST_MS, PAGE, columns_table, give, pool_table, written

SIZES = (100, 300, 1000, 2000)


def measured(sizes):
    """Rows of labels, kind of table, and seconds, as a list of dict."""
    rows = []
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        page = browser.new_page()
        page.goto(PAGE.as_uri())
        page.locator("#live-advice").scroll_into_view_if_needed()
        page.wait_for_selector("#live-advice svg", timeout=LONGEST_MS)
        for size in sizes:
            for kind, table in (
                ("descriptors", columns_table(size)),
                ("SMILES", pool_table("organics", size)),
            ):
                seconds = give(page, written(Path(folder) / f"{kind}-{size}.csv", table))
                assert page.is_visible("[data-part=result]"), page.text_content("[data-part=error]")
                rows.append({"labels": size, "table": kind, "seconds": round(seconds, 1)})
                print(rows[-1], flush=True)
        browser.close()
    return rows


if __name__ == "__main__":
    rows = measured([int(size) for size in sys.argv[1:]] or SIZES)
    REPORT.mkdir(parents=True, exist_ok=True)
    (REPORT / "advice_times.json").write_text(json.dumps(rows, indent=1), "utf8")
