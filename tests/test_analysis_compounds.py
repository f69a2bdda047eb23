"""Compounds: what is found of them, what random draws of one charge find, what a table knows."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import compounds, plans
from alutils.analysis.label_distributions import label_summary
from alutils.data.datasets import MoleculeDataset, load
from alutils.loop import split
from alutils.metrics import savings, savings_bound
from alutils.runs import store

POOL = load("aminoacids")
# Eight molecules of four compounds; those of charge 0 are 0, 1, 2, 3 and 6.
GROUPS = np.array([0, 0, 1, 1, 2, 2, 3, 3])
CHARGES = np.array([0, 0, 0, 0, 2, 2, 0, 2])
INSIDE = np.array([True, True, True, False, False, False, True, False])
FIRST, HELDOUT = np.array([0, 4]), np.array([1, 2, 3, 5, 6, 7])


def test_a_compound_is_a_smiles():
    groups = compounds.compounds(POOL)
    assert len(np.unique(groups)) == len(set(POOL.smiles)) == 381
    assert POOL.smiles[0] != POOL.smiles[1] and groups[0] != groups[1]
    for group in (0, 100, 380):
        assert len({POOL.smiles[k] for k in np.flatnonzero(groups == group)}) == 1


def test_a_pool_without_names_is_refused():
    with pytest.raises(ValueError, match="toy has no smiles: choose a data set"):
        compounds.compounds(MoleculeDataset("toy", np.zeros(3), X=np.eye(3)))


def test_the_variance_falls_into_two_parts():
    y = np.array([1.0, 3.0, 11.0, 13.0])
    groups = np.array([0, 0, 1, 1])
    assert compounds.within(y, groups).tolist() == [-1, 1, -1, 1]
    assert compounds.share_between(y, groups) == pytest.approx(25 / 26)
    assert compounds.share_between(y, np.arange(4)) == 1
    assert compounds.share_between(y, np.zeros(4, int)) == pytest.approx(0)


def test_molecules_and_compounds_are_counted_apart():
    pool = np.r_[FIRST, HELDOUT]
    assert compounds.found(INSIDE, GROUPS, np.array([0, 1, 4]), pool) == (2 / 4, 1 / 3)
    assert compounds.found(INSIDE, GROUPS, np.array([0, 3]), pool) == (1 / 4, 1 / 3)
    assert compounds.found(INSIDE, GROUPS, np.array([2, 6]), pool) == (2 / 4, 2 / 3)
    assert compounds.found(INSIDE, GROUPS, np.array([0, 2]), pool[pool != 6]) == (2 / 3, 1.0)


@pytest.mark.parametrize("n_drawn", [0, 1, 2, 3, 4])
def test_the_expectation_is_the_mean_over_all_draws(n_drawn):
    """The first batch shows that charge 0 is in range: 1, 2, 3 and 6 are left of it."""
    n_train = len(FIRST) + n_drawn
    expected = compounds.by_charge(INSIDE, GROUPS, CHARGES, FIRST, HELDOUT, n_train)
    pool = np.r_[FIRST, HELDOUT]
    draws = [
        compounds.found(INSIDE, GROUPS, np.r_[FIRST, drawn].astype(int), pool)
        for drawn in combinations([1, 2, 3, 6], n_drawn)
    ]
    assert expected == pytest.approx(np.mean(draws, axis=0))


def test_no_more_can_be_drawn_than_there_are():
    shares = compounds.by_charge(INSIDE, GROUPS, CHARGES, FIRST, HELDOUT, 7)
    assert np.isnan(shares).all()


def test_what_a_search_finds_is_what_its_record_says():
    configs = plans.fixed_noise(["aminoacids"], [0], ["random", "property_search"])
    frame = compounds.searches(configs)
    for config in configs:
        rows = frame[frame["strategy"] == config.strategy]
        recorded = pd.DataFrame(store.find(config)["rows"])
        assert rows["n_train"].tolist() == recorded["n_train"].tolist()
        assert rows["found_share"].to_numpy() == pytest.approx(recorded["found_share"].to_numpy())
        assert rows["compound_share"].is_monotonic_increasing
    drawn = frame[frame["strategy"] == compounds.BY_CHARGE]
    assert drawn["seed"].tolist() == [0] * 5 and drawn["sibling_share"].isna().all()
    first = frame[frame["n_train"] == 100]
    assert first["compound_share"].nunique() == 1, "the first batch is common to all"


def test_siblings_are_of_the_same_compound():
    (config,) = plans.fixed_noise(["aminoacids"], [1], ["random"])
    names, (test_idx, first, _) = np.array(POOL.smiles), split(config, len(POOL))
    trained = np.r_[first, store.find(config)["batches"][0]]
    siblings = np.mean([names[k] in set(names[trained]) for k in test_idx])
    rows = compounds.searches([config])
    assert rows["sibling_share"][1] == pytest.approx(siblings)


def test_the_table_knows_mean_labels_and_the_model_is_that_of_the_record():
    (config,) = plans.fixed_noise(["aminoacids"], [2], ["random"])
    (row,) = compounds.look_up([config]).to_dict("records")
    record = store.find(config)
    test_idx, first, _ = split(config, len(POOL))
    trained = np.concatenate([first, *record["batches"]]).astype(int)
    names = np.array(POOL.smiles)
    means = pd.Series(POOL.y[trained]).groupby(names[trained]).mean()
    errors = (pd.Series(POOL.y[test_idx], names[test_idx]) - means.reindex(names[test_idx])).abs()
    assert row["table_ev"] == pytest.approx(errors.mean())
    assert row["sibling_share"] == pytest.approx(errors.notna().mean())
    known = row["sibling_share"]
    total = known * row["model_ev"] + (1 - known) * row["alone_ev"]
    assert total == pytest.approx(record["rows"][-1]["mae_ev"], abs=1e-4)


def test_the_gap_lies_between_two_modes():
    rng = np.random.default_rng(0)
    two = np.r_[rng.normal(-13, 0.5, 3000), rng.normal(-6, 0.5, 2000)]
    gap = compounds.gap_between_modes(label_summary(MoleculeDataset("two", two)))
    assert -11.5 < gap < -7.5
    one = MoleculeDataset("one", rng.normal(-6, 0.5, 3000))
    assert compounds.gap_between_modes(label_summary(one)) is None


@pytest.mark.parametrize("precision", [0.3, 0.6, 0.9])
def test_draws_save_what_the_curves_say(precision):
    n_a, found_a = np.array([100, 1600]), np.array([30.0, 480.0])
    found_e = np.array([30.0, 30 + 1500 * precision])
    saved = savings(n_a, found_a, n_a, found_e)
    assert compounds.saved_by_draws(precision, 0.3, 100, 1600) == pytest.approx(saved)
    assert compounds.saved_by_draws(1.0, 0.3, 100, 1600) == savings_bound(0.3, 100, 1600)
