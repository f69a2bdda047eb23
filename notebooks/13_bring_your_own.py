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
# # Bring your own
#
# **What you can do here.** Go from a file of molecules to advice and a finished campaign, on the command line.
# Three files such as people have ({ref}`others are read as well <your-own-file>`): geometries with some labels, an
# `.sdf` with a data field, and a table of SMILES with a bad row. Each command was run when this page was built, in
# one folder, and what it printed is printed here, without the free memory that `check` reports.
#
# *Result:* with {glue:text}`n_labels:d` labels, of {glue:text}`n_pool:d` molecules each, the campaigns found
# {glue:text}`amino_found:d` of {glue:text}`amino_target:d`, {glue:text}`conjugated_found:d` of
# {glue:text}`conjugated_target:d` and {glue:text}`ionisation_found:d` of {glue:text}`ionisation_target:d` molecules
# in their targets. As many labels at random would have found about {glue:text}`amino_random:.0f`,
# {glue:text}`conjugated_random:.0f` and {glue:text}`ionisation_random:.0f`.

# %% tags=["hide-input"]
import shutil

from myst_nb import glue

from alutils.report import tables, walkthrough
from alutils.report.parameters import check_parameters

# %% tags=["parameters"]
n_molecules = 600  # in each file
n_max = 240  # labels that you can pay for, in each campaign
seed = 0  # of the molecules in the files

# %% tags=["hide-input"]
p = check_parameters(globals(), n_molecules=int, n_max=int, seed=int)

# %% [markdown]
# The molecules are those of the {ref}`embedded pools <embedded-pools>`, with known labels. A campaign sees only those that
# it queries.

# %%
desk = walkthrough.set_up(p.n_molecules, p.seed)

# %% [markdown]
# ## Geometries, some with a label
#
# Amino acids as `.extxyz`; some, drawn at random, have their HOMO level already. `check` reads a file, computes
# nothing from it, and ends with the command to go on with.

# %%
desk.run("check aminoacids.extxyz")

# %% [markdown]
# `start` makes the folder of the campaign. If the property that you name is not in the file, it names those that
# are.

# %%
start = "start amino aminoacids.extxyz --above -10.2 --unit eV --n-const 20"
desk.run(f"{start} --property HOMO_eV")
desk.run(start)

# %% [markdown]
# The labels in the file, drawn at random, are a {term}`probe` of the pool. So advice can be had at once: how many times as
# many hits a search finds as random choice, and which fraction of the labels it saves, with an interval. `--take` gives
# the campaign the advised strategy and noise.

# %%
desk.run(f"advise amino --n-max {p.n_max} --take")

# %% [markdown]
# `ask` picks a batch and writes it down: geometries for whoever computes, and a table to fill in, with the
# prediction `mu` and its uncertainty `sigma`, rounded here.

# %%
desk.run("ask amino")
tables.Table(desk.batch("amino").head(3))

# %% [markdown]
# Here `fill` stands for your measurement: it writes the known labels into the table, and returns its name for `tell`. Of
# further rounds only the first line of each output is shown.

# %%
desk.run(f"tell amino {desk.fill('amino')}")
desk.go_on("amino", p.n_max)

# %% [markdown]
# ## An SDF with a data field
#
# Conjugated molecules, with the HOMO level in hartree in a field `E_HOMO`. For a campaign that begins with nothing,
# `--no-labels` leaves the values aside; `--property` names the label, here and where a file has no such field. The
# target is a share: the highest fraction of whatever turns up.

# %%
desk.run("check conjugated.sdf")

# %%
start = "start conjugated conjugated.sdf --highest 0.12 --n-const 20"
desk.run(f"{start} --no-labels --property E_HOMO --unit hartree")
desk.run("ask conjugated")
desk.run(f"tell conjugated {desk.fill('conjugated')}")

# %% [markdown]
# The first batch is random; only now can there be advice.

# %%
desk.run(f"advise conjugated --n-max {p.n_max} --take")

