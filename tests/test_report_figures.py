"""Figures of the experiments and the tables behind them: the data that they show, not pixels."""

import re
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from made_up import SEEDS, SIZES, A, B, D, E, runs, schemes
from matplotlib.colors import to_hex, to_rgb

from alutils.acquisition import strategies
from alutils.analysis import statistics
from alutils.loop import RunConfig
from alutils.report import figures, tables
from alutils.report.figure_data import drawn_data
from alutils.report.style import PAPER_COLOURS


def lines(ax):
    """Label -> line, of those in the legend."""
    handles, labels = ax.get_legend_handles_labels()
    return {
        label: getattr(handle, "lines", [handle])[0]
        for handle, label in zip(handles, labels, strict=True)
    }


@pytest.fixture(params=["learning", "schemes", "grid", "noise", "search", "rates", "error"])
def figure(request):
    savings = tables.search_savings(runs((A, E)), 0.3)
    both = pd.concat([runs((A, D)), runs((A, D), noise_var=1e-10)])
    return {
        "learning": lambda: figures.learning_curves(runs()),
        "schemes": lambda: figures.batch_schemes(
            schemes(), tables.scheme_differences(schemes(), D), D
        ),
        "grid": lambda: figures.noise_grid(both[both["strategy"] == A]),
        "noise": lambda: figures.noise_comparison(both),
        "search": lambda: figures.property_search(runs((A, E)), savings),
        "rates": lambda: figures.rates(runs((A, E))),
        "error": lambda: figures.in_range_error(runs((A, E))),
    }[request.param]()


def test_every_axis_names_quantity_and_unit(figure):
    for ax in figure.axes:
        if not ax.get_shared_x_axes().get_siblings(ax)[1:] or ax is figure.axes[-1]:
            assert re.search(r"\(.+\)", ax.get_xlabel()), ax.get_xlabel()
        if any(re.search("[a-z]{4}", tick.get_text()) for tick in ax.get_yticklabels()):
            continue  # an axis of names
        assert re.search(r"\(.+\)", ax.get_ylabel()), ax.get_ylabel()


def test_figures_are_closed_on_white_and_readable_when_small(figure):
    assert not plt.get_fignums()
    assert to_hex(figure.get_facecolor()) == "#ffffff"
    assert figure.get_figwidth() <= 5.5
    sizes = [text.get_fontsize() for ax in figure.axes for text in ax.get_xticklabels()]
    assert min(sizes) >= 10


def test_every_figure_shows_its_spread(figure):
    for ax in figure.axes:
        assert ax.collections, "neither a band nor error bars"


def test_the_style_does_not_leak():
    before = dict(plt.rcParams)
    figures.rates(runs((A, E)))
    assert dict(plt.rcParams) == before


def test_learning_curves_plot_means_in_the_colour_of_the_strategy():
    top = figures.learning_curves(runs()).axes[0]
    for name in strategies.PAPER:
        line = lines(top)[figures.STRATEGY_LABELS[name]]
        expected = tables.curve(tables.select(runs(), strategy=name), "mae_ev")
        assert to_hex(line.get_color()) == figures.STRATEGY_COLOURS[name].lower()
        assert line.get_marker() == figures.POOL_MARKERS["aminoacids"]
        np.testing.assert_allclose(line.get_xdata(), SIZES)
        np.testing.assert_allclose(line.get_ydata(), expected["mean"])


def test_the_difference_panel_plots_paired_differences_in_percent_of_a():
    bottom = figures.learning_curves(runs((A, D))).axes[1]
    (bars,) = bottom.containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(), [-10.0] * 3)
    # factor 0.9 on each seed: the difference varies as A's error does, 4 % from seed to seed
    a = pd.Series([0.5, 0.52, 0.54])
    interval = statistics.interval(-10 * a / a.mean())
    low, high = bars.lines[2][0].get_segments()[0][:, 1]
    np.testing.assert_allclose([low, high], [interval.low, interval.high])


def test_one_seed_gives_points_without_bars():
    one = tables.select(runs((A, D)), seed=0)
    (bars,) = figures.learning_curves(one).axes[1].containers
    np.testing.assert_allclose(bars.lines[0].get_ydata(), [-10.0] * 3)


def test_a_collapsed_fit_is_named_and_leaves_the_scale_alone():
    records = runs((A, D))
    assert tables.collapsed_text(records) == "None of the 24 fits collapsed."
    bad = (records["strategy"] == D) & (records["seed"] == 1) & (records["n_train"] == 200)
    records.loc[bad, ["mae_ev", "r2"]] = [15.0, -14.0]
    stated = tables.collapsed_text(records)
    assert stated.startswith(
        "1 of the 24 fits collapsed (D at 200 molecules, noise 0.05 eV², seed 1)"
    )
    for ax in figures.learning_curves(records).axes:
        (cross,) = [line for line in ax.lines if line.get_marker() == "X"]
        assert cross.get_xdata()[0] == pytest.approx(200, rel=0.1)
        assert ax.get_ylim()[1] < 50
    assert "5.253 ±" in tables.mean_std(records, "mae_ev")["D"][200]  # the table hides nothing


