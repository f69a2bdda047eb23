"""The studies: their runs are tracked and fresh, what they say is what the pages say."""

import numpy as np
import pytest

from alutils import descriptors, loop
from alutils.analysis import law, plans, probes, shift
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import features
from alutils.loop import RunConfig, split
from alutils.model.noise import NOISES, most_likely_noise
from alutils.report import law_tables
from alutils.runs import store
from alutils.storage import files
from alutils.storage.locations import records_dir


@pytest.mark.parametrize("name", ["field", "sweep", "sweep_qm9"])
def test_all_runs_of_a_study_are_tracked(name):
    made = store.bundle(records_dir() / f"{name}.jsonl")
    assert set(made) == {store.file_name(config) for config in getattr(plans, name)()}


def test_bundled_records_are_fresh_and_sealed():
    for path in store.bundles(records_dir()):
        for name, record in store.bundle(path).items():
            assert not store.is_stale(record), name
            assert record["seal"] == files.seal(record), name


@pytest.mark.parametrize("pool", plans.POOLS)
def test_tracked_probes_are_those_that_are_computed(pool):
    asked = probes.studied(pool)
    assert asked["plan"]["n_pool"] + plans.SWEEP["n_test"] == len(load(pool))
    tracked, computed = probes.read_or_compute(asked), probes.compute(asked)
    columns = ["predicted_area_gain", "auc", "r2", "purity"]
    assert list(tracked.columns) == list(computed.columns)
    difference = (tracked[columns] - computed[columns].astype(float)).abs()
    assert (difference.median() < 1e-6).all() and (difference.quantile(0.95) < 0.02).all()


def test_a_changed_question_is_computed_anew():
    asked = {**probes.studied("organics"), "targets": [[0.7, 1.0]], "seeds": [0], "n_probe": 150}
    stated = probes.read_or_compute(asked)
    assert len(stated) == 2 and stated["share_seen"].iloc[0] == pytest.approx(0.3, abs=0.12)


@pytest.fixture(scope="module")
def rows():
    return law.usable(law.searches(plans.POOLS, range(3)))


def test_the_law_beats_the_share_alone_where_it_was_not_fitted(rows):
    for strategy, part in rows.groupby("strategy"):
        for groups in ("dataset", "shape"):
            stated = law.contest(part, groups=groups)["explained"]
            assert stated[law.LAW] > stated["share alone (null model)"], (strategy, groups)
    table = law_tables.contest_table({"shape left out": law.contest(part, groups="shape")})
    assert "mean error, shape left out" in table


def test_share_and_shape_is_a_rival_for_a_pool_and_none_for_a_new_shape(rows):
    for strategy, results in law.contests(rows).items():
        on_pool, on_shape = results["pool left out"], results["shape left out"]
        assert on_pool.loc[law.SHAPE, "explained"] > on_pool.loc[law.LAW, "explained"], strategy
        assert on_pool.loc[law.BOTH, "more_low"] > 0, strategy
        assert on_shape.loc[[law.SHAPE, law.BOTH]].isna().all(axis=None)
        assert (law_tables.contest_table(results).loc[law.SHAPE].iloc[2:] == "-").all()
        assert 0.8 < law.between_targets(rows[rows["strategy"] == strategy]) < 1


def test_the_law_is_least_biased_by_a_probe_of_the_geometric_mean():
    sizes = law_tables.probe_sizes(plans.POOLS)
    for name, pool in (("embedded", plans.POOLS[0]), ("QM9", law.QM9)):
        rows = sizes[sizes.index.str.startswith(name)]
        labels = np.array([int(text.split()[1]) for text in rows.index])
        nearest = int(np.abs(np.log(labels / probes.studied_size(pool))).argmin())
        assert rows["bias"].abs().argmin() == rows["explained"].argmax() == nearest, name
        assert rows["bias"].is_monotonic_decreasing


def test_what_the_page_of_the_law_quotes_is_what_its_tables_say(rows):
    contests = law.contests(rows)
    facts = law_tables.law_facts(rows, contests)
    for letter, strategy in (("E", "property_search"), ("P", "most_probable")):
        cell = law_tables.contest_table(contests[strategy])["variance explained, pool left out"]
        assert facts[f"{letter}_law"] == cell[law.LAW] != facts[f"{letter}_shape"]
        assert facts[f"{letter}_shape"] == cell[law.SHAPE]
    assert facts["n_star"] == round((plans.SWEEP["n_init"] * plans.SWEEP["n_max"]) ** 0.5)


def test_likely_noise_is_that_of_the_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(150, 1)) * 700
    y = 3 * np.sin(X[:, 0] / 500) + np.sqrt(0.05) * rng.normal(size=150)
    noise, lml = most_likely_noise(X, y)
    assert noise in (0.02, 0.05, 0.1) and len(lml) == len(NOISES)


