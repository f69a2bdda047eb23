"""Records: found, resumed, replayed, never silently stale."""

import json
import os
import shutil
from dataclasses import replace

import made_up
import numpy as np
import pytest

from alutils import loop
from alutils.acquisition.target import above, highest
from alutils.data.datasets import load
from alutils.loop import RunConfig
from alutils.runs import long_runs, provenance, records, store, verification
from alutils.storage import files
from alutils.storage.locations import records_dir

CONFIG = RunConfig("toy", "property_search", "pow", 20, 20, 100, 50, 0.01, n_restarts=0)


@pytest.fixture
def pool(monkeypatch, tmp_path):
    """A toy data set in the working folder, an empty cache and no tracked records."""
    made_up.write_data_set(tmp_path / "toy", *made_up.toy())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path / "tracked"))
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    records.load_once.cache_clear()
    yield load("toy")
    records.load_once.cache_clear()


def numbers(record):
    rows = [{k: v for k, v in row.items() if k not in records.TIMINGS} for row in record["rows"]]
    return rows, record["batches"]


def stop_after(n_steps, monkeypatch):
    """Make the loop die in its (n_steps + 1)-th iteration, as a killed process does."""
    whole = records.steps

    def dying(*arguments):
        for done, step in enumerate(whole(*arguments)):
            if done == n_steps:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(records, "steps", dying)


@pytest.mark.parametrize("n_steps", [0, 1, 3])
def test_interrupted_run_ends_with_the_same_bits(n_steps, pool, tmp_path, monkeypatch):
    whole = records.compute(CONFIG, tmp_path / "whole")
    with monkeypatch.context() as patch:
        stop_after(n_steps, patch)
        with pytest.raises(KeyboardInterrupt):
            records.compute(CONFIG, tmp_path / "parts")
    resumed = records.compute(CONFIG, tmp_path / "parts")
    assert numbers(resumed) == numbers(whole) and resumed["complete"]


def test_complete_run_is_not_computed_again(pool):
    first = records.run_or_load([CONFIG])
    again = records.run_or_load([CONFIG])
    assert len(first) == 4 and again.equals(first)  # to the timings


def test_an_edited_folder_is_read_again_and_one_left_alone_is_not(pool, tmp_path):
    first = records.load_once("toy")
    assert records.load_once("toy") is first
    np.savetxt(tmp_path / "toy/HOMO.txt", pool.y + 1, fmt="%.10f")
    edited = records.load_once("toy")
    assert edited.y == pytest.approx(first.y + 1)
    assert records.load_once("toy") is edited


@pytest.mark.parametrize("label", [-6.5, -6.25])  # as many bytes as before, and more
def test_an_edited_file_is_read_again(label, pool, tmp_path):
    path = tmp_path / "mine.xyz"
    text = "1\nhomo={} Properties=species:S:1:pos:R:3\nHe 0 0 0\n"
    path.write_text(text.format(-5.5))
    assert records.load_once("mine.xyz").y == [-5.5]
    made = path.stat().st_mtime_ns
    path.write_text(text.format(label))
    os.utime(path, ns=(made, made + 10**7))  # clocks of file systems are coarse
    assert records.load_once("mine.xyz").y == [label]


def test_a_registered_name_does_not_depend_on_a_file_of_that_name(pool, tmp_path):
    first = records.load_once("organics")
    (tmp_path / "organics").write_text("a file of a reader's")
    assert records.load_once("organics") is first


def test_tracked_record_needs_no_data(pool, tmp_path):
    records.compute(CONFIG, tmp_path / "tracked")
    remove_data(tmp_path)
    frame = records.run_or_load([CONFIG])
    assert frame["n_train"].tolist() == [20, 40, 80, 100] and not frame["stale"].any()


def remove_data(tmp_path):
    shutil.rmtree(tmp_path / "toy")
    records.load_once.cache_clear()


def reseal(path, **values):
    """Change a record under a new seal, as another version or other data would have made it."""
    record = store.read(path) | values
    files.write_json(path, record | {"seal": files.seal(record)})


