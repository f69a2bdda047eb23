"""Print what the browser saw: a line for each mode, and the size of the book."""

import json
from collections import Counter

from test_browser import HTML, MODES, REPORT

if __name__ == "__main__":
    for mode in MODES:
        pages = [json.loads(path.read_text("utf8")) for path in (REPORT / mode).glob("*.json")]
        impacts = Counter(found["impact"] for page in pages for found in page["axe"])
        axe = ", ".join(f"{number} {impact}" for impact, number in sorted(impacts.items()))
        print(
            f"{mode}: {len(pages)} pages, {sum(len(p['console']) for p in pages)} console errors, "
            f"{sum(len(p['requests']) for p in pages)} outgoing requests, "
            f"{sum(len(p['broken_images']) for p in pages)} missing images; axe: {axe or 'nothing'}"
        )
    size = sum(path.stat().st_size for path in HTML.rglob("*") if path.is_file())
    print(f"the book: {size / 1e6:.1f} MB; screenshots in {REPORT.relative_to(REPORT.parents[1])}")
