"""A campaign on disk: settings, pool, batches and labels in a folder, and its state read from them.

==================  ==============================================================================
`campaign.json`     name of the pool and the `Settings`, sealed
`pool.npz`          identifiers, and structures or SMILES
`labels.csv`        all results so far: identifier, and label or "failed"
`skipped.csv`       what of the pool's file was left out, and why; only where something was
`batch-000.json`    identifiers and predictions of a batch, sealed; written when it is chosen
`batch-000/`        the same for the labeller: batch.csv, and molecules.extxyz where the pool has
                    geometries
==================  ==============================================================================

Every file is written whole or not at all, and nothing is kept elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import ase.io
import numpy as np

from alutils.campaign.state import Settings, State, batch_folder
from alutils.data.embedding import Embedded
from alutils.data.molecules import Molecules
from alutils.data.structures import Structures, read_table
from alutils.data.validation import read_arrays
from alutils.storage.files import lock, move_folder, seal, sweep, whole, write_json, write_text

FAILED = "failed"


@contextmanager
def alone(folder):
    """One process at a time changes a campaign; it removes what those that died have left."""
    with lock(folder / "campaign"):
        for name in ("campaign.json", "pool.npz", "labels.csv", "skipped.csv", "batch-*"):
            sweep(folder, f"{name}.*.tmp", older_s=0)
        yield


def is_begun(folder):
    """True if the folder holds a campaign, damaged or not."""
    return (folder / "campaign.json").is_file()


def write_start(folder, pool, settings, labels):
    """Write a new campaign; its last file makes it one."""
    m, arrays = pool.molecules, {"ids": np.array(pool.ids), "Q": pool.charges}
    if pool.smiles is not None:
        arrays["smiles"] = np.array(pool.smiles)
    if not isinstance(m, Embedded):
        arrays |= {"Z": m.numbers, "R": m.positions, "N": m.counts}
    with whole(folder / "pool.npz") as file:
        np.savez_compressed(file, **arrays)
    write_labels(folder, pool.ids, labels)
    if pool.skipped:
        write_text(folder / "skipped.csv", table(("place", "id", "reason"), pool.skipped))
    _write_sealed(folder / "campaign.json", {"name": pool.name, **asdict(settings)})


def change_settings(state, settings):
    """Give a campaign other settings for the queries to come."""
    _write_sealed(state.folder / "campaign.json", {"name": state.pool.name, **asdict(settings)})


def read(folder: str | Path) -> State:
    """The state of a campaign; ValueError if the folder holds none or a file is damaged."""
    folder = Path(folder)
    if not is_begun(folder):
        raise ValueError(f"{folder.name} holds no campaign: start one there")
    try:
        return _read(folder)
    except (KeyError, TypeError, ValueError, OSError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"the campaign in {folder.name} is damaged ({type(error).__name__}: {error}): restore "
            "the folder from a copy"
        ) from None


def _read(folder):
    settings = _read_sealed(folder / "campaign.json")
    if "threshold" in settings:
        raise ValueError("an earlier version began it, with the noise in eV^2: start a new one")
    name = settings.pop("name")
    settings = Settings(**settings)
    arrays = read_arrays(folder / "pool.npz")
    pool = _pool(name, arrays)
    ids = pool.ids
    position = {one: k for k, one in enumerate(ids)}
    n_batches = len(list(folder.glob("batch-*.json")))
    chosen = [_read_sealed(_batch_file(folder, number)) for number in range(n_batches)]
    batches = [[position[one] for one in batch["ids"]] for batch in chosen]
    caution = chosen[-1]["caution"] if chosen else ""
    labels = {
        position[row["id"]]: None if row["label"] == FAILED else float(row["label"])
        for row in read_table((folder / "labels.csv").read_text(encoding="utf-8"), "labels.csv")
    }
    if not all(y is None or np.isfinite(y) for y in labels.values()):
        raise ValueError("a label is not finite")
    if len({k for batch in batches for k in batch}) != sum(map(len, batches)):
        raise ValueError("a molecule is in two batches")
    if len(ids) != len(pool.molecules):
        raise ValueError(f"{len(ids)} identifiers, {len(pool.molecules)} molecules")
    by_model = frozenset(
        position[one] for batch in chosen if batch["mu"] is not None for one in batch["ids"]
    )
    expected = [batch.get("expected") for batch in chosen]  # those of before had none
    return State(folder, settings, pool, batches, labels, caution, by_model, expected)


def _pool(name, arrays):
    """The `Structures` of pool.npz, without labels."""
    ids, smiles = (
        tuple(str(one) for one in arrays[key]) if key in arrays else None
        for key in ("ids", "smiles")
    )
    flat = "Z" not in arrays
    molecules = Embedded(smiles) if flat else Molecules(*(arrays[key] for key in "ZRN"))
    return Structures(
        name,
        ids,
        molecules,
        np.full(len(ids), np.nan),
        arrays["Q"],
        smiles,
        info={"own_descriptor": "fingerprint"} if flat else {},
    )


def write_labels(folder, ids, labels):
    """Write all results; labels as of `State`."""
    rows = ((ids[k], FAILED if y is None else repr(y)) for k, y in sorted(labels.items()))
    write_text(folder / "labels.csv", table(("id", "label"), rows))


def write_batch(folder, number, batch):
    """Keep a batch that was chosen: a dict with ids, mu, sigma (None for the first), caution, and
    expected, the hits that the model expects in it and in all the rest."""
    _write_sealed(_batch_file(folder, number), batch)


def export(state):
    """Write the last batch for the labeller, unless that was done; the path of its folder."""
    number = len(state.batches) - 1
    batch = _read_sealed(_batch_file(state.folder, number))
    target = batch_folder(state.folder, number)
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    partial.mkdir()
    pool, chosen = state.pool, state.batches[-1]
    if not isinstance(pool.molecules, Embedded):
        frames = [_frame(pool, k) for k in chosen]
        ase.io.write(partial / "molecules.extxyz", frames, format="extxyz")
    s, blank = state.settings, [""] * len(chosen)
    smiles = {} if pool.smiles is None else {"smiles": [pool.smiles[k] for k in chosen]}
    columns = {
        "id": batch["ids"],
        **smiles,
        "mu": batch["mu"] or blank,
        "sigma": batch["sigma"] or blank,
        "label": blank,
        "property": [s.property] * len(chosen),
        "unit": [s.unit] * len(chosen),
    }
    write_text(partial / "batch.csv", table(columns, zip(*columns.values(), strict=True)))
    move_folder(partial, target)
    return target


def _frame(pool, k):
    """A molecule of the pool as ase.Atoms, with its identifier and charge."""
    atoms = pool.molecules[k]
    atoms.info = {"id": pool.ids[k], "charge": int(pool.charges[k])}
    return atoms


def table(header, rows):
    """CSV as text; `alutils.data.structures.read_table` reads it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def _write_sealed(path, value):
    write_json(path, value | {"seal": seal(value)})


def _read_sealed(path):
    """The value without its seal; ValueError if it is not what was written."""
    value = json.loads(path.read_text(encoding="utf-8"))
    if value.pop("seal") != seal(value):
        raise ValueError(f"{path.name} was changed after it was made")
    return value


def _batch_file(folder, number):
    return folder / f"batch-{number:03d}.json"
