"""Descriptors of geometries, a row for each molecule: MBTR and SOAP, by DScribe.

The many-body tensor representation, pair terms only: for each pair of elements, the sum over pairs
of atoms at distance d of a Gaussian centred at 1/d, weighted with exp(-scale d): H. Huo, M. Rupp,
Mach. Learn.: Sci. Technol. 3, 045017 (2022). The smooth overlap of atomic positions: A. P. Bartók,
R. Kondor, G. Csányi, Phys. Rev. B 87, 184115 (2013). DScribe: L. Himanen et al., Comput. Phys.
Commun. 247, 106949 (2020).
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import scipy.sparse
from ase import Atoms
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

    def __str__(self):
        return f"MBTR with Gaussians of width {self.sigma:g} per Å"

    def n_columns(self, n_species: int) -> int:
        """A grid for each pair of so many elements, n_species."""
        return self.n_grid * n_species * (n_species + 1) // 2

    def rows(self, species: Sequence[str], molecules: Iterable[Atoms]) -> Iterator[np.ndarray]:
        """The row of each of some molecules, (d,) float64.

        species : chemical symbols, by atomic number;  molecules : of which each is an `ase.Atoms`
        """
        from dscribe.descriptors import MBTR

        grid = {"min": self.grid_min, "max": self.grid_max, "n": self.n_grid}
        descriptor = MBTR(
            species=species,
            geometry={"function": "inverse_distance"},
            grid=grid | {"sigma": self.sigma},
            weighting={"function": "exp", "scale": self.scale, "threshold": self.threshold},
            normalization=self.normalization,
            normalize_gaussians=self.normalize_gaussians,
            periodic=False,
        )
        return _by_dscribe(descriptor, molecules)


@dataclass(frozen=True)
class SOAPSettings:
    """How the surroundings of an atom are smeared and expanded.

    Of each atom the power spectrum, and of a molecule the mean over its atoms: HOMO levels do not
    grow with the molecule.

    cutoff : angstrom, to which an atom sees others;  sigma : width of a Gaussian, angstrom
    n_max, l_max : radial functions, and the highest degree of the spherical harmonics
    species : chemical symbols; None takes the data set's
    """

    cutoff: float = 4.0
    sigma: float = 0.3
    n_max: int = 6
    l_max: int = 4
    species: tuple[str, ...] | None = None

    def __str__(self):
        return f"SOAP to {self.cutoff:g} Å, the mean over the atoms"

    def n_columns(self, n_species: int) -> int:
        """Pairs of radial functions, of n_species elements, for each degree."""
        n = n_species * self.n_max
        return n * (n + 1) // 2 * (self.l_max + 1)

    def rows(self, species: Sequence[str], molecules: Iterable[Atoms]) -> Iterator[np.ndarray]:
        """The row of each of some molecules, (d,) float64.

        species : chemical symbols, by atomic number;  molecules : of which each is an `ase.Atoms`
        """
        from dscribe.descriptors import SOAP

        descriptor = SOAP(
            species=species,
            r_cut=self.cutoff,
            n_max=self.n_max,
            l_max=self.l_max,
            sigma=self.sigma,
            average="outer",
            periodic=False,
        )
        return _by_dscribe(descriptor, molecules)


DEFAULTS = MBTRSettings()
SOAP = SOAPSettings()


def n_columns(settings, species):
    """Columns of a descriptor of so many elements."""
    return settings.n_columns(len(species))


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


def write_descriptor(path, molecules, settings, species, chunk=CHUNK, in_process=IN_PROCESS):
    """All rows, in this process or in two (DScribe's own n_jobs is slower than one).

    chunk : molecules per task
    in_process : the fewest molecules that two processes share
    """
    shape = (len(molecules), n_columns(settings, species))
    np.lib.format.open_memmap(path, "w+", dtype=np.float32, shape=shape).flush()
    reserve(path)
    work = partial(write_rows, path, settings, species)
    deque(_each_chunk(work, molecules, chunk, in_process), maxlen=0)


def sparse_descriptor(molecules, settings, species, chunk=CHUNK, in_process=IN_PROCESS):
    """As `write_descriptor`, in memory and sparse: of many elements, few are in a molecule.

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
        tqdm(total=len(molecules), desc="descriptor", disable=not sys.stderr.isatty()) as bar,
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
    for row, values in enumerate(settings.rows(species, molecules), start):
        X[row] = values
    X.flush()
    return len(molecules)


def _sparse_rows(settings, species, _start, molecules):
    """(m, d) CSR of float32."""
    rows = (values.astype(np.float32) for values in settings.rows(species, molecules))
    return scipy.sparse.vstack([scipy.sparse.csr_matrix(values) for values in rows], "csr")


def _by_dscribe(descriptor, molecules):
    """The row of each molecule, (d,) float64, of a descriptor of DScribe's."""
    from dscribe.core import System

    # DScribe 2.1.2 hands the parts of a molecule to ase by position, which ase 3.27 has changed; a
    # copy that ase makes has the same.
    System.from_atoms = System
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # DScribe uses an old name of ase's
        for atoms in molecules:
            yield descriptor.create(atoms)
