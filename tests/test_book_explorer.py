"""The explorer page: averages by hand, the runs of every page, and no word to the network."""

import json
import lzma
import re
import zipfile
from dataclasses import asdict

import nbformat
import pytest

from alutils.acquisition.target import above, lowest
from alutils.analysis import plans
from alutils.loop import RunConfig
from alutils.report.style import STRATEGY_LETTERS
from alutils.runs.provenance import NUMERICS_VERSION
from alutils.runs.store import file_name
from book.builder.fragments.explorer import (
    CONTRAST,
    DARK_GROUND,
    METRICS,
    PREFIX,
    SCRIPT,
    SUFFIX,
    contrast,
    explorer_data,
    strategy_look,
    to_script,
)
from book.builder.fragments.page_records import STUDIES, archived, mark_learned, page_records
from book.builder.pages import ROOT, PageError, read_pages

STATIC = ROOT / "book" / "_static"
VENDOR = STATIC / "vendor"
BUILT = ROOT / "_build" / "html"
OURS = ("explorer.js", "explorer.css")


def record(seed, errors, study="paper", **changed):
    """A record with one row for each error, all other numbers one."""
    made = RunConfig("organics", **{"strategy": "random", "n_max": 200, "seed": seed, **changed})
    rows = [
        {**dict.fromkeys(METRICS, 1.0), "n_train": 100 * 2**i, "mae_ev": error}
        for i, error in enumerate(errors)
    ]
    return {
        "config": asdict(made),
        "numerics_version": NUMERICS_VERSION,
        "rows": rows,
        "study": study,
    }


def test_mean_spread_and_number_of_seeds_by_hand():
    records = [record(0, [0.3, 0.2]), record(1, [0.5, 0.4]), record(2, [0.4])]
    records[1]["rows"][1]["tpr"] = None
    data = explorer_data([*records, records[0]])
    (one,) = data["series"]
    assert data["n_runs"] == 3 and data["n_stale"] == 0
    assert one["seeds"] == [0, 1, 2] and one["n_train"] == [100, 200]
    # Standard deviations with n - 1: of (.3, .5, .4) 0.1, of (.2, .4) 0.2 / sqrt(2).
    expected = {"mean": [0.4, 0.3], "std": [0.1, 0.14142], "n": [3, 2]}
    assert one["values"]["mae_ev"] == expected
    assert one["values"]["tpr"] == {"mean": [1.0, 1.0], "std": [0.0, None], "n": [3, 1]}


def test_settings_stand_apart_and_are_named():
    records = [
        record(0, [0.3]),
        record(0, [0.3], strategy="property_search"),
        record(0, [0.3], scheme="constant", n_const=50),
        record(0, [0.3], noise_var=0.03, normalize_y=True),
        record(0, [0.3], n_test=500),
        record(0, [0.3], target=above(-9.5)),
        record(0, [0.3], study="targets", target=lowest(0.1)),
    ]
    data = explorer_data(records)
    labels = {name: [c["label"] for c in found] for name, found in data["choices"].items()}
    assert len(data["series"]) == len(records)
    assert labels["scheme"] == ["POW", "constant 50"]
    assert labels["noise"] == ["0.05 eV²", "0.03 var(y), labels normalised"]
    assert labels["target"] == ["the highest 30 %", "the lowest 10 %", "above -9.5 eV"]
    assert labels["sizes"] == ["100 to 200, tested on 500", "100 to 200, tested on 1000"]


def test_a_collapsed_fit_is_counted():
    collapsed = record(1, [9.0])
    collapsed["rows"][0]["r2"] = -300.0
    (one,) = explorer_data([record(0, [0.3]), collapsed])["series"]
    assert one["collapsed"] == [1] and one["values"]["mae_ev"]["mean"] == [4.65]


def test_stale_records_are_counted():
    old = record(0, [0.3]) | {"numerics_version": 0}
    assert explorer_data([old, old, record(1, [0.3])])["n_stale"] == 1


def test_learned_noise_is_one_choice_over_the_seeds():
    runs = [
        record(0, [0.3], study="field"),
        record(0, [0.2], study="field", noise_var=0.1),
        record(1, [0.4], study="field"),  # its first batch called for the common noise
        record(1, [0.4], study="field", strategy="k_centre"),  # never run with learned noise
        record(1, [0.4]),
    ]
    found = {
        (s["study"], s["noise"], s["strategy"]): s
        for s in explorer_data(mark_learned(runs))["series"]
    }
    assert set(found) == {
        ("paper", "0.05", "random"),
        ("field", "0.05", "random"),
        ("field", "0.05", "k_centre"),
        ("field", "learned", "random"),
    }
    learned = found["field", "learned", "random"]
    assert learned["seeds"] == [0, 1] and learned["values"]["mae_ev"]["mean"] == [0.3]
    assert learned["noise_var"] == [0.05, 0.1]


def test_script_is_one_assignment_of_json():
    data = explorer_data([record(0, [0.3])])
    script = to_script(data)
    assert script.startswith(PREFIX) and script.endswith(SUFFIX)
    assert json.loads(script.removeprefix(PREFIX).removesuffix(SUFFIX)) == data


