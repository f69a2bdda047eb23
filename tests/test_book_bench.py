"""The performance page: what counts as reached, and figures that can be read."""

import copy

import numpy as np
import pytest

from book.builder.fragments.bench import goals, memory_figure, tables, time_figure
from book.builder.fragments.markdown import table


def measured():
    """A bench.json in which every goal is reached, exponents 3, 2, 1 and 0."""
    sizes = (1000, 2000, 4000, 8000, 16_000)
    fit = {
        "likelihood_subset": 8000,
        "n_evaluations": 5,
        "signal_var": 60.0,
        "length_scale": 770.0,
        "lml": -300.0,
        "mae_ev": 0.145,
    }
    fits = [
        {
            "n_train": n,
            "n_columns": 3000,
            "ours_s": 1.0,
            "sklearn_s": 120.0,
            "ratio": 120.0,
            "predict_10000_s": 0.3,
            "lml_ours": -300.0,
            "lml_sklearn": -300.0001,
        }
        for n in sizes[:2]
    ]
    sparse = {
        "name": "aminoacids",
        "shape": [44_004, 13_200],
        "density": 0.11,
        "sparse_gib": 0.5,
        "n_axes": 1100,
        "s": 30.0,
        "peak_memory_gib": 3.0,
        "fit_1000_s": 1.0,
        "predict_10000_s": 0.5,
    }
    pools = (10_000, 30_000, 100_000)
    rate = {"gemm_gflops": 100.0, "share": 0.6}
    machine = ("processor", "cores", "machine", "blas", "blas_threads", "python", "numpy", "scipy")
    return {
        "provenance": dict.fromkeys([*machine, "scikit-learn"], "x"),
        "fits": fits,
        "differences": [
            dict.fromkeys(
                "noise_var_used condition_number mu_max_ev sigma_max_ev lml_relative".split(), 1e-9
            )
        ],
        "likelihood": [{"n_train": n, "s": 1e-11 * n**3, **rate} for n in sizes],
        "fit_sizes": [
            {"n_train": n, "s": 5e-11 * n**3, "peak_memory_gib": 2e-8 * n**2, **fit} for n in sizes
        ],
        "predictions": {
            "rows": [
                {"n_train": 8000, "m": m, "s": 1e-3 * m, "working_memory_gib": 0.06, **rate}
                for m in pools
            ],
            "sigma_max_ev": 1e-9,
        },
        "clusters": {
            "n": 60_000,
            "k": 8000,
            "ours_s": 60.0,
            "sklearn_s": 300.0,
            "inertia_ratio": 0.998,
        },
        "molecules_to_points": {
            "made": {"mbtr_s": 70.0, "shape": [133_885, 3000, 560], "peak_memory_gib": 4.0},
            "cached": {"mbtr_s": 0.1},
        },
        "sparse_pools": [
            sparse,
            sparse | {"name": "optoelectronics", "shape": [64_710, 27_200], "std_42710_s": 60.0},
        ],
        "whole_run": {"s": 300.0, "peak_memory_gib": 4.4, "rows": []},
        "likelihood_subset": [
            {"n_train": 8000, **fit, "likelihood_subset": 4000},
            {"n_train": 8000, **fit, "likelihood_subset": None},
        ],
    }


def test_every_goal_is_listed_and_reached():
    rows = goals(measured())
    assert len(rows) == 14 and all(reached for *_, reached in rows)


@pytest.mark.parametrize(
    ("path", "value", "work"),
    [
        (("fits", 0, "ratio"), 39.0, "fit with two restarts, n = 1"),
        (("fits", 1, "lml_ours"), -300.01, "its likelihood"),
        (("likelihood", 3, "share"), 0.44, "one likelihood"),
        (("predictions", "rows", 2, "share"), 0.44, "mu and sigma"),
        (("predictions", "rows", 2, "working_memory_gib"), 1.1, "its working memory"),
        (("predictions", "sigma_max_ev"), 2e-4, "its sigma"),
        (("fit_sizes", 4, "peak_memory_gib"), 7.1, "memory of a fit"),
        (("whole_run", "s"), 1201.0, "D on QM9"),
        (("whole_run", "peak_memory_gib"), 12.1, "its memory"),
        (("clusters", "ours_s"), 121.0, "cluster step"),
        (("clusters", "inertia_ratio"), 1.021, "its inertia"),
        (("molecules_to_points", "made", "mbtr_s"), 91.0, "MBTR of all"),
        (("molecules_to_points", "cached", "mbtr_s"), 5.1, "again, from"),
    ],
)
def test_what_is_missed_is_said(path, value, work):
    bench = copy.deepcopy(measured())
    place = bench
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    missed = [row[0] for row in goals(bench) if not row[4]]
    assert len(missed) == 1 and missed[0].startswith(work)
    assert tables(bench, table)["bench_goals"].count("**no**") == 1


def test_figures_state_exponents_beside_ideal_slopes():
    time, memory = time_figure(measured()), memory_figure(measured())
    for figure, exponents in ((time, ("3.0", "1.0")), (memory, ("2.0", "0.0"))):
        for ax, exponent in zip(figure.axes, exponents, strict=True):
            labels = [text.get_text() for text in ax.get_legend().get_texts()]
            assert any(f"exponent {exponent}" in label.replace("-0.0", "0.0") for label in labels)
            assert any(label.startswith("slope") for label in labels)
            assert "(" in ax.get_xlabel() and "(" in ax.get_ylabel()
            assert ax.get_xscale() == ax.get_yscale() == "log"
            assert all(np.isfinite(line.get_ydata()).all() for line in ax.lines)
