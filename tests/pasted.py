"""The commands that README and book print, as a reader pastes them."""

import re
import shlex

import jupytext
import numpy as np

from alutils.data.datasets import load
from book.builder.fragments import your_csv
from book.builder.pages import ROOT

BLOCK = re.compile(r"^```bash\n(.*?)^```", re.M | re.S)


def texts():
    """Name -> Markdown of README, prose pages and notebooks, with what is made for "Your CSV"."""
    found = {
        path.name: path.read_text("utf8") for path in [ROOT / "README.md", *ROOT.glob("book/*.md")]
    }
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.py")):
        cells = (cell for cell in jupytext.read(path).cells if cell.cell_type == "markdown")
        found[path.name] = "\n\n".join(cell.source for cell in cells)
    made = [
        f"{your_csv.PYTHON} -m alutils {line}" for of in your_csv.COMMANDS.values() for line in of
    ]
    block = "```bash\n{}\n```\n\n".format("\n".join(made))
    found["your_csv.md"] = block + found["your_csv.md"]
    return dict(sorted(found.items()))


def commands():
    """(file, command) in the order of the files, lines joined and comments cut off."""
    return [
        (name, " ".join(line.split()))
        for name, text in texts().items()
        for block in BLOCK.findall(text)
        for line in re.sub(r"\\\n", " ", block).splitlines()
        if line.strip() and not line.startswith("#")
    ]


def words(command):
    """The words of a command line."""
    return shlex.split(command, comments=True)


def write_files(folder, n=1500):
    """Write the files of molecules that the Papermill lines name, with their properties."""
    pool = load("organics")
    rows = [f"{smiles},{y:.3f}" for smiles, y in zip(pool.smiles[:n], pool.y, strict=False)]
    (folder / "mine.csv").write_text("\n".join(["SMILES,logS", *rows]) + "\n", "utf8")
    chosen = [pool.molecules[k] for k in range(n)]
    arrays = {
        "Z": np.concatenate([one.numbers for one in chosen]),
        "R": np.concatenate([one.positions for one in chosen]),
        "N": np.array([len(one) for one in chosen]),
    }
    np.savez(folder / "mine.npz", gap=2700 + 100 * (pool.y[:n] - pool.y.mean()), **arrays)