def test_archive_gives_runs_and_probes_by_name(tmp_path):
    one, two, other = record(0, [0.3]), record(1, [0.4]), record(2, [0.5])
    first, *rest = (file_name(RunConfig(**run["config"])) for run in (one, two, other))
    with zipfile.ZipFile(tmp_path / "records.zip", "w") as archive:
        archive.writestr(first, json.dumps(one))
        archive.writestr("probe.json", json.dumps({"rows": []}))
    assert archived(tmp_path / "records.zip") == {first: one, "probe.json": {"rows": []}}
    lines = [json.dumps(run | {"batches": [[1, 2]]}) for run in (two, other)]
    (tmp_path / "study.jsonl.xz").write_bytes(lzma.compress("\n".join(lines).encode()))
    assert archived(tmp_path / "study.jsonl.xz") == {rest[0]: two, rest[1]: other}
    assert archived(tmp_path / "missing.zip") == {}


def test_a_record_that_is_gone_is_named(tmp_path):
    page = next(page for page in read_pages() if page.notebook.startswith("02"))
    (tmp_path / page.path).parent.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(metadata={"alutils": {"records": ["gone.json"]}})
    nbformat.write(notebook, tmp_path / page.path)
    with pytest.raises(PageError, match=r"no archive holds gone\.json: delete"):
        page_records([page], tmp_path)


def test_every_colour_can_be_seen_in_dark_mode():
    for name in STRATEGY_LETTERS:
        look = strategy_look(name)
        assert contrast(look["light"], "white") >= 3
        if name == "random":  # nearly black on white: in the dark it is the text's colour
            assert look["dark"].startswith("var(")
        else:
            assert contrast(look["dark"], DARK_GROUND) >= CONTRAST
    assert contrast("white", "black") == pytest.approx(21)


@pytest.fixture(scope="module")
def written():
    text = (ROOT / SCRIPT).read_text("utf8")
    assert len(text.encode()) < 1.5e6
    return json.loads(text.removeprefix(PREFIX).removesuffix(SUFFIX))


def test_every_run_of_every_page_is_there(written):
    there = {
        (s["pool"], s["strategy"], s["batches"], s["n_const"], s["n_max"], noise, seed)
        for s in written["series"]
        for noise in s["noise_var"]
        for seed in s["seeds"]
    }
    keys = ("strategy", "scheme", "n_const", "n_max", "noise_var", "seed")
    numbers = [number for _, stated in STUDIES.values() for number in stated]
    pages = [page for page in read_pages() if page.notebook[:2] in numbers]
    for page in pages:
        named = nbformat.read(ROOT / page.path, as_version=4).metadata["alutils"]["records"]
        runs = [r for r in page_records([page], ROOT) if not r.get("learned")]
        assert runs and len(runs) <= len(named)
        for run in runs:
            config = run["config"]
            pool = "-".join(filter(None, (config["dataset"], config.get("descriptor"))))
            assert (pool, *(config[key] for key in keys)) in there, f"{page.name}: {config}"


def test_every_strategy_of_the_field_is_there(written):
    field = {s["strategy"] for s in written["series"] if s["study"] == "field"}
    assert field == {config.strategy for config in plans.fixed_noise()}


def test_page_loads_files_that_are_there_and_none_from_elsewhere():
    page = (ROOT / "book/explorer.md").read_text("utf8")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) == 5
    for path in loaded:
        assert (BUILT / "book" / path).resolve().is_file(), path
    for text in (page, *((STATIC / name).read_text("utf8") for name in OURS)):
        assert not re.search(r"https?:|//\w+\.\w|fetch\(|XMLHttpRequest|@?import\b|url\(", text)
    assert "<noscript>" in page and 'aria-live="polite"' in page


def test_the_chart_is_above_its_controls_and_opens_on_what_a_search_is_for(written):
    page = (ROOT / "book/explorer.md").read_text("utf8")
    assert page.index('data-part="chart"') < page.index("<fieldset>")
    first = re.search(
        r'metric: "(\w+)", strategies: new Set\("(\w+)"\)', (STATIC / OURS[0]).read_text()
    )
    assert first[1] == "found_share"
    letters = {s["id"]: s["letter"] for s in written["strategies"]}
    for study in ("paper", "targets"):
        shown = {letters[s["strategy"]] for s in written["series"] if s["study"] == study}
        assert len(shown & set(first[2])) > 1, "nothing to compare E with"


def test_code_of_others_is_small_and_licensed():
    scripts = sorted(path.name for path in VENDOR.glob("*.js"))
    stated = (VENDOR / "README.md").read_text("utf8")
    assert scripts == ["d3.min.js", "plot.umd.min.js"]
    assert sum(path.stat().st_size for path in VENDOR.glob("*")) < 700_000
    for name in scripts:
        version = re.search(r"v(\d+\.\d+\.\d+)", (VENDOR / name).read_text("utf8")[:200])[1]
        (line,) = [line for line in stated.splitlines() if f"`{name}`" in line]
        assert version in line
        licence = (VENDOR / re.search(r"LICENSE-\w+\.txt", line)[0]).read_text("utf8")
        assert "Permission to use, copy, modify, and/or distribute" in licence
