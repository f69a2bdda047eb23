"""The release: what it refuses, the version in one place, the same bytes from the same commit."""

import hashlib
import re
import shutil
import subprocess
import tarfile
import time
import tomllib
import zipfile

import pytest
import yaml

from book.builder import release
from book.builder.pages import ROOT

WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org")
CITATION = (
    'cff-version: 1.2.0\ntitle: "T"\nmessage: "M"\ntype: software\nversion: 0.1.0\n'
    "authors:\n  - name: N\n"
)


def git(root, *words):
    command = ["git", *WHO, *words]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A small repository like ours: a package, its version in three files, one release before."""
    root = tmp_path / "a prôject"
    (root / "alutils").mkdir(parents=True)
    (root / "alutils/__init__.py").write_text('"""Nothing."""\n')
    (root / "README.md").write_text("Read me.\n")
    (root / "LICENSE").write_text("MIT\n")
    (root / ".gitignore").write_text("_build/\n")
    text = (ROOT / "pyproject.toml").read_text("utf8")
    text = re.sub(r'(?m)^version = ".*"$', 'version = "0.1.0"', text)
    (root / "pyproject.toml").write_text(text, "utf8")
    (root / "CITATION.cff").write_text(CITATION)
    (root / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\n- Better.\n\n## 0.1.0 (2025-01-31)\n\n- Good.\n"
    )
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "Start")
    for name, value in zip(("NAME", "EMAIL"), ("A", "a@example.org"), strict=True):
        monkeypatch.setenv(f"GIT_AUTHOR_{name}", value)
        monkeypatch.setenv(f"GIT_COMMITTER_{name}", value)
    monkeypatch.setattr(release, "build_book", built)
    monkeypatch.setattr(release, "check_records", lambda root: None)
    return root


def built(version, root):
    """Stands in for make book: a page that names the version that the commit has."""
    (root / "_build/html/book").mkdir(parents=True, exist_ok=True)
    text = (root / "pyproject.toml").read_text("utf8")
    (root / "_build/html/book/index.html").write_text(str(f'version = "{version}"' in text))


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_version_is_one_and_the_citation_and_the_changelog_follow():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    assert str(citation["version"]) == version
    dated = release.RELEASED.findall((ROOT / "CHANGELOG.md").read_text("utf8"))
    assert dated[:1] == ([(version, str(citation["date-released"]))] if dated else [])
    assert ("date-released" in citation) == bool(dated)
    release.check_citation()


def test_a_release_sets_the_version_and_holds_what_its_checksums_say(project, capsys):
    release.main("0.2.0", project)
    assert git(project, "status", "--porcelain") == ""
    assert git(project, "describe", "--tags") == "v0.2.0"
    assert 'version = "0.2.0"' in (project / "pyproject.toml").read_text("utf8")
    day = str(yaml.safe_load((project / "CITATION.cff").read_text())["date-released"])
    assert f"## 0.2.0 ({day})\n\n- Better." in (project / "CHANGELOG.md").read_text()
    out = project / "_build/release/0.2.0"
    made = files(out)
    sums = dict(reversed(line.split("  ")) for line in made.pop("SHA256SUMS").decode().splitlines())
    assert sums == {name: hashlib.sha256(data).hexdigest() for name, data in made.items()}
    kinds = ["alutils-0.2.0-py3-none-any.whl", "alutils-0.2.0.tar.gz"]
    kinds += ["alutils-book-0.2.0-source.tar.gz", "alutils-book-0.2.0.zip"]
    assert sorted(made) == sorted(kinds)
    book = zipfile.ZipFile(out / kinds[3])
    assert book.read("pages/book/index.html") == b"True"
    assert b'url=pages/book/index.html"' in book.read("index.html")
    with tarfile.open(out / kinds[2]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()} - {"", "alutils"}
    assert names == set(git(project, "ls-files").split("\n"))
    said = capsys.readouterr().out
    assert all(name in said for name in kinds) and "git push origin HEAD v0.2.0" in said


def test_the_same_commit_gives_the_same_bytes(project, tmp_path):
    made = []
    for name in ("one", "two"):
        copy = tmp_path / f"copy {name}"
        git(project, "clone", "-q", project, copy)
        out = tmp_path / name
        out.mkdir()
        release.packed("0.1.0", out, copy)
        made.append(files(out))
        time.sleep(1.1)  # a time of the clock would differ
    assert made[0] == made[1] and len(made[0]) == 3


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("", "is no version"),
        ("two", "is no version"),
        ("0.2.0-rc1", "is written 0.2.0rc1"),
        ("0.1.0", "not newer than 0.1.0"),
        ("0.2.0.dev1", "not newer than 0.2.0"),
        ("0.2.0", "not newer than 0.2.0"),
    ],
)
def test_versions_that_are_refused(version, said, project):
    if version.startswith("0.2.0") and "rc" not in version:
        git(project, "tag", "v0.2.0")
    with pytest.raises(release.ReleaseError, match=re.escape(said)):
        release.main(version, project)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("CHANGELOG.md", "# Changelog\n\n## 0.1.0 (2025-01-31)\n\n- Good.\n", "has no entry"),
        ("CHANGELOG.md", "## Unreleased\n\n## 0.1.0 (2025-01-31)\n\n- Good.\n", "has no entry"),
        ("CITATION.cff", CITATION.replace("type: software", "type: poem"), "CITATION.cff: .*type"),
        ("CITATION.cff", CITATION.replace("version: 0.1.0\n", ""), "CITATION.cff: 0 lines"),
    ],
)
def test_what_is_refused_leaves_all_as_it_was(name, text, said, project):
    (project / name).write_text(text)
    with pytest.raises(release.ReleaseError, match=f"not committed: {name}"):
        release.main("0.2.0", project)
    git(project, "commit", "-q", "-a", "-m", "So")
    before = git(project, "rev-parse", "HEAD")
    with pytest.raises(release.ReleaseError, match=said):
        release.main("0.2.0", project)
    assert git(project, "rev-parse", "HEAD") == before and git(project, "tag") == ""
    assert git(project, "status", "--porcelain") == ""
    assert not (project / "_build/release/0.2.0").exists()


def test_a_book_that_fails_takes_the_commit_back(project, monkeypatch):
    def fails(version, root):
        raise KeyboardInterrupt

    monkeypatch.setattr(release, "build_book", fails)
    before = git(project, "rev-parse", "HEAD")
    with pytest.raises(KeyboardInterrupt):
        release.main("0.2.0", project)
    assert git(project, "rev-parse", "HEAD") == before and git(project, "tag") == ""
    assert git(project, "status", "--porcelain") == ""


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="macOS has shasum in its place")
def test_checksums_are_read_by_the_usual_command(tmp_path):
    (tmp_path / "a file").write_text("a")
    release.write_checksums(tmp_path)
    command = ["sha256sum", "-c", "SHA256SUMS"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60)
    assert done.returncode == 0
