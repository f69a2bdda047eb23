"""What `make bench` measured, as tables and figures of the performance page."""

import json

import numpy as np

from alutils.report.style import new_figure, styled
from alutils.storage.locations import records_dir

MIN = 60.0  # seconds
OURS, LIKELIHOOD = "#6A3D9A", "#8C510A"  # no strategy's colours
AXES = {
    "n_train": "training molecules (count)",
    "m": "molecules predicted (count)",
    "s": "time (s)",
    "peak_memory_gib": "peak memory (GiB)",
    "working_memory_gib": "working memory (GiB)",
}


def read_measured(name):
    """What bench/ or soak/ measured and wrote to book/records/NAME.json, None if it did not yet."""
    path = records_dir() / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def goals(bench):
    """Rows of (work, goal, measured, absolute figure, reached), of the sections that there are."""
    return [row for key, rows in GOALS.items() if key in bench for row in rows(bench[key])]


def _fits(fits):
    of = {row["n_train"]: row for row in fits}
    for n, goal in ((1000, 40), (2000, 100)):
        row = of[n]
        seconds = f"{row['ours_s']:.2f} s, scikit-learn {row['sklearn_s']:.1f} s"
        work, ratio = f"fit with two restarts, n = {thousands(n)}", row["ratio"]
        yield (
            work,
            f"{goal} times scikit-learn's speed",
            f"{ratio:.1f} times",
            seconds,
            ratio >= goal,
        )
    lost = max(row["lml_sklearn"] - row["lml_ours"] for row in fits)
    loss = f"largest loss {lost:+.1e} nat"
    yield "its likelihood", "lost: at most 0.001 nat", loss, "-", lost <= 1e-3


def _likelihood(rows):
    row = next(r for r in rows if r["n_train"] == 8000)
    work = "one likelihood with gradient, n = 8 000"
    yield work, "45 % of the rate of a product", *share_of(row), row["share"] >= 0.45


def _predictions(predictions):
    row, error = predictions["rows"][-1], predictions["sigma_max_ev"]
    work = f"mu and sigma of {thousands(row['m'])} molecules, n = {thousands(row['n_train'])}"
    yield work, "45 % of the rate of a product", *share_of(row), row["share"] >= 0.45
    memory = row["working_memory_gib"]
    yield "its working memory", "1 GiB above the factor", f"{memory:.2f} GiB", "-", memory <= 1
    yield "its sigma", "exact to 1e-4 eV", f"{error:.1e} eV", "-", error <= 1e-4


def _fit_sizes(rows):
    memory, work = rows[-1]["peak_memory_gib"], f"n = {thousands(rows[-1]['n_train'])}"
    seconds = f"{rows[-1]['s']:.0f} s"
    yield f"memory of a fit, {work}", "7 GiB", f"{memory:.1f} GiB", seconds, memory <= 7


def _whole_run(run):
    work, minutes, memory = "D on QM9, 1 000 to 16 000", run["s"] / MIN, run["peak_memory_gib"]
    yield (
        f"{work}, whole process",
        "20 min",
        f"{minutes:.1f} min",
        f"{run['s']:.0f} s",
        minutes <= 20,
    )
    yield "its memory", "12 GiB", f"{memory:.1f} GiB", "-", memory <= 12


def _clusters(row):
    work = f"cluster step, {thousands(row['n'])} molecules, {thousands(row['k'])} clusters"
    against = f"scikit-learn on all columns {row['sklearn_s']:.0f} s"
    yield work, "2 min", f"{row['ours_s']:.0f} s", against, row["ours_s"] <= 2 * MIN
    excess, goal = row["inertia_ratio"] - 1, "within 2 % of scikit-learn's"
    yield "its inertia, all columns", goal, f"{excess:+.1%}", "-", excess <= 0.02


def _molecules_to_points(points):
    made, cached = points["made"], points["cached"]["mbtr_s"]
    memory = f"{made['peak_memory_gib']:.1f} GiB with the axes"
    work, seconds = f"MBTR of all QM9, {thousands(made['shape'][0])}", made["mbtr_s"]
    yield work, "90 s", f"{seconds:.0f} s", memory, seconds <= 90
    yield "again, from the cache", "5 s", f"{cached:.2f} s", "mapped", cached <= 5


GOALS = {
    "fits": _fits,
    "likelihood": _likelihood,
    "predictions": _predictions,
    "fit_sizes": _fit_sizes,
    "whole_run": _whole_run,
    "clusters": _clusters,
    "molecules_to_points": _molecules_to_points,
}
MISSING = "Not measured yet: `make bench`.\n"


def share_of(row):
    """A rate as a share of a matrix product's, and the time."""
    return f"{row['share']:.0%}", f"{row['s']:.1f} s; product {row['gemm_gflops']:.0f} GFLOP/s"


