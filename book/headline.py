"""The one picture of the book: what the strategies gain in either task, pool by pool.

It is drawn from the data that the pages offer beneath their figures, so that it shows what they
show. `python book/headline.py` stores it for the README, as book/headline.svg and .csv.
"""

import pandas as pd
from pages import ROOT, read_pages

from alutils.panels import POOL_MARKERS, STRATEGY_COLOURS, STRATEGY_LABELS, new_figure, styled
from alutils.plotted import plotted, svg
from alutils.verdicts import MARGIN

POOLS = {
    "organics": "organics",
    "aminoacids": "aminoacids",
    "optoelectronics": "optoelectronics",
    "qm9_b3lyp": "QM9",
}
# Fig. 5b of the paper, by the pool that stands for its data set.
PAPER_SAVED = {"organics": 57, "aminoacids": 64, "optoelectronics": 57, "qm9_b3lyp": 57}


def ends(root=ROOT):
    """Last point of D minus A (page 02) and of E's savings with their bound (page 05), by pool."""
    rows = []
    for page in read_pages(root):
        pool = page.parameters.get("dataset")
        if page.notebook == "02_strategy_comparison":
            task_1 = read(page, "fig-strategies-curves", root)
            rows.append(task_1["D uncertainty and clustering"] | {"task": 1, "pool": pool})
        if page.notebook == "05_targeted_search":
            saved = read(page, "fig-search-found", root)
            bound = saved["most possible"]["y"]
            rows.append(saved["labels saved"] | {"task": 2, "pool": pool, "bound": bound})
    return pd.DataFrame(rows)


def read(page, figure, root=ROOT):
    """Series -> y, y_low and y_high at its last x, of a figure's last panel."""
    data = pd.read_csv(root / page.files / f"{figure}-{page.variant}.csv")
    panel = data["mark"].str.extract(r"panel(\d+)", expand=False).astype(int)
    shown = data[(panel == panel.max()) & data["kind"].isin(["interval", "line"])]
    last = shown.sort_values("x", kind="stable").groupby("series").last()
    return last[["y", "y_low", "y_high"]].to_dict("index")


@styled
def headline(frame):
    """Two panels, a row for each pool: task 1, D against A; task 2, labels saved by E.

    frame : of `ends`
    """
    fig, (upper, lower) = new_figure(2, 1.9)
    paper = {"marker": "x", "color": "black", "ls": "none", "ms": 7}
    for ax, task, strategy in (
        (upper, 1, "uncertain_cluster_centres"),
        (lower, 2, "property_search"),
    ):
        of_task = frame[frame["task"] == task].set_index("pool")
        for row, pool in enumerate(POOLS):
            told = of_task.loc[pool]
            bar = [[told["y"] - told["y_low"]], [told["y_high"] - told["y"]]]
            look = {"marker": POOL_MARKERS[pool], "color": STRATEGY_COLOURS[strategy], "ms": 7}
            label = "_" if row else ""
            look["label"] = label + STRATEGY_LABELS[strategy]
            ax.errorbar(told["y"], row, xerr=bar, ls="none", **look)
            if task == 2:
                ax.plot(PAPER_SAVED[pool], row, label=f"{label}the paper", **paper)
                edge = {"marker": "|", "color": "0.3", "ls": "none", "ms": 16}
                ax.plot(told["bound"], row, label=f"{label}most possible", **edge)
        ax.set_yticks(range(len(POOLS)), POOLS.values())
        ax.set_ylim(len(POOLS) - 0.5, -0.5)
        ax.axvline(0, color="0.3", lw=1)
    upper.axvspan(-100 * MARGIN, 100 * MARGIN, color="0.92", zorder=0)
    upper.set_title("Task 1: a model of the whole pool")
    upper.set_xlabel("error of D minus random's (% of random's MAE)")
    lower.set_title("Task 2: a search for the highest HOMO levels")
    lower.set_xlabel("labels saved by E (% of random's)")
    lower.set_xlim(0, 100)
    lower.legend(loc="center left")
    return fig


def write(folder, root=ROOT):
    """Write headline.svg and headline.csv into a folder."""
    figure = headline(ends(root))
    plotted(figure).to_csv(folder / "headline.csv", index=False, float_format="%.6g")
    (folder / "headline.svg").write_text(svg(figure), "utf8")


if __name__ == "__main__":
    write(ROOT / "book")
