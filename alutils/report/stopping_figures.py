"""Figures of the page on when to stop."""

from __future__ import annotations

import numpy as np

from alutils.analysis import plans
from alutils.analysis.combined import ENOUGH
from alutils.report.stopping import had_interval
from alutils.report.style import new_figure, styled

KINDS = {  # of pools: their colour and marker
    "embedded": ("#5B7FA6", "o"),
    "the paper's, and OE62": ("#A65B6F", "s"),
    "SMILES": ("#6B8E5A", "^"),
}


def kind_of(pool):
    """Which of `KINDS` a pool is."""
    if pool in plans.POOLS:
        return "embedded"
    return "SMILES" if pool in plans.TABLES else "the paper's, and OE62"


@styled
def remaining(left, coming):
    """Hits that are left, and of the next batch, against those forecast, on pools left out.

    left, coming : of `alutils.analysis.stop_rules.forecasts`, with `ENOUGH` hits or more
    """
    fig, axes = new_figure(2, 3.4)
    panels = (
        (left[left["hits"] >= ENOUGH], "left", "hits left"),
        (coming[coming["hits"] >= ENOUGH], "next_hits", "hits of the next batch"),
    )
    for ax, (rows, outcome, name) in zip(axes, panels, strict=True):
        kinds = rows["dataset"].map(kind_of)
        for kind, (colour, sign) in KINDS.items():
            here = rows[kinds == kind]
            look = {"color": colour, "ms": 3, "alpha": 0.5, "ls": "none", "label": kind}
            ax.plot(1 + here["expected"], 1 + here[outcome], sign, **look)
        ends = np.array([1, 1 + max(rows[outcome].max(), rows["expected"].max())])
        ax.plot(ends, ends, color="0.3", lw=1)
        ax.set(xscale="log", yscale="log", ylabel=f"{name} + 1")
        ax.set_xlabel(f"forecast + 1, {name}")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return fig


@styled
def had(trials):
    """Of the searches that stop by each rule the share that had it: all, and by pool.

    trials : of `alutils.report.stopping.trials`
    """
    fig, (ax,) = new_figure(1, 3.6)
    ax.axvline(90, color="0.6", lw=1)
    names = []
    for at, (rule, stops) in enumerate(trials.items()):
        stopped = stops.dropna(subset="n_labels")
        names.append(f"{rule}: {len(stopped)}")
        if stopped.empty:
            continue
        mean = 100 * stopped["had"].mean()
        low, high = np.multiply(100, had_interval(stopped))
        ax.errorbar(mean, at, xerr=[[mean - low], [high - mean]], marker="D", ms=7, color="0.2")
        for pool, share in (100 * stopped.groupby("dataset")["had"].mean()).items():
            colour, sign = KINDS[kind_of(pool)]
            ax.plot(share, at + 0.25, sign, color=colour, ms=4, alpha=0.7)
    ax.set_yticks(range(len(names)), names, fontsize="small")
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(-3, 103)
    ax.set_xlabel("of those that stopped had it (%)")
    return fig
