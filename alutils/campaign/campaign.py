"""Ask and tell: active learning of your own molecules, with labels from wherever you get them.

A campaign is a folder. `start` writes the pool and the settings, `ask` the next batch to label,
`tell` takes labels back: partly, in any order, failed calculations marked. Every file is written
whole or not at all and nothing is kept elsewhere, so that a campaign goes on after any
interruption; the same labels lead to the same batches, in whatever order they were told.
"""

from __future__ import annotations

import csv
import io
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import ase
import ase.io
import numpy as np

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.strategies import SEARCHES, STRATEGIES, Moment
from alutils.acquisition.target import Range
from alutils.data.readers import HARTREE, Molecules
from alutils.data.structures import Structures, label_of, read_table
from alutils.data.validation import read_arrays
from alutils.descriptors import features
from alutils.loop import FIT, PICK, SPLIT, RunConfig
from alutils.model.gp import GaussianProcess
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
    """A campaign as its folder tells it.

    batches : list of lists of positions in the pool, as asked
    labels : position -> eV, or None where the calculation failed
    """

    folder: Path
    settings: Settings
    pool: Structures
    batches: list
    labels: dict

    @property
    def waiting(self):
        """Positions that were asked and not told yet, in the order of asking."""
        return [k for batch in self.batches for k in batch if k not in self.labels]

    @property
    def n_found(self):
        """Labelled molecules above the threshold; None without one."""
        if self.settings.threshold is None:
            return None
        known = [y for y in self.labels.values() if y is not None]
        return int(np.sum(np.array(known) > self.settings.threshold)) if known else 0


def start(folder, pool, settings):
    """Begin a campaign: write pool and settings. Labels that the pool brings are told at once.

    Raises
    ------
    ValueError
        If the folder already holds a campaign, or the sizes do not fit the pool.
    """
    folder = Path(folder)
    _refuse_begun(folder)
    batch_sizes(settings.scheme, settings.n_init, settings.n_const, len(pool))
    features(pool)  # whatever is wrong with the molecules is said now
    known = {k: float(y) for k, y in enumerate(pool.y) if np.isfinite(y)}
    m = pool.molecules
    arrays = {"Z": m.numbers, "R": m.positions, "N": m.counts, "Q": pool.charges}
    with _alone(folder):
        _refuse_begun(folder)  # by another process, while this one waited
        with whole(folder / "pool.npz") as file:
            np.savez_compressed(file, ids=np.array(pool.ids), **arrays)
        _write_labels(folder, pool.ids, known)
        _write_sealed(folder / "campaign.json", {"name": pool.name, **asdict(settings)})
    return read(folder)


def _refuse_begun(folder):
    if (folder / "campaign.json").exists():
        raise ValueError(f"{folder.name} already holds a campaign: ask, tell, or another folder")


@contextmanager
def _alone(folder):
    """One process at a time changes a campaign; it removes what those that died have left."""
    with lock(folder / "campaign"):
        for name in ("campaign.json", "pool.npz", "labels.csv", "batch-*"):
            sweep(folder, f"{name}.*.tmp", older_s=0)
        yield


def read(folder):
    """The state of a campaign; ValueError if the folder holds none or a file is damaged."""
    folder = Path(folder)
    if not (folder / "campaign.json").is_file():
        raise ValueError(f"{folder.name} holds no campaign: start one there")
    try:
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
            [position[one] for one in _read_sealed(path)["ids"]]
            for path in (_batch_file(folder, number) for number in range(n_batches))
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
    except (KeyError, TypeError, ValueError, OSError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"the campaign in {folder.name} is damaged ({type(error).__name__}: {error}): restore "
            "the folder from a copy"
        ) from None
    return State(folder, settings, pool, batches, labels)


def ask(folder, go_on=False):
    """The next batch to label, or the present one while labels of it are missing.

    Parameters
    ----------
    folder : of the campaign
    go_on : pick the next batch although some labels are missing; they may still be told later

    Returns
    -------
    Path of the batch's folder: molecules.extxyz, and batch.csv with id, mu_ev, sigma_ev and an
    empty column `label` to be filled in

    Raises
    ------
    ValueError
        If the pool is exhausted, or fewer than two labels are there to learn from.
    """
    features(read(folder).pool)  # not inside: processes that it forks would hold the lock too
    with _alone(Path(folder)):
        state = read(folder)
        if not _is_unseen(state) and (not state.waiting or (go_on and state.batches)):
            _write_sealed(_batch_file(state.folder, len(state.batches)), _next_batch(state))
            state = read(folder)
        return _export(state)


def _is_unseen(state):
    """True if the last batch was picked, and never written for the reader."""
    number = len(state.batches) - 1
    unlabelled = state.batches and any(k not in state.labels for k in state.batches[-1])
    return bool(unlabelled) and not (state.folder / f"batch-{number:03d}").exists()


