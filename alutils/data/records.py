"""What readers hand on: a record for each molecule of a file, or the reason why there is none.

A reader never gives up at one bad molecule: it yields a `Bad` in its place, so that as many come
out as the file has records, and all that is wrong is said in one message.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from ase.data import atomic_numbers

# A label that is missing, in lower case.
MISSING = frozenset(
    {"", "nan", "na", "n/a", "#n/a", "<na>", "none", "null", "nil", "-", "--", "?", ".", "missing"}
)
NUMBER = re.compile(r"[-+]?(\d+(?:\.\d*)?|\.\d+)([eEdD][-+]?\d+)?")
NAMES_SHOWN, BAD_SHOWN, PLACES_SHOWN = 25, 40, 10
NO_LABEL = "no label"
CAPITALS = ("CL", "CR", "CU", "NI")  # symbols that are no names of carbon, hydrogen... atoms


@dataclass(slots=True)
class Record:
    """One molecule of a file.

    place : where it stands, such as "line 2"
    id : identifier; own_id is False where it may be shared, as a name, or the number of the record
    numbers (k,), positions (k, 3) in angstrom : None for a SMILES alone
    known : name -> value, as text, of what the file says about it
    hydrogens_known : True where a graph says that none is missing
    """

    place: str
    id: str
    numbers: np.ndarray | None = None
    positions: np.ndarray | None = None
    charge: int = 0
    known: dict = field(default_factory=dict)
    smiles: str | None = None
    own_id: bool = True
    hydrogens_known: bool = False
    label: float = np.nan


@dataclass(frozen=True, slots=True)
class Bad:
    """A molecule that cannot be taken: its place, what it is called, and why."""

    place: str
    id: str
    reason: str


def each(things, make):
    """``make(place, id, thing)`` of each, or the `Bad` that its ValueError says."""
    for place, one, thing in things:
        try:
            yield make(place, one, thing)
        except ValueError as error:
            yield Bad(place, one, str(error))


def named(wanted, names, what, option, shown=None):
    """The name that is meant: itself, or the only one that differs in case alone.

    Raises
    ------
    ValueError : there is none; those that are there, or `shown` of them, are listed.
    """
    if wanted in names:
        return wanted
    close = [name for name in names if name.casefold() == wanted.casefold()]
    if len(close) == 1:
        return close[0]
    there = listed(names if shown is None else shown)
    raise ValueError(f"no {what} {wanted!r}, found {there}; name another with {option}")


def listed(names):
    """Names for a message."""
    names = [str(name) for name in names]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return (", ".join(names[:NAMES_SHOWN])[:1500] or "none") + more


def number_of(text) -> float:
    """A number as text; ValueError for what Python alone takes for one, such as 1_000."""
    text = str(text).strip().replace("*^", "e")
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        return float(text)
    if not NUMBER.fullmatch(text):
        raise ValueError(f"{str(text)[:80]!r} is not a number")
    return float(text.lower().replace("d", "e"))


def label_in(value) -> float:
    """A label, NaN where it is missing; ValueError for what is no finite number."""
    if value is None or str(value).strip().lower() in MISSING:
        return np.nan
    try:
        label = number_of(value)
    except ValueError:
        label = np.inf
    if isinstance(value, bool) or not np.isfinite(label):
        raise ValueError(f"label {str(value)[:80]!r} is not a finite number; correct it")
    return label


def charge_in(value) -> int:
    """A charge; ValueError for what is no whole number, or that of no molecule."""
    try:
        charge = number_of(value)
    except ValueError:
        charge = np.nan
    if not abs(charge) < 1000 or charge != int(charge):
        raise ValueError(f"charge {str(value)[:80]!r} is not a whole number; correct it")
    return int(charge)


def symbol_in(text) -> int:
    """The atomic number of a symbol, a number, or one of the isotopes D and T.

    "CL" is chlorine; "CA" may be calcium or an alpha carbon, and is refused.
    """
    if text in atomic_numbers and text != "X":
        return atomic_numbers[text]
    if text in ("D", "T"):
        return 1
    if text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= 118:
        return int(text)
    plain = text.rstrip("0123456789")
    first, whole = plain[:1].upper(), plain.capitalize()
    sure = len(plain) < 2 or plain[1:].islower() or first not in "HCNO" or plain in CAPITALS
    if whole in atomic_numbers and whole != "X" and sure:
        return atomic_numbers[whole]
    raise ValueError(f"{text[:20]!r} is no element; give its symbol or atomic number")


def message(name, bad, n_records):
    """All that is wrong with a file in one message; what is wrong with several is said once."""
    if len(bad) == 1:
        return (
            f"{name}, {_said(_called(bad[0]), bad[0].reason)}; skip_bad (--skip-bad) leaves it out"
        )
    places = defaultdict(list)
    for one in bad:
        places[one.reason].append(_called(one))
    lines = [_said(_enough(called), reason) for reason, called in places.items()]
    if len(lines) > BAD_SHOWN:
        lines[BAD_SHOWN:] = [f"and {len(lines) - BAD_SHOWN} more"]
    head = f"{name}: {len(bad)} of {n_records} molecules cannot be taken; skip_bad (--skip-bad)"
    return "\n  ".join([f"{head} leaves them out:", *lines])


def _said(called, reason):
    return f"{called} {reason}" if reason.startswith(("is ", "has ")) else f"{called}: {reason}"


def _called(bad):
    """The place, and the identifier if it is more than the number of a record."""
    return bad.place if bad.id.isdigit() or not bad.id else f"{bad.place} ({bad.id!r})"


def _enough(called):
    more = f" and {len(called) - PLACES_SHOWN} more" if len(called) > PLACES_SHOWN else ""
    return ", ".join(called[:PLACES_SHOWN]) + more
