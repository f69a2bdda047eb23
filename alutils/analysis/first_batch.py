"""Does the first batch matter where labels are few, and the size of the batches after it?

Runs of twenty to two hundred labels on 3000 molecules of a pool, drawn anew for each seed: 1000 are
tested, a run picks among the others. The labels are standardised (the prior "data"): a signal
variance in eV^2 has no claim at twenty labels. The first batch is random, or one of two that see
no label: *k-centre*, from a random molecule always the farthest one, or *typical clusters*, the
member nearest to the centre of each of as many k-means clusters as there are labels (near to
TypiClust, which takes the member in the densest place: G. Hacohen et al., ICML 2022). All runs of a
seed share the tested molecules and the pool. The loop stays as it is: it gets the molecules in an
order in which its own split is the one wanted.

What is compared, and the rules, written before the runs were made: twelve seeds, 0 to 11
----------------------------------------------------------------------------------------
Each comparison claims that one way of spending the labels is better than another, its baseline: it
errs less, by the test set's mean absolute error, or finds more hits among as many labels. The
difference is paired by seed. By `statistics.superiority` a comparison is

- better, or worse, where the 95 % interval of the difference excludes zero;
- no difference, where its 90 % interval lies within the margin: 3 % of the baseline's error, or
  three hits in a hundred labels;
- undecided else, and wherever the finding does not survive Holm's correction in its family.

The families, each on every pool:

after    the error right after a first batch of 20, 50 or 100: diverse against random
later    the error at 200 labels by A or D, in batches of 20: diverse against random first batch
hits100  the hits at 100 labels of a search for the highest 30 or 3 % (most_probable, in batches of
         20), after a first batch of 20 or 50: diverse against random first batch
hits200  the same at 200 labels, after a first batch of 20, 50 or 100
batches  B's error, and hits of both searches, after a hundred labels beyond a random first batch:
         in batches of 1, 5 or 20 against one batch of 100. Batches of one, with a fit for each
         label, follow a first batch of 20 only
sizes    the hits at 100 and 200 labels, and the error of D at 200: a random first batch of 20 or of
         50 against one of 100
"""

from __future__ import annotations

import json
from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import highest
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import features
from alutils.loop import RunConfig, split, steps
from alutils.model.gp import GaussianProcess
from alutils.runs.provenance import NUMERICS_VERSION, provenance
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

START = 7  # part of the seed, as SPLIT, FIT and PICK of the loop
STARTS = ("random", "k_centre", "cluster_centres")  # the first batch, by the name of its rule
FIRST = (20, 50, 100)  # molecules in it
BATCHES = (1, 5, 20, 100)  # molecules in each batch after it
STEP = 20  # those in which first batches are compared, and the sizes that are kept
N_MAX, BEYOND = 200, 100  # labels in the end; beyond the first batch where batches are compared
N_TEST, N_POOL = 1000, 2000  # molecules of a seed
SETTINGS = {"noise_var": 0.05, "prior": "data", "n_restarts": 0, "scheme": "constant"}
A, B, D, SEARCH = "random", "most_uncertain", "uncertain_cluster_centres", "most_probable"
SHARES = (0.3, 0.03)  # of the molecules, the highest: what a search looks for


class Arm(NamedTuple):
    """One way of spending the labels.

    strategy : of `alutils.acquisition.strategies`;  start : of `STARTS`
    share : of the molecules, sought by a search; 0 where the error counts
    n_init, batch, n_max : molecules
    """

    strategy: str
    share: float
    start: str
    n_init: int
    batch: int
    n_max: int


KEYS = Arm._fields[:-1]  # runs of unlike ends never share the others
COLUMNS = ["seed", *KEYS, "n_train", "value"]


def arms():
    """All that is run for each pool and seed, those with a fit for each label last."""
    wanted = ((A, 0), (D, 0), *((SEARCH, share) for share in SHARES))
    first = [
        Arm(*what, start, n_init, STEP, N_MAX)
        for start in STARTS
        for n_init in FIRST
        for what in wanted
    ]
    small = [
        Arm(*what, "random", n_init, batch, n_init + BEYOND)
        for batch in sorted(BATCHES, reverse=True)
        for n_init in ((20,) if batch == 1 else (20, 100))
        for what in ((B, 0), *wanted[2:])
        if not (batch == STEP and what[0] == SEARCH)
    ]
    return first + small


def first_batch(X, rule, n, rng):
    """A first batch, chosen without any label.

    Parameters
    ----------
    X : (m, d) features;  rule : of `STARTS`;  n : molecules, at most m;  rng : Generator

    Returns
    -------
    (n,) rows of X, all different

    Raises
    ------
    ValueError : an unknown rule, or n outside 1 to m.
    """
    if rule not in STARTS:
        raise ValueError(f"first batch {rule!r} is unknown: choose one of {', '.join(STARTS)}")
    if not 1 <= n <= len(X):
        raise ValueError(f"a first batch of {n} out of {len(X)} molecules: give 1 to {len(X)}")
    seen = int(rng.integers(len(X)))
    others = np.delete(np.arange(len(X)), seen)
    # The rules ask a model for distances alone; with so wide a kernel none of them saturates.
    widest = np.sqrt(np.max(np.sum((X - X[seen]) ** 2, axis=1))) or 1.0
    model = GaussianProcess().condition(X[[seen]], np.zeros(1), 1.0, widest, 1.0)
    if rule == "k_centre":
        return np.r_[seen, others[STRATEGIES[rule](PoolView(model, X[others]), n - 1, rng)]]
    return STRATEGIES[rule](PoolView(model, X), n, rng)


