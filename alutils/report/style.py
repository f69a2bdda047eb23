"""Colours, style and the parts of panels that the figures share.

One colour stands for one strategy and one marker for one data set in the whole book; what else
differs within a panel differs by line style or shade.
"""

from __future__ import annotations

from functools import wraps
from itertools import chain, count
from pathlib import Path

import numpy as np
import pandas as pd

from alutils.acquisition.strategies import LABELS, LETTERS, STRATEGIES, Computed
from alutils.analysis import statistics
from alutils.report import tables
from alutils.report.figure_data import DataFigure
from alutils.report.quantity import PAPERS, SHARE, of_runs
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    import matplotlib.pyplot as plt
    from matplotlib.colors import hsv_to_rgb, to_hex, to_rgb
    from matplotlib.ticker import LogLocator, NullLocator

STYLE = Path(__file__).with_name("alutils.mplstyle")

# Okabe and Ito's palette, safe for colour-blind readers, each above 3:1 contrast on white; the
# spare ones go to alutils' other strategies, and `_new_colours` to those that a reader adds.
PAPER_COLOURS = {
    "random": "#404040",
    "most_uncertain": "#D55E00",
    "cluster_centres": "#009E73",
    "uncertain_cluster_centres": "#0072B2",
    "property_search": "#CC79A7",
}
PAPER_NAMES = {
    "most_uncertain": "uncertainty",
    "cluster_centres": "clustering",
    "uncertain_cluster_centres": "uncertainty and clustering",
}
SPARE_COLOURS = (
    *("#8C6D00", "#3A8FC2", "#A0522D", "#882255", "#117733", "#661100", "#7F3C8D"),
    *("#7A7A1F", "#4C6FB5", "#2E8B80"),
)


def _new_colours():
    """Hues a golden section apart, without end, dark enough for 3:1 contrast on white."""
    for k in count():
        rgb = hsv_to_rgb(((0.83 + 0.618034 * k) % 1, 0.95, 0.85))
        while 0.2126 * rgb[0] ** 2.2 + 0.7152 * rgb[1] ** 2.2 + 0.0722 * rgb[2] ** 2.2 > 0.28:
            rgb = 0.95 * rgb
        yield to_hex(rgb)


def _letters():
    return {name: letter for letter, name in LETTERS.items()}


def _colours():
    others = [name for name in STRATEGIES if name not in PAPER_COLOURS]
    return PAPER_COLOURS | dict(zip(others, chain(SPARE_COLOURS, _new_colours()), strict=False))


def _labels():
    return {
        name: f"{letter} {LABELS.get(name) or PAPER_NAMES.get(name, name.replace('_', ' '))}"
        for name, letter in _letters().items()
    }


# By name, made when looked at: a strategy that is entered later is in them.
STRATEGY_LETTERS = Computed(_letters)
STRATEGY_COLOURS = Computed(_colours)
STRATEGY_LABELS = Computed(_labels)
POOL_MARKERS = {
    "organics": "o",
    "aminoacids": "s",
    "optoelectronics": "^",
    "qm9_b3lyp": "D",
    "aa_labels": "P",
    "oe62_gw5000": "8",
}
POOL_MARKERS |= dict.fromkeys(("qm9_pbe", "qm9_heaviest", "qm9_heaviest_molecules"), "D")
POOL_MARKERS |= {"aa_heaviest": "P", "oe_heaviest": "v"}  # of the paper's own, as those above
POOL_MARKERS |= {"redox": "X", "cep": "p", "qm8": "h", "aqsol": "<", "lipo": ">", "enamine": "d"}
POOL_MARKERS["zinc"] = "H"
# For panels that show pools and no strategies.
POOL_COLOURS = {
    "organics": "#5B7FA6",
    "aminoacids": "#A6763C",
    "optoelectronics": "#6B8E5A",
    "qm9_b3lyp": "#7A6BA8",
    "aa_labels": "#A65B6F",
    "oe62_gw5000": "#4F8F8F",
}
PALE = 0.5  # opacity of what does not count, beside what does
WIDTH = 5.5  # inches: 11 pt text is then readable on a page of 390 pixels


def styled(draw):
    """Draw with alutils.mplstyle, close the figure so that a page displays it once, by name."""

    @wraps(draw)
    def figure(*args, **kwargs):
        with plt.style.context(STYLE):
            fig = draw(*args, **kwargs)
        plt.close(fig)
        return fig

    return figure


def new_figure(n_panels=1, panel_height=3.0, **kwargs):
    """`DataFigure` of `n_panels` stacked panels and the list of their axes.

    Use it inside a function that is decorated with `styled`: text takes its size from the style
    that is active when it is made. `kwargs` go to `plt.subplots` (sharex, height_ratios, ...).
    """
    size = (WIDTH, n_panels * panel_height + 0.4)
    fig, axes = plt.subplots(
        n_panels, 1, FigureClass=DataFigure, figsize=size, squeeze=False, **kwargs
    )
    return fig, list(axes[:, 0])


