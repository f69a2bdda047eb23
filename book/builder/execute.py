"""Execute the pages of variants.yml with Papermill and make each ready for Jupyter Book.

Fresh pages are reused. Two pages run at a time, each through the command that a reader would type;
a cell at the notebook's end, which the page does not show, notes what the kernel had imported.

python -m book.builder.execute [PAGE ...]
"""

import contextlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import yaml

from alutils.storage import usage_log
from book.builder import downloads, programs
from book.builder.freshness import digest, is_fresh, key, made_from, snapshot, stamp, unlisted
from book.builder.pages import ROOT, PageError, read_pages
from book.builder.postprocess import make_page

CELL_SECONDS = 1200
PAGE_SECONDS = 7200
SECONDS_EACH = 6  # of a page, two at a time on two cores of 2024
LOOK_S = 0.1  # between two looks at a page that is executed
SCRATCH = "_build/papermill"
HOMES = {
    "IPYTHONDIR": "ipython",
    "JUPYTER_CONFIG_DIR": "jupyter",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "MPLCONFIGDIR": "matplotlib",
}
NOTE_MODULES = "from alutils.storage import usage_log\n\nusage_log.note_modules()"


def papermill(page, root=ROOT, scratch=None, notebook=None, last=NOTE_MODULES):
    """Run Papermill with a page's parameters.

    Parameters
    ----------
    scratch : name of the working files, else the page's
    notebook : what to execute, else the page's notebook
    last : source of a cell that is executed at its end and then taken away

    Returns
    -------
    The executed notebook, and what its run used and cost: notes of `storage.usage_log`, seconds
    and GiB.

    Raises
    ------
    PageError
        Naming the first cell that failed.
    """
    name = f"{SCRATCH}/{scratch or page.name}"
    source, raw, notes = f"{name}.source.ipynb", f"{name}.ipynb", f"{name}.jsonl"
    errors = f"{name}.stderr"
    (root / SCRATCH).mkdir(parents=True, exist_ok=True)
    for path in (raw, notes):
        (root / path).unlink(missing_ok=True)
    notebook = notebook or nbformat.read(root / page.source, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(last))
    nbformat.write(notebook, root / source)
    env = os.environ | {f"{n}_NUM_THREADS": "1" for n in ("OPENBLAS", "OMP", "MKL")}
    env["ALUTILS_USAGE_LOG"] = str(root / notes)
    # The kernel is this interpreter, whatever other "python3" is installed: the page names its own.
    env |= {"JUPYTER_PATH": str(Path(sys.prefix, "share/jupyter")), "JUPYTER_PREFER_ENV_PATH": "1"}
    # Nor does what a reader's home holds take part: a profile of IPython, settings of Matplotlib.
    env |= {name: str(root / SCRATCH / folder) for name, folder in HOMES.items()}
    command = [sys.executable, "-m", "papermill", source, raw]
    command += ["--no-progress-bar", "--execution-timeout", str(CELL_SECONDS)]
    command += ["-y", yaml.safe_dump(page.parameters)] if page.parameters else []
    start = time.monotonic()
    with open(root / errors, "w+", encoding="utf8") as stderr:  # a kernel may outlive its pipe
        run = subprocess.Popen(command, cwd=root, env=env, stderr=stderr)
        gib = peak_gib(run, PAGE_SECONDS)
        stderr.seek(0)
        said = stderr.read()
    notebook = nbformat.read(root / raw, as_version=4) if (root / raw).exists() else None
    if run.returncode or notebook is None:
        raise PageError(short_error(notebook, said) + f" (see {raw})")
    notebook.cells.pop()
    cost = {"seconds": time.monotonic() - start, "gib": gib}
    return notebook, {"notes": usage_log.read(root / notes), **cost}


