"""The hyper-parameters of highest marginal likelihood, by way of growing subsets (R&W Sec. 5.4.1).

All starts climb on a small random subset. The best of their optima then climbs to the full
likelihood on larger and larger subsets, each of which hands the next its curvature: about five
evaluations there, in place of fifteen. Nothing here knows of matrices: a likelihood is a function
of the two log parameters that gives its value and its gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, minimize

NAMES = ("signal_var", "length_scale")  # of the two parameters, here as natural logarithms
GROWTH = 2  # of the subsets on the way to the full likelihood
HESSIAN_STEP = 0.02  # in the logarithm of a parameter
LONGEST_STEP = 0.7  # in the logarithm of a parameter
LML_TOLERANCE = 1e-4  # nat
DECIMALS = 4  # of the logarithm of a parameter: beyond, optima differ between processors
AT_BOUND = 1e-3  # in the logarithm of a parameter
MOST_STEPS = 15  # of one polish
SCAN_STEP = 0.7  # in the logarithm of the length scale, between two points of a scan
MOST_PEAKS = 3  # of a scan, from which a climb begins


class Optimum(NamedTuple):
    """Where the likelihood is highest.

    params : (2,) signal_var and length_scale, rounded to `DECIMALS` in their logarithm
    at_bound : tuple of the `NAMES` that ended at a bound
    n_evaluations : int, of the likelihood of the last, largest subset
    """

    params: np.ndarray
    at_bound: tuple
    n_evaluations: int


def log_bounds(initial, factor):
    """(2, 2) lower and upper bounds of the logarithms: initial / factor and initial * factor."""
    span = np.log(factor)
    return np.log(np.asarray(initial, dtype=float))[:, None] + [-span, span]


def subset_sizes(n, first, last):
    """Molecules whose likelihood is maximised, one size after the other.

    Parameters
    ----------
    n : int, molecules that there are
    first, last : sizes of the first and the last subset; None takes all

    Returns
    -------
    list of int, rising; a last step of less than `GROWTH` is left out
    """
    largest = min(n, last or n)
    sizes = []
    size = first or n
    while GROWTH * size <= largest:
        sizes.append(size)
        size *= GROWTH
    return [*sizes, largest]


def maximise(likelihood_of, subsets, starts, bounds, scan=False):
    """The parameters of the highest likelihood of the last subset.

    Parameters
    ----------
    likelihood_of : callable, a subset to its likelihood: a function of (2,) log parameters that
        gives the log marginal likelihood, nat, and its (2,) gradient
    subsets : list of (m,) arrays of positions in the training set, each larger than the one before
    starts : list of (2,) log parameters
    bounds : (2, 2), as of `log_bounds`
    scan : the first start gives way to the `peaks` of the likelihood along the length scale there

    Returns
    -------
    Optimum

    Raises
    ------
    numpy.linalg.LinAlgError
        If the likelihood was finite nowhere.
    """
    first, *larger = subsets
    likelihood, n = likelihood_of(first), len(first)
    if scan:
        starts = peaks(likelihood, starts[0], bounds) + starts[1:]
    climbs = [climb(likelihood, start, bounds) for start in starts]
    for subset in larger:
        # Different starts mostly end in one optimum: evaluate it once.
        optima = list({tuple(np.round(found.x, 2)): found.x for found in climbs}.values())
        smaller, likelihood = likelihood, likelihood_of(subset)
        if len(optima) > 1:
            optima.sort(key=lambda optimum, of=likelihood: -of(optimum)[0])
        hessian = curvature(smaller, optima[0]) * (len(subset) / n)
        climbs = [polish(likelihood, optima[0], hessian, bounds)]
        n = len(subset)
    best = min(climbs, key=lambda found: found.fun)
    if not np.isfinite(best.fun):
        raise np.linalg.LinAlgError("kernel matrix indefinite at every parameter tried")
    near = (np.abs(best.x[:, None] - bounds) < AT_BOUND).any(axis=1)
    return Optimum(
        np.exp(np.round(best.x, DECIMALS)),
        tuple(np.array(NAMES)[near]),
        sum(found.nfev for found in climbs),
    )


def peaks(likelihood, start, bounds):
    """Where a coarse scan of the length scale has its peaks: starts in reach of every optimum.

    Far from the right length scale the likelihood is flat, and a climb stays where it begins.

    Parameters
    ----------
    likelihood, bounds : as of `maximise`;  start : (2,) log parameters, whose signal variance holds

    Returns
    -------
    list of (2,) log parameters, highest likelihood first, at most `MOST_PEAKS`
    """
    n_steps = int(np.ceil((bounds[1, 1] - bounds[1, 0]) / SCAN_STEP))
    points = [np.array([start[0], at]) for at in np.linspace(*bounds[1], n_steps + 1)]
    values = np.array([-np.inf, *(likelihood(point)[0] for point in points), -np.inf])
    is_peak = (values[1:-1] >= values[:-2]) & (values[1:-1] > values[2:])
    order = np.argsort(-np.where(is_peak, values[1:-1], -np.inf), kind="stable")
    found = [points[k] for k in order[:MOST_PEAKS] if is_peak[k] and np.isfinite(values[k + 1])]
    return found or [start]


def negative(log_params, likelihood, bounds):
    """What is minimised, and its gradient; infinite outside the bounds, which `polish` ignores."""
    if ((log_params < bounds[:, 0]) | (log_params > bounds[:, 1])).any():
        return np.inf, np.zeros(2)
    lml, gradient = likelihood(log_params)
    return -lml, -gradient


def climb(likelihood, start, bounds):
    """L-BFGS-B from a start of which nothing is known: scipy's OptimizeResult."""
    return minimize(
        negative, start, (likelihood, bounds), method="L-BFGS-B", jac=True, bounds=bounds
    )


