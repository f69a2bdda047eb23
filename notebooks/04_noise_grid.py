# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # How much noise should the model assume?
#
# **Claims.** With the noise at 1e-10 eV² the paper finds D better than random sampling (A) on all three
# data sets (C5, its Fig. 4c). Then it notices that its errors are worse than in earlier work, blames
# overfitting, and finds by a grid search that the best noise is as high as 0.05 (C6). With that noise D
# and A are indistinguishable on QM9 and OE, and D saves a little on AA (C7, its Fig. 4d). This is the
# turning point of the paper: most of what active learning gained in task 1 was a badly set noise.
#
# *What varies:* the {term}`noise variance`, and the strategy. *What is held fixed:* data set, descriptor, kernel,
# {term}`batch scheme`, and for each seed the test set and the {term}`first batch`. The two other parameters of the model
# are optimised in each fit, the noise never is. The defaults run for about fifteen seconds on one core, a
# page of this book with five seeds for about two minutes.

# %%
from functools import partial

from myst_nb import glue

from alutils.analysis.statistics import MARGIN, paired
from alutils.report import claims, figures, tables
from alutils.report.parameters import check_disjoint, check_parameters, run_configs
from alutils.runs.records import run_or_load

# %% tags=["parameters"]
dataset = "organics"  # embedded pool, local data set, or the path of a file
descriptor = None  # the data set's own, or "mbtr_broad"
strategies = ["random", "uncertain_cluster_centres"]  # A and D
scheme = "pow"  # or "constant"
n_test = 500  # molecules
n_init = 50  # molecules in the first batch
n_const = 50  # molecules, the unit of the batches
n_max = 400  # molecules in the last training set
noise_low = 1e-10  # eV^2; with normalize_y a multiple of var(y)
noise_high = 0.05  # eV^2, the paper's optimum
noises_between = []  # eV^2, more noises at which A and D are compared
normalize_y = False  # True: the authors' variant
seeds = [0, 1, 2]  # of the comparison, scored on test molecules
noise_grid = [1e-10, 1e-6, 1e-4, 1e-3, 0.01, 0.03, 0.05, 0.1, 0.3, 1.0]  # eV^2; [] for no grid
grid_n_max = 200  # molecules in the last training set of the grid
validation_seeds = [100, 101, 102]  # of the grid, scored on validation molecules
scheduler = "serial"  # or "processes:2", "dask:ADDRESS": where the runs are computed

# %% [markdown]
# The next cell refuses unknown names, values of the wrong kind and sizes that do not fit the data set,
# before anything is computed. It describes two groups of runs: the comparison of strategies at two noises,
# and the grid, which is random sampling at many noises with seeds of its own.

# %%
p = check_parameters(
    globals(),
    **{"dataset": str, "descriptor": str | None, "strategies": list[str]},
    **{"scheme": str, "normalize_y": bool},
    **{"n_test": int, "n_init": int, "n_const": int, "n_max": int, "grid_n_max": int},
    **{"seeds": list[int], "validation_seeds": list[int], "noise_low": float, "noise_high": float},
    **{"noises_between": list[float] | None, "noise_grid": list[float] | None, "scheduler": str},
)
check_disjoint(p, "seeds", "validation_seeds")
noises = [p.noise_low, *(p.noises_between or []), p.noise_high]
configs = run_configs(p, strategy=p.strategies, noise_var=noises, seed=p.seeds)
of_grid = {"noise_var": p.noise_grid or [], "n_max": [p.grid_n_max], "seed": p.validation_seeds}
configs += run_configs(p, strategy=["random"], **of_grid)

# %% [markdown]
# ## The data

# %%
tables.data_table(p.dataset, descriptor=p.descriptor)