@pytest.mark.parametrize("values", [{"numerics_version": 0}, {"data_sha256": "other data"}])
def test_a_cached_record_of_other_numerics_or_data_is_computed_again(values, pool, tmp_path):
    path = tmp_path / "cache/records" / store.file_name(CONFIG)
    records.run_or_load([CONFIG])
    reseal(path, **values)
    assert not records.run_or_load([CONFIG])["stale"].any()
    made = store.read(path)
    assert made["numerics_version"] == provenance.NUMERICS_VERSION
    assert made["data_sha256"] == pool.sha256


def test_tracked_stale_record_is_marked(pool, tmp_path):
    records.compute(CONFIG, tmp_path / "tracked")
    reseal(tmp_path / "tracked" / store.file_name(CONFIG), numerics_version=0)
    assert records.run_or_load([CONFIG])["stale"].all()


def test_a_run_that_does_not_fit_is_refused_before_any_computing(pool, tmp_path):
    bad = RunConfig("toy", "random", n_max=290, n_test=50)
    with pytest.raises(ValueError, match="340 molecules"):
        records.run_or_load([CONFIG, bad])
    assert not (tmp_path / "cache").exists()


def test_replay_gives_the_recorded_digits(pool, tmp_path):
    record = records.compute(CONFIG, tmp_path)
    rows, agreement = verification.replay(record)
    for row, recorded in zip(rows, record["rows"], strict=True):
        for name in set(row) - set(records.TIMINGS):
            same = row[name] == recorded[name] or (row[name] != row[name] and not recorded[name])
            assert same, name
    assert agreement == [1.0, 1.0, 1.0]


def test_verified_record_agrees(pool, tmp_path):
    record = records.compute(CONFIG, tmp_path)
    wrong, agreement = verification.verify(json.loads(json.dumps(record)))
    assert wrong == [] and agreement == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("place", ["mae_ev", "n_found", "batch", "config"])
def test_one_changed_digit_breaks_the_seal(place, pool, tmp_path):
    record = records.compute(CONFIG, tmp_path)
    if place == "batch":
        record["batches"][1][3] += 1
    elif place == "config":
        record["config"]["noise_var"] = 0.02
    else:
        record["rows"][2][place] += 1e-9 if place == "mae_ev" else 1
    with pytest.raises(ValueError, match="seal is broken"):
        verification.verify(record)


@pytest.mark.parametrize(
    ("name", "change", "fails"),
    [("mae_ev", 1e-3, True), ("mae_ev", 1e-6, False), ("n_found", 1, True), ("lml", 1.0, True)],
)
def test_replay_finds_what_a_new_seal_hides(name, change, fails, pool, tmp_path):
    record = records.compute(CONFIG, tmp_path)
    record["rows"][2][name] += change
    record["seal"] = files.seal(record)
    wrong, _ = verification.verify(record)
    assert bool(wrong) == fails
    assert all(name in line and "iteration 2" in line for line in wrong)


def test_other_picks_under_a_new_seal_are_found(pool, tmp_path):
    record = records.compute(CONFIG, tmp_path)
    picked = set(np.concatenate(record["batches"]))
    _, _, heldout = loop.split(CONFIG, len(pool))
    record["batches"][0][0] = next(int(i) for i in heldout if i not in picked)
    record["seal"] = files.seal(record)
    assert verification.verify(record)[0]


def test_record_of_other_data_is_refused(pool, tmp_path):
    record = records.compute(CONFIG, tmp_path) | {"data_sha256": "other"}
    record["seal"] = files.seal(record)
    with pytest.raises(ValueError, match="other data"):
        verification.verify(record)


@pytest.mark.parametrize("change", ["cut", "digit", "another run", "empty"])
def test_a_damaged_record_of_the_cache_is_set_aside_and_made_again(change, pool, tmp_path):
    path = tmp_path / "cache/records" / store.file_name(CONFIG)
    sound = records.run_or_load([CONFIG]).drop(columns=list(records.TIMINGS))
    damaged = damage(path, change, tmp_path)
    with pytest.warns(UserWarning, match=rf"{path.name} is damaged: it is now .*\.damaged"):
        again = records.run_or_load([CONFIG])
    assert again.drop(columns=list(records.TIMINGS)).equals(sound)
    assert path.with_name(f"{path.name}.damaged").read_bytes() == damaged
    path.write_bytes(damaged)
    with pytest.warns(UserWarning, match="damaged-2"):
        records.run_or_load([CONFIG])


