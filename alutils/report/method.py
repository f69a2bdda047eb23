"""The page on the method, from one molecule to a point on a learning curve: tables and numbers."""

from __future__ import annotations

import ase.data
import numpy as np

from alutils.acquisition.strategies import CANDIDATES, PAPER, STRATEGIES, PoolView
from alutils.analysis.label_distributions import overlap
from alutils.data.embedding import Embedded
from alutils.loop import FIT, PICK, split
from alutils.model.scale import scale_of
from alutils.report import quantity
from alutils.report.tables import Table
from alutils.runs.records import load_once

FIRST_AXES = 10  # principal axes among which the one of the least overlap is sought


def load_with_geometries(config):
    """The data set of a run; ValueError for one that has no geometries to draw."""
    pool = load_once(config.dataset, config.reading)
    if pool.molecules is None or isinstance(pool.molecules, Embedded):
        raise ValueError(f"{pool.name} has no geometries, which this page draws: choose another")
    return pool


def elements(pool):
    """Chemical symbols of the pool by atomic number, the order of the descriptor's pairs."""
    return [ase.data.chemical_symbols[z] for z in np.unique(pool.molecules.numbers)]


def task_2(config, pool):
    """What a run seeks among a pool's labels, and what these are.

    Returns
    -------
    `acquisition.target.Range`, `report.quantity.Quantity`
    """
    return config.range_in(pool.y), quantity.of_labels(config, pool.y)


def pool_table(pool, target, about):
    """What the pool is.

    target, about : of `task_2`
    """
    counts, (side, _, edge) = pool.molecules.counts, about.range(target).partition(" ")
    label = about._replace(name=pool.info.get("label", about.name))
    facts = {
        "molecules": f"{len(pool)}",
        "elements": " ".join(elements(pool)),
        "atoms per molecule": f"{counts.min()} to {counts.max()}",
        "label": label.named,
        f"{about.name}, mean and standard deviation": about.number(pool.y.mean())
        + f" and {about.text(pool.y.std())}",
        f"target: {about.name} {side}": edge,
    }
    return Table({pool.name: facts})


def molecule_facts(molecule, x):
    """Formula, shortest distance (angstrom) and its inverse, and the length of its row x of X."""
    distances = molecule.get_all_distances()
    shortest = distances[np.triu_indices(len(molecule), 1)].min()
    return {
        "formula": molecule.get_chemical_formula(),
        "shortest": round(float(shortest), 2),
        "inverse_shortest": round(float(1 / shortest), 2),
        "n_columns": len(x),
    }


def run_facts(run, n_molecules, n_test):
    """First and last point of one run: sizes and MAE, and what is then still held out."""
    first, last, about = run.iloc[0], run.iloc[-1], quantity.of_runs(run)
    n_last = int(last["n_train"])
    return {
        **about.facts(),
        "model_unit": about.model_unit,
        "mae_first": about.text(first["mae_ev"]),
        "mae_last": about.text(last["mae_ev"]),
        "n_first": int(first["n_train"]),
        "n_last": n_last,
        "n_heldout": n_molecules - n_test - n_last,
    }


def run_table(run):
    """The points of one run: training molecules, error, found share."""
    about = quantity.of_runs(run)
    shown = run.set_index("iteration")[["n_train", "mae_ev", "found_share"]]
    shown["mae_ev"] = shown["mae_ev"].map(about.number)
    return shown.rename(columns={"mae_ev": about.error}).round(3)


def first_view(config, pool, X):
    """The `PoolView` that `alutils.loop.steps` gives a strategy after the first batch.

    config : RunConfig;  pool : MoleculeDataset of n molecules;  X : (n, d) its features
    """
    _, train_idx, heldout_idx = split(config, len(pool))
    y, scale = pool.y[train_idx], scale_of(pool.y[train_idx], config.prior)
    model = config.model(random_state=np.random.default_rng([config.seed, FIT, 0]))
    model.fit(X[train_idx], scale.to_z(y))
    return PoolView(model, X[heldout_idx], config.range_in(pool.y).to_z(scale))


def first_picks(config, view):
    """`config.n_const` positions in the held-out set, by name of each strategy of the paper."""
    return {
        name: STRATEGIES[name](view, config.n_const, np.random.default_rng([config.seed, PICK, 0]))
        for name in PAPER
    }


def candidates(view, names):
    """Positions to which a strategy narrows the held-out set, by name of those that do."""
    return {name: CANDIDATES[name](view) for name in names if name in CANDIDATES}


def batch_facts(batches):
    """Who leads in which column of `pool_figures.batch_table`, and A's and E's share in range.

    batches : the table, strategies in the order of the paper, under the names to be shown
    """
    in_range = batches["in_range"]
    return {
        **{f"most_{column}": batches[column].idxmax() for column in batches},
        "least_spacing": batches["spacing"].idxmin(),
        "in_range_a": round(float(in_range.iloc[0]), 2),
        "in_range_e": round(float(in_range.iloc[-1]), 2),
    }


def overlaps(X, in_test, in_target):
    """Overlap of target and pool along principal axes, and the axis of the least.

    Parameters
    ----------
    X : (n, d) features, two columns or more;  in_test, in_target : (n,) boolean

    Returns
    -------
    shares : dict of the target's overlap on the "first" axis and on the axis of the "least" among
        the next nine, and of the random "test" set's on the latter
    least : that axis, counted from 0
    """
    of_target = [overlap(axis, axis[in_target])[0] for axis in X[:, :FIRST_AXES].T]
    least = 1 + int(np.argmin(of_target[1:]))
    of_test = overlap(X[:, least], X[in_test, least])[0]
    return {"first": of_target[0], "least": of_target[least], "test": of_test}, least


def overlap_facts(shares, least):
    """What `overlaps` returns as numbers of the page; axes are counted from 1."""
    rounded = {f"overlap_{name}": round(float(share), 2) for name, share in shares.items()}
    return rounded | {"least_axis": least + 1}
