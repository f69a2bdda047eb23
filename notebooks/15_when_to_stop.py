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
# # When to stop
#
# **Question.** A search has found many molecules of the target. How many are left, and is it time to stop?
#
# **Result.** *The model alone.* Is the sum of its probabilities enough? {glue:text}`model_verdict:s`: of
# {glue:text}`model_stopped` searches that would have stopped where they sum to "{glue:text}`until:s` found",
# {glue:text}`model_had:s` had found as much. *A rule learned on other pools*, with a margin for how pools differ,
# stops {glue:text}`stopped` searches, of which {glue:text}`had` had ({glue:text}`had_share:s`):
# {glue:text}`verdict:s`. *Its price is silence:* of {glue:text}`reached` searches that do get there it stops
# {glue:text}`in_time` within their labels.
#
# *What varies:* {glue:text}`n_pools` pools (embedded, a subset of the paper's own, OE62, tables of SMILES with
# fingerprints), target, seed and the number of labels. *What is held fixed:* the greedy rule (`most_probable`),
# batches of 50 after 100 random labels, up to {glue:text}`n_least` or {glue:text}`n_most` of them; labels
# standardised, noise 0.05 of their variance, as in a {ref}`campaign <page-13_bring_your_own-pools>`.

# %% tags=["hide-input"]
from myst_nb import glue

from alutils.analysis import stop_rules, stopping
from alutils.report import page
from alutils.report import stopping as report
from alutils.report import stopping_figures as figures
from alutils.report.parameters import check_parameters

# %% tags=["parameters"]
until = 0.9  # share of the target to be found, nine times in ten
without = ""  # a data set to leave out of all

# %% tags=["hide-input"]
p = check_parameters(globals(), until=float, without=str)
known = stopping.known(p.without or None)
left = stop_rules.forecasts(known)
coming = stop_rules.forecasts(known, "next_hits")

# %% [markdown]
# ## What is known before a query
#
# - The *model's sum*: the probability of lying in the target, noise included, summed over all molecules without a
#   label.
# - The *random batch*: its share of hits times the pool, less the hits so far: unbiased, and coarse.
# - The *last batch*: its share of hits times what has no label.
# - The *surprise*: the hits of all picked batches over those that the model had expected.
#
# A linear regression of the logarithms of these and of the hits so far predicts that of the hits left, plus one. For
# the *next batch* the model's sum over it is the prediction. Both have intervals whose unit is the pool
# {cite}`lee2023`: as wide as nine in ten errors on pools outside the fit require, with one pool more, unlike all,
# counted. Each pool is predicted from the others ({download}`table of the searches </alutils/analysis/stopping.csv>`).

# %%
both = {"hits left": left, "next batch": coming}
report.coverage_table(both)

# %% [markdown]
# How many of the stated 90 % intervals held what came, over {glue:text}`n_queries` queries. Of the hits left it is
# {glue:text}`covered:s` in the mean over the pools, {glue:text}`covered_least:s` at the least; of the next batch
# {glue:text}`covered_next:s` and {glue:text}`covered_next_least:s`. By the hits so far, mean over the pools and the
# lowest of them:

# %%
report.coverage_table(both, by="hits")

# %% tags=["remove-output", "hide-input"]
remaining = glue("fig_remaining", figures.remaining(left, coming))

# %% [markdown]
# ```{glue:figure} fig_remaining
# ---
# name: fig-stop-remaining
# alt: >-
#   Two panels: hits left, and hits of the next batch, against those predicted, plus one and logarithmic, one point a
#   query, beside the diagonal; three kinds of pools.
# ---
# **Hits to come, predicted and real.** Each point is a query of a search with ten hits or more. Upper: all hits
# left, by the regression of other pools. Lower: those of the next batch, by the model's own sum.
# ```
#
# {glue:text}`intervals:s`. With thirty hits or more the hits left may still be {glue:text}`factor:s` times as many as predicted, those of a batch {glue:text}`factor_next:s` times. The worst case shows why. On
# {glue:text}`case_pool:s`, after {glue:text}`case_labels` labels and {glue:text}`case_hits` hits, the model expects
# {glue:text}`case_model:s` hits in all the rest. There are {glue:text}`case_left`, of a kind that it has learned to
# be something else. No batch of a greedy search ever looks there.
#
# ## Stopping
#
# Stop when {glue:text}`until:s` of the target is found, nine times in ten. *The margin*, by which the prediction may err
# before the share is missed, must be as large as on the other pools it took for nine in ten stopped searches to have
# the share, with one pool more in which none had. *The strictest pool* takes what the worst of them needed. Both refuse
# with fewer than ten hits. *The interval's end* takes the upper end of the hits left. The others are rules of thumb.
# The first two were written down, in this order, before any search beyond the embedded pools was looked at.

# %%
trials = report.trials(left, p.until)
report.rules_table(trials)

# %% tags=["remove-output", "hide-input"]
had = glue("fig_had", figures.had(trials))

# %% [markdown]
# ```{glue:figure} fig_had
# ---
# name: fig-stop-had
# alt: >-
#   For each rule the share of the stopped searches that had found what they stopped for, with a 95 % interval, and
#   smaller markers for single pools, beside a line at nine in ten.
# ---
# **Of those that stopped, how many had it?** Large: all searches that a rule stops (their number beside its name),
# with the 95 % interval of pools drawn again. Small: pools one by one, marked as above. Line: nine in ten.
# ```
#
# *What it costs:* those that had it stop {glue:text}`late:s` labels (median) after the query at which the share was
# first there, nine in ten within {glue:text}`late_most:s`. The rule stops on {glue:text}`stopped_pools` of the pools
# alone, and cannot say on the others:

# %%
report.pools_table(trials)

# %% [markdown]
# At other shares:

# %%
by_share = report.by_share(left)
report.shares_table(by_share)

# %% [markdown]
# Nine in ten had it at: {glue:text}`holding:s`. `--until` takes no higher share than the last of these.
#
# *A proof* needs no other pool: label at random among the rest until a miss of the share would have shown. At the
# first query where the share is there that takes {glue:text}`proof:s` labels (median), none of which may be a hit.
#
# ## What a hit may cost
#
# An easier rule: stop when the next hits cost more labels than they are worth. The model's sum over the next batch, beside
# what came:

# %%
report.coming_table(coming)

# %% [markdown]
# Where a hit is worth {glue:text}`worth` labels, the searches that stop by it have {glue:text}`worth_model:s` of what
# the best stop, known in hindsight, would have gained; those that stop by the last batch's rate
# {glue:text}`worth_last:s`; those that never stop {glue:text}`worth_whole:s`.

# %%
report.worth_table(coming)

# %% tags=["remove-cell"]
page.glue_all(report.facts(left, coming, trials, by_share))

# %% [markdown]
# ## In a campaign
#
# `ask` gives the hits so far, the share of the target that they are, and the hits that the next batch should bring, each with
# its interval. It stops by a rule, with status 3, for a script to see:
#
# ```bash
# .venv/bin/python -m alutils ask mine --until 0.9
# .venv/bin/python -m alutils ask mine --worth 5
# ```
#
# *Limitation:* {glue:text}`n_pools` pools of {glue:text}`pool_least:s` to {glue:text}`pool_most:s` molecules, one
# strategy, a random first batch: labels chosen by hand have no share to start from. Few searches are stopped, as the
# interval beside their share shows. Each search ended at a number of labels that we set, so that some of the silence
# is ours. How the hits of a batch are predicted was chosen after the searches had been seen. What the descriptor
# cannot see of the target, only random labels find.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/15_when_to_stop.ipynb out.ipynb -p until 0.8
# ```
