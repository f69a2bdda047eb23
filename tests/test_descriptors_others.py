"""SOAP and SLATM: what they see of a molecule, by hand and under rotations; their names."""

import ase
import ase.build
import numpy as np
import pytest

from alutils.data.datasets import MoleculeDataset
from alutils.descriptors import DESCRIPTORS, described, features, n_bits, settings_of
from alutils.descriptors.many_body import SOAP
from alutils.descriptors.slatm import ANGLE_MARGIN, R_FIRST, SLATM, SLATMSettings
from alutils.model.kernel import squared_distances

OTHERS = {"soap": SOAP, "slatm": SLATM}
SPECIES = ("H", "C", "N", "O")


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def dataset_of(frames, name="mine"):
    return MoleculeDataset(name, np.linspace(-9, -5, len(frames)), frames)


def rattled(n, seed=0):
    rng = np.random.default_rng(seed)
    names = ("CH3CH2OH", "C6H6", "CH3CONH2", "HCN")
    frames = [ase.build.molecule(names[k % len(names)]) for k in range(n)]
    for atoms in frames:
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    return dataset_of(frames)


def row_of(settings, atoms, species=SPECIES):
    (row,) = settings.rows(species, [atoms])
    return row


@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_what_a_molecule_is_not_how_it_is_written_down(settings):
    rng = np.random.default_rng(1)
    original = ase.build.molecule("CH3CONH2")
    moved, turned, bent = original.copy(), original.copy(), original.copy()
    moved.positions += [11.0, -7.0, 3.0]
    turned.rotate(73, (1, 2, 3))
    reordered = original[rng.permutation(len(original))]
    bent.positions[0] += 0.1
    row = row_of(settings, original)
    for other in (moved, turned, reordered):
        np.testing.assert_allclose(row_of(settings, other), row, atol=1e-8 * np.linalg.norm(row))
    assert np.linalg.norm(row_of(settings, bent) - row) > 1e-3 * np.linalg.norm(row)


@pytest.mark.parametrize("settings", OTHERS.values(), ids=OTHERS)
def test_a_row_has_the_columns_that_are_announced(settings):
    for species in (SPECIES, ("H", "C", "N", "O", "S", "Ba")):
        row = row_of(settings, ase.build.molecule("CH3CONH2"), species)
        assert row.shape == (settings.n_columns(len(species)),) and row.dtype == np.float64


@pytest.mark.parametrize("name", OTHERS)
def test_features_keep_the_distances_of_the_rows(name):
    pool = rattled(40)
    X = np.array(list(OTHERS[name].rows(SPECIES, pool.molecules)))
    exact, kept = (
        squared_distances(X - X.mean(axis=0)),
        squared_distances(np.array(features(pool, descriptor=name))),
    )
    error = (exact - kept).mean() / exact.mean()
    assert -1e-7 < error < 2e-6  # rows are kept in single precision
    assert n_bits(pool, name) == 0 and settings_of(pool, name) == OTHERS[name]


@pytest.mark.parametrize("name", OTHERS)
def test_features_are_kept_under_a_name_of_their_own(name, own_cache):
    pool = rattled(12)
    mbtr, other = features(pool, descriptor="mbtr"), features(pool, descriptor=name)
    kept = {path: path.stat().st_mtime_ns for path in own_cache.rglob("*.npy")}
    assert np.array_equal(features(rattled(12), descriptor=name), other)
    assert {path: path.stat().st_mtime_ns for path in own_cache.rglob("*.npy")} == kept
    assert not np.array_equal(mbtr[:, :3], other[:, :3])


@pytest.mark.parametrize("name", OTHERS)
def test_labels_alone_are_refused(name):
    labels = MoleculeDataset("labels", np.array([-5.0, -6.0]))
    with pytest.raises(ValueError, match="labels has labels alone, no molecules"):
        features(labels, descriptor=name)
    brought = MoleculeDataset("x", np.array([-5.0, -6.0]), X=np.eye(2))
    with pytest.raises(ValueError, match="x brings its own descriptor"):
        features(brought, descriptor=name)


def test_a_pair_by_hand():
    """Two hydrogens 0.9 angstrom apart: their charges, then one Gaussian over r^6."""
    row = row_of(SLATM, ase.Atoms("H2", [[0, 0, 0], [0, 0, 0.9]]), ("H",))
    grid = np.linspace(R_FIRST, 4.8, 157)
    gauss = np.exp(-((grid - 0.9) ** 2) / (2 * 0.05**2)) / np.sqrt(2 * np.pi * 0.05**2)
    np.testing.assert_allclose(row[:158], np.r_[2.0, 0.03 * gauss / grid**6], rtol=1e-12)
    assert not row[158:].any() and len(row) == SLATM.n_columns(1)


def test_a_triple_by_hand():
    """Water: by each middle atom the potential of the triple, at the angle there."""
    water = ase.Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])
    r_oh, r_oh2, r_hh = (water.get_distance(*pair) for pair in ((0, 1), (0, 2), (1, 2)))
    at_o, at_h, at_h2 = (
        np.radians(water.get_angle(*three)) for three in ((1, 0, 2), (0, 1, 2), (0, 2, 1))
    )
    angles = np.linspace(-ANGLE_MARGIN, np.pi + ANGLE_MARGIN, 128)
    height = 0.03 / np.sqrt(2 * np.pi * 0.05**2) * 8 / (3 * (r_oh * r_oh2 * r_hh) ** 3)

    def of(middle, *others):
        smeared = np.exp(-((angles - middle) ** 2) / (2 * 0.05**2))
        return height * smeared * (1 + np.cos(angles) * np.cos(others[0]) * np.cos(others[1]))

    triples = row_of(SLATM, water, ("H", "O"))[2 + 3 * 157 :].reshape(2, 3, 128)
    np.testing.assert_allclose(triples[1, 0], of(at_o, at_h, at_h2), rtol=1e-9, atol=1e-14)
    both = of(at_h, at_o, at_h2) + of(at_h2, at_o, at_h)
    np.testing.assert_allclose(triples[0, 1], both, rtol=1e-9, atol=1e-14)  # H between H and O
    assert not triples[0, [0, 2]].any() and not triples[1, 1:].any()


def test_atoms_beyond_the_cutoff_are_not_seen():
    far = ase.Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [0, 5.5, 0]])
    near = SLATMSettings(cutoff=6.0)
    pairs, triples = slice(2, 2 + 3 * 157), slice(2 + 3 * 157, None)
    row = row_of(SLATM, far, ("H", "O"))
    assert row[pairs].any() and not row[triples].any()
    assert row_of(near, far, ("H", "O"))[2 + 3 * 197 :].any()


def test_single_atoms_have_their_charge_alone():
    row = row_of(SLATM, ase.Atoms("O"), ("H", "O"))
    assert row[1] == 8 and np.count_nonzero(row) == 1


def test_every_name_is_described():
    said = {name: described(name) for name in DESCRIPTORS}
    assert said["soap"] == "SOAP to 4 Å, the mean over the atoms"
    assert said["slatm"] == "SLATM to 4.8 Å"
    assert said["mbtr_broad"] == "MBTR with Gaussians of width 0.1 per Å"
    assert len(set(said.values())) == len(DESCRIPTORS)
