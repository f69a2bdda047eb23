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
# # From a molecule to a point on a learning curve
#
# **Claim.** Five strategies that look at the same model and the same molecules pick visibly different
# batches, and what they can gain depends on how the target lies within the pool. This page draws the
# paper's Figs. 2, 3 and 8, which are sketches there, from real molecules.
#
# We follow the data on its whole way: one molecule becomes a descriptor, the descriptors of a training
# set become a model, the model lets a strategy choose a batch, and the larger training set gives one
# more point on a learning curve. All equations stand on the page on [methods](../methods.md).
#
# *What varies:* the strategy. *What is held fixed:* pool, test set, {term}`first batch`, model and seed. The
# page runs in about half a minute, most of it for the descriptors of the pool when they are made for
# the first time.

# %% [markdown]
# ## Try it
#
# **Claim.** At the noise at which random choice errs least, no strategy ends with a lower error on this
# small pool, and the two that look for the target end with far more of it.
#
# Press *Step*. The molecules with a cross are labelled, the model is fitted to them, and from what it
# predicts the strategy picks the coloured dots, which are labelled next. Rings mark the target: the
# model does not see them. Beside the map, the run's error and hits against those of random choice.
# One run is one draw: the box below repeats it with other first batches.
#
# ```{raw} html
# <link rel="stylesheet" href="../../_static/live/loop.css">
# <noscript><p>This figure computes in your browser and needs JavaScript. The figures further down show
# where each strategy picks without it.</p></noscript>
# <div id="live-loop"></div>
# <script src="../../_static/live_loop_data.js"></script>
# <script src="../../_static/live/modules.js"></script>
# <script src="../../_static/live/linear.js"></script>
# <script src="../../_static/live/random.js"></script>
# <script src="../../_static/live/line_search.js"></script>
# <script src="../../_static/live/climb.js"></script>
# <script src="../../_static/live/optimise.js"></script>
# <script src="../../_static/live/gp.js"></script>
# <script src="../../_static/live/statistics.js"></script>
# <script src="../../_static/live/k_means.js"></script>
# <script src="../../_static/live/strategies.js"></script>
# <script src="../../_static/live/loop.js"></script>
# <script src="../../_static/live/loop_runs.js"></script>
# <script src="../../_static/live/loop_draw.js"></script>
# <script src="../../_static/live/loop_words.js"></script>
# <script src="../../_static/live/loop_view.js"></script>
# ```
#
# *How to read it.* A strategy gains where its line lies below that of random choice in the upper panel,
# or above it in the lower one. Bands are one standard deviation between runs. With the noise set far too
# low all errors rise. *Limitation:* half of this pool is labelled at the end, and it is a small part of
# `organics`, whatever pool is chosen below; what holds on whole pools stands on the pages of the
# [experiments](../claims.md). The map is a projection: distances on it are not those that the model
# sees. Loop, model and random numbers are those of `alutils`, written once more for the browser, and
# make the same picks.

# %% tags=["hide-input"]
import numpy as np
from myst_nb import glue

from alutils import descriptors, loop
from alutils.report import figures, method, page, pool_figures, tables
from alutils.report.parameters import FILE, check_parameters, run_configs
from alutils.runs.records import run_or_load

# %% tags=["parameters"]
dataset = "organics"  # embedded pool, local data set or path of a file
property_key = "homo"  # of your own file: the name of the label
unit = ""  # of your own file: the label's, as it is to be printed
n_test = 1000  # molecules
n_init = 100  # molecules in the first batch
n_const = 100  # molecules in the batch drawn here; later ones double
n_max = 1600  # molecules in the final training set
noise_var = 0.05  # eV^2; a share of var(y) of your own file
target_share = 0.3  # the target: this share, the highest labels
seed = 0  # of test set, first batch and picks

# %% [markdown]
# The run of strategy E:

