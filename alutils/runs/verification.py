"""Records put to the test: a run computed again with its recorded picks, and compared."""

from __future__ import annotations

import json
import sys

import numpy as np
from tqdm import tqdm

from alutils.descriptors import features
from alutils.loop import RunConfig, steps
from alutils.runs.provenance import NUMERICS_VERSION
from alutils.runs.records import TIMINGS, load_once, without_nan
from alutils.storage.files import seal, write_json
from alutils.storage.locations import cache_dir

# How far a replay may be from its record, on whatever machine; columns not named agree exactly.
ABSOLUTE = {
    **dict.fromkeys(("mae_ev", "mae_in_range_ev"), 1e-4),
    **dict.fromkeys(("r2", "tpr", "fpr", "tpr_heldout", "fpr_heldout"), 1e-3),
}
RELATIVE = dict.fromkeys(("signal_var", "length_scale", "lml", "n_candidates"), 1e-3)


def replay(record):
    """Compute a run again with the picks of its record.

    Returns
    -------
    rows : list of dict, as the record should hold them (timings aside)
    agreement : list of float, the share of each recorded batch that the strategy picks afresh
    """
    config = RunConfig(**record["config"])
    dataset = load_once(config.dataset, config.reading)
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
    config = RunConfig(**record["config"])
    if record["data_sha256"] != load_once(config.dataset, config.reading).sha256:
        raise ValueError("it was made from other data than those at hand")
    rows, agreement = replay(record)
    wrong = []
    for recorded, row in zip(record["rows"], map(without_nan, rows), strict=True):
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
