"""What a search would save in a campaign, from labels that were drawn at random."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from alutils.analysis import advice, overlap
from alutils.campaign.folder import alone, change_settings, read
from alutils.descriptors import features, n_bits


def advise(folder: str | Path, n_max: int) -> tuple[pd.DataFrame, dict]:
    """Advice for a campaign whose labels so far were drawn at random, and no model chose any.

    These are the labels of the first batch, and those that the pool brought: draw both at random.

    Parameters
    ----------
    folder : of the campaign;  n_max : labels that can be paid for

    Returns
    -------
    table, answer : as of `alutils.analysis.advice.advise`

    Raises
    ------
    ValueError
        Without a target, before the first labels, after a query that a model chose, or for an
        impossible `n_max`.
    """
    state, name = read(folder), Path(folder).name
    if state.settings.target is None:
        raise ValueError(
            f"{name}: advice needs a target: start the campaign with one (--above ...)"
        )
    if state.by_model:
        first = next(k for k, batch in enumerate(state.batches) if state.by_model & {*batch})
        raise ValueError(
            f"{name}: the labels of batch {first} and later were chosen by a model: advice is had "
            "from random ones, before it"
        )
    known = state.known
    if state.waiting or len(known) < 4 or state.target is None:
        raise ValueError(
            f"{name}: {len(known)} labels, {len(state.waiting)} waited for: advice needs all of "
            "the first batch; ask, label and tell first"
        )
    plan = overlap.Plan(len(state.pool), len(known), n_max)
    if not plan.n_init < n_max <= plan.n_pool:
        raise ValueError(
            f"n_max={n_max} must lie between {plan.n_init + 1}, one more than there are labels, "
            f"and {plan.n_pool}, the pool"
        )
    y = np.array([state.labels[k] for k in known])
    descriptor = state.settings.descriptor
    X, bits = features(state.pool, descriptor=descriptor)[known], n_bits(state.pool, descriptor)
    probed = advice.Probed(X, y, state.target, plan, "data", bits)
    return advice.advise(probed, advice.experience())


def take_over(folder: str | Path, answer: dict) -> None:
    """Let the campaign of a folder go on with strategy and noise of an answer of `advise`."""
    read(folder)  # no lock file where there is no campaign
    with alone(Path(folder)):
        state = read(folder)
        chosen = {name: answer[name] for name in ("strategy", "noise_var")}
        change_settings(state, replace(state.settings, **chosen))
