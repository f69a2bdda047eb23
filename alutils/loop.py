"""The active-learning loop (the paper's Fig. 2): fit, measure, pick, move to the training set.

This is the only code that moves molecules from the pool to the training set. All random draws come
from the seed, the iteration and what is drawn, never from how the loop got there: a run that is
resumed equals one that was never interrupted, and all strategies share test set and first batch.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.random import Generator

from alutils import metrics
from alutils.acquisition.batching import batch_sizes, sizes_that_fit
from alutils.acquisition.search import refuse_bits
from alutils.acquisition.strategies import CANDIDATES, STRATEGIES, PoolView, entered, in_range
from alutils.acquisition.target import Range, Target, highest
from alutils.data.reading import Reading
from alutils.model.gp import GaussianProcess
from alutils.model.scale import PRIORS, prior_model, scale_of

if TYPE_CHECKING:
    from alutils.data.datasets import MoleculeDataset

PAPERS_TARGET = highest(0.30)
SPLIT, FIT, PICK = range(3)  # what a generator is for: part of its seed


@dataclass(frozen=True)
class RunConfig:
    """One run: everything that determines its numbers.

    dataset : name or path, as for `alutils.data.datasets.load`
    strategy : a key of `alutils.acquisition.strategies.STRATEGIES`, or a function, which is entered
        there and kept by its name
    scheme : "pow" or "constant" (Eqs. 1 and 2)
    n_init, n_const, n_max, n_test : molecules in the first batch, the batch unit N_const, the final
        training set, the test set
    noise_var : sigma_n^2, eV^2; with normalize_y, or the prior "data", a multiple of var(y_train)
    normalize_y, n_restarts : as in `alutils.model.gp.GaussianProcess`
    target : what a search looks for, an `acquisition.target.Target` or its fields as a mapping;
        None for none. The paper's: the highest 30 %
    seed : of test set, first batch, optimiser starts and picks
    descriptor : a name of `alutils.descriptors.DESCRIPTORS`; None takes the data set's own
    prior : "paper", or "data" for labels of any kind: see `alutils.model.scale.prior_model`
    reading : how a file of one's own is read, a `data.records.Reading` or its fields as a mapping;
        None for a registered data set, or for the property "homo" of a file

    Raises
    ------
    ValueError
        On construction, for a value that no data set could make right.
    """

    dataset: str
    strategy: str
    scheme: str = "pow"
    n_init: int = 100
    n_const: int = 100
    n_max: int = 1600
    n_test: int = 1000
    noise_var: float = 0.05
    normalize_y: bool = False
    n_restarts: int = 2
    target: Target | None = PAPERS_TARGET
    seed: int = 0
    descriptor: str | None = None
    prior: str = "paper"
    reading: Reading | None = None

    def __post_init__(self):
        object.__setattr__(self, "strategy", entered(self.strategy))
        if isinstance(self.target, Mapping):
            object.__setattr__(self, "target", Target(**self.target))
        if isinstance(self.reading, Mapping):
            object.__setattr__(self, "reading", Reading(**self.reading))
        batch_sizes(self.scheme, self.n_init, self.n_const, self.n_max)
        if self.descriptor is not None:
            _descriptors().check_descriptor(self.descriptor)
        if self.n_test < 1:
            raise ValueError(f"n_test={self.n_test} must be 1 molecule or more")
        if not (np.isfinite(self.noise_var) and self.noise_var >= 0):
            raise ValueError(f"noise_var={self.noise_var} must be finite and 0 or more")
        if self.prior not in PRIORS:
            raise ValueError(f"prior={self.prior!r} is unknown: choose one of {', '.join(PRIORS)}")
        if self.prior == "data" and self.normalize_y:
            raise ValueError("normalize_y=True and prior='data' both standardise: choose one")
        if self.n_restarts < 0:
            raise ValueError(f"n_restarts={self.n_restarts} must be 0 or more")
        if self.seed < 0:
            raise ValueError(f"seed={self.seed} must be 0 or more")
        if self.target is None and CANDIDATES.get(self.strategy) is in_range:
            raise ValueError(f"strategy={self.strategy!r} needs a target: it is None")

    @property
    def unit(self) -> str:
        """Unit of the labels, empty where nobody has said it; the paper's prior is in eV^2."""
        said = self.reading and self.reading.unit
        return said or ("eV" if self.prior == "paper" else "")

    def range_in(self, y: np.ndarray) -> Range | None:
        """The target's range among labels y, in their unit; None without a target."""
        return None if self.target is None else self.target.range_in(y, self.unit)

    def model(self, n_bits: int = 0, random_state: Generator | None = None) -> GaussianProcess:
        """The `GaussianProcess` of a run, not fitted; n_bits as of X, random_state as its own."""
        options = {"n_restarts": self.n_restarts, "n_bits": n_bits, "random_state": random_state}
        if self.normalize_y:
            options["normalize_y"] = True
        return prior_model(self.prior, self.noise_var, **options)


