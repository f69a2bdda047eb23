"""What each page was made from, and what of that has changed since.

A page is made from its notebook with its parameters, the modules of alutils that its kernel had
imported, the embedded pools and tracked records that its run used, the lock, and the builder's own
modules that make pages. It keeps the sha256 of each in its metadata, so that a change of anything
else leaves it fresh. A record that was computed for the page and tracked later makes no difference.
"""

import hashlib
import json
import os
from pathlib import Path, PurePosixPath

import nbformat

import alutils
from alutils.data.datasets import REGISTRY
from alutils.runs.store import bundle, bundles
from book.builder.pages import ROOT, PageError, check_parameters, parameters, read_pages

RECORDS = "book/records"
MAKERS = ("downloads", "execute", "freshness", "pages", "postprocess")
ALL_PAGES = ("requirements.lock", *(f"book/builder/{name}.py" for name in MAKERS))
BESIDE = (".mplstyle", ".csv")  # read by modules of the same folder
SOURCES = ("alutils/**/*.py", *(f"alutils/**/*{kind}" for kind in BESIDE))
SOURCES += ("alutils/data/pools/*", *ALL_PAGES)


def digest(*parts):
    """sha256 over strings and bytes, each with its length."""
    h = hashlib.sha256()
    for part in parts:
        part = part if isinstance(part, bytes) else str(part).encode()
        h.update(f"{len(part)}:".encode() + part)
    return h.hexdigest()


def file_digest(paths, base):
    """sha256 over names, relative to base, and contents."""
    parts = []
    for path in sorted(set(paths)):
        if path.is_file() and "__pycache__" not in path.parts:
            parts += [path.relative_to(base).as_posix(), path.read_bytes()]
    return digest(*parts)


def snapshot(root=ROOT):
    """Name -> sha256 of all that pages can be made from, as it is now.

    Files have their path relative to `root`. Records have one of their own, in a bundle too, so
    that a run entered into a bundle leaves the pages alone that use other runs of it.
    """
    paths = {path for pattern in SOURCES for path in root.glob(pattern) if path.is_file()}
    paths |= set((root / RECORDS).glob("*.json"))
    contents = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    for path in bundles(root / RECORDS):
        lines = path.read_bytes().splitlines()
        contents |= {f"{RECORDS}/{n}": line for n, line in zip(bundle(path), lines, strict=True)}
    return {name: digest(content) for name, content in sorted(contents.items())}


def made_from(page, notes, before, root=ROOT):
    """The part of a snapshot that a run used.

    Parameters
    ----------
    page : Page
    notes : what the run noted, as from `alutils.storage.usage_log.read`
    before : the snapshot from before the run, so that a file edited meanwhile counts as changed

    Raises
    ------
    PageError
        If the kernel imported an alutils that is not the one in `root`.
    """
    modules = {name for note in notes for name in note.get("modules", [])}
    if foreign := sorted(modules - before.keys()):
        raise PageError(
            f"the kernel imported {foreign[0]}, which this checkout does not have: save the file, "
            "or install this checkout (pip install -e .)"
        )
    names = {*ALL_PAGES, *modules}
    names |= {f"{RECORDS}/{note['record']}" for note in notes if "record" in note}
    entries = [REGISTRY.get(note["dataset"], {}) for note in notes if "dataset" in note]
    names |= {f"alutils/data/pools/{e['file']}" for e in entries if e.get("kind") == "embedded"}
    folders = {PurePosixPath(name).parent for name in modules}
    text = (root / page.source).read_text("utf8")
    return {
        name: sha256
        for name, sha256 in before.items()
        if name in names
        or (name.endswith(BESIDE) and PurePosixPath(name).parent in folders)
        or (name.startswith(RECORDS) and PurePosixPath(name).name in text)  # read by the notebook
    }


def key(page, root=ROOT):
    """sha256 over a page's notebook, parameters and version; local data where it names any."""
    notebook = nbformat.read(root / page.source, as_version=4)
    known = parameters(notebook)
    check_parameters(page, known)
    values = {n: default for n, (default, _) in known.items()} | page.parameters
    data = [values.get("dataset", []), values.get("datasets", [])]
    names = [n for d in data for n in ([d] if isinstance(d, str) else d or [])]
    local = ""
    if os.environ.get("ALUTILS_DATA") and not all(
        (root / f"alutils/data/pools/{n}.npz").exists() for n in names
    ):
        folder = Path(os.environ["ALUTILS_DATA"])
        local = file_digest(folder.iterdir(), folder)
    cells = [[c.cell_type, c.source, c.metadata.get("tags", [])] for c in notebook.cells]
    words = (page.title, page.name, alutils.__version__)  # the page names the version
    return digest(local, json.dumps(cells), json.dumps(values), *words)


def content_digest(notebook):
    """sha256 over a finished page, its own stamp left out."""
    notebook = nbformat.from_dict(notebook)
    notebook.metadata.get("alutils", {}).pop("stamp", None)
    return digest(nbformat.writes(notebook))


def stamp(page, notebook, page_key, used, root=ROOT):
    """What marks a finished page: what it was made from, and what it and its files held."""
    files = file_digest((root / page.files).glob("*"), root)
    content = content_digest(notebook)
    return {"key": page_key, "made_from": used, "content": content, "files": files}


def changes(page, now, root=ROOT):
    """What a page is older than, as words for a reader; an empty list if it is fresh.

    now : the snapshot to compare with
    """
    try:
        notebook = nbformat.read(root / page.path, as_version=4)
        then = notebook.metadata["alutils"]["stamp"]
    except (OSError, KeyError, nbformat.reader.NotJSONError):
        return ["the page, which was never finished"]
    page_key, used = key(page, root), then["made_from"]
    found = [] if page_key == then["key"] else ["its notebook, parameters, version or local data"]
    found += [name for name, sha256 in used.items() if now.get(name) != sha256]
    if not found and stamp(page, notebook, page_key, used, root) != then:
        found.append("the page itself or its files")
    return found


def is_fresh(page, now, root=ROOT):
    """True if the executed page is there, unaltered, and made from what the snapshot holds."""
    return not changes(page, now, root)


def verify(root=ROOT):
    """Raise PageError unless book/experiments holds every page, fresh, and no other."""
    listed, now = read_pages(root), snapshot(root)
    stale = [p.name for p in listed if not is_fresh(p, now, root)]
    extra = sorted(unlisted(listed, root))
    if stale or extra:
        what = [f"stale: {', '.join(stale)}"] if stale else []
        what += [f"not in variants.yml: {', '.join(p.stem for p in extra)}"] if extra else []
        raise PageError("; ".join(what) + " (run python -m book.builder.execute)")
    return listed


def unlisted(listed, root=ROOT):
    """Notebooks of book/experiments that are no page."""
    wanted = {root / p.path for p in listed} | {root / f"{p.document}.ipynb" for p in listed}
    return {p for p in (root / "book/experiments").glob("*.ipynb") if p not in wanted}
