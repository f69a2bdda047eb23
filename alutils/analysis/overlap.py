"""What a search gains, as a share of what was possible, and what a probe says of it beforehand.

`gains` reads the runs. `probe` looks at some labelled molecules of the pool and at nothing else.
The law that joins the two: a search walks along the probe's *cumulative gains curve*, the share of
the target that lies among the x best-ranked molecules, where each molecule is ranked by a model
that has not seen its label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import roc_auc_score

from alutils.acquisition.search import probability_in_range
from alutils.acquisition.target import Range
from alutils.metrics import savings
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import rbf, squared_distances
from alutils.model.leave_one_out import left_out_errors

NEIGHBOURS = 5  # of a target molecule, whose labels `probe` looks at
KEYS = ["dataset", "strategy", "seed", "target_low", "target_high"]


@dataclass(frozen=True)
class Plan:
    """Sizes of a search, molecules: n_pool, n_init in the first batch, n_max labelled in all."""

    n_pool: int
    n_init: int
    n_max: int


def gains(records: pd.DataFrame, n_pool: int) -> pd.DataFrame:
    """Gain of each run over random sampling, as a share of that of a perfect search.

    Both references start from the run's own first batch: random sampling in expectation, and a
    search that hits with every label until the target is exhausted.

    Parameters
    ----------
    records : frame of `alutils.runs.records.run_or_load`, runs with a target by share
    n_pool : molecules in training and held-out set together

    Returns
    -------
    frame, one row per run: `KEYS`, share (of the target among all molecules), and
        area_gain : area between the found curves of run and random sampling, over that between
            perfect search and random sampling
        saved, saved_bound : labels saved at random sampling's final found share, NaN where the run
            does not reach it, and the most possible
        saving_gain : saved / saved_bound
        enrichment : hits per label after the first batch over those of random sampling
        first_enrichment : the same of the first batch that is picked
    """
    rows = []
    for key, run in records.groupby(KEYS, sort=False):
        about = dict(zip(KEYS, key, strict=True))
        about["share"] = round(about["target_high"] - about["target_low"], 6)
        rows.append(about | gain_of(run, n_pool))
    return pd.DataFrame(rows)


def gain_of(run, n_pool):
    """The gains of one run, as a dict with the columns of `gains`.

    run : its rows of `run_or_load`;  n_pool : molecules in training and held-out set together
    """
    run = run.sort_values("n_train")
    n, found = run["n_train"].to_numpy(float), run["n_found"].to_numpy(float)
    share_found = run["found_share"].to_numpy(float)
    n_target = round(found[-1] / share_found[-1]) if share_found[-1] > 0 else np.nan
    return _gain(n, found, n_target, n_pool)


def _gain(n, found, n_target, n_pool):
    """Gains of one found curve; `n` and `found` from the first batch on."""
    picked, left = n - n[0], n_target - found[0]
    hits_per_label = left / (n_pool - n[0])
    random = found[0] + hits_per_label * picked
    fine = np.linspace(0, picked[-1], 2001)  # the perfect search bends where nothing is left
    possible = np.trapezoid(np.minimum(fine, left) - hits_per_label * fine, fine)
    saved = savings(n, random, n, np.maximum.accumulate(found))
    bound = 1 - (n[0] + hits_per_label * picked[-1]) / n[-1]
    first_left = (n_target - found[0]) / (n_pool - n[0])
    return {
        "area_gain": np.trapezoid(found - random, picked) / possible,
        "saved": saved,
        "saved_bound": bound,
        "saving_gain": saved / bound,
        "enrichment": (found[-1] - found[0]) / (hits_per_label * picked[-1]),
        "first_enrichment": (found[1] - found[0]) / (first_left * picked[1]),
    }


def gain_along(n, found, n_target, n_pool):
    """The columns of `gains` for a found curve that is known at the ends of its batches.

    n, found : labelled and found molecules, the first batch first;  n_target : of the pool's n_pool
    """
    fine = np.linspace(n[0], n[-1], 1001)
    return _gain(fine, np.interp(fine, n, found), n_target, n_pool)


def leave_one_out(
    X: np.ndarray, y: np.ndarray, model: GaussianProcess
) -> tuple[np.ndarray, np.ndarray, GaussianProcess]:
    """Prediction of each molecule by a GP that was trained on the others (R&W Eqs. 5.10 to 5.12).

    The kernel's parameters are those of all.

    Parameters
    ----------
    X : (n, d) descriptors;  y : (n,) labels as the model is to see them
    model : `alutils.model.gp.GaussianProcess`, not fitted

    Returns
    -------
    mu, sigma : (n,) as y, sigma of the latent function
    model : a copy of it, fitted to all
    """
    model = clone(model).fit(X, y)
    residual, variance = left_out_errors(model)
    return y - residual, np.sqrt(np.maximum(variance - model.noise_var_used_, 1e-12)), model


def gains_curve(inside: np.ndarray, ranking: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative gains: the share of the target among the best-ranked x of all molecules.

    Parameters
    ----------
    inside : (n,) bool, who is in the target
    ranking : (n,) float, higher is picked earlier; equal values are picked in random order

    Returns
    -------
    x, t : arrays from (0, 0) to (1, 1), straight in between
    """
    order = np.argsort(-ranking, kind="stable")
    last = np.r_[np.flatnonzero(np.diff(ranking[order]) != 0), len(order) - 1]  # of equal values
    x, t = (last + 1) / len(order), np.cumsum(inside[order])[last] / max(inside.sum(), 1)
    return np.r_[0, x], np.r_[0, t]


