"""Records: one JSON file per run, with its picks and where its numbers come from.

A run is looked for among the tracked records (`book/records`), then elsewhere. Hundreds of short
runs that belong together are tracked as a *bundle*, a .jsonl with one record a line; a large one
goes on in NAME-2.jsonl and so on. The key is the configuration and the content of the data set. A
record is *stale* when its numerics version is not the current one (`runs.provenance`).
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, fields
from functools import lru_cache
from pathlib import Path

from alutils.data.datasets import REGISTRY
from alutils.loop import RunConfig
from alutils.runs.identity import is_redefined
from alutils.runs.provenance import NUMERICS_VERSION
from alutils.storage import usage_log
from alutils.storage.files import seal, write_text
from alutils.storage.locations import records_dir

MOST_BYTES = 4_000_000  # of one file of a bundle
KINDS = {
    **{"config": dict, "rows": list, "batches": list, "complete": bool},
    **{"numerics_version": int, "data_sha256": str},
}


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
        if is_tracked(folder):
            raise
        return None
    return noted(record, folder / name) if record["complete"] else None


def noted(record, path):
    """The record, after it was entered into the usage log of a page."""
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
            return noted(record, path)
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


def parts(path):
    """The files of a bundle: `path`, NAME.jsonl, and where it goes on."""
    return [path, *sorted(path.parent.glob(f"{path.stem}-[0-9]*.jsonl"))]


def write_bundle(path, made):
    """Write complete records as a bundle, each of its files at once, none above MOST_BYTES."""
    texts = [""]
    for record in made:
        line = json.dumps(record, separators=(",", ":"), allow_nan=False) + "\n"
        if texts[-1] and len(texts[-1]) + len(line) > MOST_BYTES:
            texts.append("")
        texts[-1] += line
    written = [path, *(path.with_stem(f"{path.stem}-{k}") for k in range(2, len(texts) + 1))]
    for file, text in zip(written, texts, strict=True):
        write_text(file, text)
    for old in set(parts(path)) - set(written):
        old.unlink()
    bundle.cache_clear()


def is_stale(record):
    """True if another version of the numerics, or another strategy of this name, made it."""
    return record["numerics_version"] != NUMERICS_VERSION or is_redefined(record)


def is_tracked(folder):
    return Path(folder).resolve() == records_dir().resolve()


def file_name(config):
    """Readable name with a hash of the configuration, so that no two runs share one.

    What has its default value is left out of the hash: a setting that is added later renames no
    record of the runs before it.
    """
    named = portable(config)
    changed = [f.name for f in fields(config) if getattr(config, f.name) != f.default]
    values = {name: named[name] for name in changed}
    text = json.dumps(values, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:10]
    stem = re.sub(r"\W+", "-", Path(named["dataset"]).stem)
    strategy = re.sub(r"[^\w-]+", "-", config.strategy)
    return (
        f"{stem}-{strategy}-{config.scheme}{config.n_const}-{config.n_max}"
        f"-noise{config.noise_var:g}-seed{config.seed}-{digest}.json"
    )


def portable(config):
    """The configuration as a dict, a path cut to the file name: no folder reaches a record.

    A path that ends like the name of a data set is not that data set.
    """
    values, name = asdict(config), Path(config.dataset).name
    values["dataset"] = f"{name} (own)" if name in REGISTRY and name != config.dataset else name
    return values


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
