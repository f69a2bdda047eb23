"""A search replayed on a probe: the model grows with every batch, and the pool is used up.

The gains curve of `analysis.overlap` freezes the model at the probe's size. Here each batch is
picked by a model of the size that the search has then, from what earlier batches have left. A
molecule of the probe stands for its share of the pool, and is used up by parts.

The rule that was put to the test, written down before any search on `plans.NEW_POOLS` was read:

1. `N_PROBE` labels drawn at random, at their most likely noise, predict the gain R by the mean of
   `N_SPLITS` replays. Where a search has more labels than the probe, the model of the probe serves.
2. Searches on the embedded pools predict S, by the share seen and the shape of the target: the
   rival `law.SHAPE`, fitted there.
3. The prediction is w R + (1 - w) S with w = h / (h + h0), h being the hits in the probe; h0 is one
   number per strategy, chosen where each embedded pool is predicted from the others. So is a shift
   of R, which matters where the probe is far smaller than the search's later models: the first
   batch alone, 100 labels, is the other probe that is tested.
4. It is tested on all searches of the new pools: share of the variance explained, against S alone,
   the interval from a bootstrap that draws pools. Wanted: .85 for E, .92 for the greedy rule, and
   an interval of the difference above zero.
5. The savings, as a share of the possible, are predicted in the same way; a saving that did not
   come is 0. The 90 % intervals are the quantiles of the errors on the embedded pools, by hits in
   the probe.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.base import clone

from alutils.acquisition.search import probability_in_range
from alutils.acquisition.target import Range
from alutils.analysis.overlap import Plan, gain_along
from alutils.model.gp import GaussianProcess
from alutils.model.leave_one_out import left_out_errors

N_PROBE = 300  # molecules
N_SPLITS = 10  # random splits of the probe, over which predictions are averaged
OUTCOMES = ("area_gain", "saving_gain", "enrichment")


def replay(
    X: np.ndarray,
    y: np.ndarray,
    targets: Sequence[Range],
    model: GaussianProcess,
    plan: Plan,
    batches: Sequence[int],
    n_splits: int = N_SPLITS,
    seed: int = 0,
) -> pd.DataFrame:
    """What labelled molecules predict of searches for some targets, batch by batch.

    Parameters
    ----------
    X : (m, d) descriptors of molecules drawn at random from the pool
    y : (m,) labels as the model is to see them
    targets : on the same scale;  model : not fitted;  plan : Plan
    batches : molecules in each batch after the first, as of `acquisition.batching.batch_sizes`
    n_splits : over which the gains are averaged;  seed : of the splits

    Returns
    -------
    frame, a row per target and search
        strategy : property_search or most_probable
        hits, share_seen : target molecules among the labels; (hits + 1/2) / (m + 1)
        r2, rank : of the leave-one-out predictions, the second Spearman's rank correlation, which a
            few remote molecules do not spoil
        replayed_area_gain and so on : `OUTCOMES`, of `analysis.overlap.gains`, a saving that does
            not come being 0; NaN with fewer than two labels in the target, or outside
    """
    sizes = np.minimum(plan.n_init + np.r_[0, np.cumsum(batches)[:-1]], len(y)).astype(int)
    fitted = clone(model).fit(X, y)
    rng = np.random.default_rng(seed)
    needed = sorted(set(sizes))
    splits = [{n: cross_fitted(X, y, fitted, n, rng) for n in needed} for _ in range(n_splits)]
    last, rows = cross_fitted(X, y, fitted, len(y), rng)[0], []
    order = float(spearmanr(y, last).statistic)
    for target in targets:
        inside = target.contains(y)
        hits = int(inside.sum())
        about = {"hits": hits, "share_seen": (hits + 0.5) / (len(y) + 1)}
        about |= {"r2": 1 - np.mean((y - last) ** 2) / np.var(y), "rank": order}
        for strategy, rank in RANKINGS.items():
            row = {"target": target, "strategy": strategy, **about}
            if 2 <= hits <= len(y) - 2:
                gains = [
                    replayed(inside, [rank(*split[n], target) for n in sizes], plan, batches)
                    for split in splits
                ]
                mean = pd.DataFrame(gains).fillna(0.0).mean()
                row |= {f"replayed_{name}": mean[name] for name in OUTCOMES}
            rows.append(row)
    return pd.DataFrame(rows)


def cross_fitted(
    X: np.ndarray, y: np.ndarray, fitted: GaussianProcess, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Prediction of each molecule by a model that was trained on n of the others.

    With n as large as it can be, on all others (R&W Eqs. 5.10 to 5.12); else the molecules are
    dealt into as few parts as leave n others to each, and n of these are drawn.

    Parameters
    ----------
    X : (m, d) descriptors;  y : (m,) labels;  fitted : fitted to all, whose parameters serve

    Returns
    -------
    mu, sigma : (m,) as y, sigma of the latent function
    """
    if n >= len(y) - 1:
        residual, variance = left_out_errors(fitted)
        return y - residual, np.sqrt(np.maximum(variance - fitted.noise_var_used_, 1e-12))
    order = rng.permutation(len(y))
    mu, sigma = np.empty(len(y)), np.empty(len(y))
    model = clone(fitted)
    found = fitted.signal_var_, fitted.length_scale_, fitted.noise_var_used_
    for part in np.array_split(order, int(np.ceil(len(y) / (len(y) - n)))):
        others = rng.permutation(np.setdiff1d(order, part))[:n]
        model.condition(X[others], y[others], *found)
        mu[part], sigma[part] = model.predict(X[part], return_std=True)
    return mu, sigma


def _by_prediction(mu, sigma, target):
    return target.contains(mu).astype(float)


def _by_probability(mu, sigma, target):
    # As the strategy: what differs by rounding is not to rank.
    return np.round(probability_in_range(mu, sigma, target.low, target.high), 9)


RANKINGS = {"property_search": _by_prediction, "most_probable": _by_probability}


def replayed(
    inside: np.ndarray, rankings: Sequence[np.ndarray], plan: Plan, batches: Sequence[int]
) -> dict[str, float]:
    """The gains of a search that picks each batch by its own ranking from what is left.

    Parameters
    ----------
    inside : (m,) bool, who is in the target
    rankings : for each batch (m,) float, higher is picked earlier
    plan : Plan;  batches : molecules in each

    Returns
    -------
    dict, as the columns of `analysis.overlap.gains`
    """
    stands_for = (plan.n_pool - plan.n_init) / len(inside)  # molecules of the pool
    left, share = np.ones(len(inside)), inside.mean()
    n, found = [plan.n_init], [share * plan.n_init]
    for ranking, size in zip(rankings, batches, strict=True):
        taken = highest_part(left, ranking, size / stands_for)
        n.append(n[-1] + size)
        found.append(found[-1] + stands_for * taken[inside].sum())
        left = left - taken
    return gain_along(n, found, share * plan.n_pool, plan.n_pool)


def highest_part(weights: np.ndarray, ranking: np.ndarray, amount: float) -> np.ndarray:
    """How much of each weight is in the highest-ranked `amount` of all; equals share alike.

    weights, ranking : (m,);  returns (m,), which sums to `amount` or to all there is
    """
    order = np.argsort(-ranking, kind="stable")
    group = np.r_[0, np.cumsum(np.diff(ranking[order]) != 0)]
    sums = np.bincount(group, weights[order])
    before = np.cumsum(sums) - sums
    part = np.clip((amount - before) / np.maximum(sums, 1e-300), 0, 1)
    taken = np.empty(len(weights))
    taken[order] = weights[order] * part[group]
    return taken