def _next_batch(state):
    """Identifiers of the next batch, with prediction and uncertainty (None for the first)."""
    s, iteration = state.settings, len(state.batches)
    asked = {k for batch in state.batches for k in batch} | state.labels.keys()
    left = np.array([k for k in range(len(state.pool)) if k not in asked], dtype=int)
    if not len(left):
        raise ValueError("the pool is exhausted: every molecule has been asked or told")
    train = np.array(sorted(k for k, y in state.labels.items() if y is not None), dtype=int)
    if not iteration and len(train) < 2:
        rng = np.random.default_rng([s.seed, SPLIT])
        picks = rng.permutation(len(left))[: s.n_init]
        return {"ids": [state.pool.ids[k] for k in left[picks]], "mu_ev": None, "sigma_ev": None}
    if len(train) < 2:
        raise ValueError(
            f"{len(train)} labels are not enough to learn from: tell at least two that did not fail"
        )
    sizes = batch_sizes(s.scheme, s.n_init, s.n_const, s.n_init + len(state.pool) * s.n_const)
    size = min(sizes[max(iteration - 1, 0)], len(left))
    F, y = features(state.pool), np.array([state.labels[k] for k in train])
    model = GaussianProcess(
        s.noise_var, random_state=np.random.default_rng([s.seed, FIT, iteration])
    ).fit(F[train], y)
    moment = Moment(model, F[left], None if s.threshold is None else Range(low=s.threshold))
    picks = STRATEGIES[s.strategy](moment, size, np.random.default_rng([s.seed, PICK, iteration]))
    return {
        "ids": [state.pool.ids[k] for k in left[picks]],
        "mu_ev": np.round(moment.mu[picks], 4).tolist(),
        "sigma_ev": np.round(moment.sigma[picks], 4).tolist(),
    }


def tell(folder, path, force=False, replace=False):
    """Take labels from a CSV with the columns `id` and `label` (eV, or "failed").

    All rows are checked before any is taken. A label told before with the same value is ignored.

    Parameters
    ----------
    folder : of the campaign;  path : the CSV, such as a filled batch.csv
    force : take values that look like another unit
    replace : overwrite labels told before with another value

    Returns
    -------
    int, labels that are new

    Raises
    ------
    ValueError
        For an identifier that is unknown or there twice, a label that is missing or not a number,
        values a factor of 27.2 off: all labels told before are kept.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name}: not readable ({type(error).__name__})") from None
    rows = read_table(text, path.name)
    for column in ("id", "label"):
        if not rows or column not in rows[0]:
            raise ValueError(f"{path.name}: no column {column!r}; the header is id,label")
    return take(folder, [(row["id"], row["label"]) for row in rows], path.name, force, replace)


def take(folder, told, name="labels", force=False, replace=False):
    """As `tell`, from a list of (identifier, label) pairs."""
    read(folder)  # no lock file where there is no campaign
    with _alone(Path(folder)):
        return _take(read(folder), told, name, force, replace)


def _take(state, told, name, force, replace):
    position = {one: k for k, one in enumerate(state.pool.ids)}
    new = {}
    for number, (one, label) in enumerate(told):
        where = f"{name}, row {number + 1} ({one})"
        if one not in position:
            raise ValueError(f"{where}: no molecule of this campaign has this identifier")
        if label is None or not str(label).strip():
            raise ValueError(f"{where}: no label; write eV, {FAILED!r}, or leave the row out")
        value = None if str(label).strip() == FAILED else label_of(label, where)
        k = position[one]
        if k in new:
            raise ValueError(f"{where}: the identifier is there twice; remove one row")
        if k in state.labels and state.labels[k] != value and not replace:
            before = FAILED if state.labels[k] is None else f"{state.labels[k]:g} eV"
            raise ValueError(f"{where}: {before} was told before; confirm with --replace")
        new[k] = value
    if not force:
        _refuse_other_unit(state, new, name)
    fresh = {k: value for k, value in new.items() if state.labels.get(k, "") != value}
    if fresh:
        _write_labels(state.folder, state.pool.ids, state.labels | fresh)
    return len(fresh)


def _refuse_other_unit(state, new, name):
    """ValueError where a label is about 27.2 times smaller, or larger, than the others."""
    values = {k: v for k, v in new.items() if v is not None and v != 0}
    before = [v for v in state.labels.values() if v is not None]
    if not values:
        return
    # Without earlier labels, HOMO levels: all of them lie well below -1.5 eV.
    usual = np.median(np.abs(before)) if before else 8.0
    for k, value in values.items():
        ratio = abs(value) / usual if usual > 0 else 1.0
        for factor, unit in ((1 / HARTREE, "hartree"), (HARTREE, "eV, and the others in hartree")):
            if 0.6 < ratio / factor < 1.7:
                raise ValueError(
                    f"{name}: {state.pool.ids[k]} has {value:g}, others about {usual:g} eV: it "
                    f"looks like {unit} (a factor of {HARTREE:.1f}); convert it to eV, or --force"
                )


def _export(state):
    """Write the last batch for the reader; made anew if it was interrupted."""
    number = len(state.batches) - 1
    asked = _read_sealed(_batch_file(state.folder, number))
    target = state.folder / f"batch-{number:03d}"
    if target.exists():
        return target
    partial = state.folder / f"batch-{number:03d}.{os.getpid()}.tmp"
    partial.mkdir()
    frames = []
    for k in state.batches[-1]:
        atoms = state.pool.molecules[k]
        atoms.info = {"id": state.pool.ids[k], "charge": int(state.pool.charges[k])}
        frames.append(atoms)
    ase.io.write(partial / "molecules.extxyz", frames, format="extxyz")
    blank = [""] * len(frames)
    columns = zip(
        asked["ids"], asked["mu_ev"] or blank, asked["sigma_ev"] or blank, blank, strict=True
    )
    write_text(partial / "batch.csv", _table(("id", "mu_ev", "sigma_ev", "label"), columns))
    move_folder(partial, target)
    return target


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


def _write_labels(folder, ids, labels):
    rows = ((ids[k], FAILED if y is None else repr(y)) for k, y in sorted(labels.items()))
    write_text(folder / "labels.csv", _table(("id", "label"), rows))


def _table(header, rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
