"""Chunks of molecules to scored chunks: the same whatever the chunks, wherever they are made."""

import gc
import tracemalloc
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from itertools import repeat

import numpy as np
import pytest
from distributed import Client

from alutils.data.datasets import MoleculeDataset, load
from alutils.descriptors import MBTRSettings, features, mbtr
from alutils.descriptors.axes import principal_axes
from alutils.model.gp import GaussianProcess
from alutils.streaming.points import descriptors
from alutils.streaming.scoring import Scorer, Store, mapped

N, N_TRAIN = 330, 120
SETTINGS = MBTRSettings(n_grid=60, species=("H", "C", "N", "O", "F"))


@pytest.fixture(scope="module")
def pool():
    """Molecules and labels of an embedded pool."""
    dataset = load("organics")
    return dataset.molecules[:N], dataset.y[:N]


@pytest.fixture(scope="module")
def small(pool):
    """The same with a descriptor of few columns, as a data set that brings its X."""
    molecules, y = pool
    return MoleculeDataset("small", y, X=descriptors(molecules, SETTINGS))


@pytest.fixture(scope="module")
def scorer(pool, small):
    y, X = pool[1], small.X
    axes = principal_axes(X)
    model = GaussianProcess(0.05, random_state=0).fit(axes.rotate(X[:N_TRAIN]), y[:N_TRAIN])
    return Scorer(model, axes, SETTINGS)


def chunks(molecules, size):
    return [molecules[start : start + size] for start in range(0, len(molecules), size)]


def joined(scored, name):
    return np.concatenate([chunk[name] for chunk in scored])


def test_descriptors_are_those_of_the_data_set():
    dataset = load("organics")
    settings = MBTRSettings(species=SETTINGS.species)
    X = descriptors(dataset.molecules[:40], settings)
    np.testing.assert_array_equal(X, mbtr(dataset)[:40])


def test_axes_are_those_of_features(small, scorer):
    """Where the sample is the data set itself: every column, its sign too."""
    F, X = features(small), small.X
    axes = principal_axes(X)
    ours = axes.rotate(X)
    assert ours.shape[1] > 60
    np.testing.assert_allclose(ours, F, rtol=0, atol=1e-9 * np.abs(F).max())
    np.testing.assert_allclose(axes.variances, np.sum(ours**2, axis=0), rtol=1e-6)
    np.testing.assert_allclose(axes.axes.T @ axes.axes, np.eye(ours.shape[1]), atol=1e-10)
    total = np.sum((X - axes.mean) ** 2)
    assert abs(1 - np.sum(ours**2) / total) <= 1.001e-10
    kept = np.cumsum(axes.variances) / total
    assert kept[scorer.n_clustering - 1] >= 0.99 > kept[scorer.n_clustering - 2]


@pytest.mark.parametrize("size", [1, 37, 100, N])
def test_chunks_of_any_size_give_the_same_prediction(pool, scorer, size):
    molecules = pool[0][:100] if size == 1 else pool[0]
    scored = list(mapped(scorer, chunks(molecules, size)))
    X = descriptors(molecules, SETTINGS).astype(np.float64)
    F = scorer.axes.rotate(X)
    mu, sigma = scorer.model.predict(F, return_std=True)
    assert joined(scored, "mu").dtype == np.float64
    np.testing.assert_allclose(joined(scored, "mu"), mu, rtol=0, atol=1e-9)
    np.testing.assert_allclose(joined(scored, "sigma"), sigma, rtol=0, atol=1e-8)
    Z = joined(scored, "Z")
    assert Z.dtype == np.float32 and Z.shape == (len(molecules), scorer.n_clustering)
    np.testing.assert_allclose(Z, F[:, : Z.shape[1]], rtol=1e-5, atol=1e-3)


