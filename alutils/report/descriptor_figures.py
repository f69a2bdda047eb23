"""Figures on other descriptors: how random sampling learns, predicted and realised gains."""

from __future__ import annotations

import numpy as np

from alutils.report.curves import curve, select
from alutils.report.descriptors import (
    GREEDY,
    HIGHEST,
    NAMES,
    RAREST,
    A,
    E,
    at_good_noise,
    by_descriptor,
    mean_gains,
)
from alutils.report.style import (
    POOL_MARKERS,
    STRATEGY_LABELS,
    band,
    error_axis,
    new_figure,
    size_axis,
    styled,
    titled_legends,
)
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    from matplotlib.lines import Line2D

# One strategy and five descriptors: colours of descriptors, none of them a strategy's.
LOOKS = {
    "mbtr": ("#1B1B1B", "-"),
    "mbtr_broad": ("#767676", "--"),
    "soap": ("#2F7F7F", "-"),
    "slatm": ("#5B3FA0", "--"),
    "fingerprint": ("#B5651D", ":"),
}
FACES = {HIGHEST: "full", RAREST: "none"}


@styled
def learning(curves):
    """Error of A by descriptor against the size of the training set, a panel per pool.

    curves : of `alutils.analysis.other_descriptors.read`
    """
    rows = select(at_good_noise(curves), strategy=A)
    pools = list(rows["dataset"].unique())
    fig, axes = new_figure(len(pools), 3.0, sharex=True)
    for ax, pool in zip(axes, pools, strict=True):
        for name, of_one in by_descriptor(select(rows, dataset=pool)):
            colour, style = LOOKS[name]
            look = {"color": colour, "ls": style, "marker": POOL_MARKERS.get(pool, "*"), "ms": 5}
            band(ax, curve(of_one, "mae_ev"), alpha=0.12, label=NAMES[name], **look)
        ax.set_title(pool, loc="left")
        error_axis(ax)
    size_axis(axes[-1], rows)
    handles = [
        Line2D([], [], color=colour, ls=style, label=NAMES[name])
        for name, (colour, style) in LOOKS.items()
        if (rows["descriptor"] == name).any()
    ]
    fig.legend(handles=handles, loc="outside upper left", ncols=2)
    return fig


@styled
def law(gains):
    """Realised against predicted gain of the searches, a panel per search, means over the seeds.

    gains : of `alutils.analysis.other_descriptors.read`
    """
    means = mean_gains(gains)
    searches = [name for name in (E, GREEDY) if (means["strategy"] == name).any()]
    fig, axes = new_figure(len(searches), 4.0, sharex=True)
    for ax, strategy in zip(axes, searches, strict=True):
        ax.plot([0, 1], [0, 1], color="0.3", lw=1, zorder=0)
        for row in select(means, strategy=strategy).itertuples():
            colour, at = LOOKS[row.descriptor][0], row.predicted_area_gain
            ends = row.area_gain + np.array([-1, 1]) * row.spread
            ax.plot([at, at], ends, color=colour, lw=1, alpha=0.4)
            look = {"color": colour, "ms": 7, "fillstyle": FACES[row.target_low]}
            ax.plot(at, row.area_gain, POOL_MARKERS.get(row.dataset, "*"), **look)
        ax.set_title(STRATEGY_LABELS[strategy], loc="left")
        ax.set_ylabel("realised gain\n(share of the possible)")
        ax.set_xlim(-0.05, 1.05)
        ax.set_ylim(-0.05, 1.05)
    axes[-1].set_xlabel("gain predicted by a probe (share of the possible)")
    _legend(fig, means)
    return fig


def _legend(fig, means):
    """Descriptors by colour, pools by marker, targets by filling."""
    look = {"ls": "none", "ms": 6}
    names = [name for name, _ in by_descriptor(means)]
    descriptors = [
        Line2D([], [], marker="s", color=LOOKS[name][0], label=NAMES[name], **look)
        for name in names
    ]
    pools = [
        Line2D([], [], marker=POOL_MARKERS.get(pool, "*"), color="0.4", label=pool, **look)
        for pool in means["dataset"].unique()
    ]
    targets = [
        Line2D([], [], marker="o", color="0.4", fillstyle=face, label=label, **look)
        for face, label in (("full", "highest 30 %"), ("none", "highest 3 %"))
    ]
    titled_legends(fig, ("descriptor", descriptors), ("pool", pools))
    look = {"fontsize": "small", "title_fontsize": "small", "alignment": "left"}
    fig.axes[0].legend(handles=targets, title="target", loc="lower right", **look)
