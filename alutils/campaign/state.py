"""A campaign as it stands: its settings, and what its folder holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alutils.acquisition.strategies import SEARCHES
from alutils.acquisition.target import VALUE, Range, Target
from alutils.data.structures import Structures
from alutils.loop import RunConfig


@dataclass(frozen=True)
class Settings:
    """What a campaign does, fixed when it starts.

    strategy, scheme, n_init, n_const, seed, descriptor : as in `alutils.loop.RunConfig`
    noise_var : a share of the variance of the labels, which a campaign standardises
    target : what is sought, an `acquisition.target.Target`; needed by the searches. One by share is
        read off the first batch's labels
    property, unit : what the labels are, and their unit, as they are printed
    """

    strategy: str = "most_probable"
    scheme: str = "pow"
    n_init: int = 100
    n_const: int = 100
    noise_var: float = 0.05
    target: Target | None = None
    property: str = "label"
    unit: str = ""
    descriptor: str | None = None
    seed: int = 0

    def __post_init__(self):
        if isinstance(self.target, Mapping):
            object.__setattr__(self, "target", Target(**self.target))
        if self.strategy in SEARCHES and self.target is None:
            raise ValueError(
                f"strategy={self.strategy!r} needs a target: name one, with above, below, highest "
                "or lowest (--above ...)"
            )
        self.run_config()  # refuses what no run could do

    def run_config(self) -> RunConfig:
        """The `RunConfig` of the same settings, whose model a campaign has."""
        sizes: dict[str, Any] = {
            "n_init": self.n_init,
            "n_const": self.n_const,
            "n_max": self.n_init,
        }
        same = {name: getattr(self, name) for name in SAME}
        return RunConfig("", **sizes, **same, prior="data")


SAME = ("strategy", "scheme", "noise_var", "target", "descriptor", "seed")  # as in a RunConfig


@dataclass(frozen=True)
class State:
    """A campaign as its folder holds it.

    settings : Settings;  pool : Structures, the molecules
    batches : list of lists of positions in the pool, in the order of the queries
    labels : position -> label, or None where the calculation failed
    caution : what is to be said of the model that chose the last batch; empty if nothing
    by_model : positions that a model chose
    expected : for each batch that a model chose for a target, the hits that it expected in it
        ("next") and in all the rest of the pool ("left"); None for the others
    """

    folder: Path
    settings: Settings
    pool: Structures
    batches: list
    labels: dict
    caution: str = ""
    by_model: frozenset = frozenset()
    expected: list | tuple = ()

    @property
    def waiting(self) -> list[int]:
        """Positions in a batch that have no label yet, in the order of the queries."""
        return [k for batch in self.batches for k in batch if k not in self.labels]

    @property
    def known(self) -> list[int]:
        """Positions that have a label, rising."""
        return sorted(k for k, label in self.labels.items() if label is not None)

    @property
    def target(self) -> Range | None:
        """The `Range` that is sought; None without one, and while there are too few labels.

        A target by share is read off labels that no model has chosen: those of the first batch, and
        those that the pool brought.
        """
        sought = self.settings.target
        if sought is None or sought.by == VALUE:
            return None if sought is None else sought.edges(None)
        y = np.array([self.labels[k] for k in self.known if k not in self.by_model])
        return sought.edges(y) if len(y) > 1 else None

    @property
    def n_found(self) -> int | None:
        """Labelled molecules in the target; None without one."""
        if self.settings.target is None:
            return None
        y = np.array([self.labels[k] for k in self.known])
        return 0 if self.target is None else int(np.sum(self.target.contains(y)))

    @property
    def is_unseen(self) -> bool:
        """True if the last batch was chosen, and never written for the labeller."""
        if not self.batches or all(k in self.labels for k in self.batches[-1]):
            return False
        return not batch_folder(self.folder, len(self.batches) - 1).exists()


def batch_folder(folder, number):
    """Where a batch is written for the labeller."""
    return folder / f"batch-{number:03d}"
