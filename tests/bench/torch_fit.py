"""Fit and prediction of 16 000 and 32 000 molecules on a GPU, by `torch_gp`.

Writes book/records/torch.json. Where PyTorch finds no CUDA it says so and exits with status 2::

    .venv-torch/bin/python tests/bench/torch_fit.py

`make test-torch` makes the environment. Needs QM9 (`ALUTILS_DATA`, or a download).
"""

from __future__ import annotations

import sys
import time

import numpy as np
import torch
import torch_gp

from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.metrics import mae
from alutils.model import gp
from alutils.runs.provenance import provenance
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

DATASET, NOISE = "qm9_b3lyp", 0.05  # eV^2
SIZES, N_NEW = (16_000, 32_000), 30_000


def timed(function, *arguments):
    """Result and wall time in seconds, the device's work included."""
    started = time.perf_counter()
    result = function(*arguments)
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return result, time.perf_counter() - started


def measure(device, X, y, X_new, y_new):
    """Times of one size, and how far float32 is from float64 in sigma."""
    model, fit_s = timed(torch_gp.GaussianProcess(NOISE, random_state=0, device=device).fit, X, y)
    (mu, sigma), predict_s = timed(model.predict, X_new, True)
    model.sigma_dtype = "float32"
    (_, sigma_32), predict_32_s = timed(model.predict, X_new, True)
    return {
        "n_train": len(X),
        "n_new": len(X_new),
        "fit_s": fit_s,
        "predict_s": predict_s,
        "predict_float32_s": predict_32_s,
        "sigma_float32_max_ev": float(np.abs(sigma_32 - sigma).max()),
        "mae_ev": mae(y_new, mu),
        "lml": model.log_marginal_likelihood_,
    }


def agreement(device, X, y, X_new):
    """Largest relative differences from `alutils.model.gp`, which runs on the processor."""
    options = {"noise_var": NOISE, "random_state": 0}
    ours = torch_gp.GaussianProcess(device=device, **options).fit(X, y)
    theirs = gp.GaussianProcess(**options).fit(X, y)
    pairs = zip(ours.predict(X_new, True), theirs.predict(X_new, True), strict=True)
    mu, sigma = (float(np.abs(mine / reference - 1).max()) for mine, reference in pairs)
    lml = float(abs(ours.log_marginal_likelihood_ / theirs.log_marginal_likelihood_ - 1))
    return {"n_train": len(X), "mu": mu, "sigma": sigma, "lml": lml}


def main():
    if not torch.cuda.is_available():
        print(f"PyTorch {torch.__version__} finds no CUDA: nothing measured", file=sys.stderr)
        return 2
    dataset = load(DATASET)
    order = np.random.default_rng(0).permutation(len(dataset))[: max(SIZES) + N_NEW]
    X, y = features(dataset)[order], dataset.y[order]
    X_new, y_new = X[max(SIZES) :], y[max(SIZES) :]
    measure("cuda", X[:1000], y[:1000], X_new, y_new)  # the first use of a GPU sets it up
    result = {
        "provenance": provenance()
        | {"torch": torch.__version__, "gpu": torch.cuda.get_device_name()},
        "agreement": agreement("cuda", X[:2000], y[:2000], X_new[:2000]),
        "rows": [],
    }
    for n in SIZES:
        torch.cuda.reset_peak_memory_stats()
        row = measure("cuda", X[:n], y[:n], X_new, y_new)
        result["rows"].append(row | {"gpu_gib": torch.cuda.max_memory_allocated() / 2**30})
        print(result["rows"][-1], flush=True)
    write_json(records_dir() / "torch.json", result)
    print("written: book/records/torch.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
