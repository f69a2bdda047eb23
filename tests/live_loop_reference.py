"""The loop of the live figure in Python, from alutils' own parts, on the data that the page has."""

import json
from typing import NamedTuple

import numpy as np

from alutils import metrics
from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import Range
from alutils.loop import FIT, PICK, SPLIT
from alutils.model.gp import GaussianProcess
from book.builder.fragments import live_loop


class Step(NamedTuple):
    """One iteration: model, rows that are labelled and picked, mu and sigma (n,), and its row."""

    model: GaussianProcess
    labelled: np.ndarray
    batch: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    mae_ev: float
    found_share: float


def read(script):
    """The data of the page, from the text of its script."""
    return json.loads(script.removeprefix(live_loop.PREFIX).removesuffix(live_loop.SUFFIX))


def steps(data, strategy, noise_var, batch_size, seed, parameters=None):
    """Run the loop; `parameters`, one (signal_var, length_scale, noise_var) each, replace fits."""
    X, y = live_loop.unpacked(data["steps"], data["x"]), np.array(data["y"])
    n, target = data["n_pool"], Range(data["target"]["low"])
    inside = target.contains(y[:n])
    labelled = np.random.default_rng([seed, SPLIT]).permutation(n)[: data["n_init"]]
    sizes = [*batch_sizes("constant", data["n_init"], batch_size, data["n_max"]), 0]
    for t, size in enumerate(sizes):
        model = GaussianProcess(noise_var, random_state=np.random.default_rng([seed, FIT, t]))
        if parameters is None:
            model.fit(X[labelled], y[labelled])
        else:
            model.condition(X[labelled], y[labelled], *parameters[t])
        heldout = np.setdiff1d(np.arange(n), labelled)
        view = PoolView(model, X[heldout], target)
        rng = np.random.default_rng([seed, PICK, t])
        batch = heldout[STRATEGIES[strategy](view, size, rng)] if size else heldout[:0]
        mu, sigma = model.predict(X, return_std=True)
        found = metrics.found_share(int(inside[labelled].sum()), int(inside.sum()))
        error = metrics.mae(y[n:], mu[n:])
        yield Step(model, labelled, batch, mu[:n], sigma[:n], error, found)
        labelled = np.r_[labelled, batch]
