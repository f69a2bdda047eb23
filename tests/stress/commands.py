"""Run the Papermill lines that README and book print, as pasted: how long each took, what failed.

make commands [MATCH=TEXT]    only lines that hold TEXT

They run in a copy of the checkout's notebooks, with a file of molecules for those that name one.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pasted

from book.builder.pages import ROOT

START = ".venv/bin/papermill notebooks/"
LONGEST_S = 3600


def main(text=""):
    """The exit status: 1 where a line failed."""
    lines = dict.fromkeys(line for _, line in pasted.commands() if line.startswith(START))
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "notebooks").symlink_to(ROOT / "notebooks")
        pasted.write_files(folder)
        for line in (line for line in lines if text in line):
            here = line.replace(".venv/bin/papermill", f"{sys.executable} -m papermill", 1)
            command = ["bash", "-c", f"{here} --no-progress-bar"]
            start = time.monotonic()
            run = subprocess.run(
                command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_S, check=False
            )
            failed += bool(run.returncode)
            last = (run.stderr.strip().splitlines() or [""])[-1]
            state = f"FAILED: {last}" if run.returncode else "done"
            print(f"{time.monotonic() - start:4.0f} s  {state}  {line}", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