def test_the_grid_of_one_seed_and_two_noises_is_drawn():
    records = pd.concat([runs((A,), noise_var=noise) for noise in (1e-10, 0.05)])
    one = records[records["seed"] == 0]
    panels = drawn_data(figures.noise_grid(one)).query("kind == 'interval' and panel == 1")
    errors = one.sort_values(["n_train", "noise_var"])["mae_ev"]
    np.testing.assert_allclose(panels["y"], errors)
    assert (panels["y_low"] == panels["y_high"]).all()


def own(records):
    """The same runs, of a file of the reader's own."""
    return records.assign(prior="data", property_key="gap", unit="meV")


def test_fits_of_own_data_that_know_nothing_are_said_and_what_to_do():
    records = own(runs((A, D)))
    records.loc[[1, 2, 3], "r2"] = [0.01, -0.2, 0.049]
    stated = tables.collapsed_text(records)
    assert stated.startswith(
        "None of the 24 fits collapsed. 3 of the 24 fits have an R² below 0.05"
    )
    assert stated.endswith("What to do: label more molecules, or take another descriptor.")
    tiny = tables.collapsed_text(records.assign(noise_var=1e-10))
    assert tiny.endswith("raise the noise, to 0.05, say.")
    records.loc[5, "r2"] = -3.0
    collapsed = tables.collapsed_text(records)
    assert "noise 0.05 times the variance of the labels, seed" in collapsed
    assert "predicts its prior mean, the mean of the training labels, for" in collapsed
    records.loc[1, "at_bound"] = "signal_var"
    assert tables.bound_text(records) == (
        "1 of the 24 fits ended with a parameter at a bound of its range (the signal variance in "
        "1). Trust these less: more noise or labels may help."
    )


def test_axes_say_property_and_unit():
    both = pd.concat([runs((A, D)), runs((A, D), noise_var=1e-10)])
    for made, wanted in ((both, "MAE (eV)"), (own(both), "MAE of gap (meV)")):
        one = tables.select(made, noise_var=0.05)
        drawn = [figures.learning_curves(one), figures.noise_comparison(made)]
        drawn += [figures.in_range_error(own(runs((A, E))) if "gap" in wanted else runs((A, E)))]
        drawn += [figures.noise_grid(tables.select(made, strategy=A))]
        assert {fig.axes[0].get_ylabel() for fig in drawn} == {wanted}
    assert "var $y$" in drawn[-1].axes[1].get_xlabel()


def test_where_most_fits_are_bad_none_is_an_exception():
    records = runs((A, D))
    records.loc[records["strategy"] == D, ["mae_ev", "r2"]] = [1.9, -20.0]
    assert not tables.is_collapsed(records).any()
    stated = tables.collapsed_text(records)
    assert stated.startswith("None of the 24 fits collapsed. Most fits of D at 0.05 eV² have")
    figure = figures.learning_curves(records)
    drawn = [np.asarray(line.get_ydata(), float) for line in figure.axes[0].lines]
    shown = [y for y in drawn if np.isclose(y, 1.9).any()]
    assert shown and "X" not in [line.get_marker() for ax in figure.axes for line in ax.lines]


def test_fits_at_a_bound_are_counted_by_parameter():
    records = runs((A, D))
    stated = "None of the 24 fits ended with a parameter at a bound of its range."
    assert tables.bound_text(records) == stated
    records.loc[[1, 2], "at_bound"] = "signal_var"
    records.loc[3, "at_bound"] = "signal_var length_scale"
    assert tables.bound_text(records) == (
        "3 of the 24 fits ended with a parameter at a bound of its range (the signal variance in "
        "3, the length scale in 1)."
    )


def test_the_grid_stars_the_lowest_error_of_each_size():
    grid = pd.concat([runs((A,), noise_var=v) for v in (1e-10, 0.05, 1.0)])
    grid.loc[grid["noise_var"] == 0.05, "mae_ev"] *= 0.8
    ax = figures.noise_grid(grid).axes[0]
    stars = [line for line in ax.lines if line.get_marker() == "*"]
    assert [star.get_xdata()[0] for star in stars] == [0.05] * len(SIZES)


