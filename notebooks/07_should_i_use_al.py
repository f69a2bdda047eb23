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
# # Should I use active learning?
#
# **Answer.** Label a few hundred molecules of your pool at random, name a target, and this page says what a
# search would save against going on at random: a number, an interval, and what to do. It replays the search on the
# {term}`probe`, adds what targets of this share and shape gained on other pools ({ref}`the law on new pools
# <page-18_new_pools-pools>`), and takes the width of its interval from searches on *other* pools, whose outcome is known and whose
# probe had about as many hits.
#
# *What you give:* labels of random molecules, here {glue:text}`n_init`, fewer for a wider interval (the rest of the pool may go without:
# `python -m alutils start` and `ask` draw the probe for you), a target, and the number of labels that you can
# pay for. *What you get:* strategy, noise and {term}`batch scheme`. Below, the advice is given for a pool whose
# labels are all known, and then the search is run, so that you see what the advice was worth. The page takes
# about ten seconds on one core.

# %% [markdown]
# ## Try it with your own file
#
# The advice for a file of yours, at once and in this page: it fits the same model to all labels of the file, which
# are the probe, and weighs the same searches as the code below; a test holds every number of the two to one part in a million.
# The example is a smaller probe than the one below, 200 molecules by their fingerprints, so that its answer is another.
#
# ```{raw} html
# <div id="live-advice"></div>
# <noscript><p>This part needs JavaScript. The same advice, for a file of yours, without it:
# <code>.venv/bin/papermill notebooks/07_should_i_use_al.ipynb out.ipynb -p dataset mine.csv -p property_key logS
# -p n_init 200 -p n_pool 5000 -p n_max 600</code>, n_init being the number of its labels.</p></noscript>
# ```

# %% tags=["hide-input"]
from myst_nb import glue

from alutils.analysis import advice, advice_check
from alutils.report import advice_tables, law_figures, own_probe, quantity
from alutils.report.parameters import DATA, TARGET, check_parameters
from alutils.runs.records import run_or_load

# %% tags=["parameters"]
dataset = "optoelectronics"  # embedded pool, local data set, or a path
property_key = "homo"  # of your own file: the name of the label
unit = ""  # of your own file: the label's, as it is to be printed
skip_bad = False  # of your own file: leave out what cannot be read
descriptor = None  # the data set's own, or one by its name
n_init = 300  # molecules labelled at random before you decide, the probe
n_max = 900  # molecules that you can label in all
n_test = 1000  # molecules kept aside here, to see what the advice was worth
target_share = 0.1  # of the probe's molecules, the highest labels
threshold = None  # in the label's unit, before the share; two: a window
direction = "above"  # or "below": the threshold, or the lowest share
n_pool = None  # of your own file: the pool of which it has all labels
seed = 0

# %% [markdown]
# A share is read off the probe, not off all labels: a real search knows no more.

# %% tags=["hide-input"]
p = check_parameters(
    globals(),
    **(DATA | TARGET),
    **dict.fromkeys(["n_init", "n_max", "n_test", "seed"], int),
    n_pool=int | None,
)
draft, probed = own_probe.probe_of(p)
labels = quantity.of_labels(draft, probed.y)
print(
    f"{len(probed.y)} labels, target {labels.range(probed.target)},",
    f"up to {p.n_max} labels of {probed.plan.n_pool}",
)

# %% [markdown]
# ## The advice
#
# The noise is the most likely one given the probe's labels. For each search the table gives the labels that
# it is predicted to save of those that random sampling would need for the same {term}`found share`, with the
# {glue:text}`confidence:.0%` interval, the most that any strategy could save, and first, how many times more hits
# a label brings than at random, by which the searches are ranked. The upper end may lie above the most that is
# possible, because the target may be rarer than the probe shows. The rule: take the greedy search, `most_probable`,
# unless it is predicted to bring no more hits than chance, also where the interval holds zero: then it
# may save nothing, but see below how many known searches found more than random sampling all the same. Where the probe
# does not rank its own molecules better than chance, the interval is made to hold zero, whatever others gained. The paper's own
# search, E (`property_search`), stands beside it and is never advised.

# %%
known = advice.experience(without=p.dataset)
table, answer = advice.advise(probed, known)
advice_tables.advice_table(table)

# %% tags=["remove-cell"]
facts = advice_tables.advice_facts(probed, table, answer, labels)
facts |= {"n_init": p.n_init, "dataset": p.dataset}
for key, value in facts.items():
    glue(key, value, display=False)

