"""Make a molecule pool from a seed, at any size.

    python -m alutils.data.pools.build organics --size 6000 --seed 20240822 --out pool.npz --jobs 2

Candidate i of a pool draws from `SeedSequence(seed, spawn_key=(pool, i))` and from nothing else,
so the file depends neither on the number of processes nor on their timing, and any row can be
rebuilt alone: `candidate(pool, seed, seed_index)`. Candidates pass the filters one by one (each
filter's drops are counted in `meta`) until `size` of them are in; rows keep the candidates' order.
Finished chunks stay in a work folder beside the output, from which an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
from collections import Counter, deque
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from alutils.data.pools import aminoacids, optoelectronics, organics
from alutils.data.pools.chemistry import (
    GRID,
    METHOD,
    MIN_GAP,
    Dropped,
    check_closed_shell,
    check_connectivity,
    frontier,
    numbers_of,
    on_grid,
)
from alutils.storage.processes import WorkerPool

POOLS = {"organics": organics, "aminoacids": aminoacids, "optoelectronics": optoelectronics}
CHUNK = 50
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
SEED = 20240822


def candidate(pool: str, seed: int, index: int) -> dict:
    """Candidate `index` of a pool as a record.

    Keys: index, smiles, charge, Z (list of int), R (n, 3 integers, units of `GRID` angstrom),
    homo (eV) and gap (eV) of GFN2-xTB at these rounded positions. Raises Dropped.
    """
    spawn_key = (list(POOLS).index(pool), index)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=spawn_key))
    mol, positions, charge, smiles = POOLS[pool].make(rng)
    check_closed_shell(mol)
    stored = on_grid(positions)
    check_connectivity(mol, stored)
    numbers = numbers_of(mol)
    extra = positions.shape[0] - len(numbers)
    if extra:  # a cation, which has no bond in the graph and comes last
        numbers = np.append(numbers, POOLS[pool].ion_number(smiles))
    homo, gap = frontier(numbers, stored, charge)
    if gap <= MIN_GAP:
        raise Dropped("gap")
    steps = np.round(stored.astype(float) / GRID).astype(int)
    return {
        "index": index,
        "smiles": smiles,
        "charge": int(charge),
        "Z": numbers.tolist(),
        "R": steps.tolist(),
        "homo": homo,
        "gap": gap,
    }


def positions_of(record: dict) -> np.ndarray:
    """Positions (n, 3), float32 angstrom, of a record: bit for bit those that were labelled."""
    return (np.array(record["R"], dtype=float) * GRID).astype(np.float32)


def run_chunk(task) -> int:
    """Compute one chunk of candidates and write it to its JSON file; returns its number."""
    pool, seed, number, path = task
    records = []
    for index in range(number * CHUNK, (number + 1) * CHUNK):
        try:
            records.append(candidate(pool, seed, index))
        except Dropped as drop:
            records.append({"index": index, "dropped": str(drop)})
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(records))
    partial.rename(path)
    return number


def chunks(pool: str, seed: int, folder: Path, jobs: int):
    """Yield the chunks' records in order, endlessly; `jobs` processes compute the missing ones."""
    tasks = ((pool, seed, k, folder / f"{k:06d}.json") for k in itertools.count())
    if jobs == 1:
        with threadpool_limits(1):
            for task in tasks:
                if not task[3].exists():
                    run_chunk(task)
                yield json.loads(task[3].read_text())
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read by the workers, which are spawned
    with WorkerPool(jobs) as workers:
        ahead = deque()
        for task in tasks:
            done = task[3].exists()
            ahead.append((task[3], None if done else workers.submit(run_chunk, task)))
            while len(ahead) > 2 * jobs:
                path, result = ahead.popleft()
                if result is not None:
                    result.result()  # a worker that dies ends the wait
                yield json.loads(path.read_text())


def versions() -> dict[str, str]:
    """Versions of what decides about geometries and labels."""
    from importlib.metadata import version

    return {name: version(name) for name in ("rdkit", "tblite", "ase", "numpy", "scipy")}