def predicted_gain(
    curve: tuple[np.ndarray, np.ndarray], share: float, plan: Plan
) -> dict[str, float]:
    """What a search gains if it walks along a gains curve.

    Parameters
    ----------
    curve : (x, t) of `gains_curve`;  share : of the target;  plan : Plan

    Returns
    -------
    dict, as the columns of `gains`
    """
    n = np.linspace(plan.n_init, plan.n_max, 1001)
    first, left = share * plan.n_init, share * (plan.n_pool - plan.n_init)
    found = first + left * np.interp((n - plan.n_init) / (plan.n_pool - plan.n_init), *curve)
    return _gain(n, found, share * plan.n_pool, plan.n_pool)


def probe(
    X: np.ndarray, y: np.ndarray, targets: Sequence[Range], model: GaussianProcess, plan: Plan
) -> pd.DataFrame:
    """What labelled molecules predict about searches for some targets, and what else they say.

    Parameters
    ----------
    X : (n, d) descriptors of molecules drawn at random from the pool
    y : (n,) labels as the model is to see them
    targets : sequence of `acquisition.target.Range`, on the same scale
    model : `alutils.model.gp.GaussianProcess`, not fitted;  plan : Plan

    Returns
    -------
    frame, a row per target and search
        strategy : property_search, all that are predicted in range before all others, or
            most_probable, by falling probability
        hits, share_seen : target molecules among the labels; (hits + 1/2) / (n + 1)
        predicted_area_gain, predicted_saved, predicted_saving_gain : of `predicted_gain`; without
            hits NaN
        auc : area under the ROC curve of the leave-one-out probability
        mmd2 : unbiased squared mean discrepancy between target and rest in the kernel (A. Gretton
            et al., J. Mach. Learn. Res. 13, 723 (2012)), over the signal variance
        purity : share of the target among the nearest neighbours of target molecules
        r2 : of the leave-one-out predictions; near : their root mean square error, as y, among the
            tenth of the labels next to an edge of the target
    """
    mu, sigma, model = leave_one_out(X, y, model)
    D2 = squared_distances(X, n_bits=model.n_bits)
    K = rbf(D2, 1.0, model.length_scale_)
    np.fill_diagonal(K, 0.0)
    np.fill_diagonal(D2, np.inf)
    neighbours = np.argsort(D2, axis=1, kind="stable")[:, :NEIGHBOURS]
    rows = []
    for target in targets:
        inside = target.contains(y)
        hits = int(inside.sum())
        probability = probability_in_range(mu, sigma, target.low, target.high)
        about = {
            "target": target,
            "hits": hits,
            "share_seen": (hits + 0.5) / (len(y) + 1),
            "auc": roc_auc_score(inside, probability) if 0 < hits < len(y) else np.nan,
            "mmd2": _mmd2(K, inside),
            "purity": inside[neighbours[inside]].mean() if hits else np.nan,
            "r2": 1 - np.mean((y - mu) ** 2) / np.var(y),
            "near": _error_near(y, mu, target),
        }
        ranks = {
            "property_search": target.contains(mu).astype(float),
            "most_probable": np.round(probability, 9),  # as the strategy: rounding is to rank none
        }
        for strategy, ranking in ranks.items():
            predicted = {}
            if hits:
                gain = predicted_gain(gains_curve(inside, ranking), about["share_seen"], plan)
                predicted = {f"predicted_{name}": value for name, value in gain.items()}
            rows.append({"strategy": strategy, **about, **predicted})
    return pd.DataFrame(rows)


def _mmd2(K, inside):
    """Unbiased squared mean discrepancy; K without its diagonal. NaN for fewer than two a side."""
    a, b = inside.sum(), (~inside).sum()
    if min(a, b) < 2:
        return np.nan
    within = K[np.ix_(inside, inside)].sum() / (a * (a - 1))
    within += K[np.ix_(~inside, ~inside)].sum() / (b * (b - 1))
    return within - 2 * K[np.ix_(inside, ~inside)].mean()


def _error_near(y, mu, target):
    """Root mean square error among the tenth of the labels nearest to an edge, eV."""
    distance = np.min([np.abs(y - edge) for edge in (target.low, target.high)], axis=0)
    near = distance <= np.quantile(distance, 0.1)
    return float(np.sqrt(np.mean((y - mu)[near] ** 2)))
