"""A first page in two minutes: the targeted search on one pool, with the methods it rests on.

It is executed as for the whole book, which finds it there. Links to pages that are not made yet are
plain text.

python -m book.builder.quick
"""

import shutil
import sys
from pathlib import Path

import nbformat
import yaml

from book.builder import execute, programs
from book.builder.assemble import compose
from book.builder.pages import ROOT, PageError, read_pages

PAGE = "05_targeted_search-organics"
PROSE = ("book/methods.md", "book/notation.md")
BESIDE = (
    "book/references.bib",
    "book/_static",
    "book/experiments/files",
    "alutils",
    "tests",
    "notebooks",
)
LONGEST_S = 600


def main(root=ROOT):
    """Execute the page, write its small book, build it; the exit status.

    PageError where another build is at work or Sphinx fails.
    """
    print("a first page: executes one notebook, builds three pages; about a minute", flush=True)
    if execute.main([PAGE], root):
        return 1
    folder = root / "_build/quick"
    write_book(folder, root)
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", str(folder), "-q"]
    done = programs.run("Sphinx", command, LONGEST_S, cwd=root, capture_output=True, text=True)
    index = folder / "_build/html/index.html"
    if done.returncode or not index.exists():
        raise PageError(f"Sphinx failed: {(done.stderr or done.stdout).strip()[-500:]}")
    print(index.relative_to(root).as_posix())
    return 0


def write_book(folder, root=ROOT):
    """Configuration, contents and sources of the small book."""
    shutil.rmtree(folder, ignore_errors=True)
    (page,) = (page for page in read_pages(root) if page.name == PAGE)
    names = yaml.safe_load((root / "book/variants.yml").read_text("utf8"))["variants"]
    target = folder / f"{page.document}.ipynb"
    target.parent.mkdir(parents=True)
    executed = nbformat.read(root / page.path, as_version=4)
    nbformat.write(compose([page], [executed], names), target)
    (folder / "book/experiments/proofs_table.md").write_text("In the whole book: `make book`.\n")
    for name in PROSE:
        shutil.copy2(root / name, folder / name)
    for name in BESIDE:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(root / name)
    config = yaml.safe_load((root / "_config.yml").read_text("utf8"))
    config["title"] += " (a first page)"
    sphinx = config["sphinx"]
    sphinx["local_extensions"] = {name: str(root) for name in sphinx["local_extensions"]}
    sphinx["config"] |= {"html_static_path": ["book/_static"], "suppress_warnings": ["*"]}
    chapters = [{"file": name.removesuffix(".md")} for name in PROSE]
    toc = {"format": "jb-book", "root": page.document, "chapters": chapters}
    for name, content in (("_config.yml", config), ("_toc.yml", toc)):
        (folder / name).write_text(yaml.safe_dump(content, sort_keys=False), "utf8")


if __name__ == "__main__":
    programs.main("quick", main)
