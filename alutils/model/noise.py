"""The noise that the labels themselves call for: type-II maximum likelihood (R&W Sec. 5.4.1)."""

from __future__ import annotations

import numpy as np

from alutils.model.gp import GaussianProcess

# Three a decade, from what the paper calls vanishing to the variance of a label, eV^2.
NOISES = (1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def most_likely_noise(X, y, noises=NOISES, random_state=0):
    """The noise variance under which the labels have the highest marginal likelihood.

    Signal variance and length scale are optimised anew for each. A grid in place of a third
    gradient: a likelihood is flat in the noise, and a value from a grid is the same on every
    machine.

    Parameters
    ----------
    X : (n, d) descriptors;  y : (n,) labels, eV;  noises : candidates, eV^2

    Returns
    -------
    noise_var : float, eV^2, one of `noises`
    lml : (len(noises),) log marginal likelihoods, nat
    """
    lml = np.array(
        [
            GaussianProcess(noise, random_state=random_state).fit(X, y).log_marginal_likelihood_
            for noise in noises
        ]
    )
    return float(noises[int(lml.argmax())]), lml
