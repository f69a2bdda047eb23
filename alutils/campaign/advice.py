"""What a search would save in a campaign, from the labels of its random first batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alutils.acquisition.target import Range
from alutils.analysis import advice, overlap
from alutils.campaign.folder import read
from alutils.descriptors import features


def advise(folder, n_max):
    """Advice for a campaign of which the first batch is labelled and the next not yet chosen.

    Parameters
    ----------
    folder : of the campaign;  n_max : labels that can be paid for

    Returns
    -------
    table, answer : as of `alutils.analysis.advice.advise`

    Raises
    ------
    ValueError
        Without a threshold, before or after the first batch, or for an impossible `n_max`.
    """
    state = read(folder)
    if state.settings.threshold is None or len(state.batches) != 1 or state.waiting:
        raise ValueError(
            f"{Path(folder).name}: advice needs a threshold and all labels of the first batch, no "
            "more"
        )
    known = sorted(k for k, label in state.labels.items() if label is not None)
    y = np.array([state.labels[k] for k in known])
    plan = overlap.Plan(len(state.pool), len(known), n_max)
    if not plan.n_init < n_max <= plan.n_pool:
        raise ValueError(f"n_max={n_max} must lie between {plan.n_init} and {plan.n_pool}")
    target = Range(low=state.settings.threshold)
    return advice.advise(features(state.pool)[known], y, target, plan, advice.experience())
