"""Active learning of your own molecules, with labels from wherever you get them.

A campaign is a folder. `start` writes the pool and the settings, `ask` the next query: a batch of
molecules to label. `tell` takes results: a part of them, in any order, failed calculations marked.
A campaign goes on after any interruption; the same results lead to the same batches, in whatever
order they came.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import Range
from alutils.campaign.folder import (
    FAILED,
    Settings,
    alone,
    export,
    is_begun,
    read,
    write_batch,
    write_labels,
    write_start,
)
from alutils.data.readers import HARTREE
from alutils.data.structures import label_of, read_table
from alutils.descriptors import features
from alutils.loop import FIT, PICK, SPLIT
from alutils.model.gp import GaussianProcess

__all__ = ["Settings", "ask", "read", "start", "take", "tell"]


def start(folder, pool, settings):
    """Begin a campaign: write pool and settings. Labels that the pool brings are results already.

    Parameters
    ----------
    folder : of the campaign;  pool : `alutils.data.structures.Structures`;  settings : Settings

    Returns
    -------
    `alutils.campaign.folder.State`

    Raises
    ------
    ValueError
        If the folder already holds a campaign, or the sizes do not fit the pool.
    """
    folder = Path(folder)
    _refuse_begun(folder)
    batch_sizes(settings.scheme, settings.n_init, settings.n_const, len(pool))
    features(pool)  # whatever is wrong with the molecules is said now
    known = {k: float(y) for k, y in enumerate(pool.y) if np.isfinite(y)}
    with alone(folder):
        _refuse_begun(folder)  # by another process, while this one waited
        write_start(folder, pool, settings, known)
    return read(folder)


def _refuse_begun(folder):
    if is_begun(folder):
        raise ValueError(f"{folder.name} already holds a campaign: ask, tell, or another folder")


def ask(folder, go_on=False):
    """The next batch to label, or the present one while labels of it are missing.

    Parameters
    ----------
    folder : of the campaign
    go_on : choose the next batch although some labels are missing; they may still come later

    Returns
    -------
    Path of the batch's folder: molecules.extxyz, and batch.csv with id, mu_ev, sigma_ev and an
    empty column `label` to be filled in

    Raises
    ------
    ValueError
        If the pool is exhausted, or fewer than two labels are there to learn from.
    """
    features(read(folder).pool)  # not inside: processes that it forks would hold the lock too
    with alone(Path(folder)):
        state = read(folder)
        if not state.is_unseen and (not state.waiting or (go_on and state.batches)):
            write_batch(state.folder, len(state.batches), _next_batch(state))
            state = read(folder)
        return export(state)


def _next_batch(state):
    """Identifiers of the next batch, with prediction and uncertainty (None for the first)."""
    s, iteration = state.settings, len(state.batches)
    used = {k for batch in state.batches for k in batch} | state.labels.keys()
    left = np.array([k for k in range(len(state.pool)) if k not in used], dtype=int)
    if not len(left):
        raise ValueError("the pool is exhausted: every molecule is in a batch or has a label")
    train = np.array(sorted(k for k, y in state.labels.items() if y is not None), dtype=int)
    if not iteration and len(train) < 2:
        rng = np.random.default_rng([s.seed, SPLIT])
        picks = rng.permutation(len(left))[: s.n_init]
        return {"ids": [state.pool.ids[k] for k in left[picks]], "mu_ev": None, "sigma_ev": None}
    if len(train) < 2:
        raise ValueError(
            f"{len(train)} labels are not enough to learn from: give at least two that did not fail"
        )
    sizes = batch_sizes(s.scheme, s.n_init, s.n_const, s.n_init + len(state.pool) * s.n_const)
    size = min(sizes[max(iteration - 1, 0)], len(left))
    F, y = features(state.pool), np.array([state.labels[k] for k in train])
    model = GaussianProcess(
        s.noise_var, random_state=np.random.default_rng([s.seed, FIT, iteration])
    ).fit(F[train], y)
    view = PoolView(model, F[left], None if s.threshold is None else Range(low=s.threshold))
    picks = STRATEGIES[s.strategy](view, size, np.random.default_rng([s.seed, PICK, iteration]))
    return {
        "ids": [state.pool.ids[k] for k in left[picks]],
        "mu_ev": np.round(view.mu[picks], 4).tolist(),
        "sigma_ev": np.round(view.sigma[picks], 4).tolist(),
    }


def tell(folder, path, force=False, replace=False):
    """Take results from a CSV with the columns `id` and `label` (eV, or "failed").

    All rows are checked before any is taken. A result that is there with the same value is ignored.

    Parameters
    ----------
    folder : of the campaign;  path : the CSV, such as a filled batch.csv
    force : take values that look like another unit
    replace : overwrite results that are there with another value

    Returns
    -------
    int, results that are new

    Raises
    ------
    ValueError
        For an identifier that is unknown or there twice, a label that is missing or not a number,
        values a factor of 27.2 off: all earlier results are kept.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not readable ({type(error).__name__})") from None
    rows = read_table(text, path.name)
    for column in ("id", "label"):
        if not rows or column not in rows[0]:
            raise ValueError(f"{path.name}: no column {column!r}; the header is id,label")
    return take(folder, [(row["id"], row["label"]) for row in rows], path.name, force, replace)


def take(folder, results, name="labels", force=False, replace=False):
    """As `tell`, from a list of (identifier, label) pairs; errors call the list `name`."""
    read(folder)  # no lock file where there is no campaign
    with alone(Path(folder)):
        state = read(folder)
        new = _checked(state, results, name, replace)
        if not force:
            _refuse_other_unit(state, new, name)
        fresh = {k: value for k, value in new.items() if state.labels.get(k, "") != value}
        if fresh:
            write_labels(state.folder, state.pool.ids, state.labels | fresh)
        return len(fresh)


def _checked(state, results, name, replace):
    """Position -> eV or None; ValueError for the first result that cannot be taken."""
    position = {one: k for k, one in enumerate(state.pool.ids)}
    new = {}
    for number, (one, label) in enumerate(results):
        where = f"{name}, row {number + 1} ({one})"
        if one not in position:
            raise ValueError(f"{where}: no molecule of this campaign has this identifier")
        if label is None or not str(label).strip():
            raise ValueError(f"{where}: no label; write eV, {FAILED!r}, or leave the row out")
        value = None if str(label).strip() == FAILED else label_of(label, where)
        k = position[one]
        if k in new:
            raise ValueError(f"{where}: the identifier is there twice; remove one row")
        if k in state.labels and state.labels[k] != value and not replace:
            before = FAILED if state.labels[k] is None else f"{state.labels[k]:g} eV"
            raise ValueError(f"{where}: it already has {before}; confirm with --replace")
        new[k] = value
    return new


def _refuse_other_unit(state, new, name):
    """ValueError where a label is about 27.2 times smaller, or larger, than the others."""
    values = {k: v for k, v in new.items() if v is not None and v != 0}
    before = [v for v in state.labels.values() if v is not None]
    if not values:
        return
    # Without earlier labels, HOMO levels: all of them lie well below -1.5 eV.
    usual = np.median(np.abs(before)) if before else 8.0
    for k, value in values.items():
        ratio = abs(value) / usual if usual > 0 else 1.0
        for factor, unit in ((1 / HARTREE, "hartree"), (HARTREE, "eV, and the others in hartree")):
            if 0.6 < ratio / factor < 1.7:
                raise ValueError(
                    f"{name}: {state.pool.ids[k]} has {value:g}, others about {usual:g} eV: it "
                    f"looks like {unit} (a factor of {HARTREE:.1f}); convert it to eV, or --force"
                )
