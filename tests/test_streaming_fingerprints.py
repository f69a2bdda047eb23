"""SMILES in chunks, by fingerprints alone or beside MBTR: picks are those in memory."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from alutils.acquisition.strategies import STRATEGIES, PoolView
from alutils.acquisition.target import Range
from alutils.data.datasets import MoleculeDataset, load
from alutils.data.embedding import Embedded
from alutils.descriptors import DESCRIPTORS, MBTRSettings, features, n_bits
from alutils.descriptors.axes import principal_axes
from alutils.descriptors.fingerprints import MORGAN, FingerprintSettings
from alutils.model.gp import GaussianProcess
from alutils.streaming import strategies
from alutils.streaming.points import axes_of, descriptors, points
from alutils.streaming.scoring import Scorer, Store
from alutils.streaming.strategies import STREAMED, StreamedView

pytest.importorskip("rdkit")
N, N_TRAIN, BITS = 220, 60, 2048
NAMES = [name for name in STREAMED if name != "random"]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALUTILS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def pool(cache):
    """With molecules that are there twice."""
    whole, rows = load("organics"), np.r_[: N - 10, :10]
    smiles = tuple(whole.smiles[k] for k in rows)
    return MoleculeDataset("few", whole.y[rows], whole.molecules.take(rows), smiles=smiles)


def fitted(X, y, bits=BITS):
    model = GaussianProcess(0.05, initial=None, n_restarts=0, random_state=0, n_bits=bits)
    return model.fit(X, y - y.mean())


@pytest.fixture(scope="module")
def in_memory(pool):
    X = features(pool, descriptor="fingerprint")
    return PoolView(fitted(X[:N_TRAIN], pool.y[:N_TRAIN]), X, Range(0.1))


@pytest.fixture(scope="module")
def scorer(pool):
    training = points(pool.smiles[:N_TRAIN], None, MORGAN)
    return Scorer(fitted(training, pool.y[:N_TRAIN]), None, MORGAN)


def scored(scorer, smiles, size):
    return [scorer(list(smiles[k : k + size])) for k in range(0, len(smiles), size)]


def joined(chunks, name):
    return np.concatenate([chunk[name] for chunk in chunks])


def pick(table, name, view, batch_size):
    return table[name](view, batch_size, np.random.default_rng(3))


@pytest.mark.parametrize("size", [37, N])
def test_chunks_of_smiles_give_the_prediction_in_memory(pool, in_memory, scorer, size):
    chunks = scored(scorer, pool.smiles, size)
    np.testing.assert_allclose(joined(chunks, "mu"), in_memory.mu, rtol=0, atol=1e-12)
    np.testing.assert_allclose(joined(chunks, "sigma"), in_memory.sigma, rtol=0, atol=1e-10)
    bits = joined(chunks, "bits")
    assert bits.dtype == np.uint8 and bits.shape == (N, BITS // 8)
    np.testing.assert_array_equal(np.unpackbits(bits, axis=1), in_memory.X)
    assert joined(chunks, "Z").shape == (N, 0) and set(chunks[0]) == {"mu", "sigma", "Z", "bits"}


@pytest.mark.parametrize("batch_size", [5, 30, 150, N])
@pytest.mark.parametrize("name", NAMES)
def test_picks_are_those_in_memory(pool, in_memory, scorer, name, batch_size, monkeypatch):
    monkeypatch.setattr(strategies, "PIECE", 50)
    view = StreamedView(scored(scorer, pool.smiles, 64), in_memory.target)
    picks = pick(STREAMED, name, view, batch_size)
    expected = pick(STRATEGIES, name, in_memory, batch_size)
    if name in ("most_uncertain", "property_search"):
        np.testing.assert_array_equal(picks, expected)
    np.testing.assert_array_equal(np.sort(picks), np.sort(expected))


@pytest.mark.parametrize("name", STREAMED)
def test_picks_of_a_sample_are_the_same_for_any_chunks(pool, scorer, name, monkeypatch, tmp_path):
    """Read back from a store, too, and molecules that are there twice among them."""
    monkeypatch.setattr(strategies, "SAMPLE", 4)
    store = Store(tmp_path, made_by=scorer.sha256)
    for number, chunk in enumerate(scored(scorer, pool.smiles, 50)):
        store.put(number, chunk)
    picks = pick(STREAMED, name, StreamedView(store, Range(0.1)), 20)
    assert len(np.unique(picks)) == 20 and picks.min() >= 0 and picks.max() < N
    whole = StreamedView(scored(scorer, pool.smiles, N), Range(0.1))
    np.testing.assert_array_equal(picks, pick(STREAMED, name, whole, 20))


class Both(Embedded):
    """SMILES whose geometries are those of a data set."""

    def __init__(self, dataset, rows):
        super().__init__(dataset.smiles[k] for k in rows)
        self._made = dataset.molecules.take(rows)


def test_mbtr_beside_fingerprints_gives_the_picks_in_memory(pool):
    few = MoleculeDataset("few", pool.y[:120], pool.molecules[:120], smiles=pool.smiles[:120])
    settings = (MBTRSettings(species=("H", "C", "N", "O", "F")), MORGAN)
    assert settings == (replace(DESCRIPTORS["mbtr"], species=settings[0].species), MORGAN)
    X, bits = features(few, descriptor="mbtr+fingerprint"), n_bits(few, "mbtr+fingerprint")
    whole = Both(few, range(120))
    axes = axes_of(whole, settings)
    F = points(whole, axes, settings)
    assert F.dtype == X.dtype and bits == BITS
    np.testing.assert_allclose(F, X, rtol=0, atol=1e-6 * np.abs(X[:, :-BITS]).max())
    view = PoolView(fitted(X[:50], few.y[:50]), X, Range(0.1))
    scorer = Scorer(fitted(F[:50], few.y[:50]), axes, settings)
    chunks = [scorer(Both(few, range(k, k + 40))) for k in (0, 40, 80)]
    np.testing.assert_allclose(joined(chunks, "mu"), view.mu, rtol=0, atol=1e-5)
    assert joined(chunks, "bits").shape == (120, BITS // 8)
    assert joined(chunks, "Z").shape == (120, scorer.n_clustering) and scorer.n_clustering > 1
    for name in NAMES:
        picks = pick(STREAMED, name, StreamedView(chunks, view.target), 15)
        assert set(picks) == set(pick(STRATEGIES, name, view, 15)), name


def test_axes_alone_are_the_principal_ones(pool):
    settings = MBTRSettings(n_grid=40, species=("H", "C", "N", "O", "F"))
    ours, axes = axes_of(pool.molecules[:30], settings), axes_of(list(pool.smiles), MORGAN)
    expected = principal_axes(descriptors(pool.molecules[:30], settings))
    np.testing.assert_array_equal(ours.axes, expected.axes)
    assert axes is None


def test_scorers_of_other_bits_are_others(pool, scorer):
    short = FingerprintSettings(n_bits=300)
    training = points(pool.smiles[:N_TRAIN], None, short)
    other = Scorer(fitted(training, pool.y[:N_TRAIN], 300), None, short)
    wider = replace(scorer, settings=FingerprintSettings(radius=3))
    assert len({one.sha256 for one in (scorer, other, wider)}) == 3
    chunk = other(pool.smiles[:20])
    assert chunk["bits"].shape == (20, 38)
    assert len(pick(STREAMED, "cluster_centres", StreamedView([chunk]), 5)) == 5


def test_what_does_not_fit_is_refused_with_a_remedy(pool, scorer):
    plain = fitted(np.eye(5), np.arange(5.0), 0)
    axes = principal_axes(np.eye(5))
    with pytest.raises(ValueError, match=r"make 2048 bits, the model has n_bits=0: fit a"):
        Scorer(plain, None, MORGAN)
    with pytest.raises(ValueError, match=r"make 0 bits, the model has n_bits=2048"):
        Scorer(scorer.model, axes, MBTRSettings())
    for wrong in ((plain, None, MBTRSettings()), (scorer.model, axes, MORGAN)):
        with pytest.raises(ValueError, match=r"needs axes, a fingerprint alone has none: give"):
            Scorer(*wrong)
    with pytest.raises(ValueError, match=r"molecule 0 of the chunk has no SMILES .* give a list"):
        scorer(pool.molecules[:3])
    with pytest.raises(ValueError, match="molecule 1 of the chunk has no SMILES"):
        scorer(["C", ""])
    with pytest.raises(ValueError, match="chunk: molecule 1, 'C1CC', is no SMILES"):
        scorer(["C", "C1CC"])
    with pytest.raises(ValueError, match=r"no geometries for MBTR: .* of SMILES Embedded\(chunk\)"):
        descriptors(["C"], MBTRSettings(species=("H", "C")))


class Made:
    """A pool of made-up bits, read anew each time: nothing of it stays in memory."""

    def __init__(self, n_chunks):
        self.n_chunks = n_chunks

    def __iter__(self):
        for seed in range(self.n_chunks):
            rng = np.random.default_rng(seed)
            numbers = {name: rng.random(1000) for name in ("mu", "sigma")}
            bits = rng.integers(256, size=(1000, BITS // 8), dtype=np.uint8)
            yield numbers | {"Z": np.zeros((1000, 0), np.float32), "bits": bits & bits[::-1]}


@pytest.mark.parametrize("name", ["cluster_centres", "uncertain_cluster_centres"])
def test_memory_does_not_grow_with_the_pool(name, monkeypatch):
    """Neither with the molecules, nor by unpacking a chunk at once."""
    monkeypatch.setattr(strategies, "PIECE", 100)

    def peak(n_chunks):
        tracemalloc.start()
        picks = pick(STREAMED, name, StreamedView(Made(n_chunks)), 4)
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert len(np.unique(picks)) == 4
        return highest

    peak(2)  # what libraries keep
    small, large = peak(2), peak(8)
    assert large < 1.1 * small, f"{small / 1e6:.2f} MB, then {large / 1e6:.2f} MB"
    assert large < 1000 * BITS * 8, f"{large / 1e6:.2f} MB"
