"""Targets of any shape: upper tail, lower tail, or a window in the middle of the distribution.

`alutils.loop.RunConfig` knows the paper's target, all molecules above a threshold. `TargetConfig`
takes any range between two quantiles, and runs through the same loop: what the loop and the
strategies ask of a target is only ``y > threshold``, which a `Window` answers by "inside".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args, get_type_hints

import numpy as np

from alutils.acquisition.target import Window, shape_of
from alutils.loop import RunConfig

MOST_BATCHES = 10_000


@dataclass(frozen=True)
class TargetConfig(RunConfig):
    """A run whose target lies between two quantiles of the labels.

    target_from, target_to : quantiles in [0, 1], of the whole data set: (0.9, 1.0) is the highest
        tenth, (0.0, 0.1) the lowest, (0.45, 0.55) the tenth around the median. They replace
        target_share and threshold.
    """

    target_from: float | None = None  # no default: a record leaves defaults out of its key
    target_to: float | None = None

    def __post_init__(self):
        if None in (self.target_from, self.target_to) or not (
            0 <= self.target_from < self.target_to <= 1
        ):
            raise ValueError(
                f"target_from={self.target_from} and target_to={self.target_to} must be quantiles, "
                "0 <= target_from < target_to <= 1"
            )
        super().__post_init__()

    @property
    def share(self):
        """Share of all molecules that lie in the target."""
        return round(self.target_to - self.target_from, 9)

    @property
    def shape(self):
        """As of `shape_of`."""
        return shape_of(self.target_from, self.target_to)

    def target(self, y):
        """Window in eV; ValueError if it holds no molecule, or all."""
        low = np.quantile(y, self.target_from) if self.target_from > 0 else -np.inf
        high = np.quantile(y, self.target_to) if self.target_to < 1 else np.inf
        window = Window(float(low), float(high))
        n_inside = int(np.sum(y > window))
        if n_inside in (0, len(y)):
            raise ValueError(
                f"target_from={self.target_from} to target_to={self.target_to} holds {n_inside} of "
                f"{len(y)} molecules: choose others"
            )
        return window


def config_of(values):
    """The configuration that a record holds: RunConfig or TargetConfig from its dict."""
    return (TargetConfig if "target_from" in values else RunConfig)(**values)


def checked(values):
    """`config_of` for values that a person has written; ValueError for one of another kind."""
    hints = get_type_hints(TargetConfig if "target_from" in values else RunConfig)
    for name, value in values.items():
        kinds = get_args(hints.get(name)) or (hints.get(name, object),)
        kinds += (int,) if float in kinds else ()
        wrong = not isinstance(value, kinds) or (isinstance(value, bool) and int in kinds)
        if wrong or (isinstance(value, float) and not np.isfinite(value)):
            raise ValueError(f"{name}={value!r} is not {kinds[0].__name__}")
    n_init, n_const, n_max = (
        values.get(name, getattr(RunConfig, name)) for name in ("n_init", "n_const", "n_max")
    )
    if n_max - n_init > MOST_BATCHES * max(n_const, 1):  # a typing error: to list them takes long
        raise ValueError(f"n_max={n_max} makes more than {MOST_BATCHES} batches of {n_const}")
    return config_of(values)
