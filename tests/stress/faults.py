"""Plant one fault at a time in a copy of the package: does a test notice?

python tests/stress/faults.py [--only WORDS] [--jobs 2]

Prints a line for each fault with the test that caught it, and ends with 1 if one passes. The tests
that are named must pass before. A fault whose old text is not in its file exactly once, or whose
test is gone, is refused: the code has moved on, and so must this list.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
COPIED = ("alutils", "tests", "pyproject.toml")
LONGEST_S = 240  # of one fault


class Fault(NamedTuple):
    """In `path`, a file of alutils, `old` becomes `new`; one of `tests` must then fail."""

    name: str
    path: str
    old: str
    new: str
    tests: tuple


PANELS = ("test_report_panels.py",)


def gp(*names):
    """Some tests of the model: all of them take minutes."""
    return tuple(f"test_model_gp.py::{name}" for name in names)


def loop(*names):
    return tuple(f"test_loop.py::{name}" for name in names)


FIGURES, LAW, POOL, STYLE, TABLES = (
    f"report/{name}.py" for name in ("figures", "law_figures", "pool_figures", "style", "tables")
)
CURVES = "report/curves.py"
GP, LOOP, METRICS = "model/gp.py", "loop.py", "metrics.py"
KERNEL, LIKELIHOOD, OPTIMISE = "model/kernel.py", "model/likelihood.py", "model/optimise.py"
STRATEGIES, TARGET = "acquisition/strategies.py", "acquisition/target.py"
LML = gp("test_lml_equals_multivariate_normal")
BY_HAND = gp("test_mean_and_variance_equal_direct_solve", "test_predictions_equal_scikit_learn")
PICKS = ("test_acquisition_strategies.py",)
ROWS = loop("test_a_row_holds_what_its_model_gives_for_each_set")

PLOTTED = [
    ("wrong column", FIGURES, 'curve(runs, "mae_in_range_ev")', 'curve(runs, "mae_ev")'),
    ("fpr for tpr", FIGURES, 'curve(runs, f"tpr{suffix}")', 'curve(runs, f"fpr{suffix}")'),
    ("panels swapped", FIGURES, '("", "_heldout")', '("_heldout", "")'),
    (
        "legend swapped",
        FIGURES,
        'label="TPR", **look)\n        band(ax, curve(runs, f"fpr{suffix}"), label="FPR"',
        'label="FPR", **look)\n        band(ax, curve(runs, f"fpr{suffix}"), label="TPR"',
    ),
    ("savings halved", FIGURES, "[100 * s for s in one]", "[50 * s for s in one]"),
    ("percent missing", FIGURES, "table, scale=100", "table, scale=1"),
    ("paper's noise misplaced", FIGURES, "axvline(paper", "axvline(10 * paper"),
    ("likelihood not per molecule", FIGURES, '["lml"]) / records["n_train"]', '["lml"])'),
    ("mean and end swapped", FIGURES, "(along, -0.14", "(end, -0.14"),
    ("bound of a single seed", FIGURES, '["bound"].mean()', '["bound"].max() / 2'),
    ("band twice as wide", STYLE, '+ shown["std"]', '+ 2 * shown["std"]'),
    ("unit of the error", STYLE, '"MAE (eV)"', '"MAE (meV)"'),
    ("unit of the noise", STYLE, '"eV$^2$"', '"eV"'),
    (
        "deviation for interval",
        STYLE,
        "np.abs(intervals[:, 1:] - intervals[:, :1]).T",
        "np.array([[np.std(one, ddof=1)] * 2 for one in values]).T",
    ),
    ("difference not in percent", STYLE, "(unit or theirs.mean() / 100)", "(unit or 1)"),
    ("sign of the difference", STYLE, "(ours - theirs) /", "(theirs - ours) /"),
    ("margin misplaced", STYLE, "ax.axhspan(-100 * margin", "ax.axhspan(-margin"),
    ("seeds not averaged", CURVES, '"mean": grouped.mean()', '"mean": grouped.first()'),
    ("deviation of a population", CURVES, "grouped.std()", "grouped.std(ddof=0)"),
    ("gain against itself", LAW, 'name, frame["predicted_area_gain"]', 'name, frame["area_gain"]'),
    ("share not in percent", LAW, '100 * frame["share"]', 'frame["share"]'),
    ("interval ends at the mean", LAW, "100 * row.low, 100 * row.high", "100 * row.low, 0"),
    ("limit misplaced", LAW, "share * n_pool", "2 * share * n_pool"),
    ("threshold misplaced", POOL, "ax.axvline(threshold", "ax.axvline(threshold + 0.1"),
    ("target for test", POOL, "ax.plot(grid, of_test", "ax.plot(grid, of_target"),
    ("density of another bin", POOL, "summary.n * bin_width", "summary.n * BIN"),
    ("batch counted twice", POOL, "(n_train - before, ", "(n_train, "),
]
COMPUTED = [
    ("sign in the gradient", LIKELIHOOD, "- n + noise_var *", "- n - noise_var *",
     gp("test_gradient_equals_finite_differences")),
    ("log of a wrong base", LIKELIHOOD, "LOG_2PI = np.log(", "LOG_2PI = np.log10(", LML),
    ("noise squared", KERNEL, "+= noise_var\n", "+= noise_var**2\n", LML),
    ("curvature doubled", OPTIMISE, "/ (2 * HESSIAN_STEP)", "/ HESSIAN_STEP",
     ("test_model_optimise.py::test_curvature_is_that_of_the_likelihood",)),
    ("optimum not rounded", OPTIMISE, "np.exp(np.round(best.x, DECIMALS))", "np.exp(best.x)",
     ("test_model_optimise.py::test_the_optimum_is_rounded_and_its_bounds_are_named",)),
    ("streamed axes without their sign", "descriptors/axes.py", "axes * signs", "axes",
     ("test_streaming_scoring.py::test_axes_are_those_of_features",)),
    ("farthest member of a cluster", "acquisition/diversity.py", "np.lexsort((distances,",
     "np.lexsort((-distances,", ("test_acquisition_k_means.py",)),
    ("variance for sigma", GP, "np.sqrt(np.maximum(variance, 0.0))", "np.maximum(variance, 0.0)",
     BY_HAND),
    ("variance in normalize_y", GP, "(y.std() or 1.0)", "(y.var() or 1.0)",
     gp("test_predictions_equal_scikit_learn")),
    ("mean not added again", GP, "self.y_mean_ + self.y_std_ * mu", "self.y_std_ * mu", BY_HAND),
    ("batch off by one", "acquisition/batching.py", "2 ** len(sizes)", "2 ** (len(sizes) + 1)",
     ("test_acquisition_batching.py",)),
    ("test molecules in the pool", LOOP, "np.sort(order[bounds[1] :])",
     "np.sort(np.r_[order[:1], order[bounds[1] :]])",
     loop("test_sets_stay_disjoint_and_complete")),
    ("fit that sees the test set", LOOP, ".fit(X[train_idx], y[train_idx])",
     ".fit(*(a[np.r_[train_idx, test_idx]] for a in (X, y)))", ROWS),
    ("seed unused in the picks", LOOP, "[config.seed, PICK, iteration]", "[PICK, iteration]",
     loop("test_every_draw_has_its_own_seed")),
    ("seed unused in the fit", LOOP, "[config.seed, FIT, iteration]", "[FIT, iteration]",
     loop("test_every_draw_has_its_own_seed")),
    ("one draw for all iterations", LOOP, "[config.seed, PICK, iteration]", "[config.seed, PICK]",
     loop("test_every_draw_has_its_own_seed")),
    ("unit of noise_var_used", LOOP, "noise_var_used_ * model.y_std_**2", "noise_var_used_",
     loop("test_noise_is_recorded_in_ev2")),
    ("found share of the test set too", LOOP, "int(inside[heldout_idx].sum())",
     "int(inside.sum()) - n_found",
     loop("test_found_share_counts_labels_not_predictions")),
    ("in-range error of all", LOOP, "metrics.mae(y[inside], mu[inside])", "metrics.mae(y, mu)",
     ROWS),
    ("rates of the held-out set swapped", LOOP, '"tpr_heldout": tpr', '"tpr_heldout": fpr', ROWS),
    ("wrong quantile", TARGET, "round(1 - share, 12), 1.0", "round(share, 12), 1.0",
     ("test_acquisition_target.py",)),
    ("FPR = FN / N, as printed", METRICS, "(~in_range & predicted)", "(in_range & ~predicted)",
     ("test_metrics.py",)),
    ("bound without the share", METRICS, "(1 - target_share) * (1 - n_init", "1 * (1 - n_init",
     ("test_metrics.py",)),
    ("savings from the end", METRICS, "np.interp(target, found_e, n_e)", "n_e[-1]",
     ("test_metrics.py",)),
    ("error without its sign", METRICS, "np.mean(np.abs(y - mu))", "np.abs(np.mean(y - mu))",
     ("test_metrics.py",)),
    ("lowest for highest sigma", STRATEGIES, "argsort(-np.round(view.sigma",
     "argsort(np.round(view.sigma", PICKS),
    ("search outside the range", STRATEGIES, "outside[in_range(view)] = False",
     "outside = ~outside; outside[in_range(view)] = True", PICKS),
    ("collisions not made up for", STRATEGIES, "if len(picks) < n_clusters:", "if False:", PICKS),
    ("a quarter for the half", STRATEGIES, "(len(view.X) + 1) // 2", "(len(view.X) + 1) // 4",
     loop("test_candidates_are_counted")),
    ("window open above", "acquisition/target.py", "y <= self.high", "y < self.high",
     ("test_acquisition_target.py::test_a_range_is_half_open_and_elementwise",)),
    ("one-sided interval", "analysis/statistics.py", "(1 + confidence) / 2", "confidence",
     ("test_analysis_statistics.py",)),
    ("noise in a wrong base", TABLES, "log_noise, lml = np.log10(", "log_noise, lml = np.log(",
     ("test_report_figures.py::test_the_likelihood_has_its_own_best_noise",)),
]  # fmt: skip
FAULTS = [Fault(*fault, PANELS) for fault in PLOTTED] + [Fault(*fault) for fault in COMPUTED]


def copy_to(folder):
    """A copy of what the tests need."""
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, folder / name, ignore=ignore)
        else:
            shutil.copy(path, folder / name)


def run(folder, tests):
    """(exit status, output) of these tests in a copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider"]
    command += [f"tests/{test}" for test in tests]
    env = os.environ | {"PYTHONPATH": str(folder), "ALUTILS_CACHE": str(folder / "cache")}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    try:
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, timeout=LONGEST_S
        )
    except subprocess.TimeoutExpired:
        return None, f"ran past {LONGEST_S} s"
    return done.returncode, done.stdout + done.stderr


