"""The study of other descriptors: its runs, its probes, its cost, and what is tracked of it."""

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import other_descriptors
from alutils.analysis.other_descriptors import DESCRIPTORS, KEPT, SIZES
from alutils.analysis.plans import POOLS
from alutils.data.datasets import MoleculeDataset
from alutils.runs.records import load_once

POOL = "organics"


def test_the_runs_differ_in_what_is_compared_alone(monkeypatch):
    noise = {"soap": 0.2, "mbtr": 0.01}
    monkeypatch.setattr(other_descriptors, "good_noise", lambda pool, name: noise[name])
    for name in noise:
        runs = other_descriptors.configs(POOL, name, 1)
        assert len(set(runs)) == len(runs) == 10
        assert {(c.prior, c.seed, c.descriptor, c.n_max) for c in runs} == {("data", 1, name, 800)}
        low = [c.strategy for c in runs if c.noise_var == 1e-10]
        assert low == ["random", "uncertain_cluster_centres"]
        assert all(c.noise_var == noise[name] for c in runs if c.strategy not in low)
        searched = [(c.strategy, c.target.share) for c in runs[-4:]]
        wanted = [("property_search", 0.3), ("most_probable", 0.3)]
        assert searched == wanted + [(strategy, 0.03) for strategy, _ in wanted]


def test_the_noise_is_one_of_those_offered_and_follows_the_labels(monkeypatch):
    dataset = load_once(POOL)
    other_descriptors.good_noise.cache_clear()
    found = other_descriptors.good_noise(POOL, "mbtr")
    assert found in other_descriptors.NOISES

    noise = np.random.default_rng(0).normal(scale=2 * dataset.y.std(), size=len(dataset))
    other = MoleculeDataset(POOL, dataset.y + noise, dataset.molecules)
    monkeypatch.setattr(other_descriptors, "load_once", lambda _: other)
    other_descriptors.good_noise.cache_clear()
    assert other_descriptors.good_noise(POOL, "mbtr") == max(other_descriptors.NOISES) > found
    other_descriptors.good_noise.cache_clear()


def test_a_probe_predicts_each_search_for_each_target(monkeypatch):
    monkeypatch.setattr(other_descriptors, "good_noise", lambda *_: 0.2)
    first, again = (other_descriptors.probed(POOL, "mbtr", seed) for seed in (0, 0))
    assert first == again != other_descriptors.probed(POOL, "mbtr", 1)
    assert [(row["strategy"], row["target_low"]) for row in first] == [
        (strategy, low) for low in (0.7, 0.97) for strategy in ("property_search", "most_probable")
    ]
    assert 0 < first[0]["predicted_area_gain"] < 1 and first[0]["hits"] > first[2]["hits"]


def test_the_cost_is_beside_that_of_mbtr(monkeypatch):
    monkeypatch.setattr(other_descriptors, "TIMED", 3)
    monkeypatch.setattr(other_descriptors.descriptors, "features", lambda *_, **__: np.eye(7))
    rows = {row["descriptor"]: row for row in other_descriptors.cost(POOL)}
    assert tuple(rows) == DESCRIPTORS and rows["mbtr"]["times_mbtr"] == 1
    assert all(
        row["s_per_1000"] > 0 and row["axes"] == row["distinct"] == 7 for row in rows.values()
    )
    columns = {name: row["columns"] for name, row in rows.items()}
    assert columns["mbtr"] == 3000 and columns["fingerprint"] == 2048  # of five elements
    assert columns["soap"] == 30 * 31 // 2 * 5


def test_gains_meet_the_probe_of_their_own_search():
    rows, probes = [], []
    for name, per_batch in (("mbtr", 60), ("soap", 90)):
        for strategy in other_descriptors.SEARCHES:
            about = {"descriptor": name, "strategy": strategy, "seed": 0, "target_low": 0.7}
            predicted = per_batch / 100 + (strategy == "most_probable") / 100
            probes.append(about | {"predicted_area_gain": predicted})
            for k, n_train in enumerate((100, 200, 400)):
                found = 30 + k * per_batch
                run = {"dataset": POOL, "n_train": n_train, "n_found": found}
                rows.append(about | run | {"found_share": found / 1500})
    joined = other_descriptors.joined(pd.DataFrame(rows), pd.DataFrame(probes))
    assert len(joined) == 4
    gain = joined.groupby("descriptor")["area_gain"].mean()
    assert 0 < gain["mbtr"] < gain["soap"] < 1
    one = joined[(joined["descriptor"] == "soap") & (joined["strategy"] == "most_probable")]
    assert one["predicted_area_gain"].item() == pytest.approx(0.91)


@pytest.mark.parametrize("pool", POOLS)
def test_what_is_tracked_is_the_study(pool):
    found = other_descriptors.read([pool], range(3))
    curves, gains, cost = found["curves"], found["gains"], found["cost"]
    sizes = {100, 200, 400, 800}
    assert set(curves["n_train"]) == sizes and len(curves) == 10 * len(sizes) * len(DESCRIPTORS) * 3
    assert set(curves["descriptor"]) == set(cost["descriptor"]) == set(DESCRIPTORS)
    assert curves[list(KEPT)].notna().all(axis=None) and max(sizes) == SIZES["n_max"]
    assert len(gains) == 4 * len(DESCRIPTORS) * 3 and set(curves["dataset"]) == {pool}
    first = curves[(curves["n_train"] == 100) & (curves["noise_var"] == curves["good_noise"])]
    errors = first.groupby(["descriptor", "seed"])["mae_ev"]
    assert (errors.max() == errors.min()).all()  # all strategies begin with the same batch


def test_a_seed_that_is_not_tracked_is_named():
    with pytest.raises(ValueError, match=r"organics: seeds \[77\] are not tracked in descriptors-"):
        other_descriptors.read([POOL], [0, 77])
