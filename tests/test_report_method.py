"""The page on the method shows what the loop does: its view, its picks, its numbers."""

import ase
import numpy as np
import pandas as pd
import pytest

from alutils import loop
from alutils.acquisition.strategies import CANDIDATES, PAPER
from alutils.acquisition.target import above
from alutils.analysis.label_distributions import overlap
from alutils.data.datasets import MoleculeDataset
from alutils.data.readers import Molecules
from alutils.report import method

WATER = ase.Atoms("OH2", positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(scale=100, size=(300, 12))


@pytest.fixture(scope="module")
def pool(X):
    return MoleculeDataset("made", X[:, 0] / 200 - 6, X=X)


def config(strategy="property_search", **given):
    sizes = {"n_test": 50, "n_init": 20, "n_const": 20, "n_max": 80}
    return loop.RunConfig("made", strategy, **sizes, **given)


@pytest.mark.parametrize("strategy", PAPER)
@pytest.mark.parametrize(
    "given", [{}, {"seed": 3, "normalize_y": True, "n_restarts": 0}, {"prior": "data"}]
)
def test_picks_are_the_first_batch_of_the_loop(strategy, given, pool, X):
    ours = config(strategy, **given)
    view = method.first_view(ours, pool, X)
    picks = method.first_picks(ours, view)
    assert list(picks) == list(PAPER)
    heldout_idx = loop.split(ours, len(pool)).heldout_idx
    batch = next(loop.steps(ours, pool, X)).batch
    assert heldout_idx[picks[strategy]].tolist() == batch


def test_candidates_are_those_of_the_strategies_that_narrow(pool, X):
    view = method.first_view(config(), pool, X)
    found = method.candidates(view, PAPER)
    assert set(found) == set(PAPER) & set(CANDIDATES)
    picks = method.first_picks(config(), view)
    heldout = np.arange(len(view.X))
    for name, positions in found.items():
        assert set(picks[name]) <= set(heldout[positions])


def test_facts_of_a_molecule_are_those_of_its_geometry():
    assert method.molecule_facts(WATER, np.zeros(7)) == {
        "formula": "H2O",
        "shortest": 0.96,
        "inverse_shortest": 1.04,
        "n_columns": 7,
    }


def test_facts_of_a_run_are_its_first_and_last_point():
    run = pd.DataFrame({"n_train": [10, 20, 40], "mae_ev": [0.5, 0.3, 0.2004]})
    run = run.assign(iteration=range(3), found_share=[0.1, 0.2, 0.34567], normalize_y=False)
    facts = method.run_facts(run, n_molecules=100, n_test=15)
    assert facts["n_heldout"] == 100 - 15 - 40
    assert (facts["mae_first"], facts["mae_last"]) == ("0.500 eV", "0.200 eV")
    assert (facts["n_first"], facts["n_last"]) == (10, 40)
    last = method.run_table(run).iloc[-1]
    assert last.to_dict() == {"n_train": 40, "MAE (eV)": "0.200", "found_share": 0.346}


def test_leaders_are_those_of_the_table():
    columns = {"sigma": [1, 3, 2], "spacing": [9, 7, 8], "in_range": [0.251, 0.2, 0.7]}
    facts = method.batch_facts(pd.DataFrame(columns, index=["A", "B", "E"]))
    leaders = [facts[f"most_{column}"] for column in columns]
    assert leaders == ["B", "A", "E"] and facts["least_spacing"] == "B"
    assert (facts["in_range_a"], facts["in_range_e"]) == (0.25, 0.7)


@pytest.mark.parametrize("axis", [3, 9])
def test_the_axis_of_the_least_overlap_is_found(axis, X):
    in_target = X[:, axis] > np.quantile(X[:, axis], 0.7)
    in_test = np.arange(len(X)) % 3 == 0
    shares, least = method.overlaps(X, in_test, in_target)
    assert least == axis
    assert shares["least"] < 0.5 < min(shares["first"], shares["test"])
    assert shares["first"] == overlap(X[:, 0], X[in_target, 0])[0]
    facts = method.overlap_facts(shares, least)
    assert facts["least_axis"] == axis + 1
    assert facts["overlap_least"] == pytest.approx(shares["least"], abs=0.005)


def test_neither_the_first_axis_nor_those_behind_the_tenth_are_the_least(X):
    for axis in (0, 11):
        in_target = X[:, axis] > np.quantile(X[:, axis], 0.7)
        _, least = method.overlaps(X, np.ones(len(X), bool), in_target)
        assert least in range(1, 10)


def test_a_pool_without_geometries_is_refused(pool, monkeypatch):
    monkeypatch.setattr(method, "load_once", lambda name, reading: pool)
    with pytest.raises(ValueError, match=r"made has no geometries.*: choose another"):
        method.load_with_geometries(config())


def test_the_table_says_what_is_in_the_pool():
    molecules = Molecules(np.r_[WATER.numbers, 1, 1], np.zeros((5, 3)), np.array([3, 2]))
    pool = MoleculeDataset("small", [-7.0, -9.0], molecules)
    target, about = method.task_2(config(target=above(-8.0)), pool)
    table = method.pool_table(pool, target, about)["small"]
    assert method.elements(pool) == ["H", "O"] and table["elements"] == "H O"
    assert table["molecules"] == "2" and table["atoms per molecule"] == "2 to 3"
    assert table["HOMO, mean and standard deviation"] == "-8.00 and 1.00 eV"
    assert table["target: HOMO above"] == "-8.00 eV" and table["label"] == "HOMO, eV"
