"""Records: one JSON file per run, with its picks and where its numbers come from.

A run is looked for among the tracked records (`book/records`), then in the cache, and else computed
with a checkpoint after each iteration. The key is the configuration and the content of the data
set. A record is *stale* when the code that determines its numbers has changed since: a cached one
is then computed again; a tracked one is shown, with `stale` set, until it is made again.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import sys
import time
import tokenize
from dataclasses import asdict
from functools import cache, lru_cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from .datasets import load
from .descriptors import features
from .loop import RunConfig, check, steps, to_frame
from .paths import cache_dir, records_dir

# The modules that determine the numbers of a run; the data set has a checksum of its own.
NUMERICAL_MODULES = ("descriptors", "gp", "strategies", "batching", "metrics", "loop")
LIBRARIES = ("numpy", "scipy", "scikit-learn", "dscribe", "ase")
TIMINGS = ("fit_s", "acquire_s")


def run_or_load(configs, folder=None):
    """Results of all runs, computed where no record has them.

    Parameters
    ----------
    configs : iterable of RunConfig
    folder : path, optional: where computed runs are kept (default: the cache)

    Returns
    -------
    pandas.DataFrame, one row per run and iteration: the columns of `alutils.loop.run`, and `stale`

    Raises
    ------
    ValueError
        If a run does not fit its data set, or a run is neither recorded nor its data at hand;
        before anything is computed.
    """
    configs = list(configs)
    folder = cache_dir() / "records" if folder is None else Path(folder)
    missing = [config for config in configs if find(config) is None]
    for config in missing:
        check(config, _load(config.dataset))
    frames = []
    for config in tqdm(configs, unit="run", disable=not sys.stderr.isatty()):
        record = find(config) or compute(config, folder)
        frames.append(to_frame(config, record["rows"]).assign(stale=is_stale(record)))
    return pd.concat(frames, ignore_index=True)


def find(config, folder=None):
    """The tracked record of a run, whatever its data set's state here; None if there is none."""
    path = (records_dir() if folder is None else Path(folder)) / file_name(config)
    if not path.exists():
        return None
    record = _read(path)
    return record if record["complete"] else None


def compute(config, folder):
    """Compute a run, or go on where its record in `folder` stops. Returns the record."""
    path = Path(folder) / file_name(config)
    dataset = _load(config.dataset)
    check(config, dataset)
    record = _read(path) if path.exists() else None
    if record is None or is_stale(record) or record["data_sha256"] != dataset.sha256:
        record = _new(config, dataset)
    if record["complete"]:
        return record
    for step in steps(config, dataset, features(dataset), record["batches"]):
        record["rows"].append(_without_nan(step.row))
        record["complete"] = step.batch is None
        if step.batch is not None:
            record["batches"].append(step.batch)
        record["wall_s"] = sum(row[name] for row in record["rows"] for name in TIMINGS)
        write_json(path, record)
    return record


def replay(record):
    """Compute a run again with the picks of its record.

    Returns
    -------
    rows : list of dict, as the record should hold them (timings aside)
    agreement : list of float, the share of each recorded batch that the strategy picks afresh
    """
    config = RunConfig(**record["config"])
    dataset = load(config.dataset)
    X, rows, agreement = features(dataset), [], []
    for iteration in range(len(record["rows"])):
        step = next(steps(config, dataset, X, record["batches"][:iteration]))
        rows.append(step.row)
        if step.batch is not None:
            recorded = record["batches"][iteration]
            agreement.append(len(np.intersect1d(step.batch, recorded)) / len(recorded))
    return rows, agreement


def is_stale(record):
    """True if the numerical code is not the one that made the record."""
    return record["code_sha256"] != code_sha256()


def file_name(config):
    """Readable name with a hash of the whole configuration, so that no two runs share one."""
    text = json.dumps(_portable(config), sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    stem = re.sub(r"\W+", "-", Path(config.dataset).stem)
    return (
        f"{stem}-{config.strategy}-{config.scheme}{config.n_const}-{config.n_max}"
        f"-noise{config.noise_var:g}-seed{config.seed}-{digest}.json"
    )


@cache
def code_sha256():
    """Hash of the numerical modules without comments, docstrings and layout."""
    digest = hashlib.sha256()
    for name in NUMERICAL_MODULES:
        source = (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
        digest.update(bare_code(source).encode())
    return digest.hexdigest()


def bare_code(source):
    """Python source without comments, docstrings and white space: what can change a number."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    tokens, at_start = [], True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        # A string that begins a line of code is a docstring.
        if not (at_start and token.type == tokenize.STRING) and token.type not in skipped:
            tokens.append("".join(token.string.split()))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            at_start = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return "".join(tokens)


def provenance():
    """Versions and machine, for the record."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def write_json(path, value):
    """Write through a temporary file: whoever reads finds the old file or the new one."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    partial = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with open(partial, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(partial, path)


@lru_cache(maxsize=1)
def _load(name):
    """A grid of runs reads, and verifies, its data set once."""
    return load(name)


def _new(config, dataset):
    return {
        "config": _portable(config),
        "data_sha256": dataset.sha256,
        "code_sha256": code_sha256(),
        "provenance": provenance(),
        "created": time.strftime("%Y-%m-%d", time.gmtime()),
        "complete": False,
        "wall_s": 0.0,
        "rows": [],
        "batches": [],
    }


def _portable(config):
    """The configuration as a dict, a path cut to the file name: no folder reaches a record."""
    values = asdict(config)
    values["dataset"] = Path(config.dataset).name
    return values


def _without_nan(row):
    """JSON knows no NaN: None stands for it, and pandas reads that as NaN."""
    return {name: None if value != value else value for name, value in row.items()}


def _read(path):
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        for key in ("config", "rows", "batches", "complete", "code_sha256", "data_sha256"):
            record[key]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"record {path.name} is damaged ({error}): delete it, it will be computed again"
        ) from None
    return record