# %% [markdown]
# ## What the noise does
#
# The noise variance stands on the diagonal of the kernel matrix {eq}`eq-noisy-kernel` and enters the
# prediction {eq}`eq-mean` and the likelihood by which the other two parameters are chosen
# {eq}`eq-lml`. At 1e-10 eV² the model has to pass through every label. Whatever the descriptor cannot
# tell apart, two molecules with nearly the same distances and different HOMO levels, must then be bought
# with a short length scale, and the model generalises badly. A larger noise lets the model smooth over
# such differences. It is no error of the calculation; it stands for what the descriptor does not see.
#
# A hyper-parameter must not be chosen on the molecules that later judge the model. The grid is therefore
# scored on *validation molecules*: those that the validation seeds set aside. They are drawn from the same
# pool and overlap with the test sets of the other seeds. No harm comes of it here, because the comparison
# below takes the paper's noise, whatever the grid finds.
#
# The picks of k-means may depend on the processor, and an error moves a little with them. Every number
# below is the one computed, here or when its record was made. A test compares those of the default
# run with tracked ones, within a tolerance that leaves room for a single pick that falls otherwise.

# %%
runs = run_or_load(configs, scheduler=p.scheduler)
print(tables.stale_text(runs))

# %% [markdown]
# ## The grid
#
# {numref}`fig-noise-grid` shows the error of random sampling against the noise, with a line for each
# training size, from light (few molecules) to dark (many). Bands are one standard deviation over the
# seeds. A star marks the lowest point of each line; the dotted line is the noise that the comparison
# below uses. {glue:text}`grid_note:s`
#
# The lower panel needs no validation molecules. It shows what the marginal likelihood
# {eq}`eq-lml`, at the best of the other two parameters, loses against the best noise. Its star is the noise,
# among those shown, that maximum likelihood would choose.

# %% tags=["remove-output", "hide-input"]
in_grid = runs["seed"].isin(p.validation_seeds)
comparison = runs[~in_grid]
grid = runs[in_grid] if p.noise_grid else tables.select(comparison, strategy="random")
grid_figure = glue("fig_grid", figures.noise_grid(grid, p.noise_high))

# %% [markdown]
# ```{glue:figure} fig_grid
# ---
# name: fig-noise-grid
# alt: >-
#   Two panels against the noise variance from {glue:text}`noise_min:g` to {glue:text}`noise_max:g` {glue:text}`unit:s`
#   for {glue:text}`dataset`, one line per training size. Upper: error of random sampling; at
#   {glue:text}`n_grid` molecules the lowest point lies at {glue:text}`noise_best:g` {glue:text}`unit:s`. Lower:
#   the likelihood lost against the best noise.
# ---
# **Error and likelihood against the assumed noise, {glue:text}`dataset`.** Random sampling, mean over
# {glue:text}`n_grid_seeds` seeds, band: standard deviation. Star: lowest error, or highest likelihood, of
# each training size; dotted: {glue:text}`noise_high:g` {glue:text}`unit:s`.
# ```
#
# With {glue:text}`n_grid` molecules the lowest error, {glue:text}`mae_best:.3f` eV, lies at
# {glue:text}`noise_best:g` {glue:text}`unit:s`. At {glue:text}`noise_high:g` {glue:text}`unit:s` it is
# {glue:text}`mae_grid_high` eV and at {glue:text}`noise_low:g` {glue:text}`unit:s` {glue:text}`mae_grid_low` eV. {glue:text}`noise_path:s`
#
# ## A and D, noise by noise
#
# The upper panel of {numref}`fig-noise-curves` puts the paper's Figs. 4c and 4d into one: dashed lines at
# the low noise, full lines at the high one, dotted in between. If the noise matters more than the strategy, lines of one
# style stay together. The lower panel shows the difference of D from A at the same noise, on the same test
# set and after the same first batch, with its 95 % interval over the seeds {eq}`eq-interval`.

# %% tags=["remove-output", "hide-input"]
curves = glue("fig_curves", figures.noise_comparison(comparison))

