"""The many-body tensor representation (MBTR), pair terms only, by DScribe.

For each pair of elements, the sum over pairs of atoms at distance d of a Gaussian centred at 1/d,
weighted with exp(-scale d): H. Huo, M. Rupp, Mach. Learn.: Sci. Technol. 3, 045017 (2022);
L. Himanen et al., Comput. Phys. Commun. 247, 106949 (2020).
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import deque
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse
from ase.data import chemical_symbols
from threadpoolctl import threadpool_limits
from tqdm import tqdm

CHUNK = 1000  # molecules per task
IN_PROCESS = 2000  # below this many molecules, starting processes costs more than it saves


@dataclass(frozen=True)
class MBTRSettings:
    """How the pairs of atoms are smeared.

    n_grid, grid_min, grid_max : points in 1/d, 1/angstrom, and where they begin and end
    sigma : width of a Gaussian, 1/angstrom
    scale, threshold : exp(-scale d) weights a pair, 1/angstrom; below the threshold it is left out
    normalization, normalize_gaussians : as of DScribe's `MBTR`
    species : chemical symbols, a column block for each pair; None takes the data set's
    """

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


def n_columns(settings, species):
    """Columns of the descriptor of so many elements: a grid for each pair of them."""
    return settings.n_grid * len(species) * (len(species) + 1) // 2


def species_of(name, molecules, settings):
    """Chemical symbols by atomic number; ValueError names the first element not covered."""
    present = tuple(chemical_symbols[z] for z in np.unique(molecules.numbers))
    for symbol in present:
        if settings.species and symbol not in settings.species:
            atom = np.flatnonzero(molecules.numbers == chemical_symbols.index(symbol))[0]
            raise ValueError(
                f"{name}: element {symbol} of molecule {molecules.molecule_of(atom)} is "
                f"not among the settings' species {', '.join(settings.species)}; add it"
            )
    return tuple(sorted(settings.species or present, key=chemical_symbols.index))


def write_mbtr(path, molecules, settings, species, chunk=CHUNK, in_process=IN_PROCESS):
    """All rows, in this process or in two (DScribe's own n_jobs is slower than one).

    chunk : molecules per task
    in_process : the fewest molecules that two processes share
    """
    shape = (len(molecules), n_columns(settings, species))
    np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape).flush()
    reserve(path)
    work = partial(write_rows, path, settings, species)
    deque(_each_chunk(work, molecules, chunk, in_process), maxlen=0)


def sparse_mbtr(molecules, settings, species, chunk=CHUNK, in_process=IN_PROCESS):
    """As `write_mbtr`, in memory and sparse: of many elements, few are in a molecule.

    Returns
    -------
    (n, d) CSR of float32
    """
    work = partial(_sparse_rows, settings, species)
    return scipy.sparse.vstack(list(_each_chunk(work, molecules, chunk, in_process)), "csr")


def _each_chunk(work, molecules, chunk, in_process):
    """What ``work(start, molecules)`` returns for each chunk, in their order; a progress bar."""
    from alutils.storage.processes import WorkerPool

    starts = range(0, len(molecules), chunk)
    chunks = (molecules[start : start + chunk] for start in starts)
    # A spawned process imports the caller's script again: only where fork is not safe.
    method = "fork" if sys.platform == "linux" else "spawn"
    with (
        tqdm(total=len(molecules), desc="MBTR", disable=not sys.stderr.isatty()) as bar,
        WorkerPool(2, method=method) as executor,
    ):
        each = map if len(molecules) < in_process else executor.map
        for start, done in zip(starts, each(work, starts, chunks), strict=True):
            bar.update(min(chunk, len(molecules) - start))
            yield done


def reserve(path):
    """Give a file its room on the disk: one that is full would end who writes a page (SIGBUS)."""
    if hasattr(os, "posix_fallocate"):  # not on macOS
        with open(path, "r+b") as file:
            os.posix_fallocate(file.fileno(), 0, os.fstat(file.fileno()).st_size)


def write_rows(path, settings, species, start, molecules):
    """Write the rows of `molecules`, from `start` on, to the array on disk; returns how many."""
    X = np.load(path, mmap_mode="r+", allow_pickle=False)
    for row, values in enumerate(_rows(settings, species, molecules), start):
        X[row] = values
    X.flush()
    return len(molecules)


def _sparse_rows(settings, species, _start, molecules):
    """(m, d) CSR of float32."""
    rows = (values.astype(np.float32) for values in _rows(settings, species, molecules))
    return scipy.sparse.vstack([scipy.sparse.csr_matrix(values) for values in rows], "csr")


def _rows(settings, species, molecules):
    """The row of each molecule, (d,) float64."""
    from dscribe.core import System
    from dscribe.descriptors import MBTR

    # DScribe 2.1.2 hands the parts of a molecule to ase by position, which ase 3.27 has changed; a
    # copy that ase makes has the same.
    System.from_atoms = System
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
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # DScribe uses an old name of ase's
        for atoms in molecules:
            yield descriptor.create(atoms)
