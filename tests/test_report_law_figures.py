"""What the figures beyond the paper plot: the data given, a colour per strategy, all intervals."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import same_color

from alutils.acquisition.strategies import STRATEGIES
from alutils.report import law_figures
from alutils.report.style import PALE, POOL_MARKERS, STRATEGY_COLOURS


@pytest.fixture
def frame():
    rows = [
        ("organics", "property_search", 0.7, 1.0, 0.5, 0.6),
        ("aminoacids", "property_search", 0.4, 0.5, 0.1, 0.05),
        ("organics", "most_probable", 0.0, 0.1, 0.8, 0.9),
    ]
    names = ["dataset", "strategy", "target_low", "target_high", "predicted_area_gain", "area_gain"]
    frame = pd.DataFrame(rows, columns=names)
    return frame.assign(share=frame["target_high"] - frame["target_low"], spread=0.1)


def points(ax):
    lines = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    return [(line.get_xdata()[0], line.get_ydata()[0]) for line in lines]


def test_the_law_shows_each_search_where_it_is(frame):
    errors = {"property_search": (-0.2, 0.1), "most_probable": (-0.1, 0.1)}
    upper, lower = law_figures.law(frame, errors).axes
    assert points(upper) == [(0.5, 0.6), (0.1, 0.05)] and points(lower) == [(0.8, 0.9)]
    single = [line for line in upper.get_lines() if len(line.get_xdata()) == 1]
    (lowest,) = [line for line in lower.get_lines() if len(line.get_xdata()) == 1]
    markers = [line.get_marker() for line in single]
    assert markers == [POOL_MARKERS["organics"], POOL_MARKERS["aminoacids"]]
    fills = [line.get_fillstyle() for line in single]
    assert fills == ["full", "none"] and lowest.get_fillstyle() == "left"
    assert same_color(lowest.get_color(), STRATEGY_COLOURS["most_probable"])
    spreads = [line.get_ydata().tolist() for line in lower.get_lines()[1:2]]
    assert np.allclose(spreads, [[0.8, 1.0]])


def test_the_null_model_is_drawn_against_the_share(frame):
    upper, lower = law_figures.share_alone(frame).axes
    assert np.allclose(points(upper), [(30, 0.6), (10, 0.05)])
    assert "share of the target (% of the pool)" in lower.get_xlabel()


def test_the_field_has_a_row_for_each_entry():
    index = ["property_search", "random", "property_search, learned noise"]
    table = pd.DataFrame(
        {"mean": [0.3, 0.0, 0.4], "low": [0.2, 0.0, -0.1], "high": [0.4, 0.0, 0.9]}, index=index
    ).assign(beats_random=[1, 0, 0])
    (ax,) = law_figures.field([table], ["found (%)"]).axes
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["E property search", "A random", "E, learned noise"]
    bars = [container.lines for container in ax.containers]
    assert np.allclose([line.get_xdata()[0] for line, *_ in bars], [30, 0, 40])
    assert [line.get_alpha() == PALE for line, *_ in bars] == [False, True, True]
    assert same_color(bars[0][0].get_color(), STRATEGY_COLOURS["property_search"])


def test_the_field_has_no_colour_for_what_its_row_names():
    table = pd.DataFrame({"mean": 0.3, "low": 0.2, "high": 0.4, "beats_random": 1}, ["k_centre"])
    (ax,) = law_figures.field([table], ["found (%)"]).axes
    (bar,) = ax.containers
    assert same_color(bar.lines[0].get_color(), "0.3")
    assert "logarithmic" in ax.get_xlabel()


def test_shifted_tests_show_percents_with_intervals():
    rows = [
        ("organics", "k_centre", seed, share, -0.1 * (share < 50) + 0.01 * seed)
        for seed in range(3)
        for share in (100, 10)
    ]
    names = ["dataset", "strategy", "seed", "remote_share", "difference"]
    (ax,) = law_figures.shifted_tests(pd.DataFrame(rows, columns=names)).axes
    (container,) = ax.containers
    assert np.allclose(sorted(container.lines[0].get_ydata()), [-9, 1])


def test_predicted_savings_are_pale_inside_their_interval_and_edged_outside():
    frame = pd.DataFrame(
        {
            "dataset": "organics",
            "strategy": "property_search",
            "predicted_saved": [0.3, 0.5],
            "saved": [0.35, 0.1],
            "low": [0.2, 0.4],
            "high": [0.4, 0.6],
            "inside": [True, False],
        }
    )
    (ax,) = law_figures.predicted_savings(frame).axes
    marks = [line for line in ax.get_lines() if len(line.get_xdata()) == 1]
    assert np.allclose([line.get_ydata()[0] for line in marks], [35, 10])
    assert [line.get_alpha() for line in marks] == [PALE, None]
    assert [same_color(line.get_markeredgecolor(), "black") for line in marks] == [False, True]
    above, below = ax.figure.legends
    assert [legend.get_title().get_text() for legend in (above, below)] == [
        "pool",
        "what was realised lies",
    ]


def test_live_search_is_drawn_beside_chance_and_the_limit():
    curve = pd.DataFrame({"n_labels": [50, 100], "n_found": [10, 40]})
    (ax,) = law_figures.found_live(curve, 0.2, 300, "random").axes
    search, random, limit = (line.get_ydata().tolist() for line in ax.get_lines())
    assert (search, random, limit) == ([10, 40], [10, 20], [50, 60])


def test_no_two_strategies_share_a_colour():
    assert len({STRATEGY_COLOURS[name] for name in STRATEGIES}) == len(STRATEGIES)


def test_overlap_is_drawn_against_the_savings_a_panel_for_each_pool(frame):
    frame = frame.assign(overlap=[0.1, 0.5, 0.3], saving_gain=[0.9, 0.4, 0.6])
    axes = law_figures.overlap(frame, "property_search").axes
    assert [ax.get_title(loc="left") for ax in axes] == ["organics", "aminoacids"]
    assert [points(ax) for ax in axes] == [[(0.1, 0.9)], [(0.5, 0.4)]]
    (window,) = axes[1].get_lines()
    assert window.get_fillstyle() == "none" and axes[0].get_xlim() == (0, 1)
