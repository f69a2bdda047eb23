"""MBTR sees what a molecule is, not how it is written down; `features` keep the distances."""

import subprocess
import sys

import ase
import ase.build
import ase.io
import numpy as np
import pytest
import scipy.sparse
from packaging.version import Version
from scipy.special import erf

from alutils.data.datasets import MoleculeDataset
from alutils.descriptors import DEFAULTS, MBTRSettings, features, many_body, mbtr
from alutils.descriptors.cache import cached


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def dataset_of(frames, name="mine"):
    return MoleculeDataset(name, np.linspace(-9, -5, len(frames)), frames)


def rattled(n, seed=0):
    """n distorted copies of a few molecules: near-duplicates and distant rows together."""
    rng = np.random.default_rng(seed)
    frames = [ase.build.molecule(name) for name in ("CH3CH2OH", "C6H6", "CH3CONH2", "HCN")]
    chosen = [frames[k].copy() for k in rng.integers(len(frames), size=n)]
    for atoms in chosen:
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    return dataset_of(chosen)


def squared_distances(A):
    A = A.astype(np.float64)
    return ((A[:, None] - A[None]) ** 2).sum(axis=-1)


def gaussian_on_grid(centre, settings):
    """A unit Gaussian as DScribe puts it on the grid: the mean of each cell around a point."""
    grid, step = np.linspace(settings.grid_min, settings.grid_max, settings.n_grid, retstep=True)

    def below(x):
        return 0.5 * (1 + erf((x - centre) / (settings.sigma * np.sqrt(2))))

    return (below(grid + step / 2) - below(grid - step / 2)) / step


def test_hydrogen_by_hand():
    # One pair at d = 1.25: one Gaussian at 1 / d = 0.8 with the weight exp(-0.5 * 1.25).
    X = mbtr(dataset_of([ase.Atoms("H2", [[0, 0, 0], [0, 0, 1.25]])]))
    assert X.shape == (1, 200) and X.dtype == np.float32
    expected = np.exp(-0.5 * 1.25) * gaussian_on_grid(0.8, MBTRSettings())
    np.testing.assert_allclose(X[0], expected, atol=1e-5)
    assert X[0].sum() * 1.2 / 199 == pytest.approx(np.exp(-0.5 * 1.25), rel=1e-5)


