"""Every panel of every figure against the records: what is plotted, computed a second time.

The made-up records hold no two equal columns, so that a wrong column, unit, spread or panel shows.
`EXPECTED` has a line for each thing that a panel draws, and a test that it has no more.
"""

from functools import cache, partial

import ase
import numpy as np
import pandas as pd
import pytest
from made_up import A, B, C, D, E, runs, scattered, schemes

from alutils.analysis import label_distributions
from alutils.data.datasets import MoleculeDataset
from alutils.report import figures, law_figures, pool_figures, tables
from alutils.report.figure_data import drawn_data
from alutils.report.style import STRATEGY_COLOURS, STRATEGY_LABELS

RUNS = scattered(runs())
SEARCH = RUNS[RUNS["strategy"].isin([A, E])]
SCHEMES = scattered(schemes())
NOISES = (1e-4, 0.01, 0.05, 0.2)
GRID = scattered(pd.concat([runs((A, D), noise_var=noise) for noise in NOISES], ignore_index=True))
SHARE = 0.3

LAW = pd.DataFrame(
    [
        ("organics", E, 0.7, 1.0, 0.5, 0.6, 0.11),
        ("aminoacids", E, 0.4, 0.5, 0.1, 0.05, 0.02),
        ("organics", "most_probable", 0.0, 0.15, 0.8, 0.9, 0.07),
    ],
    columns=[
        *("dataset", "strategy", "target_low", "target_high"),
        *("predicted_area_gain", "area_gain", "spread"),
    ],
).assign(share=lambda frame: frame["target_high"] - frame["target_low"])
OVERLAP = LAW.assign(overlap=[0.1, 0.5, 0.3], saving_gain=[0.9, 0.4, 0.6])
ERRORS = {E: (-0.2, 0.1), "most_probable": (-0.15, 0.05)}
FIELD = [
    pd.DataFrame(
        {"mean": mean, "low": [0.2, -0.2], "high": [0.45, 0.1], "beats_random": [1, 0]},
        index=[E, f"{D}, learned noise"],
    )
    for mean in ([0.3, -0.05], [0.4, 0.02])
]
SHIFTED = pd.DataFrame(
    [
        (pool, name, seed, share, sign * (0.01 * share**0.5 + 0.013 * seed**2))
        for pool, sign in (("organics", 1), ("aminoacids", -2))
        for name, sign in (("k_centre", sign), (D, 3 * sign))
        for seed in range(3)
        for share in (100, 10)
    ],
    columns=["dataset", "strategy", "seed", "remote_share", "difference"],
)
FORETOLD = pd.DataFrame(
    {
        "dataset": "organics",
        "strategy": [E, E, "most_probable"],
        "predicted_saved": [0.3, 0.5, 0.21],
        "saved": [0.35, 0.1, 0.28],
        "low": [0.2, 0.4, 0.11],
        "high": [0.4, 0.6, 0.33],
        "inside": [True, False, True],
    }
)
LIVE = pd.DataFrame({"n_labels": [50, 100, 200], "n_found": [11, 43, 55]})

PEROXIDE = ase.Atoms("OOHH", [[0, 0, 0], [1.45, 0, 0], [-0.3, 0.92, 0], [1.75, -0.35, 0.85]])
ROW = np.random.default_rng(2).random(600)
SETS = pd.DataFrame({"iteration": [0, 1, 2], "n_train": [10, 20, 45]})
X = np.random.default_rng(3).normal(size=(40, 3))
PICKS = {A: np.array([3, 1, 7]), E: np.array([5, 8])}
CANDIDATES = {E: np.array([5, 6, 8, 9])}
COORDINATES = {
    "axis 1": np.random.default_rng(4).normal(size=500),
    "HOMO (eV)": np.random.default_rng(5).normal(-6, 0.4, size=500),
}
TEST, TARGET = np.arange(500) < 90, COORDINATES["HOMO (eV)"] > -5.8
DRAW = np.random.default_rng(6).normal
LABELS = [
    np.r_[DRAW(-8.5, 0.2, 700), DRAW(-5, 0.1, 300)],
    np.r_[DRAW(-6.6, 0.2, 300), DRAW(-5, 0.3, 500)],
]
THRESHOLDS = (-6.0, -5.2)
SUMMARIES = [
    label_distributions.label_summary(MoleculeDataset(name, y))
    for name, y in zip(("one", "other"), LABELS, strict=True)
]

