"""Write each notebook's .ipynb from its .py, run with the default parameters.

The outputs are what nbval checks.

python -m book.builder.notebooks [NN_slug ...]
"""

import sys

import jupytext
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from book.builder import programs
from book.builder.pages import ROOT, PageError
from book.builder.postprocess import refuse_paths, strip


def refresh(name, root=ROOT):
    """Execute, strip and save."""
    folder = root / "notebooks"
    notebook = jupytext.read(folder / f"{name}.py")
    client = NotebookClient(
        notebook,
        timeout=600,
        resources={"metadata": {"path": folder}},
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise PageError(f"{name}: {error.ename}: {error.evalue}") from None
    said = strip(notebook)
    if said:
        raise PageError(f"{name}: stderr says {said!r}: nbval would fail, silence its cause")
    refuse_paths(notebook)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def main(names):
    """Refresh the notebooks of these names, or all."""
    for name in names or sorted(p.stem for p in (ROOT / "notebooks").glob("[0-9]*.py")):
        refresh(name)
        print(f"notebooks/{name}.ipynb", flush=True)


if __name__ == "__main__":
    programs.main("notebooks", main, sys.argv[1:])