def build(pool: str, size: int, seed: int, out: Path, jobs: int = 1, work: Path | None = None):
    """Make the pool and write `out`; returns the meta dictionary that the file carries."""
    if pool not in POOLS:
        raise ValueError(f"unknown pool {pool!r}: choose one of {', '.join(POOLS)}")
    if size < 1 or jobs < 1:
        raise ValueError(f"size and jobs are 1 or more, not {size} and {jobs}")
    folder = Path(work) if work else out.with_suffix(".work")
    folder.mkdir(parents=True, exist_ok=True)
    made_with = {"pool": pool, "seed": seed, "chunk": CHUNK, "versions": versions()}
    note = folder / "made_with.json"
    if note.exists() and json.loads(note.read_text()) != made_with:
        raise ValueError(
            f"{folder} holds chunks of another seed, pool or version: remove it or pass --work"
        )
    note.write_text(json.dumps(made_with))

    kept, seen, drops, tried = [], set(), Counter(), 0
    near: dict[object, list[np.ndarray]] = {}
    with tqdm(total=size, desc=pool, unit="molecule", mininterval=1) as bar:
        for records in chunks(pool, seed, folder, jobs):
            for record in records:
                tried += 1
                reason = record.get("dropped") or (
                    "duplicate" if is_duplicate(POOLS[pool].key(record), seen, near) else None
                )
                if reason:
                    drops[reason] += 1
                    continue
                kept.append(record)
                bar.update()
                if len(kept) == size:
                    break
            if len(kept) == size:
                break
    meta = {
        "name": pool,
        "stands_for": POOLS[pool].STANDS_FOR,
        "label": "energy of the highest occupied orbital, eV",
        "level_of_theory": f"{METHOD} (tblite), closed shell, 300 K, at the stored positions",
        "geometry": POOLS[pool].GEOMETRY,
        "licence": "CC0-1.0",
        "seed": seed,
        "size": size,
        "candidates": tried,
        "dropped": dict(sorted(drops.items())),
        "min_gap_ev": MIN_GAP,
        "grid_angstrom": GRID,
        "versions": versions(),
    }
    save(out, kept, meta)
    return meta


def is_duplicate(key, seen: set, near: dict) -> bool:
    """Whether the key occurred before; remembers it. Vectors are equal within 0.05 angstrom rms."""
    if not isinstance(key, tuple):  # else (group, vector), compared within the group
        duplicate = key in seen
        seen.add(key)
        return duplicate
    group, vector = key
    earlier = near.setdefault(group, [])
    if any(np.sqrt(np.mean((vector - other) ** 2)) < 0.05 for other in earlier):
        return True
    earlier.append(vector)
    return False


def save(out: Path, records: list[dict], meta: dict) -> None:
    """Write the records as one compressed .npz without pickled objects."""
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        out,
        Z=np.concatenate([r["Z"] for r in records]).astype(np.uint8),
        R=np.concatenate([positions_of(r) for r in records]),
        N=np.array([len(r["Z"]) for r in records], dtype=np.uint16),
        homo=np.array([r["homo"] for r in records], dtype=np.float64),
        smiles=np.array([r["smiles"].encode("ascii") for r in records]),
        charge=np.array([r["charge"] for r in records], dtype=np.int8),
        seed_index=np.array([r["index"] for r in records], dtype=np.int32),
        meta=np.array(json.dumps(meta)),
    )


def main(arguments=None) -> None:
    """Command line: see the module's docstring."""
    parser = argparse.ArgumentParser(description="Make a molecule pool from a seed.")
    parser.add_argument("pool", choices=list(POOLS))
    parser.add_argument("--size", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--work", type=Path, help="folder of the chunks (beside --out if not given)"
    )
    args = parser.parse_args(arguments)
    meta = build(args.pool, args.size, args.seed, args.out, args.jobs, args.work)
    print(json.dumps(meta, indent=1))


if __name__ == "__main__":
    main()