FIGURES = {
    "learning_curves": lambda: figures.learning_curves(RUNS, margin=0.04),
    "batch_schemes": lambda: figures.batch_schemes(
        SCHEMES, tables.scheme_differences(SCHEMES, D), D, margin=0.04
    ),
    "noise_grid": lambda: figures.noise_grid(GRID[GRID["strategy"] == A], paper=0.03),
    "noise_comparison": lambda: figures.noise_comparison(GRID, margin=0.04),
    "property_search": lambda: figures.property_search(
        SEARCH, tables.search_savings(SEARCH, SHARE)
    ),
    "rates": lambda: figures.rates(SEARCH),
    "in_range_error": lambda: figures.in_range_error(SEARCH),
    "law": lambda: law_figures.law(LAW, ERRORS),
    "share_alone": lambda: law_figures.share_alone(LAW),
    "overlap": lambda: law_figures.overlap(OVERLAP, E),
    "field": lambda: law_figures.field(FIELD, ["found (%)", "error (%)"]),
    "shifted_tests": lambda: law_figures.shifted_tests(SHIFTED, margin=0.04),
    "predicted_savings": lambda: law_figures.predicted_savings(FORETOLD),
    "found_live": lambda: law_figures.found_live(LIVE, 0.2, 300, E),
    "molecule_and_descriptor": lambda: pool_figures.molecule_and_descriptor(
        PEROXIDE, ROW, ["H", "O"]
    ),
    "set_sizes": lambda: pool_figures.set_sizes(SETS, 100, 15),
    "strategy_map": lambda: pool_figures.strategy_map(X, X[:4] + 1, PICKS, CANDIDATES),
    "target_in_pool": lambda: pool_figures.target_in_pool(COORDINATES, TEST, TARGET),
    "label_distributions": lambda: pool_figures.label_distributions(SUMMARIES, THRESHOLDS),
}

T_95 = {2: 12.706204736432095, 3: 4.302652729911275}  # Student's t for n values, n - 1 degrees


def wide(records, column, by="n_train", **where):
    """A row per x, a column per seed."""
    for name, value in where.items():
        records = records[records[name] == value]
    return records.pivot(index=by, columns="seed", values=column)


def mean(table):
    return {"x": table.index, "y": np.mean(table, axis=1)}


def band(table):
    """Mean and one standard deviation, that of a sample, to either side."""
    centre, std = np.mean(table, axis=1), np.std(table, axis=1, ddof=1)
    return {"x": table.index, "y_low": centre - std, "y_high": centre + std}


def interval(values):
    """(mean, low, high) of Student's 95 % interval, without NaN."""
    values = np.asarray(values, float)[~np.isnan(np.asarray(values, float))]
    n = len(values)
    half = T_95[n] * np.std(values, ddof=1) / n**0.5 if n > 1 else 0
    return np.mean(values) - [0, half, -half]


def intervals(table):
    y, low, high = np.array([interval(row) for row in np.asarray(table)]).T
    return {"x": table.index, "y": y, "y_low": low, "y_high": high}


def difference(records, name, column="mae_ev", unit=None, **where):
    """Paired difference from A after the first size, by default in % of A's mean."""
    ours, theirs = (wide(records, column, strategy=s, **where).iloc[1:] for s in (name, A))
    return intervals((ours - theirs).div(unit or theirs.mean(axis=1) / 100, axis=0))


