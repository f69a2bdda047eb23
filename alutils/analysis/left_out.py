"""Learning curves on a test set of whole compounds, of which the pool holds no other molecule.

Drawn molecule by molecule, a test set of conformers has siblings in nearly every training set.
Here compounds, or ligands with whatever ion, are drawn until their molecules are enough, and all
of these are tested. The loop stays as it is: it gets the molecules in an order in which its own
split is the one wanted.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd

from alutils.analysis.plans import FIELD, fixed_noise
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import features
from alutils.loop import split, steps, to_frame
from alutils.runs.provenance import NUMERICS_VERSION, provenance
from alutils.runs.records import without_nan
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

WHOLE = 4  # part of the seed, as SPLIT, FIT and PICK of the loop
LEVELS = ("compound", "ligand")
COMPARED = ("random", "uncertain_cluster_centres")
COLUMNS = ["level", "strategy", "seed", "n_test", "n_train", "mae_ev", "r2", "at_bound"]


def whole_groups_first(groups, n_test, rng):
    """Molecules in an order that begins with groups drawn at random, each of them whole.

    Parameters
    ----------
    groups : (n,) group of each molecule;  n_test : molecules that the drawn groups hold at least

    Returns
    -------
    (n,) indices, the others in random order, and the number of molecules in the drawn groups

    Raises
    ------
    ValueError : if no group is left for training.
    """
    names, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = rng.permutation(len(names))
    n_drawn = int(np.searchsorted(sizes[order].cumsum(), n_test)) + 1
    if n_drawn >= len(names):
        raise ValueError(
            f"n_test={n_test} takes all {len(names)} groups of the {len(number)} molecules: "
            "lower it"
        )
    drawn = np.isin(number, order[:n_drawn])
    rest = rng.permutation(np.flatnonzero(~drawn))
    return np.r_[np.flatnonzero(drawn), rest], int(drawn.sum())


def run(config, dataset, X, groups):
    """One run of `alutils.loop` whose test set is whole groups, at least `config.n_test` molecules.

    Parameters
    ----------
    config : RunConfig;  dataset : MoleculeDataset of n molecules
    X : (n, d) features;  groups : (n,) group of each molecule

    Returns
    -------
    frame as of `alutils.loop.run`, with the number of molecules tested as n_test
    """
    rng = np.random.default_rng([config.seed, WHOLE])
    order, n_test = whole_groups_first(groups, config.n_test, rng)
    config = replace(config, n_test=n_test)
    source = np.empty_like(order)
    source[np.concatenate(split(config, len(order)))] = order
    X = X[source]
    moved = MoleculeDataset(dataset.name, dataset.y[source], X=X)
    return to_frame(config, [step.row for step in steps(config, moved, X)])


def groups_of(dataset, level):
    """(n,) text, the compound of each molecule, or its ligand: the same without its ion.

    Raises
    ------
    ValueError : an unknown level; a data set without SMILES.
    """
    if level not in LEVELS:
        raise ValueError(f"level={level!r} is unknown: choose one of {', '.join(LEVELS)}")
    if dataset.smiles is None:
        raise ValueError(f"{dataset.name} has no SMILES, which say what is one compound: give them")
    if level == "compound":
        return np.array(dataset.smiles)
    return np.array([smiles.partition(".")[0] for smiles in dataset.smiles])  # the ion comes last


def relatives(pool, seeds, n_test=FIELD["n_test"]):
    """Share of the molecules tested by whole compounds whose ligand the pool holds, by seed."""
    dataset, shares = load(pool), {}
    compounds, ligands = (groups_of(dataset, level) for level in LEVELS)
    for seed in seeds:
        rng = np.random.default_rng([seed, WHOLE])
        order, n = whole_groups_first(compounds, n_test, rng)
        shares[seed] = np.isin(ligands[order[:n]], ligands[order[n:]]).mean()
    return pd.Series(shares)


def curves(pool, level, seeds, noise_var=0.05, sizes=FIELD):
    """Runs of A and D with whole groups left out, tracked or computed: `COLUMNS`, and dataset.

    Parameters
    ----------
    pool : a data set with SMILES;  level : of `LEVELS`;  seeds : ints;  noise_var : eV^2
    sizes : n_init, n_const, n_max, n_test in molecules

    Raises
    ------
    ValueError : no seed; as `groups_of`.
    """
    if not len(seeds):
        raise ValueError(f"{pool}, level={level!r}: no seeds, so no split: give one or more")
    frame = _tracked(pool, noise_var, sizes)
    frame = frame[(frame["level"] == level) & frame["seed"].isin(seeds)]
    new = [seed for seed in seeds if seed not in set(frame["seed"])]
    frame = _joined(frame, *_compute(pool, level, new, noise_var, sizes))
    return frame.assign(dataset=pool).reset_index(drop=True)


def track(pool, level, seeds, noise_var=0.05, sizes=FIELD):
    """Complete the tracked runs of a pool, seed by seed; the path of their file."""
    for seed in seeds:
        frame = _tracked(pool, noise_var, sizes)
        if not ((frame["level"] == level) & (frame["seed"] == seed)).any():
            frame = _joined(frame, *_compute(pool, level, [seed], noise_var, sizes))
        rows = [without_nan(row) for row in frame[COLUMNS].to_dict("records")]
        source = {"question": _question(pool, noise_var, sizes), "provenance": provenance()}
        write_json(_file(pool), source | {"rows": rows})
    return _file(pool)


def _joined(*frames):
    """One frame; an empty one has no kinds of columns, and would take away those of the others."""
    return pd.concat([frame for frame in frames if len(frame)])


def _compute(pool, level, seeds, noise_var, sizes):
    """Frames of the runs of these seeds."""
    if not seeds:
        return []
    dataset = load(pool)
    groups, X = groups_of(dataset, level), features(dataset)
    configs = fixed_noise([pool], seeds, COMPARED, noise_var)
    made = (run(replace(config, **sizes), dataset, X, groups) for config in configs)
    return [frame.assign(level=level)[COLUMNS] for frame in made]


def _tracked(pool, noise_var, sizes):
    """The tracked runs that answer the same question by the present numerics, a frame."""
    path = _file(pool)
    if path.exists():
        tracked = json.loads(path.read_text(encoding="utf-8"))
        if tracked["question"] == _question(pool, noise_var, sizes):
            usage_log.note(record=path.name, file=path.name, stale=False)
            return pd.DataFrame(tracked["rows"], columns=COLUMNS)
    return pd.DataFrame(columns=COLUMNS)


def _question(pool, noise_var, sizes):
    content = load(pool).sha256
    return {
        **{"pool": pool, "noise_var": noise_var, "sizes": sizes},
        **{"data_sha256": content, "numerics_version": NUMERICS_VERSION},
    }


def _file(pool):
    return records_dir() / f"left-out-{pool}.json"
