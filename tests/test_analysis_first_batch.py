"""First batches that see no label, and runs of the loop that begin with them."""

import json

import numpy as np
import pytest

from alutils import loop
from alutils.analysis import first_batch
from alutils.analysis.first_batch import SEARCH, STARTS, A, Arm, D
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import features
from alutils.storage.locations import records_dir
from alutils.storage.numerics import NUMERICS_VERSION

POOLS = ("organics", "aminoacids", "optoelectronics")


def toy(n=200):
    rng = np.random.default_rng(5)
    X = rng.normal(size=(n, 4)) * np.geomspace(400, 40, 4)
    X -= X.mean(axis=0)
    return X, np.tanh(X[:, 0] / 300) - 6


def drawn(X, rule, n, seed=0):
    return first_batch.first_batch(X, rule, n, np.random.default_rng(seed))


@pytest.mark.parametrize("rule", STARTS)
@pytest.mark.parametrize("n", [1, 7, 200])
def test_a_first_batch_holds_different_molecules(rule, n):
    X, _ = toy()
    picks = drawn(X, rule, n)
    assert len(set(picks.tolist())) == n and set(picks) <= set(range(len(X)))
    assert drawn(X, rule, n).tolist() == picks.tolist()
    assert n != 7 or drawn(X, rule, n, 1).tolist() != picks.tolist()


def test_k_centre_takes_the_farthest_from_all_before():
    X, _ = toy()
    picks = drawn(X, "k_centre", 30)
    for t in range(1, 30):
        nearest = np.linalg.norm(X[:, None] - X[picks[:t]], axis=2).min(axis=1)
        assert nearest[picks[t]] == pytest.approx(nearest.max(), rel=1e-6)


