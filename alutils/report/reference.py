"""Settle the numbers of a notebook's default run on its tracked reference run.

The picks of k-means, and with them the third digit of an MAE, differ between processors and builds
of BLAS. So that the outputs of a default run are the same everywhere, a number within a stated
tolerance of its tracked value is replaced by that value; one outside stays as it was computed, and
is named. Everything that a notebook prints derives from the settled records.
"""

from __future__ import annotations

import json
import os
from typing import NamedTuple

import numpy as np
import pandas as pd

from alutils.runs.records import write_json
from alutils.storage.locations import reference_dir

KEYS = ("strategy", "scheme", "n_const", "n_max", "noise_var", "seed", "iteration", "n_train")
DIGITS = 6
WRITE = "ALUTILS_REFERENCE"  # set to "write" to track the current values


class Settled(NamedTuple):
    """Records to go on with, and one sentence on what was done to them."""

    records: pd.DataFrame
    note: str


def settle(records, name, parameters, tolerance):
    """Replace numbers by the tracked ones where they agree within the tolerance.

    Parameters
    ----------
    records : frame of `alutils.runs.records.run_or_load`
    name : str, of the notebook: the file is notebooks/reference/<name>.json
    parameters : result of `report.parameters.check_parameters`; the tracked values apply only to
        the same ones
    tolerance : column -> largest difference from the tracked value, in the column's unit

    Returns
    -------
    Settled
    """
    path = reference_dir() / f"{name}.json"
    columns = list(tolerance)
    keys = list(KEYS)
    if os.environ.get(WRITE) == "write":
        write_json(path, _to_json(records[keys + columns], parameters, tolerance))
    tracked = json.loads(path.read_text(encoding="utf-8")) if path.exists() else None
    if tracked is None or tracked["parameters"] != _that_count(parameters):
        return Settled(records, f"All numbers as computed or recorded.{_stale(records)}")

    rows = pd.DataFrame(tracked["rows"], columns=keys + columns)
    merged = records[keys].merge(rows, on=keys, how="left", validate="one_to_one")
    if merged[columns[0]].isna().all() or len(rows) != len(records):
        raise ValueError(
            f"reference {path.name} holds other runs than this notebook makes: track them with "
            f"{WRITE}=write"
        )
    settled, outside = records.copy(), []
    for column in columns:
        ours = records[column].to_numpy(dtype=float)
        theirs = merged[column].to_numpy(dtype=float)
        agree = (np.abs(ours - theirs) <= tolerance[column]) | (np.isnan(ours) & np.isnan(theirs))
        settled[column] = np.where(agree, theirs, ours)
        outside += [
            f"{column} of {row.strategy}, seed {row.seed}, {row.n_train} molecules: "
            f"{ours[i]:.4f}, tracked {theirs[i]:.4f}"
            for i, row in enumerate(records.itertuples())
            if not agree[i]
        ]
    total = len(records) * len(columns)
    limits = ", ".join(f"{column} {limit:g}" for column, limit in tolerance.items())
    note = f"{total - len(outside)} of {total} numbers agree with the tracked run within {limits}"
    return Settled(settled, "; ".join([note, *outside]) + "." + _stale(records))


def _stale(records):
    """A sentence on records that were made by other code; empty if there are none."""
    if "stale" not in records or not records["stale"].any():
        return ""
    runs = records.groupby(["strategy", "scheme", "n_const", "noise_var", "seed"])["stale"].any()
    return f" {runs.sum()} of {len(runs)} runs were recorded with earlier code and not made again."


def _to_json(frame, parameters, tolerance):
    rows = [
        [None if value != value else value for value in row]
        for row in frame.round(dict.fromkeys(tolerance, DIGITS)).astype(object).to_numpy().tolist()
    ]
    return {"parameters": _that_count(parameters), "tolerance": tolerance, "rows": rows}


def _that_count(parameters):
    """Parameters as a dict, without the one that changes no number."""
    return {name: value for name, value in vars(parameters).items() if name != "scheduler"}
