"""Figures on D's gain: where in a pool it lies, and how much is left of it without each reason."""

from __future__ import annotations

import numpy as np

from alutils.analysis import statistics
from alutils.report import gains
from alutils.report.style import (
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    error_axis,
    interval_line,
    new_figure,
    styled,
)


@styled
def by_remoteness(rows):
    """Test error and picks of each strategy by decile of remoteness, with 95 % intervals.

    rows : frame of `alutils.analysis.gains.anatomy`
    """
    fig, (top, bottom) = new_figure(2, 2.7, sharex=True)
    for name in STRATEGY_LABELS:
        if not (rows["strategy"] == name).any():
            continue
        look = {"color": STRATEGY_COLOURS[name], "marker": "o", "ms": 4}
        errors = gains.by_decile(rows, name, "mae")
        interval_line(top, errors, label=STRATEGY_LABELS[name], **look)
        picks = gains.by_decile(rows, name, "picks").map(lambda one: [100 * x for x in one])
        interval_line(bottom, picks, label=f"_{STRATEGY_LABELS[name]}", **look)
    error_axis(top)
    top.legend()
    bottom.set_ylabel("share of the picks (%)")
    bottom.set_xlabel("decile of remoteness (10: the most remote)")
    bottom.set_xticks(range(1, 11))
    return fig


@styled
def left_of_the_gain(runs, groups, margin=statistics.MARGIN):
    """D minus A at the largest size, in % of A's error, a panel for each group of data sets.

    groups : list of dicts, data set -> its name on the axis
    """
    heights = [0.42 * len(names) + 0.7 for names in groups]
    fig, axes = new_figure(
        len(groups), sum(heights) / len(groups), sharex=True, height_ratios=heights
    )
    for ax, names in zip(axes, groups, strict=True):
        ax.axvspan(-100 * margin, 100 * margin, color="0.92", zorder=0)
        ax.axvline(0, color="0.3", lw=1)
        for row, dataset in enumerate(names):
            mean, low, high, n = gains.gain(runs, dataset)
            bar = [[mean - low], [high - mean]] if np.isfinite(low) else None
            look = {"color": STRATEGY_COLOURS[gains.D], "marker": "o", "ms": 6}
            if n:
                ax.errorbar(mean, row, xerr=bar, **look)
        ax.set_yticks(range(len(names)), list(names.values()), fontsize="small")
        ax.set_ylim(len(names) - 0.5, -0.5)
    axes[-1].set_xlabel("D minus A (% of A's MAE)")
    return fig
