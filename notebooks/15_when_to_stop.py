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
# **Result.** Not by the model's own word. Late in a greedy search the model expects
# {glue:text}`model_of_left:s` (median) of the hits that are left: what it thinks likely it has picked. Of {glue:text}`model_stopped` searches
# that would have stopped by its sum at "{glue:text}`until:s` found", {glue:text}`model_had:s` had found as much. A regression on the labels so
# far, learned on other pools, stops {glue:text}`law_stopped` of {glue:text}`n_searches` searches, and
# {glue:text}`law_had:s` of these had.
#
# *What varies:* pool, target, seed and the number of labels. *What is held fixed:* the greedy rule
# (`most_probable`), batches of 50 after 100 random labels, up to {glue:text}`n_last` labels; labels
# standardised, noise 0.05 of their variance, as in a {doc}`campaign </book/experiments/13_bring_your_own-pools>`.

# %%
from myst_nb import glue

from alutils.analysis import stop_rules, stopping
from alutils.report import page
from alutils.report import stopping as report
from alutils.report.parameters import check_parameters

# %% tags=["parameters"]
until = 0.9  # share of the target to be found, nine times in ten
without = ""  # a data set to leave out of all

# %%
p = check_parameters(globals(), until=float, without=str)
known = stopping.known(p.without or None)
left = stop_rules.forecasts(known)
coming = stop_rules.forecasts(known, "next_hits")

# %% [markdown]
# ## What is known before a query
#
# - The *model's sum*: the probability that its label lies in the target, noise included, summed over all
#   molecules without a label.
# - The *random batch*: its share of hits times the pool, less the hits so far. It is unbiased, and coarse: of 100 random
#   labels one or two are hits where the target holds 1 %.
# - The *last batch*: its share of hits.
# - The *surprise*: the hits of all picked batches over those that the model had expected of them.
#
# The law is a linear regression of the logarithm of the hits left, plus one, on the logarithms of these and of the hits so far. Its 90 %
# interval is that of the errors on pools that a fit had no part in. On this page each pool is
# forecast by what the others taught, so its intervals rest on two pools: a hard test.

# %%
report.coverage_table({"hits left": left, "hits of the next batch": coming})

# %% [markdown]
# How many of the stated 90 % intervals held what came: {glue:text}`covered:s` of those of the hits left, and
# {glue:text}`covered_next:s` of those of the next batch, mean over the pools; {glue:text}`n_queries` queries.

# %% tags=["remove-output", "hide-input"]
remaining = glue("fig_remaining", report.remaining(left))

# %% [markdown]
# ```{glue:figure} fig_remaining
# ---
# name: fig-stop-remaining
# alt: >-
#   A panel per pool: hits left, plus one, against those that were forecast, plus one, both logarithmic, with the
#   stated interval as a band around the diagonal. Filled: tails, open: windows.
# ---
# **Hits left, forecast and real.** Each point is a query of a search, forecast by a law that its pool had no part in. Band:
# the stated 90 % interval.
# ```
#
# ## Stopping
#
# Stop when {glue:text}`until:s` of the target is found, nine times in ten: when the hits so far are that share of
# themselves and the most that may be left. Other rules for comparison: the model's sum taken at its word; the upper
# 95 % limit of the random batch's share; and to stop after a batch without a hit.

# %%
report.rules_table(left, p.until)

# %% [markdown]
# {glue:text}`reached` of the {glue:text}`n_searches` searches reach {glue:text}`until:s` within {glue:text}`n_last` labels.
# *Labels too many*: between the query at which the share was there, and the stop; median of those that had it.
# The law at other shares, all pools and one by one:

# %%
report.shares_table(left)

# %% tags=["remove-cell"]
page.glue_all(report.facts(left, coming))

# %% [markdown]
# ## In a campaign
#
# `ask` says what is found and what the next batch should bring, and can stop by itself, with status 3:
#
# ```bash
# .venv/bin/python -m alutils ask mine --until 0.9
# .venv/bin/python -m alutils ask mine --worth 5
# ```
#
# The second stops where a hit costs more than five labels.
#
# *The catch.* {glue:text}`n_pools` embedded pools, one strategy, one size of the first batch, random and unbiased. A
# campaign whose first labels were chosen by hand has no share to start from, and one on a pool unlike these
# has an interval from others. Where the descriptor cannot see a part of the target nobody's interval knows.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/15_when_to_stop.ipynb out.ipynb -p until 0.8
# ```
