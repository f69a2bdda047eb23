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
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import ase.io
import numpy as np

from alutils.acquisition.strategies import SEARCHES
from alutils.acquisition.target import VALUE, Target
from alutils.data.embedding import Embedded
from alutils.data.molecules import Molecules
from alutils.data.structures import Structures, read_table
from alutils.data.validation import read_arrays
from alutils.loop import RunConfig
from alutils.storage.files import lock, move_folder, seal, sweep, whole, write_json, write_text

FAILED = "failed"


@dataclass(frozen=True)
class Settings:
    """What a campaign does, fixed when it starts.

    strategy, scheme, n_init, n_const, seed, descriptor : as in `alutils.loop.RunConfig`
    noise_var : a share of the variance of the labels, which a campaign standardises
    target : what is sought, an `acquisition.target.Target`; needed by the searches. One by share is
        read off the first batch's labels
    property, unit : what the labels are, and their unit, as they are printed
    """

    strategy: str = "most_probable"
    scheme: str = "pow"
    n_init: int = 100
    n_const: int = 100
    noise_var: float = 0.05
    target: Target | None = None
    property: str = "label"
    unit: str = ""
    descriptor: str | None = None
    seed: int = 0

    def __post_init__(self):
        if isinstance(self.target, Mapping):
            object.__setattr__(self, "target", Target(**self.target))
        if self.strategy in SEARCHES and self.target is None:
            raise ValueError(
                f"strategy={self.strategy!r} needs a target: name one, with above, below, highest "
                "or lowest (--above ...)"
            )
        self.run_config()  # refuses what no run could do

    def run_config(self):
        """The `RunConfig` of the same settings, whose model a campaign has."""
        sizes = {"n_init": self.n_init, "n_const": self.n_const, "n_max": self.n_init}
        same = {name: getattr(self, name) for name in SAME}
        return RunConfig("", **sizes, **same, prior="data")


SAME = ("strategy", "scheme", "noise_var", "target", "descriptor", "seed")  # as in a RunConfig


@dataclass(frozen=True)
class State:
    """A campaign as its folder holds it.

    batches : list of lists of positions in the pool, in the order of the queries
    labels : position -> label, or None where the calculation failed
    caution : what is to be said of the model that chose the last batch; empty if nothing
    by_model : positions that a model chose
    """

    folder: Path
    settings: Settings
    pool: Structures
    batches: list
    labels: dict
    caution: str = ""
    by_model: frozenset = frozenset()

    @property
    def waiting(self):
        """Positions in a batch that have no label yet, in the order of the queries."""
        return [k for batch in self.batches for k in batch if k not in self.labels]

    @property
    def known(self):
        """Positions that have a label, rising."""
        return sorted(k for k, label in self.labels.items() if label is not None)

    @property
    def target(self):
        """The `Range` that is sought; None without one, and while there are too few labels.

        A target by share is read off labels that no model has chosen: those of the first batch, and
        those that the pool brought.
        """
        sought = self.settings.target
        if sought is None or sought.by == VALUE:
            return None if sought is None else sought.edges(None)
        y = np.array([self.labels[k] for k in self.known if k not in self.by_model])
        return sought.edges(y) if len(y) > 1 else None

    @property
    def n_found(self):
        """Labelled molecules in the target; None without one."""
        if self.settings.target is None:
            return None
        y = np.array([self.labels[k] for k in self.known])
        return 0 if self.target is None else int(np.sum(self.target.contains(y)))

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
    return State(folder, settings, pool, batches, labels, caution, by_model)


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
    """Keep a batch that was chosen: a dict with ids, mu, sigma (None for the first), caution."""
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


def _batch_folder(folder, number):
    return folder / f"batch-{number:03d}"