def curvature(likelihood, log_params):
    """(2, 2) second derivatives of -lml, from central differences of the gradient."""
    steps = HESSIAN_STEP * np.eye(2)
    above, below = (
        np.array([-likelihood(log_params + sign * step)[1] for step in steps]) for sign in (1, -1)
    )
    hessian = (above - below) / (2 * HESSIAN_STEP)
    return (hessian + hessian.T) / 2


def polish(likelihood, x, hessian, bounds):
    """Quasi-Newton with a known first curvature; L-BFGS-B if that does not get there.

    The BFGS update also learns from a step that is then rejected. It is there when the quadratic
    model promises less than `LML_TOLERANCE` for one more step.

    Parameters
    ----------
    likelihood, bounds : as of `maximise`
    x : (2,) log parameters to begin with
    hessian : (2, 2) second derivatives of -lml there

    Returns
    -------
    scipy's OptimizeResult: x, fun = -lml at the last point evaluated, nfev
    """
    value, gradient = negative(x, likelihood, bounds)
    for evaluations in range(1, MOST_STEPS + 1):
        if not (np.isfinite(value) and np.linalg.eigvalsh(hessian)[0] > 0):
            break
        step = -np.linalg.solve(hessian, gradient)
        if -0.5 * gradient @ step < LML_TOLERANCE:
            # A last step this short needs no evaluation to be trusted.
            return OptimizeResult(x=np.clip(x + step, *bounds.T), fun=value, nfev=evaluations)
        step *= min(1.0, LONGEST_STEP / np.abs(step).max())
        new_value, new_gradient = negative(x + step, likelihood, bounds)
        if not np.isfinite(new_value):
            break
        change = new_gradient - gradient
        if step @ change > 0:
            hessian = updated(hessian, step, change)
        elif new_value >= value:
            break
        if new_value < value:
            x, value, gradient = x + step, new_value, new_gradient
    return climb(likelihood, x, bounds)


def updated(hessian, step, change):
    """BFGS: a Hessian that maps this step to this change of the gradient.

    J. Nocedal & S. Wright, Numerical Optimization (2006), Eq. 6.19.
    """
    ahead = hessian @ step
    hessian = hessian - np.outer(ahead, ahead) / (step @ ahead)
    return hessian + np.outer(change, change) / (step @ change)
