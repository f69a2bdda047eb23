"""A pool of conformers seen as compounds: what varies, what a search finds, who has siblings.

A compound is what has one SMILES: a ligand in one protonation state, with its ion where it has one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import hypergeom

from alutils.analysis.shift import errors_on_test
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.loop import split
from alutils.runs import records, store
from alutils.storage.locations import cache_dir

BY_CHARGE = "by charge"  # the strategy's name in frames: random among molecules of one charge


def compounds(dataset):
    """(n,) int, the compound of each molecule of a `MoleculeDataset`.

    Raises
    ------
    ValueError : for a data set without SMILES or charges.
    """
    for name in ("smiles", "charges"):
        if getattr(dataset, name) is None:
            raise ValueError(
                f"{dataset.name} has no {name}: choose a data set whose file says which compound, "
                "and of which charge, each molecule is, such as aminoacids"
            )
    return np.unique(np.array(dataset.smiles), return_inverse=True)[1]


def share_between(y, groups):
    """Share of the variance of y (n,) that lies between the means of its groups (n,), 0 to 1."""
    return float(1 - np.mean(within(y, groups) ** 2) / np.var(y))


def within(y, groups):
    """(n,) labels minus the mean of their group, in the labels' unit."""
    return y - (np.bincount(groups, y) / np.bincount(groups))[groups]


def found(inside, groups, train_idx, pool_idx):
    """Found molecules and found compounds of a training set, as shares of those in the pool.

    A compound counts as found with its first molecule in range.

    Parameters
    ----------
    inside, groups : (n,) whether a molecule is in range, and its compound
    train_idx, pool_idx : training set; training and held-out set together

    Returns
    -------
    found_share, compound_share
    """
    hits, all_hits = train_idx[inside[train_idx]], pool_idx[inside[pool_idx]]
    n_compounds = len(np.unique(groups[hits])), len(np.unique(groups[all_hits]))
    return len(hits) / len(all_hits), n_compounds[0] / n_compounds[1]


def searches(configs):
    """What runs find, molecule by molecule and compound by compound, by the picks of their records.

    Parameters
    ----------
    configs : RunConfigs of one data set, with a target

    Returns
    -------
    frame: strategy, seed, n_train, found_share, compound_share, sibling_share (of the test set:
        molecules with another of their compound in the training set); the same for `BY_CHARGE`,
        whose shares are exact expectations (sibling_share NaN), after the first batch of each seed
    """
    dataset, rows, expected = load(configs[0].dataset), {}, {}
    groups = compounds(dataset)
    for config in configs:
        record = store.find(config) or records.compute(config, cache_dir() / "records")
        inside = config.range_in(dataset.y).contains(dataset.y)
        test_idx, first, heldout_idx = split(config, len(dataset))
        trained = np.concatenate([first, *record["batches"]]).astype(int)
        for n in [row["n_train"] for row in record["rows"]]:
            shares = found(inside, groups, trained[:n], np.r_[first, heldout_idx])
            siblings = np.isin(groups[test_idx], groups[trained[:n]]).mean()
            rows[config.strategy, config.seed, n] = (*shares, siblings)
            drawn = by_charge(inside, groups, dataset.charges, first, heldout_idx, n)
            expected[BY_CHARGE, config.seed, n] = (*drawn, np.nan)
    columns = ["found_share", "compound_share", "sibling_share"]
    frame = pd.DataFrame.from_dict(rows | expected, orient="index", columns=columns)
    frame.index = pd.MultiIndex.from_tuples(frame.index, names=["strategy", "seed", "n_train"])
    return frame.reset_index()


def by_charge(inside, groups, charges, first, heldout_idx, n_train):
    """Expected shares, as of `found`, when molecules of one charge are drawn at random.

    The charge is that of which the largest share of the first batch is in range: no model, and no
    label but those that all searches start from.

    Parameters
    ----------
    inside, groups, charges : (n,) of the whole data set
    first, heldout_idx : first batch and held-out set, of `alutils.loop.split`
    n_train : molecules in the training set, the first batch included

    Returns
    -------
    found_share, compound_share; NaN where fewer molecules of that charge are left
    """
    seen = {c: inside[first][charges[first] == c].mean() for c in np.unique(charges[first])}
    urn = heldout_idx[charges[heldout_idx] == max(seen, key=seen.get)]
    n_drawn = n_train - len(first)
    if n_drawn > len(urn):
        return np.nan, np.nan
    pool = np.r_[first, heldout_idx]
    n_found = inside[first].sum() + n_drawn * inside[urn].mean()
    # A compound is missed when none of its molecules in range is among those drawn.
    n_each = np.bincount(groups[urn[inside[urn]]], minlength=groups.max() + 1)
    missed = hypergeom.pmf(0, len(urn), n_each, n_drawn)
    missed[groups[first[inside[first]]]] = 0.0
    in_pool = np.unique(groups[pool[inside[pool]]])
    return n_found / inside[pool].sum(), float(np.mean(1 - missed[in_pool]))


def look_up(configs):
    """The model of recorded runs beside a table that knows each compound's mean label, and no more.

    Parameters
    ----------
    configs : RunConfigs of one data set

    Returns
    -------
    frame: a row for each run, at its last size: seed, sibling_share; errors in eV of test molecules
        with a sibling in the training set, by the table (table_ev) and by the model (model_ev), and
        of those without, by the model (alone_ev)
    """
    dataset, rows = load(configs[0].dataset), []
    X, y, groups = features(dataset), dataset.y, compounds(dataset)
    for config in configs:
        record = store.find(config) or records.compute(config, cache_dir() / "records")
        test_idx, first, _ = split(config, len(dataset))
        errors = errors_on_test(record, X, y, test_idx, first)
        trained = np.concatenate([first, *record["batches"]]).astype(int)
        counts = np.bincount(groups[trained], minlength=groups.max() + 1)
        means = np.bincount(groups[trained], y[trained], len(counts)) / np.maximum(counts, 1)
        known = counts[groups[test_idx]] > 0
        of_table = np.abs(y[test_idx] - means[groups[test_idx]])[known].mean()
        values = (known.mean(), of_table, errors[known].mean(), errors[~known].mean())
        rows.append((config.seed, *values))
    names = ["seed", "sibling_share", "table_ev", "model_ev", "alone_ev"]
    return pd.DataFrame(rows, columns=names)


def gap_between_modes(summary):
    """Where the density of labels is lowest between its lowest and its highest mode.

    Parameters
    ----------
    summary : `analysis.label_distributions.LabelSummary`

    Returns
    -------
    float, eV, to 0.01; None for one mode
    """
    modes = summary.modes()
    if len(modes) < 2:
        return None
    positions, density, _ = summary.density()
    between = (positions > modes[0]) & (positions < modes[-1])
    return round(float(positions[between][density[between].argmin()]), 2)


def saved_by_draws(precision, target_share, n_init, n_a):
    """Labels saved, as a share of A's n_a, by random draws of which `precision` are in range.

    The first n_init are drawn from all molecules, a share `target_share` of which is in range, as
    are all of A's: 1 - n / n_a, where n labels are expected to find what n_a of A's do.
    """
    return (1 - target_share / precision) * (1 - n_init / n_a)
