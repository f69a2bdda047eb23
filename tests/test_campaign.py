"""Campaigns: the same picks after any interruption, and no result lost to bad input."""

import csv
import json
import shutil
from dataclasses import replace

import hypothesis
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alutils.acquisition.target import above
from alutils.campaign import campaign
from alutils.campaign import folder as campaign_folder
from alutils.campaign.campaign import Settings, ask, read, start, take, tell
from alutils.data.datasets import load
from alutils.data.structures import Structures, read_structures

SETTINGS = Settings("property_search", n_init=20, n_const=20, noise_var=0.02, target=above(-10.4))


@pytest.fixture(scope="module")
def organics():
    return load("organics")


@pytest.fixture
def pool(organics):
    n = 200
    ids = tuple(f"mol-{k}" for k in range(n))
    return Structures("mine", ids, organics.molecules[:n], np.full(n, np.nan), np.zeros(n, int))


def oracle(organics, folder):
    """A filled batch.csv of the open batch, as (id, label) pairs."""
    with open(ask(folder) / "batch.csv", newline="") as file:
        return [(r["id"], f"{organics.y[int(r['id'][4:])]:.6f}") for r in csv.DictReader(file)]


def rounds(organics, folder, n):
    for _ in range(n):
        take(folder, oracle(organics, folder))
    ask(folder)
    return read(folder).batches


def test_a_campaign_searches(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    batches = rounds(organics, tmp_path / "c", 3)
    assert [len(batch) for batch in batches] == [20, 20, 40, 80]
    assert len({k for batch in batches for k in batch}) == 160
    state = read(tmp_path / "c")
    assert len(state.labels) == 80 and state.waiting == batches[-1]
    target = organics.y[:200] > -10.4
    assert (
        target[batches[1]].mean() > target.mean()
        and state.n_found == target[sorted(state.labels)].sum()
    )


VICTIMS = {
    "write_json": campaign_folder,
    "write_text": campaign_folder,
    "export": campaign,
    "caution": campaign,
}


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_between_any_two_steps_it_goes_on_with_the_same_picks(
    victim, organics, pool, tmp_path, monkeypatch
):
    start(tmp_path / "whole", pool, SETTINGS)
    whole = rounds(organics, tmp_path / "whole", 2)
    start(tmp_path / "killed", pool, SETTINGS)
    real, calls = getattr(VICTIMS[victim], victim), []

    def dying(*arguments, **kwargs):
        calls.append(1)
        if len(calls) % 2:  # dies at every other call, before it does anything
            raise KeyboardInterrupt
        return real(*arguments, **kwargs)

    monkeypatch.setattr(VICTIMS[victim], victim, dying)
    done = 0
    for _ in range(40):
        try:
            if done < 2:
                take(tmp_path / "killed", oracle(organics, tmp_path / "killed"))
                done += 1
            else:
                ask(tmp_path / "killed")
                break
        except KeyboardInterrupt:
            continue
    assert calls and read(tmp_path / "killed").batches == whole


def test_the_order_of_results_does_not_matter(organics, pool, tmp_path):
    start(tmp_path / "a", pool, SETTINGS)
    start(tmp_path / "b", pool, SETTINGS)
    results = oracle(organics, tmp_path / "a")
    take(tmp_path / "a", results)
    ask(tmp_path / "b")
    for pair in reversed(results):
        assert ask(tmp_path / "b").name == "batch-000"
        take(tmp_path / "b", [pair])
    assert rounds(organics, tmp_path / "a", 1) == rounds(organics, tmp_path / "b", 1)


def test_failures_are_marked_and_not_queried_again(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    results = oracle(organics, tmp_path / "c")
    take(tmp_path / "c", [(results[0][0], "failed"), *results[1:]])
    batches = rounds(organics, tmp_path / "c", 1)
    state = read(tmp_path / "c")
    failed = int(results[0][0][4:])
    assert state.labels[failed] is None and failed not in {k for b in batches[1:] for k in b}


def test_the_next_query_comes_without_missing_results_only_with_go_on(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    results = oracle(organics, tmp_path / "c")
    take(tmp_path / "c", results[:15])
    assert ask(tmp_path / "c").name == "batch-000" and len(read(tmp_path / "c").waiting) == 5
    assert ask(tmp_path / "c", go_on=True).name == "batch-001"
    assert take(tmp_path / "c", results[15:]) == 5


def test_a_batch_that_nobody_has_seen_is_not_passed_over(organics, pool, tmp_path):
    """Killed after the pick and before its folder is there, `go_on` is given again."""
    for name in ("whole", "killed"):
        start(tmp_path / name, pool, SETTINGS)
        take(tmp_path / name, oracle(organics, tmp_path / name)[:15])
    ask(tmp_path / "whole", go_on=True)
    shutil.rmtree(ask(tmp_path / "killed", go_on=True))
    assert ask(tmp_path / "killed", go_on=True).name == "batch-001"
    assert read(tmp_path / "killed").batches == read(tmp_path / "whole").batches


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [
        ("campaign.json", "0.02", "0.03"),
        ("batch-000.json", "mol-", "mol-1"),
        ("campaign.json", "seal", "zeal"),
    ],
)
def test_a_campaign_with_another_digit_is_refused(name, was, now, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    ask(tmp_path / "c")
    path = tmp_path / "c" / name
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, now, 1))
    with pytest.raises(ValueError, match=r"the campaign in c is damaged .*: restore the folder"):
        ask(tmp_path / "c")


def test_a_campaign_leaves_alone_what_is_not_its_own(pool, tmp_path):
    (tmp_path / "scratch.tmp").mkdir()
    (tmp_path / "notes.tmp").write_text("mine")
    (tmp_path / "labels.csv.12-12.tmp").write_text("id,la")
    start(tmp_path, pool, SETTINGS)
    ask(tmp_path)
    left = {path.name for path in tmp_path.glob("*.tmp")}
    assert left == {"scratch.tmp", "notes.tmp"}


def test_labels_that_the_pool_brings_are_used_at_once(organics, pool, tmp_path):
    y = pool.y.copy()
    y[:40] = organics.y[:40]
    known = Structures("mine", pool.ids, pool.molecules, y, pool.charges)
    state = start(tmp_path / "c", known, SETTINGS)
    assert len(state.labels) == 40
    folder = ask(tmp_path / "c")
    assert not set(read(tmp_path / "c").batches[0]) & set(range(40))
    with open(folder / "batch.csv", newline="") as file:
        row = next(csv.DictReader(file))
    assert float(row["sigma"]) > 0 and -20 < float(row["mu"]) < -5


def test_what_the_pool_left_out_is_listed_in_the_folder(pool, tmp_path):
    start(tmp_path / "whole", pool, SETTINGS)
    assert not (tmp_path / "whole/skipped.csv").exists()
    skipped = (("line 7", "x, y", 'no "SMILES"'),)
    start(tmp_path / "c", replace(pool, skipped=skipped), SETTINGS)
    with open(tmp_path / "c/skipped.csv", newline="") as file:
        assert list(csv.reader(file)) == [["place", "id", "reason"], *map(list, skipped)]


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=9)
TEXTS = st.lists(TEXT.filter(str.strip), min_size=12, max_size=12, unique=True)


