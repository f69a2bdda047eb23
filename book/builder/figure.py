"""Make one figure of the book again, by executing its page's notebook with its parameters.

python -m book.builder.figure NAME [FOLDER]

writes NAME.svg, .csv and .yml into FOLDER (default: _build/figures).
"""

import re
import sys
from pathlib import Path

import nbformat

from book.builder import programs
from book.builder.downloads import take_figures, write_figure
from book.builder.execute import papermill
from book.builder.pages import ROOT, PageError, parameters, read_pages
from book.builder.postprocess import make_page


def figure_of(name, root=ROOT):
    """The page and the glue key of a figure, by its name in the book, or PageError."""
    known = []
    for page in read_pages(root):
        notebook = nbformat.read(root / page.source, as_version=4)
        prose = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
        for key, short in re.findall(
            r"^```\{glue:figure\} (\w+)\n---\nname: ([\w-]+)$", prose, re.M
        ):
            known.append(f"{short}-{page.variant}")
            if known[-1] == name:
                return page, key
    raise PageError(f"no figure {name!r}: there are {', '.join(known)}")


def main(name, folder="_build/figures", root=ROOT):
    """Execute the figure's page and write the figure's files; prints their paths."""
    page, key = figure_of(name, root)
    folder = Path(folder)
    print(f"{page.name}: executing {page.source.as_posix()}", flush=True)
    notebook, _ = papermill(page, root, scratch=f"{page.name}-figure")
    make_page(notebook, page)
    folder.mkdir(parents=True, exist_ok=True)
    values = {known: value for known, (value, _) in parameters(notebook).items()}
    write_figure(folder, name, take_figures(notebook)[key], page, values)
    for kind in ("svg", "csv", "yml"):
        print((folder / f"{name}.{kind}").as_posix())


if __name__ == "__main__":
    programs.main("figure", main, *sys.argv[1:] or ["(none)"])