# %% tags=["hide-input"]
checked = check_parameters(
    globals(),
    **dict.fromkeys(["n_test", "n_init", "n_const", "n_max", "seed"], int),
    **(FILE | {"noise_var": float, "target_share": float}),
)
(config,) = run_configs(checked, strategy=["property_search"])
pool = method.load_with_geometries(config)

# %% [markdown]
# ## The pool
#
# A pool is a list of molecules, each with one label: the energy of its highest occupied molecular
# orbital (HOMO). The target of task 2 is the share of molecules with the highest HOMO. Its threshold is
# computed from the labels of the whole pool, a look ahead that a real search cannot take.

# %%
target, about = method.task_2(config, pool)
method.pool_table(pool, target, about)

# %% [markdown]
# ## A molecule becomes a vector
#
# **Claim.** The descriptor keeps distances between pairs of elements and forgets where the molecule is
# and how it is turned. We take the first molecule of the training set. The many-body tensor
# representation (MBTR, pair terms only) puts a narrow Gaussian at the inverse distance of each pair of
# atoms, gives it a weight that falls exponentially with the distance, and adds up those of the same two
# elements.

# %%
test_idx, train_idx, heldout_idx = loop.split(config, len(pool))
first = int(train_idx[0])
molecule, x = pool.molecules[first], descriptors.mbtr(pool)[first]
facts = method.molecule_facts(molecule, x)

# %% tags=["remove-output", "hide-input"]
elements = method.elements(pool)
drawn = pool_figures.molecule_and_descriptor(molecule, x, elements)
molecule_figure = glue("fig_molecule", drawn)

# %% [markdown]
# ```{glue:figure} fig_molecule
# ---
# name: fig-method-molecule
# alt: >-
#   Two panels. Above, the molecule {glue:text}`formula` as balls and sticks in its own plane, axes in
#   angstrom. Below, its descriptor: one curve per pair of elements over the inverse distance, from 0 to
#   1.2 per angstrom; the peak furthest right belongs to the shortest distance,
#   {glue:text}`inverse_shortest:.2f` per angstrom.
# ---
# **One molecule and its descriptor.** a) {glue:text}`formula` from the pool {glue:text}`dataset`,
# projected on its two longest axes; colours: H white, C grey, N blue, O red, other elements by name; lines:
# distances below 1.25 times the sum of the covalent radii. b) Its pair terms. Each curve is a density over the inverse distance, so its unit is Å.
# ```
#
# *Evidence:* in {numref}`fig-method-molecule` the shortest distance of the molecule,
# {glue:text}`shortest:.2f` Å, is the peak at {glue:text}`inverse_shortest:.2f` per Å. Bonds lie to its
# left, and pairs that are far apart crowd on the far left, where the exponential weight keeps them
# small. The curves of all pairs of elements, side by side on their grid, are the molecule's row of $X$,
# {glue:text}`n_columns:d` numbers. *Limitation:* two different molecules with the same distances between
# the same elements get the same vector, and angles enter only through distances.
#
# ## Vectors become a model, a model becomes a point
#
# The kernel sees two molecules only through the distance of their vectors, {eq}`eq-distance` and
# {eq}`eq-rbf`. We therefore turn $X$ to its principal axes, which leaves all distances as they are, and
# keep the {glue:text}`n_axes:d` axes that carry all but one part in ten billion of the variance. From a
# training set the Gaussian process predicts the label of any other molecule by {eq}`eq-mean` and says how
# uncertain it is by {eq}`eq-variance`.
#
# The loop then repeats four steps: fit, measure on the test set, let the strategy pick, move the picks
# to the training set. With the POW scheme {eq}`eq-pow` the batch doubles each time; with the constant
# scheme {eq}`eq-constant` it would stay as it is. The next cell runs this loop for strategy E. Each row
# of its table is one point on a learning curve.

# %%
X = descriptors.features(pool)
run = run_or_load([config])
facts |= method.run_facts(run, len(pool), checked.n_test)
print(tables.stale_text(run))
method.run_table(run)

