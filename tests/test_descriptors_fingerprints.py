"""Fingerprints of SMILES: RDKit's own, kept once, and side by side with MBTR."""

import numpy as np
import pytest

from alutils import descriptors
from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import DESCRIPTORS, features, fingerprints, morgan, n_bits
from alutils.model.kernel import squared_distances

Chem = pytest.importorskip("rdkit.Chem")
N = 60
BITS = 2048


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def pool():
    whole = load("organics")
    return MoleculeDataset("few", whole.y[:N], whole.molecules[:N], smiles=whole.smiles[:N])


def shuffled(pool, order):
    smiles = tuple(pool.smiles[k] for k in order)
    return MoleculeDataset("other", pool.y[order], pool.molecules.take(order), smiles=smiles)


def test_distances_are_rdkits(pool):
    from rdkit import DataStructs
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=BITS)
    each = [generator.GetFingerprint(Chem.MolFromSmiles(one)) for one in pool.smiles]
    similarity = np.array([DataStructs.BulkTanimotoSimilarity(one, each) for one in each])
    found = squared_distances(features(pool, descriptor="fingerprint"), n_bits=BITS)
    np.testing.assert_allclose(found, 2 * (1 - similarity), atol=1e-14)


def test_bits_are_kept_and_come_back(pool, own_cache, monkeypatch):
    first, X = morgan(pool), features(pool, descriptor="fingerprint")
    assert first.dtype == np.uint8 and X.dtype == np.float32 and X.shape == (N, BITS)
    assert np.array_equal(first, X) and set(np.unique(first)) == {0, 1}
    assert not X.flags.writeable and n_bits(pool, "fingerprint") == BITS
    monkeypatch.setattr(descriptors, "write_fingerprints", None)
    monkeypatch.setattr(descriptors, "write_points", None)
    assert np.array_equal(features(pool, descriptor="fingerprint"), X)
    assert np.array_equal(morgan(pool), first)


def test_the_order_of_molecules_is_that_of_the_rows(pool):
    order = np.random.default_rng(0).permutation(N)
    for descriptor in ("fingerprint", "mbtr+fingerprint"):
        kept = squared_distances(features(pool, descriptor=descriptor), n_bits=BITS)
        moved = features(shuffled(pool, order), descriptor=descriptor)
        moved = squared_distances(moved, n_bits=BITS)
        np.testing.assert_allclose(moved, kept[np.ix_(order, order)], atol=2e-5)


def test_both_side_by_side_weigh_the_same(pool):
    axes, both = features(pool), features(pool, descriptor="mbtr+fingerprint")
    assert both.dtype == np.float32 and both.shape == (N, axes.shape[1] + BITS)
    assert n_bits(pool, "mbtr+fingerprint") == BITS and n_bits(pool) == n_bits(pool, "mbtr") == 0
    plain, bits = both[:, :-BITS].astype(float), both[:, -BITS:]
    assert np.array_equal(bits, features(pool, descriptor="fingerprint"))
    by_bits, by_axes = squared_distances(bits, n_bits=BITS), squared_distances(plain)
    assert by_axes.mean() == pytest.approx(by_bits.mean(), rel=1e-5)
    exact = squared_distances(np.array(axes))
    np.testing.assert_allclose(by_axes / by_axes.mean(), exact / exact.mean(), atol=1e-5)
    whole = squared_distances(both, n_bits=BITS)
    np.testing.assert_allclose(whole, by_axes + by_bits, atol=1e-12)


def test_the_scale_of_a_large_pool_does_not_depend_on_the_order(pool, monkeypatch):
    axes, bits, smiles = np.array(features(pool)), morgan(pool), np.array(pool.smiles)
    whole, order = (
        fingerprints.scale_beside(axes, bits, smiles),
        np.random.default_rng(1).permutation(N),
    )
    monkeypatch.setattr(fingerprints, "SCALED_BY", 40)
    some = fingerprints.scale_beside(axes, bits, smiles)
    assert some == pytest.approx(whole, rel=0.1) and some != whole
    assert fingerprints.scale_beside(axes[order], bits[order], smiles[order]) == pytest.approx(
        some, rel=1e-9
    )


def test_what_has_no_smiles_is_refused_with_a_remedy(pool):
    without = MoleculeDataset("mine", pool.y, pool.molecules)
    gap = MoleculeDataset("mine", pool.y, pool.molecules, smiles=(*pool.smiles[:-1], ""))
    labels = MoleculeDataset("labels", pool.y)
    for descriptor in ("fingerprint", "mbtr+fingerprint"):
        for ask in (n_bits, lambda d, name: features(d, descriptor=name)):
            with pytest.raises(ValueError, match=r"mine has no SMILES .* 'mbtr' needs none; or"):
                ask(without, descriptor)
            with pytest.raises(ValueError, match=f"molecule {N - 1} has no SMILES"):
                ask(gap, descriptor)
            with pytest.raises(ValueError, match="labels"):
                ask(labels, descriptor)
    assert features(gap).shape == features(without).shape
    with pytest.raises(ValueError, match="brings its own descriptor"):
        n_bits(MoleculeDataset("x", pool.y, X=np.eye(N)), "fingerprint")
    assert n_bits(MoleculeDataset("x", pool.y, X=np.eye(N))) == 0


def test_what_is_no_smiles_leaves_nothing(pool, own_cache):
    wrong = MoleculeDataset("mine", pool.y[:3], pool.molecules[:3], smiles=("C", "C1CC", "N"))
    with pytest.raises(ValueError, match=r"mine: molecule 1, 'C1CC', is no SMILES"):
        features(wrong, descriptor="fingerprint")
    assert not list(own_cache.rglob("*.npy"))


def test_molecules_that_nothing_tells_apart_are_refused(pool):
    same = MoleculeDataset("mine", pool.y[:3], pool.molecules[:3], smiles=("CCO",) * 3)
    with pytest.raises(ValueError, match="all molecules have the same fingerprint"):
        features(same, descriptor="fingerprint")
    plain = features(same, descriptor="mbtr+fingerprint")[:, :-BITS].astype(float)
    assert squared_distances(plain).mean() == pytest.approx(1, rel=1e-5)


def test_more_molecules_than_are_held_at_a_time(pool, tmp_path, monkeypatch):
    monkeypatch.setattr(fingerprints, "CHUNK", 7)
    fingerprints.write_fingerprints(
        tmp_path / "bits.npy", "few", pool.smiles, DESCRIPTORS["fingerprint"]
    )
    assert np.array_equal(np.load(tmp_path / "bits.npy"), morgan(pool))


def test_every_descriptor_is_described():
    said = {name: descriptors.described(name) for name in DESCRIPTORS}
    assert said["mbtr"] == "MBTR with Gaussians of width 0.02 per Å"
    assert said["mbtr+fingerprint"] == f"{said['mbtr']} and {said['fingerprint']}"
