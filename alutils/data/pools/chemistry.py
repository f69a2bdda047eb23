"""What the three pools share: embedding, connectivity, relaxation and the GFN2-xTB label.

Lengths in angstrom, energies in eV, a molecule is (numbers (n,) int, positions (n, 3) float64,
charge int). The label is the energy of the highest occupied orbital of GFN2-xTB (Bannwarth,
Ehlert, Grimme, J. Chem. Theory Comput. 15, 1652, 2019) as tblite computes it.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.calculators.calculator import CalculationFailed
from ase.data import covalent_radii
from ase.optimize import BFGS
from ase.units import Bohr, Hartree, kB

from alutils.storage.extras import imports_of

with imports_of("xtb", "labelling with GFN2-xTB"):
    from rdkit import Chem, RDLogger
    from rdkit.Chem import AllChem
    from tblite.ase import TBLite
    from tblite.exceptions import TBLiteRuntimeError
    from tblite.interface import Calculator

RDLogger.DisableLog("rdApp.*")

METHOD = "GFN2-xTB"
ACCURACY = 0.1  # tblite's factor on the SCF thresholds: well below 1 meV in the HOMO
GRID = 1e-4  # stored positions are multiples of this, and the label belongs to them
MIN_GAP = 1.0


class Dropped(Exception):
    """A candidate that one of the filters removes; the message is the filter's name."""


def on_grid(positions) -> np.ndarray:
    """Positions (n, 3) centred, rounded to `GRID` and to float32, as the pools store them."""
    positions = np.asarray(positions, dtype=float)
    steps = np.round((positions - positions.mean(axis=0)) / GRID)
    return (steps * GRID).astype(np.float32)


def embed(mol, rng: np.random.Generator):
    """Molecule with hydrogens and one seeded ETKDGv3 conformer; Dropped("embedding") if none."""
    mol = Chem.AddHs(mol)
    settings = AllChem.ETKDGv3()
    settings.randomSeed = int(rng.integers(1, 2**31 - 1))
    settings.maxIterations = 20
    try:
        found = AllChem.EmbedMolecule(mol, settings)
    except RuntimeError:
        found = -1
    if found != 0:
        raise Dropped("embedding")
    return mol


def numbers_of(mol) -> np.ndarray:
    """Atomic numbers (n,) of an RDKit molecule."""
    return np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])


def check_closed_shell(mol) -> None:
    """Raise Dropped("closed shell") for radicals and for an odd number of electrons."""
    electrons = numbers_of(mol).sum() - Chem.GetFormalCharge(mol)
    if electrons % 2 or any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms()):
        raise Dropped("closed shell")


def check_connectivity(mol, positions) -> None:
    """Raise Dropped("connectivity") unless the distances give the bonds of the graph and no more.

    A bond of the graph is at most 1.3 times the sum of the covalent radii (1.45 to Li), any other
    pair is farther apart than 1.2 times the sum (to Li, whose contacts are ionic: 0.8 times).
    """
    numbers = numbers_of(mol)
    bonded = Chem.GetAdjacencyMatrix(mol).astype(bool)
    radii = covalent_radii[numbers]
    positions = np.asarray(positions, dtype=float)[: len(numbers)]
    distance = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    ratio = distance / (radii[:, None] + radii[None])
    lithium = (numbers == 3)[:, None] | (numbers == 3)[None]
    np.fill_diagonal(ratio, np.inf)
    broken = ratio[bonded] > np.where(lithium, 1.45, 1.3)[bonded]
    formed = ratio[~bonded] < np.where(lithium, 0.8, 1.2)[~bonded]
    if broken.any() or formed.any():
        raise Dropped("connectivity")


def relax(numbers, positions, charge: int, steps: int, fmax: float = 0.05, warm: int = 0):
    """Positions (n, 3) after at most `steps` BFGS steps with GFN2-xTB (until `fmax` eV/angstrom).

    The first `warm` of the steps run at an electronic temperature of 3000 K, which carries the
    SCF of a crude geometry over small gaps. Raises Dropped("scf") where the SCF does not converge.
    """
    atoms = Atoms(numbers, positions)
    stages = [(3000.0, warm), (300.0, steps - warm)] if warm else [(300.0, steps)]
    try:
        for kelvin, count in stages:
            atoms.calc = TBLite(
                method=METHOD, charge=charge, electronic_temperature=kelvin, verbosity=0
            )
            BFGS(atoms, logfile=None, maxstep=0.15).run(fmax=fmax, steps=count)
    except CalculationFailed as error:
        raise Dropped("scf") from error
    return atoms.get_positions()


def frontier(numbers, positions, charge: int) -> tuple[float, float]:
    """HOMO energy and HOMO-LUMO gap (eV) of GFN2-xTB at these positions, as they are.

    An SCF that fails at 300 K starts again from one at 5000 K with stronger damping. The result
    is always that of 300 K. Raises Dropped("scf") where this fails too.
    """
    positions = np.asarray(positions, dtype=float)
    calc = Calculator(METHOD, np.asarray(numbers), positions / Bohr, charge=float(charge))
    calc.set("verbosity", 0)
    calc.set("accuracy", ACCURACY)
    try:
        try:
            result = calc.singlepoint()
        except TBLiteRuntimeError:
            calc.set("mixer-damping", 0.1)
            calc.set("temperature", 5000 * kB / Hartree)
            hot = calc.singlepoint()
            calc.set("temperature", 300 * kB / Hartree)
            result = calc.singlepoint(hot)
    except TBLiteRuntimeError as error:
        raise Dropped("scf") from error
    energies = result["orbital-energies"] * Hartree
    pairs = round(result["orbital-occupations"].sum() / 2)
    gap = energies[pairs] - energies[pairs - 1] if pairs < len(energies) else np.inf
    return float(energies[pairs - 1]), float(gap)
