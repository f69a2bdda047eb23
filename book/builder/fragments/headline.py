"""The one picture of the book: what the strategies gain in either task, pool by pool.

It is drawn from the data that the pages offer beneath their figures, so that it shows what they
show. `make picture` stores it for the README, as book/headline.svg and .csv.
"""

import pandas as pd

from alutils.analysis.statistics import MARGIN
from alutils.report.figure_data import drawn_data, svg
from alutils.report.style import POOL_MARKERS, STRATEGY_COLOURS, STRATEGY_LABELS, new_figure, styled
from book.builder.pages import ROOT, read_pages

# The paper's own data first. AA and OE, at hand with a compressed descriptor alone, which by itself
# makes D gain, have a page of their own.
POOLS = {
    "qm9_pbe": "QM9",
    "organics": "organics",
    "aminoacids": "aminoacids",
    "optoelectronics": "optoelectronics",
}
VARIANTS = ("qm9", "organics", "aminoacids", "optoelectronics")
# Fig. 5b of the paper, by the pool that is of, or stands for, its data set.
PAPER_SAVED = {"qm9_pbe": 57, "organics": 57, "aminoacids": 64, "optoelectronics": 57}
D, E = "uncertain_cluster_centres", "property_search"


def ends(root=ROOT):
    """The last training size of each pool, read from the figures of the noise and search pages.

    Returns
    -------
    DataFrame: pool, what ("low noise" and "high noise": D minus A in % of A's MAE; "saved": labels
        in % of A's; "most possible"), y, y_low, y_high
    """
    rows = []
    for page in (page for page in read_pages(root) if page.variant in VARIANTS):
        pool = page.parameters.get("dataset")
        if page.notebook == "04_noise_grid":
            errors = list(last(page, "fig-noise-curves", root).values())
            rows += [errors[0] | {"pool": pool, "what": "low noise"}]
            rows += [errors[-1] | {"pool": pool, "what": "high noise"}]
        if page.notebook == "05_targeted_search":
            found = last(page, "fig-search-found", root)
            rows += [found["labels saved"] | {"pool": pool, "what": "saved"}]
            rows += [found["most possible"] | {"pool": pool, "what": "most possible"}]
    return pd.DataFrame(rows).set_index(["what", "pool"])


def last(page, figure, root=ROOT):
    """Series -> y, y_low, y_high at its last x, of the lines of a figure's last panel, in order."""
    data = pd.read_csv(root / page.files / f"{figure}-{page.variant}.csv")
    panel = data["mark"].str.extract(r"panel(\d+)", expand=False).astype(int)
    shown = data[(panel == panel.max()) & data["kind"].isin(["interval", "line"])]
    shown = shown.sort_values("x", kind="stable").groupby("series", sort=False).last()
    order = list(dict.fromkeys(data["series"].dropna()))
    shown = shown.loc[[name for name in order if name in shown.index]]
    return shown[["y", "y_low", "y_high"]].to_dict("index")


@styled
def headline(frame):
    """Two panels, a row for each pool: task 1, D against A at two noises; task 2, E's savings.

    frame : of `ends`
    """
    fig, (upper, lower) = new_figure(2, 2.0)
    for row, pool in enumerate(POOLS):
        for what, shift, face, label in (
            ("low noise", -0.16, "white", "D, noise $10^{-10}$ eV$^2$"),
            ("high noise", 0.16, STRATEGY_COLOURS[D], "D, noise 0.05 eV$^2$"),
        ):
            bar(upper, frame.loc[what, pool], row + shift, pool, D, label, mfc=face)
        ends_at = frame.loc["most possible", pool]["y"]
        look = {"marker": "|", "color": "0.3", "ls": "none", "ms": 16}
        lower.plot(ends_at, row, label=hidden(row, "most possible"), **look)
        bar(lower, frame.loc["saved", pool], row, pool, E, STRATEGY_LABELS[E])
        look = {"marker": "x", "color": "black", "ls": "none", "ms": 7}
        lower.plot(PAPER_SAVED[pool], row + 0.3, label=hidden(row, "the paper"), **look)
    for ax in (upper, lower):
        ax.set_yticks(range(len(POOLS)), POOLS.values())
        ax.set_ylim(len(POOLS) - 0.4, -0.6)
        ax.axvline(0, color="0.3", lw=1)
    upper.axvspan(-100 * MARGIN, 100 * MARGIN, color="0.92", zorder=0)
    upper.set_title("Task 1: a model of the whole pool")
    upper.text(0.01, 0.04, "← D better", transform=upper.transAxes)
    lower.text(0.99, 0.04, "more saved →", transform=lower.transAxes, ha="right")
    upper.set_xlabel("error of D minus random's (% of random's MAE)")
    upper.legend(loc="center left", fontsize="small")
    lower.set_title("Task 2: a search for the highest HOMO levels")
    lower.set_xlabel("labels saved by E (% of random's)")
    lower.set_xlim(0, 100)
    lower.legend(loc="center left", fontsize="small")
    return fig


def bar(ax, stated, at, pool, strategy, label, **look):
    """One value with its 95 % interval."""
    xerr = [[stated["y"] - stated["y_low"]], [stated["y_high"] - stated["y"]]]
    look |= {"marker": POOL_MARKERS[pool], "color": STRATEGY_COLOURS[strategy], "ms": 7}
    label = hidden(list(POOLS).index(pool), label)
    ax.errorbar(stated["y"], at, xerr=xerr, ls="none", label=label, **look)


def hidden(row, label):
    """The label, out of the legend but for the first row."""
    return f"_{label}" if row else label


def write(folder, root=ROOT):
    """Write headline.svg and headline.csv into a folder."""
    figure = headline(ends(root))
    drawn_data(figure).to_csv(folder / "headline.csv", index=False, float_format="%.6g")
    (folder / "headline.svg").write_text(svg(figure), "utf8")


if __name__ == "__main__":
    write(ROOT / "book")
