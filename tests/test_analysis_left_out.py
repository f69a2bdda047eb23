"""Whole groups left out: none of them is in the pool, and the loop is that of every other run."""

import json

import numpy as np
import pandas as pd
import pytest

from alutils import loop
from alutils.analysis import left_out
from alutils.analysis.plans import FIELD
from alutils.data.datasets import MoleculeDataset, load
from alutils.loop import RunConfig
from alutils.storage.locations import records_dir
from alutils.storage.numerics import NUMERICS_VERSION

SIZES = {"n_init": 20, "n_const": 20, "n_max": 80, "n_test": 50}
TRACKED = "left-out-aminoacids.json"


def toy():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(300, 6)) * np.geomspace(400, 40, 6)
    return X - X.mean(axis=0), np.tanh(X[:, 0] / 300) - 6, rng.integers(0, 40, 300)


@pytest.mark.parametrize("n_test", [1, 50, 150])
def test_groups_are_whole_and_enough(n_test):
    groups = toy()[2]
    order, n = left_out.whole_groups_first(groups, n_test, np.random.default_rng(2))
    assert sorted(order) == list(range(len(groups)))
    tested, rest = groups[order[:n]], groups[order[n:]]
    assert not set(tested) & set(rest)
    largest = np.bincount(groups).max()
    assert n_test <= n < n_test + largest


def test_the_last_group_is_not_taken():
    with pytest.raises(ValueError, match="n_test=8 takes all 3 groups of the 9 molecules"):
        left_out.whole_groups_first(np.repeat([0, 1, 2], 3), 8, np.random.default_rng(0))


def test_the_loop_tests_whole_groups_and_picks_others(monkeypatch):
    """What the loop takes for test and training set, by the molecules that it was given."""
    X, y, groups = toy()
    seen = []

    def steps(config, dataset, points):
        where = {tuple(x): k for k, x in enumerate(X)}
        molecules = np.array([where[tuple(x)] for x in points])
        assert dataset.y.tolist() == y[molecules].tolist()
        parts = loop.split(config, len(dataset))
        seen.append([molecules[part] for part in parts])
        return loop.steps(config, dataset, points)

    monkeypatch.setattr(left_out, "steps", steps)
    config = RunConfig("toy", "random", seed=3, **SIZES)
    frame = left_out.run(config, MoleculeDataset("toy", y, X=X), X, groups)
    ((test, first, heldout),) = seen
    assert frame["n_test"].unique().tolist() == [len(test)] and len(first) == SIZES["n_init"]
    assert len(test) + len(first) + len(heldout) == len(y)
    assert not set(groups[test]) & set(groups[np.r_[first, heldout]])
    assert frame["n_train"].tolist() == [20, 40, 80]


def test_groups_of_one_molecule_are_as_hard_as_a_random_test_set():
    X, y, _ = toy()
    config = RunConfig("toy", "random", seed=0, **SIZES)
    pool = MoleculeDataset("toy", y, X=X)
    frame = left_out.run(config, pool, X, np.arange(len(y)))
    plain = [step.row["mae_ev"] for step in loop.steps(config, pool, X)]
    assert frame["n_test"].unique().tolist() == [SIZES["n_test"]]
    assert frame["mae_ev"].iloc[-1] == pytest.approx(plain[-1], rel=0.5)


def test_a_ligand_is_the_compound_without_its_ion():
    smiles = ["NCC(=O)O", "NCC(=O)O.[Ca+2]", "NCC(=O)O.[Hg+2]", "[NH3+]CC(=O)[O-].[Ca+2]"]
    pool = MoleculeDataset("four", np.zeros(4), X=np.eye(4), smiles=smiles)
    assert len(set(left_out.groups_of(pool, "compound"))) == 4
    assert left_out.groups_of(pool, "ligand").tolist() == [*[smiles[0]] * 3, "[NH3+]CC(=O)[O-]"]
    with pytest.raises(ValueError, match="level='ion' is unknown: choose one of compound, ligand"):
        left_out.groups_of(pool, "ion")
    with pytest.raises(ValueError, match="toy has no SMILES"):
        left_out.groups_of(MoleculeDataset("toy", np.zeros(2), X=np.eye(2)), "ligand")


