"""Figures of the experiments: a frame of records in, a matplotlib Figure out.

Nothing here reads, writes or shows; colours, style and the parts of panels are in `report.style`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alutils.analysis import statistics
from alutils.report import authors, quantity
from alutils.report.style import (
    POOL_COLOURS,
    POOL_MARKERS,
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    STRATEGY_LETTERS,
    band,
    difference_line,
    error_axis,
    interval_line,
    margin_axis,
    marker,
    new_figure,
    noise_unit,
    shades,
    size_axis,
    styled,
)
from alutils.report.tables import curve, search_limit, select

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = [
    "POOL_COLOURS",
    "POOL_MARKERS",
    "STRATEGY_COLOURS",
    "STRATEGY_LABELS",
    "STRATEGY_LETTERS",
    "batch_schemes",
    "in_range_error",
    "learning_curves",
    "new_figure",
    "noise_comparison",
    "noise_grid",
    "property_search",
    "rates",
    "styled",
]


@styled
def learning_curves(records: pd.DataFrame, margin: float = statistics.MARGIN) -> Figure:
    """Test error of each strategy, and its paired difference from random sampling (Fig. 4a).

    records : runs of one scheme and noise; margin : of A's error, shaded as "no difference"
    """
    fig, (top, bottom) = new_figure(2, sharex=True, height_ratios=[3, 2.4])
    names = [name for name in STRATEGY_LABELS if (records["strategy"] == name).any()]
    for position, name in enumerate(names):
        look = {"color": STRATEGY_COLOURS[name], "marker": marker(records)}
        table = curve(select(records, strategy=name), "mae_ev")
        band(top, table, label=STRATEGY_LABELS[name], alpha=0.36 / max(2, len(names)), **look)
        if name != "random":
            shift = 1 + 0.035 * (position - len(names) / 2)
            difference_line(bottom, records, name, shift=shift, ls="none", **look)
    theirs = authors.draw(top, records)
    error_axis(top, quantity.of_runs(records))
    margin_axis(bottom, margin)
    size_axis(bottom, records, theirs)
    top.legend()
    return fig


@styled
def batch_schemes(
    records: pd.DataFrame,
    differences: pd.DataFrame,
    strategy: str,
    margin: float = statistics.MARGIN,
) -> Figure:
    """Error of a strategy under each batch scheme, and its difference from POW (Fig. 4b).

    records : runs of the strategy under several schemes, and of A under POW; margin : as of
        `learning_curves`
    differences : frame of `alutils.report.tables.scheme_differences`
    """
    fig, (top, bottom) = new_figure(2, height_ratios=[3, 2.2])
    look = {"marker": marker(records), "ms": 4}
    letter, colour = STRATEGY_LETTERS[strategy], STRATEGY_COLOURS[strategy]
    runs = select(records, strategy=strategy)
    constant = select(runs, scheme="constant")
    sizes = sorted(constant["n_const"].unique())
    colours = dict(zip(sizes, shades(colour, len(sizes)), strict=True))
    if strategy != "random":
        table = curve(select(records, strategy="random", scheme="pow"), "mae_ev")
        band(top, table, label="A, POW", color=STRATEGY_COLOURS["random"], **look)
    for position, n_const in enumerate(sizes):
        table = curve(select(constant, n_const=n_const), "mae_ev")
        line = {"color": colours[n_const], "ls": ["--", "-.", ":", (0, (5, 1, 1, 1))][position % 4]}
        band(top, table, spread=False, label=f"{letter}, constant {n_const}", **line, **look)
    table = curve(select(runs, scheme="pow"), "mae_ev")
    band(top, table, label=f"{letter}, POW", color=colour, lw=2.4, **look)
    error_axis(top, quantity.of_runs(records))
    size_axis(top, records)
    top.legend()

    for row, n_const in enumerate(sizes):
        of_scheme = select(differences, n_const=n_const)
        along = of_scheme.groupby("seed")["difference"].mean()
        end = select(of_scheme, n_train=of_scheme["n_train"].max())["difference"]
        for values, shift, face in ((along, -0.14, "white"), (end, 0.14, colours[n_const])):
            mean, low, high, _ = statistics.interval(values)
            look = {"color": colours[n_const], "marker": marker(records), "mfc": face, "ms": 7}
            bar = [[mean - low], [high - mean]] if np.isfinite(low) else None
            bottom.errorbar(mean, row + shift, xerr=bar, **look)
    bottom.axvspan(-100 * margin, 100 * margin, color="0.92", zorder=0)
    bottom.axvline(0, color="0.3", lw=1)
    bottom.set_yticks(range(len(sizes)), [f"constant {n_const}" for n_const in sizes])
    bottom.set_ylim(len(sizes) - 0.5, -0.5)
    bottom.set_xlabel("difference from POW (% of A's MAE)\nopen: mean along the curve, filled: end")
    return fig


@styled
def noise_grid(records: pd.DataFrame, paper: float = 0.05) -> Figure:
    """Error of random sampling, and the likelihood of its labels, against the noise.

    A line per training size; a star marks the lowest error and the highest likelihood.

    records : runs of A at several noises; paper : the paper's noise, eV^2, marked
    """
    fig, (top, bottom) = new_figure(2, sharex=True, height_ratios=[3, 2])
    sizes = sorted(records["n_train"].unique())
    few = records["noise_var"].nunique() < 3  # a line between two noises would claim too much
    highest = records.groupby(["n_train", "seed"])["lml"].transform("max")
    records = records.assign(loss=(highest - records["lml"]) / records["n_train"])
    for shade, n_train in zip(shades("#000000", len(sizes), 0.65), sizes, strict=True):
        for ax, column in ((top, "mae_ev"), (bottom, "loss")):
            table = curve(select(records, n_train=n_train), column, by="noise_var")
            look = {"color": shade, "marker": marker(records), "ms": 4}
            look["label"] = f"{n_train} molecules"
            if few:
                spread = table["std"].fillna(0)  # of one seed
                ax.errorbar(table.index, table["mean"], yerr=spread, ls="none", **look)
            else:
                band(ax, table, alpha=0.1, **look)
            best = table["mean"].idxmin()
            star = {"ms": 12, "mfc": "#F0E442", "mec": "black", "zorder": 5}
            ax.plot(best, table["mean"][best], "*", **star)
    for ax in (top, bottom):
        ax.axvline(paper, color="0.3", ls=":", lw=1.5)
    place = {"xycoords": ("data", "axes fraction"), "ha": "right", "va": "bottom"}
    top.annotate(f"{paper:g} ", (paper, 0.01), **place)
    bottom.set_xscale("log")
    bottom.set_xlabel(rf"noise variance $\sigma_n^2$ ({noise_unit(records)})")
    top.set_ylabel(quantity.of_runs(records).error)
    bottom.set_ylabel("likelihood lost\n(nat per molecule)")
    bottom.set_ylim(bottom.get_ylim()[1], bottom.get_ylim()[0])
    low, high = top.get_ylim()
    top.set_ylim(low, high + 0.3 * (high - low))  # room for the legend, below what is off the scale
    top.legend(ncols=2, loc="upper left", bbox_to_anchor=(0, 0.94))
    return fig


@styled
def noise_comparison(records: pd.DataFrame, margin: float = statistics.MARGIN) -> Figure:
    """Strategies at several noises, and their differences from A at the same one (Figs. 4c, 4d).

    records, margin : as of `learning_curves`, at several noises
    """
    fig, (top, bottom) = new_figure(2, sharex=True, height_ratios=[3, 2.4])
    noises = sorted(records["noise_var"].unique())
    for position, noise_var in enumerate(noises):
        last = position == len(noises) - 1
        at_noise = select(records, noise_var=noise_var)
        for name in at_noise["strategy"].unique():
            colour = STRATEGY_COLOURS[name]
            look = {"color": colour, "marker": marker(records)}
            look |= {"ls": "-" if last else ":" if position else "--"}
            look["mfc"] = colour if last else "white"
            label = f"{STRATEGY_LETTERS[name]}, noise {noise_var:g} {noise_unit(records)}"
            band(top, curve(select(at_noise, strategy=name), "mae_ev"), label=label, **look)
            if name != "random":
                shift = 0.98 + 0.04 * position
                difference_line(bottom, at_noise, name, shift=shift, label=f"_{label}", **look)
    theirs = authors.draw(top, records)
    error_axis(top, quantity.of_runs(records))
    margin_axis(bottom, margin)
    size_axis(bottom, records, theirs)
    top.legend()
    return fig


@styled
def property_search(records: pd.DataFrame, savings: pd.DataFrame) -> Figure:
    """What A and E find, what E finds in addition, and the labels it saves (Figs. 5a, 5b).

    records : runs of A and E; savings : frame of `alutils.report.tables.search_savings`
    """
    fig, (found, extra, saved) = new_figure(3, 2.6, sharex=True)
    for name in ("random", "property_search"):
        look = {"color": STRATEGY_COLOURS[name], "marker": marker(records)}
        table = curve(select(records, strategy=name), "found_share")
        band(found, table, scale=100, label=STRATEGY_LABELS[name], **look)
    limit = {"color": "0.3", "ls": ":", "label": "most possible"}
    found.plot(100 * search_limit(records), **limit)
    found.set_ylabel("found (% of in-range)")
    found.legend()

    difference_line(extra, records, name, column="found_share", unit=0.01, **look)
    extra.axhline(0, color="0.3", lw=1)
    extra.set_ylabel("E minus A (% points)")

    by_size = savings.groupby("n_train")
    percent = by_size["savings"].agg(lambda one: [100 * s for s in one])
    interval_line(saved, percent, label="_labels saved", **look)
    saved.plot(100 * by_size["bound"].mean(), **limit)
    saved.set_ylim(bottom=min(0, saved.get_ylim()[0]))
    saved.set_ylabel("labels saved (% of A's)")
    saved.legend(loc="lower right")
    size_axis(saved, records)
    return fig


@styled
def rates(records: pd.DataFrame) -> Figure:
    """True and false positive rates of E on the test set and the held-out set (Figs. 6a, 6b)."""
    runs = select(records, strategy="property_search")
    look = {"color": STRATEGY_COLOURS["property_search"], "marker": marker(records)}
    fig, axes = new_figure(2, 2.6, sharex=True, sharey=True)
    for ax, suffix, place in zip(axes, ("", "_heldout"), ("test", "held-out"), strict=True):
        band(ax, curve(runs, f"tpr{suffix}"), label="TPR", **look)
        band(ax, curve(runs, f"fpr{suffix}"), label="FPR", ls="--", mfc="white", **look)
        ax.set_ylabel(f"rate, {place} set (-)")
        ax.set_ylim(-0.03, 1.03)
    axes[0].legend(loc="center right")
    size_axis(axes[1], records)
    return fig


@styled
def in_range_error(records: pd.DataFrame) -> Figure:
    """Errors of A and E on the test set and on its in-range molecules (Fig. 7)."""
    fig, (ax,) = new_figure(1, 3.8)
    for name in ("random", "property_search"):
        runs, letter = select(records, strategy=name), STRATEGY_LETTERS[name]
        look = {"color": STRATEGY_COLOURS[name], "marker": marker(records)}
        band(ax, curve(runs, "mae_ev"), label=f"{letter}, test set", **look)
        label = f"{letter}, in range"
        band(ax, curve(runs, "mae_in_range_ev"), label=label, ls="--", mfc="white", **look)
    error_axis(ax, quantity.of_runs(records))
    size_axis(ax, records)
    ax.legend(ncols=2)
    return fig
