"""Active learning of your own molecules, with labels from wherever you get them.

A campaign is a folder. `start` writes the pool and the settings, `ask` the next query: a batch of
molecules to label. `tell` takes results: a part of them, in any order, failed calculations marked.
A campaign goes on after any interruption; the same results lead to the same batches, in whatever
order they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.search import refuse_bits
from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.analysis.stopping import label_probability
from alutils.campaign.folder import (
    FAILED,
    alone,
    export,
    is_begun,
    read,
    write_batch,
    write_labels,
    write_start,
)
from alutils.campaign.state import Settings, State
from alutils.campaign.units import other_unit
from alutils.data.structures import Structures, label_of, read_table
from alutils.descriptors import features, n_bits
from alutils.loop import FIT, PICK, SPLIT
from alutils.model.scale import scale_of

LEVEL = 0.05  # deviation of the predictions, in deviations of the labels, that is next to none

__all__ = ["Settings", "ask", "read", "start", "take", "tell"]


def start(folder: str | Path, pool: Structures, settings: Settings) -> State:
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
        If the folder already holds a campaign, or sizes, strategy or descriptor do not fit the
        pool.
    """
    folder = Path(folder)
    _refuse_begun(folder)
    if settings.n_init > len(pool):
        raise ValueError(
            f"n_init={settings.n_init}: {pool.name} has {len(pool)} molecules; give a first batch "
            f"of {max(1, len(pool) // 10)}, say"
        )
    refuse_bits(settings.strategy, n_bits(pool, settings.descriptor))
    features(pool, descriptor=settings.descriptor)  # whatever is wrong with them is said now
    known = {k: float(y) for k, y in enumerate(pool.y) if np.isfinite(y)}
    with alone(folder):
        _refuse_begun(folder)  # by another process, while this one waited
        write_start(folder, pool, settings, known)
    return read(folder)


def _refuse_begun(folder):
    if is_begun(folder):
        raise ValueError(f"{folder.name} already holds a campaign: ask, tell, or another folder")


def ask(folder: str | Path, go_on: bool = False) -> Path:
    """The next batch to label, or the present one while labels of it are missing.

    Parameters
    ----------
    folder : of the campaign
    go_on : choose the next batch although some labels are missing; they may still come later

    Returns
    -------
    Path of the batch's folder: molecules.extxyz, and batch.csv with id, mu, sigma, an empty column
    `label` to be filled in, and the label's property and unit

    Raises
    ------
    ValueError
        If the pool is exhausted, or fewer than two labels are there to learn from.
    """
    state = read(folder)
    # Not inside: processes that it forks would hold the lock too.
    features(state.pool, descriptor=state.settings.descriptor)
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
    train = state.known
    if not iteration and len(train) < 2:
        rng = np.random.default_rng([s.seed, SPLIT])
        picks = rng.permutation(len(left))[: s.n_init]
        return _batch(state, left[picks])
    if len(train) < 2:
        raise ValueError(
            f"{len(train)} labels are not enough to learn from: give at least two that did not fail"
        )
    sizes = batch_sizes(s.scheme, s.n_init, s.n_const, s.n_init + len(state.pool) * s.n_const)
    n_by_model = sum(not state.by_model.isdisjoint(batch) for batch in state.batches)
    size = min(sizes[n_by_model], len(left))
    X = features(state.pool, descriptor=s.descriptor)
    y = np.array([state.labels[k] for k in train])
    config, scale = s.run_config(), scale_of(y, "data")
    model = config.model(
        n_bits(state.pool, s.descriptor), np.random.default_rng([s.seed, FIT, iteration])
    ).fit(X[train], scale.to_z(y))
    view = PoolView(model, X[left], state.target and state.target.to_z(scale))
    picks = STRATEGIES[s.strategy](view, size, np.random.default_rng([s.seed, PICK, iteration]))
    mu, sigma = scale.from_z(view.mu[picks]), scale.std * view.sigma[picks]
    return _batch(state, left[picks], mu, sigma, caution(view)) | {
        "expected": expected(view, picks)
    }