def titled_legends(fig, above, below):
    """Two legends with their titles, one above the panels and one below.

    above, below : title, handles
    """
    look = {"fontsize": "small", "title_fontsize": "small", "alignment": "left", "ncols": 3}
    for place, (title, handles) in (("upper", above), ("lower", below)):
        fig.legend(handles=handles, title=title, loc=f"outside {place} left", **look)


def marker(records):
    """Marker of the data set of these runs; a star for a user's own file."""
    return POOL_MARKERS.get(records["dataset"].iloc[0], "*")


def noise_unit(records):
    """Unit of `noise_var`: eV^2, or a multiple of the labels' variance."""
    return "var $y$" if of_runs(records).noise_unit == SHARE else "eV$^2$"


def shades(colour, n, lightest=0.55):
    """n mixtures of a colour with white, from light to the colour itself."""
    rgb = np.array(to_rgb(colour))
    return [tuple(rgb + (1 - rgb) * mix) for mix in np.linspace(lightest, 0, n)]


def band(ax, table, spread=True, scale=1, alpha=0.18, **look):
    """Mean with a band of one standard deviation: columns of `alutils.report.tables.curve`."""
    shown = scale * table[["mean", "std"]].where(~table["collapsed"])
    ax.plot(table.index, shown["mean"], **look)
    off_scale(ax, table.index[table["collapsed"]], look["color"])
    if spread:
        low, high = shown["mean"] - shown["std"], shown["mean"] + shown["std"]
        named = {"label": f"_{look['label']}"} if "label" in look else {}
        ax.fill_between(table.index, low, high, color=look["color"], alpha=alpha, lw=0, **named)


def off_scale(ax, x, colour):
    """Crosses at the upper edge: a collapsed fit has made the mean there meaningless."""
    if len(x):
        ax.plot(x, [0.97] * len(x), "X", ms=8, color=colour, transform=ax.get_xaxis_transform())


def interval_line(ax, values, **look):
    """Mean and 95 % interval of each list of values, x as the index; no bar for one seed."""
    intervals = np.array([statistics.interval(one)[:3] for one in values]).reshape(-1, 3)
    bars = np.abs(intervals[:, 1:] - intervals[:, :1]).T
    ax.errorbar(values.index, intervals[:, 0], yerr=np.where(np.isfinite(bars), bars, 0), **look)


def difference_line(ax, records, strategy, column="mae_ev", unit=None, shift=1.0, **look):
    """Paired difference of a strategy from A at each size after the first batch, with intervals.

    unit : of the column; None for % of A's mean;  shift : factor on x, so that bars do not overlap
    """
    runs = tables.select(records, strategy=strategy)
    collapsed = tables.curve(runs, column)["collapsed"]
    values, off = {}, []
    for n_train in sorted(runs["n_train"].unique())[1:]:
        ours = tables.by_seed(runs, n_train, column)
        theirs = tables.by_seed(records, n_train, column, strategy="random")
        if collapsed[n_train] and unit is None:
            off.append(n_train * shift)
        else:
            values[n_train * shift] = (ours - theirs) / (unit or theirs.mean() / 100)
    look = {"label": f"_{STRATEGY_LABELS.get(strategy, strategy)}"} | look
    interval_line(ax, pd.Series(values, dtype=object), **look)
    off_scale(ax, off, look["color"])


def margin_axis(ax, margin):
    """Axis of differences from A, the margin of "no difference" shaded."""
    ax.axhspan(-100 * margin, 100 * margin, color="0.92", zorder=0)
    ax.axhline(0, color="0.3", lw=1)
    ax.set_ylabel("difference from A\n(% of A's MAE)")


def error_axis(ax, quantity=PAPERS):
    """Logarithmic axis of the errors of a `report.quantity.Quantity`; call it when all is drawn."""
    ax.set_ylabel(quantity.error)
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    subs = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8) if high < 2.5 * low else (1, 1.5, 2, 3, 5, 7)
    ax.yaxis.set_major_locator(LogLocator(subs=subs))
    ax.yaxis.set_major_formatter("{x:g}")
    ax.yaxis.set_minor_locator(NullLocator())


def size_axis(ax, records, others=()):
    """Logarithmic axis of training sizes, labelled where POW stops, and at larger others."""
    n_init, n_max = records["n_train"].min(), records["n_train"].max()
    ticks = [n_init * 2**k for k in range(20) if n_init * 2**k <= n_max]
    ticks += [n for n in others if n > n_max]
    ax.set_xscale("log")
    ax.set_xticks(ticks, [str(n) for n in ticks])
    ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlabel("training set size (molecules)")
