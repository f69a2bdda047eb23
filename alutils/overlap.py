"""What a search gains, as a share of what was possible, and what a probe says of it beforehand.

`gains` reads the runs. `probe` looks at some labelled molecules of the pool and at nothing else: it
is what a chemist can compute before spending more labels.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from .gp import GaussianProcess, rbf, squared_distances
from .metrics import savings

NEIGHBOURS = 5  # of a target molecule, whose labels `probe` looks at


def gains(records, n_pool):
    """Gain of each run over random sampling, as a share of that of a perfect search.

    Both references start from the run's own first batch: random sampling in expectation, one hit
    for each 1/q labels where q is the share of the target among what is left; the perfect search
    with one hit a label until the target is exhausted.

    Parameters
    ----------
    records : frame of `alutils.records.run_or_load`, runs with a target
    n_pool : molecules in training and held-out set together

    Returns
    -------
    frame, one row per run: dataset, strategy, seed, target_from, target_to,
        area_gain : area between the found curves of run and random sampling, over that between the
            perfect search and random sampling
        saved, saved_bound : share of the labels saved at random sampling's final found share, NaN
            where the run does not reach it, and the most possible
        saving_gain : saved / saved_bound
        enrichment : hits per label after the first batch over those of random sampling
        first_enrichment : the same of the first batch that is picked
    """
    keys = ["dataset", "strategy", "seed", "target_from", "target_to"]
    rows = [
        {**dict(zip(keys, key, strict=True)), **_gain(run.sort_values("n_train"), n_pool)}
        for key, run in records.groupby(keys, sort=False)
    ]
    return pd.DataFrame(rows)


def _gain(run, n_pool):
    n, found = run["n_train"].to_numpy(float), run["n_found"].to_numpy(float)
    known = run["found_share"].to_numpy() > 0
    n_target = (
        round(float((found[known] / run["found_share"].to_numpy()[known])[-1]))
        if known.any()
        else 0
    )
    left = n_target - found[0]
    if not left > 0:
        return {}
    picked = n - n[0]
    q = left / (n_pool - n[0])
    random = found[0] + q * picked
    # The oracle's curve bends where the target is exhausted: area on a fine grid.
    grid = np.linspace(0, picked[-1], 2001)
    oracle = found[0] + np.minimum(grid, left)
    area = np.trapezoid(found - random, picked)
    possible = np.trapezoid(oracle - (found[0] + q * grid), grid)
    saved = savings(n, random, n, np.maximum.accumulate(found))
    bound = 1 - (n[0] + q * picked[-1]) / n[-1]
    hits = np.diff(found)
    expected = np.diff(picked) * (left - (found[:-1] - found[0])) / (n_pool - n[:-1])
    return {
        "area_gain": area / possible,
        "saved": saved,
        "saved_bound": bound,
        "saving_gain": saved / bound,
        "enrichment": hits.sum() / (q * picked[-1]),
        "first_enrichment": hits[0] / expected[0],
        "q": q,
    }


def leave_one_out(X, y, noise_var, random_state=0):
    """Prediction of each molecule by a GP that was trained on the others (R&W Eqs. 5.10 to 5.12).

    The kernel's parameters are those of all.

    Parameters
    ----------
    X : (n, d) descriptors;  y : (n,) labels, eV;  noise_var : eV^2

    Returns
    -------
    mu, sigma : (n,) eV, sigma of the latent function
    model : GaussianProcess fitted to all
    """
    model = GaussianProcess(noise_var, random_state=random_state).fit(X, y)
    K_inv = cho_solve((model.L_, True), np.eye(len(y)), check_finite=False)
    variance = 1 / np.diagonal(K_inv)
    mu = y - model.weights_ * variance
    return mu, np.sqrt(np.maximum(variance - model.noise_var_used_, 1e-12)), model


def probe(X, y, target, noise_var, random_state=0):
    """What labelled molecules say about a target and the pool around it.

    Parameters
    ----------
    X : (n, d) descriptors of molecules drawn at random from the pool
    y : (n,) labels, eV
    target : float or Window, of which ``y > target`` tells who is in range
    noise_var : eV^2

    Returns
    -------
    dict
        share : of the target among the labels, (hits + 1/2) / (n + 1)
        precision : hits among those that the others' labels predict in range, with one molecule
            of the pool's share added: without any prediction it is the share itself
        predicted : molecules predicted in range
        recall : of the target, predicted in range
        auc : area under the ROC curve of the leave-one-out probability of being in range
        mmd2 : unbiased squared mean discrepancy between target and rest in the kernel (A. Gretton
            et al., J. Mach. Learn. Res. 13, 723 (2012)), over the signal variance
        purity : share of the target among the nearest neighbours of target molecules
        r2 : of the leave-one-out predictions
    """
    mu, sigma, model = leave_one_out(X, y, noise_var, random_state)
    return describe(X, y, target, mu, sigma, model)


def describe(X, y, target, mu, sigma, model):
    """`probe` from given leave-one-out predictions, so that many targets share one fit."""
    inside, predicted = y > target, mu > target
    n, hits = len(y), int(inside.sum())
    share = (hits + 0.5) / (n + 1)
    low, high = getattr(target, "low", target), getattr(target, "high", np.inf)
    probability = norm.cdf((high - mu) / sigma) - norm.cdf((low - mu) / sigma)
    told = {
        "share": share,
        "hits": hits,
        "predicted": int(predicted.sum()),
        "precision": ((inside & predicted).sum() + share) / (predicted.sum() + 1),
        "recall": (inside & predicted).sum() / hits if hits else np.nan,
        "auc": roc_auc_score(inside, probability) if 0 < hits < n else np.nan,
        "r2": 1 - np.mean((y - mu) ** 2) / np.var(y),
    }
    if not 2 <= hits <= n - 2:
        return told | {"mmd2": np.nan, "purity": np.nan}
    D2 = squared_distances(X)
    K = rbf(D2, 1.0, model.length_scale_)
    np.fill_diagonal(K, 0.0)
    a, b, m = inside, ~inside, n - hits
    within = K[np.ix_(a, a)].sum() / (hits * (hits - 1)) + K[np.ix_(b, b)].sum() / (m * (m - 1))
    np.fill_diagonal(D2, np.inf)
    nearest = np.argsort(D2[inside], axis=1, kind="stable")[:, :NEIGHBOURS]
    return told | {
        "mmd2": within - 2 * K[np.ix_(a, b)].mean(),
        "purity": inside[nearest].mean(),
    }
