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
# search would save against going on at random: a number, an interval, and what to do. It uses the law of the
# page before ({numref}`fig-law-pools`), which needs nothing but the {term}`probe`, and takes the width of its interval from
# searches on *other* pools, whose outcome is known.
#
# *What you give:* a data set with at least {glue:text}`n_probe` labels (the rest of the pool may go without:
# `python -m alutils start` and `ask` draw the probe for you), a target, and the number of labels that you can
# pay for. *What you get:* strategy, noise and {term}`batch scheme`. Below, the advice is given for a pool whose
# labels are all known, and then the search is run, so that you see what the advice was worth. The page takes
# about ten seconds on one core.

# %%
import numpy as np
import pandas as pd
from myst_nb import glue

from alutils import metrics
from alutils.acquisition.target import above, above_or_highest
from alutils.analysis import advice, law
from alutils.analysis.overlap import CONFIDENCE, Plan
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.loop import split
from alutils.report import law_figures, tables
from alutils.report.parameters import check_parameters, run_configs
from alutils.runs.records import run_or_load

# %% tags=["parameters"]
dataset = "optoelectronics"  # embedded pool, local data set, or the path of a file
n_probe = 300  # molecules labelled at random before you decide
n_max = 900  # molecules that you can label in all
n_test = 1000  # molecules kept aside here, to see what the advice was worth
target_share = 0.1  # the target is this share of the probe's molecules, those with the highest HOMO
threshold = None  # eV: the target is HOMO > threshold, and goes before target_share
seed = 0

# %% [markdown]
# The next cell refuses unknown names, values of the wrong kind and sizes that do not fit the data set, and
# draws the probe. The threshold is read off the probe, not off all labels: a real search knows no more.

# %%
p = check_parameters(
    globals(),
    **dict.fromkeys(["n_probe", "n_max", "n_test", "seed"], int),
    **{"dataset": str, "target_share": float, "threshold": float | None},
)
pool = load(p.dataset)
sizes = {"n_test": p.n_test, "n_init": p.n_probe, "n_const": p.n_probe, "n_max": p.n_max}
draft = run_configs(p, strategy=["random"], **{name: [size] for name, size in sizes.items()})[0]
labelled = split(draft, len(pool)).train_idx
X, y = features(pool)[labelled], pool.y[labelled]
target = above_or_highest(p.threshold, p.target_share).range_in(y)
plan = Plan(len(pool) - p.n_test, p.n_probe, p.n_max)
print(f"{len(y)} labels, target above {target.low:.3f} eV, up to {p.n_max} labels of {plan.n_pool}")

# %% [markdown]
# ## The advice
#
# The noise is the most likely one given the probe's labels. For each search the table gives the labels that
# it is predicted to save of those that random sampling would need for the same {term}`found share`, with the
# {glue:text}`confidence:.0%` interval, the most that any strategy could save, and how many times more hits
# a label brings than at random. The rule: take the search with the higher saving if its interval lies above
# zero, and random sampling otherwise.

# %%
known = advice.experience(without=p.dataset)
table, answer = advice.advise(X, y, target, plan, known)
shown = table.drop(columns="enrichment").map("{:.0%}".format)
shown["hits per label"] = table["enrichment"].map("{:.1f} times random".format)
tables.Table(shown)

# %% tags=["remove-cell"]
best = table["saved"].idxmax()
stated = {
    "n_probe": p.n_probe,
    "confidence": CONFIDENCE,
    "hits": answer["hits"],
    "share": answer["share"],
    "noise": answer["noise_var"],
    "strategy": answer["strategy"].replace("_", " "),
    **table.loc[best, ["saved", "low", "high"]].astype(float).round(2).to_dict(),
    "dataset": p.dataset,
    "n_max": p.n_max,
    "threshold": target.low,
}
for key, value in stated.items():
    glue(key, value, display=False)

