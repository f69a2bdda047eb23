"""The unit that a property has by its name, or, of an orbital, by the size of its labels."""

from __future__ import annotations

import re

import ase.units
import numpy as np

# In the order in which they are looked for; a name such as "E (eV)" or "homo_hartree" has them.
IN_NAMES = (
    ("meV", r"(?i:mev)"),
    ("eV", r"(?i:ev)"),
    ("hartree", r"(?i:hartrees?|ha|eh)"),
    ("kcal/mol", r"(?i:kcal(?:/mol|[ _]?mol(?:\^?-1)?|[ _]per[ _]mol)?)"),
    ("kJ/mol", r"(?i:kj(?:/mol|[ _]?mol(?:\^?-1)?|[ _]per[ _]mol)?)"),
    ("1/(M cm)", r"M\^?-1[ _]cm\^?-1"),
    ("1/cm", r"(?i:cm\^?-1|1/cm|wavenumbers?)"),
    ("1/s", r"s\^?-1|1/s"),
    ("nm", r"nm"),
    ("nM", r"nM"),
    ("uM", r"[uµμ]M"),
    ("mM", r"mM"),
    ("mV", r"mV"),
    ("V", r"V|(?i:volts?)"),
    ("%", r"%|(?i:percent|pct)"),
    ("K", r"K|(?i:kelvin)"),
    ("debye", r"(?i:debye)"),
)
LOGARITHMS = re.compile(r"^(?:c|m|x|a)?log|^(?:pic|pki|pkd|pec|pka)", re.IGNORECASE)
# Electronvolts within which orbital energies and gaps lie, by their medians.
ORBITALS = {"homo": (3.5, 14.0), "gap": (1.0, 15.0)}
PER_EV = {"eV": 1.0, "hartree": 1 / ase.units.Hartree}
NO_UNIT, NOT_SAID = "no unit, a logarithm", "unit not said"


def likely_unit(name, labels):
    """The unit of a property, with what it follows from; `NOT_SAID` where nothing says it.

    Parameters
    ----------
    name : of the property;  labels : (n,) numbers, NaN where there is none

    Returns
    -------
    (unit, or "" where none is known; a few words about it)
    """
    if LOGARITHMS.match(name.strip()):
        return "", NO_UNIT
    for unit, pattern in IN_NAMES:
        if re.search(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", name):
            return unit, f"{unit} by its name"
    known = labels[np.isfinite(labels)]
    for orbital, (low, high) in ORBITALS.items():
        if orbital in name.casefold() and len(known):
            size = abs(np.median(known))
            for unit, per_ev in PER_EV.items():
                if low * per_ev <= size <= high * per_ev:
                    return unit, f"{unit} by the size of the labels"
    return "", NOT_SAID
