"""The GP against scikit-learn's, on the same molecules in the same process: times and differences.

Writes book/records/bench.json, which the performance page shows. Run it with nothing else running:
``make bench``. The molecules are the `organics` pool with all 3 000 MBTR columns, so that nobody
gains from the rotation to principal axes.
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel
from threadpoolctl import threadpool_info

from alutils.datasets import load
from alutils.descriptors import mbtr
from alutils.gp import GaussianProcess
from alutils.paths import records_dir
from alutils.records import provenance, write_json

SIGNAL_BOUNDS, LENGTH_BOUNDS = (0.2, 2000.0), (7.0, 70000.0)  # the paper's 20 and 700, times 100
N_NEW = 1000


def timed(function):
    """Result and wall time in seconds."""
    started = time.perf_counter()
    result = function()
    return result, time.perf_counter() - started


def compare_fit(X, y, n, noise_var):
    """Both fitted with two restarts from the same starts within the same bounds."""
    ours, ours_s = timed(lambda: GaussianProcess(noise_var, random_state=0).fit(X[:n], y[:n]))
    kernel = ConstantKernel(20.0, SIGNAL_BOUNDS) * RBF(700.0, LENGTH_BOUNDS)
    theirs = GaussianProcessRegressor(
        kernel, alpha=noise_var, n_restarts_optimizer=2, random_state=0
    )
    theirs, theirs_s = timed(lambda: theirs.fit(X[:n], y[:n]))
    return {
        "n_train": n,
        "n_columns": X.shape[1],
        "noise_var": noise_var,
        "ours_s": ours_s,
        "sklearn_s": theirs_s,
        "ratio": theirs_s / ours_s,
        "lml_ours": ours.log_marginal_likelihood_,
        "lml_sklearn": float(theirs.log_marginal_likelihood_value_),
    }


def compare_predictions(X, y, n, noise_var):
    """Both at the parameters that ours found: differences of likelihood, mean and deviation."""
    ours = GaussianProcess(noise_var, n_restarts=0).fit(X[:n], y[:n])
    kernel = ConstantKernel(ours.signal_var_) * RBF(ours.length_scale_)
    theirs = GaussianProcessRegressor(kernel, alpha=ours.noise_var_used_, optimizer=None)
    theirs.fit(X[:n], y[:n])
    X_new = X[n : n + N_NEW]
    (mu, sigma), (mu_sk, sigma_sk) = (m.predict(X_new, return_std=True) for m in (ours, theirs))
    K = theirs.kernel_(X[:n])
    K[np.diag_indices(n)] += ours.noise_var_used_
    lml_sk = theirs.log_marginal_likelihood_value_
    return {
        "n_train": n,
        "noise_var": noise_var,
        "noise_var_used": ours.noise_var_used_,
        "condition_number": float(np.linalg.cond(K)),
        "lml_relative": float(abs(ours.log_marginal_likelihood_ / lml_sk - 1)),
        "mu_max_ev": float(np.abs(mu - mu_sk).max()),
        "sigma_max_ev": float(np.abs(sigma - sigma_sk).max()),
    }


def main():
    parser = argparse.ArgumentParser(description=main.__doc__ or __doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=[500, 1000, 2000])
    sizes = parser.parse_args().sizes
    warnings.simplefilter("ignore", ConvergenceWarning)

    dataset = load("organics")
    order = np.random.default_rng(0).permutation(len(dataset))[: max(sizes) + N_NEW]
    X = mbtr(dataset)[order].astype(np.float64)
    X -= X.mean(axis=0)
    y = dataset.y[order]

    threads = max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
    result = {"provenance": provenance() | {"blas_threads": threads}, "fits": []}
    result["predictions"] = [
        compare_predictions(X, y, 1000, noise_var) for noise_var in (1e-10, 1e-6, 1e-3, 0.05)
    ]
    for n in sizes:
        row = compare_fit(X, y, n, 0.05)
        result["fits"].append(row)
        print(
            f"n = {n}: {row['ours_s']:.2f} s, scikit-learn {row['sklearn_s']:.1f} s, "
            f"{row['ratio']:.0f} times; LML {row['lml_ours'] - row['lml_sklearn']:+.1e} nat",
            flush=True,
        )
    for row in result["predictions"]:
        print(
            f"noise {row['noise_var']:g} eV^2: largest difference in mu {row['mu_max_ev']:.1e} eV, "
            f"sigma {row['sigma_max_ev']:.1e} eV, LML {row['lml_relative']:.1e} relative; "
            f"condition number {row['condition_number']:.1e}"
        )
    write_json(records_dir() / "bench.json", result)
    print(f"written for {platform.machine()}: book/records/bench.json")


if __name__ == "__main__":
    main()