# %% [markdown]
# **For {glue:text}`dataset` and HOMO above {glue:text}`threshold:.2f` eV: use {glue:text}`strategy:s`**, at a
# noise of {glue:text}`noise:g` eV². The target holds {glue:text}`share:.1%` of the pool
# ({glue:text}`hits:d` of the probe's labels). The saving is predicted to be {glue:text}`saved:.0%`, between
# {glue:text}`low:.0%` and {glue:text}`high:.0%`. Take batches that double (POW): the batch scheme makes no
# difference that our pages could show, and few large batches need the fewest rounds in the laboratory.
#
# If what you want is a low error on molecules like those of the pool, and no target, random sampling is the
# advice whatever the probe says: at a good noise we saw no strategy do better ({ref}`C7 <claim-c7>`), unless the
# molecules that you will ask about are remote from the pool ({numref}`fig-law-shifted-pools`).
#
# ## What the advice was worth
#
# Here all labels are known. The search is run at the advised noise, from the same probe as its {term}`first batch`, and its saving read
# off at random sampling's final found share. Picks near the threshold may depend on the processor; a test compares
# the found shares of the default run with tracked ones, within a tolerance.

# %%
runs = run_or_load(
    run_configs(
        p,
        strategy=["random", *table.index],
        target=[above(target.low)],
        noise_var=[answer["noise_var"]],
        **{name: [size] for name, size in sizes.items()},
    )
)
found = {name: rows.sort_values("n_train") for name, rows in runs.groupby("strategy")}
at_random = found["random"]["found_share"].to_numpy()
realised = {
    name: metrics.savings(
        found["random"]["n_train"].to_numpy(),
        at_random,
        found[name]["n_train"].to_numpy(),
        np.maximum.accumulate(found[name]["found_share"].to_numpy()),
    )
    for name in table.index
}
print(tables.stale_text(runs))
tables.Table(
    pd.DataFrame(
        {
            "predicted": table["saved"].map("{:.0%}".format),
            "interval": [f"{row.low:.0%} to {row.high:.0%}" for row in table.itertuples()],
            "realised": [f"{realised[name]:.0%}" for name in table.index],
        }
    )
)

# %% [markdown]
# ## Calibration
#
# One pool proves little. {numref}`fig-advice` repeats the exercise for all targets and pools of the law's
# page: each interval takes its width from the searches on the other pools.

# %% tags=["remove-output", "hide-input"]
every = law.calibrated(advice.experience())
calibration_figure = glue("fig_calibration", law_figures.predicted_savings(every))

# %% [markdown]
# ```{glue:figure} fig_calibration
# ---
# name: fig-advice
# alt: >-
#   Realised against predicted savings for E and most probable on all pools, with vertical intervals: most
#   points lie near the diagonal, and {glue:text}`inside:.0%` of them within their interval.
# ---
# **Savings predicted by single probes, and realised ones.** Bars: {glue:text}`confidence:.0%` intervals, their
# width taken from the other pools; open points lie outside their interval. Below the diagonal the advice
# was too hopeful.
# ```

# %%
held = every.groupby(["dataset", "strategy"], sort=False)["inside"].agg(["mean", "size"])
held["searches within the interval"] = held["mean"].map("{:.0%}".format)
tables.Table(held.rename(columns={"size": "searches"}).drop(columns="mean").reset_index())

# %% tags=["remove-cell"]
glue("inside", float(every["inside"].mean()), display=False)
glue("n_every", len(every), display=False)

# %% [markdown]
# Over {glue:text}`n_every:d` searches {glue:text}`inside:.0%` of the realised {term}`savings` lie within intervals
# that promise {glue:text}`confidence:.0%`. Where a pool falls short of that, its searches are harder to
# predict than those on the others: read an interval as what it is, the spread of errors on pools that
# somebody happened to study.
#
# *The catch:* a probe with two or three hits says little, and the intervals do not know that; label until ten
# of the probe's molecules lie in the target, if you can. Labels of the probe are not lost: they are the first
# batch of the search.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/07_should_i_use_al.ipynb out.ipynb -p dataset organics -p target_share 0.05
# ```
#
# For a pool without labels, {doc}`start a campaign </book/rerun>`; its first batch is your probe.