def scheme(n_const, end):
    """Difference of a constant scheme from POW, both ends and the mean, in % of A's MAE."""
    ours = wide(SCHEMES, "mae_ev", scheme="constant", n_const=n_const).iloc[1:]
    pow_d, pow_a = (wide(SCHEMES, "mae_ev", scheme="pow", strategy=s) for s in (D, A))

    def at_ours(table):
        at = [np.interp(np.log(ours.index), np.log(table.index), table[s]) for s in table]
        return np.array(at).T

    percent = 100 * (ours - at_ours(pow_d)).div(at_ours(pow_a).mean(axis=1), axis=0)
    return interval(percent.iloc[-1] if end else percent.mean())


def scheme_bars():
    rows = [
        (*scheme(n_const, end), row + shift)
        for row, n_const in enumerate((100, 400))
        for shift, end in ((-0.14, False), (0.14, True))
    ]
    return dict(zip(("x", "x_low", "x_high", "y"), np.array(rows).T, strict=True))


def grid(n_train, column):
    """Against the noise, at one size: the column of A's runs, or the likelihood lost."""
    table = wide(GRID, column, by="noise_var", n_train=n_train, strategy=A)
    return (table.max() - table) / n_train if column == "lml" else table


def stars(column):
    """Where the mean is lowest at each size."""
    means = [grid(n, column).mean(axis=1) for n in (100, 200, 400, 800)]
    return {"x": [m.index[np.argmin(m)] for m in means], "y": [min(m) for m in means]}


def most_possible():
    """Found share, %, if all after the first batch are finds."""
    found = wide(SEARCH, "n_found", strategy=E).iloc[0]
    sizes = np.array([100, 200, 400, 800])
    shares = (found.to_numpy() + sizes[:, None] - 100) / (1500 + 40 * found.index.to_numpy())
    return {"x": sizes, "y": 100 * np.minimum(shares, 1).mean(axis=1)}


def saved():
    a, e = (wide(SEARCH, "found_share", strategy=s) for s in (A, E))
    n_e = [
        np.interp(a[s].iloc[1:], e[s], e.index, left=np.nan, right=np.nan)
        for s in a  # labels that E needs
    ]
    table = pd.DataFrame(n_e, columns=a.index[1:]).T
    return intervals(100 * (1 - table.div(table.index, axis=0)))


def gains(name, x):
    """Spreads (lines) and means (points) of one strategy's searches."""
    rows = LAW[LAW["strategy"] == name]
    y, low, high = rows["area_gain"], *(rows["area_gain"] + s * rows["spread"] for s in (-1, 1))
    at = x[rows.index]
    return {"x": at, "y": y}, {"x": np.repeat(at, 2), "y": np.c_[low, high].ravel()}


def law_lines(name):
    _, spreads = gains(name, LAW["predicted_area_gain"])
    return {key: np.r_[-0.05, 1.05, values] for key, values in spreads.items()}


def law_band(name):
    x, (low, high) = np.array([-0.05, 1.05]), ERRORS[name]
    return {"x": x, "y_low": x + low, "y_high": x + high}


def field(number):
    table = 100 * FIELD[number][["mean", "low", "high"]]
    ends = {"x": table["mean"], "x_low": table["low"], "x_high": table["high"]}
    return ends | {"y": [0, 1]}


def shifted(pool, name):
    rows = SHIFTED[(SHIFTED["dataset"] == pool) & (SHIFTED["strategy"] == name)]
    return intervals(100 * wide(rows, "difference", by="remote_share"))


def predicted(name, points):
    rows = (
        100
        * FORETOLD.loc[FORETOLD["strategy"] == name, ["predicted_saved", "saved", "low", "high"]]
    )
    if points:
        return {"x": rows["predicted_saved"], "y": rows["saved"]}
    x = np.repeat(rows["predicted_saved"], 2)
    return {"x": np.r_[0, 100, x], "y": np.r_[0, 100, rows[["low", "high"]].to_numpy().ravel()]}


def live_band():
    error = 1.96 * (0.2 * 0.8 / 50) ** 0.5
    n = LIVE["n_labels"]
    return {"x": n, "y_low": n * (0.2 - error), "y_high": n * (0.2 + error)}


def projected(rows):
    """Atoms along the two longest principal axes."""
    centred = PEROXIDE.positions - PEROXIDE.positions.mean(axis=0)
    axes = centred @ np.linalg.svd(centred)[2].T
    rows = np.argsort(axes[:, 2]) if rows is None else rows
    return {"x": axes[rows, 0], "y": axes[rows, 1]}


