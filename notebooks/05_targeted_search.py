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
# # Searching for molecules in a target range
#
# **Claims.** Task 2 of the paper asks for molecules whose HOMO level lies above a threshold, which about 30 % of
# the pool do. Strategy E labels at random among those that the model predicts {term}`in range`; A labels at
# random among all. The paper reports for AA, QM9 and OE that E finds such molecules faster than A (C8, its
# Fig. 5a); that it saves 64, 57 and 57 % of the labels (C9, its Fig. 5b); that the true positive rate on the
# test set moves little with training size (C10, its Fig. 6a) and falls on the {term}`held-out set` (C11, its
# Fig. 6b); and that the error on in-range molecules falls far below the error on all molecules for AA, while
# for QM9 and OE the two are nearly the same (C12, its Fig. 7).
#
# *What varies:* the strategy, E or A. *What is held fixed:* data set, descriptor, model, noise and
# {term}`batch scheme`, and for each seed the test set and the {term}`first batch`.

# %% tags=["hide-input"]
from myst_nb import glue

from alutils.report import (
    claims,
    figures,
    page,
    quantity,
    tables,
    targeted_search,
)
from alutils.report.parameters import (
    DATA,
    TARGET,
    check_parameters,
    run_configs,
)
from alutils.runs.records import run_or_load

# %% tags=["parameters"]
dataset = "organics"  # embedded pool, local data set, or the path of a file
property_key = "homo"  # of your own file: the name of the label
unit = ""  # of your own file: the label's, as it is to be printed
skip_bad = False  # of your own file: leave out what cannot be read
descriptor = None  # the data set's own, or one by its name
scheme = "pow"  # or "constant"
n_test = 500  # molecules
n_init = 50  # molecules in the first batch
n_const = 50  # molecules, the unit of the batches
n_max = 400  # molecules in the last training set
noise_var = 0.05  # eV^2; own file, or normalize_y: a share of var(y)
normalize_y = False  # True: the authors' variant
target_share = 0.3  # the target: this share, the highest labels
threshold = None  # in the label's unit, before the share; two: a window
direction = "above"  # or "below": the threshold, or the lowest share
seeds = [0, 1, 2]  # one run of each strategy for each
scheduler = "serial"  # where to compute; or "processes:2", "dask:ADDRESS"

# %% tags=["hide-input"]
p = check_parameters(
    globals(),
    **(DATA | TARGET),
    **{"scheme": str, "scheduler": str, "normalize_y": bool},
    **dict.fromkeys(["n_test", "n_init", "n_const", "n_max"], int),
    **{"noise_var": float, "seeds": list[int]},
)
strategies = ["random", "property_search"]
configs = run_configs(p, strategy=strategies, seed=p.seeds)

# %% [markdown]
# ## The data and the target
#
# Unless a threshold is given, it is the quantile of all labels that leaves the target share beyond it. A real
# search has a threshold that chemistry asks for, and learns only on the way how many molecules lie beyond.

# %%
tables.data_table(configs[0], with_target=True)

# %% [markdown]
# ## The search
#
# In each iteration the model predicts all held-out molecules {eq}`eq-mean`; E draws its batch with equal
# chances from those predicted in range, and fills it up at random if they are too few. The *found share*
# {eq}`eq-found-share` is what a search has achieved: the in-range molecules in the training set over those in
# training and held-out set together.

# %%
runs = run_or_load(configs, scheduler=p.scheduler)
print(tables.stale_text(runs))

# %% [markdown]
# ## What is found, and what it saves
#
# {numref}`fig-search-found` shows the {term}`found share` (upper panel), and how much more E has found than A
# after the same number of labels, as the caption of the paper's Fig. 5b has it (middle). The lower panel is
# what the paper's text describes: the fraction of A's labels that E saves at equal found share
# {eq}`eq-savings`. Dotted: a perfect search, for which every label after the random first batch is a hit, and
# the most that can be saved {eq}`eq-savings-bound`. A saving without this bound says little.

# %% tags=["remove-output", "hide-input"]
share = tables.share_in_range(configs[0])
savings = tables.search_savings(runs, share)
found_figure = glue("fig_found", figures.property_search(runs, savings))

# %% [markdown]
# ```{glue:figure} fig_found
# ---
# name: fig-search-found
# alt: >-
#   Three panels against training set size for {glue:text}`dataset`. Upper: found share; A reaches
#   {glue:text}`found_A:.1%` and E {glue:text}`found_E:.1%` at {glue:text}`n_end` molecules. Middle: the
#   difference. Lower: labels saved by E, below the dotted bound.
# ---
# **Search for {glue:text}`sought:s`, {glue:text}`dataset`** (the paper's Figs. 5a and 5b), noise
# {glue:text}`noise:g` {glue:text}`noise_unit:s`, {glue:text}`n_seeds` seeds. Upper: mean, band: standard deviation over the
# seeds. Middle and lower: paired mean, bars: 95 % interval over the seeds; dotted: a perfect search.
# ```
#
# For A's last found share E saves {glue:text}`saved:s` of A's labels; the most possible is
# {glue:text}`bound:.1%`, so that E reaches {glue:text}`of_bound:s` of it.
#
# The paper's {term}`savings` of 64, 57 and 57 % stand beside a bound of 65.6 %. Seeds in which E never has A's
# found share within its own iterations have no saving and are left out.
#
# ## Who is predicted in range
#
# {numref}`fig-search-rates` shows the true and false positive rates {eq}`eq-rates` of E's model. On the test
# set they show how well the model classifies. On the held-out set they mix two effects: the model improves, and
# E takes away the molecules that it recognises, so that what stays behind is harder.

