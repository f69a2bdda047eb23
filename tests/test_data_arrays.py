"""An .npz of a reader's own: the label that is named, identifiers, and what does not fit."""

import ase
import numpy as np
import pytest

from alutils.data.datasets import load
from alutils.data.structures import read_structures

WATER = ase.Atoms("OH2", [[0, 0, 0.119], [0, 0.763, -0.477], [0, -0.763, -0.477]])


@pytest.fixture
def write(tmp_path):
    def run(n=3, **more):
        arrays = {
            "Z": np.tile(WATER.numbers, n),
            "R": np.tile(WATER.positions, (n, 1)),
            "N": np.full(n, 3),
            "homo": -9.0 - np.arange(n),
            "lumo": 1.0 + np.arange(n),
            **more,
        }
        path = tmp_path / "mine.npz"
        np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
        return path

    return run


def test_the_label_is_the_one_that_is_named(write):
    path = write(id=np.array([7, 8, 9]), forces=np.zeros((9, 3)))
    assert load(path).y.tolist() == [-9, -10, -11]
    assert load(path, "lumo").y.tolist() == [1, 2, 3]
    for reader in (load, read_structures):
        with pytest.raises(ValueError, match=r"mine\.npz: no property 'lum', found homo, lumo; na"):
            reader(path, "lum")
    found = read_structures(path, "lumo")
    assert found.ids == ("7", "8", "9") and found.y.tolist() == [1, 2, 3]


def test_a_pool_needs_no_labels(write):
    path = write(homo=None, ids=np.array(["T", "007", "1_2"]), charge=np.array([0, 1, -1]))
    found = read_structures(path)
    assert found.ids == ("T", "007", "1_2") and found.charges.tolist() == [0, 1, -1]
    assert np.isnan(found.y).all()
    with pytest.raises(ValueError, match="no property 'homo', found lumo"):
        load(path)


def test_a_bad_molecule_is_named_and_may_be_left_out(write):
    R = np.tile(WATER.positions, (3, 1))
    R[4] = np.nan
    path = write(R=R, homo=np.array([-9, -10, np.nan]))
    with pytest.raises(ValueError, match=r"(?s)2 of 3 .*molecule 1: R: .*molecule 2: no label"):
        load(path)
    assert load(path, skip_bad=True).y.tolist() == [-9]
    assert np.isnan(read_structures(path, skip_bad=True).y[1])
    with pytest.raises(ValueError, match=r"molecule 0: atoms 0 .* apart: positions in nm"):
        load(write(n=1, R=WATER.positions / 10))


def test_geometries_of_one_molecule_get_a_hint(tmp_path):
    R = np.tile(WATER.positions, (4, 1, 1))
    np.savez(tmp_path / "md.npz", z=WATER.numbers, R=R, E=np.zeros((4, 1)), F=R)
    with pytest.raises(ValueError, match=r"sGDML keeps them; write Z=np\.tile\(z, len\(R\)\)"):
        load(tmp_path / "md.npz", "E")
