"""Pools of millions: molecules come in chunks, and nothing held grows with the pool.

    chunks of molecules -> MBTR -> principal axes of a sample -> mu, sigma -> store
    chunks of SMILES    -> bits of fingerprints               -> mu, sigma -> store

Or both side by side, of chunks that have both. What a store keeps of a molecule: mu and sigma, and
for the clustering of C and D its leading coordinates, its bits packed (256 bytes for 2048), or
both. All up to the store is a function of one chunk, a `Scorer`: `mapped` runs it here, or on
anything with a ``submit`` (`concurrent.futures`, a Dask client). `alutils.streaming.strategies`
picks from the store.
"""

from __future__ import annotations

import errno
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from alutils.acquisition.diversity import n_axes
from alutils.data.molecules import Molecules
from alutils.data.toolkit import rdkit_version
from alutils.data.validation import BROKEN, brief, check_archive
from alutils.descriptors import MBTRSettings, bits_in
from alutils.descriptors.axes import Axes
from alutils.descriptors.fingerprints import FingerprintSettings
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import n_bits_of
from alutils.storage import waiting
from alutils.storage.files import set_aside, sweep, whole, write_text
from alutils.streaming.points import points


@dataclass(frozen=True)
class Scorer:
    """A chunk of molecules to their predictions: a function that can be sent to another machine.

    model : fitted on `points`, with the `n_bits` of the settings;  axes : as of `axes_of`
    settings : MBTRSettings with species, FingerprintSettings, or a tuple of both

    Raises
    ------
    ValueError : model or axes are not those of the settings.
    """

    model: GaussianProcess
    axes: Axes | None
    settings: MBTRSettings | FingerprintSettings | tuple

    def __post_init__(self):
        n_bits = bits_in(self.settings)
        if n_bits_of(self.model) != n_bits:
            raise ValueError(
                f"the settings make {n_bits} bits, the model has n_bits={n_bits_of(self.model)}: "
                f"fit a GaussianProcess(n_bits={n_bits})"
            )
        if (self.axes is None) != isinstance(self.settings, FingerprintSettings):
            raise ValueError(
                "MBTR needs axes, a fingerprint alone has none: give axes_of(sample, settings)"
            )

    @property
    def sha256(self) -> str:
        """Hexadecimal, of all that determines the numbers; another machine may give another."""
        m, a = self.model, self.axes
        parts: tuple = (m.X_train_, m.L_, m.weights_)
        parts += () if a is None else (a.mean, a.axes, a.variances)
        named: tuple = (m.signal_var_, m.length_scale_, self.settings)
        named += (rdkit_version(),) if bits_in(self.settings) else ()
        digest = hashlib.sha256(repr(named).encode())
        for part in parts:
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()

    @property
    def n_clustering(self) -> int:
        """Axes that the clustering sees, by the variance of the sample."""
        return 0 if self.axes is None else n_axes(self.axes.variances)

    def points(self, chunk: Molecules | Sequence[str]) -> np.ndarray:
        """`points` on the scorer's axes."""
        return points(chunk, self.axes, self.settings)

    def score(self, F: np.ndarray) -> dict[str, np.ndarray]:
        """What a store keeps of points F (m, d).

        Returns
        -------
        dict of mu and sigma (m,) in the unit of the model's labels, float64; Z (m, n_clustering)
        float32; and where there are bits: bits (m, n_bits / 8) uint8, packed
        """
        mu, sigma = self.model.predict(F, return_std=True)
        scored = {"mu": mu, "sigma": sigma, "Z": F[:, : self.n_clustering].astype(np.float32)}
        if n_bits := bits_in(self.settings):
            scored["bits"] = np.packbits(F[:, -n_bits:].astype(bool), axis=1)
        return scored

    def __call__(self, chunk: Molecules | Sequence[str]) -> dict[str, np.ndarray]:
        return self.score(self.points(chunk))


