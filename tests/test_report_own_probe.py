"""The probe of the advice: a first batch that is drawn, or all labels of a reader's file."""

from types import SimpleNamespace

import numpy as np
import pytest

from alutils.analysis import advice
from alutils.data.columns import read_columns
from alutils.data.datasets import load
from alutils.report import own_probe


@pytest.fixture
def given(tmp_path):
    """Parameters of the page, for a table of SMILES with 24 labels."""
    pool = load("organics")
    rows = (f"{one},{y:.3f}" for one, y in zip(pool.smiles[:24], pool.y[:24], strict=True))
    path = tmp_path / "mine.csv"
    path.write_text("\n".join(["smiles,gap", *rows]), "utf8")
    named = {"dataset": str(path), "property_key": "gap", "unit": "", "skip_bad": False}
    named |= {"descriptor": None, "target_share": 0.25, "threshold": None, "direction": "above"}
    return SimpleNamespace(**named, n_init=24, n_max=60, n_test=10, n_pool=500, seed=0)


def test_all_labels_are_the_probe_and_the_pool_is_what_was_said(given):
    config, probed = own_probe.probe_of(given)
    assert len(probed.y) == 24 and probed.plan.n_pool == 500
    assert (probed.plan.n_init, probed.plan.n_max) == (24, 60)
    assert probed.prior == config.prior == "data" and probed.n_bits == probed.X.shape[1] == 2048
    assert probed.target.contains(probed.y).sum() == 6
    table, answer = advice.advise(probed, advice.experience())
    assert answer["hits"] == 6 and (table["possible"] < 0.6).all()


def test_columns_keep_their_precision(given, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "columns.csv"
    lines = (f"{a!r},{a + 0.1 * b!r}" for a, b in rng.standard_normal((24, 2)).tolist())
    path.write_text("\n".join(["a,gap", *lines]), "utf8")
    given.dataset = str(path)
    _, probed = own_probe.probe_of(given)
    assert probed.X.dtype == np.float64 and probed.n_bits == 0
    assert np.array_equal(probed.X, read_columns(path, "gap")["X"])


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"n_init": 20}, "n_init=20: with n_pool all 24 labels are the probe; give 24"),
        ({"n_max": 24}, "n_max=24 must lie between 25, one more than there are labels, and 500"),
        ({"n_max": 501}, "n_max=501 must lie between 25"),
        ({"threshold": [99.0], "target_share": None}, "target above 99 holds 0 of 24 molecules"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(given, changed, said):
    vars(given).update(changed)
    with pytest.raises(ValueError, match=said):
        own_probe.probe_of(given)


def test_without_a_pool_the_first_batch_is_drawn(given):
    given.n_pool, given.n_init, given.n_max, given.n_test = None, 8, 12, 4
    config, probed = own_probe.probe_of(given)
    assert len(probed.y) == 8 and probed.plan.n_pool == 20 and config.n_test == 4


def test_nothing_is_run_for_a_probe_alone(capsys):
    assert own_probe.outcome(None, None) == (None, "")
    assert "no search can be run" in capsys.readouterr().out