@given(TEXTS)
@hypothesis.settings(max_examples=8, deadline=None, derandomize=True, database=None)
def test_any_identifier_survives_start_ask_and_tell(organics, tmp_path_factory, ids):
    folder = tmp_path_factory.mktemp("ids") / "c"
    rest = (np.full(12, np.nan), np.zeros(12, int))
    few = Settings(strategy="random", n_init=6, n_const=6)
    start(folder, Structures("mine", tuple(ids), organics.molecules[:12], *rest), few)
    batch = ask(folder)
    with open(batch / "batch.csv", newline="", encoding="utf-8") as file:
        rows = [(row["id"], "-9.5") for row in csv.DictReader(file)]
    assert read_structures(batch / "molecules.extxyz").ids == tuple(one for one, _ in rows)
    filled = folder.with_name("filled.csv")
    filled.write_text(campaign_folder.table(("id", "label"), rows), encoding="utf-8")
    assert tell(folder, filled) == 6 and len(read(folder).labels) == 6


BAD = [
    ([("mol-999", "-9")], r"row \d \(mol-999\): no molecule of this campaign"),
    ([("mol-3", "-9"), ("mol-3", "-9")], "the identifier is there twice"),
    ([("mol-3", "")], "no label; write a number"),
    ([("mol-3", None)], "no label; write a number"),
    ([("mol-3", "nan")], "'nan' is not a finite number"),
    ([("mol-3", "-9,5")], "'-9,5' is not a finite number"),
]


