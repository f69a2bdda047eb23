"""A small file of SMILES and labels, and what the commands of the page "Your CSV" say of it.

They are run as the page prints them, and again only after a change of alutils or of this module.
"""

import shlex
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

from alutils.data.datasets import load
from alutils.report.walkthrough import OF_THE_MACHINE, WIDTH
from book.builder.freshness import file_digest
from book.builder.pages import ROOT, PageError

N_MOLECULES = 500
N_SHOWN = 4  # lines of a file
PYTHON = ".venv/bin/python"
FILE = "mine.csv"
LABEL = "--property HOMO_eV --unit eV"
BROKEN = f"\\\n  {LABEL}"  # over two lines, as a page shows it
COMMANDS = {
    "your_csv_simulate": [f"simulate {FILE} --highest 0.1 {LABEL} --seeds 1"],
    "your_csv_campaign": [
        f"check {FILE}",
        f"start mine {FILE} --above -9.7 {LABEL} --no-labels",
        "ask mine",
    ],
}
LONGEST_S = 600


def write(folder, root=ROOT):
    """Write the file and the fragments into the folder of the pages, where they are out of date."""
    mark = folder / "your_csv.made_from"
    now = file_digest(root.glob("alutils/**/*.py"), root) + file_digest([Path(__file__)], ROOT)
    if mark.exists() and mark.read_text() == now:
        return
    with tempfile.TemporaryDirectory() as desk:
        table = (folder / FILE, Path(desk, FILE))
        for path in table:
            path.write_text(csv(), "utf8")
        (folder / "your_csv_file.md").write_text(shown_file(), "utf8")
        for name, lines in COMMANDS.items():
            text = "\n".join(said(line, desk) for line in lines)
            (folder / f"{name}.md").write_text(text, "utf8")
    mark.write_text(now)


def csv():
    """SMILES and HOMO levels (eV) of some molecules of the pool of organics."""
    pool, rng = load("organics"), np.random.default_rng(0)
    chosen = rng.permutation(len(pool))[:N_MOLECULES]
    rows = [f"{pool.smiles[k]},{pool.y[k]:.2f}" for k in chosen]
    return "\n".join(["SMILES,HOMO_eV", *rows]) + "\n"


def shown_file():
    """The first lines of the file, which the page offers."""
    first = "\n".join(csv().splitlines()[:N_SHOWN])
    offered = f"{{download}}`{FILE} <experiments/{FILE}>`, {N_MOLECULES} molecules"
    return f"```text\n{first}\n...\n```\n\n{offered}\n"


def said(line, folder):
    """A command as it is typed, and what it says, in MyST; PageError where it fails."""
    command = [sys.executable, "-m", "alutils", *shlex.split(line)]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    if run.returncode:
        raise PageError(f"alutils {line}: {run.stderr.strip()}")
    lines = [one for one in run.stdout.splitlines() if not one.startswith(OF_THE_MACHINE)]
    look = {"subsequent_indent": "  ", "break_on_hyphens": False}
    shown = "\n".join(textwrap.fill(one, WIDTH, **look) for one in lines)
    typed = f"```bash\n{PYTHON} -m alutils {line.replace(LABEL, BROKEN)}\n```\n"
    return f"{typed}\n```text\n{shown}\n```\n"