def plant(fault):
    """The line on this fault, and whether a test caught it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_to(folder)
        path = folder / "alutils" / fault.path
        path.write_text(path.read_text("utf8").replace(fault.old, fault.new), "utf8")
        status, output = run(folder, fault.tests)
    found = re.search(r"^FAILED tests/(.+?)(?: - .*)?$", output, re.MULTILINE)
    caught = status == 1 and found  # 2 and above: pytest itself did not get so far
    last = (output.strip().splitlines() or [""])[-1]
    stated = found[1] if caught else "NOT CAUGHT" + ("" if status == 0 else f": {last}")
    return f"{fault.path:25} {fault.name:35} {stated}", bool(caught)


def refused(fault):
    """Why a fault cannot be planted, or nothing."""
    path = ROOT / "alutils" / fault.path
    times = path.read_text("utf8").count(fault.old) if path.is_file() else 0
    if times != 1:
        return f"{fault.path}: {fault.name}: old text is there {times} times, not once: {fault.old}"
    for test in fault.tests:
        name, _, function = test.partition("::")
        path = ROOT / "tests" / name
        if not path.is_file() or f"def {function}" not in path.read_text("utf8"):
            return f"{fault.path}: {fault.name}: there is no test {test}"
    return ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="faults whose name or file contains this")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    faults = [fault for fault in FAULTS if options.only in f"{fault.path} {fault.name}"]
    if reasons := [reason for reason in map(refused, faults) if reason]:
        print(*reasons, sep="\n")
        return 1
    with tempfile.TemporaryDirectory() as name:
        copy_to(Path(name))
        tests = sorted({test for fault in faults for test in fault.tests})
        status, output = run(Path(name), tests)
    if status != 0:
        print(f"without a fault these tests must pass:\n{output}")
        return 1
    caught = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for line, ok in pool.map(plant, faults):
            print(line, flush=True)
            caught.append(ok)
    print(f"{sum(caught)} of {len(faults)} faults caught")
    return 0 if faults and all(caught) else 1


if __name__ == "__main__":
    sys.exit(main())
