"""The table of contents: its experiments are those of variants.yml, its prose is left alone."""

import pytest
import yaml

from book.builder import pages, toc
from book.builder.pages import ROOT, PageError

VARIANTS = """parts: {01_tiny: Tiny}
variants: {organics: Organics, qm9: QM9}
pages:
  - {notebook: 01_tiny, variant: organics, title: "A title"}
  - {notebook: 02_other, variant: qm9, title: "B", part: "By itself", short: "In short"}
  - {notebook: 01_tiny, variant: qm9, title: "C"}
"""
BEFORE, AFTER = ({"caption": c, "chapters": [{"file": f"book/{c}"}]} for c in ("paper", "notes"))
GONE = {"caption": "old", "chapters": [{"file": "book/experiments/00_gone-organics"}]}


@pytest.fixture
def repo(tmp_path):
    for name in ("book", "notebooks"):
        (tmp_path / name).mkdir()
    for name in ("01_tiny", "02_other"):
        (tmp_path / f"notebooks/{name}.ipynb").write_text("{}")
    (tmp_path / "book/variants.yml").write_text(VARIANTS)
    table = {"format": "jb-book", "root": "book/index", "parts": [BEFORE, GONE, AFTER]}
    (tmp_path / "_toc.yml").write_text(yaml.safe_dump(table))
    return tmp_path


def read(repo):
    return yaml.safe_load((repo / "_toc.yml").read_text("utf8"))


def test_the_tracked_contents_are_those_of_variants():
    assert (ROOT / "_toc.yml").read_text("utf8") == toc.contents(), "python -m book.builder.toc"
    parts = yaml.safe_load((ROOT / "_toc.yml").read_text("utf8"))["parts"]
    files = [chapter["file"] for part in parts for chapter in part["chapters"]]
    listed = [file for file in files if file.startswith(toc.EXPERIMENTS)]
    assert listed == [page.path.with_suffix("").as_posix() for page in pages.read_pages()]


def test_parts_and_titles_follow_variants_and_prose_stays(repo):
    toc.write(repo)
    before, tiny, alone, after = read(repo)["parts"]
    assert (before, after) == (BEFORE, AFTER)
    assert tiny == {
        "caption": "Tiny",
        "chapters": [
            {"file": "book/experiments/01_tiny-organics", "title": "Organics"},
            {"file": "book/experiments/01_tiny-qm9", "title": "QM9"},
        ],
    }
    assert alone["caption"] == "By itself" and alone["chapters"][0]["title"] == "In short"


def test_what_is_up_to_date_is_left_alone(repo):
    toc.write(repo)
    made = (repo / "_toc.yml").stat().st_mtime_ns
    toc.write(repo)
    assert (repo / "_toc.yml").stat().st_mtime_ns == made


def test_a_notebook_without_a_part_is_refused(repo):
    (repo / "book/variants.yml").write_text(VARIANTS.replace("01_tiny: Tiny", ""))
    with pytest.raises(PageError, match="01_tiny has no part: name it under `parts`"):
        toc.contents(repo)