def test_the_streamed_model_is_the_model_of_features(pool, small, scorer):
    """A GP on `features` of the whole set predicts the same of the same molecules."""
    F, (molecules, y) = features(small), pool
    whole = GaussianProcess(0.05, random_state=0).fit(F[:N_TRAIN], y[:N_TRAIN])
    mu, sigma = whole.predict(F[N_TRAIN:], return_std=True)
    scored = scorer(molecules[N_TRAIN:])
    np.testing.assert_allclose(scored["mu"], mu, rtol=0, atol=1e-5)
    np.testing.assert_allclose(scored["sigma"], sigma, rtol=0, atol=1e-5)


def test_a_process_pool_gives_the_same_bits(pool, scorer):
    here = list(mapped(scorer, chunks(pool[0], 60)))
    with ProcessPoolExecutor(2) as executor:
        there = list(mapped(scorer, chunks(pool[0], 60), executor, ahead=3))
    assert len(here) == len(there) == 6
    for name in ("mu", "sigma", "Z"):
        np.testing.assert_array_equal(joined(here, name), joined(there, name))


class Counting(Client):
    """Counts what is brought to all workers."""

    n_scattered = 0

    def scatter(self, *arguments, **options):
        self.n_scattered += 1
        return super().scatter(*arguments, **options)


@pytest.mark.parametrize("given", ["client", "executor"])
def test_dask_gives_the_same_bits(pool, scorer, given):
    here = list(mapped(scorer, chunks(pool[0], 60)))
    options = {"dashboard_address": None, "processes": False}
    with Counting(n_workers=1, threads_per_worker=1, **options) as client:
        executor = client if given == "client" else client.get_executor(pure=False)
        there = list(mapped(scorer, chunks(pool[0], 60), executor, ahead=3))
    assert client.n_scattered == 1
    for name in ("mu", "sigma", "Z"):
        np.testing.assert_array_equal(joined(here, name), joined(there, name))


class Lazy:
    """An executor that runs a task when its result is fetched, and counts those waiting."""

    def __init__(self):
        self.waiting, self.most, self.cancelled = 0, 0, 0

    def submit(self, function, *arguments):
        self.waiting += 1
        self.most = max(self.most, self.waiting)
        return LazyFuture(self, function, arguments)


class LazyFuture(Future):
    def __init__(self, executor, function, arguments):
        super().__init__()
        self.work = executor, function, arguments

    def result(self, timeout=None):
        executor, function, arguments = self.work
        executor.waiting -= 1
        return function(*arguments)

    def cancel(self):
        self.work[0].cancelled += 1
        return super().cancel()


def test_few_chunks_are_under_way_and_the_rest_is_cancelled():
    executor = Lazy()
    assert list(mapped(lambda k: k * k, range(50), executor, ahead=5)) == [k * k for k in range(50)]
    assert executor.most == 5 and executor.cancelled == 0
    results = mapped(lambda k: 1 / (k - 7), iter(range(50)), executor, ahead=5)
    with pytest.raises(ZeroDivisionError):
        list(results)
    assert executor.cancelled == 4


def test_a_store_keeps_chunks_in_order_and_whole(tmp_path, pool, scorer):
    scored = list(mapped(scorer, chunks(pool[0], 100)))
    store = Store(tmp_path / "pool", made_by=scorer.sha256)
    assert len(store) == 0 and list(store) == []
    for number in (0, 3):
        store.put(number, scored[number])
    (tmp_path / "pool" / "000000001.npz.7.tmp").write_bytes(b"half")  # an interrupted write
    store = Store(tmp_path / "pool", made_by=scorer.sha256)
    with pytest.raises(ValueError, match="chunk 1 of 4 is missing"):
        list(store)
    assert store.missing(len(scored)) == [1, 2]
    for number in store.missing(len(scored)):
        store.put(number, scored[number])
    for name in ("mu", "sigma", "Z"):
        np.testing.assert_array_equal(
            np.concatenate([chunk[name] for chunk in store]), joined(scored, name)
        )
    assert len(Store(tmp_path / "pool", 2)) == len(list(Store(tmp_path / "pool", 2))) == 2
    with pytest.raises(ValueError, match="chunk 4 of 5 is missing"):
        list(Store(tmp_path / "pool", 5))