# %% [markdown]
# ```{glue:figure} fig_curves
# ---
# name: fig-noise-curves
# alt: >-
#   Two panels against training set size for {glue:text}`dataset`. Upper: test errors of A and D at
#   {glue:text}`n_noises` noises; at {glue:text}`n_end` molecules A has {glue:text}`A_low` eV at the low noise and {glue:text}`A_high` eV at the high
#   one. Lower: difference of D from A in percent at each noise, with error bars.
# ---
# **Learning curves at {glue:text}`n_noises` noises, {glue:text}`dataset`** (the paper's Figs. 4c and 4d),
# {glue:text}`n_seeds` seeds. Upper: mean, band: standard deviation over the seeds. Lower: paired
# difference from A, bars: 95 % interval; grey: ±3 % of A's error.
# ```
#
# {glue:text}`collapsed:s`
#
# ## What the claims rest on
#
# All comparisons are made at the largest size ({ref}`verdict-rules`). C5 needs D below A at the low noise.
# C6 needs two things: A's error falls when the noise is raised, on test molecules, and no noise of the
# grid is better than the paper's by more than 3 %, on validation molecules. C7 is a claim of no difference
# within 3 % of A's error, except for AA and the pool that stands for it: there it is a claim that D is
# better.

# %%
n_end, n_grid = int(comparison["n_train"].max()), int(grid["n_train"].max())
A, D = "random", "uncertain_cluster_centres"
read = partial(tables.by_seed, comparison, n_end)
a = {noise: read(strategy=A, noise_var=noise) for noise in noises}
d = {noise: read(strategy=D, noise_var=noise) for noise in noises}
a_low, a_high, d_low, d_high = a[noises[0]], a[noises[-1]], d[noises[0]], d[noises[-1]]
a_at, d_at = (min(noises, key=lambda noise: errors[noise].mean()) for errors in (a, d))
scores = tables.curve(tables.select(grid, n_train=n_grid), "mae_ev", by="noise_var")["mean"]
noise_best = float(scores.idxmin())
read_grid = partial(tables.by_seed, runs[in_grid], n_grid)
best, paper = (read_grid(noise_var=noise) for noise in (noise_best, p.noise_high))
lower = (f"A at noise {p.noise_high:g} minus at {p.noise_low:g}", paired(a_low, a_high), -1)
as_good = (f"grid at noise {p.noise_high:g} minus its best", paired(best, paper))
alike = (f"D minus A at noise {p.noise_high:g}", paired(a_high, d_high))
evidence = [
    claims.superior("C5", f"D minus A at noise {p.noise_low:g}", paired(a_low, d_low), -1),
    claims.superior("C6", *lower),
    claims.equivalent("C6", *as_good, MARGIN * best.mean()),
    claims.superior("C7", *alike, -1)
    if tables.stands_for(p.dataset, "AA")
    else claims.equivalent("C7", *alike, MARGIN * a_high.mean()),
    *(
        claims.superior("-", f"D minus A at noise {noise:g}", paired(a[noise], d[noise]), -1)
        for noise in noises[1:-1]
    ),
    claims.superior("-", "D minus A, each at its best noise", paired(a[a_at], d[d_at]), -1),
]
claims.table(evidence)

# %% tags=["remove-cell"]
maes = {"A_low": a_low, "A_high": a_high, "D_low": d_low, "D_high": d_high}
maes = {name: tables.text(values.mean()) for name, values in maes.items()}
facts = {"collapsed": tables.collapsed_text(runs), "dataset": p.dataset, "n_end": n_end}
facts |= {"n_grid": n_grid, "n_seeds": len(p.seeds), **maes}
facts |= {"n_grid_seeds": grid["seed"].nunique()}
facts |= {"noise_low": p.noise_low, "noise_high": p.noise_high, "noise_best": noise_best}
unit = "times the variance of the labels" if p.normalize_y else "eV²"
facts |= {"unit": unit, "n_noises": len(noises), "A_at": a_at, "D_at": d_at}
facts |= {"A_best": tables.text(a[a_at].mean()), "D_best": tables.text(d[d_at].mean())}
facts["best_verdict"] = f"{evidence[-1].verdict}, {claims.span(evidence[-1].difference)}"
facts |= {"noise_min": float(scores.index.min()), "noise_max": float(scores.index.max())}
at_low = tables.select(comparison, strategy=A, noise_var=noises[0]).groupby("n_train")["mae_ev"]
facts |= {f"A_low_{n}": tables.text(mae) for n, mae in at_low.mean().items()}
facts["mae_best"] = round(float(scores.min()), 3)
for name, noise in (("low", noises[0]), ("high", noises[-1])):
    of_noise = tables.select(comparison, noise_var=noise)
    facts[f"saved_{name}"] = tables.saved_text(tables.learning_savings(of_noise, D))
    facts[f"mae_grid_{name}"] = tables.text(scores.get(noise, float("nan")))
