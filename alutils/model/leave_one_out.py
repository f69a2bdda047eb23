"""What each training molecule would be predicted if it were not one (R&W Eqs. 5.10 to 5.12).

The kernel's parameters are those of all molecules; one inverse gives all predictions.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve


def left_out_errors(model):
    """Errors of the predictions of a GP for its own molecules, each left out.

    Parameters
    ----------
    model : fitted `alutils.model.gp.GaussianProcess` of n molecules

    Returns
    -------
    residual : (n,) label minus prediction, as the model sees the labels
    variance : (n,) of the label: the latent function's and the noise
    """
    K_inv = cho_solve((model.L_, True), np.eye(len(model.L_)), check_finite=False)
    variance = 1 / np.diagonal(K_inv)
    return model.weights_ * variance, variance
