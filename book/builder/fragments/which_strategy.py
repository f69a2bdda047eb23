"""What searches of known outcome saved, by the target's share: for the pages that advise.

They are those on which the advice rests (`alutils.analysis.advice.experience`): each from 100 to
800 labels, at the noise 0.05 (`alutils.analysis.plans`), compared with random sampling in
expectation.
"""

import numpy as np

from alutils.analysis import advice
from book.builder.fragments.markdown import table

POOLS_BETWEEN = (0.1, 0.9)  # quantiles over the pools' means
SHARES = (0.01, 0.03, 0.1, 0.3)  # of the pool in the target
TARGET = ["dataset", "shape", "target_low", "target_high"]
GREEDY, E = "most_probable", "property_search"
TIMES = "{:.1f}".format


def hundredths(part):
    """A fraction in per cent, without the sign."""
    return f"{100 * part:.0f}"


def per_cent(part):
    """A fraction as a per cent, in the style of the book."""
    return f"{part:.0%}".replace("%", " %")


def fragments(known=None):
    """Name -> text of the fragments, from the frame of `advice.experience`."""
    known = advice.experience() if known is None else known
    return {"which_search": search_table(known), "which_greedy": greedy_sentence(known)}


def search_table(known):
    """A line for each kind of target: what the greedy rule and E saved, pools counted alike."""
    head = ["share of the pool in the target", "hits per label, times random choice's"]
    head += ["saved by the greedy rule (%)", "by E (%)", "most possible (%)", "pools"]
    share = (known["target_high"] - known["target_low"]).round(4)
    kinds = [
        (f"{per_cent(s)}, highest or lowest", (share == s) & (known["shape"] == "tail"))
        for s in SHARES
    ]
    kinds.append(("a window in between", known["shape"] == "window"))
    lines = [head]
    for name, chosen in kinds:
        rows = known[chosen]
        if rows.empty:
            continue
        greedy, e = (rows[rows["strategy"] == s] for s in (GREEDY, E))
        cells = [between(greedy, "enrichment", TIMES), between(greedy, "saved", hundredths)]
        cells += [between(e, "saved", hundredths), hundredths(greedy["saved_bound"].mean())]
        lines.append([name, *cells, str(rows["dataset"].nunique())])
    return table(lines)


def between(rows, column, form):
    """The mean over pools, and between which values most of their means lie, as text."""
    pools = rows.fillna({column: 0.0}).groupby("dataset")[column].mean()
    low, high = np.quantile(pools, POOLS_BETWEEN)
    return f"{form(pools.mean())} ({form(low)} to {form(high)})"


def greedy_sentence(known):
    """On how many targets the greedy rule gained more than E, seeds averaged."""
    gains = known.pivot_table(
        index=TARGET, columns="strategy", values="saving_gain", dropna=False, observed=True
    ).dropna()
    better = int((gains[GREEDY] > gains[E]).sum())
    pools = gains.index.get_level_values("dataset").nunique()
    more = float((gains[GREEDY] - gains[E]).mean())
    return (
        f"The greedy rule saves more labels than E on {better} of {len(gains)} targets in {pools} "
        f"pools, on average by {per_cent(more)} of the most that can be saved.\n"
    )