likely = tables.likelihood_noise(grid).groupby("n_train")["noise_var"].median()
facts["noise_path"] = (
    "From the smallest to the largest training set, the noise of the lowest error goes "
    f"{' → '.join(f'{n:g}' for n in tables.lowest_noise(grid))} {unit}; that of the highest "
    f"likelihood goes {' → '.join(f'{n:.2g}' for n in likely)} {unit} (median over the seeds)."
    if p.noise_grid
    else ""
)
facts["grid_note"] = (
    "Scored on the molecules that the validation seeds set aside."
    if p.noise_grid
    else "No grid was run here: the noises compared below are shown, scored on test molecules."
)
lowest = f"lowest error at {noise_best:g} {unit}" if p.noise_grid else "no grid here"
at_end = "A {}, D {} eV at " + f"{n_end} molecules"
rows = [
    claims.row("C5", evidence, at_end.format(maes["A_low"], maes["D_low"])),
    claims.row("C6", evidence, f"{lowest}; A {maes['A_low']} and {maes['A_high']} eV"),
    claims.row("C7", evidence, at_end.format(maes["A_high"], maes["D_high"])),
]
claims.publish(rows)
facts |= {f"{row['claim']}_{key}": row[key] for row in rows for key in ("verdict", "why")}
for key, value in facts.items():
    glue(key, value, display=False)

# %% [markdown]
# ## What we find
#
# - **C5**, D better than A at the noise {glue:text}`noise_low:g`: {glue:text}`C5_verdict`. Reason:
#   {glue:text}`C5_why`.
# - **C6**, that noise overfits and {glue:text}`noise_high:g` is the best: {glue:text}`C6_verdict`. Reason:
#   {glue:text}`C6_why`.
# - **C7**, A and D alike at the noise {glue:text}`noise_high:g`, or minor {term}`savings` on AA:
#   {glue:text}`C7_verdict`. Reason: {glue:text}`C7_why`.
#
# Each at the noise that serves it best among those compared, A ends at {glue:text}`A_best` eV (noise
# {glue:text}`A_at:g`) and D at {glue:text}`D_best` eV (noise {glue:text}`D_at:g`). That D is then the better
# one: {glue:text}`best_verdict`. Choosing among so few noises on test molecules flatters both alike.
#
# In labels: to reach A's last error D saves, of A's labels, {glue:text}`saved_low` at the low noise and
# {glue:text}`saved_high` at the high one. Seeds that never reach that error are left out, which flatters
# D.
#
# Without a single label more, raising the noise takes A's error at {glue:text}`n_end` molecules from
# {glue:text}`A_low` to {glue:text}`A_high` eV. Choosing the molecules by D at the low noise takes it to
# {glue:text}`D_low` eV. Where the first step is the larger one, a comparison of strategies at the low
# noise compares, in part, how well they hide a bad model.
#
# A catch: with the authors' `normalize_y` the same number means another noise, a multiple of the variance
# of the training labels ({doc}`../methods`); here it is in eV² unless you switch that on.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/04_noise_grid.ipynb out.ipynb -p dataset aminoacids -p noise_high 0.1
# ```
