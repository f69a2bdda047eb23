"""Sets that rest on another: the molecules of the heaviest are found, or their labels refused."""

import ase
import numpy as np
import pytest
from scipy.spatial.distance import pdist

from alutils.data.datasets import MoleculeDataset, load
from alutils.data.derived import masses_of, match_heaviest, read_components
from alutils.data.registry import COMPONENT_FACTOR, REGISTRY
from alutils.descriptors import features
from alutils.loop import RunConfig, check
from alutils.model.gp import GaussianProcess
from alutils.storage.files import file_sha256

N_ALL, N_HEAVIEST = 60, 25
SETS = ("qm9_b3lyp", "qm9_pbe", "qm9_heaviest")


@pytest.fixture(scope="module")
def pool():
    """Carbon and hydrogen, in no order of mass; some share mass, the heaviest label, too."""
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(N_ALL):
        n_carbon, n_hydrogen = rng.integers(2, 9), rng.integers(1, 4)
        symbols = rng.permutation(["C"] * n_carbon + ["H"] * n_hydrogen)
        frames.append(ase.Atoms("".join(symbols), rng.normal(0, 3, (len(symbols), 3))))
    y = np.round(rng.uniform(-6.2, -6, N_ALL), 2).astype(np.float32)
    masses = np.array([frame.get_masses().sum() for frame in frames])
    y[np.isclose(masses, masses.max())] = -6.5
    return MoleculeDataset("made up", y, frames)


@pytest.fixture(scope="module")
def by_mass(pool):
    """Places in the pool by rising mass, those of one mass in an order of their own."""
    masses = np.array([atoms.get_masses().sum() for atoms in pool.molecules])
    shuffled = np.random.default_rng(1).permutation(N_ALL)
    return shuffled[np.argsort(masses[shuffled].round(3), kind="stable")]


@pytest.fixture
def registry(pool, by_mass, tmp_path, monkeypatch):
    """The registry with the checksums of small files of the same layout, in `ALUTILS_DATA`.

    The labels of qm9_pbe are those of every molecule but the lightest, with ids from 1.
    """
    monkeypatch.setenv("ALUTILS_DATA", str(tmp_path))
    m, labelled = pool.molecules, np.sort(by_mass[1:])
    heaviest = by_mass[-N_HEAVIEST:]
    X = np.random.default_rng(2).normal(size=(N_HEAVIEST, 30)).astype(np.float32)
    contents = {
        "qm9_b3lyp": {"Z": m.numbers, "R": m.positions, "N": m.counts, "homo": pool.y - 1},
        "qm9_pbe": {"id": labelled + 1, "homo": pool.y[labelled]},
        "qm9_heaviest": {"X": X, "homo": pool.y[heaviest].astype(np.float32)},
    }
    entries = {}
    for name, arrays in contents.items():
        path = tmp_path / REGISTRY[name]["file"]
        np.savez(path, **arrays)
        entries[name] = REGISTRY[name] | {"sha256": file_sha256(path)}
    return REGISTRY | entries


# Components


def test_components_come_in_the_units_of_the_model(registry, tmp_path):
    dataset = load("qm9_heaviest", registry=registry)
    X = np.load(tmp_path / REGISTRY["qm9_heaviest"]["file"])["X"]
    np.testing.assert_allclose(dataset.X, COMPONENT_FACTOR * X, rtol=1e-6)
    assert dataset.X.dtype == np.float32 and dataset.molecules is None
    assert dataset.info["factor"] == COMPONENT_FACTOR and "sha256" not in dataset.info


def test_features_of_components_are_centred_and_rotated_no_more(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    dataset = load("qm9_heaviest", registry=registry)
    F = features(dataset)
    assert F.shape[1] == min(30, N_HEAVIEST - 1)
    np.testing.assert_allclose(pdist(F), pdist(dataset.X.astype(float)), rtol=1e-6)
    np.testing.assert_allclose(F.mean(axis=0), 0, atol=1e-6)


def test_what_needs_geometries_refuses_components(registry):
    dataset = load("qm9_heaviest", registry=registry)
    config = RunConfig("qm9_heaviest", "random", n_init=2, n_max=4, n_test=5, descriptor="mbtr")
    with pytest.raises(ValueError, match=r"qm9_heaviest brings its own descriptor.*must be None"):
        check(config, dataset)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"homo": [-6.0]}, "found homo"),
        ({"X": [[1.0]]}, "found X"),
        ({"X": [["a"]], "homo": [-6.0]}, "floating-point"),
    ],
)
def test_components_of_another_layout_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "c.npz", **arrays)
    with pytest.raises(ValueError, match=rf"c\.npz: needs X, .*{message}"):
        read_components(tmp_path / "c.npz", 1.0)


# The molecules behind labels


