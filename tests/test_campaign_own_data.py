"""Campaigns on labels of any kind: no query depends on their unit, and what is odd is said."""

import csv
import re

import numpy as np
import pandas as pd
import pytest
from made_up import UNITS

from alutils.acquisition.target import Target, above, below, highest, lowest
from alutils.campaign import advice, campaign
from alutils.campaign.campaign import Settings, ask, read, start, take, tell
from alutils.data.datasets import load
from alutils.data.structures import Structures, read_structures

SIZES = {"n_init": 20, "n_const": 20}


@pytest.fixture(scope="module")
def organics():
    return load("organics")


@pytest.fixture(scope="module")
def pool(organics):
    n = 200
    ids = tuple(f"mol-{k}" for k in range(n))
    return Structures("mine", ids, organics.molecules[:n], np.full(n, np.nan), np.zeros(n, int))


def labels_of(folder, y):
    """Results of the open batch, as (identifier, label), from labels y of the whole pool."""
    state = read(folder)
    return [(state.pool.ids[k], float(y[k])) for k in state.waiting]


def batches(folder, pool, settings, y, n=3):
    start(folder, pool, settings)
    for _ in range(n):
        ask(folder)
        take(folder, labels_of(folder, y))
    ask(folder)
    return read(folder)


def test_the_six_units_give_the_same_queries_hits_and_advice(organics, pool, tmp_path):
    y, seen = organics.y[:200], {}
    for unit, factor in UNITS.items():
        folder = tmp_path / re.sub(r"\W", "", unit)
        settings = Settings(target=above(-10.4 * factor), property="homo", unit=unit, **SIZES)
        state = batches(folder, pool, settings, y * factor)
        with open(ask(folder) / "batch.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        assert {(row["property"], row["unit"]) for row in rows} == {("homo", unit)}
        in_ev = [float(row["mu"]) / factor for row in rows]
        assert np.std(in_ev) > 0.02  # not one level for all
        start(folder / "advised", pool, settings)
        ask(folder / "advised")
        take(folder / "advised", labels_of(folder / "advised", y * factor))
        table, answer = advice.advise(folder / "advised", 100)
        seen[unit] = (state.batches, state.n_found, answer, in_ev, table)
    for same in seen.values():
        assert same[:3] == seen["eV"][:3]
        assert same[3] == pytest.approx(seen["eV"][3], abs=2e-3)
        pd.testing.assert_frame_equal(same[4], seen["eV"][4], rtol=1e-4)


@pytest.mark.parametrize(
    ("target", "inside"),
    [
        (below(-10.9), lambda y: y <= -10.9),
        (Target(-10.8, -10.4), lambda y: (y > -10.8) & (y <= -10.4)),
    ],
)
def test_any_direction_is_searched(target, inside, organics, pool, tmp_path):
    y = organics.y[:200]
    state = batches(tmp_path / "c", pool, Settings(target=target, **SIZES), y, 2)
    hits = inside(y)
    assert state.n_found == hits[state.known].sum()
    chosen = [k for batch in state.batches[1:] for k in batch]
    assert hits[chosen].mean() > 1.2 * hits.mean()


def test_lowest_is_highest_of_the_other_sign(organics, pool, tmp_path):
    y = organics.y[:200]
    low = batches(tmp_path / "low", pool, Settings(target=lowest(0.2), **SIZES), y, 2)
    high = batches(tmp_path / "high", pool, Settings(target=highest(0.2), **SIZES), -y, 2)
    # The edge of a share belongs to the target on one side only: it is one of the labels here.
    same = [len(set(a) & set(b)) / len(a) for a, b in zip(low.batches, high.batches, strict=True)]
    assert min(same) > 0.9
    first = y[low.batches[0]]
    assert low.target.high == pytest.approx(np.quantile(first, 0.2))


def test_labels_that_the_pool_brings_make_a_share_and_advice(organics, pool, tmp_path):
    y = np.where(np.arange(200) < 60, organics.y[:200], np.nan)
    brings = Structures("mine", pool.ids, pool.molecules, y, pool.charges)
    start(tmp_path / "c", brings, Settings("property_search", target=highest(0.2), **SIZES))
    table, answer = advice.advise(tmp_path / "c", 150)
    assert answer["strategy"] in ("most_probable", "random") and answer["hits"] == 12
    assert table.index[0] == "most_probable"
    before = read(tmp_path / "c").settings
    advice.take_over(tmp_path / "c", answer)
    after = read(tmp_path / "c").settings
    assert (after.strategy, after.noise_var) == (answer["strategy"], answer["noise_var"])
    assert after.target == before.target and after.n_init == before.n_init
    ask(tmp_path / "c")
    take(tmp_path / "c", labels_of(tmp_path / "c", organics.y))
    with pytest.raises(ValueError, match="of batch 0 and later were chosen by a model"):
        advice.advise(tmp_path / "c", 150)
    share_of = read(tmp_path / "c").target  # still of the labels that no model chose
    assert share_of.low == pytest.approx(np.quantile(y[:60], 0.8))
    ask(tmp_path / "c")
    assert [len(batch) for batch in read(tmp_path / "c").batches] == [20, 40]


def test_advice_without_what_it_needs_says_what_that_is(organics, pool, tmp_path):
    start(tmp_path / "c", pool, Settings(target=above(-10.4), **SIZES))
    ask(tmp_path / "c")
    with pytest.raises(ValueError, match=r"0 labels, 20 waited for: .* ask, label and tell first"):
        advice.advise(tmp_path / "c", 100)
    take(tmp_path / "c", labels_of(tmp_path / "c", organics.y))
    with pytest.raises(ValueError, match=r"n_max=20 must lie between 21, .* and 200, the pool"):
        advice.advise(tmp_path / "c", 20)
    start(tmp_path / "none", pool, Settings("random", **SIZES))
    with pytest.raises(ValueError, match="advice needs a target"):
        advice.advise(tmp_path / "none", 100)


def test_a_model_that_learns_nothing_is_said(pool, tmp_path):
    y = np.random.default_rng(0).normal(size=200)  # labels without meaning
    state = batches(tmp_path / "c", pool, Settings(target=above(1.0), noise_var=1.0, **SIZES), y, 1)
    assert "nearly one value for all molecules" in state.caution
    y = pool.molecules.counts.astype(float)
    state = batches(tmp_path / "d", pool, Settings(target=above(20.0), **SIZES), y, 1)
    assert state.caution == ""


def test_a_strategy_that_bits_do_not_serve_is_refused_at_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(campaign, "features", None)  # nothing is computed
    (tmp_path / "mine.csv").write_text("smiles\n" + "\n".join("C" * k for k in range(1, 40)))
    pool = read_structures(tmp_path / "mine.csv")
    settings = Settings("thompson_samples", target=highest(0.3), **SIZES)
    with pytest.raises(ValueError, match=r"'thompson_samples' is for plain .* descriptor 'mbtr'"):
        start(tmp_path / "c", pool, settings)
    assert not (tmp_path / "c").exists()


def test_a_table_of_smiles_needs_no_geometry(tmp_path):
    alkanes = [("C" * k, -k) for k in range(1, 31)] + [("C" * k + "O", k) for k in range(1, 31)]
    rows = "".join(f"{smiles};{gap}\n" for smiles, gap in alkanes)
    (tmp_path / "mine.csv").write_text(f"SMILES;polarity\n{rows}")
    read_as = read_structures(tmp_path / "mine.csv")
    pool = read_structures(tmp_path / "mine.csv", "polarity")
    assert np.isnan(read_as.y).all() and not np.isnan(pool.y).any()
    settings = Settings(target=below(-10.0), property="polarity", n_init=10, n_const=5)
    start(tmp_path / "c", read_as, settings)
    batch = ask(tmp_path / "c")
    assert [path.name for path in batch.iterdir()] == ["batch.csv"]
    with open(batch / "batch.csv", newline="") as file:
        asked = list(csv.DictReader(file))
    assert asked[0]["smiles"] == read_as.smiles[read_as.ids.index(asked[0]["id"])]
    label = dict(zip(pool.ids, pool.y, strict=True))
    lines = "".join(f"{row['id']},{label[row['id']]}\n" for row in asked)
    (tmp_path / "filled.csv").write_text(f"id,polarity\n{lines}")
    assert tell(tmp_path / "c", tmp_path / "filled.csv") == 10
    ask(tmp_path / "c")
    assert len(read(tmp_path / "c").batches) == 2


def test_a_unit_that_differs_is_refused(organics, pool, tmp_path):
    start(tmp_path / "c", pool, Settings("random", unit="eV", **SIZES))
    ask(tmp_path / "c")
    one, label = labels_of(tmp_path / "c", organics.y)[0]
    (tmp_path / "filled.csv").write_text(f"id,label,unit\n{one},{label},meV\n")
    with pytest.raises(ValueError, match=r"row 1 .*: the unit is 'meV', that of the campaign 'eV'"):
        tell(tmp_path / "c", tmp_path / "filled.csv")
    assert not read(tmp_path / "c").labels


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_table_that_a_spreadsheet_has_saved_is_read(separator, organics, pool, tmp_path):
    start(tmp_path / "c", pool, Settings("random", **SIZES))
    filled = ask(tmp_path / "c") / "batch.csv"
    with open(filled, newline="") as file:
        rows = list(csv.DictReader(file))
    y = dict(zip(pool.ids, organics.y, strict=False))
    for row in rows:
        row["label"] = repr(float(y[row["id"]]))
    lines = [rows[0].keys(), *(row.values() for row in rows)]
    filled.write_text("\ufeff" + "".join(separator.join(line) + "\r\n" for line in lines))
    assert tell(tmp_path / "c", filled) == 20
    filled.write_text(filled.read_text(encoding="utf-8-sig").replace(".", ","), encoding="utf-8")
    with pytest.raises(ValueError, match=r"row 1 .*label '-\d+,\d+' is not a finite number"):
        tell(tmp_path / "c", filled)
