"""Label summaries: exact shares, modes by the rule, and records that equal their data."""

import json

import numpy as np
import pytest
from scipy.stats import gaussian_kde, norm

from alutils.acquisition.target import highest
from alutils.analysis import label_distributions, statistics
from alutils.data.datasets import REGISTRY, MoleculeDataset, load
from alutils.storage import locations

RNG_SEED = 20240822


def summary_of(y, name="made"):
    return label_distributions.label_summary(MoleculeDataset(name, np.asarray(y)))


def one_hill(n=4000):
    # Quantiles instead of draws: no accidental bumps.
    return norm.ppf((np.arange(n) + 0.5) / n, loc=-6.5, scale=0.6)


def two_hills():
    return np.concatenate([one_hill(), one_hill() - 8.0])


def test_shares_above_edges_are_exact_and_strict():
    y = np.round(np.random.default_rng(RNG_SEED).normal(-6, 1, 5000), 2)
    y[:100] = -5.55
    summary = summary_of(y)
    assert sum(summary.counts) == len(y)
    for threshold in (-5.55, -5.2, -8.5, -6.0):
        assert summary.share_above(threshold) == (y > threshold).mean()
    assert summary.share_above(-100.0) == 1.0
    assert summary.share_above(100.0) == 0.0


def test_target_share_is_that_of_the_loop():
    y = np.random.default_rng(RNG_SEED).normal(-6, 1, 777)
    threshold, share = summary_of(y).target(target_share=0.30)
    assert threshold == highest(0.30).range_in(y).low
    assert share == (y > threshold).mean()


@pytest.mark.parametrize("threshold", [-50.0, 50.0, -5.5551])
def test_threshold_that_splits_nothing_off_or_no_bin_is_refused(threshold):
    with pytest.raises(ValueError, match=r"made: threshold=.* give a multiple of 0\.01"):
        summary_of(one_hill()).target(threshold)


def test_density_is_that_of_the_labels():
    y = two_hills()
    positions, density, bandwidth = summary_of(y).density()
    assert density.sum() * label_distributions.BIN == pytest.approx(1, abs=1e-3)
    expected = gaussian_kde(y, bandwidth / y.std(ddof=1))(positions)
    # The counts are binned, so each label is moved by up to half a bin.
    assert np.abs(density - expected).max() < 0.01 * expected.max()


def test_modes_are_found_where_they_are():
    assert summary_of(one_hill()).modes() == pytest.approx([-6.5], abs=0.05)
    assert summary_of(two_hills()).modes() == pytest.approx([-14.5, -6.5], abs=0.05)


def test_a_small_bump_is_no_mode():
    bump = np.full(15, -9.5) + np.linspace(-0.1, 0.1, 15)
    assert len(summary_of(np.concatenate([one_hill(), bump])).modes()) == 1


def test_resamples_are_reproducible_and_agree_on_clear_hills():
    summary = summary_of(two_hills())
    counts = [summary.mode_counts(20, np.random.default_rng(0)) for _ in range(2)]
    assert counts[0] == counts[1] == {2: 1.0}


@pytest.mark.parametrize(
    ("agreement", "verdict"),
    [
        (1.0, statistics.SUPPORTED),
        (0.95, statistics.SUPPORTED),
        (0.5, statistics.UNDECIDED),
        (0.05, statistics.NOT_SUPPORTED),
        (0.0, statistics.NOT_SUPPORTED),
    ],
)
def test_verdict_on_modes(agreement, verdict):
    assert label_distributions.modes_verdict(agreement) == verdict


def test_identical_labels_have_one_mode():
    summary = summary_of(np.full(50, -7.0))
    assert summary.modes() == pytest.approx([-7.0], abs=0.02)


def test_overlap_of_equal_and_separate_parts():
    values = two_hills()
    assert label_distributions.overlap(values, values)[0] == pytest.approx(1, abs=1e-3)
    area, grid, pool, part = label_distributions.overlap(values, values[values > -10])
    assert area == pytest.approx(0.5, abs=0.01)
    step = grid[1] - grid[0]
    assert pool.sum() * step == pytest.approx(1, abs=1e-3)
    assert part.sum() * step == pytest.approx(1, abs=1e-3)


def test_overlap_does_not_depend_on_unit_or_origin():
    rng = np.random.default_rng(RNG_SEED)
    values = rng.normal(size=2000)
    part = values[values > 0.5]
    area = label_distributions.overlap(values, part)[0]
    assert label_distributions.overlap(1000 * values - 7, 1000 * part - 7)[0] == pytest.approx(
        area, abs=0.01
    )


def test_record_equals_its_summary(tmp_path, monkeypatch):
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path))
    dataset = MoleculeDataset("aa_labels", two_hills(), info={"label": "HOMO"})
    label_distributions.write_record(dataset)
    summary, from_record = label_distributions.load_or_summarise("aa_labels")
    assert from_record
    assert summary == label_distributions.label_summary(dataset)


def test_without_data_and_record_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path))
    with pytest.raises(ValueError, match="ALUTILS_DATA"):
        label_distributions.load_or_summarise("aa_labels")
    with pytest.raises(ValueError, match="unknown data set"):
        label_distributions.load_or_summarise("nonsense")


@pytest.mark.parametrize("name", ["qm9_b3lyp", "qm9_pbe", "aa_labels"])
def test_tracked_records_are_those_of_the_data(name):
    path = locations.records_dir() / f"homo_{name}.json"
    record = label_distributions.LabelSummary(**json.loads(path.read_text(encoding="utf-8")))
    assert sum(record.counts) == record.n
    assert len(record.tops) == len(label_distributions.SHARES)
    folder = locations.data_dir()
    if folder is None or not (folder / REGISTRY[name]["file"]).is_file():
        pytest.skip(f"{name} is not at hand: set ALUTILS_DATA to compare the record with it")
    assert record == label_distributions.label_summary(load(name))