def tables(bench, table):
    """The performance page's measurements in MyST; `table` makes one of rows of cells."""
    machine = bench["provenance"]
    reached = [["work", "goal", "measured", "absolute", "reached"]]
    reached += [[*row[:4], "yes" if row[4] else "**no**"] for row in goals(bench)]
    fits = [
        ["n", "columns", "ours (s)", "scikit-learn (s)", "ratio", "LML, ours minus theirs (nat)"]
    ]
    fits += [
        [
            thousands(row["n_train"]),
            thousands(row["n_columns"]),
            f"{row['ours_s']:.2f}",
            f"{row['sklearn_s']:.1f}",
            f"{row['ratio']:.0f}",
            f"{row['lml_ours'] - row['lml_sklearn']:+.1e}",
        ]
        for row in bench["fits"]
    ]
    apart = [["noise (eV²)", "condition number", "in mu (eV)", "in sigma (eV)", "LML, relative"]]
    names = ("noise_var_used", "condition_number", "mu_max_ev", "sigma_max_ev", "lml_relative")
    apart += [[f"{row[name]:.1e}" for name in names] for row in bench["differences"]]
    sparse = [["like", "matrix", "density", "sparse (GiB)", "axes", "time (s)", "memory (GiB)"]]
    sparse += [
        [
            {"aminoacids": "AA", "optoelectronics": "OE"}[row["name"]],
            f"{thousands(row['shape'][0])} × {thousands(row['shape'][1])}",
            f"{row['density']:.1%}",
            f"{row['sparse_gib']:.2f}",
            thousands(row["n_axes"]),
            f"{row['s']:.0f}",
            f"{row['peak_memory_gib']:.1f}",
        ]
        for row in bench.get("sparse_pools", [])
    ]
    subset = [["likelihood of", "evaluations", "σ_f² (eV²)", "l", "LML of all (nat)", "MAE (eV)"]]
    subset += [
        [
            thousands(row["likelihood_subset"] or row["n_train"]),
            row["n_evaluations"],
            f"{row['signal_var']:.1f}",
            f"{row['length_scale']:.0f}",
            f"{row['lml']:.1f}",
            f"{row['mae_ev']:.4f}",
        ]
        for row in bench.get("likelihood_subset", [])
    ]
    return {
        "bench_goals": (
            f"{machine['processor']}, {machine['cores']} cores, {machine['machine']}, BLAS "
            f"{machine['blas']} with {machine['blas_threads']} threads, Python "
            f"{machine['python']}, NumPy {machine['numpy']}, SciPy {machine['scipy']}, "
            f"scikit-learn {machine['scikit-learn']}.\n\n" + table(reached)
        ),
        "bench_fits": table(fits),
        "bench_differences": table(apart),
        "bench_sparse": table(sparse) if sparse[1:] else MISSING,
        "bench_authors": table(authors_table(bench)),
        "bench_subset": table(subset) if subset[1:] else MISSING,
    }


# From the logs in the authors' repository, 40 CPU cores.
AUTHORS = (
    ("QM9, 3 000 columns: fit on 1 000 molecules", 138, "qm9", "ours_s"),
    ("QM9: predict 10 000 molecules from 1 000", 24, "qm9", "predict_10000_s"),
    ("OE, 27 200 columns: fit on 1 000 molecules", 1432, "oe", "fit_1000_s"),
    ("OE: predict 10 000 molecules from 1 000", 269, "oe", "predict_10000_s"),
    ("OE: mu and sigma of 42 710 molecules from 8 000", 13_020, "oe", "std_42710_s"),
)


def authors_table(bench):
    """The authors' logged times beside ours on work of the same kind."""
    ours = {
        "qm9": next(row for row in bench["fits"] if row["n_train"] == 1000),
        "oe": next(
            (r for r in bench.get("sparse_pools", []) if r["name"] == "optoelectronics"), {}
        ),
    }
    rows = [["work", "authors, 40 cores (s)", "here (s)"]]
    for work, seconds, pool, key in AUTHORS:
        here = f"{ours[pool][key]:.1f}" if key in ours[pool] else "not measured yet"
        rows.append([work, thousands(seconds), here])
    return rows


@styled
def time_figure(bench):
    """Time of a likelihood, a fit and a prediction, with fitted exponents and ideal slopes."""
    fig, (upper, lower) = new_figure(2)
    likelihoods, fits = bench.get("likelihood", []), bench.get("fit_sizes", [])
    power_line(upper, likelihoods, "n_train", "s", 3, "one likelihood", LIKELIHOOD, "x")
    power_line(upper, fits, "n_train", "s", 3, "fit, two restarts")
    power_line(lower, bench["predictions"]["rows"], "m", "s", 1, "mu and sigma, n = 8 000")
    return fig


@styled
def memory_figure(bench):
    """Memory of a fit against n, and of a prediction above the model against the pool's size."""
    fig, (upper, lower) = new_figure(2)
    fits, predictions = bench.get("fit_sizes", []), bench["predictions"]["rows"]
    power_line(upper, fits, "n_train", "peak_memory_gib", 2, "fit, process")
    power_line(lower, predictions, "m", "working_memory_gib", 0, "mu and sigma")
    lower.set_ylim(0.01, 1)
    return fig


def power_line(ax, rows, x, y, ideal, label, colour=OURS, form="+"):
    """Points, the exponent fitted to the last three, and the ideal slope through the last."""
    ax.set_xlabel(AXES[x])
    ax.set_ylabel(AXES[y])
    if not rows:
        ax.annotate("not measured yet", (0.5, 0.5), xycoords="axes fraction", ha="center")
        return
    xs, ys = (np.array([row[key] for row in rows], dtype=float) for key in (x, y))
    exponent = np.polyfit(np.log(xs[-3:]), np.log(ys[-3:]), 1)[0]
    look = {"color": colour, "marker": form, "ms": 8, "mew": 2}
    ax.loglog(xs, ys, label=f"{label}: exponent {exponent:.1f}", **look)
    guide = ys[-1] * (xs / xs[-1]) ** ideal
    named = f"slope {ideal}" in ax.get_legend_handles_labels()[1]
    ax.loglog(xs, guide, ":", color="0.4", lw=1.2, label=None if named else f"slope {ideal}")
    ax.set_xticks(xs, [thousands(int(value)) for value in xs], minor=False)
    ax.minorticks_off()
    ax.legend(loc="best")


def thousands(count):
    """44004 as 44 004, with a space that does not break."""
    return f"{count:,}".replace(",", "\u00a0")
