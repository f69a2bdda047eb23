"""The loop: sets stay disjoint and complete, runs are paired, and a resumed run is the same run."""

from dataclasses import replace

import made_up
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alutils import descriptors, loop
from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.strategies import STRATEGIES
from alutils.acquisition.target import above
from alutils.data.datasets import MoleculeDataset
from alutils.data.embedding import Embedded
from alutils.loop import RunConfig
from alutils.model import scale
from alutils.model.gp import GaussianProcess

CONFIG = dict(n_init=20, n_const=20, n_max=100, n_test=50, noise_var=0.01, n_restarts=0)
SCALED = CONFIG | {"n_max": 80, "prior": "data"}
TIMINGS = {"fit_s", "acquire_s"}


@pytest.fixture(scope="module")
def pool():
    """A data set that brings its descriptor: 300 points with labels they explain."""
    X, y = made_up.toy()
    return MoleculeDataset("toy", y, X=X)


def rows_and_batches(config, pool, batches=()):
    X = np.asarray(pool.X, dtype=float)
    found = list(loop.steps(config, pool, X - X.mean(axis=0), batches))
    rows = [{k: v for k, v in step.row.items() if k not in TIMINGS} for step in found]
    return rows, [step.batch for step in found]


def equal(rows, others):
    return all(
        np.array_equal([row[k]], [other[k]], equal_nan=not isinstance(row[k], str))
        for row, other in zip(rows, others, strict=True)
        for k in row
    )