# %% [markdown]
# **For {glue:text}`dataset` and {glue:text}`property:s` {glue:text}`target:s`: use {glue:text}`strategy:s`**, at a
# noise of {glue:text}`noise:s`. The target holds {glue:text}`share:.1%` of the pool
# ({glue:text}`hits:d` of the probe's labels). The greedy search is predicted to bring
# {glue:text}`times:.1f` times as many hits per label as random sampling, and to save {glue:text}`saved:.0%` of its
# labels, between {glue:text}`low:.0%` and {glue:text}`high:.0%`. {glue:text}`caution:s` Batches that double (POW) need the fewest
# rounds in the laboratory; what small ones add to a search of a few hundred labels is on {doc}`a page of its own <17_first_batch>`.
#
# If what you want is a low error on molecules like those of the pool, and no target, random sampling is the
# advice whatever the probe says: on the embedded pools and on the whole of QM9 we saw no strategy do better at a good noise
# ({ref}`C7a <claim-c7a>`). On the heaviest molecules of AA, OE and QM9, with a compressed descriptor, {ref}`it is otherwise
# <page-09_fair_field-all-heaviest>`, as it may be where you will ask about molecules remote from the pool
# ({numref}`fig-law-shifted-pools`).
#
# ## What the advice was worth
#
# Here all labels are known. The search is run at the advised noise, from the same probe as its {term}`first batch`, and its saving read
# off at random sampling's final found share. Picks near the threshold may depend on the processor; a test compares
# the found shares of the default run with tracked ones, within a tolerance. {glue:text}`fits:s`

# %%
trial = advice.trial(draft, probed, answer, table.index)
runs = None if p.n_pool else run_or_load(trial)
worth, fits = own_probe.outcome(table, runs)
glue("fits", fits, display=False)
worth

# %% [markdown]
# ## Calibration
#
# One pool proves little. {numref}`fig-advice` repeats the exercise for all targets of {glue:text}`n_pools` pools: each
# interval is the one that would be printed for a pool of which no search is known, with all
# others as the experience. No search is left out, and one that never finds what random
# sampling finds has saved nothing. The probe is as large, next to the search, as it is where three times its labels can be paid for.

# %% tags=["remove-output", "hide-input"]
every = advice_check.calibrated(advice.experience())
calibration = law_figures.predicted_savings(every)
calibration_figure = glue("fig_calibration", calibration)

# %% [markdown]
# ```{glue:figure} fig_calibration
# ---
# name: fig-advice
# alt: >-
#   Realised against predicted savings for E and most probable on all pools, with vertical intervals: most
#   points lie near the diagonal, and {glue:text}`inside:.0%` of them within their interval.
# ---
# **Savings predicted by single probes, and realised ones.** Bars: {glue:text}`confidence:.0%` intervals, their
# width taken from the other pools; points at full strength, with an edge, lie outside theirs. Below the diagonal the advice
# was too hopeful.
# ```

# %%
advice_tables.hits_table(every)

# %%
advice_tables.calibration_table(every)

# %% tags=["remove-cell"]
for key, value in advice_tables.calibration_facts(every).items():
    glue(key, value, display=False)

# %% [markdown]
# *Evidence:* over {glue:text}`n_every:d` searches {glue:text}`inside:.0%` of the realised {term}`savings` lie within intervals
# that promise {glue:text}`confidence:.0%`, and by the number of hits in the probe {glue:text}`inside_by_hits:s`. That is what
# the intervals are made for: an error is compared with those of searches whose probe had as many hits, and
# the price of few hits is their width.
#
# *Limitation:* a pool is one draw. With each pool counted once {glue:text}`inside_by_pool` hold, on the worst
# {glue:text}`inside_worst`. The classes of hits were chosen on some of these searches, and all of them end at 800 labels. Read an
# interval as what it is, the spread of errors on pools that somebody happened to study.
#
# With fewer than {glue:text}`enough:d` hits do not trust the interval at all: it rests on the few rare targets of other
# pools. Label until that many of the probe's molecules lie in the target, if you can. Labels of the
# probe are not lost: they are the first batch of the search.
#
# The interval promises less than a search keeps. It holds zero for {glue:text}`n_open:s` targets and probes, and for
# {glue:text}`open_paid:s` of these the greedy search found more than random sampling in expectation all the same, as it
# did for {glue:text}`never_worse:s` in all. That is why the rule asks only for more hits than chance, which were not predicted
# for {glue:text}`n_random:s`.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/07_should_i_use_al.ipynb out.ipynb -p dataset organics -p target_share 0.05
# ```
#
# For a pool without labels, {doc}`start a campaign </book/rerun>`; its first batch is your probe.