class Step(NamedTuple):
    """One iteration: row of results, batch of molecules it then picked (None at the end)."""

    row: dict
    batch: list | None


class Split(NamedTuple):
    """Indices into the whole data set: test_idx, train_idx (first batch) and heldout_idx."""

    test_idx: np.ndarray
    train_idx: np.ndarray
    heldout_idx: np.ndarray


def check(config: RunConfig, dataset: MoleculeDataset) -> None:
    """Raise ValueError, before any computing, where the run of a config misfits the dataset."""
    if dataset.label_only:
        raise ValueError(
            f"data set {dataset.name!r} holds labels alone: it serves the HOMO distributions, "
            "active learning needs geometries or descriptors"
        )
    if (needed := config.n_test + config.n_max) > len(dataset):
        raise ValueError(
            f"n_test={config.n_test} and n_max={config.n_max} need {needed} molecules, "
            f"{dataset.name!r} has {len(dataset)}: {sizes_that_fit(len(dataset))}"
        )
    refuse_bits(config.strategy, _descriptors().n_bits(dataset, config.descriptor))
    config.range_in(dataset.y)


def split(config: RunConfig, n: int) -> Split:
    """Sets of n molecules for a config: the same for every strategy of one seed."""
    order = np.random.default_rng([config.seed, SPLIT]).permutation(n)
    bounds = np.cumsum([config.n_test, config.n_init])
    return Split(order[: bounds[0]], order[bounds[0] : bounds[1]], np.sort(order[bounds[1] :]))


def steps(
    config: RunConfig, dataset: MoleculeDataset, X: np.ndarray, batches: Sequence[list[int]] = ()
) -> Iterator[Step]:
    """Run the loop, one `Step` at a time; ValueError as by `check`.

    Parameters
    ----------
    config : RunConfig
    dataset : MoleculeDataset of n molecules
    X : (n, d) descriptors, centred
    batches : sequence of lists of int
        Batches that were picked before: the loop starts behind them, to resume or to replay a run.
    """
    check(config, dataset)
    y, target = dataset.y, config.range_in(dataset.y)
    test_idx, train_idx, heldout_idx = split(config, len(y))
    sizes = batch_sizes(config.scheme, config.n_init, config.n_const, config.n_max)
    n_bits = _descriptors().n_bits(dataset, config.descriptor)
    for picked_before in batches:
        train_idx, heldout_idx = _move(picked_before, train_idx, heldout_idx)

    for iteration in range(len(batches), len(sizes) + 1):
        started = time.perf_counter()
        rng = np.random.default_rng([config.seed, FIT, iteration])
        model = config.model(n_bits, rng)
        scale = scale_of(y[train_idx], config.prior)
        model.fit(X[train_idx], scale.to_z(y[train_idx]))
        fitted = time.perf_counter()

        view = PoolView(model, X[heldout_idx], target and target.to_z(scale))
        batch, n_candidates = None, np.nan
        if iteration < len(sizes):
            rng = np.random.default_rng([config.seed, PICK, iteration])
            picks = STRATEGIES[config.strategy](view, sizes[iteration], rng)
            batch = heldout_idx[picks].tolist()
            candidates = CANDIDATES.get(config.strategy)
            n_candidates = len(candidates(view) if candidates else heldout_idx)
        picked = time.perf_counter()

        row = {
            "iteration": iteration,
            "n_train": len(train_idx),
            **_test_metrics(y[test_idx], scale.from_z(model.predict(X[test_idx])), target),
            **_search_metrics(y, train_idx, heldout_idx, view, target),
            "n_candidates": n_candidates,
            **_fit_facts(model, scale),
            "fit_s": fitted - started,
            "acquire_s": picked - fitted,
        }
        yield Step(row, batch)
        if batch is not None:
            train_idx, heldout_idx = _move(batch, train_idx, heldout_idx)


