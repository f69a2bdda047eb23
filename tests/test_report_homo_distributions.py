"""The page on HOMO distributions: each data set says what it has, and no more than it can."""

import numpy as np
import pytest

from alutils.analysis import statistics
from alutils.analysis.label_distributions import label_summary
from alutils.data.datasets import MoleculeDataset, load
from alutils.report import homo_distributions
from alutils.report.homo_distributions import PAPER, Distribution, examine, verdicts


def made(name, y, kind="local", counts=None):
    """A `Distribution` of made-up labels, as if the resamples had the given counts of modes."""
    dataset = MoleculeDataset(name, y, info={"kind": kind, "label": "HOMO (made up)"})
    counts = counts or {1: 1.0}
    return Distribution(label_summary(dataset), False, -6.0, 0.3, (0.2, 0.4), 0.1, counts, 50)


def aa(share):
    """Labels of which this share lies above the paper's threshold of AA."""
    n_above = round(share * 1000)
    return np.r_[np.full(n_above, -8.0), np.full(1000 - n_above, -9.0)]


def by_kind(rows):
    """Rows on the share and on the modes."""
    return {("modes" if row["ours"].startswith("modes") else "share"): row for row in rows}


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(0.304, statistics.SUPPORTED), (0.306, statistics.NOT_SUPPORTED)],
)
def test_the_papers_own_labels_decide_on_its_share(share, verdict):
    row = by_kind(verdicts([made("aa_labels", aa(share))]))["share"]
    assert row["verdict"] == verdict
    assert row["ours"] == f"{share:.1%} above -8.5 eV"
    assert row["interval"] == f"{round(1000 * share)} of 1000, counted"


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (0.306, statistics.SUPPORTED),
        (0.30652, statistics.UNDECIDED),
        (0.308, statistics.NOT_SUPPORTED),
    ],
)
def test_missing_labels_may_decide_the_last_digit(share, verdict):
    missing = homo_distributions.N_PAPER["qm9_pbe"] - 133_768
    found, why = homo_distributions.share_verdict(share, 133_768, 133_814, "30.6%")
    assert found == verdict and f"but for {missing}" in why


def test_labels_of_another_method_cannot_test_the_share():
    row = by_kind(verdicts([made("qm9_b3lyp", aa(0.3))]))["share"]
    assert row["verdict"] == statistics.UNTESTABLE and "HOMO (made up)" in row["why"]


@pytest.mark.parametrize(
    ("agreement", "verdict"),
    [
        (0.96, statistics.SUPPORTED),
        (0.5, statistics.UNDECIDED),
        (0.04, statistics.NOT_SUPPORTED),
    ],
)
def test_an_embedded_pool_is_judged_by_its_modes_alone(agreement, verdict):
    counts = {1: 1 - agreement, 2: agreement}  # the paper's AA has two
    rows = verdicts([made("aminoacids", aa(0.3), "embedded", counts)])
    assert [row["verdict"] for row in rows] == [verdict]
    assert rows[0]["why"].endswith("the shape of a stand-in")
    assert rows[0]["interval"] == (f"50 resamples: 1 in {1 - agreement:.1%}, 2 in {agreement:.1%}")


def test_a_file_of_the_readers_has_results_and_no_verdict():
    mine = made("mine.npz", aa(0.3))
    assert verdicts([mine]) == []
    assert homo_distributions.data_table([mine]).loc["stands for", "mine.npz"] == "itself"
    assert homo_distributions.verdict_table(homo_distributions.verdicts([mine])) is None
    assert homo_distributions.result_table([mine]).loc["share above it", "mine.npz"] == "30.0%"


def test_numbers_in_the_sentence_are_those_of_the_table():
    mine = made("mine.npz", aa(0.3))
    sentence, table = homo_distributions.findings([mine]), homo_distributions.result_table([mine])
    for row in ("threshold (eV)", "share above it", "within 0.25 eV of it", "modes"):
        assert table.loc[row, "mine.npz"] in sentence
    assert "modes: 2, at -9.0, -8.0 eV" in sentence


def test_the_share_and_its_interval_are_those_of_the_labels():
    (one,) = examine(["organics"], None, 10, seed=0)
    low, high = one.interval
    assert low < one.share < high
    spread = np.sqrt(one.share * (1 - one.share) / one.summary.n)  # of a binomial share
    assert (high - low) / 2 == pytest.approx(1.96 * spread, rel=0.1)
    y = load("organics").y
    near = np.mean(np.abs(y - one.threshold) < 0.25)
    assert one.near == pytest.approx(near, abs=0.01)  # the threshold lies within a bin
    assert sum(one.mode_counts.values()) == pytest.approx(1)


def test_only_the_papers_own_labels_have_its_threshold_by_default():
    found = examine(["organics", "aa_labels"], None, 1, seed=0)
    assert found[1].threshold == PAPER["AA"]["threshold (eV)"]
    assert found[0].threshold not in set(PAPER.loc["threshold (eV)"])
    (given,) = examine(["aa_labels"], [-9.0], 1, seed=0)
    assert given.threshold == -9.0


def test_thresholds_that_do_not_match_are_refused():
    with pytest.raises(ValueError, match="2 thresholds for 1 data sets: give one each"):
        examine(["organics"], [-9.0, -9.5], 1, seed=0)