# %% [markdown]
# Somebody fills in the second batch in electronvolts, although the table's column `unit` says hartree. These are far
# outside the labels before: the factor is named, nothing is taken, and the batch is returned again in hartree. From the
# second batch on `ask` says what may be found, and can stop by a rule:
# {ref}`when to stop <page-15_when_to_stop-pools>`.

# %%
desk.run("ask conjugated")
desk.run(f"tell conjugated {desk.fill('conjugated', factor=27.2114)}")
desk.run(f"tell conjugated {desk.fill('conjugated')}")
desk.go_on("conjugated", p.n_max)

# %% [markdown]
# ## SMILES, and a property to be minimised
#
# Organic molecules in a CSV with semicolons: a name, SMILES, and an ionisation energy in kJ/mol, of which low values
# are wanted. One label is missing, and one SMILES is broken. No geometry is needed: the descriptor is a fingerprint.

# %%
desk.run("check ionisation.csv")

# %% [markdown]
# This file knows all its labels but one. `simulate` hides them, queries them as a campaign would, a few times
# over, and says how well the advice did: a rehearsal on a set like yours, before you measure anything.

# %%
start = "ionisation.csv --below 910 --unit kJ/mol --property IE_kJ_mol"
sizes = f"--n-init 100 --n-const 20 --n-max {p.n_max}"
desk.run(f"simulate {start} {sizes} --skip-bad")

# %% [markdown]
# Random choice's own figure scatters around one, since few campaigns have few hits. Now the campaign. A bad row
# stops it, unless `--skip-bad` leaves the row out, and lists it with its reason in `skipped.csv` in the campaign's
# folder.

# %%
start = f"start ionisation {start} --no-labels --n-const 20"
desk.run(start)
desk.run(f"{start} --skip-bad")

# %% [markdown]
# From here on it is the same round, whatever the file was.

# %%
desk.run("ask ionisation", 1)
desk.run(f"tell ionisation {desk.fill('ionisation')}", 1)
desk.run(f"advise ionisation --n-max {p.n_max} --take")
desk.go_on("ionisation", p.n_max)

# %% [markdown]
# ## What was found
#
# Random choice: the mean, and the interval that holds ninety-five of a hundred draws of as many molecules.

# %%
campaigns = walkthrough.campaigns(desk)
tables.Table(walkthrough.summary(campaigns))

# %% tags=["remove-cell"]
shutil.rmtree(desk.folder)
for key, value in walkthrough.facts(campaigns).items():
    glue(key, value, display=False)

# %% tags=["remove-output", "hide-input"]
drawn = walkthrough.found_of_three(campaigns)
three_figure = glue("fig_own_three", drawn)

# %% [markdown]
# ```{glue:figure} fig_own_three
# ---
# name: fig-own-three
# alt: >-
#   Molecules found against labels, a panel for each of three files: each campaign, the band of random choice, and
#   the most possible.
# ---
# **Three campaigns from three files.** Each begins with labels drawn at random; the points are batches. Grey:
# random choice, mean and 95 % interval; dotted: the most possible, every label a hit. One campaign each: how much
# another first batch would change is what `simulate` shows.
# ```
#
# *Limitation:* these are small pools with computed labels, which a model can learn well; a measured property may
# be harder, and the advice would say so. The targets hold a tenth of the molecules or a little more, about a dozen
# hits in a probe of this size. Of a target of one in a hundred it would see one, and `advise` would require more
# labels first. Where the interval of a saving holds zero, `advise` says that the search may save nothing, and
# advises it all the same: {ref}`the law on new pools <page-18_new_pools-pools>` counts the searches that brought fewer
# hits than random choice.
#
# ## Run it yourself
#
# With a file of yours, begin with `check` and follow what each command says comes next:
#
# ```bash
# .venv/bin/python -m alutils check molecules.csv
# ```
#
# ```bash
# .venv/bin/papermill notebooks/13_bring_your_own.ipynb out.ipynb -p n_max 300 -p seed 1
# ```