@pytest.mark.skipif(
    Version(ase.__version__) >= Version("3.27"), reason="DScribe's own copy of a molecule fails"
)
def test_rows_are_dscribes_own(tmp_path):
    """To the bit, although ase makes the copies of the molecules; DScribe here is untouched."""
    frames = list(rattled(8).molecules)
    ase.io.write(tmp_path / "frames.traj", frames)
    code = (
        "import sys, ase.io, numpy as np\nfrom dscribe.descriptors import MBTR\n"
        "mbtr = MBTR(species=['H', 'C', 'N', 'O'], geometry={'function': 'inverse_distance'},\n"
        "    grid={'min': 0, 'max': 1.2, 'n': 200, 'sigma': 0.02}, normalization='none',\n"
        "    weighting={'function': 'exp', 'scale': 0.5, 'threshold': 1e-3}, periodic=False)\n"
        "np.save('own.npy', [mbtr.create(atoms) for atoms in ase.io.read('frames.traj', ':')])\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
    own = np.load(tmp_path / "own.npy")
    settings = MBTRSettings(species=("H", "C", "N", "O"))
    assert np.array_equal(mbtr(dataset_of(frames), settings), own.astype(np.float32))


def test_water_by_hand():
    # Blocks H-H, H-O, O-O: one distance 1.6, twice the distance 1.0, none.
    y = 0.8
    z = np.sqrt(1 - y**2)
    water = ase.Atoms("OH2", [[0, 0, 0], [0, y, z], [0, -y, z]])
    settings = MBTRSettings()
    X = mbtr(dataset_of([water]))[0].reshape(3, 200)
    np.testing.assert_allclose(
        X,
        [
            np.exp(-0.5 * 1.6) * gaussian_on_grid(1 / 1.6, settings),
            2 * np.exp(-0.5 * 1.0) * gaussian_on_grid(1.0, settings),
            np.zeros(200),
        ],
        atol=2e-5,
    )


def test_far_atoms_and_single_atoms_add_nothing():
    frames = [ase.Atoms("H2", [[0, 0, 0], [0, 0, 20.0]]), ase.Atoms("H")]
    assert not mbtr(dataset_of(frames)).any()


def test_invariance():
    rng = np.random.default_rng(1)
    original = ase.build.molecule("CH3CH2OH")
    moved, turned, reordered = original.copy(), original.copy(), original.copy()
    moved.positions += [11.0, -7.0, 3.0]
    turned.rotate(73, (1, 2, 3))
    reordered = reordered[rng.permutation(len(original))]
    X = mbtr(dataset_of([original, moved, turned, reordered])).astype(np.float64)
    scale = np.linalg.norm(X[0])
    assert scale > 1
    for row in X[1:]:
        assert np.linalg.norm(row - X[0]) <= 1e-5 * scale


def test_every_molecule_alone_and_among_others():
    dataset = rattled(20)
    together = mbtr(dataset, MBTRSettings(species=("H", "C", "N", "O")))
    alone = dataset_of([dataset.molecules[7]])
    assert np.array_equal(mbtr(alone, MBTRSettings(species=("O", "N", "C", "H")))[0], together[7])


def test_two_processes_give_the_rows_of_one(tmp_path):
    dataset, path = rattled(23), tmp_path / "two.npy"
    species = many_body.species_of("mine", dataset.molecules, DEFAULTS)
    many_body.write_descriptor(path, dataset.molecules, DEFAULTS, species, chunk=7, in_process=0)
    assert np.array_equal(np.load(path), mbtr(dataset))


def test_element_that_the_settings_do_not_cover():
    frames = [ase.build.molecule(name) for name in ("CH4", "CH3SH")]
    with pytest.raises(ValueError, match=r"element S of molecule 1 .* species H, C, O; add it"):
        mbtr(dataset_of(frames), MBTRSettings(species=("H", "C", "O")))


def test_labels_alone_are_refused():
    labels = MoleculeDataset("labels", np.array([-5.0, -6.0]))
    for compute in (mbtr, features):
        with pytest.raises(ValueError, match="labels has labels alone, no molecules"):
            compute(labels)


def test_cache(own_cache):
    def made():
        """The arrays of the cache with the time at which each was written."""
        return {path.name: path.stat().st_mtime_ns for path in own_cache.rglob("*.npy")}

    dataset = rattled(12)
    first = np.array(features(dataset)), np.array(mbtr(dataset))
    kept = made()
    assert [len(list((own_cache / kind).iterdir())) for kind in ("mbtr", "features")] == [2, 2]
    again = features(rattled(12)), mbtr(rattled(12))
    assert made() == kept
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    for array in again:
        with pytest.raises(ValueError, match="read-only"):
            array[:1] = 0
    others = (
        lambda: mbtr(dataset, MBTRSettings(sigma=0.03)),
        lambda: features(dataset, 1e-4),
        lambda: mbtr(rattled(12, seed=1)),
    )
    for number, other in enumerate(others, len(kept) + 1):
        other()
        assert len(made()) == number and made().items() >= kept.items()


def test_an_interrupted_computation_leaves_nothing(own_cache):
    def interrupted(path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cached("mbtr", ("parts",), interrupted)
    assert not list((own_cache / "mbtr").iterdir())


@pytest.mark.parametrize("tolerance", [1e-3, 1e-6, 1e-8])
def test_features_keep_the_distances(tolerance):
    dataset = rattled(150)
    X, F = mbtr(dataset), features(dataset, tolerance)
    exact, kept = squared_distances(X), squared_distances(F)
    error = exact - kept
    assert error.min() > -1e-9 * exact.max()  # never longer
    assert 0 < error.mean() <= tolerance * exact.mean()
    assert F.dtype == np.float64 and F.shape[1] < min(X.shape)


def test_features_are_the_fewest_principal_axes():
    dataset = rattled(150)
    X, F = mbtr(dataset).astype(np.float64), features(dataset, 1e-6)
    scores, singular, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    share_left = 1 - np.cumsum(singular**2) / np.sum(singular**2)
    fewest = 1 + int(np.argmax(share_left <= 1e-6))
    assert fewest <= F.shape[1] <= fewest + 1
    np.testing.assert_allclose(np.linalg.norm(F, axis=0), singular[: F.shape[1]], rtol=1e-3)
    leading = scores[:, :5] * singular[:5]
    leading *= np.sign(leading[np.abs(leading).argmax(axis=0), range(5)])
    np.testing.assert_allclose(F[:, :5], leading, atol=1e-5 * singular[0])
    np.testing.assert_allclose(F.mean(axis=0), 0, atol=1e-9)
    gram = F.T @ F
    off_diagonal = gram - np.diag(np.diag(gram))
    assert np.abs(off_diagonal).max() < 1e-9 * gram.max()


def test_tolerance_zero_keeps_all():
    dataset = rattled(30)
    exact, kept = squared_distances(mbtr(dataset)), squared_distances(features(dataset, 0))
    np.testing.assert_allclose(kept, exact, atol=1e-11 * exact.max())


@pytest.mark.parametrize("tolerance", [-1e-6, 1, float("nan")])
def test_tolerance_is_a_share(tolerance):
    with pytest.raises(ValueError, match=r"tolerance .* is a share of the variance"):
        features(rattled(3), tolerance)


def test_equal_rows_are_refused():
    with pytest.raises(ValueError, match="same descriptor"):
        features(dataset_of([ase.build.molecule("CH4")] * 4))


def test_a_set_that_brings_its_descriptor():
    rng = np.random.default_rng(2)
    X = scipy.sparse.random(40, 450, 0.2, "csr", rng=rng)  # 450: the last block is narrower
    dataset = MoleculeDataset("zenodo", rng.normal(size=40), X=X)
    dense = mbtr(dataset)
    assert dense.dtype == np.float32 and not dense.flags.writeable
    np.testing.assert_allclose(dense, X.toarray(), rtol=1e-6)
    exact, kept = squared_distances(dense), squared_distances(features(dataset, 1e-8))
    np.testing.assert_allclose(kept, exact, rtol=1e-6, atol=1e-9)


def test_a_descriptor_goes_by_its_name(own_cache):
    dataset = rattled(12)
    narrow, broad = (np.array(features(dataset, descriptor=name)) for name in (None, "mbtr_broad"))
    own = MoleculeDataset(
        "own", dataset.y, dataset.molecules, info={"own_descriptor": "mbtr_broad"}
    )
    assert np.array_equal(features(own), broad) and not np.array_equal(narrow[:, :5], broad[:, :5])
    with pytest.raises(ValueError, match="descriptor='mbtr_wide' is unknown: choose one of mbtr, "):
        features(dataset, descriptor="mbtr_wide")
    with pytest.raises(ValueError, match="brings its own descriptor"):
        features(MoleculeDataset("x", dataset.y, X=np.eye(12)), descriptor="mbtr_broad")
