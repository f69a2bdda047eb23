"""Fits at a bound, repeated with wider ones: on the recorded training set, and found again."""

import pandas as pd
import pytest

from alutils.analysis import wider_bounds
from alutils.report import tables
from alutils.runs import store
from alutils.storage.locations import records_dir
from tests import made_up

AFTER = ("mae_ev", "lml", "signal_var", "length_scale")


@pytest.fixture(scope="module")
def smallest():
    """The tracked refit with the fewest training molecules, and the record of its run."""
    row = wider_bounds.tracked().sort_values("n_train").iloc[0]
    (record,) = (
        bundle[row["record"]]
        for bundle in map(store.bundle, store.bundles(records_dir()))
        if row["record"] in bundle
    )
    return row, record


def test_a_tracked_refit_comes_out_again(smallest):
    row, record = smallest
    (iteration,) = (i for i in wider_bounds.bounded(record) if _n(record, i) == row["n_train"])
    again = wider_bounds.refit(record, iteration)
    assert again["record"] == row["record"]
    for name in AFTER:
        assert again[name] == pytest.approx(row[name], rel=1e-3)
    assert again["lml"] > again["lml_before"]


def test_within_the_same_bounds_the_fit_is_the_recorded_one(smallest, monkeypatch):
    _, record = smallest
    monkeypatch.setattr(wider_bounds, "WIDER", 1.0)
    again = wider_bounds.refit(record, wider_bounds.bounded(record)[0])
    for name in AFTER:
        assert again[name] == pytest.approx(again[f"{name}_before"], rel=1e-3)


def test_a_page_reports_the_refits_of_its_own_runs_alone(monkeypatch):
    records = made_up.runs((made_up.A, made_up.D))
    at_bound = (records["strategy"] == made_up.A) & (records["n_train"] == 800)
    records.loc[at_bound, "at_bound"] = "signal_var"
    values = {"mae_ev": 0.30, "mae_ev_before": 0.32, "signal_var": 5000.0}
    kept = records.loc[at_bound & (records["seed"] < 2), [*wider_bounds.RUN, "n_train"]]
    elsewhere = kept.assign(dataset="organics")
    refits = pd.concat([kept, elsewhere], ignore_index=True).assign(**values)
    monkeypatch.setattr(wider_bounds, "tracked", lambda: refits)
    assert tables.bound_text(records).endswith(
        "2 of them were fitted again within bounds 100 times wider: the signal variance then ends "
        "at 5000 to 5000 eV², and the error on the test set changes by -0.0200 to -0.0200 eV, "
        "-0.0200 eV in the mean."
    )


def _n(record, iteration):
    return record["rows"][iteration]["n_train"]