def sets(before, after):
    """Bars from one number of molecules to another, a row for each iteration."""
    bar = {"x_low": np.broadcast_to(before, 3), "x_high": np.broadcast_to(after, 3)}
    return bar | {"y_low": np.arange(3) - 0.35, "y_high": np.arange(3) + 0.35}


def cloud(name):
    pale = X[CANDIDATES[name]] if name in CANDIDATES else X[:0]
    points = np.vstack([X, pale, X[:4] + 1, X[PICKS[name]]])
    return {"x": points[:, 0], "y": points[:, 1]}


def density(label, part=None):
    """Density of a part of the pool, or of the pool itself."""
    values = COORDINATES[label]
    _, x, pool, of_part = label_distributions.overlap(
        values, values[TEST if part is None else part]
    )
    if part is None:
        return {"x": x, "y_low": 0 * pool, "y_high": pool}
    return {"x": x, "y": of_part}


def shown(number):
    """Ends of an axis of labels, eV: the lower edges of the first and the last bin of 0.01 eV."""
    y = LABELS[number]
    return np.floor(100 * y.min()) / 100, (np.ceil(100 * y.max()) - 1) / 100


def histogram(number):
    low, high = shown(number)
    edges = np.arange(np.floor(10 * low), np.ceil(10 * high) + 1) / 10
    counts = np.array(
        [np.sum((LABELS[number] > e) & (LABELS[number] <= e + 0.1)) for e in edges[:-1]]
    )
    heights = counts / len(LABELS[number]) / 0.1
    return {"x_low": edges[:-1], "x_high": edges[1:], "y_low": 0 * heights, "y_high": heights}


def label_density(number):
    (low, high), (x, y, _) = shown(number), SUMMARIES[number].density()
    inside = (x >= low) & (x <= high)
    return {"x": x[inside], "y": y[inside]}


def label_modes(number):
    x, y, _ = SUMMARIES[number].density()
    return {"x": SUMMARIES[number].modes(), "y": np.interp(SUMMARIES[number].modes(), x, y)}


def cumulative(number):
    low, high = shown(number)
    x = np.arange(round(100 * low) + 1, round(100 * high) + 2) / 100
    return {"x": x, "y": [np.mean(LABELS[number] <= at) for at in x]}


ZERO, ZERO_X = (lambda: {"y": [0]}), (lambda: {"x": [0]})
MARGIN = partial(dict, y_low=[-4], y_high=[4])

