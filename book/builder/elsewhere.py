"""Keep a copy of the checkout up to date, for make to work in where the checkout is read-only.

What make makes lies in a checkout: environment, caches, executed pages, HTML. In the copy they stay
where they are, and what the checkout has lost is removed.

python book/builder/elsewhere.py FOLDER
"""

import os
import shutil
import sys
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MADE = (".venv*", ".cache", "_build", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
PAGES = Path("book", "experiments")
LIST = ".copied"  # the files of the copy that came from the checkout


def sources(root=ROOT):
    """Paths, relative to the checkout, of the files that nothing has made."""
    found = []
    for folder, names, files in os.walk(root):
        place = Path(folder).relative_to(root)
        kept = [n for n in names if place / n != PAGES and not any(fnmatch(n, m) for m in MADE)]
        names[:] = kept
        found += [place / name for name in files]
    return sorted(found)


def copy(folder, root=ROOT):
    """Bring the copy up to date; the number of its files.

    Raises
    ------
    ValueError
        If the folder holds something else, or lies in the checkout.
    """
    folder = Path(folder).expanduser().resolve()
    if folder.is_relative_to(root):
        raise ValueError(f"BUILD={folder.name} lies in the checkout: give a folder outside")
    listed = folder / LIST
    if folder.exists() and any(folder.iterdir()) and not listed.exists():
        raise ValueError(f"BUILD={folder.name} holds other files: give an empty or a new folder")
    folder.mkdir(parents=True, exist_ok=True)
    before = set(listed.read_text("utf8").split("\0")) if listed.exists() else set()
    now = {path.as_posix() for path in sources(root)}
    listed.write_text("\0".join(sorted(before | now)), "utf8")
    for name in now:
        _copy_if_other(root / name, folder / name)
    for name in filter(None, before - now):
        (folder / name).unlink(missing_ok=True)
    listed.write_text("\0".join(sorted(now)), "utf8")
    return len(now)


def _copy_if_other(source, target):
    """A file of the same size and time is the same; a copy may be written, whoever may not here."""
    stated = source.stat()
    if target.exists():
        there = target.stat()
        if (there.st_size, there.st_mtime_ns) == (stated.st_size, stated.st_mtime_ns):
            return
        target.unlink()
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(stated.st_mode | 0o600)
    os.utime(target, ns=(stated.st_atime_ns, stated.st_mtime_ns))


if __name__ == "__main__":
    try:
        print(f"{copy(sys.argv[1])} files of the checkout are in BUILD", flush=True)
    except (OSError, ValueError) as error:
        sys.exit(f"book/builder/elsewhere.py: {error}")
