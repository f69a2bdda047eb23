"""What distances say: coincident atoms, another unit of length, missing hydrogens."""

import ase
import numpy as np
import pytest

from alutils.data import geometry
from alutils.data.datasets import load
from alutils.data.molecules import Molecules
from alutils.data.structures import read_structures


@pytest.fixture(scope="module")
def some():
    return load("organics").molecules[:40]


def said(molecules, unit=None, hydrogens="refuse"):
    return geometry.problems(molecules, np.zeros(len(molecules), bool), unit, hydrogens)


def scaled(molecules, factor):
    return Molecules(molecules.numbers, molecules.positions * factor, molecules.counts)


def heavy(molecules, which=None):
    chosen = range(len(molecules)) if which is None else which
    return Molecules.of(
        [atoms[atoms.numbers > 1] if k in chosen else atoms for k, atoms in enumerate(molecules)]
    )


@pytest.mark.parametrize("pool", ["organics", "aminoacids", "optoelectronics"])
def test_nothing_is_wrong_with_the_pools(pool):
    assert not said(load(pool).molecules)


@pytest.mark.parametrize(("unit", "factor"), geometry.UNITS.items())
def test_another_unit_is_named(unit, factor, some):
    found = said(scaled(some, 1 / factor))
    if unit == "angstrom":
        assert not found
    else:
        assert len(found) >= len(some) - 1
        assert all(f"--length-unit {unit}" in reason for reason in found.values())


def test_a_stretched_molecule_and_atoms_of_noble_gases_are_no_other_unit(some):
    far = [ase.Atoms("H2", [[0, 0, 0], [0, 0, 2.2]]), ase.Atoms("Ar2", [[0, 0, 0], [0, 0, 3.8]])]
    assert not said(Molecules.of([*some, *far]))
    assert not said(Molecules.of([far[1]]))


def test_coincident_atoms_are_named(some):
    positions = some.positions.copy()
    positions[some.offsets[3] + 2] = positions[some.offsets[3] + 5] + [0.3, 0, 0]
    found = said(Molecules(some.numbers, positions, some.counts), "angstrom", "as-is")
    assert list(found) == [3] and "atoms 2" in found[3] and "0.3 angstrom apart" in found[3]


def test_a_large_molecule_is_looked_at_by_a_tree(some):
    Z, R = [], []
    for k in range(300):
        Z.append(some[0].numbers)
        R.append(some[0].positions + np.array([20 * k, 0, 0]))
    large = Molecules(np.concatenate(Z), np.concatenate(R), np.array([sum(map(len, Z))]))
    assert len(large.numbers) ** 2 > geometry.MOST_PAIRS and not said(large)
    assert "nm" in said(scaled(large, 0.1))[0]


def test_molecules_without_hydrogens_are_named(some):
    assert set(said(heavy(some))) == set(range(len(some)))
    assert list(said(heavy(some, [5]))) == [5]
    assert not said(heavy(some), hydrogens="as-is")


def test_molecules_that_have_none_are_taken():
    plane = [[0, 0, 0], [0, 0, 1.16], [0, 0, -1.16]]
    tetrahedron = np.array([[0, 0, 0], [1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    frames = [
        ase.Atoms("CO2", plane),
        ase.Atoms("CF4", tetrahedron * 1.32 / 3**0.5),
        ase.Atoms("CO", [[0, 0, 0], [0, 0, 1.128]]),
        ase.Atoms("C", [[0, 0, 0]]),
        ase.Atoms("N2", [[0, 0, 0], [0, 0, 1.1]]),
    ]
    assert not said(Molecules.of(frames))


def test_a_unit_that_is_given_is_used(tmp_path, some):
    atoms = some[0]
    lines = "".join(
        f"{symbol} {x:.9f} {y:.9f} {z:.9f}\n"
        for symbol, (x, y, z) in zip(atoms.symbols, atoms.positions / 10, strict=True)
    )
    (tmp_path / "a.xyz").write_text(f"{len(atoms)}\n\n{lines}")
    with pytest.raises(ValueError, match=r"a\.xyz, frame 0: .*positions in nm\?"):
        read_structures(tmp_path / "a.xyz")
    found = read_structures(tmp_path / "a.xyz", length_unit="nm")
    assert found.molecules.positions == pytest.approx(atoms.positions, abs=1e-7)
    with pytest.raises(ValueError, match="length_unit='feet' is unknown: give None, angstrom"):
        read_structures(tmp_path / "a.xyz", length_unit="feet")