# %% tags=["remove-output", "hide-input"]
drawn = pool_figures.set_sizes(run, len(pool), checked.n_test)
sets_figure = glue("fig_sets", drawn)

# %% [markdown]
# ```{glue:figure} fig_sets
# ---
# name: fig-method-sets
# alt: >-
#   One horizontal bar per iteration, as long as the pool. The test set keeps its length; the training set
#   grows from {glue:text}`n_first:d` to {glue:text}`n_last:d` molecules, by a batch that doubles; the
#   held-out set shrinks by the same number.
# ---
# **The loop's sets (the paper's Fig. 2b).** Test set, training set and held-out set of the pool
# {glue:text}`dataset` in each iteration, as the loop recorded them. The numbers are the old
# training set plus the new batch.
# ```
#
# *Evidence:* in {numref}`fig-method-sets` no molecule is ever in two sets, and the test set is the same
# for all strategies of one seed. The training set grows from {glue:text}`n_first:d` to
# {glue:text}`n_last:d` molecules, and the test error of E goes from {glue:text}`mae_first:s` to
# {glue:text}`mae_last:s`: the first and the last point of its curve. *Limitation:* the pool is
# finite. At the end {glue:text}`n_heldout:d` molecules are still held out, and a search that has found
# most of its target has little left to find.
#
# ## Where each strategy picks
#
# **Claim.** The strategies differ in where they look, not in what they know. All five get the very same
# view: the model fitted to the first batch, and the {term}`held-out set`. Each is one pure function of this
# view, so we can call them side by side.

# %%
view = method.first_view(config, pool, X)
picks = method.first_picks(config, view)
candidates = method.candidates(view, picks)

# %% [markdown]
# Three numbers describe a batch: the mean uncertainty of the model at its molecules (`sigma`, in {glue:text}`model_unit:s`), the mean
# distance of a molecule from its nearest neighbour within the batch (`spacing`, in descriptor units, small
# where the batch repeats itself), and the share that is truly {term}`in range` (`in_range`).

# %%
in_target = target.contains(pool.y)
table = pool_figures.batch_table(view, picks, in_target[heldout_idx])
batches = table.rename(index=figures.STRATEGY_LABELS)
facts |= method.batch_facts(batches)
batches.round({"sigma": 2, "spacing": 0, "in_range": 2})

# %% tags=["remove-output", "hide-input"]
drawn = pool_figures.strategy_map(view.X, X[train_idx], picks, candidates)
map_figure = glue("fig_map", drawn)

# %% [markdown]
# ```{glue:figure} fig_map
# ---
# name: fig-method-map
# alt: >-
#   Five stacked scatter plots of the pool {glue:text}`dataset` in its first two principal axes, one per
#   strategy. Held-out molecules are light grey, the first batch black crosses, the picks coloured dots.
#   The highest mean uncertainty has {glue:text}`most_sigma`, the widest spacing
#   {glue:text}`most_spacing`, the largest share in range {glue:text}`most_in_range`.
# ---
# **Where each strategy picks (the paper's Fig. 3).** Light grey: held-out molecules; black crosses: first batch,
# the same for all; coloured dots: the picks. Pale colour: what D and E narrow the held-out set to before
# they choose, the more uncertain half and the molecules predicted in range. Of grey and pale points at most
# {glue:text}`n_cloud` are drawn, evenly chosen.
# ```
#
# *Evidence:* in {numref}`fig-method-map` A follows the cloud, thick where molecules are many. B goes
# where the model knows least, to the rim or to islands that the first batch has missed, and may pile
# up there. C spreads over the whole cloud, D over its uncertain half, and E stays among the molecules
# whose predicted label is high. The table says the same in numbers:
# the most uncertain batch is that of {glue:text}`most_sigma`, the most widely spaced one that of
# {glue:text}`most_spacing`, and the one with the largest share in range that of
# {glue:text}`most_in_range`. A batch of E is to {glue:text}`in_range_e:.0%` in range, one of A to
# {glue:text}`in_range_a:.0%`. Centres of clusters keep away from the rim, so clustering need not give the
# widest spacing: the narrowest one here is that of {glue:text}`least_spacing`. *Limitation:* two axes are two of hundreds. Dots that touch in the picture may lie
# far apart in the others, and the table, which uses all of them, is the better judge. It is also one
# seed: what the picks are worth is measured over five on the pages of the
# [experiments](../claims.md).
#
# ## How the target lies in the pool
#
# **Claim.** In task 1 the target is the random test set, which has the pool's own distribution. In task 2
# it is not. The paper sketches this in its Fig. 8 and concludes that active learning saves the more, the
# less the target overlaps with the pool. It defines no overlap. Ours is the area under the lower of two
# densities, each a sum of Gaussians of one width (Scott's rule for the pool): 1 for equal distributions,
# 0 for separate ones. We compute it along the first principal axis, along that of the next nine axes
# where the target overlaps least, and along the HOMO itself.

