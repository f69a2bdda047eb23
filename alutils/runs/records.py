"""Records: one JSON file per run, with its picks and where its numbers come from.

A run is looked for among the tracked records (`book/records`), then in the cache, and else computed
with a checkpoint after each iteration. Hundreds of short runs that belong together are tracked as a
*bundle*, a .jsonl with one record a line. The key is the configuration and the content of the data
set. A record is *stale* when its numerics version is not the current one (`runs.provenance`): a
cached one is then computed again; a tracked one is shown, with `stale` set, until it is made again.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import time
import warnings
from dataclasses import asdict, fields, replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from alutils.data.datasets import REGISTRY, load
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
from alutils.storage import usage_log
from alutils.storage.files import lock, seal, set_aside, write_json, write_text
from alutils.storage.locations import cache_dir, records_dir

TIMINGS = ("fit_s", "acquire_s")
# How far a replay may be from its record, on whatever machine; columns not named agree exactly.
ABSOLUTE = {
    **dict.fromkeys(("mae_ev", "mae_in_range_ev"), 1e-4),
    **dict.fromkeys(("r2", "tpr", "fpr", "tpr_heldout", "fpr_heldout"), 1e-3),
}
KINDS = {
    **{"config": dict, "rows": list, "batches": list, "complete": bool},
    **{"numerics_version": int, "data_sha256": str},
}
RELATIVE = dict.fromkeys(("signal_var", "length_scale", "lml", "n_candidates"), 1e-3)


def run_or_load(configs, folder=None, scheduler="serial"):
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
        check(config, _load(config.dataset))
        strategy_identity(config.strategy)
    computed = make(missing, folder, scheduler)
    made |= tqdm(computed, total=len(missing), unit="run", disable=not sys.stderr.isatty())
    frames = [
        to_frame(config, made[config]["rows"]).assign(stale=is_stale(made[config]))
        for config in configs
    ]
    return pd.concat(frames, ignore_index=True)


def make(configs, folder, scheduler="serial"):
    """Compute the runs that `folder` does not hold. Yields (config, record) as they are done.

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
        if record and not _is_outdated(record, _load(config.dataset)):
            yield config, record
        else:
            waiting.append(config)
    for name, descriptor in dict.fromkeys((c.dataset, c.descriptor) for c in waiting):
        features(_load(name), descriptor=descriptor)  # once, before two workers both wait for it
    Path(folder).mkdir(parents=True, exist_ok=True)
    task = partial(_compute_there, Path(folder).resolve())
    if scheduler != "serial":
        task = ship({config.strategy for config in waiting}, task)
    for config, record in schedulers.each(task, waiting, scheduler):
        name = file_name(config)
        if _is_outdated(record, _load(config.dataset)):
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


def find(config, folder=None):
    """The tracked record of a run, whatever its data set's state here; None if there is none.

    Raises
    ------
    ValueError
        If it is damaged. In another folder than the tracked one that counts as none: `compute`
        makes it again.
    """
    folder, name = records_dir() if folder is None else Path(folder), file_name(config)
    try:
        if not (folder / name).exists():
            return _bundled(name, folder)
        record = read(folder / name, config)
    except ValueError:
        if _is_tracked(folder):
            raise
        return None
    return _noted(record, folder / name) if record["complete"] else None


def _noted(record, path):
    """The record, after it was entered into the trace of a page."""
    if usage_log.wanted():
        usage_log.note(dataset=record["config"]["dataset"], sha256=record["data_sha256"])
        name, made = file_name(RunConfig(**record["config"])), record["created"]
        about = {"made": made, "seconds": record["wall_s"], "stale": is_stale(record)}
        usage_log.note(record=name, file=path.name, **about)
    return record


def _bundled(name, folder):
    for path in bundles(folder):
        record = bundle(path).get(name)
        if record is not None:
            _check_seal(record, f"{name} in {path.name}")
            return _noted(record, path)
    return None


