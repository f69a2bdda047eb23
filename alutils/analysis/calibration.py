"""Is the model's sigma right? Coverage, sharpness and order, before and after a correction.

A deviation here is that of a label: sqrt(sigma^2 + noise). The corrections see nothing but the
training set, by its leave-one-out errors: what somebody has who runs the loop.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import norm, spearmanr

from alutils.loop import RunConfig, split
from alutils.model.leave_one_out import left_out_errors
from alutils.runs.records import load_once

LEVELS = (0.5, 0.9)
NEIGHBOURS = 20  # training molecules whose errors say how a molecule's sigma is to be corrected
PRIOR_WEIGHT = 5  # molecules that the correction of the whole training set counts as there
HELD_OUT = 2000  # molecules of the held-out set that are looked at, at random
SAMPLE, DRAWN = 5, 6  # part of the seed, as SPLIT, FIT and PICK of the loop
DRAWS = 5  # of all errors, for the rank that a right sigma would have


def scores(error, deviation):
    """How well deviations tell errors.

    Parameters
    ----------
    error : (m,) label minus prediction, eV;  deviation : (m,) of the label, eV, above zero

    Returns
    -------
    dict of coverage_50, coverage_90 : shares of the errors within the Gaussian's central interval
        sharpness_ev : mean deviation
        nll : negative log density, nat per molecule
        crps_ev : continuous ranked probability score (T. Gneiting, A. E. Raftery, J. Am. Stat.
            Assoc. 102, 359 (2007), Eq. 21); of an error known to be zero it is the absolute error
        rank : Spearman's correlation of deviations and absolute errors
        rank_stated : the same where each error is drawn from the Gaussian of its deviation: what
            `rank` is where the deviations are right, as low as it may be
    """
    z = error / deviation
    found = {f"coverage_{100 * q:.0f}": np.mean(np.abs(z) <= _half_width(q)) for q in LEVELS}
    crps = z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)
    found |= {"sharpness_ev": deviation.mean(), "nll": -np.mean(norm.logpdf(z) - np.log(deviation))}
    drawn = np.random.default_rng(DRAWN).standard_normal((DRAWS, len(z))) * deviation
    ranks = {
        "rank": rank(error, deviation),
        "rank_stated": np.mean([rank(one, deviation) for one in drawn]),
    }
    found |= {"crps_ev": np.mean(deviation * crps), **ranks}
    return {name: float(value) for name, value in found.items()}


def rank(error, deviation):
    """Spearman's correlation of deviations and absolute errors; NaN where one is constant."""
    error = np.abs(error)
    if np.ptp(error) == 0 or np.ptp(deviation) == 0:
        return np.nan
    return spearmanr(deviation, error).statistic


def scale(residual, variance):
    """The factor that makes the leave-one-out errors of a training set as large as stated."""
    return float(np.sqrt(np.mean(residual**2 / variance)))


def local_factors(model, X):
    """How much larger than stated the leave-one-out errors are near each molecule.

    The root mean square of error over deviation among its `NEIGHBOURS` nearest training molecules,
    to which the whole training set's is added with the weight of `PRIOR_WEIGHT` of them.

    Parameters
    ----------
    model : fitted GaussianProcess on plain columns;  X : (m, d)

    Returns
    -------
    (m,) factors
    """
    residual, variance = left_out_errors(model)
    squares = residual**2 / variance
    n = min(NEIGHBOURS, len(squares))
    near = cKDTree(model.X_train_).query(X, n)[1].reshape(len(X), n)
    total = squares[near].sum(axis=1) + PRIOR_WEIGHT * squares.mean()
    return np.sqrt(total / (n + PRIOR_WEIGHT))


