"""The page on first batches: its tables, its figures, and what it advises."""

import numpy as np
import pandas as pd
import pytest
from test_analysis_spending import SEEDS, curves

from alutils.analysis import spending
from alutils.analysis.first_batch import D
from alutils.report import few_labels, few_labels_figures


def value(arm, n):
    """K-centre errs less and finds less; a small first batch and small batches find more."""
    if arm.share:
        return n * (0.2 + 5 / arm.n_init + 1 / arm.batch) * (0.5 if arm.start == "k_centre" else 1)
    return {"random": 1.0, "k_centre": 0.8, "cluster_centres": 1.2}[arm.start]


@pytest.fixture(scope="module")
def made():
    return pd.concat([curves(value), curves(value, "aminoacids")], ignore_index=True)


@pytest.fixture(scope="module")
def compared(made):
    return spending.comparisons(made)


def test_the_verdicts_are_counted(compared):
    table = few_labels.verdict_table(compared)
    assert table.sum(axis=1).tolist() == [12, 24, 16, 24, 30, 20]
    after = table.loc[few_labels.FAMILIES["after"]]
    assert after[["better", "worse"]].tolist() == [6, 6]


def test_the_tables_say_difference_interval_and_outcome(compared):
    after = few_labels.start_table(compared, "after")
    assert after.shape == (6, 2)
    assert after.loc["aminoacids, first batch of 50", "k-centre"].startswith(
        "-20 (-20 to -20), better"
    )
    batches = few_labels.batch_table(compared)
    assert list(batches.columns) == ["batches of 1", "batches of 5", "batches of 20"]
    large = batches.loc["organics, L, the highest 3 %, first batch of 100, 200 labels"]
    assert large["batches of 1"] == "" and large["batches of 5"].endswith("better")
    sizes = few_labels.size_table(compared)
    assert sizes.loc["organics, D, 200 labels", "first batch of 20"].endswith("no difference")
    assert few_labels.fits_table()["models fitted"].to_dict() == {1: 101, 5: 21, 20: 6, 100: 2}


def test_the_averages_are_intervals_over_the_seeds(made):
    table = few_labels.mean_table(made)
    assert table.shape == (7, 2)
    assert table.loc["error right after the first batch (%)", "k-centre"].startswith("-20.0 (-20.")
    assert table.loc["error at 200 labels, D (%)", "typical clusters"].startswith("+19.9 (+19.")


def test_a_single_seed_has_no_verdict(made):
    alone = spending.comparisons(made[made["seed"] == SEEDS[0]])
    assert set(alone["outcome"]) == {"undecided"}
    cells = few_labels.start_table(alone, "after")
    assert cells.iloc[0, 0].endswith("(1 seed)")


def test_a_hundred_labels_are_shown_for_each_way(made):
    table = few_labels.hundred_table(made)
    assert table.shape == (18, 4)
    row = table.loc["organics, 20 k-centre"]
    assert row["error (eV), then D"] == "0.800"
    assert row["hits, the highest 30 %"] == f"{50 * (0.2 + 0.25 + 0.05):.0f}"


def test_the_facts_follow_the_outcomes(made, compared):
    facts = few_labels.facts(made, compared)
    assert facts["n_seeds"] == len(SEEDS) and facts["n_compared"] == len(compared)
    assert facts["after_k_centre_counts"] == "better in 6"
    assert facts["after_typical_advice"] == "worse wherever we could tell"
    assert facts["later_typical_range"] == "+20 to +20"
    assert facts["batches_errors_advice"] == "no better and no worse that we could tell"
    assert facts["B_minus_A"].startswith("+0 (") or facts["B_minus_A"].startswith("-0 (")
    assert facts["B_minus_A"].endswith(" % on aminoacids")
    assert facts["mean_after_A_k_centre"].startswith("-20.0 (-20.")
    assert facts["mean_hits100_30_typical"].startswith(("+0.0 (-", "-0.0 (-"))
    assert facts["choose_error_start"] == "by k-centre"
    assert facts["choose_search_start"] == "at random"
    assert facts["choose_search_batch"] == "one by one"
    assert facts["choose_error_batch"] == "in one batch of 100"
    assert (facts["choose_search_size"], facts["choose_error_size"]) == ("20", "100")


def test_advice_is_mixed_where_the_outcomes_are():
    rows = pd.DataFrame({"outcome": ["better", "undecided", "worse"]})
    assert few_labels.advice(rows) == "better in some cases, worse in others"
    assert few_labels.counts(rows) == "better in 1, worse in 1, undecided in 1"


def test_the_learning_curves_draw_the_errors(made):
    figure = few_labels_figures.learning_curves(made)
    assert [ax.get_title(loc="left") for ax in figure.axes] == ["organics", "aminoacids"]
    lines = [line for line in figure.axes[0].lines if line.get_marker() == "o"]
    for line, level in zip(lines, (1.0, 0.8, 1.2), strict=True):
        assert np.allclose(line.get_ydata(), level, atol=0.01)


def test_the_forest_plots_draw_the_differences(compared):
    errors, hits = (
        few_labels_figures.start_errors(compared),
        few_labels_figures.start_hits(compared),
    )
    after, later = errors.axes
    assert after.get_yticklabels()[0].get_text() == "20, k-centre"
    assert later.get_yticklabels()[-1].get_text() == "D: 100, typical clusters"
    drawn = sorted(line.get_xdata()[0] for line in later.lines if line.get_marker() == "s")
    rows = compared[(compared["family"] == "later") & (compared["dataset"] == "aminoacids")]
    assert np.allclose(drawn, sorted(one.mean for one in rows["difference"]))
    assert D in set(rows["strategy"])
    assert [ax.get_title(loc="left") for ax in hits.axes] == [
        "hits at 100 labels",
        "hits at 200 labels",
    ]
    panels = few_labels_figures.batches(compared).axes
    assert panels[0].get_yticklabels()[0].get_text() == "1, after 20"
    assert len(panels) == 3
