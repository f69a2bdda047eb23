"""What a campaign may still find, and whether it is time to stop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alutils.acquisition.target import Range
from alutils.analysis import stopping
from alutils.analysis.stopping import Forecast, Progress
from alutils.campaign.state import State


class Outlook(NamedTuple):
    """Before a query is sent.

    hits : found so far;  left : `Forecast` of those that are not
    next_hits : expected in the next batch;  next_size : its molecules
    """

    hits: int
    left: Forecast
    next_hits: float
    next_size: int

    @property
    def share(self) -> tuple:
        """Share of the target that is found: expected, at least, at most (90 %)."""
        return self.left.share(self.hits)

    def reason_to_stop(self, until: float | None = None, worth: float | None = None) -> str:
        """Why the campaign should end here, as a sentence; empty if it should go on.

        until : share of the target that is to be found, nine times in ten
        worth : labels that a hit is worth: more are not to be paid for one
        """
        if until is not None and self.share[1] >= until:
            return f"at least {self.share[1]:.0%} of the target is found, nine times in ten"
        if worth is not None and self.next_hits * worth < self.next_size:
            cost = self.next_size / max(self.next_hits, 1e-9)
            price = f"{cost:.0f}" if cost < 1e4 else "many thousand"
            return f"the next hits cost {price} labels each; one is worth {worth:g}"
        return ""

    def text(self) -> str:
        """The outlook in a sentence."""
        share, least, most = self.share
        return (
            f"{self.hits} hits so far, {share:.0%} of the target ({least:.0%} to {most:.0%}, nine "
            f"times in ten); about {self.next_hits:.0f} of these {self.next_size} should be hits"
        )


def outlook(state: State) -> Outlook | None:
    """The outlook before the last batch that a model chose; None where there is none.

    state : of a campaign with a target
    """
    target = state.target
    if target is None or not state.expected or state.expected[-1] is None:
        return None
    progress = progress_of(state, target)
    law = stopping.learn(stopping.known())
    next_hits = stopping.learn(stopping.known(), "next_hits").forecast(progress).left
    return Outlook(progress.hits, law.forecast(progress), next_hits, progress.next_size)


def progress_of(state: State, target: Range) -> Progress:
    """What is known before the last batch that was chosen, as the known searches have it."""
    last = set(state.batches[-1])
    before = [k for k in state.known if k not in last]
    y = np.array([state.labels[k] for k in before])
    inside = dict(zip(before, target.contains(y), strict=True))
    drawn = [k for k in before if k not in state.by_model]
    earlier = [set(b) for b in state.batches[:-1]]
    batch = [k for k in before if earlier and k in earlier[-1]] or drawn
    expected = [one for one in state.expected[:-1] if one is not None]
    return Progress(
        n_pool=len(state.pool),
        n_labels=len(before),
        n_random=len(drawn),
        random_hits=int(sum(inside[k] for k in drawn)),
        hits=int(sum(inside.values())),
        model_picked=sum(one["next"] for one in expected),
        model_left=state.expected[-1]["left"],
        last_hits=int(sum(inside[k] for k in batch)),
        last_size=len(batch),
        next_size=len(state.batches[-1]),
        model_next=state.expected[-1]["next"],
    )
