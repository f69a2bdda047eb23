"""Pools of up to two million molecules: time of each step, memory, and what streaming changes.

The pool is QM9 again and again: each copy has every atom displaced at random. One process scores
it, then the workers of Dask do so again; the strategies pick from both. Writes
book/records/millions.json, which the page on pools of millions shows. It goes on where it was
interrupted; the scored chunks stay in the cache. With nothing else running, about an hour::

    OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1 python tests/bench/millions.py

Needs QM9 (`ALUTILS_DATA`, or a download).
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from alutils.acquisition import diversity
from alutils.acquisition.strategies import STRATEGIES
from alutils.acquisition.target import Range, highest
from alutils.data.datasets import load
from alutils.data.readers import Molecules
from alutils.descriptors import MBTRSettings, mbtr
from alutils.descriptors.axes import principal_axes
from alutils.model.gp import GaussianProcess
from alutils.runs import schedulers
from alutils.runs.provenance import (
    NUMERICS_VERSION,
    forget_peak_memory,
    peak_memory_gib,
    provenance,
)
from alutils.storage.files import write_json
from alutils.storage.locations import cache_dir, records_dir
from alutils.streaming.points import descriptors
from alutils.streaming.scoring import Scorer, Store, mapped
from alutils.streaming.strategies import STREAMED, StreamedView

DATASET = "qm9_b3lyp"
SIZES = (125_000, 250_000, 500_000, 1_000_000, 2_000_000)
SETTINGS = {
    "seed": 0,
    "chunk": 2500,  # molecules
    "displacement": 0.005,  # angstrom, standard deviation of each coordinate
    "n_axes_sample": 10_000,  # molecules of the pool whose principal axes are taken
    "n_train": 2000,  # molecules of QM9 as it is
    "noise_var": 0.05,  # eV^2
    "target_share": 0.30,
    "batch_size": 1000,
}
WORKERS = 2  # of Dask
CHUNK, SEED, BATCH = SETTINGS["chunk"], SETTINGS["seed"], SETTINGS["batch_size"]


def clocked(function, *arguments):
    """Result, wall time and processor time of this process, seconds."""
    wall, processor = time.perf_counter(), time.process_time()
    result = function(*arguments)
    return result, time.perf_counter() - wall, time.process_time() - processor


def alone(function, *arguments):
    """Result of a function in a fresh process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as executor:
        return executor.submit(function, *arguments).result()


def order_of(dataset):
    """The order in which the pool goes through the data set, again and again."""
    return np.random.default_rng(SEED).permutation(len(dataset))


def chunk(dataset, order, number):
    """Molecules `number` * CHUNK to that + CHUNK of the pool: the same whoever asks, whenever."""
    molecules = dataset.molecules
    chosen = order[np.arange(number * CHUNK, (number + 1) * CHUNK) % len(order)]
    starts, counts = molecules.offsets[chosen], molecules.counts[chosen]
    atoms = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
    rng = np.random.default_rng([SEED, number])
    shift = rng.normal(scale=SETTINGS["displacement"], size=(len(atoms), 3))
    return Molecules(molecules.numbers[atoms], molecules.positions[atoms] + shift, counts)


def trained(dataset, order):
    """The scorer, the target's `Range` in eV, and how the model came out."""
    settings = MBTRSettings(species=("H", "C", "N", "O", "F"))
    n_sample = SETTINGS["n_axes_sample"] // CHUNK
    X = np.vstack([descriptors(chunk(dataset, order, k), settings) for k in range(n_sample)])
    axes = principal_axes(X)
    centred = descriptors(chunk(dataset, order, n_sample), settings) - axes.mean
    kept = np.sum((centred @ axes.axes) ** 2) / np.sum(centred**2)
    train = order[-SETTINGS["n_train"] :]
    y = dataset.y[train]
    model = GaussianProcess(SETTINGS["noise_var"], random_state=SEED)
    model.fit(axes.rotate(mbtr(dataset)[train]), y)
    scorer = Scorer(model, axes, settings)
    made = {
        "n_axes": axes.axes.shape[1],
        "n_clustering": scorer.n_clustering,
        "share_lost": float(1 - kept),  # of the variance of molecules outside the sample
        "signal_var": float(model.signal_var_),
        "length_scale": float(model.length_scale_),
    }
    return scorer, highest(SETTINGS["target_share"]).range_in(y), made


