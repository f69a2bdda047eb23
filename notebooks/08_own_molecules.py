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
# # Your own molecules
#
# **What you can do here.** Bring molecules as `.xyz`, `.extxyz`, a folder of them, `.sdf`, or SMILES in a CSV.
# *With labels* every experiment of this book runs on them by its parameter `dataset`. *Without labels* the
# software writes the next batch to a folder, you compute or measure the labels, and hand them back. This page
# runs such a search live, with GFN2-xTB {cite}`bannwarth2019` as the labeller.
#
# *Result:* {glue:text}`n_found:d` molecules with {glue:text}`property:s` {glue:text}`target:s` found with
# {glue:text}`n_labels:d` labels, in about a minute; random choice would have needed about
# {glue:text}`n_random:d`. The same search over the OE62 subset, from `.xyz` files, follows below.

# %% tags=["hide-input"]
import shutil
import tempfile
from pathlib import Path

import pandas as pd
from myst_nb import glue

from alutils.campaign import campaign, xtb
from alutils.report import law_figures, own_molecules, tables
from alutils.report.parameters import TARGET, check_parameters, target_of

# %% tags=["parameters"]
molecules = ""  # path of your file or folder; empty: some organics
property_key = "homo"  # name of the label in the file, where it has some
threshold = -10.0  # eV, before the share; two: a window
direction = "above"  # or "below": the threshold, or the lowest share
target_share = None  # of the first batch's labels, the highest
strategy = "most_probable"  # or property_search, or any other
n_init = 60  # molecules in the first batch, your probe
n_const = 30  # molecules, the unit of the batches
noise_var = 0.05  # share of the variance of the labels
seed = 0
n_find = 200  # stop when so many are found

# %% tags=["hide-input"]
p = check_parameters(
    globals(),
    **dict.fromkeys(["molecules", "property_key", "strategy"], str),
    **dict.fromkeys(["n_init", "n_const", "seed", "n_find"], int),
    **(TARGET | {"noise_var": float}),
)

# %% [markdown]
# The campaign of this page lives in a temporary folder; yours keeps its folder, where you like.

# %%
work = Path(tempfile.mkdtemp())
folder = work / "search"
pool = own_molecules.read_pool(p.molecules, p.property_key, work)
settings = campaign.Settings(
    **{name: vars(p)[name] for name in ("strategy", "n_init", "n_const")},
    **{"target": target_of(vars(p)), "noise_var": p.noise_var},
    **{"property": p.property_key, "unit": "eV", "seed": p.seed},
)
state = campaign.start(folder, pool, settings)
print(f"{len(pool)} molecules, {len(state.labels)} of them with a label")

# %% [markdown]
# ## Query, label, return
#
# `ask` writes `molecules.extxyz` and `batch.csv`: identifier, predicted level, its uncertainty, an empty column
# for the label, and what the label is. The {term}`first batch` is random and has no prediction: it is your
# {term}`probe`, from which {doc}`advice <07_should_i_use_al>` can be had.

# %%
first = pd.read_csv(campaign.ask(folder) / "batch.csv", dtype=str)
tables.Table(first.head(4).fillna(""))

# %% [markdown]
# Labels come back as a CSV with `id` and `label`, all or some of them, in any order, with `failed` for a failed
# calculation. All rows are checked before any is taken, and earlier results are never lost. Three mistakes:

# %%
one = first["id"][0]
mistakes = {
    "unknown identifier": [("nobody", "-9.1")],
    "there twice": [(one, "-9.1"), (one, "-9.2")],
    "not a number": [(one, "n/a")],
}
print(own_molecules.refusals(folder, mistakes))

# %% [markdown]
# ## A live search, interrupted and continued
#
# Two processes compute the labels and return them forty at a time. To show that nothing is lost, the campaign is
# copied after its first batch; copy and original go on from their folders alone, as after a crash, and must pick
# the same molecules. The second batch shows a fourth mistake: labels in another unit lie far outside those
# before.

# %%
xtb.label_with_xtb(folder)
shutil.copytree(folder, work / "copy")
second = pd.read_csv(campaign.ask(folder) / "batch.csv", dtype={"id": str})
hartree = [*zip(second["id"], second["mu"] / 27.211386, strict=True)]
print(own_molecules.refusals(folder, {"hartree, not eV": hartree}))

# %%
state = xtb.search_live(folder, p.n_find, report=lambda line: None)
campaign.ask(work / "copy")
again = campaign.read(work / "copy").batches == state.batches[:2]
print("the same picks after the interruption:", again)

# %% tags=["remove-cell"]
shutil.rmtree(work)
facts = own_molecules.search_facts(state)
for key, value in (facts | own_molecules.oe62_facts()).items():
    glue(key, value, display=False)

# %% tags=["remove-output", "hide-input"]
curve, share = own_molecules.progress(state), facts["share"]
drawn = law_figures.found_live(curve, share, len(pool), p.strategy)
live_figure = glue("fig_live", drawn)

# %% [markdown]
# ```{glue:figure} fig_live
# ---
# name: fig-own-live
# alt: >-
#   Molecules found against labels: the live search rises to {glue:text}`n_found:d` at {glue:text}`n_labels:d`
#   labels, beside the line of random choice.
# ---
# **A live search with GFN2-xTB labels.** {glue:text}`n_pool:d` molecules, target {glue:text}`property:s`
# {glue:text}`target:s`, {glue:text}`share:.0%` of the first batch. Solid grey: random choice, expected
# from that share, with the 95 % interval that a first batch of this size leaves; dotted: the most possible.
# ```
#
# {glue:text}`n_failed:d` calculations failed.
#
# ## The OE62 subset, as if it were yours
#
# The {glue:text}`oe_n_pool:d` molecules of the OE62 subset were written as single `.xyz` files, without labels,
# and searched by the commands below for a HOMO level above {glue:text}`oe_threshold:.1f` eV (GFN2-xTB), which
# {glue:text}`oe_share:.0%` of them have. The search found {glue:text}`oe_n_found:d` of them with
# {glue:text}`oe_n_labels:d` labels in {glue:text}`oe_minutes:.1f` minutes on two cores, labels
# included; random choice would have needed about {glue:text}`oe_random:d`.
#
# ```bash
# .venv/bin/python -m alutils start search oe62-xyz --above -9.7 \
#   --no-labels --property homo --unit eV --n-init 100
# .venv/bin/python -m alutils live search --find 200
# ```
#
# With your own labeller, replace the second command by as many rounds as you can pay for:
#
# ```bash
# .venv/bin/python -m alutils ask search
# .venv/bin/python -m alutils tell search search/batch-000/batch.csv
# ```
#
# *Limitation:* the campaign trusts your labels. It notices a wrong unit where labels lie far outside those before
# and one factor between units takes them back; it does not notice a wrong molecule. Where the probe holds no
# molecule above your threshold, the first batches search in the dark.
#
# ## Run it yourself
#
# ```bash
# .venv/bin/papermill notebooks/08_own_molecules.ipynb out.ipynb -p threshold -9.8 -p n_find 100
# ```
