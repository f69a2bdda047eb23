"""All strategies against A and against each other, with the comparisons counted."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy import stats

from alutils.acquisition.strategies import STRATEGIES
from alutils.analysis import plans
from alutils.analysis.statistics import CONFIDENCE, holm
from alutils.runs.records import run_or_load

AT_LEARNED_NOISE = ", learned noise"  # ends the name of such an entry


def entries(pools, seeds, strategies=None, learned_noise=True, scheduler="serial"):
    """Runs of the field: every strategy at one noise, some also at that of their first batch.

    Parameters
    ----------
    pools, seeds : names of data sets, ints
    strategies : names, random sampling is added; None takes all that are entered in `STRATEGIES`
    learned_noise : add those of `plans.noise_learned`, whose names end with `AT_LEARNED_NOISE`
    scheduler : as of `alutils.runs.records.run_or_load`
    """
    names = list(dict.fromkeys(["random", *(strategies or STRATEGIES)]))
    runs = run_or_load(plans.fixed_noise(pools, seeds, names), scheduler=scheduler)
    if not learned_noise:
        return runs
    learned = run_or_load(plans.noise_learned(pools, seeds), scheduler=scheduler)
    return pd.concat([runs, learned.assign(strategy=learned["strategy"] + AT_LEARNED_NOISE)])


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


def blocked(differences):
    """Paired t-tests with the pool as a block: each pool's mean counts alike, in each column.

    By how much an effect differs between pools is no scatter; what the seeds do within a pool is.
    Pools have spreads of their own, tenfold apart for some searches. The degrees of freedom are
    therefore those of the pool with the fewest seeds, a bound whatever the spreads: with a pooled
    spread, and in the far tail that Holm's correction looks at also with the estimate of B. L.
    Welch, Biometrika 34, 28 (1947), equal strategies would win far too often.

    Parameters
    ----------
    differences : frame indexed by (dataset, seed); NaN is left out

    Returns
    -------
    frame indexed by the columns of `differences`: mean, low, high (95 % interval), p (of "not 0");
        no bounds and p = 1 where a pool has fewer than two seeds. The tests are about these pools.
    """
    pools = differences.groupby(level=0)
    mean, counts = pools.mean().mean(), pools.count()
    variance = (pools.var() / counts).sum(skipna=False)
    freedom = counts.min() - 1
    std_error = (np.sqrt(variance) / pools.ngroups).where(freedom > 0, np.inf)
    half_width = stats.t.ppf((1 + CONFIDENCE) / 2, freedom.clip(lower=1)) * std_error
    ratio = (mean.abs() / std_error).fillna(0.0)  # no difference without any scatter
    p = 2 * stats.t.sf(ratio, freedom.clip(lower=1))
    return pd.DataFrame({"mean": mean, "low": mean - half_width, "high": mean + half_width, "p": p})


def compare(table, lower_is_better):
    """Wins and losses of every strategy against all others: `blocked` tests, Holm's correction.

    Parameters
    ----------
    table : frame of `scores`

    Returns
    -------
    frame indexed by strategy, best mean first: mean, low, high (of `blocked`, the difference from
        A, undone logarithm: a share of A's), wins, losses, beats_random (-1, 0, 1)
    """
    pairs = list(combinations(table.columns, 2))
    tests = blocked(pd.concat({(a, b): table[b] - table[a] for a, b in pairs}, axis=1))
    survives = holm(tests["p"])
    wins = {name: {1: 0, -1: 0, "random": 0} for name in table.columns}
    for (one, other), mean, survived in zip(pairs, tests["mean"], survives, strict=True):
        sign = np.sign(mean) * (-1 if lower_is_better else 1)
        if not survived or sign == 0:
            continue
        better, worse = (other, one) if sign > 0 else (one, other)
        wins[better][1] += 1
        wins[worse][-1] += 1
        if "random" in (one, other):
            wins[better]["random"], wins[worse]["random"] = 1, -1
    bounds = ["mean", "low", "high"]
    rows = np.expm1(blocked(table.sub(table["random"], axis=0))[bounds])
    rows["wins"] = [wins[name][1] for name in rows.index]
    rows["losses"] = [wins[name][-1] for name in rows.index]
    rows["beats_random"] = [wins[name]["random"] * (name != "random") for name in rows.index]
    return rows.sort_values("mean", ascending=lower_is_better)
