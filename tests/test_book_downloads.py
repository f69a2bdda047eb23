"""What stands beneath a figure: the files are there, hold what was plotted, and are linked."""

import io
import json
import lzma
import re
import zipfile
from pathlib import Path

import made_up
import numpy as np
import pandas as pd
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from alutils.loop import RunConfig
from alutils.runs import store
from book.builder import downloads
from book.builder import figure as one_figure
from book.builder.fragments.page_records import archived
from book.builder.pages import Page, PageError

CSV = "panel,y_quantity,mark,kind,colour,x,y\n1,MAE (eV),panel1-mark1,line,#404040,100,0.25\n"
USED = {"notes": [{"dataset": "organics", "sha256": "ab" * 32}], "seconds": 3.4, "gib": 0.5}
PAGE = Page("02_strategy_comparison", "organics", "Four strategies")


@pytest.fixture
def root(tmp_path):
    (tmp_path / "notebooks").mkdir()
    page = new_notebook(cells=[new_code_cell("x", outputs=[new_output("stream", text="long")])])
    Path(tmp_path, PAGE.source).write_text(json.dumps(page))
    return tmp_path


def notebook():
    prefix = "application/papermill.record/"
    picture = {f"{prefix}image/png": "AAAA", f"{prefix}image/svg+xml": "<svg/>"}
    picture[f"{prefix}text/csv"] = CSV
    stamp = {"scrapbook": {"name": "fig_curves", "mime_prefix": prefix}}
    output = new_output("display_data", data=picture, metadata=stamp)
    figure = "```{glue:figure} fig_curves\n---\nname: fig-curves-organics\nalt: x\n---\nSeen.\n```"
    return new_notebook(
        cells=[
            new_code_cell("seeds = [3, 4]", metadata={"tags": ["parameters"]}),
            new_code_cell("draw()", outputs=[output]),
            new_markdown_cell(f"Before.\n\n{figure}\n\nAfter."),
        ],
        metadata={"alutils": {}},
    )


def test_files_are_written_and_linked_beneath_the_figure(root):
    page = notebook()
    downloads.add(page, PAGE, USED, "ff" * 32, root)
    files = root / PAGE.files
    assert (files / "fig-curves-organics.svg").read_text() == "<svg/>"
    data = pd.read_csv(files / "fig-curves-organics.csv")
    assert data.to_dict("records") == [
        {"mark": "panel1-mark1", "kind": "line", "x": 100, "y": 0.25}
    ]
    about = yaml.safe_load((files / "fig-curves-organics.yml").read_text())
    assert about["parameters"] == {"seeds": [3, 4]}
    assert about["panels"] == [{"panel": "1", "y_quantity": "MAE (eV)"}]
    assert about["marks"] == {"panel1-mark1": {"colour": "#404040"}}
    text = page.cells[2].source
    links = text[text.index("Seen.") :]
    for file in re.findall(r"<(files/[^>]+)>", links):
        assert (root / "book/experiments" / file).is_file(), file
    assert "make figure NAME=fig-curves-organics" in links and links.endswith("After.")
    assert list(page.cells[1].outputs[0]["data"]) == ["application/papermill.record/image/png"]


def test_the_page_says_where_it_comes_from(root):
    page = notebook()
    downloads.add(page, PAGE, USED, "ff" * 32, root)
    last = page.cells[-1].source
    for stated in ("Where this page comes from", "CC0-1.0", "abababababab", "| seeds | 3, 4 |"):
        assert stated in last
    assert "executed in 3 s, at most 0.5 GiB" in last and "ffffffffffff" in last
    assert np.isclose(page.metadata["alutils"]["seconds"], 3.4)


