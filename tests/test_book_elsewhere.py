"""A checkout that may not be written: make says so in one line, and works in a copy."""

import os
import shutil
import subprocess

import pytest
from test_any_machine import bound_by_rights

from book.builder import elsewhere
from book.builder.pages import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="rights of POSIX")


@pytest.fixture
def checkout(tmp_path):
    """A checkout of few files, its name with spaces and letters of two scripts."""
    root = tmp_path / "böök für 日本 & co"
    for name in ("Makefile", "book/builder/elsewhere.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, root / name)
    for name in ("alutils/loop.py", ".venv/bin/python", "_build/a", "book/experiments/a.ipynb"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


def make(folder, *words):
    """(status, stdout, stderr) of make, without root's right to write everywhere."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("MAKE") and k != "MFLAGS"}
    done = subprocess.run(
        ["make", *words],
        cwd=folder,
        env=env,
        preexec_fn=bound_by_rights,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def read_only(checkout):
    folders = [checkout, *(path for path in checkout.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o500)
    yield checkout
    for path in folders:
        path.chmod(0o700)


def test_a_checkout_that_may_not_be_written_is_one_line(read_only):
    status, _, said = make(read_only, "book")
    assert status == 2 and "make BUILD=FOLDER book does it in a copy there" in said
    assert len(said.splitlines()) == 1


def test_build_does_it_in_a_copy(read_only, tmp_path):
    before = {path: path.stat().st_mtime_ns for path in read_only.rglob("*")}
    build = tmp_path / "gebaut für 日本"
    (build / "_build").mkdir(parents=True)
    (build / "_build/mine").write_text("made before")
    (build / elsewhere.LIST).write_text("")
    status, said, wrong = make(read_only, f"BUILD={build}", "clean")
    assert status == 0 and wrong == "" and "3 files of the checkout are in BUILD" in said
    copied = {p.relative_to(build).as_posix() for p in build.rglob("*") if p.is_file()}
    wanted = {"Makefile", "alutils/loop.py", "book/builder/elsewhere.py", elsewhere.LIST}
    assert copied == wanted  # `clean` was done there: _build is gone
    assert {path: path.stat().st_mtime_ns for path in read_only.rglob("*")} == before


def test_a_copy_follows_the_checkout_and_keeps_what_was_made(checkout, tmp_path):
    build = tmp_path / "build"
    assert elsewhere.copy(build, checkout) == 3
    (build / "_build").mkdir()
    (build / "_build/html").write_text("made")
    same = (build / "Makefile").stat().st_ino
    (checkout / "alutils/loop.py").chmod(0o400)
    (checkout / "alutils/loop.py").unlink()
    (checkout / "alutils/new.py").write_text("new")
    (checkout / "alutils/new.py").chmod(0o400)
    elsewhere.copy(build, checkout)
    assert not (build / "alutils/loop.py").exists() and (build / "_build/html").exists()
    assert (build / "Makefile").stat().st_ino == same
    (checkout / "alutils/new.py").chmod(0o600)
    (checkout / "alutils/new.py").write_text("newer")
    elsewhere.copy(build, checkout)
    assert (build / "alutils/new.py").read_text() == "newer"


def test_a_folder_of_other_files_or_in_the_checkout_is_refused(checkout, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine").write_text("mine")
    with pytest.raises(ValueError, match="BUILD=full holds other files"):
        elsewhere.copy(tmp_path / "full", checkout)
    with pytest.raises(ValueError, match="BUILD=in lies in the checkout"):
        elsewhere.copy(checkout / "in", checkout)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine"]