def test_noise_has_the_unit_of_the_runs():
    both = pd.concat([runs((A, D), noise_var=noise) for noise in (1e-10, 0.01, 0.05)])
    for normalised, unit in ((False, "eV$^2$"), (True, "var $y$")):
        figure = figures.noise_comparison(both.assign(normalize_y=normalised))
        labels = list(lines(figure.axes[0]))
        assert len(labels) == 6 and all(label.endswith(unit) for label in labels)
        styles = {line.get_linestyle() for line in lines(figure.axes[0]).values()}
        assert styles == {"--", ":", "-"}


def test_the_likelihood_has_its_own_best_noise():
    grid = pd.concat([runs((A,), noise_var=noise) for noise in (1e-4, 1e-3, 0.02, 0.1)])
    ax = figures.noise_grid(grid).axes[1]
    stars = [line for line in ax.lines if line.get_marker() == "*"]
    assert [star.get_xdata()[0] for star in stars] == [0.02] * len(SIZES)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # less lost is higher
    best = tables.likelihood_noise(grid)
    np.testing.assert_allclose(best["noise_var"], 0.01, rtol=1e-6)
    assert len(best) == len(SIZES) * len(SEEDS)
    at_the_end = tables.likelihood_noise(grid[grid["noise_var"] > 0.01])
    np.testing.assert_allclose(at_the_end["noise_var"], 0.02)


def test_search_shows_shares_in_percent_below_the_limit():
    found = figures.property_search(runs((A, E)), tables.search_savings(runs((A, E)), 0.3)).axes[0]
    shown = {label: line.get_ydata() for label, line in lines(found).items()}
    np.testing.assert_allclose(shown["A random"], [2, 4, 8, 16])
    np.testing.assert_allclose(shown["E property search"], [4, 8, 16, 32])
    assert (shown["most possible"] >= shown["E property search"]).all()


def test_savings_end_with_the_metric_and_stand_beside_the_bound():
    savings = tables.search_savings(runs((A, E)), 0.3)
    last = tables.select(savings, n_train=800)
    np.testing.assert_allclose(last["savings"], 0.5)  # E finds twice as many per label
    np.testing.assert_allclose(last["bound"], 0.7 * (1 - 100 / 800))


def test_learning_savings_are_the_labels_for_a_s_last_error():
    saved = tables.learning_savings(runs((A, D)), D)
    assert list(saved.index) == SEEDS
    assert ((saved > 0) & (saved < 1)).all()
    assert tables.learning_savings(runs((A, B)), B).isna().all()
    assert "none of 3 seeds" in tables.saved_text(tables.learning_savings(runs((A, B)), B))


def test_scheme_differences_vanish_for_one_power_law():
    """POW is interpolated in log n between its doublings: half a percent at most."""
    differences = tables.scheme_differences(schemes(), D)
    at_own_sizes = differences[differences["n_train"].isin(SIZES)]["difference"]
    np.testing.assert_allclose(at_own_sizes, 0, atol=1e-9)
    assert differences["difference"].between(-0.6, 0).all()


def test_scheme_differences_leave_out_sizes_with_a_collapsed_fit_but_never_the_end():
    records = schemes()
    collapsed = (records["scheme"] == "constant") & records["n_train"].isin([500, 800])
    records.loc[collapsed & (records["seed"] == 1), ["mae_ev", "r2"]] = [15.0, -14.0]
    differences = tables.scheme_differences(records, D)
    assert not (differences["n_train"] == 500).any()
    end = differences[differences["n_train"] == 800]
    assert end.groupby("seed")["difference"].max()[1] > 1000


def test_data_table_without_the_data(monkeypatch, tmp_path):
    monkeypatch.delenv("ALUTILS_DATA", raising=False)
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path))  # nothing is downloaded
    stated = tables.data_table(RunConfig("qm9_b3lyp", A), with_target=True)["value"]
    assert "not at hand" in stated["data"]
    assert tables.data_table(RunConfig("aa_heaviest", A))["value"]["descriptor"].endswith(
        "times 100"
    )
    assert "molecules" in tables.data_table(RunConfig("organics", A), with_target=True)["value"]
    with pytest.raises(ValueError, match="organcs"):
        tables.data_table(RunConfig("organcs", A))


# Machado, Oliveira & Fernandes (2009), severity 1, in linear RGB; and sight as it is.
SIGHT = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(rgb):
    """CIE L*a*b* (D65) of linear RGB."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ np.clip(rgb, 0, 1) / [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def linear(colour):
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


@pytest.mark.parametrize("sight", SIGHT)
def test_the_papers_strategies_differ_in_colour_for_every_eye(sight):
    seen = {n: lab(np.array(SIGHT[sight]) @ linear(c)) for n, c in PAPER_COLOURS.items()}
    for (one, a), (other, b) in combinations(seen.items(), 2):
        assert np.linalg.norm(a - b) > 15, f"{one} and {other}"  # 2.3 is just noticeable
