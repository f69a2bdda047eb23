"""A release by one command: make release VERSION=0.2.0

It sets the version in pyproject.toml, CITATION.cff and CHANGELOG.md, and commits these three, so
that all that is released comes from one commit that anybody can check out. From it come the book,
zipped, the wheel, the source distribution and the archive of the repository, with their checksums,
in _build/release/VERSION. The tag comes last: it stands only on what was built. Whatever fails
before, the commit is taken back. Nothing is pushed or uploaded.

python -m book.builder.release VERSION
"""

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from packaging.version import InvalidVersion, Version

from alutils.storage.memory import size_of
from book.builder.pages import ROOT

RELEASES = Path("_build", "release")
LONGEST_S, BOOK_S = 1800, 4 * 3600
SET = ("pyproject.toml", "CITATION.cff", "CHANGELOG.md")
UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.M | re.S)
RELEASED = re.compile(r"^## (\S+) \((\d{4}-\d\d-\d\d)\)$", re.M)
ENTRANCE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Active learning of molecular data, rerun</title>
<meta http-equiv="refresh" content="0; url=pages/book/index.html"></head>
<body><a href="pages/book/index.html">Open the book</a></body></html>
"""
NEXT = """Committed here and tagged v{version}. Next:
  make test                        if it was not run on these sources
  git push origin HEAD v{version}
  upload the files of {folder}: SHA256SUMS goes with them
To take it back instead: git tag -d v{version} && git reset --keep HEAD~1"""


class ReleaseError(Exception):
    """Why there is no release, and what to do: one line for the terminal."""


def said(command, root, **keywords):
    """The output of a command run in `root`; ReleaseError with its last line if it fails."""
    done = subprocess.run(
        command, cwd=root, capture_output=True, check=False, timeout=LONGEST_S, **keywords
    )
    if done.returncode:
        lines = (done.stdout + done.stderr).decode().strip().splitlines() or ["it said nothing"]
        raise ReleaseError(f"{' '.join(map(str, command[:4]))} failed: {lines[-1]}")
    return done.stdout


def git(root, *words):
    return said(["git", *words], root)


def check_version(text, root=ROOT):
    """Raise ReleaseError unless a version is of PEP 440 and newer than all that were released."""
    try:
        version = Version(text)
    except InvalidVersion:
        raise ReleaseError(f"VERSION={text} is no version: such as 0.2.0 (PEP 440)") from None
    if str(version) != text:
        raise ReleaseError(f"VERSION={text} is written {version}")
    names = [name for name, _ in RELEASED.findall((root / "CHANGELOG.md").read_text("utf8"))]
    names += [tag[1:] for tag in git(root, "tag", "--list", "v[0-9]*").decode().split()]
    project = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]
    newest = max(map(Version, names), default=None)
    if (newest and version <= newest) or version < Version(project["version"]):
        raise ReleaseError(f"VERSION={text} is not newer than {newest or project['version']}")


def check_clean(root=ROOT):
    """Raise ReleaseError if a file of the working tree is not as committed."""
    changed = git(root, "status", "--porcelain").decode().splitlines()
    if changed:
        raise ReleaseError(f"not committed: {changed[0][3:]} ({len(changed)} in all): git commit")


def check_records(root=ROOT):
    """Raise ReleaseError if a tracked record is stale."""
    said([sys.executable, "-m", "alutils", "records"], root)


def check_citation(root=ROOT):
    """Raise ReleaseError if CITATION.cff does not follow the schema of its format."""
    words = ("--builtin-schema", "vendor.citation-file-format", "-o", "json", "CITATION.cff")
    command = [sys.executable, "-m", "check_jsonschema", *words]
    done = subprocess.run(command, cwd=root, capture_output=True, check=False, timeout=LONGEST_S)
    if done.returncode:
        found = json.loads(done.stdout)
        one = [*found["errors"], *found["parse_errors"]][0]
        raise ReleaseError(f"CITATION.cff: {one.get('path', '')} {one['message']}")


def replaced(pattern, new, text, name):
    """A text with the one place that a pattern fits written anew."""
    text, n = re.subn(pattern, lambda _: new, text, flags=re.M)
    if n != 1:
        raise ReleaseError(f"{name}: {n} lines for the version, one is meant")
    return text


def versioned(version, day, root=ROOT):
    """Name -> text of the three files that hold the version, as of a release on a day."""
    project, citation, changelog = ((root / name).read_text("utf8") for name in SET)
    section = UNRELEASED.search(changelog)
    if not section or not re.search(r"^- \S", section[1], re.M):
        raise ReleaseError(
            f"CHANGELOG.md has no entry: say under '## Unreleased' what is new in {version}"
        )
    citation = re.sub(r"^date-released:.*\n", "", citation, flags=re.M)
    dated = f"version: {version}\ndate-released: {day}"
    return {
        SET[0]: replaced(r"^version = .*$", f'version = "{version}"', project, SET[0]),
        SET[1]: replaced(r"^version: .*$", dated, citation, SET[1]),
        SET[2]: changelog.replace("## Unreleased", f"## {version} ({day})", 1),
    }


def packed(version, out, root=ROOT):
    """The archive of the last commit, and wheel and source distribution by `build`, in a folder.

    The same commit gives the same bytes, with the same git, setuptools and zlib.
    """
    archive = out / f"alutils-book-{version}-source.tar.gz"
    words = ("--format=tar.gz", f"--prefix=alutils-book-{version}/", "-o", archive, "HEAD")
    git(root, "-c", "tar.umask=0022", "archive", *words)
    seconds = git(root, "log", "-1", "--format=%ct").decode().strip()
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        (source,) = Path(folder).iterdir()
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source]
        said(command, root, env=os.environ | {"SOURCE_DATE_EPOCH": seconds})
    dateless(out / f"alutils-{version}.tar.gz", int(seconds))


def dateless(path, seconds):
    """Pack a .tar.gz anew, without the times and the owner of those who packed it first."""
    with tarfile.open(path) as tar:
        members = [(one, tar.extractfile(one)) for one in sorted(tar, key=lambda one: one.name)]
        contents = [(one, file.read() if file else b"") for one, file in members]
    with path.open("wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=seconds) as zipped:
        with tarfile.open(fileobj=zipped, mode="w") as tar:
            for one, content in contents:
                one.mtime, one.uid, one.gid, one.uname, one.gname = seconds, 0, 0, "", ""
                one.pax_headers = {}
                tar.addfile(one, BytesIO(content))


def zipped_book(html, path):
    """Zip a built book; the index.html at its top, of a double click, leads into its pages."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("index.html", ENTRANCE)
        for file in sorted(html.rglob("*")):
            name = file.relative_to(html)
            if file.is_file() and not name.name.startswith("."):
                book.write(file, "pages" / name)