def expected(view, picks):
    """Hits that the model expects in a batch, and among all that have no label; None for no target.

    view : `acquisition.strategies.PoolView`;  picks : positions in it
    """
    if view.target is None:
        return None
    p = label_probability(view)
    return {"next": float(f"{p[picks].sum():.5g}"), "left": float(f"{p.sum():.5g}")}


def _batch(state, chosen, mu=None, sigma=None, said=""):
    """What is kept of a batch; predictions to five digits."""
    return {
        "ids": [state.pool.ids[k] for k in chosen],
        "mu": mu if mu is None else [float(f"{value:.5g}") for value in mu],
        "sigma": sigma if sigma is None else [float(f"{value:.5g}") for value in sigma],
        "caution": said,
    }


def caution(view):
    """What is to be said of a model that has learnt little; empty if nothing.

    view : `acquisition.strategies.PoolView` of standardised labels
    """
    if np.std(view.mu) < LEVEL:
        return (
            "the model predicts nearly one value for all molecules: the labels so far say nothing "
            "of the descriptor; label more at random, or choose another descriptor"
        )
    if view.model.at_bound_:
        named = " and ".join(name.replace("_", " ") for name in view.model.at_bound_)
        return f"the fit ended with the {named} at a bound of its range: trust the model less"
    return ""


def tell(folder: str | Path, path: str | Path, force: bool = False, replace: bool = False) -> int:
    """Take results from a CSV with the columns `id` and `label` (a number, or "failed").

    In place of `label` the column may have the name of the property. A column `unit` must say the
    campaign's.

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
        values that look like another unit: all earlier results are kept.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not readable ({type(error).__name__})") from None
    rows = read_table(text, path.name)
    settings = read(folder).settings
    column = settings.property if rows and "label" not in rows[0] else "label"
    for name in ("id", column):
        if not rows or name not in rows[0]:
            raise ValueError(f"{path.name}: no column {name!r}; the header is id,label")
    for number, row in enumerate(rows, 1):
        if settings.unit and (said := (row.get("unit") or "").strip()) not in ("", settings.unit):
            raise ValueError(
                f"{path.name}, row {number} ({row['id']}): the unit is {said!r}, that of the "
                f"campaign {settings.unit!r}: convert the labels"
            )
    return take(folder, [(row["id"], row[column]) for row in rows], path.name, force, replace)


def take(
    folder: str | Path,
    results: Sequence[tuple[str, Any]],
    name: str = "labels",
    force: bool = False,
    replace: bool = False,
) -> int:
    """As `tell`, from results, a list of (identifier, label) pairs; errors call the list `name`.

    folder, force, replace : as of `tell`
    """
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
    """Position -> label or None; ValueError for the first result that cannot be taken."""
    position = {one: k for k, one in enumerate(state.pool.ids)}
    new = {}
    for number, (one, label) in enumerate(results):
        where = f"{name}, row {number + 1} ({one})"
        if one not in position:
            raise ValueError(f"{where}: no molecule of this campaign has this identifier")
        if label is None or not str(label).strip():
            raise ValueError(f"{where}: no label; write a number, {FAILED!r}, or leave the row out")
        value = None if str(label).strip() == FAILED else label_of(label, where)
        k = position[one]
        if k in new:
            raise ValueError(f"{where}: the identifier is there twice; remove one row")
        if k in state.labels and state.labels[k] != value and not replace:
            before = FAILED if state.labels[k] is None else f"{state.labels[k]:g}"
            raise ValueError(f"{where}: it already has {before}; confirm with --replace")
        new[k] = value
    return new


def _refuse_other_unit(state, new, name):
    """ValueError where labels look like another unit than those that are there."""
    values = {k: value for k, value in new.items() if value is not None}
    before = [state.labels[k] for k in state.known if k not in values]
    suspicion = other_unit(list(values.values()), before, state.settings.unit)
    if suspicion:
        raise ValueError(f"{name}: {suspicion.sentence}; convert them, or confirm with --force")
