"""Long runs: those of a plan, made or completed, and their records counted and verified.

The functions print as they go, a line for each run or record: they are what the command line does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tqdm import tqdm

from alutils.data import datasets
from alutils.data.validation import read_yaml
from alutils.runs import records, store, verification
from alutils.runs.written import checked
from alutils.storage import files, locations
from alutils.storage.command_line import PROGRAM


def plan(path, match=""):
    """RunConfigs of all runs of a plan, in the order in which they are to be made.

    match : only the runs with this in their records' file name

    Raises
    ------
    ValueError
        If an entry has an unknown or a missing key, or a run an impossible value.
    """
    configs, entries = [], read_yaml(Path(path))
    if not isinstance(entries, list):
        raise ValueError(f"{path}: a plan is a list of entries")
    for entry in entries:
        name = entry.get("name", "entry without name") if isinstance(entry, dict) else entry
        if not isinstance(entry, dict) or set(entry) != {"name", "settings", "seeds", "runs"}:
            raise ValueError(f"{path}: {name!r} needs name, settings, seeds and runs, and no more")
        try:
            for seed in entry["seeds"]:
                for run in entry["runs"]:
                    configs.append(checked({"seed": seed, **entry["settings"], **run}))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {name!r}: {error}") from None
    return [config for config in dict.fromkeys(configs) if match in store.file_name(config)]


def make(configs, folder, scheduler):
    """Compute what is missing, or stale, among the records of these runs."""
    waiting = [config for config in configs if not _is_made(config, folder)]
    print(f"{len(configs) - len(waiting)} of {len(configs)} runs are made", flush=True)
    computed = records.make(waiting, folder, scheduler)
    for config, made in tqdm(computed, total=len(waiting), unit="run", disable=None):
        name, mae = store.file_name(config), made["rows"][-1]["mae_ev"]
        memory = made["peak_memory_gib"] or float("nan")
        tqdm.write(f"{name}  {made['wall_s']:.0f} s  {memory:.1f} GiB  MAE {mae:.4f} eV")


def make_bundle(configs, path, scheduler, work=None, anew=False):
    """Make short runs in the folder `work` (the cache), gather them in one file; their number.

    anew : also those that are tracked beside the file, and not stale; else these are taken as they
        are
    """
    work = locations.cache_dir() / "records" if work is None else work
    found = {} if anew else {config: store.find(config, path.parent) for config in configs}
    kept = {config: made for config, made in found.items() if made and not store.is_stale(made)}
    make([config for config in configs if config not in kept], work, scheduler)
    store.write_bundle(path, [kept.get(config) or store.find(config, work) for config in configs])
    return len(configs)


def _is_made(config, folder):
    made = store.find(config, folder)
    return made is not None and not store.is_stale(made)


def count(folder):
    """Print how many records are tracked, replayed here by `verify`, and stale.

    Returns
    -------
    list of str, the names of those that are stale
    """
    tracked = store.tracked(folder)
    stale = [name for name, made in tracked.items() if store.is_stale(made)]
    replayed = verification.replayed() & {made["seal"] for made in tracked.values()}
    print(f"{len(tracked)} tracked, {len(replayed)} verified here, {len(stale)} stale")
    for name in stale:
        print(f"stale: {name}, of version {tracked[name]['numerics_version']} of the numerics")
    return stale


def verify(n, seed, folder, bundle=""):
    """Check all seals, replay n records drawn at random from those whose data is at hand.

    seed : of the draw; None draws one, and prints it
    bundle : name of a bundle to draw from (default: all records)

    Returns
    -------
    list of str, the names of the records that fail

    Raises
    ------
    ValueError
        If no record's data is at hand.
    """
    tracked = _there(folder)
    broken = [name for name, made in tracked.items() if made.get("seal") != files.seal(made)]
    for name in broken:
        print(f"FAILS   {name}\n  the seal is broken: changed after it was made", flush=True)
    here = {name for name in {r["config"]["dataset"] for r in tracked.values()} if _at_hand(name)}
    offered = tracked
    if bundle:
        parts = map(store.bundle, store.parts(folder / f"{bundle}.jsonl"))
        offered = {name: made for part in parts for name, made in part.items()}
    candidates = [name for name, made in offered.items() if made["config"]["dataset"] in here]
    if not candidates:
        raise ValueError(
            f"no data of the {len(tracked)} records is at hand: set ALUTILS_DATA, or "
            f"fetch it: {PROGRAM} download qm9_b3lyp"
        )
    seed = np.random.SeedSequence().entropy % 10**6 if seed is None else seed
    picked = np.random.default_rng(seed).permutation(candidates)[:n]
    print(f"{len(picked)} of {len(candidates)} records, drawn with --seed {seed}", flush=True)
    return sorted({*broken, *(name for name in picked if not _agrees(name, tracked[name]))})


def _agrees(name, made):
    """Replay one record, print what comes of it; True if it agrees."""
    try:
        wrong, agreement = verification.verify(made)
    except ValueError as error:
        wrong, agreement = [str(error)], []
    if not wrong:
        verification.note_replayed(made)
    fresh = ", ".join(f"{share:.1%}" for share in agreement)
    print(f"{'FAILS' if wrong else 'agrees'}  {name}", flush=True)
    print(f"  fresh picks agree, batch by batch: {fresh or 'not tried'}", flush=True)
    for line in wrong:
        print(f"  {line}", flush=True)
    return not wrong


def _there(folder):
    """The tracked records of a folder; ValueError where there are none."""
    tracked = store.tracked(folder)
    if not tracked:
        raise ValueError(
            "no records here: those of the book come with a checkout of the repository; name "
            "another folder with --folder, or set ALUTILS_RECORDS"
        )
    return tracked


def _at_hand(name):
    try:
        return bool(datasets.load(name, fetch=False))
    except ValueError:
        return False