# %% tags=["remove-output", "hide-input"]
rates_figure = glue("fig_rates", figures.rates(runs))

# %% [markdown]
# ```{glue:figure} fig_rates
# ---
# name: fig-search-rates
# alt: >-
#   Two panels with the true and false positive rates of E against training set size for {glue:text}`dataset`.
#   The true positive rate goes from {glue:text}`tpr_first:.2f` to {glue:text}`tpr_end:.2f` on the test set, from
#   {glue:text}`tpr_heldout_first:.2f` to {glue:text}`tpr_heldout_end:.2f` on the held-out set.
# ---
# **Classification by E's model, {glue:text}`dataset`** (the paper's Figs. 6a and 6b). Upper: test set;
# lower: held-out set. Mean over {glue:text}`n_seeds` seeds, band: standard deviation.
# ```
#
# ## How well the target range is learnt
#
# The paper compares the error of E's model on in-range test molecules with its error on all.
# {numref}`fig-search-error` adds A on the same in-range molecules, because the target range may be easier or
# harder to predict for any model: only E against A there shows what the search has gained.

# %% tags=["remove-output", "hide-input"]
error_figure = glue("fig_error", figures.in_range_error(runs))

# %% [markdown]
# ```{glue:figure} fig_error
# ---
# name: fig-search-error
# alt: >-
#   Test errors of A and E against training set size for {glue:text}`dataset`, on all test molecules and on those
#   in range; E ends at {glue:text}`E_test:s`{glue:text}`in_unit:s` on all and
#   {glue:text}`E_in_range:s`{glue:text}`in_unit:s` in range.
# ---
# **Errors on all test molecules and in range, {glue:text}`dataset`** (the paper's Fig. 7). Mean over
# {glue:text}`n_seeds` seeds, band: standard deviation.
# ```
#
# {glue:text}`collapsed:s` {glue:text}`at_bound:s`
#
# At {glue:text}`n_end` molecules E's error is {glue:text}`E_in_range:s`{glue:text}`in_unit:s` in range and
# {glue:text}`E_test:s`{glue:text}`in_unit:s` on all; A's is {glue:text}`A_in_range:s` and
# {glue:text}`A_test:s`{glue:text}`in_unit:s`. E minus A: {glue:text}`gain:s` in range, {glue:text}`price:s` on
# all test molecules.
#
# If the interval in range lies below zero, E learns the target better than A; if that on all test molecules
# lies above zero, E pays for it with the rest. An interval that includes zero shows neither.
#
# ## What the claims rest on
#
# The rules were fixed before the runs ({ref}`verdict-rules`).
#
# - C8 needs E above A at each size after the first.
# - C9: we read "far fewer labels" as half of what is possible; the paper's percentages belong to its data and
#   sizes.
# - C10: we read "moves little" as less than 0.1 between the first and the last size.
# - C11 needs the held-out rate to fall from the first size to the last, and to end below that on the test set,
#   which is never depleted.
# - C12: we read "far below" as at least a quarter lower, for AA and the pool that stands for it, and "nearly
#   identical" as within 3 % of A's error for all others.

# %% tags=["hide-input"]
evidence = targeted_search.evidence(runs, savings, p.dataset)
claims.table(evidence)

# %% tags=["remove-cell"]
facts = {"dataset": p.dataset, "noise": p.noise_var, "n_seeds": len(p.seeds)}
facts |= {"sought": quantity.sought(configs[0])}
facts |= targeted_search.facts(runs, savings)
rows = targeted_search.rows(evidence, facts)
claims.publish(rows)
page.glue_all(facts | page.verdict_facts(rows))

# %% [markdown]
# ## What we find
#
# At {glue:text}`n_end` molecules A has found {glue:text}`found_A:.1%` and E {glue:text}`found_E:.1%` of the
# in-range molecules that can be found.
#
# - **C8**, E finds in-range molecules faster than A: {glue:text}`C8_verdict`. Reason: {glue:text}`C8_why`.
# - **C9**, E needs far fewer labels than A: {glue:text}`C9_verdict`. Reason: {glue:text}`C9_why`.
# - **C10**, the true positive rate on the test set moves little: {glue:text}`C10_verdict`. Reason:
#   {glue:text}`C10_why`.
# - **C11**, it falls on the held-out set: {glue:text}`C11_verdict`. Reason: {glue:text}`C11_why`.
# - **C12**, the error in range against the error on all: {glue:text}`C12_verdict`. Reason:
#   {glue:text}`C12_why`.
#
# *Limitation:* to find more than A takes only a classifier better than a coin. How close E comes to the most that
# is possible distinguishes the data sets. "Falls most for AA and OE" (C11) needs more than one of them: compare
# the tabs. Where a pool holds many conformers of few compounds,
# {doc}`count the compounds as well <11_compounds>`.
#
# ## Run it yourself
#
# Give a threshold instead of a share, or a narrower target; for a file of your own, its property:
#
# ```bash
# .venv/bin/papermill notebooks/05_targeted_search.ipynb out.ipynb -p dataset aminoacids -p target_share 0.1
# .venv/bin/papermill notebooks/05_targeted_search.ipynb out.ipynb -p dataset mine.csv \
#   -p property_key logS -p direction below -p n_test 200 -p n_max 800
# ```
