"""The table of contents: the parts with experiments follow book/variants.yml, the rest is prose.

Each page stands in the part that `parts` of variants.yml names for its notebook, or in its own
`part`, under its `short` title, or else its variant's name.

python -m book.builder.toc
"""

import yaml

from book.builder import programs
from book.builder.pages import ROOT, PageError, read_pages

HEAD = (
    "# The parts with experiments are written from book/variants.yml (python -m book.builder.toc);"
    "\n# the others are written by hand.\n"
)
EXPERIMENTS = "book/experiments/"


def experiment_parts(root=ROOT):
    """The parts of all pages, in the order of variants.yml, as _toc.yml has them.

    Raises
    ------
    PageError
        For a page whose notebook has no part.
    """
    table = yaml.safe_load((root / "book/variants.yml").read_text("utf8"))
    chapters = {}
    for page in read_pages(root):
        part = page.part or table.get("parts", {}).get(page.notebook)
        if part is None:
            raise PageError(f"variants.yml: {page.notebook} has no part: name it under `parts`")
        file = page.path.with_suffix("").as_posix()
        title = page.short or table["variants"][page.variant]
        chapters.setdefault(part, []).append({"file": file, "title": title})
    return [{"caption": part, "chapters": listed} for part, listed in chapters.items()]


def contents(root=ROOT):
    """The text of _toc.yml: its parts of prose as they are, those with experiments made anew."""
    table = yaml.safe_load((root / "_toc.yml").read_text("utf8"))
    of_pages = [part["chapters"][0]["file"].startswith(EXPERIMENTS) for part in table["parts"]]
    prose = [part for part, made in zip(table["parts"], of_pages, strict=True) if not made]
    place = of_pages.index(True) if any(of_pages) else len(prose)
    table["parts"] = [*prose[:place], *experiment_parts(root), *prose[place:]]
    return HEAD + yaml.safe_dump(table, sort_keys=False, allow_unicode=True, width=100)


def write(root=ROOT):
    """Bring _toc.yml up to date."""
    text = contents(root)
    if (root / "_toc.yml").read_text("utf8") != text:
        (root / "_toc.yml").write_text(text, "utf8")


if __name__ == "__main__":
    programs.main("toc", write)
