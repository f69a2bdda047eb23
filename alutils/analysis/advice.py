"""Should I use active learning? What a probe of your own pool answers, with an interval."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis import law, plans, probes
from alutils.analysis.overlap import error_quantiles, probe
from alutils.model.noise import most_likely_noise
from alutils.runs.records import run_or_load

RANDOM = "random"


def experience(without=None):
    """Searches whose gains are known, each with its probe: the tracked sweeps on all pools.

    without : name of a data set to leave out, the one that advice is for

    Returns
    -------
    frame of `alutils.analysis.law.joined`
    """
    runs = pd.concat([run_or_load(plans.sweep()), run_or_load(plans.sweep_qm9())])
    questions = [probes.studied(pool) for pool in probes.STUDIED]
    answers = pd.concat([probes.read_or_compute(question) for question in questions])
    n_pool = {question["pool"]: question["plan"]["n_pool"] for question in questions}
    rows = law.usable(law.joined(runs, answers, n_pool))
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