def config_of(pool, seed, arm, n_test=N_TEST):
    """`RunConfig` of an arm; without a target where it is judged by its error."""
    return RunConfig(
        pool,
        arm.strategy,
        n_init=arm.n_init,
        n_const=arm.batch,
        n_max=arm.n_max,
        n_test=n_test,
        target=highest(arm.share) if arm.share else None,
        seed=seed,
        **SETTINGS,
    )


def run(config, start, dataset, X, n_pool=N_POOL):
    """One run of `alutils.loop` with a first batch of its own.

    Parameters
    ----------
    config : RunConfig;  start : of `STARTS`
    dataset : MoleculeDataset of n molecules;  X : (n, d) features
    n_pool : molecules that a run may pick from, at most n - n_test

    Returns
    -------
    frame with n_train and value: the test set's mean absolute error in the unit of the labels, or
    with a target the hits among the labels
    """
    rng = np.random.default_rng([config.seed, START])
    drawn = rng.permutation(len(dataset))[: config.n_test + n_pool]
    test, pool = drawn[: config.n_test], drawn[config.n_test :]
    first = first_batch(X[pool], start, config.n_init, rng)
    source = np.empty_like(drawn)
    order = np.r_[test, pool[first], np.delete(pool, first)]
    source[np.concatenate(split(config, len(drawn)))] = order
    points = X[source]
    moved = MoleculeDataset(dataset.name, dataset.y[source], X=points)
    rows = pd.DataFrame([step.row for step in steps(config, moved, points)])
    value = "mae_ev" if config.target is None else "n_found"
    return rows[["n_train", value]].rename(columns={value: "value"})


def curves(pools, seeds):
    """The tracked runs of pools, a frame with `COLUMNS` and dataset.

    ValueError where a seed is not tracked.
    """
    return pd.concat([_of_pool(pool, seeds) for pool in pools], ignore_index=True)


def _of_pool(pool, seeds):
    frame = _frame(_tracked(pool))
    if absent := set(seeds) - set(frame["seed"]):
        raise ValueError(
            f"{pool}: seeds {sorted(absent)} are not tracked in {_file(pool).name}: choose others, "
            "or make them with `track`"
        )
    return frame[frame["seed"].isin(seeds)].assign(dataset=pool)


def _frame(runs):
    """A row for each size of each run."""
    frame = pd.DataFrame(runs, columns=COLUMNS)
    frame = frame.explode(["n_train", "value"], ignore_index=True)
    kinds = {"n_train": int, "value": float, "share": float, "seed": int}
    return frame.astype(kinds | {"n_init": int, "batch": int})


def track(pool, seeds, batches=BATCHES):
    """Complete the tracked runs of a pool, seed by seed; the path of their file.

    batches : of `BATCHES`, to make some of the runs before others
    """
    runs, dataset = _tracked(pool), load(pool)
    X = features(dataset)
    for seed in seeds:
        there = {tuple(one[: len(KEYS) + 1]) for one in runs}
        for arm in arms():
            key = (seed, *arm[:-1])
            if arm.batch in batches and key not in there:
                frame = run(config_of(pool, seed, arm), arm.start, dataset, X)
                runs.append([*key, *_kept(frame)])
        source = {"question": _question(pool), "provenance": provenance()}
        write_json(_file(pool), source | {"runs": runs})
    return _file(pool)


def _kept(frame):
    """Sizes and values at every `STEP` labels and in the end, as short lists."""
    beyond = frame["n_train"] - frame["n_train"].iloc[0]
    kept = frame[(beyond % STEP == 0) | (frame["n_train"] == frame["n_train"].iloc[-1])]
    return kept["n_train"].tolist(), kept["value"].round(5).tolist()


def _tracked(pool):
    """The tracked runs that answer the same question by the present numerics, a list."""
    path = _file(pool)
    if path.exists():
        tracked = json.loads(path.read_text(encoding="utf-8"))
        if tracked["question"] == _question(pool):
            usage_log.note(record=path.name, file=path.name, stale=False)
            return tracked["runs"]
    return []


def _question(pool):
    sizes = {"n_test": N_TEST, "n_pool": N_POOL, "n_max": N_MAX, "beyond": BEYOND}
    return {"pool": pool, "sizes": sizes, "settings": SETTINGS} | {
        "data_sha256": load(pool).sha256,
        "numerics_version": NUMERICS_VERSION,
    }


def _file(pool):
    return records_dir() / f"first-batch-{pool}.json"