@pytest.mark.parametrize("scheme", ["pow", "constant"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_sets_stay_disjoint_and_complete(strategy, scheme, pool):
    config = RunConfig("toy", strategy, scheme, **CONFIG)
    test_idx, train_idx, heldout_idx = loop.split(config, len(pool))
    rows, batches = rows_and_batches(config, pool)
    assert batches[-1] is None
    assert [len(b) for b in batches[:-1]] == batch_sizes(scheme, 20, 20, 100)
    for batch in batches[:-1]:
        assert np.isin(batch, heldout_idx).all() and not np.isin(batch, train_idx).any()
        train_idx, heldout_idx = np.r_[train_idx, batch], np.setdiff1d(heldout_idx, batch)
    everyone = np.concatenate([test_idx, train_idx, heldout_idx])
    assert (np.sort(everyone) == np.arange(len(pool))).all()
    assert rows[-1]["n_train"] == len(train_idx) == 100


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_resumed_run_equals_the_whole_run_to_the_bit(strategy, pool):
    config = RunConfig("toy", strategy, **CONFIG, seed=4)
    rows, batches = rows_and_batches(config, pool)
    for done in range(1, len(rows)):
        later_rows, later_batches = rows_and_batches(config, pool, batches[:done])
        assert equal(later_rows, rows[done:])
        assert later_batches == batches[done:]


def test_strategies_share_test_set_and_first_batch(pool):
    first = [
        rows_and_batches(RunConfig("toy", strategy, **CONFIG), pool)[0][0]
        for strategy in STRATEGIES
    ]
    assert len({(row["mae_ev"], row["lml"], row["n_found"]) for row in first}) == 1


def test_seeds_differ(pool):
    splits = [loop.split(RunConfig("toy", "random", **CONFIG, seed=s), 300) for s in (0, 1)]
    assert set(splits[0].test_idx) != set(splits[1].test_idx)


def test_every_draw_has_its_own_seed(pool, monkeypatch):
    """Fits and picks of two seeds, and of two iterations, never draw the same."""
    drawn = {"fit": [], "pick": []}

    class Model(GaussianProcess):
        def __init__(self, *args, random_state, **options):
            drawn["fit"].append(random_state.random())
            super().__init__(*args, random_state=random_state, **options)

    def pick(view, batch_size, rng):
        drawn["pick"].append(rng.random())
        return np.arange(batch_size)

    monkeypatch.setattr(scale, "GaussianProcess", Model)
    monkeypatch.setitem(loop.STRATEGIES, "random", pick)
    for seed in (0, 1):
        rows_and_batches(RunConfig("toy", "random", **CONFIG, seed=seed), pool)
    assert [len(drawn[what]) for what in drawn] == [8, 6]
    every = drawn["fit"] + drawn["pick"]
    assert len(set(every)) == len(every)


def test_a_row_holds_what_its_model_gives_for_each_set(pool):
    """The first row, from a model fitted here on the first batch and nothing else."""
    config = RunConfig("toy", "random", **CONFIG)
    row = rows_and_batches(config, pool)[0][0]
    X, threshold = np.asarray(pool.X) - np.mean(pool.X, axis=0), np.quantile(pool.y, 0.7)
    test, train, heldout = loop.split(config, len(pool))
    model = GaussianProcess(0.01, False, 0, random_state=0).fit(X[train], pool.y[train])
    assert row["signal_var"] == pytest.approx(model.signal_var_)
    inside = test[pool.y[test] > threshold]
    for name, part in (("mae_ev", test), ("mae_in_range_ev", inside)):
        assert row[name] == pytest.approx(np.abs(pool.y[part] - model.predict(X[part])).mean())
    for suffix, part in (("", test), ("_heldout", heldout)):
        above, predicted = pool.y[part] > threshold, model.predict(X[part]) > threshold
        assert row[f"tpr{suffix}"] == pytest.approx(predicted[above].mean())
        assert row[f"fpr{suffix}"] == pytest.approx(predicted[~above].mean())
        assert row[f"tpr{suffix}"] != row[f"fpr{suffix}"]


def test_found_share_counts_labels_not_predictions(pool):
    config = RunConfig("toy", "property_search", **CONFIG)
    rows, batches = rows_and_batches(config, pool)
    test_idx, train_idx, _ = loop.split(config, 300)
    in_range = config.range_in(pool.y).contains(pool.y)
    findable = in_range.sum() - in_range[test_idx].sum()
    for row, batch in zip(rows, batches, strict=True):
        assert row["n_found"] == in_range[train_idx].sum()
        assert row["found_share"] == pytest.approx(in_range[train_idx].sum() / findable)
        train_idx = np.r_[train_idx, [] if batch is None else batch].astype(int)


def test_search_finds_more_than_random(pool):
    found = {
        strategy: rows_and_batches(RunConfig("toy", strategy, **CONFIG), pool)[0][-1]["n_found"]
        for strategy in ("random", "property_search")
    }
    assert found["property_search"] > 1.5 * found["random"]


def test_candidates_are_counted(pool):
    rows, _ = rows_and_batches(RunConfig("toy", "uncertain_cluster_centres", **CONFIG), pool)
    assert rows[0]["n_candidates"] == 115  # half of 300 - 50 - 20
    assert np.isnan(rows[-1]["n_candidates"])  # nothing is picked any more


def test_without_a_target_search_metrics_have_no_value(pool):
    rows, _ = rows_and_batches(RunConfig("toy", "random", **CONFIG, target=None), pool)
    for name in ("tpr", "fpr", "tpr_heldout", "found_share", "mae_in_range_ev"):
        assert np.isnan(rows[0][name])


def test_noise_is_recorded_in_ev2(pool):
    config = RunConfig("toy", "random", **CONFIG, normalize_y=True)
    rows, _ = rows_and_batches(config, pool)
    train_idx = loop.split(config, 300).train_idx
    assert rows[0]["noise_var_used"] == pytest.approx(0.01 * pool.y[train_idx].var())


def test_run_gives_a_tidy_frame(monkeypatch, tmp_path):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    made_up.write_data_set(tmp_path / "toy", *made_up.toy())
    frame = loop.run(RunConfig(str(tmp_path / "toy"), "random", **CONFIG, seed=2))
    assert frame["n_train"].tolist() == [20, 40, 80, 100]
    assert set(frame["seed"]) == {2} and set(frame["target_low"]) == {0.7}


def test_a_batch_from_elsewhere_is_refused(pool):
    config = RunConfig("toy", "random", **CONFIG)
    inside = loop.split(config, 300).train_idx[:20].tolist()
    with pytest.raises(ValueError, match="held-out"):
        rows_and_batches(config, pool, [inside])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"strategy": "randm"}, "strategy='randm'"),
        ({"scheme": "linear"}, "scheme='linear'"),
        ({"n_test": 0}, "n_test=0"),
        ({"noise_var": float("nan")}, "noise_var=nan"),
        ({"n_restarts": -1}, "n_restarts=-1"),
        ({"seed": -1}, "seed=-1"),
        ({"strategy": "property_search", "target": None}, "needs a target"),
    ],
)
def test_impossible_configurations_are_refused(change, named):
    with pytest.raises(ValueError, match=named):
        RunConfig(**{"dataset": "toy", "strategy": "random", **CONFIG, **change})


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"n_max": 260}, "310 molecules"),
        ({"target": above(3.0)}, "0 of 300"),
        ({"target": {"low": -30.0}}, "300 of 300"),
    ],
)
def test_runs_that_do_not_fit_the_pool_are_refused(change, named, pool):
    with pytest.raises(ValueError, match=named):
        loop.check(RunConfig(**{"dataset": "toy", "strategy": "random", **CONFIG, **change}), pool)


