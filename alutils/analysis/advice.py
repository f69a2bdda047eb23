"""Should I use active learning? What a probe of your own pool answers, with an interval."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.acquisition.target import Range, above, above_or_highest
from alutils.analysis import law, plans
from alutils.analysis.overlap import Plan, error_quantiles, probe
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.loop import split
from alutils.metrics import savings
from alutils.model.noise import most_likely_noise

RANDOM = "random"


class Probed(NamedTuple):
    """A probe and what it is for: all but the last two arguments of `advise`."""

    X: np.ndarray  # (n, d) descriptors
    y: np.ndarray  # (n,) labels, eV
    target: Range
    plan: Plan


def draw(config, threshold=None, share=None):
    """The first batch of a run as a probe of its pool.

    The threshold of a share is read off the probe, since a real search knows no more.

    Parameters
    ----------
    config : RunConfig
    threshold : eV, of the target above it;  share : of the probe's highest labels, without one
    """
    pool = load(config.dataset)
    labelled = split(config, len(pool)).train_idx
    y = pool.y[labelled]
    plan = Plan(len(pool) - config.n_test, config.n_init, config.n_max)
    return Probed(features(pool)[labelled], y, above_or_highest(threshold, share).range_in(y), plan)


def experience(without=None):
    """Searches whose gains are known, each with its probe: the tracked sweeps on all pools.

    without : name of a data set to leave out, the one that advice is for

    Returns
    -------
    frame of `alutils.analysis.law.joined`
    """
    rows = law.usable(law.searches(plans.POOLS, range(3)))
    return rows[rows["dataset"] != without]


def advise(X, y, target, plan, known, noise_var=None):
    """What each search is predicted to save, and what to do.

    Parameters
    ----------
    X : (n, d) descriptors of labelled molecules that were drawn at random from the pool
    y : (n,) labels, eV;  target : `acquisition.target.Range`;  plan : Plan
    known : frame of `experience`, whose errors of prediction give the intervals
    noise_var : eV^2; None takes the most likely one

    Returns
    -------
    table : frame indexed by strategy: saved, low, high (share of the labels of random sampling for
        the same found share; 90 % interval), possible (the most any strategy can save),
        enrichment (hits per label over those of random sampling)
    answer : dict with strategy (the one to use), noise_var (eV^2), share (of the target), hits

    Raises
    ------
    ValueError
        If fewer than two of the labels lie in the target, or fewer than two outside.
    """
    y = np.asarray(y, float)
    hits = int(target.contains(y).sum())
    if not 2 <= hits <= len(y) - 2:
        raise ValueError(
            f"{hits} of the {len(y)} labels lie in the target: the probe needs two or more inside "
            "and outside; label more, or choose another threshold"
        )
    noise_var = most_likely_noise(X, y)[0] if noise_var is None else noise_var
    answers = probe(X, y, [target], noise_var, plan)
    rows = {}
    for row in answers.itertuples():
        errors = law_errors(known, row.strategy)
        saved = row.predicted_saved if np.isfinite(row.predicted_saved) else 0.0
        rows[row.strategy] = {
            "saved": saved,
            "low": saved + errors[0],
            "high": min(saved + errors[1], row.predicted_saved_bound),
            "possible": row.predicted_saved_bound,
            "enrichment": row.predicted_enrichment,
        }
    table = pd.DataFrame(rows).T.rename_axis("strategy")
    best = table["saved"].idxmax()
    strategy = best if table.loc[best, "low"] > 0 else RANDOM
    share = float(answers["share_seen"].iloc[0])
    return table, {"strategy": strategy, "noise_var": noise_var, "share": share, "hits": hits}


def law_errors(known, strategy):
    """Quantiles of realised minus predicted savings of the searches by one strategy."""
    rows = known[known["strategy"] == strategy]
    return error_quantiles(rows["saved"] - rows["predicted_saved"])


def trial(config, probed, answer, strategies):
    """The runs that show what an advice was worth: random sampling and searches, from the probe.

    Parameters
    ----------
    config : RunConfig that `draw` was given;  probed : Probed
    answer : of `advise`;  strategies : names of searches

    Returns
    -------
    list of RunConfig
    """
    target, noise_var = above(probed.target.low), answer["noise_var"]
    drafts = [replace(config, target=target, noise_var=noise_var)]
    return drafts + [replace(drafts[0], strategy=name) for name in strategies]


def realised(runs):
    """Share of labels that each search saved at random sampling's final found share, a Series.

    runs : frame of `run_or_load` for a `trial`
    """
    found = {name: rows.sort_values("n_train") for name, rows in runs.groupby("strategy")}
    curves = {
        name: (rows["n_train"].to_numpy(), rows["found_share"].cummax().to_numpy())
        for name, rows in found.items()
    }
    at_random = curves.pop(RANDOM)
    return pd.Series({name: savings(*at_random, *curve) for name, curve in curves.items()})
