"""Command line: long runs (record, study, verify), data sets, and ask and tell."""

from __future__ import annotations

import os
import signal

# Ctrl-C during the imports below is quiet too; nohup's ignoring stays.
if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))

import argparse
import json
from concurrent.futures import BrokenExecutor
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from alutils.acquisition.target import Range
from alutils.analysis import advice, overlap, plans, probes
from alutils.campaign import campaign
from alutils.data import datasets, sources
from alutils.data.structures import read_structures
from alutils.data.validation import read_yaml
from alutils.descriptors import features
from alutils.runs import records, store, verification
from alutils.runs.written import checked
from alutils.storage import files, locations
from alutils.storage.processes import GOES_ON, forks_die_too


def plan(path):
    """RunConfigs of all runs of a plan, in the order in which they are to be made.

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
    return list(dict.fromkeys(configs))


def record(path, folder, scheduler, match):
    """Make, or complete, the runs of a plan."""
    configs = [config for config in plan(path) if match in store.file_name(config)]
    _make(configs, folder, scheduler)


def study(name, folder, scheduler):
    """Make the hundreds of short runs of a study, and gather them in one tracked file."""
    configs = getattr(plans, name)()
    work = locations.cache_dir() / "records"
    _make(configs, work, scheduler)
    store.write_bundle(folder / f"{name}.jsonl", [store.find(c, work) for c in configs])
    print(f"{len(configs)} runs in {name}.jsonl")


def track_probes(pools, n_probe):
    """Probe the pools of the sweep, and track what the probes foretell."""
    for pool in pools:
        probes.track(pool, n_probe)
        print(f"probe-{pool}-{n_probe}.json", flush=True)


def _make(configs, folder, scheduler):
    """Compute what is missing, or stale, among the records of these runs."""
    waiting = [config for config in configs if not _is_made(config, folder)]
    print(f"{len(configs) - len(waiting)} of {len(configs)} runs are made", flush=True)
    computed = records.make(waiting, folder, scheduler)
    for config, made in tqdm(computed, total=len(waiting), unit="run", disable=None):
        name, mae = store.file_name(config), made["rows"][-1]["mae_ev"]
        memory = made["peak_memory_gib"] or float("nan")
        tqdm.write(f"{name}  {made['wall_s']:.0f} s  {memory:.1f} GiB  MAE {mae:.4f} eV")


def _is_made(config, folder):
    made = store.find(config, folder)
    return made is not None and not store.is_stale(made)


def list_records(folder):
    """Count the records: tracked, replayed here by `verify`, stale. Status 1 if any is stale."""
    tracked = store.tracked(folder)
    stale = [name for name, made in tracked.items() if store.is_stale(made)]
    replayed = verification.replayed() & {made["seal"] for made in tracked.values()}
    print(f"{len(tracked)} tracked, {len(replayed)} verified here, {len(stale)} stale")
    for name in stale:
        print(f"stale: {name}, of version {tracked[name]['numerics_version']} of the numerics")
    if stale:
        raise SystemExit(1)


def verify(n, seed, folder):
    """Check all seals, replay n records drawn at random from those whose data is at hand."""
    tracked = store.tracked(folder)
    broken = [name for name, made in tracked.items() if made.get("seal") != files.seal(made)]
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
            wrong, agreement = verification.verify(tracked[name])
        except ValueError as error:
            wrong, agreement = [str(error)], []
        failed += bool(wrong)
        if not wrong:
            verification.note_replayed(tracked[name])
        fresh = ", ".join(f"{share:.1%}" for share in agreement)
        print(f"{'FAILS' if wrong else 'agrees'}  {name}", flush=True)
        print(f"  fresh picks agree, batch by batch: {fresh or 'not tried'}", flush=True)
        for line in wrong:
            print(f"  {line}", flush=True)
    if failed:
        raise SystemExit(1)


def _at_hand(name):
    try:
        return bool(datasets.load(name, fetch=False))
    except ValueError:
        return False


def download(names):
    """Fetch data sets that are not here yet: aa, oe, qm9 (the paper's own) or qm9_b3lyp."""
    for name in names:
        print(f"{name}: {len(datasets.load(name))} molecules", flush=True)


def begin(folder, pool, property, **settings):
    """Begin a campaign on your own molecules: writes pool and settings into a new folder."""
    structures = read_structures(pool, property)
    given = {name: value for name, value in settings.items() if value is not None}
    state = campaign.start(folder, structures, campaign.Settings(**given))
    print(f"{len(state.pool)} molecules, {len(state.labels)} labels; next: ask {folder}")


def ask(folder, go_on):
    """Write the next batch to label, or tell what the present one still waits for."""
    batch = campaign.ask(folder, go_on)
    n_waiting = len(campaign.read(folder).waiting)
    print(f"{batch}: {n_waiting} molecules wait for a label; fill in batch.csv, then tell")


def tell(folder, labels, force, replace):
    """Take labels from a CSV with the columns id and label (eV, or the word failed)."""
    n_new = campaign.tell(folder, labels, force, replace)
    state = campaign.read(folder)
    found = "" if state.n_found is None else f", {state.n_found} above the threshold"
    print(f"{n_new} new, {len(state.labels)} labels{found}; {len(state.waiting)} are waited for")


def advise(folder, n_max):
    """Say what a search would save, from the labels told so far (a random first batch)."""
    state = campaign.read(folder)
    if state.settings.threshold is None or len(state.batches) != 1 or state.waiting:
        raise ValueError(
            f"{folder.name}: advice needs a threshold and all labels of the first batch, no more"
        )
    known = sorted(k for k, label in state.labels.items() if label is not None)
    y = np.array([state.labels[k] for k in known])
    plan = overlap.Plan(len(state.pool), len(known), n_max)
    if not plan.n_init < n_max <= plan.n_pool:
        raise ValueError(f"n_max={n_max} must lie between {plan.n_init} and {plan.n_pool}")
    X, target = features(state.pool)[known], Range(low=state.settings.threshold)
    table, answer = advice.advise(X, y, target, plan, advice.experience())
    for name, row in table.iterrows():
        print(
            f"{name}: saves {row.saved:.0%} of the labels ({row.low:.0%} to {row.high:.0%}; "
            f"possible {row.possible:.0%}), {row.enrichment:.1f} times the hits of random"
        )
    print(f"use {answer['strategy']}, noise {answer['noise_var']:g} eV^2")


def live(folder, find):
    """Ask and label with GFN2-xTB, the example of a labeller, until enough are found."""
    from alutils.campaign.xtb import search_live

    search_live(folder, find, report=partial(print, flush=True))


def checksums():
    """Print the sha256 of the embedded pools: what alutils/data/pools/checksums.json holds."""
    print(json.dumps(sources.embedded_checksums(), indent=2))


def main():
    parser = argparse.ArgumentParser(prog="python -m alutils", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("record", help=record.__doc__)
    run.set_defaults(command=record)
    run.add_argument("path", type=Path, help="the plan, such as book/records.yml")
    run.add_argument("--folder", type=Path, default=locations.records_dir(), help="book/records")
    run.add_argument("--match", default="", help="only the runs with this in their file name")
    of_study = commands.add_parser("study", help=study.__doc__)
    of_study.set_defaults(command=study)
    of_study.add_argument(
        "name", choices=("field", "sweep", "sweep_qm9"), help="of alutils.analysis.plans"
    )
    of_study.add_argument(
        "--folder", type=Path, default=locations.records_dir(), help="book/records"
    )
    for parser_of in (run, of_study):
        parser_of.add_argument(
            "--scheduler", default="processes:2", help="of alutils.runs.schedulers (processes:2)"
        )
    probing = commands.add_parser("probe", help=track_probes.__doc__)
    probing.set_defaults(command=track_probes)
    probing.add_argument("pools", nargs="+", choices=tuple(probes.STUDIED))
    probing.add_argument("--n-probe", type=int, default=probes.N_PROBE, help="molecules (300)")
    check = commands.add_parser("verify", help=verify.__doc__)
    check.set_defaults(command=verify)
    check.add_argument("--n", type=int, default=3, help="records (3)")
    check.add_argument("--seed", type=int, help="of the draw; printed, to repeat it")
    check.add_argument("--folder", type=Path, default=locations.records_dir(), help="book/records")
    listing = commands.add_parser("records", help=list_records.__doc__)
    listing.set_defaults(command=list_records)
    listing.add_argument(
        "--folder", type=Path, default=locations.records_dir(), help="book/records"
    )
    fetch = commands.add_parser("download", help=download.__doc__)
    fetch.set_defaults(command=download)
    fetch.add_argument("names", nargs="+", choices=("aa", "oe", "qm9", "qm9_b3lyp"))
    new = commands.add_parser("start", help=begin.__doc__)
    new.set_defaults(command=begin)
    new.add_argument("folder", type=Path, help="of the campaign, made here")
    new.add_argument(
        "pool", type=Path, help=".xyz, .extxyz, a folder of them, .sdf, SMILES in .csv"
    )
    new.add_argument("--property", default="homo", help="name of the label in the file, eV (homo)")
    new.add_argument(
        "--strategy", help="a key of alutils.acquisition.strategies.STRATEGIES (property_search)"
    )
    new.add_argument("--threshold", type=float, help="the target is label > threshold, eV")
    new.add_argument("--noise-var", type=float, help="eV^2 (0.05)")
    for name in ("n-init", "n-const", "seed"):
        new.add_argument(f"--{name}", type=int, help="as in the notebooks")
    asking = commands.add_parser("ask", help=ask.__doc__)
    asking.set_defaults(command=ask)
    asking.add_argument("--go-on", action="store_true", help="although labels are missing")
    telling = commands.add_parser("tell", help=tell.__doc__)
    telling.set_defaults(command=tell)
    advising = commands.add_parser("advise", help=advise.__doc__)
    advising.set_defaults(command=advise)
    advising.add_argument("--n-max", type=int, required=True, help="labels that you can pay for")
    alive = commands.add_parser("live", help=live.__doc__)
    alive.set_defaults(command=live)
    for parser_of in (asking, telling, advising, alive):
        parser_of.add_argument("folder", type=Path, help="of the campaign")
    telling.add_argument("labels", type=Path, help="the CSV, such as a filled batch.csv")
    telling.add_argument("--force", action="store_true", help="take what looks like another unit")
    telling.add_argument("--replace", action="store_true", help="overwrite labels told before")
    alive.add_argument("--find", type=int, required=True, help="molecules above the threshold")
    commands.add_parser("checksums", help=checksums.__doc__).set_defaults(command=checksums)
    arguments = vars(parser.parse_args())
    try:
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        forks_die_too()
        arguments.pop("command")(**arguments)
    except (ValueError, ImportError, BrokenExecutor) as error:
        parser.exit(2, f"python -m alutils: {error}\n")
    except OSError as error:  # a full disk, no permission; only the name: folders are not printed
        name = f" ({Path(error.filename).name})" if error.filename else ""
        parser.exit(2, f"python -m alutils: {error.strerror or error}{name}: {GOES_ON}\n")
    except MemoryError:
        parser.exit(2, f"python -m alutils: out of memory: {GOES_ON}\n")
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # we are leaving already
        parser.exit(130, f"stopped: {GOES_ON}\n")


if __name__ == "__main__":
    main()
