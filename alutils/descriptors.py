"""Molecules to points: the many-body tensor representation (MBTR), and its principal axes.

MBTR (H. Huo, M. Rupp, Mach. Learn.: Sci. Technol. 3, 045017 (2022)), pair terms only, by DScribe
(L. Himanen et al., Comput. Phys. Commun. 247, 106949 (2020)): for each pair of elements, the sum
over pairs of atoms at distance d of a Gaussian centred at 1/d, weighted with exp(-scale d). Both
functions keep their result on disk under the checksum of what it is made from.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

import numpy as np
import scipy.sparse
from ase.data import chemical_symbols
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from alutils.storage.locations import cache_dir

CHUNK = 1000  # molecules per task
IN_PROCESS = 2000  # below this many molecules, starting processes costs more than it saves
BLOCK = 200  # columns reduced at a time: one pair of elements at the default settings
FEATURES_VERSION = 1  # part of the cache key: raise it with any change to `_principal_axes`


@dataclass(frozen=True)
class MBTRSettings:
    """Grid, sigma and scale in 1/angstrom; `species` (symbols): None takes the data set's."""

    n_grid: int = 200
    grid_min: float = 0.0
    grid_max: float = 1.2
    sigma: float = 0.02
    scale: float = 0.5
    threshold: float = 1e-3
    normalization: str = "none"
    normalize_gaussians: bool = True
    species: tuple[str, ...] | None = None


DEFAULTS = MBTRSettings()


def mbtr(dataset, settings=DEFAULTS):
    """The descriptor X of every molecule of a `MoleculeDataset`.

    Returns
    -------
    (n, d) float32, C order, read-only, mapped from the disk cache; d = n_grid e (e + 1) / 2 for e
    elements, pairs in the order of atomic numbers. A set that brings its X returns it, densified.

    Raises
    ------
    ValueError : a set of labels alone; an element that `settings.species` does not cover.
    """
    source = _source(dataset)
    if dataset.X is not None:
        X = dataset.X.toarray() if scipy.sparse.issparse(dataset.X) else dataset.X
        X = np.ascontiguousarray(X, dtype=np.float32)
        X.flags.writeable = False
        return X
    species = _species(dataset, settings)
    write = partial(_write_mbtr, molecules=dataset.molecules, settings=settings, species=species)
    return _cached(write, "mbtr", source, settings, species, version("dscribe"))


def features(dataset, tolerance=1e-10):
    """X centred and rotated to its principal axes: the fewest that keep all but `tolerance`.

    Distances between rows are all that the kernel (Eqs. 6, 7) and the clustering see, and a
    rotation keeps them: a few hundred axes do the work of thousands of columns. The centred origin
    keeps the digits of |a|^2 + |b|^2 - 2ab.

    Returns
    -------
    (n, r) float64, read-only, mapped from the disk cache; columns by falling variance, the entry
    of largest magnitude in each positive. The discarded variance is at most `tolerance` times the
    total, hence so is the mean error of a squared distance over all pairs, relative to their mean.
    Squared distances only ever shrink; that of a near pair by a larger part of itself.

    Raises
    ------
    ValueError : a set of labels alone; a tolerance outside [0, 1); rows of X that are all equal.
    """
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance {tolerance} is a share of the variance; give 0 to below 1")
    parts = (_source(dataset), DEFAULTS, version("dscribe"), tolerance, FEATURES_VERSION)

    def write(path):
        # A sparse X stays sparse: OE's is 7 GB when dense.
        X = dataset.X.tocsc() if scipy.sparse.issparse(dataset.X) else mbtr(dataset)
        np.save(path, _principal_axes(X, tolerance))

    return _cached(write, "features", *parts)


def _principal_axes(X, tolerance):
    """Scores (n, r) of the rows of X (n, d) on the axes that `features` keeps.

    Neighbouring grid points hold nearly the same number, so each block of columns is rotated to its
    own axes first, for a hundredth of the tolerance; constant columns fall out. What remains is
    several times narrower, and one covariance of it gives the axes.
    """
    blocks = [slice(start, start + BLOCK) for start in range(0, X.shape[1], BLOCK)]
    spectra = [eigh(B.T @ B) for B in (_centred(X, block) for block in blocks)]
    variances = np.concatenate([block_variances for block_variances, _ in spectra])
    total = variances.sum()
    if not total > 0:
        raise ValueError("all molecules have the same descriptor: nothing tells them apart")
    least = _least_kept(variances, 0.01 * tolerance * total)
    kept = [axes[:, variances >= least] for variances, axes in spectra]
    pairs = zip(blocks, kept, strict=True)
    reduced = np.hstack([_centred(X, block) @ axes for block, axes in pairs if axes.size])
    variances, axes = eigh(reduced.T @ reduced)
    F = reduced @ axes[:, variances >= _least_kept(variances, 0.99 * tolerance * total)][:, ::-1]
    F *= np.sign(F[np.abs(F).argmax(axis=0), np.arange(F.shape[1])])
    return F


