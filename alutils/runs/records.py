"""Runs computed once: read from their record, or made with a checkpoint after each iteration.

A run is looked for among the tracked records, then in the cache, and else computed. A cached record
that is stale is computed again; a tracked one is shown, with `stale` set, until it is made again.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd
from tqdm import tqdm

from alutils.data.datasets import load, reading_options
from alutils.data.registry import REGISTRY
from alutils.descriptors import features
from alutils.loop import RunConfig, check, steps, to_frame
from alutils.runs import schedulers
from alutils.runs.identity import is_redefined, ship, strategy_identity
from alutils.runs.provenance import (
    NUMERICS_VERSION,
    forget_peak_memory,
    peak_memory_gib,
    provenance,
)
from alutils.runs.store import file_name, find, is_stale, is_tracked, noted, portable, read
from alutils.storage.files import lock, seal, set_aside, state, write_json
from alutils.storage.locations import cache_dir
from alutils.storage.remedies import explained

TIMINGS = ("fit_s", "acquire_s")


def run_or_load(
    configs: Iterable[RunConfig], folder: str | Path | None = None, scheduler: str = "serial"
) -> pd.DataFrame:
    """Results of all runs, computed where no record has them.

    Parameters
    ----------
    configs : iterable of RunConfig
    folder : path, optional: where computed runs are kept (default: the cache)
    scheduler : str: where they are computed, as in `alutils.runs.schedulers`

    Returns
    -------
    pandas.DataFrame, one row per run and iteration: the columns of `alutils.loop.run`, and `stale`

    Raises
    ------
    ValueError
        If a run does not fit its data set, a run is neither recorded nor its data at hand, or a
        strategy cannot be identified; before anything is computed.
    """
    configs = list(configs)
    folder = cache_dir() / "records" if folder is None else Path(folder)
    made = {config: find(config) for config in configs}
    missing = [c for c in made if made[c] is None or is_redefined(made[c])]
    for config in missing:
        check(config, load_once(config.dataset, config.reading))
        strategy_identity(config.strategy)
    computed = make(missing, folder, scheduler)
    made |= tqdm(computed, total=len(missing), unit="run", disable=not sys.stderr.isatty())
    frames = [
        to_frame(config, made[config]["rows"]).assign(stale=is_stale(made[config]))
        for config in configs
    ]
    return pd.concat(frames, ignore_index=True)


def make(
    configs: Iterable[RunConfig], folder: str | Path, scheduler: str = "serial"
) -> Iterator[tuple[RunConfig, dict]]:
    """Compute the runs that `folder` does not hold. Yields (config, record) as they are done.

    configs, scheduler : as of `run_or_load`

    A worker that sees the folder writes the record there, after every iteration; one on another
    machine that does not, keeps it in its own cache and returns it, and it is written here.

    Raises
    ------
    ValueError
        If a worker has other data, alutils or helper modules than this process, or a strategy
        cannot be identified; and as `compute`.
    """
    schedulers.check(scheduler)
    waiting = []
    for config in configs:
        record = find(config, folder)
        if record and not _is_outdated(record, load_once(config.dataset, config.reading)):
            yield config, record
        else:
            waiting.append(config)
    needed = dict.fromkeys((c.dataset, c.reading, c.descriptor) for c in waiting)
    for name, reading, descriptor in needed:  # once, before two workers both wait for it
        features(load_once(name, reading), descriptor=descriptor)
    with explained(folder):
        Path(folder).mkdir(parents=True, exist_ok=True)
    task = partial(_compute_there, Path(folder).resolve())
    if scheduler != "serial":
        task = ship({config.strategy for config in waiting}, task)
    for config, record in schedulers.each(task, waiting, scheduler):
        name = file_name(config)
        if _is_outdated(record, load_once(config.dataset, config.reading)):
            raise ValueError(
                f"{name}: made by a worker with other data, or another alutils, or by a strategy "
                "that changes what it depends on while it runs"
            )
        if (find(config, folder) or {}).get("seal") != record["seal"]:
            write_json(Path(folder) / name, record)
        yield config, record


def _compute_there(folder, config):
    """Compute a run in a worker, whose machine may not have the folder."""
    forget_peak_memory()  # the record tells its own run's
    config = replace(config)  # checked anew: a worker may know other strategies
    return compute(config, folder if folder.is_dir() else cache_dir() / "records")


def compute(config, folder):
    """Compute a run, or go on where its record in `folder` stops. Returns the record.

    Two processes that are given the same run do it once: the second waits for the first. A record
    that is damaged is set aside, named in a warning, and made again; a tracked one is refused.
    """
    path = Path(folder) / file_name(config)
    dataset = load_once(config.dataset, config.reading)
    check(config, dataset)
    if (made := find(config, folder)) and not _is_outdated(made, dataset):
        return made
    # Not inside: processes that it forks would hold the lock too.
    X = features(dataset, descriptor=config.descriptor)
    with lock(path):
        record = _begun(path, config, dataset)
        if record["complete"]:
            return noted(record, path)
        for step in steps(config, dataset, X, record["batches"]):
            record["rows"].append(without_nan(step.row))
            record["complete"] = step.batch is None
            if step.batch is not None:
                record["batches"].append(step.batch)
            record["wall_s"] = sum(row[name] for row in record["rows"] for name in TIMINGS)
            record["peak_memory_gib"] = peak_memory_gib()
            record["seal"] = seal(record)
            write_json(path, record)
    return noted(record, path)


def _begun(path, config, dataset):
    """The record to go on with: what is there if it is of use, else an empty one."""
    try:
        record = read(path, config) if path.exists() else None
    except ValueError:
        if is_tracked(path.parent):
            raise
        name = set_aside(path)
        warnings.warn(f"record {path.name} is damaged: it is now {name}, made again", stacklevel=3)
        record = None
    return _new(config, dataset) if record is None or _is_outdated(record, dataset) else record


def _is_outdated(record, dataset):
    return is_stale(record) or record["data_sha256"] != dataset.sha256


def load_once(name, reading=None):
    """A grid of runs reads, and verifies, its data set once; an edited file is read again.

    reading : of a `RunConfig`
    """
    path = Path(os.path.expanduser(name))
    return _load(name, reading, None if name in REGISTRY else state(path))


@lru_cache(maxsize=1)
def _load(name, reading, state_of_file):
    return load(name, **reading_options(reading))


load_once.cache_clear = _load.cache_clear  # type: ignore[attr-defined]


def _new(config, dataset):
    own = strategy_identity(config.strategy)
    return {
        "config": portable(config),
        "data_sha256": dataset.sha256,
        "numerics_version": NUMERICS_VERSION,
        **({"strategy_identity": own} if own else {}),
        "provenance": provenance(),
        "created": time.strftime("%Y-%m-%d", time.gmtime()),
        "complete": False,
        "wall_s": 0.0,
        "peak_memory_gib": None,
        "rows": [],
        "batches": [],
    }


def without_nan(row):
    """JSON knows no NaN: None stands for it, and pandas reads that as NaN."""
    return {name: None if value != value else value for name, value in row.items()}