@pytest.mark.parametrize(("results", "message"), BAD)
@pytest.mark.parametrize("before", [0, 20])
def test_bad_results_lose_none_that_was_taken(results, message, before, organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    good = [pair for pair in oracle(organics, tmp_path / "c") if pair[0] not in ("mol-3", "mol-4")]
    if before:
        take(tmp_path / "c", good)
    kept = (tmp_path / "c/labels.csv").read_bytes()
    with pytest.raises(ValueError, match=message):
        take(tmp_path / "c", [("mol-7", "-10.0"), *results] if not before else results)
    assert (tmp_path / "c/labels.csv").read_bytes() == kept


def test_other_units_can_be_forced_and_values_replaced(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    first = oracle(organics, tmp_path / "c")
    take(tmp_path / "c", first)
    hartree = [(one, float(label) / 27.2114) for one, label in oracle(organics, tmp_path / "c")]
    with pytest.raises(ValueError, match=r"27\.2.*; convert them, or confirm with --force"):
        take(tmp_path / "c", hartree)
    assert len(read(tmp_path / "c").labels) == 20
    assert take(tmp_path / "c", hartree, force=True) == 20
    one, label = hartree[0]
    assert take(tmp_path / "c", [(one, label)], force=True) == 0
    with pytest.raises(ValueError, match=r"it already has -0\.3\d+; confirm with --replace"):
        take(tmp_path / "c", [(one, -9.5)], force=True)
    assert take(tmp_path / "c", [(one, -9.5)], force=True, replace=True) == 1
    assert read(tmp_path / "c").labels[int(one[4:])] == -9.5


def test_tell_reads_the_filled_table(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    results = oracle(organics, tmp_path / "c")
    filled = tmp_path / "filled.csv"
    filled.write_text("id,label\n" + "".join(f"{one},{label}\n" for one, label in results))
    assert tell(tmp_path / "c", filled) == 20
    filled.write_text("name,value\na,1\n")
    with pytest.raises(ValueError, match="no column 'id'; the header is id,label"):
        tell(tmp_path / "c", filled)
    with pytest.raises(ValueError, match=r"absent\.csv: not readable"):
        tell(tmp_path / "c", tmp_path / "absent.csv")


def test_a_campaign_begins_once_and_is_known_by_its_folder(pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    with pytest.raises(ValueError, match="already holds a campaign"):
        start(tmp_path / "c", pool, SETTINGS)
    with pytest.raises(ValueError, match="holds no campaign: start one"):
        read(tmp_path)
    (tmp_path / "c/labels.csv").write_text("id,label\nmol-1,low\n")
    with pytest.raises(ValueError, match="the campaign in c is damaged"):
        ask(tmp_path / "c")


def test_settings_are_checked_beforehand(pool, tmp_path):
    with pytest.raises(ValueError, match="needs a target: name one"):
        Settings()
    with pytest.raises(ValueError, match="strategy='guess' is unknown"):
        Settings(strategy="guess")
    with pytest.raises(
        ValueError, match="n_init=300: mine has 200 molecules; give a first batch of 20"
    ):
        start(tmp_path / "c", pool, Settings(strategy="random", n_init=300))
    assert not (tmp_path / "c").exists()


def test_an_exhausted_pool_says_so(organics, pool, tmp_path):
    start(tmp_path / "c", pool, Settings(strategy="random", n_init=150, n_const=200))
    take(tmp_path / "c", oracle(organics, tmp_path / "c"))
    assert len(oracle(organics, tmp_path / "c")) == 50
    take(tmp_path / "c", oracle(organics, tmp_path / "c"))
    with pytest.raises(ValueError, match="the pool is exhausted"):
        ask(tmp_path / "c")


def test_the_built_in_labeller_gives_the_pools_labels(organics, pool, tmp_path):
    pytest.importorskip("tblite")
    start(tmp_path / "c", pool, Settings(strategy="random", n_init=6))
    ask(tmp_path / "c")
    from alutils.campaign.xtb import label_with_xtb

    assert label_with_xtb(tmp_path / "c", chunk=4) == 6
    labels = read(tmp_path / "c").labels
    assert max(abs(labels[k] - organics.y[k]) for k in labels) < 1e-3


def test_the_batch_is_exported_again_if_its_folder_is_lost(organics, pool, tmp_path):
    start(tmp_path / "c", pool, SETTINGS)
    first = ask(tmp_path / "c")
    text = (first / "batch.csv").read_text()
    shutil.rmtree(first)
    assert (ask(tmp_path / "c") / "batch.csv").read_text() == text
    assert json.loads((tmp_path / "c/batch-000.json").read_text())["mu"] is None
