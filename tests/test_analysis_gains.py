"""Runs taken apart: the model is the recorded one, and the parts of its error add up."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from made_up import A, run, toy, write_data_set

from alutils.analysis import gains
from alutils.loop import RunConfig
from alutils.runs import records, store


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The record of a short run of D."""
    folder = tmp_path_factory.mktemp("gains")
    write_data_set(folder / "toy", *toy())
    sizes = {"n_test": 100, "n_init": 20, "n_const": 20, "n_max": 80}
    config = RunConfig(str(folder / "toy"), "uncertain_cluster_centres", **sizes)
    record = records.compute(config, folder)
    return record | {"config": record["config"] | {"dataset": config.dataset}}


def test_the_model_is_the_recorded_one_and_its_parts_add_up(made):
    row = gains.anatomy(made)
    assert row["mae_ev"] == pytest.approx(made["rows"][-1]["mae_ev"], abs=1e-6)
    assert row["n_train"] == 80 and row["seed"] == 0
    assert sum(row[f"picks_{k}"] for k in gains.DECILES) == pytest.approx(1)
    assert 0 < row["remote_ev"] < row["mae_ev"] and 0 < row["worst_ev"] < row["mae_ev"]


def test_a_model_with_another_error_is_refused(made):
    other = copy.deepcopy(made)
    other["rows"][-1]["mae_ev"] += 0.01
    with pytest.raises(ValueError, match="other data than those at hand"):
        gains.anatomy(other)


def test_worst_and_remote_are_parts_of_the_mean():
    errors = np.r_[np.full(95, 0.1), np.full(5, 2.1)]
    decile = np.tile(np.arange(1, 11), 10)
    row = gains.of_errors(errors, decile)
    assert row["mae_ev"] == pytest.approx(0.2) and row["median_ev"] == pytest.approx(0.1)
    assert row["worst_ev"] == pytest.approx(0.105)
    assert row["remote_ev"] == pytest.approx((9 * 0.1 + 2.1) / 100)
    assert row["mae_10"] == pytest.approx((9 * 0.1 + 2.1) / 10) and row["mae_1"] == pytest.approx(
        0.1
    )


def test_each_pool_and_variant_has_a_and_d():
    configs = gains.configs([0, 1], noises=[0.2])
    assert len({store.file_name(config) for config in configs}) == len(configs)
    per_pool = {}
    for config in configs:
        per_pool.setdefault((config.dataset, config.noise_var, config.seed), set()).add(
            config.strategy
        )
    assert all(found >= set(gains.COMPARED[:2]) for found in per_pool.values())
    assert len(per_pool) == 2 * (4 + 6 + 3 + 1 + len(gains.CENTRED))
    assert per_pool["aa_heaviest", gains.NOISE, 1] == set(gains.COMPARED)


def test_what_is_tracked_is_read_and_a_pool_without_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(gains, "records_dir", lambda: tmp_path)
    tracked = {"data_sha256": "this", "provenance": {}, "rows": [{"seed": 0, "mae_ev": 0.5}]}
    (tmp_path / "gain-pool.json").write_text(json.dumps(tracked))
    assert gains.read("pool").to_dict("records") == tracked["rows"]
    with pytest.raises(ValueError, match=r"gain-other.json is not in book/records: make it"):
        gains.read("other")


def test_what_is_tracked_is_of_one_noise_and_of_the_pages_seeds(made, monkeypatch, tmp_path):
    monkeypatch.setattr(gains, "records_dir", lambda: tmp_path)
    name = made["config"]["dataset"]
    others = [{"seed": 100}, {"noise_var": 0.1}, {"scheme": "constant"}, {"dataset": "organics"}]
    found = {str(k): made | {"config": made["config"] | one} for k, one in enumerate([{}, *others])}
    monkeypatch.setattr(store, "tracked", lambda folder: found)
    monkeypatch.setattr(gains, "_file", lambda dataset: tmp_path / "gain.json")
    rows = json.loads(gains.track(name).read_text())["rows"]
    assert [row["mae_ev"] for row in rows] == pytest.approx([made["rows"][-1]["mae_ev"]])


def test_runs_with_centred_labels_are_a_data_set_of_their_own():
    runs = pd.concat(
        [
            run(A, 0, noise_var=gains.NOISE).assign(dataset="aa_heaviest"),
            run(A, 0, noise_var=0.01).assign(dataset="aa_heaviest"),
            run(A, 0, noise_var=0.015).assign(dataset="aa_heaviest", normalize_y=True),
        ]
    )
    kept = gains.at_one_noise(runs)
    assert kept.groupby("dataset")["noise_var"].unique().map(list).to_dict() == {
        "aa_heaviest": [gains.NOISE],
        "aa_heaviest_centred": [0.015],
    }
