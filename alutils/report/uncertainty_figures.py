"""Figures on sigma: what it states against what is seen, and what a better one would change."""

from __future__ import annotations

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullLocator

from alutils.analysis.statistics import MARGIN
from alutils.report.curves import select
from alutils.report.style import (
    POOL_MARKERS,
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    new_figure,
    styled,
)
from alutils.report.uncertainty import SIGMA_NAMES, A, B, D, change, named

CROWDED = 30  # an axis that spans such a factor has room for fewer labels
NOISE_STYLES = {0: "--", 1: "-"}  # the lower noise dashed, as in the paper's comparison


@styled
def reliability(scores):
    """Stated and seen errors of held-out molecules, by tenths of rising sigma; a panel per pool.

    scores : frame of `alutils.analysis.other_sigma.scores`
    """
    rows = scores[scores["deciles"].notna()]
    rows = rows[rows["n_train"] == rows.groupby("dataset")["n_train"].transform("max")]
    pools, noises = rows["dataset"].unique(), sorted(rows["noise_var"].unique())
    fig, axes = new_figure(len(pools), 3.2)
    for ax, pool in zip(axes, pools, strict=True):
        for strategy in (A, B):
            for k, noise in enumerate(noises):
                of_one = select(rows, dataset=pool, strategy=strategy, noise_var=noise)
                _line(ax, of_one["deciles"], STRATEGY_COLOURS[strategy], NOISE_STYLES[k], pool)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ends = np.array([*ax.get_xlim(), *ax.get_ylim()])
        line = np.array([ends.min(), ends.max()])
        ax.plot(line, line, color="0.6", lw=1, zorder=0)
        _plain_ticks(ax)
        ax.set_title(named(pool), loc="left")
        ax.set_ylabel("seen: rms error (eV)")
    axes[-1].set_xlabel("stated: rms standard deviation (eV)")
    look = {"color": "0.3"}
    handles = [Line2D([], [], color=STRATEGY_COLOURS[s], label=STRATEGY_LABELS[s]) for s in (A, B)]
    handles += [
        Line2D([], [], ls=NOISE_STYLES[k], label=f"noise {noise:g} eV²", **look)
        for k, noise in enumerate(noises)
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig


def _line(ax, deciles, colour, style, pool):
    """Mean over the seeds, and as a bar one standard deviation of what is seen."""
    points = np.array(deciles.tolist())
    mean, spread = points.mean(axis=0), points.std(axis=0, ddof=1) if len(points) > 1 else 0.0
    bars = spread[:, 1] if len(points) > 1 else None
    look = {"color": colour, "ls": style, "marker": POOL_MARKERS.get(pool, "*"), "ms": 4}
    ax.errorbar(mean[:, 0], mean[:, 1], yerr=bars, elinewidth=0.8, capsize=0, **look)


def _plain_ticks(ax):
    for axis, (low, high) in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        axis.set_major_locator(LogLocator(subs=(1, 2, 3, 5) if high < CROWDED * low else (1, 3)))
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())


@styled
def gains(curves):
    """B and D minus A with each sigma, in % of A's error, a panel per noise.

    curves : frame of `alutils.analysis.other_sigma.curves`
    """
    noises, pools = sorted(curves["noise_var"].unique()), curves["dataset"].unique()
    fig, axes = new_figure(len(noises), 3.4, sharex=True)
    entries = [(strategy, sigma) for strategy in (B, D) for sigma in SIGMA_NAMES]
    letters = [f"{STRATEGY_LABELS[s][0]}, {SIGMA_NAMES[sigma]}" for s, sigma in entries]
    for ax, noise in zip(axes, noises, strict=True):
        ax.axvspan(-100 * MARGIN, 100 * MARGIN, color="0.92", zorder=0)
        ax.axvline(0, color="0.3", lw=1)
        for k, pool in enumerate(pools):
            rows = select(curves, dataset=pool, noise_var=noise)
            shift = (k - (len(pools) - 1) / 2) * 0.22
            for at, (strategy, sigma) in enumerate(entries):
                mean, low, high, n = change(rows, strategy, sigma)
                bar = [[mean - low], [high - mean]] if n > 1 else None
                look = {"color": STRATEGY_COLOURS[strategy], "marker": POOL_MARKERS.get(pool, "*")}
                face = {"model": None, "local": "0.8", "oracle": "white"}[sigma]
                ax.errorbar(mean, at + shift, xerr=bar, ms=6, mfc=face, **look)
        ax.set_yticks(range(len(entries)), letters, fontsize="small")
        ax.set_ylim(len(entries) - 0.5, -0.5)
        ax.set_title(f"noise {noise:g} eV²", loc="left")
    axes[-1].set_xlabel("difference from A (% of A's MAE)")
    handles = [
        Line2D([], [], ls="none", color="0.3", marker=POOL_MARKERS.get(p, "*"), label=named(p))
        for p in pools
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=3, fontsize="small")
    return fig
