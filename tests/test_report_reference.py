"""Numbers are replaced by tracked ones within the tolerance, and by nothing else."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alutils.report import reference
from alutils.report.reference import KEYS, settle

PARAMETERS = SimpleNamespace(dataset="organics", noise_var=1e-10, seeds=[0], threshold=None)
TOLERANCE = {"mae_ev": 0.01, "tpr": 0.05}


@pytest.fixture
def records(tmp_path, monkeypatch):
    """Two rows, and a folder in which they are tracked."""
    monkeypatch.setattr(reference, "reference_dir", lambda: tmp_path)
    keys = dict.fromkeys(KEYS, 0) | {"strategy": "random", "scheme": "pow", "noise_var": 1e-10}
    frame = pd.DataFrame([keys | {"n_train": 50}, keys | {"n_train": 100, "iteration": 1}])
    frame = frame.assign(mae_ev=[0.4, 0.3], tpr=[np.nan, 0.7], r2=[0.1, 0.2])
    monkeypatch.setenv("ALUTILS_REFERENCE", "write")
    settle(frame, "nb", PARAMETERS, TOLERANCE)
    monkeypatch.delenv("ALUTILS_REFERENCE")
    return frame


def test_numbers_within_the_tolerance_become_the_tracked_ones(records):
    moved = records.assign(mae_ev=[0.409, 0.291], tpr=[np.nan, 0.74], r2=[0.5, 0.6])
    settled, note = settle(moved, "nb", PARAMETERS, TOLERANCE)
    assert settled["mae_ev"].tolist() == [0.4, 0.3]
    assert np.isnan(settled["tpr"][0])
    assert settled["tpr"][1] == 0.7
    assert settled["r2"].tolist() == [0.5, 0.6]  # not named in the tolerance
    assert note == "4 of 4 numbers agree with the tracked run within mae_ev 0.01, tpr 0.05."
    assert moved["mae_ev"].tolist() == [0.409, 0.291]  # the input is left alone


def test_a_number_outside_stays_and_is_named(records):
    settled, note = settle(records.assign(mae_ev=[0.4, 0.32]), "nb", PARAMETERS, TOLERANCE)
    assert settled["mae_ev"].tolist() == [0.4, 0.32]
    assert "3 of 4 numbers" in note
    assert "mae_ev of random, seed 0, 100 molecules: 0.3200, tracked 0.3000" in note


def test_a_number_that_became_nan_does_not_agree(records):
    settled, note = settle(records.assign(tpr=[np.nan, np.nan]), "nb", PARAMETERS, TOLERANCE)
    assert settled["tpr"].isna().all()
    assert "3 of 4 numbers" in note


def test_other_parameters_leave_everything_as_computed(records):
    other = SimpleNamespace(**{**vars(PARAMETERS), "noise_var": 0.05})
    moved = records.assign(mae_ev=[0.401, 0.301])
    settled, note = settle(moved, "nb", other, TOLERANCE)
    pd.testing.assert_frame_equal(settled, moved)
    assert note == "All numbers as computed or recorded."
    assert settle(moved, "another", PARAMETERS, TOLERANCE).note == note


def test_stale_records_are_named(records):
    note = settle(records.assign(stale=[True, False]), "other", PARAMETERS, TOLERANCE).note
    assert note.endswith(" 1 of 1 runs were recorded with earlier code and not made again.")


def test_other_runs_under_the_same_parameters_are_refused(records):
    with pytest.raises(ValueError, match=r"nb\.json holds other runs.*ALUTILS_REFERENCE=write"):
        settle(records.head(1), "nb", PARAMETERS, TOLERANCE)


def test_the_tracked_file_says_what_it_is(records, tmp_path):
    tracked = json.loads((tmp_path / "nb.json").read_text(encoding="utf-8"))
    assert tracked["parameters"] == vars(PARAMETERS)
    assert tracked["tolerance"] == TOLERANCE
    assert len(tracked["rows"]) == 2