def run(config: RunConfig) -> pd.DataFrame:
    """Run one configuration in memory: one row per iteration, with the config's columns."""
    from alutils.data.datasets import of_run

    dataset = of_run(config)
    check(config, dataset)
    X = _descriptors().features(dataset, descriptor=config.descriptor)
    return to_frame(config, [step.row for step in steps(config, dataset, X)])


def to_frame(config: RunConfig, rows: list[dict]) -> pd.DataFrame:
    """Rows of one run as a frame whose first columns are the configuration's.

    Those of the target are target_low, target_high and target_by, those of the reading
    property_key and unit.
    """
    values = asdict(config)
    reading = values.pop("reading") or {}
    values |= {name: reading.get(name) for name in ("property_key", "unit")}
    target = values.pop("target") or dict.fromkeys(("low", "high", "by"))
    values |= {f"target_{name}": value for name, value in target.items()}
    frame = pd.DataFrame(rows)
    for position, (name, value) in enumerate(values.items()):
        frame.insert(position, name, [value] * len(frame))
    return frame


def _descriptors():
    """The room of descriptors, entered when it is needed: the loop itself sees X alone."""
    from alutils import descriptors

    return descriptors


def _move(batch, train_idx, heldout_idx):
    """Move a batch from the held-out to the training set."""
    batch = np.asarray(batch)
    keep = ~np.isin(heldout_idx, batch)
    if len(np.unique(batch)) != len(batch) or keep.sum() != len(heldout_idx) - len(batch):
        raise ValueError(
            f"a batch of {len(batch)} molecules is not a set of different held-out molecules"
        )
    return np.r_[train_idx, batch], heldout_idx[keep]


def _test_metrics(y, mu, target):
    """Test-set columns of a row."""
    inside, tpr, fpr = np.zeros(len(y), dtype=bool), np.nan, np.nan
    if target is not None:
        inside = target.contains(y)
        tpr, fpr = metrics.rates(inside, target.contains(mu))
    return {
        "mae_ev": metrics.mae(y, mu),
        "r2": metrics.r2(y, mu),
        "mae_in_range_ev": metrics.mae(y[inside], mu[inside]),
        "tpr": tpr,
        "fpr": fpr,
    }


def _fit_facts(model, scale):
    """Columns of a row on the fit, variances in the unit of the labels, squared."""
    variance = (model.y_std_ * scale.std) ** 2
    return {
        "signal_var": float(model.signal_var_ * variance),
        "length_scale": float(model.length_scale_),
        "lml": float(model.log_marginal_likelihood_),
        "at_bound": " ".join(model.at_bound_),
        "noise_var_used": float(model.noise_var_used_ * variance),
    }


def _search_metrics(y, train_idx, heldout_idx, view, target):
    """Columns of a row on the search for the target; NaN without one."""
    if target is None:
        return dict.fromkeys(("tpr_heldout", "fpr_heldout", "n_found", "found_share"), np.nan)
    inside = target.contains(y)
    tpr, fpr = metrics.rates(inside[heldout_idx], view.target.contains(view.mu))
    n_found, n_left = int(inside[train_idx].sum()), int(inside[heldout_idx].sum())
    return {
        "tpr_heldout": tpr,
        "fpr_heldout": fpr,
        "n_found": n_found,
        "found_share": metrics.found_share(n_found, n_found + n_left),
    }