@pytest.mark.parametrize("change", ["cut", "digit", "another run", "empty"])
def test_a_damaged_tracked_record_is_refused_and_left_alone(change, pool, tmp_path):
    path = tmp_path / "tracked" / store.file_name(CONFIG)
    records.compute(CONFIG, path.parent)
    damaged = damage(path, change, tmp_path)
    for make in (
        lambda: records.run_or_load([CONFIG]),
        lambda: records.compute(CONFIG, path.parent),
    ):
        with pytest.raises(ValueError, match=f"record {path.name} is damaged .*git checkout"):
            make()
    assert path.read_bytes() == damaged and list(path.parent.iterdir()) == [path]


def damage(path, change, tmp_path):
    """Change a record on disk; the bytes that are there now."""
    text = path.read_text()
    if change == "another run":
        other = RunConfig("toy", "random", "pow", 20, 20, 40, 50, 0.01, n_restarts=0)
        text = json.dumps(records.compute(other, tmp_path / "other"))
    elif change == "digit":
        was = str(json.loads(text)["rows"][1]["mae_ev"])
        text = text.replace(was, was[:4] + str((int(was[4]) + 1) % 10) + was[5:], 1)
    path.write_text({"cut": text[:200], "empty": ""}.get(change, text))
    return path.read_bytes()


def test_what_was_begun_counts_only_under_its_seal(pool, tmp_path, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        stop_after(2, patch)
        records.compute(CONFIG, tmp_path)
    (path,) = tmp_path.glob("*.json")
    begun = json.loads(path.read_text())
    assert begun.pop("seal") == files.seal(begun)
    sound = begun["rows"][1]["mae_ev"]
    begun["rows"][1]["mae_ev"] = 0.0
    files.write_json(path, begun)
    with pytest.warns(UserWarning, match="damaged"):
        assert records.compute(CONFIG, tmp_path)["rows"][1]["mae_ev"] == sound


def test_a_damaged_line_of_a_bundle_is_named(pool, tmp_path):
    made = records.compute(CONFIG, tmp_path / "x")
    path = tmp_path / "tracked/b.jsonl"
    made["rows"][1]["mae_ev"] += 1e-9
    store.write_bundle(path, [made])
    with pytest.raises(ValueError, match=r"seed0-\w+\.json in b\.jsonl is damaged .*the seal"):
        store.find(CONFIG)
    store.write_bundle(path, [made, {"config": {"strategy": "random"}}])
    with pytest.raises(ValueError, match=r"b\.jsonl, line 2 is damaged \('rows'\)"):
        store.find(CONFIG)


def test_no_partial_file_is_left(pool, tmp_path):
    records.run_or_load([CONFIG])
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "cache/records/x.json", {"mae": float("nan")})
    assert [p.name for p in (tmp_path / "cache/records").iterdir()] == [store.file_name(CONFIG)]


def test_no_two_configurations_share_a_file():
    base = dict(dataset="toy", strategy="random")
    changes = [
        {}, {"seed": 1}, {"noise_var": 0.1}, {"n_test": 5}, {"normalize_y": True},
        {"target": highest(0.1)}, {"target": above(-6.0)}, {"n_restarts": 1},
        {"scheme": "constant"},
    ]  # fmt: skip
    names = {store.file_name(RunConfig(**base, **change)) for change in changes}
    assert len(names) == len(changes)


def test_no_folder_reaches_a_record(pool, tmp_path):
    config = RunConfig(str(tmp_path / "toy"), "random", "pow", 20, 20, 40, 50)
    records.compute(config, tmp_path / "out")
    (path,) = (tmp_path / "out").iterdir()
    assert str(tmp_path) not in path.read_text() and "toy" in path.name


def test_a_path_that_ends_like_a_data_set_is_another():
    """A folder of this name must not be answered with the tracked records of the pool."""
    of = {name: RunConfig(name, "random") for name in ("aminoacids", "x/aminoacids", "x/mine.npz")}
    names = {name: store.file_name(config) for name, config in of.items()}
    assert names["aminoacids"].startswith("aminoacids-random")
    assert names["x/aminoacids"].startswith("aminoacids-own-") and len(set(names.values())) == 3
    for config in of.values():  # as a record tells it
        kept = replace(config, dataset=store.portable(config)["dataset"])
        assert store.file_name(kept) == store.file_name(config) and "/" not in kept.dataset


