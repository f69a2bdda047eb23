"""Ours beside the authors': which figures are compared, and Welch's interval against scipy's."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alutils.report import authors

KEY = ("qm9_pbe", "random", 1e-10)


def runs(errors, n_train=2000, **changed):
    dataset, strategy, noise_var = KEY
    base = {"dataset": dataset, "strategy": strategy, "noise_var": noise_var, "scheme": "pow"}
    rows = {"n_train": n_train, "seed": range(len(errors)), "mae_ev": errors}
    return pd.DataFrame({**rows, **base, **changed})


def test_welchs_interval_is_scipys():
    ours = np.array([0.270, 0.268, 0.275, 0.271])
    means, spreads = authors.WORKBOOK[KEY]
    theirs = stats.norm.ppf([0.1, 0.3, 0.5, 0.7, 0.9])  # five runs with the workbook's spread
    theirs = means[1] + spreads[1] * theirs / theirs.std(ddof=1)
    expected = stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    (row,) = authors.differences(runs(ours)).itertuples()
    assert (row.low, row.high) == pytest.approx((expected.low, expected.high))
    assert row.n == 4 and row.difference == pytest.approx(ours.mean() - means[1])


@pytest.mark.parametrize(
    "changed", [{"dataset": "qm9_b3lyp"}, {"noise_var": 0.05}, {"scheme": "constant"}]
)
def test_what_the_authors_did_not_run_is_not_compared(changed):
    frame = runs([0.27, 0.28], **changed)
    assert authors.table(frame) is None and authors.agreement(frame).startswith("none")
    assert (authors.caption(frame) == "") == (changed != {"scheme": "constant"})


def test_agreement_counts_and_names_the_largest():
    far = runs([0.30, 0.301, 0.302], n_train=4000)
    text = authors.agreement(pd.concat([runs([0.2748, 0.2750, 0.2746]), far]))
    assert text.startswith("1 of 2 differences") and "+0.052 eV (A, 4000 molecules)" in text


def test_one_seed_decides_nothing():
    assert np.isinf(authors.differences(runs([0.2])).iloc[0]["high"])


@pytest.mark.parametrize(("dataset", "shown"), [("aa_heaviest", "aa"), ("qm9_pbe", "qm9_pbe")])
def test_the_papers_curve_is_drawn_beside_ours(dataset, shown):
    _, ax = plt.subplots()
    assert authors.draw(ax, runs([0.3, 0.31], dataset=dataset)) == authors.SIZES
    (line,) = ax.containers
    means, _ = authors.WORKBOOK[shown, *KEY[1:]]
    assert line.lines[0].get_ydata().tolist() == list(means)
    assert line.get_label() == "the paper's runs"
    plt.close()


def test_a_stand_in_has_no_curve_of_the_paper():
    _, ax = plt.subplots()
    assert authors.draw(ax, runs([0.3], dataset="organics")) == () and not ax.containers
    plt.close()


def test_means_without_a_spread_are_not_compared():
    frame = runs([0.3, 0.31], dataset="aa", noise_var=0.05, strategy="random")
    assert authors.WORKBOOK["aa", "random", 0.05][1] is None
    assert authors.differences(frame).empty
