"""The page on a reader's own molecules: the pool it takes, what it refuses, what it counts."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alutils.acquisition.target import above, lowest
from alutils.campaign import campaign
from alutils.campaign.state import State
from alutils.data.datasets import load
from alutils.report import own_molecules
from alutils.storage.locations import records_dir

SETTINGS = campaign.Settings(n_init=4, n_const=4, target=above(-10.0), property="homo", unit="eV")


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    return own_molecules.read_pool("", "homo", tmp_path_factory.mktemp("mine"))


@pytest.fixture
def folder(mine, tmp_path):
    campaign.start(tmp_path / "search", mine, SETTINGS)
    campaign.ask(tmp_path / "search")
    return tmp_path / "search"


def finished(batches, labels, **settings):
    """A campaign whose batches have these labels, in their order."""
    chosen = frozenset(k for batch in batches[1:] for k in batch)
    known = dict(enumerate(labels))
    return State(None, replace(SETTINGS, **settings), range(100), batches, known, by_model=chosen)


def test_the_excerpt_is_organics_without_labels(mine):
    assert len(mine) == own_molecules.N_EXCERPT and np.isnan(mine.y).all()
    original = load("organics").molecules
    for k in (0, len(mine) - 1):
        assert mine.molecules[k].get_chemical_formula() == original[k].get_chemical_formula()
        assert mine.molecules[k].positions == pytest.approx(original[k].positions, abs=1e-6)


def test_a_file_of_the_readers_goes_before_the_excerpt(tmp_path):
    path = tmp_path / "two.xyz"
    path.write_text("1\ngap=-7.5\nHe 0 0 0\n1\ngap=-8.5\nNe 0 0 0\n", encoding="utf-8")
    pool = own_molecules.read_pool(str(path), "gap", tmp_path / "absent")
    assert pool.y.tolist() == [-7.5, -8.5]


def test_each_mistake_is_named_in_lines_that_a_page_shows(folder):
    one = campaign.read(folder).pool.ids[campaign.read(folder).waiting[0]]
    mistakes = {"nobody's": [("nobody", "-9.1")], "no number": [(one, "n/a")]}
    said = own_molecules.refusals(folder, mistakes)
    assert max(map(len, said.splitlines())) <= 78
    whole = " ".join(said.split())
    assert "nobody's: labels, row 1 (nobody): no molecule of this campaign" in whole
    assert f"no number: labels, row 1 ({one}): label 'n/a' is not a finite number" in whole
    assert not campaign.read(folder).labels


def test_what_the_campaign_takes_is_no_mistake(folder):
    one = campaign.read(folder).pool.ids[campaign.read(folder).waiting[0]]
    with pytest.raises(ValueError, match="the campaign took 'fine'"):
        own_molecules.refusals(folder, {"fine": [(one, "-9.1")]})


def test_hits_are_counted_batch_by_batch_strictly_above_the_threshold():
    state = finished([[0, 1, 2, 3], [4, 5]], [-9.0, -10.0, -11.0, None, -9.5, -9.9])
    curve = own_molecules.progress(state)
    assert curve.to_dict("list") == {"n_labels": [4, 6], "n_found": [1, 3]}
    assert own_molecules.search_facts(state) == {
        "n_found": 3,
        "n_labels": 6,
        "property": "HOMO",
        "target": "above -10 eV",
        "share": 0.25,
        "n_random": 12,
        "n_pool": 100,
        "n_failed": 1,
    }


def test_hits_of_a_target_by_share_lie_below_the_first_batchs_quantile():
    found = {"target": lowest(0.25), "property": "logS", "unit": "mol/L"}
    state = finished([[0, 1, 2, 3], [4, 5]], [-1.0, -2.0, -3.0, -4.0, -3.5, -1.5], **found)
    assert own_molecules.progress(state)["n_found"].tolist() == [1, 2]
    facts = own_molecules.search_facts(state)
    assert (facts["property"], facts["target"]) == ("logS", "up to -3.25 mol/L")


def test_a_first_batch_without_a_hit_says_nothing_of_random_sampling():
    facts = own_molecules.search_facts(finished([[0, 1], [2]], [-11.0, -12.0, -9.0]))
    assert (facts["share"], facts["n_random"], facts["n_found"]) == (0, 0, 1)


def test_the_recorded_search_is_the_tracked_one():
    record = json.loads((records_dir() / "own-oe62.json").read_text(encoding="utf-8"))
    facts = own_molecules.oe62_facts()
    assert facts["oe_n_found"] == record["found_by_batch"][-1][1]
    assert facts["oe_random"] * record["share"] == pytest.approx(record["n_found"], abs=0.5)