def test_the_molecules_of_the_heaviest_are_found(registry, pool, by_mass):
    dataset = load("qm9_heaviest_molecules", registry=registry)
    assert dataset.y.tolist() == load("qm9_heaviest", registry=registry).y.tolist()
    expected = [pool.molecules[k] for k in by_mass[-N_HEAVIEST:]]
    keys = [(round(a.get_masses().sum(), 3), y) for a, y in zip(expected, dataset.y, strict=True)]
    alone = [keys.count(key) == 1 for key in keys]
    assert dataset.info["n_alone"] == sum(alone) and 0 < sum(alone) < N_HEAVIEST
    for found, wanted, sure in zip(dataset.molecules, expected, alone, strict=True):
        assert found == wanted or not sure
    # Who shares mass and label may have changed places; nobody is missing, nobody there twice.
    assert sorted(a.positions.tolist() for a in dataset.molecules) == sorted(
        a.positions.tolist() for a in expected
    )


def test_a_run_on_the_molecules_makes_the_descriptor(registry):
    dataset = load("qm9_heaviest_molecules", registry=registry)
    assert dataset.X is None and dataset.info["own_descriptor"] == "mbtr_broad"
    sizes = {"n_init": 2, "n_max": 4, "n_test": 5}
    check(RunConfig("qm9_heaviest_molecules", "random", descriptor="mbtr", **sizes), dataset)


def test_masses_do_not_depend_on_the_order_of_atoms(pool):
    turned = [ase.Atoms(a.numbers[::-1], a.positions) for a in pool.molecules]
    masses = masses_of(MoleculeDataset("turned", pool.y, turned).molecules)
    assert np.array_equal(masses, masses_of(pool.molecules))
    np.testing.assert_allclose(masses, [a.get_masses().sum() for a in pool.molecules], atol=1e-6)


def test_places_of_labels():
    masses, y = np.array([5.0, 7, 6, 7, 6]), np.array([1.0, 2, 3, 2, 4])
    index, alone = match_heaviest(np.array([4.0, 3, 2, 2]), y, masses)
    assert index.tolist() == [4, 2, 1, 3] and alone.tolist() == [True, True, False, False]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([2.0, 2, 3], r"no molecule of mass 6\.0000 u is left for label 0, 2\.0000 eV"),
        ([3.0, 2, 2.5], r"mass 7\.0000 u is left for label 2, 2\.5000 eV"),
        ([2.0], r"more molecules than labels have mass 7\.0000 u and label 2\.0000 eV"),
        ([1.0] * 6, "6 labels, but 5 molecules"),
    ],
)
def test_labels_of_other_molecules_are_refused(labels, message):
    masses, y = np.array([5.0, 7, 6, 7, 6]), np.array([1.0, 2, 3, 2, 4])
    with pytest.raises(ValueError, match=message):
        match_heaviest(np.array(labels), y, masses)


def test_a_set_with_other_labels_says_whose(registry, pool, tmp_path):
    path = tmp_path / REGISTRY["qm9_heaviest"]["file"]
    np.savez(path, X=np.ones((3, 30)), homo=np.full(3, -1.0))
    entry = registry["qm9_heaviest"] | {"sha256": file_sha256(path)}
    with pytest.raises(ValueError, match="qm9_heaviest among qm9_pbe: no molecule of mass"):
        load("qm9_heaviest_molecules", registry=registry | {"qm9_heaviest": entry})


# The real files


@pytest.fixture(scope="module")
def best_length_scales(data_dir):
    """Of 1 000 molecules of each set, at the paper's noise."""
    rows = np.random.default_rng(0).permutation(10_000)[:1000]
    sets = [load(f"{name}_heaviest") for name in ("aa", "oe", "qm9")]
    fits = [GaussianProcess(0.05, random_state=0).fit(s.X[rows], s.y[rows]) for s in sets]
    return np.array([fit.length_scale_ for fit in fits])


def test_the_factor_brings_the_length_scales_around_the_paper_s_start(best_length_scales):
    start = GaussianProcess().initial[1]
    assert (start / 4 < best_length_scales).all() and (best_length_scales < 4 * start).all()
    assert best_length_scales[0] < start < best_length_scales[1:].min()
    # Another power of ten would be farther off.
    assert abs(np.log10(best_length_scales / start).mean()) < 0.5


def test_every_molecule_of_the_paper_s_heaviest_is_found(data_dir, root):
    labels, dataset = load("qm9_heaviest"), load("qm9_heaviest_molecules")
    assert len(dataset) == 10_000 and np.array_equal(dataset.y, labels.y)
    alone = f"{dataset.info['n_alone']:,}".replace(",", " ")
    assert f"{alone} share mass and label with no other" in (root / "book/data.md").read_text(
        "utf8"
    )
    masses = masses_of(dataset.molecules)
    assert (np.diff(masses) >= 0).all()
