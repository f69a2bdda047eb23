"""Command line: long runs, data sets, and campaigns on your own molecules."""

from __future__ import annotations

import json
import os
import signal

import click

from alutils.campaign.commands import READING, reading_of
from alutils.storage import completion, locations
from alutils.storage.command_line import PATH, PROGRAM, command, commands, say

RECORDS = click.option(
    "--folder", type=PATH, default=locations.records_dir, help="of the records (book/records)"
)
GROWING = click.option(
    "--folder",
    type=PATH,
    default=locations.writable_records_dir,
    help="where the records go (book/records)",
)
SCHEDULER = click.option(
    "--scheduler",
    default="processes:2",
    show_default=True,
    shell_complete=completion.SCHEDULER,
    help="where runs are computed: serial, processes:2, dask:2, dask:ADDRESS",
)


@command("runs.long_runs")
@click.argument("path", type=PATH)
@GROWING
@SCHEDULER
@click.option("--match", default="", help="only the runs with this in their file name")
def record(long_runs, path, folder, scheduler, match):
    """Make, or complete, the runs of a plan.

    PATH is the plan, such as book/records.yml.
    """
    long_runs.make(long_runs.plan(path, match), folder, scheduler)


@command("runs.long_runs", "analysis.plans")
@click.argument(
    "name",
    type=click.Choice(("field", "field_heaviest", "sigma", "sweep", "sweep_new", "sweep_qm9")),
)
@GROWING
@SCHEDULER
@click.option("--anew", is_flag=True, help="make also the runs that are tracked")
def study(long_runs, plans, name, folder, scheduler, anew):
    """Complete the many short runs of a study, in one tracked file."""
    path = folder / f"{name}.jsonl"
    n_runs = long_runs.make_bundle(getattr(plans, name)(), path, scheduler, anew=anew)
    say(f"{n_runs} runs in {name}.jsonl")


@command("analysis.probes")
@click.argument("pools", nargs=-1, required=True, shell_complete=completion.POOL)
@click.option("--n-probe", type=int, help="molecules; as in the book if not given")
def probe(probes, pools, n_probe):
    """Probe POOLS of the sweep, and track what the probes predict."""
    locations.writable_records_dir()
    for pool in pools:
        say(probes.track(pool, probes.N_PROBE if n_probe is None else n_probe).name)


@command("analysis.new_pools")
@click.argument("pools", nargs=-1, shell_complete=completion.POOL)
def replays(new_pools, pools):
    """Track what replays on probes of POOLS predict; of all if none."""
    locations.writable_records_dir()
    say(new_pools.track(*([pools] if pools else [])).name)


@command("analysis.other_sigma")
@click.argument("pools", nargs=-1, required=True, shell_complete=completion.POOL)
@click.option("--n", default=5, show_default=True, help="so many seeds")
def sigma(other_sigma, pools, n):
    """Track what another sigma would change for B and D on POOLS."""
    locations.writable_records_dir()
    for pool in pools:
        say(other_sigma.track(pool, range(n)).name)


@command("analysis.first_batch")
@click.argument("pools", nargs=-1, required=True, shell_complete=completion.POOL)
@click.option("--n", default=12, show_default=True, help="so many seeds")
def first_batch(first_batch, pools, n):
    """Track what first batches and small batches bring on POOLS."""
    locations.writable_records_dir()
    for pool in pools:
        say(first_batch.track(pool, range(n)).name)


@command("analysis.other_descriptors")
@click.argument("pools", nargs=-1, required=True, shell_complete=completion.POOL)
@click.option("--n", default=3, show_default=True, help="so many seeds")
def descriptors(other_descriptors, pools, n):
    """Track what other descriptors learn and find on POOLS."""
    locations.writable_records_dir()
    for pool in pools:
        say(other_descriptors.track(pool, range(n)).name)


@command("analysis.left_out")
@click.argument("pool", shell_complete=completion.POOL)
@click.argument("level", type=click.Choice(("compound", "ligand")))
@click.option("--first", default=10, show_default=True, help="seed of the first split")
@click.option("--n", default=20, show_default=True, help="so many splits")
def leave_out(left_out, pool, level, first, n):
    """Track the errors of A and D on whole compounds of POOL."""
    locations.writable_records_dir()
    say(left_out.track(pool, level, range(first, first + n)).name)


@command("runs.long_runs")
@click.option("--n", default=3, show_default=True, help="so many records")
@click.option("--seed", type=int, help="of the draw; printed, to repeat it")
@click.option("--bundle", default="", help="draw from this bundle, such as pools")
@RECORDS
def verify(long_runs, n, seed, bundle, folder):
    """Check all seals, and replay records drawn at random.

    They are drawn from those whose data is at hand.
    """
    if long_runs.verify(n, seed, folder, bundle):
        raise SystemExit(1)


@command("runs.long_runs")
@RECORDS
def records(long_runs, folder):
    """Count the records: tracked, replayed here, stale.

    Status 1 if any is stale.
    """
    if long_runs.count(folder):
        raise SystemExit(1)


@command("data.datasets")
@click.argument(
    "names",
    nargs=-1,
    required=True,
    metavar="NAMES...",
    type=click.Choice(
        ("aa", "oe", "qm9", "aa_molecules", "oe_molecules", "qm9_molecules", "qm9_b3lyp")
    ),
)
def download(datasets, names):
    """Fetch data sets that are not here yet.

    NAMES: aa, oe and qm9, the paper's own; aa_molecules, oe_molecules and qm9_molecules, their
    geometries; qm9_b3lyp.
    """
    for name in names:
        say(f"{name}: {len(datasets.load(name))} molecules")


@command("data.sources")
def checksums(sources):
    """Print the sha256 of the embedded pools, as in checksums.json."""
    say(json.dumps(sources.embedded_checksums(), indent=2))


@command("report.check")
@click.argument("file", type=PATH)
@READING
def check(check, file, **given):
    """Say what FILE holds, what would be skipped, and how to go on."""
    for line in check.check(file, **reading_of(given)):
        say(line)


def main():
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # The imports of a command are not to be broken off half-way, with a traceback of theirs.
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    commands(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