def tracked(folder):
    """File name -> record, of all that a folder holds, bundled or not."""
    made = {path.name: read(path) for path in sorted(Path(folder).glob("*seed*.json"))}
    for path in bundles(folder):
        made |= bundle(path)
    return made


def bundles(folder):
    """The bundles in a folder, as paths."""
    return sorted(Path(folder).glob("*.jsonl"))


@lru_cache(maxsize=16)
def bundle(path):
    """The records of a bundle by file name; ValueError names the first line that is damaged."""
    made = {}
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        place = f"{path.name}, line {number}"
        record = parse(line, place)
        made[_name_of(record, place)] = record
    return made


def write_bundle(path, made):
    """Write complete records as a bundle, at once."""
    lines = [json.dumps(record, separators=(",", ":"), allow_nan=False) for record in made]
    write_text(path, "".join(f"{line}\n" for line in lines))
    bundle.cache_clear()


def compute(config, folder):
    """Compute a run, or go on where its record in `folder` stops. Returns the record.

    Two processes that are given the same run do it once: the second waits for the first. A record
    that is damaged is set aside, named in a warning, and made again; a tracked one is refused.
    """
    path = Path(folder) / file_name(config)
    dataset = _load(config.dataset)
    check(config, dataset)
    if (made := find(config, folder)) and not _is_outdated(made, dataset):
        return made
    # Not inside: processes that it forks would hold the lock too.
    X = features(dataset, descriptor=config.descriptor)
    with lock(path):
        record = _begun(path, config, dataset)
        if record["complete"]:
            return _noted(record, path)
        for step in steps(config, dataset, X, record["batches"]):
            record["rows"].append(_without_nan(step.row))
            record["complete"] = step.batch is None
            if step.batch is not None:
                record["batches"].append(step.batch)
            record["wall_s"] = sum(row[name] for row in record["rows"] for name in TIMINGS)
            record["peak_memory_gib"] = peak_memory_gib()
            record["seal"] = seal(record)
            write_json(path, record)
    return _noted(record, path)


def _begun(path, config, dataset):
    """The record to go on with: what is there if it is of use, else an empty one."""
    try:
        record = read(path, config) if path.exists() else None
    except ValueError:
        if _is_tracked(path.parent):
            raise
        name = set_aside(path)
        warnings.warn(f"record {path.name} is damaged: it is now {name}, made again", stacklevel=3)
        record = None
    return _new(config, dataset) if record is None or _is_outdated(record, dataset) else record


def _is_outdated(record, dataset):
    return is_stale(record) or record["data_sha256"] != dataset.sha256


def _is_tracked(folder):
    return Path(folder).resolve() == records_dir().resolve()


def replay(record):
    """Compute a run again with the picks of its record.

    Returns
    -------
    rows : list of dict, as the record should hold them (timings aside)
    agreement : list of float, the share of each recorded batch that the strategy picks afresh
    """
    config = RunConfig(**record["config"])
    dataset = _load(config.dataset)
    X, rows, agreement = features(dataset, descriptor=config.descriptor), [], []
    for iteration in tqdm(range(len(record["rows"])), disable=not sys.stderr.isatty()):
        step = next(steps(config, dataset, X, record["batches"][:iteration]))
        rows.append(step.row)
        if step.batch is not None:
            recorded = record["batches"][iteration]
            agreement.append(len(np.intersect1d(step.batch, recorded)) / len(recorded))
    return rows, agreement


def verify(record):
    """What of a record its replay does not confirm.

    Returns
    -------
    wrong : list of str, empty if all columns agree within `ABSOLUTE` and `RELATIVE`
    agreement : list of float, as of `replay`

    Raises
    ------
    ValueError
        If the record was changed after it was made, or made from other data than those at hand.
    """
    if record.get("seal") != seal(record):
        raise ValueError("the seal is broken: changed after it was made")
    if record["data_sha256"] != _load(record["config"]["dataset"]).sha256:
        raise ValueError("it was made from other data than those at hand")
    rows, agreement = replay(record)
    wrong = []
    for recorded, row in zip(record["rows"], map(_without_nan, rows), strict=True):
        for name, value in row.items():
            was = recorded[name]
            if name not in TIMINGS and not _agrees(name, was, value):
                wrong.append(f"iteration {row['iteration']}: {name} is {was}, replayed {value}")
    return wrong, agreement


