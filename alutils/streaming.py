"""Pools of millions: molecules come in chunks, and nothing held grows with the pool.

    chunks of molecules -> MBTR -> principal axes of a sample -> mu, sigma -> store

All up to the store is a function of one chunk, a `Scorer`: `mapped` runs it here, or on anything
with a ``submit`` (`concurrent.futures`, a Dask client). `alutils.streamed_strategies` picks from
the store.
"""

from __future__ import annotations

import tempfile
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
from scipy.linalg import eigh

from .descriptors import DEFAULTS, MBTRSettings, _least_kept, _species, _write_rows
from .files import set_aside, sweep, whole
from .gp import GaussianProcess
from .strategies import VARIANCE_KEPT
from .untrusted import BROKEN, brief, check_archive


def descriptors(molecules, settings=DEFAULTS):
    """MBTR of a chunk of `Molecules`, (m, d) float32; nothing is cached.

    Raises
    ------
    ValueError : `settings.species` is None, as chunks may differ in theirs, or lacks an element.
    """
    if settings.species is None:
        raise ValueError("settings.species is None: name the elements, each chunk needs the same")
    species = _species(SimpleNamespace(name="chunk", molecules=molecules), settings)
    shape = (len(molecules), settings.n_grid * len(species) * (len(species) + 1) // 2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape).flush()
        _write_rows(path, settings, species, 0, molecules)
        return np.load(path, allow_pickle=False)


@dataclass(frozen=True)
class Axes:
    """Principal axes of a sample, onto which any further molecule is rotated.

    mean : (d,);  axes : (d, r), by falling variance;  variances : (r,), sums over the sample
    """

    mean: np.ndarray
    axes: np.ndarray
    variances: np.ndarray

    def rotate(self, X):
        """(m, r) float64 of X (m, d). `alutils.descriptors.features` up to the signs of columns,
        where X is the sample itself."""
        return (X - self.mean) @ self.axes

    @property
    def n_clustering(self):
        """Axes that hold `VARIANCE_KEPT` of the sample's variance: what the clustering sees."""
        share = np.cumsum(self.variances) / self.variances.sum()
        return 1 + int(np.searchsorted(share, VARIANCE_KEPT))


def principal_axes(X, tolerance=1e-10):
    """Axes of a sample X (n, d), the fewest that keep all but `tolerance` of its variance.

    ValueError where the rows are all equal. A pool whose molecules resemble none of the sample
    varies where these axes do not look: draw the sample from the pool.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    centred = X - mean
    variances, axes = eigh(centred.T @ centred)
    if not variances[-1] > 0:
        raise ValueError("all molecules have the same descriptor: nothing tells them apart")
    kept = variances >= _least_kept(variances, tolerance * variances.clip(min=0).sum())
    return Axes(mean, np.ascontiguousarray(axes[:, kept][:, ::-1]), variances[kept][::-1])


@dataclass(frozen=True)
class Scorer:
    """A chunk of molecules to their predictions: a function that can be sent to another machine.

    model : fitted on molecules that were rotated onto `axes`;  settings : with species
    """

    model: GaussianProcess
    axes: Axes
    settings: MBTRSettings

    def points(self, molecules):
        """(m, r) float64."""
        return self.axes.rotate(descriptors(molecules, self.settings))

    def score(self, F):
        """dict of mu (m,) and sigma (m,) in eV, float64, and Z (m, n_clustering), float32."""
        mu, sigma = self.model.predict(F, return_std=True)
        Z = F[:, : self.axes.n_clustering].astype(np.float32)
        return {"mu": mu, "sigma": sigma, "Z": Z}

    def __call__(self, molecules):
        return self.score(self.points(molecules))


def mapped(function, items, executor=None, ahead=8):
    """``function(item)`` for each item, in their order, at most `ahead` of them under way.

    (``executor.map`` of `concurrent.futures` takes all items at once: memory grows with the pool.)
    executor : anything with ``submit``; None runs here
    """
    if executor is None:
        yield from map(function, items)
        return
    dask = getattr(executor, "_client", executor)  # the client behind `Client.get_executor`
    if hasattr(dask, "scatter"):  # a model is large: each worker gets it once, not with each chunk
        function = dask.scatter(function, broadcast=True)
    under_way = deque()
    try:
        for item in items:
            under_way.append(executor.submit(_call, function, item))
            if len(under_way) == ahead:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        for future in under_way:
            future.cancel()


def _call(function, item):
    return function(item)


class Store:
    """Scored chunks in a folder, one .npz each, whole or not there: what is there needs no redoing.

    Iterating gives one `Chunk` after the other.
    stop : int, optional: only this many chunks, the first
    """

    def __init__(self, folder, stop=None):
        self.folder, self.stop = Path(folder), stop

    def _path(self, number):
        return self.folder / f"{number:09d}.npz"

    def _paths(self):
        return sorted(self.folder.glob("[0-9]*.npz"))[: self.stop]

    def __len__(self):
        return len(self._paths())

    def __iter__(self):
        """ValueError where a chunk is missing before another: positions would shift."""
        for number, path in enumerate(self._paths()):
            if path != self._path(number):
                raise ValueError(f"chunk {number} is missing before {path.name}: score it first")
            yield Chunk(path)

    def missing(self, n_chunks):
        """Numbers of those of the first `n_chunks` that are not there."""
        sweep(self.folder, "*.npz.*.tmp")
        return [number for number in range(n_chunks) if not self._path(number).exists()]

    def put(self, number, chunk):
        """Keep a mapping of arrays as this chunk; two processes may put the same."""
        with whole(self._path(number)) as file:
            np.savez(file, **chunk)


class Chunk(Mapping):
    """Arrays of an .npz by name, each read when it is asked for.

    One that is damaged raises ValueError; the file is set aside, and so counts as missing.
    """

    def __init__(self, path):
        self.path = path

    def __getitem__(self, name):
        return self._of_file(lambda arrays: arrays[name])

    def __iter__(self):
        return iter(self._of_file(lambda arrays: list(arrays.files)))

    def __len__(self):
        return len(list(iter(self)))

    def _of_file(self, read):
        try:
            check_archive(self.path)
            with np.load(self.path, allow_pickle=False) as arrays:
                return read(arrays)
        except (KeyError, FileNotFoundError, MemoryError):
            raise
        except BROKEN as error:
            name = set_aside(self.path)
            raise ValueError(
                f"{self.path.name} is damaged ({brief(error)}); it is now {name}: score it again"
            ) from None
