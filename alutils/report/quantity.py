"""What the labels of runs are called, their unit, and how their numbers are written.

The paper's are HOMO levels in eV with three decimals. A file of one's own holds any property in any
unit: an error in hartree takes more decimals, one in 1/cm none.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from alutils.acquisition.target import VALUE
from alutils.data.datasets import DEFAULT_LABEL, label_name

PAPERS_NAME, PAPERS_UNIT, PAPERS_DECIMALS = "HOMO", "eV", 3
SIGNIFICANT = 3  # digits of a typical value
MOST_DECIMALS = 6  # beyond these a number is written with an exponent
SHARE = "times the variance of the labels"  # of the training set


class Quantity(NamedTuple):
    """How the labels of one page are written.

    name : of the property;  unit : its unit, empty where nobody has said it
    decimals : of its numbers;  noise_unit : unit of the noise variance, in words
    is_standardised : the model sees labels with the training set's mean and deviation taken out
    """

    name: str = PAPERS_NAME
    unit: str = PAPERS_UNIT
    decimals: int = PAPERS_DECIMALS
    noise_unit: str = f"{PAPERS_UNIT}²"
    is_standardised: bool = False

    @property
    def in_unit(self):
        """The unit as it follows a number, with its space."""
        return f" {self.unit}" if self.unit else ""

    @property
    def axis(self):
        """Name and unit, as on an axis: "gap (meV)"."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def named(self):
        """Name and unit, as in a list: "HOMO (GFN2-xTB), eV"."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    @property
    def error(self):
        """The mean absolute error, as on an axis: "MAE (eV)", or "MAE of gap (meV)".

        Of a HOMO level with a unit no page has to say what it is.
        """
        of = "" if self.name == PAPERS_NAME and self.unit else f" of {self.name}"
        return f"MAE{of}" + (f" ({self.unit})" if self.unit else "")

    @property
    def prior_mean(self):
        """What the model predicts where it knows nothing."""
        return "the mean of the training labels" if self.is_standardised else f"0{self.in_unit}"

    @property
    def model_unit(self):
        """Unit of what the model itself predicts."""
        return "standard deviations of the labels" if self.is_standardised else self.unit

    @property
    def shown(self):
        """Keyword arguments of the comparisons of `report.claims`."""
        return {"unit": self.unit, "digits": self.decimals}

    def number(self, value, missing="not run"):
        """A value in the unit, without it."""
        return missing if np.isnan(value) else fixed(value, self.decimals)

    def text(self, value, missing="not run"):
        """A value with its unit."""
        return missing if np.isnan(value) else self.number(value) + self.in_unit

    def noise(self, noise_var):
        """A noise variance with its unit."""
        return f"{noise_var:g} {self.noise_unit}"

    def range(self, found):
        """An `alutils.acquisition.target.Range` in words, as "above -9.70 eV"."""
        if np.isinf(found.high):
            return f"above {self.text(found.low)}"
        if np.isinf(found.low):
            return f"up to {self.text(found.high)}"
        return f"{self.number(found.low)} to {self.text(found.high)}"

    def facts(self):
        """What the prose quotes of the property."""
        return {
            "property": self.name,
            "in_unit": self.in_unit,
            "error": self.error,
            "noise_unit": self.noise_unit,
        }


PAPERS = Quantity()


def of_runs(records):
    """The `Quantity` of runs of one data set, with the decimals that their errors take."""
    first = records.iloc[0].get
    is_papers = first("prior", "paper") == "paper"
    # The paper's model has its noise in eV^2: who takes it has labels in eV.
    unit = first("unit") or (PAPERS_UNIT if is_papers else "")
    decimals = PAPERS_DECIMALS if is_papers else decimals_of(records["mae_ev"])
    return _quantity(first("property_key"), unit, decimals, is_papers, records["normalize_y"].any())


def of_labels(config, y):
    """The `Quantity` of a data set with labels y, (n,), with the decimals that their spread takes.

    config : `alutils.loop.RunConfig` that names how the data set is read
    """
    is_papers = config.prior == "paper"
    decimals = PAPERS_DECIMALS - 1 if is_papers else decimals_of(np.std(y))
    return _quantity(_key(config), config.unit, decimals, is_papers, config.normalize_y)


def sought(config):
    """The target of a run in words: "the highest 30 %", "gap above 2.5 eV"."""
    said = config.target.text(config.unit)
    return f"{_name(_key(config))} {said}" if config.target.by == VALUE else said


def _key(config):
    return config.reading and config.reading.property_key


def _name(key):
    return label_name(key or DEFAULT_LABEL)


def _quantity(key, unit, decimals, is_papers, normalize_y):
    noise_unit = SHARE if normalize_y or not is_papers else PAPERS.noise_unit
    return Quantity(_name(key), unit, decimals, noise_unit, not is_papers)


def decimals_of(values):
    """Decimals with which a typical one of some numbers has three significant digits."""
    sizes = np.abs(np.atleast_1d(np.asarray(values, dtype=float)))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not sizes.size:
        return PAPERS_DECIMALS
    return max(0, SIGNIFICANT - 1 - int(np.floor(np.log10(np.median(sizes)))))


def fixed(value, decimals, sign=""):
    """A number with so many decimals; with an exponent where these are too many to be read."""
    kind = f"{decimals}f" if decimals <= MOST_DECIMALS else f"{SIGNIFICANT - 1}e"
    return f"{value:{sign}.{kind}}"