def write_checksums(folder):
    """Write SHA256SUMS of a folder's files, as `sha256sum -c` and `shasum -c` read it."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(lines), "utf8")


def build_book(version, root=ROOT):
    """make book, which installs this version first; ReleaseError unless all is of the commit."""
    if subprocess.run(["make", "book"], cwd=root, check=False, timeout=BOOK_S).returncode:
        raise ReleaseError("make book failed")
    code = "import alutils; print(alutils.__version__)"
    installed = said([sys.executable, "-c", code], root).decode().strip()
    if installed != version:
        raise ReleaseError(f"alutils {installed} is installed here: pip install -e . and once more")
    check_clean(root)


@contextmanager
def committed(texts, version, root=ROOT):
    """Write and commit files; where what follows fails, the commit is taken back."""
    before = git(root, "rev-parse", "HEAD").decode().strip()
    try:
        for name, text in texts.items():
            (root / name).write_text(text, "utf8")
        git(root, "commit", "-q", "-m", f"Release {version}", "--", *texts)
        yield
    except BaseException:
        git(root, "reset", "-q", "--soft", before)
        git(root, "checkout", "-q", before, "--", *texts)
        raise


def main(version, root=ROOT):
    """Check, set the version, build; prints what was made and what comes next."""
    check_clean(root)
    check_version(version, root)
    texts = versioned(version, datetime.now(UTC).date().isoformat(), root)
    check_records(root)
    out, part = root / RELEASES / version, root / RELEASES / "unfinished"
    for folder in (out, part):
        shutil.rmtree(folder, ignore_errors=True)
    part.mkdir(parents=True)
    with committed(texts, version, root):
        check_citation(root)
        build_book(version, root)
        zipped_book(root / "_build/html", part / f"alutils-book-{version}.zip")
        packed(version, part, root)
        write_checksums(part)
        part.rename(out)
        git(root, "tag", "-a", f"v{version}", "-m", f"Release {version}")
    for path in sorted(out.iterdir()):
        print(f"{size_of(path.stat().st_size):>8}  {path.relative_to(root).as_posix()}")
    print(NEXT.format(version=version, folder=(RELEASES / version).as_posix()))


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2] or [""])
    except ReleaseError as error:
        sys.exit(f"no release: {error}")
