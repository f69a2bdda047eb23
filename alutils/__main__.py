"""Command line: ``python -m alutils record`` makes the long runs, ``verify`` replays some."""

from __future__ import annotations

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

import numpy as np
import yaml
from tqdm import tqdm

from . import datasets, paths, records
from .descriptors import features
from .loop import RunConfig


def plan(path):
    """RunConfigs of all runs of a plan, in the order in which they are to be made.

    Raises
    ------
    ValueError
        If an entry has an unknown or a missing key, or a run an impossible value.
    """
    configs = []
    for entry in yaml.safe_load(Path(path).read_text(encoding="utf-8")):
        name = entry.get("name", "entry without name")
        if set(entry) != {"name", "settings", "seeds", "runs"}:
            raise ValueError(f"{path}: {name!r} needs name, settings, seeds and runs, and no more")
        for seed in entry["seeds"]:
            for run in entry["runs"]:
                try:
                    configs.append(RunConfig(seed=seed, **(entry["settings"] | run)))
                except TypeError as error:
                    raise ValueError(f"{path}: {name!r}: {error}") from None
    return list(dict.fromkeys(configs))


def record(path, folder, jobs, match):
    """Make, or complete, the runs of a plan; each in a process of its own."""
    configs = [config for config in plan(path) if match in records.file_name(config)]
    waiting = [config for config in configs if not _is_made(config, folder)]
    print(f"{len(configs) - len(waiting)} of {len(configs)} runs are made", flush=True)
    for name in dict.fromkeys(config.dataset for config in waiting):
        features(datasets.load(name))  # once, before two runs would each make their own
    # A fresh process for each run: its peak memory is the run's.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, max_tasks_per_child=1) as executor:
        futures = {executor.submit(records.compute, c, folder): c for c in waiting}
        try:
            for future in tqdm(as_completed(futures), total=len(futures), unit="run", disable=None):
                made, name = future.result(), records.file_name(futures[future])
                mae, memory = made["rows"][-1]["mae_ev"], made["peak_memory_gib"] or float("nan")
                tqdm.write(f"{name}  {made['wall_s']:.0f} s  {memory:.1f} GiB  MAE {mae:.4f} eV")
        except BaseException:
            executor.shutdown(cancel_futures=True)
            raise


def _is_made(config, folder):
    made = records.find(config, folder)
    return made is not None and not records.is_stale(made)


def verify(n, seed, folder):
    """Check all seals, replay n records drawn at random from those whose data is at hand."""
    tracked = {path.name: records.read(path) for path in sorted(folder.glob("*seed*.json"))}
    broken = [name for name, made in tracked.items() if made.get("seal") != records.seal(made)]
    for name in broken:
        print(f"FAILS   {name}\n  the seal is broken: changed after it was made", flush=True)
    here = {name for name in {r["config"]["dataset"] for r in tracked.values()} if _at_hand(name)}
    candidates = [name for name, made in tracked.items() if made["config"]["dataset"] in here]
    if not candidates:
        raise ValueError(
            f"no data of the {len(tracked)} records is at hand: set ALUTILS_DATA, or "
            "fetch it: python -m alutils download qm9_b3lyp"
        )
    seed = np.random.SeedSequence().entropy % 10**6 if seed is None else seed
    picked = np.random.default_rng(seed).permutation(candidates)[:n]
    print(f"{len(picked)} of {len(candidates)} records, drawn with --seed {seed}", flush=True)
    failed = len(broken)
    for name in picked:
        try:
            wrong, agreement = records.verify(tracked[name])
        except ValueError as error:
            wrong, agreement = [str(error)], []
        failed += bool(wrong)
        fresh = ", ".join(f"{share:.1%}" for share in agreement)
        print(f"{'FAILS' if wrong else 'agrees'}  {name}", flush=True)
        print(f"  fresh picks agree, batch by batch: {fresh or 'not tried'}", flush=True)
        for line in wrong:
            print(f"  {line}", flush=True)
    if failed:
        raise SystemExit(1)


def _at_hand(name):
    try:
        return bool(datasets.load(datasets.REGISTRY.get(name, {}).get("of", name), fetch=False))
    except ValueError:
        return False


def download(names):
    """Fetch data sets that are not here yet: aa, oe, qm9 (the paper's own) or qm9_b3lyp."""
    for name in names:
        print(f"{name}: {len(datasets.load(name))} molecules", flush=True)


def checksums():
    """Print the sha256 of the embedded pools: what alutils/pools/checksums.json holds."""
    print(json.dumps(datasets.embedded_checksums(), indent=2))


def main():
    parser = argparse.ArgumentParser(prog="python -m alutils", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("record", help=record.__doc__)
    run.set_defaults(command=record)
    run.add_argument("path", type=Path, help="the plan, such as book/records.yml")
    run.add_argument("--folder", type=Path, default=paths.records_dir(), help="book/records")
    run.add_argument("--jobs", type=int, default=2, help="runs at a time (2)")
    run.add_argument("--match", default="", help="only the runs with this in their file name")
    check = commands.add_parser("verify", help=verify.__doc__)
    check.set_defaults(command=verify)
    check.add_argument("--n", type=int, default=3, help="records (3)")
    check.add_argument("--seed", type=int, help="of the draw; printed, to repeat it")
    check.add_argument("--folder", type=Path, default=paths.records_dir(), help="book/records")
    fetch = commands.add_parser("download", help=download.__doc__)
    fetch.set_defaults(command=download)
    fetch.add_argument("names", nargs="+", choices=("aa", "oe", "qm9", "qm9_b3lyp"))
    commands.add_parser("checksums", help=checksums.__doc__).set_defaults(command=checksums)
    arguments = vars(parser.parse_args())
    try:
        arguments.pop("command")(**arguments)
    except ValueError as error:
        parser.exit(2, f"python -m alutils: {error}\n")
    except KeyboardInterrupt:
        parser.exit(130, "stopped: the same command goes on from the last finished iteration\n")


if __name__ == "__main__":
    main()
