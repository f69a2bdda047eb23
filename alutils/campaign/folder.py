"""A campaign on disk: settings, pool, batches and labels in a folder, and its state read from them.

==================  ==============================================================================
`campaign.json`     name of the pool and the `Settings`, sealed
`pool.npz`          identifiers and structures
`labels.csv`        all results so far: identifier, and eV or "failed"
`skipped.csv`       what of the pool's file was left out, and why; only where something was
`batch-000.json`    identifiers and predictions of a batch, sealed; written when it is chosen
`batch-000/`        the same for the labeller: molecules.extxyz, batch.csv
==================  ==============================================================================

Every file is written whole or not at all, and nothing is kept elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import ase.io
import numpy as np

from alutils.acquisition.strategies import SEARCHES
from alutils.data.molecules import Molecules
from alutils.data.structures import Structures, read_table
from alutils.data.validation import read_arrays
from alutils.loop import RunConfig
from alutils.storage.files import lock, move_folder, seal, sweep, whole, write_json, write_text

FAILED = "failed"


@dataclass(frozen=True)
class Settings:
    """What a campaign does, fixed when it starts.

    strategy, scheme, n_init, n_const, noise_var, seed : as in `alutils.loop.RunConfig`
    threshold : the target is label > threshold, eV; needed by the searches
    """

    strategy: str = "property_search"
    scheme: str = "pow"
    n_init: int = 100
    n_const: int = 100
    noise_var: float = 0.05
    threshold: float | None = None
    seed: int = 0

    def __post_init__(self):
        sizes = {"n_init": self.n_init, "n_const": self.n_const, "n_max": self.n_init}
        rest = {"noise_var": self.noise_var, "seed": self.seed}
        RunConfig("", self.strategy, self.scheme, **sizes, **rest)  # refuses what no run could do
        if self.strategy in SEARCHES and self.threshold is None:
            raise ValueError(f"strategy={self.strategy!r} needs a threshold in eV: give one")


@dataclass(frozen=True)
class State:
    """A campaign as its folder holds it.

    batches : list of lists of positions in the pool, in the order of the queries
    labels : position -> eV, or None where the calculation failed
    """

    folder: Path
    settings: Settings
    pool: Structures
    batches: list
    labels: dict

    @property
    def waiting(self):
        """Positions in a batch that have no label yet, in the order of the queries."""
        return [k for batch in self.batches for k in batch if k not in self.labels]

    @property
    def n_found(self):
        """Labelled molecules above the threshold; None without one."""
        if self.settings.threshold is None:
            return None
        known = [y for y in self.labels.values() if y is not None]
        return int(np.sum(np.array(known) > self.settings.threshold)) if known else 0

    @property
    def is_unseen(self):
        """True if the last batch was chosen, and never written for the labeller."""
        if not self.batches or all(k in self.labels for k in self.batches[-1]):
            return False
        return not _batch_folder(self.folder, len(self.batches) - 1).exists()


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
    m = pool.molecules
    arrays = {"Z": m.numbers, "R": m.positions, "N": m.counts, "Q": pool.charges}
    with whole(folder / "pool.npz") as file:
        np.savez_compressed(file, ids=np.array(pool.ids), **arrays)
    write_labels(folder, pool.ids, labels)
    if pool.skipped:
        write_text(folder / "skipped.csv", table(("place", "id", "reason"), pool.skipped))
    _write_sealed(folder / "campaign.json", {"name": pool.name, **asdict(settings)})


def read(folder):
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
    name = settings.pop("name")
    settings = Settings(**settings)
    arrays = read_arrays(folder / "pool.npz")
    molecules = Molecules(arrays["Z"], arrays["R"], arrays["N"])
    ids = tuple(str(one) for one in arrays["ids"])
    pool = Structures(name, ids, molecules, np.full(len(ids), np.nan), arrays["Q"])
    position = {one: k for k, one in enumerate(ids)}
    n_batches = len(list(folder.glob("batch-*.json")))
    batches = [
        [position[one] for one in _read_sealed(_batch_file(folder, number))["ids"]]
        for number in range(n_batches)
    ]
    labels = {
        position[row["id"]]: None if row["label"] == FAILED else float(row["label"])
        for row in read_table((folder / "labels.csv").read_text(encoding="utf-8"), "labels.csv")
    }
    if not all(y is None or np.isfinite(y) for y in labels.values()):
        raise ValueError("a label is not finite")
    if len({k for batch in batches for k in batch}) != sum(map(len, batches)):
        raise ValueError("a molecule is in two batches")
    if len(ids) != len(molecules):
        raise ValueError(f"{len(ids)} identifiers, {len(molecules)} molecules")
    return State(folder, settings, pool, batches, labels)


def write_labels(folder, ids, labels):
    """Write all results; labels as of `State`."""
    rows = ((ids[k], FAILED if y is None else repr(y)) for k, y in sorted(labels.items()))
    write_text(folder / "labels.csv", table(("id", "label"), rows))


def write_batch(folder, number, batch):
    """Keep a batch that was chosen: a dict with ids, mu_ev, sigma_ev (eV; None for the first)."""
    _write_sealed(_batch_file(folder, number), batch)


def export(state):
    """Write the last batch for the labeller, unless that was done; the path of its folder."""
    number = len(state.batches) - 1
    batch = _read_sealed(_batch_file(state.folder, number))
    target = _batch_folder(state.folder, number)
    if target.exists():
        return target
    partial = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    partial.mkdir()
    frames = []
    for k in state.batches[-1]:
        atoms = state.pool.molecules[k]
        atoms.info = {"id": state.pool.ids[k], "charge": int(state.pool.charges[k])}
        frames.append(atoms)
    ase.io.write(partial / "molecules.extxyz", frames, format="extxyz")
    blank = [""] * len(frames)
    columns = zip(
        batch["ids"], batch["mu_ev"] or blank, batch["sigma_ev"] or blank, blank, strict=True
    )
    write_text(partial / "batch.csv", table(("id", "mu_ev", "sigma_ev", "label"), columns))
    move_folder(partial, target)
    return target


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


def _batch_folder(folder, number):
    return folder / f"batch-{number:03d}"