def peak_gib(run, longest_s):
    """Wait for a process; the largest resident memory of it and its children, None on Windows.

    PageError, and no process any more, after `longest_s`.
    """
    if not hasattr(os, "wait4"):
        with ended(run, longest_s):
            run.wait(longest_s)
        return None
    deadline = time.monotonic() + longest_s
    with ended(run, longest_s):
        while not (waited := os.wait4(run.pid, os.WNOHANG))[0]:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(run.args, longest_s)
            time.sleep(LOOK_S)
        run.returncode = os.waitstatus_to_exitcode(waited[1])
    return waited[2].ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)


@contextlib.contextmanager
def ended(run, longest_s):
    """A process that this block waits for ends with it, also where the block fails."""
    try:
        yield
    except subprocess.TimeoutExpired:
        raise PageError(f"no end after {longest_s} s") from None
    finally:
        if run.returncode is None:
            run.kill()
            run.wait(LOOK_S * 100)


def short_error(notebook, stderr):
    """The error of the first cell that failed, or the last line that Papermill said."""
    cells = notebook.cells if notebook else []
    for cell in cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                at = cell.execution_count or "?"
                first = cell.source.strip().splitlines()[0]
                what = (output.evalue.strip().splitlines() or [""])[0]
                return f"In [{at}] `{first}`: {output.ename}: {what}"
    return (stderr.strip().splitlines() or ["Papermill failed and said nothing"])[-1]


def execute(page, before, root=ROOT, place=""):
    """Execute and finish one page; one line at its start, one at its end. True if all is well.

    before : `freshness.snapshot` of what the page is made from;  place : among others, to be said
    """
    print(f"{page.name}: started{place}", flush=True)
    start = time.monotonic()
    try:
        page_key = key(page, root)
        notebook, used = papermill(page, root)
        sources = made_from(page, used["notes"], before, root)
        said = make_page(notebook, page)
        downloads.add(notebook, page, used, digest(*sources.items()), root)
        notebook.metadata["alutils"]["stamp"] = stamp(page, notebook, page_key, sources, root)
        nbformat.write(notebook, root / page.path)
    except (PageError, OSError) as error:
        said = programs.reason(error)
        print(f"{page.name}: FAILED after {time.monotonic() - start:.0f} s: {said}", flush=True)
        return False
    aside = f" (dropped from stderr: {said})" if said else ""
    print(f"{page.name}: done in {time.monotonic() - start:.0f} s{aside}", flush=True)
    return True


def estimate(n_pages):
    """How long so many pages take, as text; the longest of them may be among a few."""
    minutes = n_pages * SECONDS_EACH / 60
    return "about a minute" if minutes < 1.5 else f"about {minutes:.0f} minutes"


def main(names=(), root=ROOT):
    """Execute the stale pages, or those of the given names; the exit status.

    PageError for an unknown name, or where another build is at work.
    """
    with programs.alone(root):
        return _execute_all(names, root)


def _execute_all(names, root):
    listed, now = read_pages(root), snapshot(root)
    unknown = set(names) - {p.name for p in listed}
    if unknown:
        raise PageError(f"no page {', '.join(sorted(unknown))}: see variants.yml")
    for path in unlisted(listed, root):
        path.unlink()
    stale = []
    for page in listed:
        if not names or page.name in names:
            try:
                fresh = is_fresh(page, now, root)
            except PageError as error:
                raise PageError(f"{page.name}: {error}") from None
            if not fresh:
                (root / page.path).unlink(missing_ok=True)
                stale.append(page)
    if stale:
        print(f"{len(stale)} of {len(listed)} pages to execute, {estimate(len(stale))}", flush=True)
    with ThreadPoolExecutor(2) as pool:
        places = [f" ({k} of {len(stale)})" for k in range(1, len(stale) + 1)]
        done = list(pool.map(lambda p, place: execute(p, now, root, place), stale, places))
    print(f"{len(listed)} pages: {sum(done)} executed, {len(stale) - sum(done)} failed", flush=True)
    return 0 if all(done) else 1


if __name__ == "__main__":
    programs.main("execute", main, sys.argv[1:])
