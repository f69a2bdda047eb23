"""The scale of the labels, taken out before the model sees them and put back after it.

The paper fits eV as they are. For labels of any other kind its signal variance of 20 eV^2 and its
noise in eV^2 mean nothing: there the labels are standardised by the training set's mean and
deviation, so that no result depends on the unit that they come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from alutils.model.gp import GaussianProcess

PRIORS = ("paper", "data")


@dataclass(frozen=True)
class LabelScale:
    """z = (y - mean) / std; the default leaves the labels as they are.

    mean, std : in the unit of the labels
    """

    mean: float = 0.0
    std: float = 1.0

    def to_z(self, y: Any) -> Any:
        """(n,) labels y, or one, on the scale of the model."""
        return (y - self.mean) / self.std

    def from_z(self, mu: Any) -> Any:
        """(n,) predictions mu in the unit of the labels."""
        return self.mean + self.std * mu


def scale_of(y: np.ndarray, prior: str) -> LabelScale:
    """The `LabelScale` of training labels y, (n,), under a prior, one of `PRIORS`."""
    if prior == "paper":
        return LabelScale()
    # Labels that are all equal but for rounding have no spread to divide by.
    spread = float(np.std(y))
    return LabelScale(float(np.mean(y)), spread if spread > 1e-12 * np.max(np.abs(y)) else 1.0)


def prior_model(prior, noise_var, **options):
    """A Gaussian process, not fitted, that starts where a prior says.

    Parameters
    ----------
    prior : "paper", 20 eV^2 and a length scale of 700; or "data", for standardised labels: their
        variance and the median distance between training molecules
    noise_var : sigma_n^2 in eV^2; with "data" a share of the variance of the training labels
    options : of `alutils.model.gp.GaussianProcess`
    """
    if prior == "data":
        options["initial"] = None
    return GaussianProcess(noise_var, **options)
