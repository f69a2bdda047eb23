"""Are new labels in another unit than the labels there are? What their spread says.

A unit slip multiplies labels by a known factor. A search picks what lies beyond the labels before
as well, but by about as much as they are spread. So a slip is seen where the new labels lie many
spreads outside of the labels before, and one factor takes them back in. Labels of one sign are
measured twice, by value and by logarithm: a gap near zero is close to others by value, the tail of
a skewed property by logarithm, and neither raises an alarm. Labels of both signs, or with zeros,
may lie close to zero in any unit: of these only what is many times too large is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import ase.units
import numpy as np

# An electronvolt in each unit of energy.
PER_EV = {
    "eV": 1.0,
    "hartree": 1 / ase.units.Hartree,
    "kcal/mol": ase.units.mol / ase.units.kcal,
    "kJ/mol": ase.units.mol / ase.units.kJ,
    "meV": 1000.0,
    "1/cm": 1 / ase.units.invcm,
}
ALIASES = {name.casefold(): name for name in PER_EV}
ALIASES |= dict.fromkeys(("ha", "eh", "a.u.", "au", "hartrees"), "hartree")
ALIASES |= dict.fromkeys(("cm-1", "cm^-1", "cm**-1", "cm⁻¹"), "1/cm")
ALIASES |= dict.fromkeys(("kcal", "kcal mol-1", "kcal mol^-1"), "kcal/mol")
ALIASES |= dict.fromkeys(("kj", "kj mol-1", "kj mol^-1"), "kJ/mol")
PREFIX = 1000.0  # between a unit, and that with milli or kilo before it
LEAST_FACTOR = 3.0  # labels vary more than by the 1.2 between 27.2 and 23.06
FEWEST = 5  # labels before
TAIL = 0.02  # share of the labels beyond each end of what is called their spread
USUAL = 0.05  # the same, where one label among others is thought to belong
FEW = 20  # the spread of n labels counts (1 + FEW / n) times: a few say little about it
WHOLE, FEWEST_NEW = 0.8, 3  # share, and number, of the new labels that make a batch
# Spreads to the labels before: of nearly all labels of a batch, of their median, of one alone.
BY_VALUE, BY_LOGARITHM, WITH_ZERO = (0.4, 0.4, 0.8), (0.7, 1.5, 2.0), (0.5, 6.0, np.inf)
LARGE = 20.0  # a factor; a smaller one is not seen in one label among others, and of a batch:
STRICTER, FEWEST_IF_SMALL = 2.0, 10  # times the spreads by value, and new labels
LESS_COMMON, RARE = 0.1, 0.4  # in the logarithm of the factor: kJ/mol for kcal/mol, meV for 1/cm
ALIKE = 0.2  # in that too: 27.2 and 23.06 cannot be told apart where a search has picked
WIDER = 0.5  # spreads beyond the labels before, where a search finds labels in their own unit
HEAVY = 8.0  # times their quartiles' distance: labels of both signs spread wider have no scale


@dataclass(frozen=True)
class Suspicion:
    """What other unit the new labels seem to have.

    factor : above 1; by so much they are too large or too small
    names : what slips have this factor, such as "hartree in place of eV"
    rows : positions of the labels among the new ones
    sentence : all of this, with the labels
    """

    factor: float
    names: tuple[str, ...]
    rows: tuple[int, ...]
    sentence: str


@dataclass(frozen=True)
class _Slip:
    ratio: float  # of the label in the wrong unit to that in the right one
    name: str
    rarity: float  # what it counts as further off than a slip from or into eV


def other_unit(new, before, unit=None):
    """The unit slip that is seen in new labels, or None.

    Parameters
    ----------
    new : (m,) labels;  before : (n,) labels there are, in the unit of the property
    unit : its name; None or "" where nobody said it. Of an energy, only slips from that unit are
        looked for; of anything else, only a factor of 1000

    Returns
    -------
    Suspicion; None where nothing is wrong, or nothing can be told: less than `FEWEST` labels
    before, all of them equal, or labels near zero.
    """
    new, before = np.asarray(new, float), np.asarray(before, float)
    before = before[np.isfinite(before)]
    if len(before) < FEWEST or not np.ptp(before) > 0:
        return None
    seen = []
    for slip in _slips(unit):
        rows = np.flatnonzero(_fits(new, before, slip.ratio))
        if len(rows) and _is_far(new, before, rows, slip):
            n_rows = len(new) if _is_batch(new, rows) else len(rows)
            seen.append((-n_rows, _off(new[rows], before, slip), slip, rows))
    if not seen:
        return None
    most, least, slip, rows = min(seen, key=lambda one: one[:2])
    alike = sorted(
        (off, other.name)
        for n_rows, off, other, _ in seen
        if n_rows == most and off < least + ALIKE and (other.ratio > 1) == (slip.ratio > 1)
    )
    return _suspicion(new, before, rows, slip, tuple(name for _, name in alike))


def _off(new, before, slip):
    """How far this factor is from that between the labels, in its logarithm."""
    typical = max(np.median(np.abs(before)), np.finfo(float).tiny)
    return abs(np.log(np.median(np.abs(new)) / slip.ratio / typical)) + slip.rarity


def _slips(unit):
    """All that is looked for where the unit is this one."""
    known = ALIASES.get((unit or "").strip().casefold())
    if unit and known is None:
        yield _Slip(PREFIX, f"a unit {PREFIX:g} times smaller than {unit}", 0.0)
        yield _Slip(1 / PREFIX, f"a unit {PREFIX:g} times larger than {unit}", 0.0)
        return
    for wrong, right in permutations(PER_EV, 2):
        ratio = PER_EV[wrong] / PER_EV[right]
        if max(ratio, 1 / ratio) > LEAST_FACTOR and known in (None, right):
            yield _Slip(ratio, f"{wrong} in place of {right}", _rarity({wrong, right}))


def _rarity(units):
    if "eV" in units:
        return 0.0
    return (
        LESS_COMMON if "meV" not in units and ("hartree" in units or "1/cm" not in units) else RARE
    )


def _fits(new, before, ratio):
    """(m,) bool: the label lies outside of those before, and with them once it is converted."""
    low, high = before.min(), before.max()
    wider = WIDER * _spread(before)
    back = new / ratio
    inside = (back >= low - wider) & (back <= high + wider)
    if _of_one_sign(before):
        inside &= np.sign(new) == np.sign(before[0])
    return inside & ((new < low) | (new > high))


def _is_batch(new, rows):
    return len(rows) >= max(FEWEST_NEW, WHOLE * np.count_nonzero(new))


def _is_far(new, before, rows, slip):
    """True if these labels are farther from the others than a search goes."""
    batch = _is_batch(new, rows)
    others = before
    if not batch:
        rest = np.delete(new, rows)
        rest = rest[np.isfinite(rest)]
        others = np.concatenate([before, rest])
        back = np.median(new[rows]) / slip.ratio
        likely = slip.rarity < RARE and max(slip.ratio, 1 / slip.ratio) > LARGE
        if not (likely and any(_is_usual(back, among) for among in (before, rest))):
            return False
    if _of_one_sign(others):
        by_value = _distances(new[rows], others)
        by_logarithm = _distances(np.log(np.abs(new[rows])), np.log(np.abs(others)))
        if not max(slip.ratio, 1 / slip.ratio) > LARGE:
            if len(rows) < FEWEST_IF_SMALL:
                return False
            by_value = by_value / STRICTER
        return _exceeds(by_value, BY_VALUE, batch) and _exceeds(by_logarithm, BY_LOGARITHM, batch)
    quartiles = np.quantile(others, (0.25, 0.75))
    return (
        slip.ratio > LARGE
        and np.ptp(others) < HEAVY * np.ptp(quartiles)
        and _exceeds(_distances(new[rows], others), WITH_ZERO, batch)
    )


def _is_usual(value, among):
    """True if the value lies in the bulk of these labels."""
    if len(among) < FEWEST:
        return False
    low, high = np.quantile(among, (USUAL, 1 - USUAL))
    return bool(low <= value <= high)


def _exceeds(distances, limits, batch):
    nearly_all, middle, alone = limits
    if not batch:
        return distances.min() > alone
    return np.quantile(distances, 1 - WHOLE) > nearly_all and np.median(distances) > middle


def _of_one_sign(values):
    return bool((values > 0).all() or (values < 0).all())


def _spread(values):
    return np.ptp(np.quantile(values, (TAIL, 1 - TAIL))) * (1 + FEW / len(values))


def _distances(values, others):
    """How far each value lies outside of others, in their spreads."""
    outside = np.maximum(others.min() - values, values - others.max())
    with np.errstate(divide="ignore"):
        return outside / _spread(others)


def _suspicion(new, before, rows, slip, names):
    factor = max(slip.ratio, 1 / slip.ratio)
    low, middle, high = np.quantile(new[rows], (0, 0.5, 1))
    many = f"{len(rows)} of {len(new)} new labels, {low:.4g} to {high:.4g}, are"
    said = many if len(rows) > 1 else f"the label {middle:.4g} is"
    how = "large" if slip.ratio > 1 else "small"
    sentence = (
        f"{said} about {factor:.4g} times too {how} for those before ({before.min():.4g} to "
        f"{before.max():.4g}, median {np.median(before):.4g}): it looks like {' or '.join(names)}"
    )
    return Suspicion(factor, names, tuple(int(k) for k in rows), sentence)
