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
# # Is sigma to blame?
#
# **Question.** B and D pick where the model's $\sigma$ is large, and at a good noise they gain nothing (C7).
# Where active learning fails, sigma is the usual suspect: it would be too small, too large, or large in the
# wrong places. Is the exact Gaussian process's sigma right? And would a better one help?
#
# **Result.** We gave B and D the true error of every molecule in place of sigma, which no method can know. In
# {glue:text}`oracle_n_better` of {glue:text}`oracle_n` comparisons they then err significantly less than random sampling,
# in {glue:text}`oracle_n_worse` more. That they err less than with the model's own sigma: {glue:text}`oracle_counts:s`.
# The same with a locally corrected sigma, which everybody can have: {glue:text}`local_counts:s`.
#
# *What varies:* what B and D see as sigma, and the {term}`noise variance`. *What is held fixed:* the model, the
# {term}`batch scheme`, and for each seed and pool the test set and the {term}`first batch`.

# %% tags=["hide-input"]
from myst_nb import glue

from alutils.analysis import other_sigma
from alutils.report import page, uncertainty, uncertainty_figures
from alutils.report.parameters import check_parameters

# %% tags=["parameters"]
pools = ["organics", "aminoacids", "optoelectronics"]
seeds = [0, 1, 2, 3, 4]  # a run of each strategy for each

# %% tags=["hide-input"]
p = check_parameters(globals(), pools=list[str], seeds=list[int])
scores = other_sigma.of_pools(other_sigma.scores, p.pools, p.seeds)
curves = other_sigma.of_pools(other_sigma.curves, p.pools, p.seeds)

# %% [markdown]
# ## Is it right?
#
# A sigma is right if what it states is what is seen: nine labels in ten within the central 90 % interval of
# the model's Gaussian, whose variance is $\sigma^2 + \sigma_n^2$, and large errors where it is large. The rule:
# a sigma is *right* if the whole 95 % interval of the coverage, over the seeds, lies between 85 and 95 %,
# *too narrow* or *too wide* if it lies beyond.
#
# Three corrections learn from the leave-one-out errors of the training set, so that anybody can have them:
#
# - *scaled*: one factor makes the root mean square of error over deviation one;
# - *local*: a factor for each molecule, from its 20 nearest training molecules and, with the weight of
#   5 more, all others;
# - *conformal*: the interval is as wide as the errors of the training set ask for {cite}`vovk2005`.
#
# One factor for all changes no pick: B and D look at the *order* of sigma alone. Of these corrections only
# the local one can matter to them.

# %%
uncertainty.coverage_table(scores)

# %% [markdown]
# Coverage of 90 % intervals on the test set, models of random sampling (A); corrections at the last size.
#
# The intervals are too narrow in: {glue:text}`too_narrow:s`. They are right in: {glue:text}`right:s`;
# too wide in: {glue:text}`too_wide:s`; undecided in: {glue:text}`undecided:s`.

# %% tags=["remove-output", "hide-input"]
reliability = glue("fig_reliability", uncertainty_figures.reliability(scores))

# %% [markdown]
# ```{glue:figure} fig_reliability
# ---
# name: fig-sigma-reliability
# alt: >-
#   A panel for each pool: root mean square error against the root mean square standard deviation that the model
#   states, for tenths of the held-out molecules, strategies A and B at two noises, beside the diagonal.
# ---
# **Stated and seen.** Held-out molecules in tenths of rising deviation, last training set. On the grey line
# the deviation is right. Mean over {glue:text}`n_seeds` seeds; bars: one standard deviation.
# ```
#
# ## Does it know where the errors are?
#
# The table has Spearman's rank correlation of sigma and absolute error among held-out molecules. In brackets
# is what the correlation would be if each error came from the Gaussian that the model states: even a perfect
# sigma orders errors poorly where it hardly varies.

# %%
uncertainty.rank_table(scores)

# %% [markdown]
# After random sampling the correlation lies at {glue:text}`rank_A:s`, where a right sigma would have
# {glue:text}`rank_stated_A:s`. After B it falls to {glue:text}`rank_B:s`: B labels the molecules of large sigma
# first, and what is left differs little.
#
# ## Would a better one help?
#
# B and D once more, with two other sigmas: the locally corrected one, and an *oracle's*, the absolute error of
# the model on each held-out molecule. Each is compared with A, and with the same strategy and the model's own
# sigma, seed by seed. "It helps" is {ref}`supported <verdict-statistics>` where the interval of the second difference excludes zero, and not supported
# where the difference is surely smaller than 3 % of A's error.

# %%
uncertainty.gain_table(curves)

# %%
uncertainty.verdict_table(curves)

# %% tags=["remove-output", "hide-input"]
gains = glue("fig_gains", uncertainty_figures.gains(curves))

# %% [markdown]
# ```{glue:figure} fig_gains
# ---
# name: fig-sigma-gains
# alt: >-
#   Two forest plots, one a noise: error of B and D minus that of A in per cent of A's, with the model's sigma, the
#   corrected one and the true error, a marker for each pool, with 95 % intervals.
# ---
# **What a better sigma changes.** Error at the last size minus that of A; the smaller the better. Filled: the
# model's sigma, grey: corrected, open: the true error. Mean and 95 % interval over {glue:text}`n_seeds`
# seeds; grey band: ±3 %.
# ```

# %% tags=["remove-cell"]
page.glue_all(uncertainty.facts(scores, curves))

# %% [markdown]
# ## What we find
#
# - *The corrected sigma* is better than the model's own: {glue:text}`local_counts:s`. Supported on:
#   {glue:text}`local_supported:s`.
# - *The true error* in its place is better than the model's own: {glue:text}`oracle_counts:s`. Supported on:
#   {glue:text}`oracle_supported:s`.
# - *The true error* against random sampling: significantly better are {glue:text}`oracle_better:s`; worse are
#   {glue:text}`oracle_worse:s`. The largest mean gain is {glue:text}`oracle_most:s`.
#
# *Our reading.* Sigma and the error are two things. Sigma is what the geometry says that a label would remove, of
# its molecule and of the neighbours. The error is in large part a molecule's own, and its label teaches little
# about others. So sigma can guide without knowing the errors, and the errors are no great guide: compare the
# {ref}`embedded pools <page-14_uncertainty-pools>` with the
# {ref}`paper's own data <page-14_uncertainty-all-heaviest>`, where few remote molecules make much of the
# error ({ref}`why D gains on AA <page-12_why_d_gains-aa>`).
#
# *The catch.* One kernel, one descriptor a pool, one order of magnitude in size, and a mean absolute error: a
# strategy that mends the worst molecules may still be worth its while for the worst case. The rule on coverage was
# written after one seed of the embedded pools had been seen, that on errors after one seed of `organics`. Molecules with equal descriptors share one error here.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/14_uncertainty.ipynb out.ipynb -y "pools: [organics]"
# ```