EXPECTED = {
    ("learning_curves", 2, "rule", None): ZERO,
    ("learning_curves", 2, "shade", None): MARGIN,
    ("batch_schemes", 2, "interval", None): scheme_bars,
    ("batch_schemes", 2, "rule", None): ZERO_X,
    ("batch_schemes", 2, "shade", None): lambda: {"x_low": [-4], "x_high": [4]},
    ("noise_comparison", 2, "rule", None): ZERO,
    ("noise_comparison", 2, "shade", None): MARGIN,
    ("property_search", 1, "line", "most possible"): most_possible,
    ("property_search", 2, "interval", STRATEGY_LABELS[E]): lambda: difference(
        SEARCH, E, "found_share", unit=0.01
    ),
    ("property_search", 2, "rule", None): ZERO,
    ("property_search", 3, "interval", "labels saved"): saved,
    ("property_search", 3, "line", "most possible"): lambda: {
        "x": [200, 400, 800],
        "y": [70 * (1 - 100 / n) for n in (200, 400, 800)],
    },
    ("found_live", 1, "line", "search"): lambda: {"x": LIVE["n_labels"], "y": LIVE["n_found"]},
    ("found_live", 1, "line", "random, expected"): lambda: {
        "x": LIVE["n_labels"],
        "y": [10, 20, 40],
    },
    ("found_live", 1, "line", "most possible"): lambda: {"x": LIVE["n_labels"], "y": [50, 60, 60]},
    ("found_live", 1, "band", None): live_band,
    ("molecule_and_descriptor", 1, "line", None): lambda: projected([0, 1, 0, 2, 1, 3]),
    ("molecule_and_descriptor", 1, "points", None): lambda: projected(None),
    ("set_sizes", 1, "bar", "test set"): lambda: sets(0, 15),
    ("set_sizes", 1, "bar", "training set so far"): lambda: sets(15, [15, 25, 35]),
    ("set_sizes", 1, "bar", "first or new batch"): lambda: sets([15, 25, 35], [25, 35, 60]),
    ("set_sizes", 1, "bar", "held-out set"): lambda: sets([25, 35, 60], 100),
}
for kind, of in (("line", mean), ("band", band)):
    for name in (A, B, C, D, E):
        key = ("learning_curves", 1, kind, STRATEGY_LABELS[name])
        EXPECTED[key] = lambda of=of, name=name: of(wide(RUNS, "mae_ev", strategy=name))
    for name in (A, D):
        key = ("batch_schemes", 1, kind, f"{STRATEGY_LABELS[name][0]}, POW")
        EXPECTED[key] = lambda of=of, name=name: of(
            wide(SCHEMES, "mae_ev", strategy=name, scheme="pow")
        )
        for noise in NOISES:
            key = ("noise_comparison", 1, kind, f"{STRATEGY_LABELS[name][0]}, noise {noise} eV^2")
            EXPECTED[key] = lambda of=of, name=name, noise=noise: of(
                wide(GRID, "mae_ev", strategy=name, noise_var=noise)
            )
    for n in (100, 200, 400, 800):
        for panel, column in ((1, "mae_ev"), (2, "lml")):
            key = ("noise_grid", panel, kind, f"{n} molecules")
            EXPECTED[key] = lambda of=of, n=n, column=column: of(grid(n, column))
    for panel, suffix in ((1, ""), (2, "_heldout")):
        for rate in ("tpr", "fpr"):
            EXPECTED["rates", panel, kind, rate.upper()] = lambda of=of, column=rate + suffix: of(
                wide(SEARCH, column, strategy=E)
            )
    for name in (A, E):
        key = ("property_search", 1, kind, STRATEGY_LABELS[name])
        EXPECTED[key] = lambda of=of, name=name: of(
            100 * wide(SEARCH, "found_share", strategy=name)
        )
        for place, column in (("test set", "mae_ev"), ("in range", "mae_in_range_ev")):
            key = ("in_range_error", 1, kind, f"{STRATEGY_LABELS[name][0]}, {place}")
            EXPECTED[key] = lambda of=of, name=name, column=column: of(
                wide(SEARCH, column, strategy=name)
            )
for name in (B, C, D, E):
    key = ("learning_curves", 2, "interval", STRATEGY_LABELS[name])
    EXPECTED[key] = partial(difference, RUNS, name)
for n_const in (100, 400):
    EXPECTED["batch_schemes", 1, "line", f"D, constant {n_const}"] = lambda n_const=n_const: mean(
        wide(SCHEMES, "mae_ev", scheme="constant", n_const=n_const)
    )
for noise in NOISES:
    key = ("noise_comparison", 2, "interval", f"D, noise {noise} eV^2")
    EXPECTED[key] = partial(difference, GRID, D, noise_var=noise)
for panel, column in ((1, "mae_ev"), (2, "lml")):
    EXPECTED["noise_grid", panel, "points", None] = partial(stars, column)
    EXPECTED["noise_grid", panel, "rule", None] = lambda: {"x": [0.03]}
for panel, name in ((1, E), (2, "most_probable")):
    EXPECTED |= {
        ("law", panel, "line", None): partial(law_lines, name),
        ("law", panel, "band", None): partial(law_band, name),
        ("law", panel, "points", None): lambda n=name: gains(n, LAW["predicted_area_gain"])[0],
        ("share_alone", panel, "points", None): lambda n=name: gains(n, 100 * LAW["share"])[0],
        ("share_alone", panel, "line", None): lambda n=name: gains(n, 100 * LAW["share"])[1],
        ("predicted_savings", panel, "points", None): partial(predicted, name, True),
        ("predicted_savings", panel, "line", None): partial(predicted, name, False),
    }