def test_no_seed_is_no_split():
    with pytest.raises(ValueError, match="aminoacids, level='ligand': no seeds"):
        left_out.curves("aminoacids", "ligand", range(10, 10))


def test_relatives_are_tested_molecules_whose_ligand_is_in_the_pool():
    shares = left_out.relatives("aminoacids", [10, 11])
    pool = load("aminoacids")
    compounds = np.array(pool.smiles)
    rng = np.random.default_rng([11, left_out.WHOLE])
    order, n = left_out.whole_groups_first(compounds, FIELD["n_test"], rng)
    held = {name.split(".")[0] for name in compounds[order[n:]]}
    related = [name.split(".")[0] in held for name in compounds[order[:n]]]
    assert shares[11] == np.mean(related) and shares[10] != shares[11]


@pytest.mark.parametrize("level", left_out.LEVELS)
def test_tracked_runs_are_those_of_this_version(level):
    """The first two sizes of one seed anew: a run that stops earlier has the same beginning."""
    tracked = left_out.curves("aminoacids", level, [10])
    assert set(tracked["strategy"]) == set(left_out.COMPARED)
    short = left_out.curves("aminoacids", level, [10], sizes={**FIELD, "n_max": 200})
    both = short.merge(tracked, on=["level", "strategy", "seed", "n_train"], how="left")
    assert len(both) == 4 and (both["n_test_x"] == both["n_test_y"]).all()
    # Which molecules k-means picks may depend on the processor: D's second error is looser.
    loose = (both["strategy"] != "random") & (both["n_train"] > 100)
    apart = (both["mae_ev_x"] - both["mae_ev_y"]).abs()
    assert apart[~loose].max() < 1e-4 and apart[loose].max() < 0.1


def test_the_tracked_file_answers_the_question_of_this_version():
    tracked = json.loads((records_dir() / TRACKED).read_text())
    assert tracked["question"]["numerics_version"] == NUMERICS_VERSION
    assert tracked["question"]["data_sha256"] == load("aminoacids").sha256
    rows = pd.DataFrame(tracked["rows"])
    assert not rows.duplicated(["level", "strategy", "seed", "n_train"]).any()
    assert (rows["n_test"] >= FIELD["n_test"]).all()


def test_tracking_completes_and_curves_read(tmp_path, monkeypatch):
    X, y, groups = toy()
    smiles = [f"C{'C' * group}" for group in groups]
    pool = MoleculeDataset("toy", y, X=X, smiles=smiles)
    made = []

    def run(config, *given):
        made.append((config.seed, config.strategy))
        return original(config, *given)

    original = left_out.run
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path))
    monkeypatch.setattr(left_out, "load", lambda name: pool)
    monkeypatch.setattr(left_out, "features", lambda dataset: X)
    monkeypatch.setattr(left_out, "run", run)
    path = left_out.track("toy", "compound", [4, 5], sizes=SIZES)
    assert path.parent == tmp_path and len(made) == 4
    left_out.track("toy", "compound", [5, 6], sizes=SIZES)
    assert len(made) == 6, "seed 5 was there"
    frame = left_out.curves("toy", "compound", [5, 6], sizes=SIZES)
    assert len(made) == 6 and set(frame["seed"]) == {5, 6} and len(frame) == 12
    new = left_out.curves("toy", "ligand", [5], sizes=SIZES)
    assert new["mae_ev"].dtype == frame["mae_ev"].dtype == float
    left_out.curves("toy", "compound", [5], noise_var=0.01, sizes=SIZES)
    assert len(made) == 10, "another level, another noise: other runs"
