"""Print what the browser saw: a line for each mode, the advice beside Python's, the book's size."""

import json
from collections import Counter
from pathlib import Path

import pandas as pd

BUILD = Path(__file__).resolve().parents[2] / "_build"
KINDS = {
    "console": "console errors",
    "requests": "outgoing requests",
    "broken_images": "missing images",
}

if __name__ == "__main__":
    modes = [one for one in (BUILD / "browser").iterdir() if one.is_dir() and one.name != "advice"]
    for mode in sorted(modes):
        pages = [json.loads(path.read_text("utf8")) for path in mode.glob("*.json")]
        impacts = Counter(found["impact"] for page in pages for found in page["axe"])
        axe = ", ".join(f"{number} {impact}" for impact, number in sorted(impacts.items()))
        seen = {kind: sum(len(page[kind]) for page in pages) for kind in KINDS}
        stated = ", ".join(f"{number} {KINDS[kind]}" for kind, number in seen.items())
        print(f"{mode.name}: {len(pages)} pages, {stated}; axe: {axe or 'nothing'}")
    rows = [
        json.loads(path.read_text("utf8")) for path in (BUILD / "browser/advice").glob("*.json")
    ]
    if rows:
        print("the advice in the page: largest differences to Python, and seconds in the page")
        table = pd.DataFrame(sorted(rows, key=lambda row: row["labels"])).set_index("case")
        print(table.to_string(float_format="{:.2g}".format))
    size = sum(path.stat().st_size for path in (BUILD / "html").rglob("*") if path.is_file())
    print(f"the book: {size / 1e6:.1f} MB; screenshots in _build/browser")