# %%
in_test = np.isin(np.arange(len(pool)), test_idx)
shares, least = method.overlaps(X, in_test, in_target)

# %% tags=["remove-output", "hide-input"]
unit = "(descriptor units)"
axes = {f"principal axis {k + 1} {unit}": X[:, k] for k in (0, least)}
axes[about.axis] = pool.y
drawn = pool_figures.target_in_pool(axes, in_test, in_target)
target_figure = glue("fig_target", drawn)

# %% tags=["remove-cell"]
facts |= method.overlap_facts(shares, least)
facts |= {"dataset": pool.name, "target_share": checked.target_share}
facts |= {"n_axes": X.shape[1], "n_cloud": pool_figures.CLOUD}
page.glue_all(facts)

# %% [markdown]
# ```{glue:figure} fig_target
# ---
# name: fig-method-target
# alt: >-
#   Three stacked panels of densities, each with the pool as a grey area, the random test set as a dashed
#   line that follows it, and the target as a coloured line. On the principal axes the target is broad
#   and overlaps with the pool (area {glue:text}`overlap_first:.2f` on axis 1,
#   {glue:text}`overlap_least:.2f` on axis {glue:text}`least_axis:d`); on the axis of the label it is cut off to the right.
# ---
# **How the targets of the two tasks lie in the pool (the paper's Fig. 8).** Task 1: the random test set. Task 2: the
# {glue:text}`target_share:.0%` of {glue:text}`dataset` with the highest {glue:text}`property:s`. a) First principal axis of the
# descriptor, b) the one of the next nine axes on which the target overlaps least, c) the {glue:text}`property:s`. Above each panel the
# areas shared with the pool.
# ```
#
# *Evidence:* in {numref}`fig-method-target` the test set shares {glue:text}`overlap_test:.2f` of its area with
# the pool; what is missing to 1 is the scatter of a finite sample. The target shares
# {glue:text}`overlap_first:.2f` along the first axis and {glue:text}`overlap_least:.2f` along axis
# {glue:text}`least_axis:d`. Along the {glue:text}`property:s` it is cut out by the threshold, so that without smoothing the
# overlap is the target share, {glue:text}`target_share:.0%`, in any pool. *Limitation:* on a single axis of the
# descriptor the target of a real pool is not the narrow hill of the sketch. A model finds it by
# combining many axes. Whether less overlap means more {term}`savings` ({ref}`C14 <claim-c14>`) needs many targets and an
# overlap as the model sees it {eq}`eq-overlap`: {numref}`fig-law-overlap-pools` tests it.
#
# ## Run this page again
#
# ```bash
# .venv/bin/papermill notebooks/00_method.ipynb out.ipynb -p dataset aminoacids -p n_const 50 -p seed 1
# ```