def test_shifted_errors_are_the_records_own_at_the_whole_test_set():
    configs = plans.fixed_noise(["organics"], [0], ["random", "k_centre"])
    stated = shift.shifted_errors(configs, shares=(100, 10))
    for config in configs:
        recorded = store.find(config)["rows"][-1]["mae_ev"]
        ours = stated[(stated["strategy"] == config.strategy) & (stated["remote_share"] == 100)]
        assert ours["mae_ev"].iloc[0] == pytest.approx(recorded, abs=2e-4)
    assert (stated.loc[stated["strategy"] == "random", "difference"] == 0).all()
    missing = RunConfig("organics", "random", seed=77)
    with pytest.raises(ValueError, match="seed 77: no tracked record"):
        shift.shifted_errors([missing])


def test_remoteness_ranks_the_outlier_first():
    X = np.r_[np.random.default_rng(0).normal(size=(60, 2)), [[30.0, 30.0]]]
    assert shift.remoteness(X, np.arange(61)).argmax() == 60


def test_learned_noise_belongs_to_the_first_batch():
    config = RunConfig("organics", "random", seed=1, **plans.FIELD)
    dataset = load("organics")
    first = split(config, len(dataset)).train_idx
    expected = most_likely_noise(features(dataset)[first], dataset.y[first])[0]
    (run,) = plans.noise_learned(["organics"], [1], ["random"])
    assert run.noise_var == expected


def test_remoteness_of_fingerprints_is_tanimotos():
    """Nested sets of bits, and one that shares none: a large molecule is not remote by its size."""
    bits, sizes = np.zeros((12, 40), dtype=np.float32), np.arange(10, 21)
    for k, size in enumerate(sizes):
        bits[k, :size] = 1
    bits[11, 35:] = 1
    remote = shift.remoteness(bits, np.array([0, 5, 11]), n_bits=40)
    similarity = np.minimum.outer(sizes, sizes) / np.maximum.outer(sizes, sizes)
    nearest = np.sort(2 * (1 - similarity), axis=1)[[0, 5], :6]
    np.testing.assert_allclose(remote, [*np.sqrt(nearest.sum(axis=1) / 5), np.sqrt(2)], rtol=1e-6)


@pytest.mark.parametrize("bits", [0, 30])
def test_errors_of_a_recorded_model_of_standardised_labels(bits, monkeypatch):
    """Labels far from zero in a unit of their own; of the bits of a fingerprint, too."""
    rng = np.random.default_rng(3)
    X = (rng.random((200, bits)) < 0.3).astype(float) if bits else rng.normal(size=(200, 4))
    y = 1e4 + 50 * np.tanh(X[:, 0] + X[:, 1])
    sizes = {"n_init": 20, "n_const": 20, "n_max": 60, "n_test": 50, "n_restarts": 0}
    config = RunConfig("toy", "random", prior="data", noise_var=0.01, **sizes)
    monkeypatch.setattr(descriptors, "n_bits", lambda *_: bits)
    found = list(loop.steps(config, MoleculeDataset("toy", y, X=X), X))
    record = {"config": {"normalize_y": False, "prior": "data"}}
    record |= {"rows": [step.row for step in found], "batches": [step.batch for step in found[:-1]]}
    test_idx, train_idx, _ = loop.split(config, len(y))
    errors = shift.errors_on_test(record, X, y, test_idx, train_idx, bits)
    assert errors.mean() == pytest.approx(found[-1].row["mae_ev"], rel=1e-6)


@pytest.mark.parametrize("normalize_y", [False, True])
def test_errors_of_a_recorded_model_are_those_it_recorded(normalize_y):
    """Rebuilt from the record's hyper-parameters; with normalize_y they were once taken in eV^2."""
    rng = np.random.default_rng(2)
    X = rng.normal(size=(200, 4)) * 300
    y = -6 + np.tanh(X[:, 0] / 300)
    sizes = {"n_init": 20, "n_const": 20, "n_max": 60, "n_test": 50, "n_restarts": 0}
    config = RunConfig("toy", "random", noise_var=0.01, normalize_y=normalize_y, **sizes)
    found = list(loop.steps(config, MoleculeDataset("toy", y, X=X), X))
    record = {"config": {"normalize_y": normalize_y}, "rows": [step.row for step in found]}
    record["batches"] = [step.batch for step in found[:-1]]
    test_idx, train_idx, _ = loop.split(config, len(y))
    errors = shift.errors_on_test(record, X, y, test_idx, train_idx)
    assert errors.mean() == pytest.approx(found[-1].row["mae_ev"], rel=1e-6)


def test_the_field_takes_a_file_of_ones_own_by_its_own_scale():
    (own,) = plans.fixed_noise(["mine.npz"], [0], ["random"])
    (paper,) = plans.fixed_noise(["organics"], [0], ["random"])
    assert (own.prior, paper.prior) == ("data", "paper")