def test_every_version_of_the_numerics_has_its_line():
    assert list(provenance.HISTORY) == list(range(1, provenance.NUMERICS_VERSION + 1))
    assert all(provenance.HISTORY.values())


def test_a_record_names_the_libraries_that_made_it(pool, tmp_path):
    made = records.compute(CONFIG, tmp_path)
    assert made["numerics_version"] == provenance.NUMERICS_VERSION
    assert set(provenance.LIBRARIES) <= set(made["provenance"])
    assert len(made["provenance"]["source_sha256"]) == 64


def test_tracked_records_are_fresh():
    """Whoever raises the version of the numerics makes the tracked runs again."""
    paths = [path for path in records_dir().glob("*seed*.json")]
    stale = [path.name for path in paths if store.is_stale(json.loads(path.read_text()))]
    assert paths and not stale


def test_tracked_records_are_whole():
    """The seal holds: nobody has changed a digit by hand."""
    for path in records_dir().glob("*seed*.json"):
        record = store.read(path)
        assert record["seal"] == files.seal(record), path.name
        assert record["complete"] and path.name == store.file_name(RunConfig(**record["config"]))


def test_plan_of_the_long_runs():
    configs = long_runs.plan(records_dir().parent / "records.yml")
    names = [store.file_name(config) for config in configs]
    assert len(set(names)) == len(names)
    made = {path.name for path in records_dir().glob("*seed*.json")}
    assert made <= set(names), "a tracked record that no plan makes"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- {name: x, settings: {}, seeds: [0]}", "'x' needs name, settings, seeds and runs"),
        ("- {name: x, settings: {datset: a}, seeds: [0], runs: [{strategy: random}]}", "datset"),
        ("- {name: x, settings: {dataset: a}, seeds: [0], runs: [{strategy: rnd}]}", "rnd"),
    ],
)
def test_bad_plan_is_refused(text, message, tmp_path):
    (tmp_path / "plan.yml").write_text(text)
    with pytest.raises(ValueError, match=message):
        long_runs.plan(tmp_path / "plan.yml")


def test_verify_on_the_command_line(pool, tmp_path, capsys):
    path = tmp_path / "tracked" / store.file_name(CONFIG)
    record = records.compute(CONFIG, path.parent)
    assert long_runs.verify(3, 7, path.parent) == []
    said = capsys.readouterr().out
    assert "1 of 1 records, drawn with --seed 7" in said and f"agrees  {path.name}" in said
    assert "100.0%, 100.0%, 100.0%" in said

    text = path.read_text()
    digit = f"{record['rows'][1]['mae_ev']}"
    changed = digit[:4] + str((int(digit[4]) + 1) % 10) + digit[5:]
    path.write_text(text.replace(digit, changed, 1))
    assert long_runs.verify(3, 7, path.parent) == [path.name]
    assert "seal is broken" in capsys.readouterr().out


def test_verify_without_data_says_what_to_do(pool, tmp_path):
    records.compute(CONFIG, tmp_path / "tracked")
    remove_data(tmp_path)
    with pytest.raises(ValueError, match="ALUTILS_DATA"):
        long_runs.verify(1, 0, tmp_path / "tracked")


def test_a_large_bundle_goes_on_in_further_files(tmp_path, monkeypatch):
    configs = [RunConfig("organics", "random", seed=seed) for seed in range(5)]
    made = [made_up.record(config) for config in configs]
    monkeypatch.setattr(store, "MOST_BYTES", 2 * len(json.dumps(made[0])) + 40)
    path = tmp_path / "b.jsonl"
    store.write_bundle(path, made)
    assert [file.name for file in store.parts(path)] == ["b.jsonl", "b-2.jsonl", "b-3.jsonl"]
    assert all(file.stat().st_size <= store.MOST_BYTES for file in store.parts(path))
    assert [store.find(config, tmp_path) for config in configs] == made
    store.write_bundle(path, made[:2])
    assert store.parts(path) == [path] and store.find(configs[4], tmp_path) is None
