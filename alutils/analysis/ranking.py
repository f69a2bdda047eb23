"""One fair field: all strategies against A and against each other, with the comparisons counted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from alutils.analysis.statistics import interval

ALPHA = 0.05  # chance of a single false win among all comparisons of a table


def scores(records, column, n_train, relative_to="random"):
    """ln of a multiple of A's number, for each strategy and pairing of pool and seed.

    The logarithm, because effects multiply: one that is small in this pool and large in that one
    would drown as a mean of differences.

    Parameters
    ----------
    records : runs at one noise each;  column : of the records;  n_train : where it is read

    Returns
    -------
    frame: a row per (dataset, seed), a column per strategy; ln of the multiple of A's mean there
    """
    at = records[records["n_train"] == n_train]
    table = at.pivot_table(column, ["dataset", "seed"], "strategy", sort=False)
    return np.log(table.div(table[relative_to].groupby(level=0).transform("mean"), axis=0))


def compare(table, lower_is_better):
    """Wins and losses of every strategy against all others: paired t-tests, Holm's correction.

    S. Holm, Scand. J. Stat. 6, 65 (1979): the smallest of m p-values counts when below ALPHA / m,
    the next when below ALPHA / (m - 1), and so on; the chance of any false win stays below ALPHA.

    Parameters
    ----------
    table : frame of `scores`

    Returns
    -------
    frame indexed by strategy, best mean first: mean, low, high (95 % interval of the difference
        from A, undone logarithm: a share of A's), wins, losses, beats_random (-1, 0, 1)
    """
    pairs = list(combinations(table.columns, 2))
    differences = {pair: (table[pair[1]] - table[pair[0]]).dropna() for pair in pairs}
    p = np.array([_p_value(difference) for difference in differences.values()])
    significant = holm(p)
    wins = {name: {1: 0, -1: 0, "random": 0} for name in table.columns}
    for (one, other), counts in zip(pairs, significant, strict=True):
        sign = np.sign(differences[one, other].mean()) * (-1 if lower_is_better else 1)
        if not counts or sign == 0:
            continue
        better, worse = (other, one) if sign > 0 else (one, other)
        wins[better][1] += 1
        wins[worse][-1] += 1
        if "random" in (one, other):
            wins[better]["random"], wins[worse]["random"] = 1, -1
    rows = {}
    for name in table.columns:
        mean, low, high = np.expm1(interval(table[name] - table["random"])[:3])
        told = wins[name]
        beats = 0 if name == "random" else told["random"]
        rows[name] = {"mean": mean, "low": low, "high": high, "wins": told[1]}
        rows[name] |= {"losses": told[-1], "beats_random": beats}
    return pd.DataFrame(rows).T.sort_values("mean", ascending=lower_is_better)


def holm(p, alpha=ALPHA):
    """True for the p-values that count when all of them are looked at."""
    p = np.asarray(p, dtype=float)
    order = np.argsort(p, kind="stable")
    passed = p[order] <= alpha / np.arange(len(p), 0, -1)
    stop = len(p) if passed.all() else int(np.argmin(passed))
    significant = np.zeros(len(p), dtype=bool)
    significant[order[:stop]] = True
    return significant


def _p_value(difference):
    """Two-sided paired t-test; 1 where nothing differs or a single pair is there."""
    if len(difference) < 2 or not difference.std() > 0:
        return 1.0
    return float(stats.ttest_1samp(difference, 0.0).pvalue)