def mapped(
    function: Callable, items: Iterable, executor: Any = None, ahead: int | None = None
) -> Iterator:
    """``function(item)`` for each item, in their order, at most `ahead` of them under way.

    (``executor.map`` of `concurrent.futures` takes all items at once: memory grows with the pool.)
    executor : anything with ``submit``; None runs here
    ahead : int; twice the workers that are there at the start, if not given
    """
    if executor is None:
        yield from map(function, items)
        return
    dask = getattr(executor, "_client", executor)  # the client behind `Client.get_executor`
    if hasattr(dask, "scatter"):  # a model is large: each worker gets it once, not with each chunk
        function = dask.scatter(function, broadcast=True)
    if ahead is None:
        ahead = 2 * max(1, _n_workers(dask))
    under_way = deque()
    try:
        for item in items:
            under_way.append(executor.submit(_call, function, item))
            if len(under_way) == ahead:
                yield waiting.result(under_way.popleft(), executor)
        while under_way:
            yield waiting.result(under_way.popleft(), executor)
    finally:
        for future in under_way:
            future.cancel()


def _n_workers(executor):
    if hasattr(executor, "nthreads"):  # a Dask client
        return sum(executor.nthreads().values())
    return getattr(executor, "_max_workers", 1)


def _call(function, item):
    return function(item)


class Store:
    """Scored chunks in a folder, one .npz each, whole or not there: what is there needs no redoing.

    Iterating gives one `Chunk` after the other.

    Parameters
    ----------
    folder : path; made when the first chunk is put
    n_chunks : int, optional: only so many, the first. Without it a pass that ended early looks
        like a smaller pool.
    made_by : str, optional: a name for what scores, such as `Scorer.sha256`. ValueError where the
        folder has another: chunks of two models must not meet.
    """

    def __init__(
        self, folder: str | Path, n_chunks: int | None = None, made_by: str | None = None
    ) -> None:
        self.folder, self.n_chunks, self.made_by = Path(folder), n_chunks, made_by
        if made_by and self._mark().exists() and self._mark().read_text("utf8") != made_by:
            raise ValueError(f"{self.folder.name}: its chunks are another scorer's: name another")

    def _mark(self):
        return self.folder / "made_by.txt"

    def _path(self, number):
        return self.folder / f"{number:09d}.npz"

    def __len__(self) -> int:
        if self.n_chunks is not None:
            return self.n_chunks
        names = (path.name.split(".")[0] for path in self.folder.glob("[0-9]*.npz*"))
        return 1 + max(map(int, names), default=-1)  # with those that were set aside

    def __iter__(self) -> Iterator[Chunk]:
        """ValueError at a chunk that is missing."""
        for number in range(len(self)):
            if not self._path(number).exists():
                raise ValueError(f"chunk {number} of {len(self)} is missing: score it first")
            yield Chunk(self._path(number))

    def missing(self, n_chunks: int) -> list[int]:
        """Numbers of those of the first `n_chunks` that are not there."""
        sweep(self.folder, "*.npz.*.tmp")
        return [number for number in range(n_chunks) if not self._path(number).exists()]

    def put(self, number: int, chunk: Mapping[str, np.ndarray]) -> None:
        """Keep a chunk, a mapping of arrays as of `Scorer.score`, under its number, counted from 0;
        two processes may put the same."""
        if self.made_by and not self._mark().exists():
            write_text(self._mark(), self.made_by)
        with whole(self._path(number)) as file:
            np.savez(file, **chunk)  # type: ignore[arg-type]


class Chunk(Mapping):
    """Arrays of the .npz at a path by name, each read when it is looked up.

    One that is damaged raises ValueError; the file is set aside, and so counts as missing.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.checked = path, False

    def __getitem__(self, name):
        return self._of_file(lambda arrays: arrays[name])

    def __iter__(self):
        return iter(self._of_file(lambda arrays: list(arrays.files)))

    def __len__(self):
        return sum(1 for _ in self)

    def _of_file(self, read):
        try:
            if not self.checked:
                check_archive(self.path)
                self.checked = True
            with np.load(self.path, allow_pickle=False) as arrays:
                return read(arrays)
        except (KeyError, MemoryError):
            raise
        except BROKEN as error:
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise  # the system's fault, not the file's; EINVAL: a place before its beginning
            name = set_aside(self.path)
            raise ValueError(
                f"{self.path.name} is damaged ({brief(error)}); it is now {name}: score it again"
            ) from None
