"""What a campaign may still find, and whether it is time to stop."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alutils.acquisition.target import Range
from alutils.analysis import stop_rules, stopping
from alutils.analysis.combined import ENOUGH
from alutils.analysis.stopping import Forecast, Progress
from alutils.campaign.state import State

LEARNED_ON = "most_probable"  # the strategy of the searches that are known


class Outlook(NamedTuple):
    """Before the last query is labelled.

    progress : what is known then;  left, coming : `Forecast` of the hits that are not found, and of
        those of the query
    """

    progress: Progress
    left: Forecast
    coming: Forecast

    @property
    def share(self) -> tuple:
        """Share of the target that is found: expected, at least, at most (90 %)."""
        return self.left.share(self.progress.hits)

    def reason_to_stop(self, until: float | None = None, worth: float | None = None) -> str:
        """Why the campaign should end here, as a sentence; empty if it should go on.

        until : share of the target that is to be found;  worth : labels that a hit is worth
        """
        if until is not None and stop_rules.found(self.progress, until, stopping.known()):
            return f"{until:.0%} of the target is found, nine times in ten"
        size, hits = self.progress.next_size, self.coming.left
        if worth is not None and hits * worth < size:
            price = f"{size / hits:.0f}" if hits > 0.01 else f"more than {100 * size:.0f}"
            return f"the next hits cost {price} labels each; one is worth {worth:g}"
        return ""

    def text(self) -> str:
        """The outlook in a sentence or two."""
        hits, (share, least, most) = self.progress.hits, self.share
        found = f"{hits} hits so far"
        if hits < ENOUGH:
            found += f": with fewer than {ENOUGH} nobody can say what share of the target that is"
        else:
            found += f", {share:.0%} of the target ({least:.0%} to {most:.0%}, nine times in ten)"
        low, high = np.floor(self.coming.low), np.ceil(self.coming.high)
        return (
            f"{found}; of these {self.progress.next_size} about {self.coming.left:.0f} should be "
            f"hits ({low:.0f} to {high:.0f})"
        )


def refuse(state: State) -> None:
    """ValueError where no rule can ever stop a campaign: one without target, or not greedy."""
    name, strategy = state.folder.name, state.settings.strategy
    if state.settings.target is None:
        raise ValueError(f"{name}: a rule to stop by needs a target: start with one (--above ...)")
    if strategy != LEARNED_ON:
        raise ValueError(
            f"{name}: the rules to stop by were learned on {LEARNED_ON}, not on {strategy}: leave "
            "out --until and --worth"
        )


def outlook(state: State) -> Outlook | None:
    """The outlook before the last batch is labelled; None where there is none yet.

    There is none without a target, for a strategy other than `LEARNED_ON`, before a model has
    chosen a batch, and where a batch was chosen by an alutils that kept no expectations.

    state : of a campaign
    """
    chosen = [k for k, batch in enumerate(state.batches) if not state.by_model.isdisjoint(batch)]
    if state.target is None or state.settings.strategy != LEARNED_ON or not chosen:
        return None
    if any(state.expected[k] is None for k in chosen):
        return None
    progress, known = progress_of(state, state.target), stopping.known()
    left, coming = (stopping.learn(known, outcome) for outcome in ("left", "next_hits"))
    return Outlook(progress, left.forecast(progress), coming.forecast(progress))


def progress_of(state: State, target: Range) -> Progress:
    """What is known before the last batch that was chosen, as the known searches have it."""
    last = set(state.batches[-1])
    before = [k for k in state.known if k not in last]
    y = np.array([state.labels[k] for k in before])
    inside = dict(zip(before, target.contains(y), strict=True))
    drawn = [k for k in before if k not in state.by_model]
    earlier = [set(b) for b in state.batches[:-1]]
    batch = [k for k in before if earlier and k in earlier[-1]] or drawn
    expected = [one for one in state.expected if one is not None]
    return Progress(
        n_pool=len(state.pool),
        n_labels=len(before),
        n_random=len(drawn),
        random_hits=int(sum(inside[k] for k in drawn)),
        hits=int(sum(inside.values())),
        model_picked=sum(one["next"] for one in expected[:-1]),
        model_left=expected[-1]["left"],
        last_hits=int(sum(inside[k] for k in batch)),
        last_size=len(batch),
        next_size=len(state.batches[-1]),
        model_next=expected[-1]["next"],
    )