for panel, x, y in ((1, 0.1, 0.9), (2, 0.5, 0.4)):
    EXPECTED["overlap", panel, "points", None] = lambda x=x, y=y: {"x": [x], "y": [y]}
for number, (pool, label) in enumerate((("organics", "axis 1"), ("aminoacids", "HOMO (eV)"))):
    panel = number + 1
    for name in ("k_centre", D):
        key = ("shifted_tests", panel, "interval", STRATEGY_LABELS[name])
        EXPECTED[key] = partial(shifted, pool, name)
    EXPECTED |= {
        ("shifted_tests", panel, "rule", None): ZERO,
        ("shifted_tests", panel, "shade", None): MARGIN,
        ("field", panel, "interval", None): partial(field, number),
        ("field", panel, "rule", None): ZERO_X,
        ("field", panel, "shade", None): partial(dict, x_low=[-5], x_high=[5]),
        ("strategy_map", panel, "points", None): partial(cloud, (A, E)[number]),
        ("target_in_pool", panel, "band", "pool"): partial(density, label),
        ("target_in_pool", panel, "line", "task 1: random test set"): partial(density, label, TEST),
        ("target_in_pool", panel, "line", "task 2: target"): partial(density, label, TARGET),
        ("label_distributions", panel, "bar", None): partial(histogram, number),
        ("label_distributions", panel, "line", None): partial(label_density, number),
        ("label_distributions", panel, "points", None): partial(label_modes, number),
        ("label_distributions", panel, "rule", None): partial(dict, x=[THRESHOLDS[number]]),
        ("label_distributions", panel, "shade", None): lambda n=number: {
            "x_low": [THRESHOLDS[n]],
            "x_high": [shown(n)[1]],
        },
        ("label_distributions", panel + 2, "line", None): partial(cumulative, number),
    }
for number, pair in enumerate(("H–H", "H–O", "O–O")):
    EXPECTED["molecule_and_descriptor", 2, "line", pair] = lambda number=number: {
        "x": np.arange(200) * 1.2 / 199,
        "y": ROW[200 * number : 200 * (number + 1)],
    }

SIZE, REALISED = "training set size (molecules)", "realised gain (share of the possible)"
FORETOLD_GAIN = "gain predicted by a probe (share of the possible)"
FROM_A = "difference from A (% of A's MAE)"
NOISE = "noise variance sigman^2 (eV^2)"
SEARCHES = [STRATEGY_LABELS[E], STRATEGY_LABELS["most_probable"]]
REMOTE = "test set: the most remote part of the test molecules (%)"
SYMLOG = "linear on grey, logarithmic beyond ±5 %"
LABELLED = {  # title, x and y of each panel
    "learning_curves": [("", SIZE, "MAE (eV)"), ("", SIZE, FROM_A)],
    "batch_schemes": [
        ("", SIZE, "MAE (eV)"),
        ("", "difference from POW (% of A's MAE) open: mean along the curve, filled: end", ""),
    ],
    "noise_grid": [("", NOISE, "MAE (eV)"), ("", NOISE, "likelihood lost (nat per molecule)")],
    "noise_comparison": [("", SIZE, "MAE (eV)"), ("", SIZE, FROM_A)],
    "property_search": [
        ("", SIZE, "found (% of in-range)"),
        ("", SIZE, "E minus A (% points)"),
        ("", SIZE, "labels saved (% of A's)"),
    ],
    "rates": [("", SIZE, "rate, test set (-)"), ("", SIZE, "rate, held-out set (-)")],
    "in_range_error": [("", SIZE, "MAE (eV)")],
    "law": [(name, FORETOLD_GAIN, REALISED) for name in SEARCHES],
    "overlap": [
        (pool, "overlap of target and rest as the model sees them", "saved, part of the possible")
        for pool in ("organics", "aminoacids")
    ],
    "share_alone": [(name, "share of the target (% of the pool)", REALISED) for name in SEARCHES],
    "field": [("", f"{what} (%) {SYMLOG}", "") for what in ("found", "error")],
    "shifted_tests": [(pool, REMOTE, FROM_A) for pool in ("organics", "aminoacids")],
    "predicted_savings": [
        (name, "labels saved, predicted by the probe (%)", "labels saved, realised (%)")
        for name in SEARCHES
    ],
    "found_live": [("", "labels (molecules)", "found (molecules)")],
    "molecule_and_descriptor": [
        ("a) geometry", "position (Å)", "position (Å)"),
        ("b) descriptor: one curve per pair of elements", "inverse distance (1/Å)", "k2 (Å)"),
    ],
    "set_sizes": [("", "molecules", "iteration")],
    "strategy_map": [
        ("A random", "principal axis 1 (descriptor units)", "axis 2"),
        (
            "E property search (pale: predicted in range)",
            "principal axis 1 (descriptor units)",
            "axis 2",
        ),
    ],
    "target_in_pool": [
        ("a) overlap: test 0.92, target 0.96", "axis 1", "density"),
        ("b) overlap: test 0.90, target 0.42", "HOMO (eV)", "density"),
    ],
    "label_distributions": [
        ("one", "HOMO (eV)", "density (1/eV)"),
        ("other", "HOMO (eV)", "density (1/eV)"),
        ("", "HOMO (eV)", "cumulative share"),
        ("", "HOMO (eV)", "cumulative share"),
    ],
}


