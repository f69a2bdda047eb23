"""The page on sigma: its rules, its differences, and what its figures draw."""

import numpy as np
import pandas as pd
import pytest

from alutils.report import uncertainty, uncertainty_figures
from alutils.report.uncertainty import A, B, D

SEEDS = range(4)


@pytest.fixture(scope="module")
def curves():
    """A errs by 0.20 eV on average, B by 10 % more, and by 5 % less with the true error; D by as
    much as A, with little scatter."""
    scatter = dict(zip(SEEDS, (-0.002, -0.001, 0.001, 0.002), strict=True))
    wanted = {(A, "model"): 0.2, (B, "model"): 0.22, (B, "local"): 0.22, (B, "oracle"): 0.19}
    wanted |= {(D, sigma): 0.2 for sigma in ("model", "local", "oracle")}
    rows = [
        {"dataset": "organics", "noise_var": 0.05, "seed": seed, "n_train": n, "r2": 0.5}
        | {"strategy": strategy, "sigma": sigma}
        | {
            "mae_ev": mae * (1 if n == 1600 else 2)
            + scatter[seed] * (1 + 0.01 * (sigma != "model"))
        }
        for (strategy, sigma), mae in wanted.items()
        for seed in SEEDS
        for n in (100, 1600)
    ]
    return pd.DataFrame(rows)


def scores_of(coverage, strategy=A):
    """Scores of the last and the first model whose 90 % intervals cover about so much."""
    about = {"dataset": "organics", "noise_var": 0.05, "strategy": strategy}
    return [
        about
        | {"seed": seed, "n_train": n, "set": which, "correction": name}
        | {"coverage_90": coverage + 0.002 * seed, "rank": 0.1 * n / 1600, "rank_stated": 0.3}
        | {"deciles": [[0.1 * k, 0.2 * k] for k in range(1, 11)] if which == "held out" else np.nan}
        for seed in SEEDS
        for n in (100, 1600)
        for which in ("test", "held out")
        for name in ("none", "scaled", "local", "conformal")
    ]


@pytest.mark.parametrize(
    ("coverage", "said"),
    [(0.6, "too narrow"), (0.9, "right"), (0.97, "too wide"), (0.949, "undecided")],
)
def test_a_sigma_is_judged_by_its_coverage(coverage, said):
    rows = pd.DataFrame(scores_of(coverage))
    table = uncertainty.coverage_table(rows)
    assert table.loc["organics, 0.05", "as it is"] == said
    alone = rows[(rows["seed"] == 0) & (rows["set"] == "test")]
    assert uncertainty.judged(alone, 1600) == "one seed"
    assert table.loc["organics, 0.05", "1600 molecules"] == f"{100 * (coverage + 0.003):.0f} %"


def test_changes_are_paired_and_in_percent_of_a(curves):
    worse = uncertainty.change(curves, B, "model")
    assert worse.mean == pytest.approx(10) and worse.n == 4
    assert uncertainty.change(curves, B, "oracle", B).mean == pytest.approx(-15, abs=0.02)
    assert uncertainty.helped(curves, B, "oracle") == "supported"
    assert uncertainty.helped(curves, B, "local") == "not supported"
    assert uncertainty.helped(curves, D, "oracle") == "not supported"
    table = uncertainty.gain_table(curves)
    assert table.loc["organics, 0.05", "B, model's sigma"].startswith("+10 (")


def test_the_facts_count_what_the_tables_say(curves):
    scores = pd.DataFrame([*scores_of(0.6), *scores_of(0.9, B)])
    facts = uncertainty.facts(scores, curves)
    assert facts["too_narrow"] == "organics, 0.05" and facts["right"] == "none"
    assert facts["oracle_supported"] == "B on organics, 0.05 eV²"
    assert facts["oracle_counts"] == "supported in 1, not supported in 1"
    assert facts["oracle_most"].endswith("B on organics, 0.05 eV²")
    assert (facts["oracle_n"], facts["oracle_n_better"], facts["n_seeds"]) == (2, 1, 4)


def test_the_forest_plot_draws_the_differences(curves):
    (ax,) = uncertainty_figures.gains(curves).axes
    drawn = [line.get_xdata()[0] for line in ax.lines if line.get_marker() == "o"]
    expected = [
        uncertainty.change(curves, strategy, sigma).mean
        for strategy in (B, D)
        for sigma in uncertainty.SIGMA_NAMES
    ]
    assert np.allclose(drawn, expected)
    assert [text.get_text() for text in ax.get_yticklabels()][2] == "B, true error"


def test_the_reliability_diagram_draws_the_tenths():
    rows = pd.DataFrame([*scores_of(0.6), *scores_of(0.9, B)])
    (ax,) = uncertainty_figures.reliability(rows).axes
    lines = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(lines) == 2  # A and B
    for line in lines:
        assert np.allclose(line.get_xdata(), 0.1 * np.arange(1, 11))
        assert np.allclose(line.get_ydata(), 0.2 * np.arange(1, 11))
