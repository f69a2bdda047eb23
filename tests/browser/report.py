"""Print what the browser saw: a line for each mode, and the size of the book."""

import json
from collections import Counter
from pathlib import Path

BUILD = Path(__file__).resolve().parents[2] / "_build"
KINDS = {
    "console": "console errors",
    "requests": "outgoing requests",
    "broken_images": "missing images",
}

if __name__ == "__main__":
    for mode in sorted((BUILD / "browser").iterdir()):
        pages = [json.loads(path.read_text("utf8")) for path in mode.glob("*.json")]
        impacts = Counter(found["impact"] for page in pages for found in page["axe"])
        axe = ", ".join(f"{number} {impact}" for impact, number in sorted(impacts.items()))
        seen = {kind: sum(len(page[kind]) for page in pages) for kind in KINDS}
        stated = ", ".join(f"{number} {KINDS[kind]}" for kind, number in seen.items())
        print(f"{mode.name}: {len(pages)} pages, {stated}; axe: {axe or 'nothing'}")
    size = sum(path.stat().st_size for path in (BUILD / "html").rglob("*") if path.is_file())
    print(f"the book: {size / 1e6:.1f} MB; screenshots in _build/browser")
