"""What a search looks for: the labels above a threshold, or inside a window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Window:
    """The range low < y <= high, eV; ``y > window`` is True inside.

    Arrays leave the comparison to the window because it declines to be broadcast by them.
    """

    low: float
    high: float
    __array_ufunc__ = None

    def __lt__(self, y):
        return (y > self.low) & (y <= self.high)


def edges(target):
    """Lower and upper edge, eV, of a target: a threshold (no upper edge) or a `Window`."""
    return (target.low, target.high) if isinstance(target, Window) else (target, np.inf)


def shape_of(target_from, target_to):
    """ "upper tail", "lower tail" or "window"."""
    if target_to == 1:
        return "upper tail"
    return "lower tail" if target_from == 0 else "window"