@pytest.mark.parametrize(
    ("seconds", "stated"), [(3.2, "3 seconds"), (119, "119 seconds"), (120, "2.0 minutes"),
                          (9000, "2.5 hours")],
)  # fmt: skip
def test_a_duration_is_told_in_the_unit_in_which_it_is_read(seconds, stated):
    assert downloads.duration(seconds) == stated


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Folders of tracked records and of the cache, empty."""
    tracked, cached = tmp_path / "tracked", tmp_path / "cache"
    monkeypatch.setenv("ALUTILS_RECORDS", str(tracked))
    monkeypatch.setenv("ALUTILS_CACHE", str(cached))
    tracked.mkdir()
    (cached / "records").mkdir(parents=True)
    return tracked, cached / "records"


def noted(name, file=None):
    return {"record": name, "file": file or name}


def test_a_bundle_is_packed_once_and_whole_with_its_parts(root, places, monkeypatch):
    configs = [RunConfig("organics", "random", seed=seed) for seed in range(3)]
    names, made = (
        [store.file_name(config) for config in configs],
        list(map(made_up.record, configs)),
    )
    monkeypatch.setattr(store, "MOST_BYTES", len(json.dumps(made[0])))
    store.write_bundle(places[0] / "field.jsonl", made)
    assert (places[0] / "field-3.jsonl").exists()
    other = Page("05_targeted_search", "organics", "A search")
    packed = [
        downloads.write_records(page, [noted(names[at], f"field{part}.jsonl")], root)
        for page, at, part in ((PAGE, 2, "-3"), (other, 0, ""))
    ]
    assert packed == [["files/bundles/field.jsonl.xz"]] * 2
    path = root / "book/experiments" / packed[0][0]
    assert list(map(json.loads, lzma.open(path))) == made
    assert sorted(archived(path)) == sorted(names)
    before = path.stat().st_mtime_ns
    downloads.write_records(PAGE, [noted(names[0], "field.jsonl")], root)
    assert path.stat().st_mtime_ns == before
    store.write_bundle(places[0] / "field.jsonl", made[:2])
    downloads.write_records(PAGE, [noted(names[0], "field.jsonl")], root)
    assert list(map(json.loads, lzma.open(path))) == made[:2]


def test_tracked_runs_are_packed_by_data_set_all_else_that_was_used_by_page(root, places):
    tracked, cached = places
    for folder, name in ((tracked, "qm9"), (tracked, "aa"), (cached, "qm9")):
        for seed in range(2):
            config = RunConfig(f"{name}.csv", "random", seed=seed + 2 * (folder is cached))
            (folder / store.file_name(config)).write_text(
                json.dumps(made_up.record(config), indent=1)
            )
    (tracked / "probe.json").write_text("{}")
    (tracked / "unused.json").write_text("{}")
    first, second = sorted(path.name for path in tracked.glob("qm9*"))
    own = min(path.name for path in cached.glob("qm9*"))
    notes = [noted(second), noted(own), noted("probe.json"), noted("gone.json")]
    shared, of_page = downloads.write_records(PAGE, notes, root)
    assert (shared, of_page) == ("files/bundles/qm9.jsonl.xz", f"files/{PAGE.name}/records.zip")
    assert sorted(archived(root / "book/experiments" / shared)) == [first, second]
    with zipfile.ZipFile(root / "book/experiments" / of_page) as packed:
        assert sorted(packed.namelist()) == sorted([own, "probe.json"])
    assert "records (qm9)" in downloads.record_links([shared, of_page])[0]


def test_an_archive_is_the_same_for_the_same_files(tmp_path):
    for name in ("one.zip", "two.zip"):
        downloads.write_archive(tmp_path / name, {"b": b"2", "a": b"1"})
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO((tmp_path / "one.zip").read_bytes())) as packed:
        assert packed.namelist() == ["a", "b"]


def test_a_figure_is_found_by_its_name_in_the_book():
    page, key = one_figure.figure_of("fig-search-found-qm9")
    assert (page.name, key) == ("05_targeted_search-qm9", "fig_found")
    with pytest.raises(PageError, match="no figure 'fig-none': there are fig-method-molecule-"):
        one_figure.figure_of("fig-none")