def _centred(X, block):
    columns = X[:, block]
    columns = (columns.toarray() if scipy.sparse.issparse(X) else columns).astype(np.float64)
    return columns - columns.mean(axis=0)


def _least_kept(variances, allowed):
    """The smallest variance to keep, if all those below it may add to at most `allowed`."""
    ordered = np.sort(variances.clip(min=0))
    return ordered[np.searchsorted(np.cumsum(ordered), allowed, side="right")]


def _source(dataset):
    """Checksum of what a descriptor is made from; ValueError for labels alone."""
    if dataset.label_only:
        raise ValueError(
            f"{dataset.name} has labels alone, no molecules: it serves the HOMO distributions; "
            "choose a data set with geometries or a descriptor"
        )
    return dataset.molecules.sha256 if dataset.X is None else dataset.sha256


def _species(dataset, settings):
    """Chemical symbols by atomic number; ValueError names the first element not covered."""
    molecules = dataset.molecules
    present = tuple(chemical_symbols[z] for z in np.unique(molecules.numbers))
    for symbol in present:
        if settings.species and symbol not in settings.species:
            atom = np.flatnonzero(molecules.numbers == chemical_symbols.index(symbol))[0]
            raise ValueError(
                f"{dataset.name}: element {symbol} of molecule {molecules.molecule_of(atom)} is "
                f"not among the settings' species {', '.join(settings.species)}; add it"
            )
    return tuple(sorted(settings.species or present, key=chemical_symbols.index))


def _write_mbtr(path, molecules, settings, species):
    """All rows, in this process or in two (DScribe's own n_jobs is slower than one)."""
    shape = (len(molecules), settings.n_grid * len(species) * (len(species) + 1) // 2)
    np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape).flush()
    starts = range(0, len(molecules), CHUNK)
    chunks = (molecules[start : start + CHUNK] for start in starts)
    # A spawned process imports the caller's script again: only where fork is not safe.
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    with (
        tqdm(total=len(molecules), desc="MBTR", disable=not sys.stderr.isatty()) as bar,
        ProcessPoolExecutor(max_workers=2, mp_context=context) as executor,
    ):
        each = map if len(molecules) < IN_PROCESS else executor.map
        for done in each(partial(_write_rows, path, settings, species), starts, chunks):
            bar.update(done)


def _write_rows(path, settings, species, start, molecules):
    """Write the rows of `molecules`, from `start` on, to the array on disk; returns how many."""
    from dscribe.descriptors import MBTR

    grid = {"min": settings.grid_min, "max": settings.grid_max, "n": settings.n_grid}
    descriptor = MBTR(
        species=species,
        geometry={"function": "inverse_distance"},
        grid=grid | {"sigma": settings.sigma},
        weighting={"function": "exp", "scale": settings.scale, "threshold": settings.threshold},
        normalization=settings.normalization,
        normalize_gaussians=settings.normalize_gaussians,
        periodic=False,
    )
    X = np.load(path, mmap_mode="r+")
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # DScribe uses an old name of ase's
        for row, atoms in enumerate(molecules, start):
            X[row] = descriptor.create(atoms)
    X.flush()
    return len(molecules)


def _cached(write, kind, *parts):
    """The array made from these parts: from the cache, else by `write(path)`, under another name
    first, so that no reader ever meets half a file."""
    key = hashlib.sha256(repr(parts).encode()).hexdigest()[:32]
    path = cache_dir() / kind / f"{key}.npy"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{key}.{os.getpid()}.npy")
        try:
            write(unfinished)
            os.replace(unfinished, path)
        finally:
            unfinished.unlink(missing_ok=True)
    return np.load(path, mmap_mode="r").view(np.ndarray)