def test_chunks_of_two_scorers_never_meet(tmp_path, small, scorer, pool):
    """Axes of another sign alone make it another: mu is the same, and clusters would not be."""
    mirrored = replace(scorer, axes=replace(scorer.axes, axes=-scorer.axes.axes))
    refitted = replace(scorer, model=GaussianProcess(0.05).fit(small.X[:50], pool[1][:50]))
    names = {one.sha256 for one in (scorer, mirrored, refitted)}
    assert len(names) == 3 and replace(scorer).sha256 in names
    Store(tmp_path, made_by=scorer.sha256).put(0, {"mu": np.zeros(3)})
    for other in (mirrored, refitted):
        with pytest.raises(ValueError, match="its chunks are another scorer's: name another"):
            Store(tmp_path, made_by=other.sha256)
    assert len(Store(tmp_path)) == 1


@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("harm", ["empty", "cut", "a bit", "pickled"])
def test_a_damaged_chunk_is_set_aside_and_scored_again(tmp_path, harm, number):
    """The last one, too: a pool without it would go unnoticed."""
    store = Store(tmp_path)
    chunk = {"mu": np.arange(50.0), "Z": np.ones((50, 3), dtype=np.float32)}
    for k in range(3):
        store.put(k, chunk)
    path = tmp_path / f"00000000{number}.npz"
    content = bytearray(path.read_bytes())
    if harm == "a bit":
        content[200] ^= 1
    path.write_bytes({"empty": b"", "cut": content[: len(content) // 2]}.get(harm, content))
    if harm == "pickled":
        np.savez(path, mu=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=rf"^{path.name} is damaged .* it is now .*: score it"):
        [one["mu"].sum() for one in store]
    assert path.with_name(f"{path.name}.damaged").exists() and store.missing(3) == [number]
    with pytest.raises(ValueError, match=f"chunk {number} of 3 is missing"):
        list(store)
    store.put(number, chunk)
    assert [one["mu"].sum() for one in store] == [1225.0] * 3
    assert all(set(one) == {"mu", "Z"} and len(one) == 2 for one in store)
    with pytest.raises(KeyError, match="sigma"):
        next(iter(store))["sigma"]


def test_memory_does_not_grow_with_the_pool(tmp_path, pool, scorer):
    """Scoring into a store: next to nothing is left of a chunk, and the peak is that of one."""

    def measured(folder, n_chunks):
        """Memory held after each chunk, and the peak, bytes."""
        store, held = Store(folder), []
        tracemalloc.start()
        for number, chunk in enumerate(mapped(scorer, repeat(pool[0][:50], n_chunks))):
            store.put(number, chunk)
            gc.collect()  # cycles of the libraries: when they go is up to chance
            held.append(tracemalloc.get_traced_memory()[0])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return held, peak

    _, small = measured(tmp_path / "small", 3)
    held, large = measured(tmp_path / "large", 48)
    results = 45 * 50 * (16 + 4 * scorer.n_clustering)  # bytes, of the chunks after the third
    assert held[-1] - held[2] < results / 10  # the interpreter keeps small objects to use again
    assert large - small < results / 2


def test_an_unknown_element_and_missing_species_are_named(pool):
    with pytest.raises(ValueError, match=r"element [NOF] of molecule \d+ is not among"):
        descriptors(pool[0], MBTRSettings(species=("H", "C")))
    with pytest.raises(ValueError, match=r"settings.species is None"):
        descriptors(pool[0])


def test_equal_molecules_have_no_axes():
    with pytest.raises(ValueError, match="same descriptor"):
        principal_axes(np.ones((5, 30), dtype=np.float32))