def conformal_coverage(error, deviation, residual, variance):
    """Coverage of intervals that are as wide as the leave-one-out errors ask for, by level.

    The half width is the deviation times the k-th smallest ratio of error and deviation of the
    training molecules, k = ceil((n + 1) level): split conformal prediction with leave-one-out
    errors in place of those of a calibration set (V. Vovk et al., Algorithmic Learning in a Random
    World, Springer 2005).

    Returns
    -------
    dict of coverage_50, coverage_90, and width_90 : mean half width at 90 %, eV
    """
    ratios = np.sort(np.abs(residual) / np.sqrt(variance))
    found = {}
    for level in LEVELS:
        k = min(int(np.ceil((len(ratios) + 1) * level)), len(ratios)) - 1
        inside = np.abs(error) <= ratios[k] * deviation
        found[f"coverage_{100 * level:.0f}"] = float(inside.mean())
        found[f"width_{100 * level:.0f}"] = float(np.mean(ratios[k] * deviation))
    return found


def of_record(record, X, at):
    """Scores of the models of a recorded run, rebuilt at its picks and hyper-parameters.

    Parameters
    ----------
    record : of `alutils.runs.store`;  X : (n, d) features of its data set
    at : sizes of the training set, molecules

    Returns
    -------
    list of dict: n_train, set ("test" or "held out"), correction (of `of_model`), the columns of
        `scores` where they are defined, and deciles: (10, 2) root mean square deviation and error,
        eV, of the tenths of molecules of rising deviation

    Raises
    ------
    ValueError
        If a model's error is not the recorded one.
    """
    config = RunConfig(**record["config"])
    y = load_once(config.dataset, config.reading).y
    parts, found = split(config, len(y)), []
    for iteration, row in enumerate(record["rows"]):
        if row["n_train"] not in at:
            continue
        picks = np.concatenate([[], *record["batches"][:iteration]]).astype(int)
        train = np.r_[parts.train_idx, picks]
        model = config.model().condition(
            X[train], y[train], row["signal_var"], row["length_scale"], row["noise_var_used"]
        )
        left = np.setdiff1d(parts.heldout_idx, picks)
        rng = np.random.default_rng([config.seed, SAMPLE])
        sets = {"test": parts.test_idx, "held out": rng.permutation(left)[:HELD_OUT]}
        for name, rows in sets.items():
            for one in of_model(model, X[rows], y[rows]):
                found.append({"n_train": row["n_train"], "set": name, **one})
        mae = np.abs(model.predict(X[parts.test_idx]) - y[parts.test_idx]).mean()
        if abs(mae - row["mae_ev"]) > 1e-4:
            raise ValueError(
                f"{config.dataset}, {config.strategy}, seed {config.seed}: recorded is an error of "
                f"{row['mae_ev']:.4f} eV, the model has {mae:.4f} eV: made from other data"
            )
    return found


def of_model(model, X, y):
    """Scores of a model on molecules that it has not seen, a dict for each correction: "none",
    "scaled", "local", "conformal".

    model : fitted GaussianProcess;  X : (m, d);  y : (m,) eV
    """
    mu, sigma = model.predict(X, return_std=True)
    error, deviation = y - mu, np.sqrt(sigma**2 + model.noise_var_used_)
    residual, variance = left_out_errors(model)
    corrected = {
        "none": deviation,
        "scaled": deviation * scale(residual, variance),
        "local": deviation * local_factors(model, X),
    }
    found = [
        {"correction": name, **scores(error, one), "deciles": deciles(error, one)}
        for name, one in corrected.items()
    ]
    conformal = conformal_coverage(error, deviation, residual, variance)
    return [*found, {"correction": "conformal", **conformal}]


def deciles(error, deviation):
    """(10, 2) list: root mean square deviation and error of each tenth by rising deviation, eV."""
    tenths = np.array_split(np.argsort(deviation, kind="stable"), 10)
    return [[_rms(deviation[one]), _rms(error[one])] for one in tenths]


def _rms(values):
    return float(np.sqrt(np.mean(values**2)))


def _half_width(level):
    return norm.ppf((1 + level) / 2)