@cache
def shown_in(figure):
    """`drawn_data`, with every column of text."""
    frame = drawn_data(FIGURES[figure]())
    texts = ["series", "panel_title", "x_quantity", "y_quantity", "y_name", "colour", "marker"]
    return frame.assign(**{t: frame[t].fillna("") if t in frame else "" for t in texts})


@pytest.mark.parametrize("key", EXPECTED, ids=lambda key: "-".join(map(str, key)))
def test_the_panel_shows_what_is_recorded(key):
    figure, panel, kind, series = key
    frame = shown_in(figure)
    found = frame[
        (frame["panel"] == panel) & (frame["kind"] == kind) & (frame["series"] == (series or ""))
    ]
    for name, values in EXPECTED[key]().items():
        values = np.asarray(values, float)
        assert len(found) == len(values), f"{len(found)} points in place of {len(values)}"
        # Bars of several strategies at one x are shifted, so that all are seen.
        near = 0.15 if kind == "interval" and name == "x" and "y_low" in found.dropna(axis=1) else 0
        np.testing.assert_allclose(found[name], values, rtol=near or 1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("figure", FIGURES)
def test_no_panel_shows_more(figure):
    frame = shown_in(figure)
    drawn = set(frame[["panel", "kind", "series"]].itertuples(index=False, name=None))
    assert drawn == {(p, kind, s or "") for f, p, kind, s in EXPECTED if f == figure}


@pytest.mark.parametrize("figure", FIGURES)
def test_panels_are_labelled_with_quantity_and_unit(figure):
    texts = shown_in(figure)[["panel", "panel_title", "x_quantity", "y_quantity"]]
    labelled = [tuple(row)[1:] for row in texts.drop_duplicates().itertuples(index=False)]
    assert labelled == LABELLED[figure]


@pytest.mark.parametrize("figure", FIGURES)
def test_a_strategy_has_its_colour_wherever_it_is_named(figure):
    frame = shown_in(figure)
    for name, label in STRATEGY_LABELS.items():
        named = (frame[["series", "y_name"]] == label).any(axis=1)
        assert set(frame.loc[named, "colour"].str.upper()) <= {STRATEGY_COLOURS[name].upper()}


def test_every_figure_is_here():
    """A function that makes a figure is entered in `FIGURES`."""
    modules = (figures, law_figures, pool_figures)
    made = {
        name
        for module in modules
        for name, one in vars(module).items()
        if getattr(one, "__module__", "") == module.__name__ and hasattr(one, "__wrapped__")
    }
    assert made == set(FIGURES) == set(LABELLED)