def _replayed_file():
    return cache_dir() / f"replayed-{NUMERICS_VERSION}.json"


def replayed():
    """Seals of the records that this version of the numerics has replayed here, a set."""
    return set(json.loads(_replayed_file().read_text())) if _replayed_file().exists() else set()


def note_replayed(record):
    """Remember that a record's replay agreed."""
    write_json(_replayed_file(), sorted(replayed() | {record["seal"]}))


def _agrees(name, was, value):
    if None in (was, value) or name not in ABSOLUTE | RELATIVE:
        return was == value
    return abs(was - value) <= (ABSOLUTE.get(name) or RELATIVE[name] * abs(value))


def is_stale(record):
    """True if another version of the numerics, or another strategy of this name, made it."""
    return record["numerics_version"] != NUMERICS_VERSION or is_redefined(record)


def file_name(config):
    """Readable name with a hash of the configuration, so that no two runs share one.

    What has its default value is left out of the hash: a setting that is added later renames no
    record of the runs before it.
    """
    portable = _portable(config)
    changed = [f.name for f in fields(config) if getattr(config, f.name) != f.default]
    values = {name: portable[name] for name in changed}
    text = json.dumps(values, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    stem = re.sub(r"\W+", "-", Path(portable["dataset"]).stem)
    strategy = re.sub(r"[^\w-]+", "-", config.strategy)
    return (
        f"{stem}-{strategy}-{config.scheme}{config.n_const}-{config.n_max}"
        f"-noise{config.noise_var:g}-seed{config.seed}-{digest}.json"
    )


@lru_cache(maxsize=1)
def _load(name):
    """A grid of runs reads, and verifies, its data set once."""
    return load(name)


def _new(config, dataset):
    own = strategy_identity(config.strategy)
    return {
        "config": _portable(config),
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


def _portable(config):
    """The configuration as a dict, a path cut to the file name: no folder reaches a record.

    A path that ends like the name of a data set is not that data set.
    """
    values, name = asdict(config), Path(config.dataset).name
    values["dataset"] = f"{name} (own)" if name in REGISTRY and name != config.dataset else name
    return values


def _without_nan(row):
    """JSON knows no NaN: None stands for it, and pandas reads that as NaN."""
    return {name: None if value != value else value for name, value in row.items()}


def read(path, config=None):
    """A record; ValueError if the file does not hold one, or not that of this configuration."""
    record = parse(path.read_bytes(), path.name)
    if config is not None:
        _check_seal(record, path.name)
        if _name_of(record, path.name) != file_name(config):
            raise _damaged(path.name, "it holds another run")
    return record


def parse(text, name):
    """A record from its text or bytes; ValueError with the place's name if it holds none."""
    try:
        record = json.loads(text)
        for key, kind in KINDS.items():
            if not isinstance(record[key], kind):
                raise TypeError(f"{key} is {type(record[key]).__name__}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(name, error) from None
    return record


def _name_of(record, place):
    """The file name of the run that a record says it is of."""
    try:
        return file_name(RunConfig(**record["config"]))
    except (TypeError, ValueError) as error:
        raise _damaged(place, error) from None


def _check_seal(record, name):
    """ValueError if a digit was changed."""
    if record.get("seal") != seal(record):
        raise _damaged(name, "the seal is broken: changed after it was made")


def _damaged(name, error):
    return ValueError(
        f"record {name} is damaged ({error}): restore it (git checkout), or delete it and it will "
        "be computed again"
    )
