"""The noise that the labels themselves call for: type-II maximum likelihood (R&W Sec. 5.4.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import clone

from alutils.model.gp import GaussianProcess

TIE = 1e-3  # nat
# Three a decade, from what the paper calls vanishing to the variance of a label: eV^2, or a share
# of the variance where labels are standardised.
NOISES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def most_likely_noise(
    X: np.ndarray,
    y: np.ndarray,
    model: GaussianProcess | None = None,
    noises: Sequence[float] = NOISES,
    random_state: int = 0,
) -> tuple[float, np.ndarray]:
    """The noise variance under which the labels have the highest marginal likelihood.

    Signal variance and length scale are optimised anew for each. A grid in place of a third
    gradient: a likelihood is flat in the noise, and a value from a grid is the same on every
    machine.

    Parameters
    ----------
    X : (n, d) descriptors;  y : (n,) labels as the model is to see them
    model : `GaussianProcess`, not fitted, whose noise is to be chosen; None: the paper's
    noises : candidates, in the unit of the model's noise;  random_state : of the fits, an int

    Returns
    -------
    noise_var : float, one of `noises`
    lml : (len(noises),) log marginal likelihoods, nat
    """
    model = GaussianProcess() if model is None else model
    fits = [clone(model).set_params(noise_var=n, random_state=random_state) for n in noises]
    lml = np.array([fit.fit(X, y).log_marginal_likelihood_ for fit in fits])
    # Where the labels say nothing of the noise, rounding is not to choose.
    return float(noises[int(np.argmax(lml >= lml.max() - TIE))]), lml
