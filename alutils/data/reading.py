"""How a file of one's own is read: names of its columns, units, and what to leave out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """How a file is to be read.

    property_key : name of the label; None takes "homo" where the file has it
    id_key : name of the identifier; None takes the usual one of the format
    smiles_key : name of the column of SMILES; None takes the usual ones
    hydrogens : of `alutils.data.geometry.HYDROGENS`: "refuse" a molecule that lacks them, "add"
        them where the file has bonds, or take it "as-is"
    length_unit : of the positions, a key of `alutils.data.geometry.UNITS`; None is angstrom, and
        refuses what looks like another
    skip_bad : go on without the molecules that cannot be taken
    geometries : make those of SMILES at once: a molecule that gets none cannot be taken. Else they
        are made when something looks at them
    needs_labels : a molecule without a label cannot be taken
    unit : of the labels, as it is to be printed; None where nobody has said it
    """

    property_key: str | None = None
    id_key: str | None = None
    smiles_key: str | None = None
    hydrogens: str = "refuse"
    length_unit: str | None = None
    skip_bad: bool = False
    geometries: bool = False
    needs_labels: bool = False
    unit: str | None = None

    def __post_init__(self):
        if self.length_unit is None and self.hydrogens == "refuse":
            return
        from alutils.data.geometry import HYDROGENS, UNITS  # the loop knows no atoms

        for name, known in (("hydrogens", HYDROGENS), ("length_unit", (None, *UNITS))):
            if getattr(self, name) not in known:
                listed = ", ".join(str(one) for one in known)
                raise ValueError(f"{name}={getattr(self, name)!r} is unknown: give {listed}")

    @property
    def factor(self) -> float:
        """Angstrom in a unit of length of the file."""
        from alutils.data.geometry import UNITS

        return UNITS[self.length_unit or "angstrom"]