def score_chunk(dataset, order, scorer, number):
    """One scored chunk with the seconds (wall, processor) of its steps."""
    F, *points_s = clocked(scorer.points, chunk(dataset, order, number))
    scored, *score_s = clocked(scorer.score, F)
    return scored | {"points_s": points_s, "score_s": score_s, "peak_gib": peak_memory_gib()}


def score(folder, n, scheduler="serial"):
    """Score what is missing of the first n molecules, and say what the model is like."""
    dataset = load(DATASET)
    order = order_of(dataset)
    scorer, target, made = trained(dataset, order)
    made["peak_memory_gib"] = peak_memory_gib()
    forget_peak_memory()  # what follows is to show by itself whether it grows
    store = Store(folder, made_by=scorer.sha256)
    numbers = store.missing(n // CHUNK)
    before = time.perf_counter()
    with schedulers.executor(scheduler) as door:
        of_chunk = partial(score_chunk, dataset, order, scorer)
        for number, scored in zip(numbers, mapped(of_chunk, numbers, door), strict=True):
            now = time.perf_counter()
            times = {"since_last_s": now - before, "caller_gib": peak_memory_gib()}
            store.put(number, scored | times)
            before = now
            if (number + 1) % 20 == 0:
                print(f"{scheduler}: scored {(number + 1) * CHUNK}", flush=True)
    return made | {"threshold_ev": target.low}


def pick(folder, n, name, threshold):
    """One strategy on the first n molecules, in a process of its own."""
    view = StreamedView(Store(folder, n // CHUNK), Range(threshold))
    rng = np.random.default_rng([SEED, n])
    picks, wall_s, processor_s = clocked(STREAMED[name], view, BATCH, rng)
    assert len(np.unique(picks)) == BATCH
    times = {"wall_s": wall_s, "processor_s": processor_s}
    sha256 = hashlib.sha256(picks.tobytes()).hexdigest()
    return times | {"peak_memory_gib": peak_memory_gib(), "picks_sha256": sha256}


def against_serial(folder, dask, n, threshold, picks):
    """How the pass through Dask differs from the serial one: times, memory, bits, picks."""
    ours, theirs = Store(folder, n // CHUNK), Store(dask, n // CHUNK)
    pairs = zip(ours, theirs, strict=True)
    arrays = ("mu", "sigma", "Z")
    same = [all(np.array_equal(a[name], b[name]) for name in arrays) for a, b in pairs]
    again = {name: pick(dask, n, name, threshold)["picks_sha256"] for name in STREAMED}
    of = {"serial": ours, "dask": theirs}
    return {
        "n": n,
        "workers": WORKERS,
        "chunks": len(same),
        "chunks_equal": int(np.sum(same)),
        "picks_equal": [name for name in STREAMED if again[name] == picks[name]["picks_sha256"]],
        "wall_s": {door: sum(float(chunk["since_last_s"]) for chunk in of[door]) for door in of},
    }


def against_memory(folder, n, threshold):
    """What the strategies in memory pick from the same numbers."""
    chunks = [dict(c) for c in Store(folder, n // CHUNK)]
    mu, sigma, Z = (np.concatenate([c[name] for c in chunks]) for name in ("mu", "sigma", "Z"))
    whole = SimpleNamespace(mu=mu, sigma=sigma, X=Z.astype(np.float64), target=Range(threshold))
    view, rows = StreamedView(chunks, Range(threshold)), {}
    for name in STREAMED:
        ours = STREAMED[name](view, BATCH, np.random.default_rng(SEED))
        with patch.object(diversity, "VARIANCE_KEPT", 1.0):  # Z has the axes that count already
            theirs = STRATEGIES[name](whole, BATCH, np.random.default_rng(SEED))
        rows[name] = {
            "shared": len(np.intersect1d(ours, theirs)) / BATCH,
            "in_range": float(np.mean(mu[ours] > threshold)),
            "sigma_median": [float(np.median(sigma[picks])) for picks in (ours, theirs)],
            "spread": [spread(Z, sigma, picks, name) for picks in (ours, theirs)],
        }
    return {"n": n, "strategies": rows}


def spread(Z, sigma, picks, name):
    """Root mean square distance of the candidates to the nearest pick, descriptor units."""
    candidates = Z
    if name == "uncertain_cluster_centres":
        candidates = Z[np.argsort(-sigma, kind="stable")[: (len(sigma) + 1) // 2]]
    total = 0.0
    for start in range(0, len(candidates), CHUNK):
        A, B = candidates[start : start + CHUNK].astype(np.float64), Z[picks].astype(np.float64)
        D2 = np.sum(A**2, axis=1)[:, None] + np.sum(B**2, axis=1) - 2 * A @ B.T
        total += D2.min(axis=1).clip(min=0).sum()
    return float(np.sqrt(total / len(candidates)))


def seconds(store, name):
    """(chunks, 2) wall and processor seconds of a step."""
    return np.array([chunk[name] for chunk in store])


def rows_of(folder, dask, sizes, picks):
    """One row per pool size: seconds of each step summed over its chunks, and of each pick.

    Memory is that of the pass through Dask, of a worker and of the caller, who keeps the store.
    """
    rows = []
    memory = {
        who: [float(chunk[name]) for chunk in Store(dask)]
        for who, name in (("worker", "peak_gib"), ("caller", "caller_gib"))
    }
    steps = {name: seconds(Store(folder), name).cumsum(axis=0) for name in ("points_s", "score_s")}
    for n in sizes:
        row = {"n": n, "picks": picks[str(n)]}
        row["memory_gib"] = {who: max(peaks[: n // CHUNK]) for who, peaks in memory.items()}
        for name, total in steps.items():
            row[name.removesuffix("_s")] = dict(
                zip(("wall_s", "processor_s"), total[n // CHUNK - 1].tolist(), strict=True)
            )
        rows.append(row)
    return rows


def main(sizes=SIZES):
    dataset = load(DATASET)
    content = json.dumps([SETTINGS, dataset.sha256, NUMERICS_VERSION])
    key = hashlib.sha256(content.encode()).hexdigest()[:16]
    folder = cache_dir() / "millions" / key
    path = records_dir() / "millions.json"
    result = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if result.get("key") != key or "rows" in result:  # another pass, or a finished one: anew
        result = {"key": key}
    result |= {"settings": SETTINGS, "dataset": DATASET, "provenance": provenance()}
    if Store(folder).missing(max(sizes) // CHUNK) or "scored" not in result:
        result["scored"] = alone(score, folder, max(sizes))
        write_json(path, result)
    threshold, picks = result["scored"]["threshold_ev"], result.setdefault("picks", {})
    for n in sizes:
        for name in STREAMED:
            if name not in picks.setdefault(str(n), {}):
                picks[str(n)][name] = alone(pick, folder, n, name, threshold)
                write_json(path, result)
                print(n, name, picks[str(n)][name], flush=True)
    dask = folder / "dask"
    if Store(dask).missing(max(sizes) // CHUNK) or "dask" not in result:
        alone(score, dask, max(sizes), f"dask:{WORKERS}")
        chosen = picks[str(max(sizes))]
        result["dask"] = alone(against_serial, folder, dask, max(sizes), threshold, chosen)
        write_json(path, result)
        print(result["dask"], flush=True)
    if "against_memory" not in result:
        result["against_memory"] = alone(against_memory, folder, min(sizes), threshold)
    stored = sum(p.stat().st_size for p in folder.glob("[0-9]*.npz"))
    result["bytes_a_molecule"] = stored / (len(Store(folder)) * CHUNK)
    result["rows"] = rows_of(folder, dask, sizes, picks)
    write_json(path, result)
    print(f"written: book/records/{path.name}")


if __name__ == "__main__":
    main()