def test_a_strategy_that_bits_do_not_serve_is_refused_before_any_computing(monkeypatch):
    monkeypatch.setattr(descriptors, "morgan", None)  # no fingerprint is made
    pool = MoleculeDataset("mine", np.linspace(0, 1, 200), X=None, molecules=Embedded(["C"] * 200))
    pool = replace(pool, smiles=("C",) * 200)
    config = RunConfig("mine", "thompson_samples", **CONFIG, descriptor="fingerprint")
    with pytest.raises(ValueError, match=r"'thompson_samples' is for plain .* descriptor 'mbtr'"):
        loop.check(config, pool)
    loop.check(replace(config, strategy="most_probable"), pool)
    loop.check(replace(config, descriptor="mbtr"), pool)


def test_labels_alone_are_refused():
    with pytest.raises(ValueError, match="labels alone"):
        loop.check(RunConfig("aa", "random", **CONFIG), MoleculeDataset("aa", np.arange(300.0)))


@pytest.mark.parametrize("strategy", STRATEGIES)
@settings(max_examples=5, deadline=None, derandomize=True)
@given(factor=st.floats(1e-4, 1e5), shift=st.floats(-1e3, 1e3))
def test_an_affine_change_of_the_labels_changes_no_pick(strategy, factor, shift):
    """Nor anything else but the numbers that carry the unit."""
    X, y = made_up.toy()
    X = X - X.mean(axis=0)

    def run(y, target):
        config = RunConfig("toy", strategy, **SCALED, target=target)
        return list(loop.steps(config, MoleculeDataset("toy", y, X=X), X))

    edge = np.quantile(y, 0.75)
    # An offset may not drown the labels in the rounding of what they are added to.
    changed = factor * (y + shift)
    before, after = run(y, above(edge)), run(changed, above(factor * (edge + shift)))
    assert [step.batch for step in before] == [step.batch for step in after]
    for step, other in zip(before, after, strict=True):
        assert other.row["mae_ev"] == pytest.approx(factor * step.row["mae_ev"], rel=1e-6)
        for name in ("r2", "length_scale", "n_found", "tpr"):
            assert other.row[name] == pytest.approx(step.row[name], rel=1e-6)


def test_with_the_papers_prior_the_unit_matters(pool):
    """Why the prior of the paper is not for labels of other kinds: noise and start are in eV."""
    shares = []
    for factor in (1.0, 1 / 27.2):
        data = MoleculeDataset("toy", factor * pool.y, X=pool.X)
        config = RunConfig("toy", "property_search", **CONFIG)
        rows, _ = rows_and_batches(config, data)
        shares.append([row["length_scale"] for row in rows])
    assert shares[0] != shares[1]


def test_two_priors_that_standardise_are_refused():
    with pytest.raises(ValueError, match="normalize_y=True and prior='data'"):
        RunConfig("toy", "random", prior="data", normalize_y=True)
    with pytest.raises(ValueError, match="prior='mine' is unknown: choose one of paper, data"):
        RunConfig("toy", "random", prior="mine")
