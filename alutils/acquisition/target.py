"""What a search looks for: labels above or below an edge, or between two, by value or by share.

A `Target` is part of a run's configuration, before any label is known. `Target.range_in` turns it
into a `Range` in the unit of the labels, which is what a strategy sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alutils.model.scale import LabelScale

VALUE, SHARE = "value", "share"


@dataclass(frozen=True)
class Range:
    """The labels low < y <= high, in their unit; an end may be infinite."""

    low: float = -np.inf
    high: float = np.inf

    def contains(self, y: np.ndarray) -> np.ndarray:
        """True where a label, or a prediction, lies inside. y: (n,); returns (n,) bool."""
        return (y > self.low) & (y <= self.high)

    def text(self, unit: str = "eV") -> str:
        """In words, with the unit of the labels."""
        if np.isinf(self.high):
            return f"above {self.low:g}{_spaced(unit)}"
        if np.isinf(self.low):
            return f"up to {self.high:g}{_spaced(unit)}"
        return f"{self.low:g} to {self.high:g}{_spaced(unit)}"

    @property
    def shape(self) -> str:
        """As of `shape_of`."""
        return shape_of(0 if np.isinf(self.low) else 0.5, 1 if np.isinf(self.high) else 0.6)

    def to_z(self, scale: LabelScale) -> Range:
        """The same range on the scale of the model, an `alutils.model.scale.LabelScale`."""
        return Range(scale.to_z(self.low), scale.to_z(self.high))


@dataclass(frozen=True)
class Target:
    """The molecules with low < y <= high. Easier to write: `highest`, `lowest`, `above`, `below`.

    low, high : edges; None leaves that side open
    by : "value", edges in the unit of the labels; or "share", edges as shares of all labels
        (quantiles, 0 to 1), which looks at the labels of the whole data set, as a real search
        cannot

    Raises
    ------
    ValueError
        On construction, for edges that hold nothing, or all.
    """

    low: float | None = None
    high: float | None = None
    by: str = VALUE

    def __post_init__(self):
        if self.by not in (VALUE, SHARE):
            raise ValueError(f"target by {self.by!r}: choose {VALUE!r} or {SHARE!r}")
        for name in ("low", "high"):
            edge = getattr(self, name)
            number = isinstance(edge, int | float) and not isinstance(edge, bool)
            if edge is not None and not (number and np.isfinite(edge)):
                raise ValueError(f"target: {name}={edge!r} is not a number: give one, or None")
        if self.by == SHARE:  # one way to write a target, so that its runs have one name
            object.__setattr__(self, "low", 0.0 if self.low is None else float(self.low))
            object.__setattr__(self, "high", 1.0 if self.high is None else float(self.high))
            if not 0 <= self.low < self.high <= 1 or self.share == 1:
                raise ValueError(
                    f"target from the quantile {self.low:g} to {self.high:g} is no part of the "
                    "labels: give shares, 0 <= low < high <= 1, not all"
                )
        elif self.low is None and self.high is None:
            raise ValueError("target without an edge: give low, high, or both")
        elif None not in (self.low, self.high) and not self.low < self.high:
            raise ValueError(f"target: low={self.low} must be below high={self.high}")

    @classmethod
    def of(cls, found: Range) -> Target:
        """The target of a `Range` that was found, by value."""
        low, high = (edge if np.isfinite(edge) else None for edge in (found.low, found.high))
        return cls(low, high)

    @property
    def share(self) -> float:
        """Share of all molecules that lie in a target that is given by share."""
        return round((1.0 if self.high is None else self.high) - (self.low or 0.0), 9)

    @property
    def shape(self) -> str:
        """As of `shape_of`, for a target by share."""
        return shape_of(self.low, self.high)

    def range_in(self, y: np.ndarray, unit: str = "eV") -> Range:
        """The `Range` among labels y, (n,); ValueError if it holds none of them, or all.

        unit : of the labels, for the message
        """
        found = self.edges(y)
        n_inside = int(np.sum(found.contains(y)))
        if n_inside in (0, len(y)):
            raise ValueError(
                f"target {self.text(unit)} holds {n_inside} of {len(y)} molecules: choose edges "
                f"between {y.min():.4g} and {y.max():.4g}{_spaced(unit)}"
            )
        return found

    def edges(self, y: np.ndarray | None) -> Range:
        """As `range_in`, whatever it holds; y is looked at where the target is given by share."""
        low, high = self.low, self.high
        if self.by == SHARE:
            labels = np.asarray(y)
            low = float(np.quantile(labels, low)) if low else None
            high = float(np.quantile(labels, high)) if high is not None and high < 1 else None
        return Range(-np.inf if low is None else low, np.inf if high is None else high)

    def text(self, unit: str = "eV") -> str:
        """In words, edges with their unit."""
        if self.by == SHARE:
            percent = f"{100 * self.share:g} %"
            return {
                "upper tail": f"the highest {percent}",
                "lower tail": f"the lowest {percent}",
                "window": f"between the quantiles {self.low:g} and {self.high:g}",
            }[self.shape]
        return self.edges(None).text(unit)

    def __str__(self):
        return self.text()


def highest(share: float) -> Target:
    """The target of the `share` (0 to 1) of all molecules with the highest labels."""
    return _share(share, 1 - share, 1.0)


def lowest(share: float) -> Target:
    """The target of the `share` (0 to 1) of all molecules with the lowest labels."""
    return _share(share, 0.0, share)


def above(threshold: float) -> Target:
    """The target y > threshold, in the unit of the labels."""
    return Target(low=threshold)


def below(threshold: float) -> Target:
    """The target y <= threshold, in the unit of the labels."""
    return Target(high=threshold)


def sought(above=None, below=None, highest=None, lowest=None):
    """The target that is named: between `above` and `below`, or a share; None for none.

    above, below : edges in the unit of the labels;  highest, lowest : shares, 0 to 1

    Raises
    ------
    ValueError
        For a share beside another edge or share.
    """
    given = {"above": above, "below": below, "highest": highest, "lowest": lowest}
    named = [name for name, value in given.items() if value is not None]
    if len(named) > 1 and named != ["above", "below"]:
        raise ValueError(
            f"target by {' and '.join(named)}: give above, below, or both, or one of highest and "
            "lowest"
        )
    if highest is not None:
        return _share(highest, 1 - highest, 1.0)
    if lowest is not None:
        return _share(lowest, 0.0, lowest)
    return Target(above, below) if named else None


def _share(share, low, high):
    _check_share(share)
    return Target(round(low, 12), high, SHARE)


def shape_of(low, high):
    """ "upper tail", "lower tail" or "window", from the quantiles between which a target lies."""
    if high == 1:
        return "upper tail"
    return "lower tail" if low == 0 else "window"


def _spaced(unit):
    return f" {unit}" if unit else ""


def _check_share(share):
    if not 0 < share < 1:
        raise ValueError(f"target share {share} must lie between 0 and 1")
