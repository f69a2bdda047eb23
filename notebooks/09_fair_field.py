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
# # Eighteen strategies compared
#
# {glue:text}`n_strategies` strategies, the paper's five and thirteen others, run on {glue:text}`n_pools` pools.
# For each we measure the error on test molecules (task 1) and the share of a target that is found (task 2),
# both against random choice (A).
#
# *What varies:* the strategy; for three of them also the noise, fixed or learned. *What is held fixed:* pools,
# descriptor, model, {term}`batch scheme`, and for each seed the test set and the {term}`first batch`.

# %% tags=["hide-input"]
from myst_nb import glue

from alutils.analysis import ranking
from alutils.report import field_tables, law_figures
from alutils.report.parameters import check_parameters

# %% tags=["parameters"]
pools = ["organics", "aminoacids", "optoelectronics"]
seeds = [0, 1, 2, 3, 4]
strategies = []  # empty: all that are entered in STRATEGIES; A takes part
learned_noise = True  # add A, D and E at the noise of each first batch
scheduler = "serial"  # or "processes:2", "dask:ADDRESS"

# %% [markdown]
# A strategy of your own, entered in `STRATEGIES`, takes part by its name: only its own runs are then computed,
# a few seconds each.

# %% tags=["hide-input"]
p = check_parameters(
    globals(),
    **{"pools": list[str], "seeds": list[int], "scheduler": str},
    **{"strategies": list[str] | None, "learned_noise": bool},
)
runs = ranking.entries(**vars(p))
n_end = int(runs["n_train"].max())
n_entries = runs["strategy"].nunique()
print(f"{len(p.pools)} pools, {len(p.seeds)} seeds, {n_entries} entries")

# %% [markdown]
# ## The entries
#
# | letter | strategy | picks |
# |---|---|---|
# | A to E | the paper's | {doc}`as in the paper </book/methods>` |
# | F | posterior variance | the highest variance, each pick given those before (exact Cholesky update) |
# | G | k-centre | the farthest from all training molecules and picks (core-set) |
# | H | kernel k-means++ | drawn by squared distance in the kernel's feature space |
# | K | largest cluster | LCMD {cite}`holzmuller2023`: farthest member of the largest cluster |
# | I | optimistic search | the authors' variant: at random where $\mu + \sigma$ lies above the threshold |
# | J | uncertain in range | the authors' variant: most uncertain of those predicted in range |
# | L | most probable | highest probability of being in range {cite}`garnett2012active` |
# | M | expected improvement | highest expected excess over the threshold |
# | N | upper confidence bound | highest $\mu + 2\sigma$ |
# | O | Thompson samples | the highest point of one posterior sample for each pick |
# | P | random uncertain half | in the authors' later code: at random within the more uncertain half |
# | Q | uncertain of clusters | in the authors' later code: the most uncertain of each cluster |
# | R | greedy sampling | iGS {cite}`wu2019`: farthest in descriptor and prediction, multiplied |
#
# *Learned noise:* the {term}`noise variance` is not fixed at 0.05 eV² but the one of the highest marginal
# likelihood of the first batch (R&W Sec. 5.4.1), on a grid of three values a decade.
#
# {glue:text}`noises:s`
#
# ## The statistics
#
# A score is the logarithm of a run's number, at the last training size, over random choice's mean in the same
# pool, so that pools with large and small errors count alike; the tables undo it. Two strategies are compared on
# the same pairs of pool and seed by a paired $t$-test with the {ref}`pool as a block <verdict-statistics>`: the
# intervals speak of these pools, not of all. Holm's correction {cite}`holm1979simple` keeps the chance of *any*
# false win in a table below 5 %.
#
# Each table holds {glue:text}`n_tests` comparisons on {glue:text}`n_pairs` pairs, at {glue:text}`n_end` molecules.

# %%
errors = ranking.scores(runs, "mae_ev", n_end)
shares = ranking.scores(runs, "found_share", n_end)
error = ranking.compare(errors, lower_is_better=True)
found = ranking.compare(shares, lower_is_better=False)

# %% tags=["remove-output", "hide-input"]
minus_a = "{} minus that of A (% of A's)".format
labels = [minus_a("MAE"), minus_a("found share")]
field_figure = glue("fig_field", law_figures.field([error, found], labels))

# %% [markdown]
# ```{glue:figure} fig_field
# ---
# name: fig-field
# alt: >-
#   Two forest plots with a row per strategy: difference of the error and of the found share from random choice,
#   in per cent, with 95 % intervals.
# ---
# **Eighteen strategies against random choice (A).** Upper: error on the test set, left is better. Lower: found
# share of the top 30 %, right is better. Mean and 95 % interval over pools and seeds; full strength: the difference
# from A counts after Holm's correction, pale: it does not; diamonds: learned noise.
# ```

# %% [markdown]
# ## Task 1: the error
#
# Lower is better. *Wins* and *losses* count the entries that an entry is significantly better or worse than.

# %%
field_tables.field_table(error)

# %% [markdown]
# ## Task 2: the search
#
# The target is the top 30 %. Higher is better.

# %%
field_tables.field_table(found)

# %% tags=["remove-cell"]
facts = field_tables.field_facts(runs, error, found)
for key, value in facts.items():
    glue(key, value, display=False)

# %% [markdown]
# ## What we find
#
# - **For the error**, significantly better than random choice (A): {glue:text}`better:s`. The best mean
#   difference is {glue:text}`best_error:s`; one that is not named as significantly better may be chance.
# - **For the search**, {glue:text}`best:s` finds the most, in the mean {glue:text}`best_found:s` against random
#   choice; E, at random among the molecules predicted in range, reaches {glue:text}`E_found:s`.
# - **The error of searches.** Significantly worse than A on the test set are, of all entries,
#   {glue:text}`worse:s`. Of the searches, the correction leaves {glue:text}`unsure:s` open, and of these
#   {glue:text}`unsure_above:s` have an uncorrected interval above zero.
#
# Compare a search with the greedy rule (L), which costs nothing more, not with random choice, the weakest
# opponent. How far E falls behind it depends on the width of the target; what spreads well over a pool serves its
# remote molecules ({doc}`both on the page of the law <06_overlap_law>`), and the mean depends on how many these
# are ({ref}`why D gains on AA <page-12_why_d_gains-aa>`).
#
# *Limitation:* one target share, one descriptor for each pool, one size. Where a search is worse in the first
# table, it is no way to train a model for other questions.
#
# ## Run it yourself
#
# `.venv/bin/python -m alutils study field --anew` makes the runs of the embedded pools again, in about a quarter
# of an hour on two cores, `study field_heaviest` those of the paper's own data. With a strategy of your own,
# entered in `alutils/acquisition/strategies.py`:
#
# ```bash
# .venv/bin/papermill notebooks/09_fair_field.ipynb out.ipynb -y "strategies: [k_centre, most_probable]"
# ```