def test_typical_clusters_take_one_molecule_of_the_middle_of_each_cluster():
    rng = np.random.default_rng(2)
    centres = np.array([[0, 0], [500, 0], [0, 500], [500, 500]])
    X = np.repeat(centres, 25, axis=0) + rng.normal(0, 5, (100, 2))
    picks = drawn(X, "cluster_centres", 4)
    assert sorted(picks // 25) == [0, 1, 2, 3]
    for pick in picks:
        members = X[25 * (pick // 25) :][:25]
        middle = np.linalg.norm(members - members.mean(axis=0), axis=1)
        assert middle[pick % 25] == middle.min()


def test_molecules_that_are_all_alike_make_a_first_batch_too():
    for rule in STARTS:
        assert len(set(drawn(np.zeros((9, 2)), rule, 5).tolist())) == 5


@pytest.mark.parametrize(
    ("rule", "n", "said"),
    [
        ("nearest", 5, "first batch 'nearest' is unknown: choose one of random, k_centre"),
        ("random", 0, "a first batch of 0 out of 200 molecules: give 1 to 200"),
        ("k_centre", 201, "a first batch of 201 out of 200 molecules"),
    ],
)
def test_what_is_no_first_batch_is_refused(rule, n, said):
    with pytest.raises(ValueError, match=said):
        drawn(toy()[0], rule, n)


def test_the_loop_begins_with_the_first_batch_and_all_starts_share_the_rest(monkeypatch):
    """The molecules that the loop takes for its test set, first batch and held-out set."""
    X, y = toy()
    seen = {}

    def steps(config, dataset, points):
        where = {tuple(x): k for k, x in enumerate(X)}
        molecules = np.array([where[tuple(x)] for x in points])
        assert dataset.y.tolist() == y[molecules].tolist()
        seen[start] = [molecules[part] for part in loop.split(config, len(dataset))]
        return loop.steps(config, dataset, points)

    monkeypatch.setattr(first_batch, "steps", steps)
    for start in STARTS:
        config = first_batch.config_of("toy", 3, Arm(A, 0, start, 10, 20, 50), n_test=60)
        frame = first_batch.run(config, start, MoleculeDataset("toy", y, X=X), X, n_pool=100)
        assert frame["n_train"].tolist() == [10, 30, 50]
    tests, firsts, pools = [], [], []
    for test, first, heldout in seen.values():
        assert len(test) == 60 and len(first) == 10
        tests.append(test.tolist())
        firsts.append(set(first))
        pools.append(set(first) | set(heldout))
        assert len(pools[-1]) == 100 and not pools[-1] & set(test)
    assert tests[0] == tests[1] == tests[2] and pools[0] == pools[1] == pools[2]
    assert firsts[0] != firsts[1] != firsts[2]
    farthest = np.linalg.norm(X[sorted(firsts[1])][:, None] - X[sorted(firsts[1])], axis=2)
    others = np.linalg.norm(X[sorted(firsts[0])][:, None] - X[sorted(firsts[0])], axis=2)
    apart = [d[d > 0].min() for d in (farthest, others)]
    assert apart[0] > apart[1]


def test_no_label_reaches_the_first_batch(monkeypatch):
    X, y = toy()
    firsts = []

    def steps(config, dataset, points):
        firsts.append(points[loop.split(config, len(dataset)).train_idx].tolist())
        return loop.steps(config, dataset, points)

    monkeypatch.setattr(first_batch, "steps", steps)
    for labels in (y, y[::-1].copy()):
        config = first_batch.config_of("toy", 1, Arm(A, 0, "k_centre", 10, 20, 30), n_test=60)
        first_batch.run(config, "k_centre", MoleculeDataset("toy", labels, X=X), X, n_pool=100)
    assert firsts[0] == firsts[1]


def test_a_search_counts_hits_and_others_err():
    X, y = toy()
    dataset = MoleculeDataset("toy", y, X=X)
    search = Arm(SEARCH, 0.3, "random", 10, 20, 90)
    found = first_batch.run(
        first_batch.config_of("toy", 0, search, n_test=60), "random", dataset, X, n_pool=100
    )
    assert found["value"].is_monotonic_increasing and found["value"].iloc[-1] > 20
    error = first_batch.run(
        first_batch.config_of("toy", 0, search._replace(share=0, strategy=D), n_test=60),
        *("random", dataset, X),
        n_pool=100,
    )
    assert error["value"].iloc[-1] < np.abs(y - y.mean()).mean()


def test_the_arms_are_those_of_the_rules():
    arms = first_batch.arms()
    assert len({arm[:-1] for arm in arms}) == len(arms)
    assert {arm.batch for arm in arms if arm.start != "random"} == {20}
    assert {arm.n_init for arm in arms if arm.batch == 1} == {20}
    assert all(arm.n_max <= 200 and arm.n_init in (20, 50, 100) for arm in arms)


@pytest.mark.parametrize("pool", POOLS)
def test_the_tracked_file_answers_the_question_of_this_version(pool):
    tracked = json.loads((records_dir() / f"first-batch-{pool}.json").read_text())
    assert tracked["question"]["numerics_version"] == NUMERICS_VERSION
    assert tracked["question"]["data_sha256"] == load(pool).sha256
    frame = first_batch.curves([pool], range(12))
    assert not frame.duplicated(["seed", *first_batch.KEYS, "n_train"]).any()
    ends = frame.groupby(list(first_batch.KEYS))["n_train"].max()
    assert all(ends[arm[:-1]] == arm.n_max for arm in first_batch.arms())


def test_some_tracked_runs_come_out_again():
    dataset = load("organics")
    X, frame = features(dataset), first_batch.curves(["organics"], [4])
    for arm in (
        Arm(A, 0, "k_centre", 50, 20, 90),
        Arm(SEARCH, 0.03, "random", 20, 20, 60),
        Arm(SEARCH, 0.3, "cluster_centres", 50, 20, 70),
    ):
        again = first_batch.run(first_batch.config_of("organics", 4, arm), arm.start, dataset, X)
        keys = dict(zip(first_batch.KEYS, arm, strict=False))
        tracked = frame[(frame[list(keys)] == list(keys.values())).all(axis=1)]
        both = again.merge(tracked, on="n_train", suffixes=("", "_tracked"))
        assert len(both) == len(again)
        # Which molecules k-means picks may depend on the processor: then a hit or two may change.
        most = 2 if arm.start == "cluster_centres" else 1e-4 if arm.share == 0 else 0
        assert (both["value"] - both["value_tracked"]).abs().max() <= most


def test_tracking_completes_and_curves_read(tmp_path, monkeypatch):
    X, y = toy()
    made = []

    def run(config, *given):
        made.append(config.seed)
        return original(config, *given, n_pool=100)

    original = first_batch.run
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path))
    monkeypatch.setattr(first_batch, "load", lambda name: MoleculeDataset("toy", y, X=X))
    monkeypatch.setattr(first_batch, "features", lambda dataset: X)
    monkeypatch.setattr(first_batch, "run", run)
    few = (Arm(A, 0, "k_centre", 10, 20, 45), Arm(SEARCH, 0.3, "random", 10, 1, 15))
    monkeypatch.setattr(first_batch, "arms", lambda: few)
    monkeypatch.setattr(
        first_batch, "config_of", lambda *given, config=first_batch.config_of: config(*given, 60)
    )
    with pytest.raises(ValueError, match="toy: seeds \\[4\\] are not tracked in first-batch-toy"):
        first_batch.curves(["toy"], [4])
    path = first_batch.track("toy", [4, 5], batches=(20,))
    assert path.parent == tmp_path and made == [4, 5]
    first_batch.track("toy", [5, 6])
    assert made == [4, 5, 5, 6, 6], "the first arm of seed 5 was there"
    frame = first_batch.curves(["toy"], [5, 6])
    assert set(frame["seed"]) == {5, 6} and set(frame["dataset"]) == {"toy"}
    errors = frame[frame["share"] == 0]
    assert errors["n_train"].tolist() == [10, 30, 45] * 2
    hits = frame[frame["share"] > 0]
    assert hits["n_train"].tolist() == [10, 15] * 2, "no more than every twenty labels, and the end"
