"""Command line: long runs, data sets, and campaigns on your own molecules."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import BrokenExecutor
from functools import partial, wraps
from importlib import import_module
from pathlib import Path

import click

from alutils.storage import locations
from alutils.storage.processes import GOES_ON, forks_die_too

PROGRAM = "python -m alutils"
PATH = click.Path(path_type=Path)
say = partial(print, flush=True)


class Commands(click.Group):
    """Commands that end in one line and a status when they fail, or are interrupted."""

    def invoke(self, context):
        try:
            return super().invoke(context)
        except (ValueError, ImportError, BrokenExecutor) as error:
            status, message = 2, f"{PROGRAM}: {error}"
        except OSError as error:  # a full disk, no permission; only the name: no folder is printed
            name = f" ({Path(error.filename).name})" if error.filename else ""
            status, message = 2, f"{PROGRAM}: {error.strerror or error}{name}: {GOES_ON}"
        except MemoryError:
            status, message = 2, f"{PROGRAM}: out of memory: {GOES_ON}"
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # we are leaving already
            status, message = 130, f"stopped: {GOES_ON}"
        click.echo(message, err=True)
        context.exit(status)


commands = Commands(
    "alutils", help=__doc__, context_settings={"help_option_names": ["-h", "--help"]}
)


def command(*modules):
    """Make a command of a function whose first arguments are these modules of alutils.

    They are imported when the command runs, so that help and mistyped words are answered at once.
    """

    def decorate(function):
        @wraps(function)
        def work(**given):
            loaded = [import_module(f"alutils.{name}") for name in modules]
            _heed_ctrl_c()
            function(*loaded, **given)

        return commands.command()(work)

    return decorate


def _heed_ctrl_c():
    """From now on Ctrl-C is an exception, for the workers to be ended; nohup's ignoring stays."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    forks_die_too()


RECORDS = click.option("--folder", type=PATH, default=locations.records_dir, help="book/records")
SCHEDULER = click.option(
    "--scheduler", default="processes:2", show_default=True, help="of alutils.runs.schedulers"
)
CAMPAIGN = click.argument("folder", type=PATH)
READING = ("id_key", "smiles_key", "hydrogens", "length_unit", "skip_bad")


@command("runs.long_runs")
@click.argument("path", type=PATH)
@RECORDS
@SCHEDULER
@click.option("--match", default="", help="only the runs with this in their file name")
def record(long_runs, path, folder, scheduler, match):
    """Make, or complete, the runs of the plan PATH, such as book/records.yml."""
    long_runs.make(long_runs.plan(path, match), folder, scheduler)


@command("runs.long_runs", "analysis.plans")
@click.argument("name", type=click.Choice(("field", "sweep", "sweep_qm9")))
@RECORDS
@SCHEDULER
def study(long_runs, plans, name, folder, scheduler):
    """Make the hundreds of short runs of a study, and gather them in one tracked file."""
    n_runs = long_runs.make_bundle(getattr(plans, name)(), folder / f"{name}.jsonl", scheduler)
    say(f"{n_runs} runs in {name}.jsonl")


@command("analysis.probes")
@click.argument("pools", nargs=-1, required=True)
@click.option("--n-probe", type=int, help="molecules; as in the book if not given")
def probe(probes, pools, n_probe):
    """Probe the POOLS of the sweep, and track what the probes predict."""
    for pool in pools:
        say(probes.track(pool, probes.N_PROBE if n_probe is None else n_probe).name)


@command("analysis.left_out")
@click.argument("pool")
@click.argument("level", type=click.Choice(("compound", "ligand")))
@click.option("--first", default=10, show_default=True, help="seed of the first split")
@click.option("--n", default=20, show_default=True, help="splits")
def leave_out(left_out, pool, level, first, n):
    """Test on whole compounds or ligands of POOL, and track the errors of A and D."""
    say(left_out.track(pool, level, range(first, first + n)).name)


@command("runs.long_runs")
@click.option("--n", default=3, show_default=True, help="records")
@click.option("--seed", type=int, help="of the draw; printed, to repeat it")
@click.option("--bundle", default="", help="draw from this bundle, such as pools")
@RECORDS
def verify(long_runs, n, seed, bundle, folder):
    """Check all seals, and replay records drawn at random from those whose data is at hand."""
    if long_runs.verify(n, seed, folder, bundle):
        raise SystemExit(1)


@command("runs.long_runs")
@RECORDS
def records(long_runs, folder):
    """Count the records: tracked, replayed here by `verify`, stale. Status 1 if any is stale."""
    if long_runs.count(folder):
        raise SystemExit(1)


@command("data.datasets")
@click.argument(
    "names",
    nargs=-1,
    required=True,
    type=click.Choice(
        ("aa", "oe", "qm9", "aa_molecules", "oe_molecules", "qm9_molecules", "qm9_b3lyp")
    ),
)
def download(datasets, names):
    """Fetch data sets that are not here yet, such as aa, oe, qm9: the paper's own."""
    for name in names:
        say(f"{name}: {len(datasets.load(name))} molecules")


@command("data.sources")
def checksums(sources):
    """Print the sha256 of the embedded pools: what alutils/data/pools/checksums.json holds."""
    say(json.dumps(sources.embedded_checksums(), indent=2))


@command("campaign.campaign", "data.structures")
@CAMPAIGN
@click.argument("pool", type=PATH)
@click.option("--property", help="name of the label in the file, eV (homo, where it is there)")
@click.option("--id-key", help="name of the identifier in the file (id or name)")
@click.option("--smiles-key", help="column of the SMILES in a table (any usual header)")
@click.option(
    "--hydrogens",
    type=click.Choice(("refuse", "add", "as-is")),
    default="refuse",
    help="what to do with molecules that lack them; add: where an .sdf has bonds",
)
@click.option("--length-unit", help="of positions that are not in angstrom: nm, bohr, pm")
@click.option("--skip-bad", is_flag=True, help="go on without the molecules that cannot be taken")
@click.option(
    "--strategy", help="a key of alutils.acquisition.strategies.STRATEGIES (property_search)"
)
@click.option("--threshold", type=float, help="the target is label > threshold, eV")
@click.option("--noise-var", type=float, help="eV^2 (0.05)")
@click.option("--n-init", type=int, help="molecules of the first batch (100)")
@click.option("--n-const", type=int, help="molecules of the next batch, as in the notebooks (100)")
@click.option("--seed", type=int, help="of all that is random (0)")
def start(campaign, structures, folder, pool, property, **options):
    """Begin a campaign on your own molecules: writes pool and settings into a new FOLDER.

    POOL: .xyz, .extxyz, .sdf, .mol, a folder of them, SMILES in .csv, .tsv or .smi, or .npz; what
    --skip-bad leaves out is listed in skipped.csv in the folder
    """
    reading = {name: options.pop(name) for name in READING}
    given = {name: value for name, value in options.items() if value is not None}
    settings = campaign.Settings(**given)
    molecules = structures.read_structures(pool, property, **reading)
    state = campaign.start(folder, molecules, settings)
    left_out = f", {len(molecules.skipped)} left out: skipped.csv" if molecules.skipped else ""
    say(f"{len(state.pool)} molecules, {len(state.labels)} labels{left_out}; next: ask {folder}")
    if molecules.properties and not state.labels:
        say(f"no label taken; --property may be one of {', '.join(molecules.properties)}")


@command("campaign.campaign")
@CAMPAIGN
@click.option("--go-on", is_flag=True, help="although labels are missing")
def ask(campaign, folder, go_on):
    """Write the next query, a batch to label, or name the present one while labels are missing."""
    batch = campaign.ask(folder, go_on)
    n_waiting = len(campaign.read(folder).waiting)
    say(f"{batch}: {n_waiting} molecules wait for a label; fill in batch.csv, then tell")


@command("campaign.campaign")
@CAMPAIGN
@click.argument("labels", type=PATH)
@click.option("--force", is_flag=True, help="take what looks like another unit")
@click.option("--replace", is_flag=True, help="overwrite labels that are there already")
def tell(campaign, folder, labels, force, replace):
    """Take results from the CSV LABELS, such as a filled batch.csv.

    Its columns are id and label (eV, or the word failed).
    """
    n_new = campaign.tell(folder, labels, force, replace)
    state = campaign.read(folder)
    found = "" if state.n_found is None else f", {state.n_found} above the threshold"
    say(f"{n_new} new, {len(state.labels)} labels{found}; {len(state.waiting)} are waited for")


@command("campaign.advice")
@CAMPAIGN
@click.option("--n-max", type=int, required=True, help="labels that you can pay for")
def advise(advice, folder, n_max):
    """Say what a search would save, from the labels of the random first batch."""
    table, answer = advice.advise(folder, n_max)
    for name, row in table.iterrows():
        say(
            f"{name}: saves {row.saved:.0%} of the labels ({row.low:.0%} to {row.high:.0%}; "
            f"possible {row.possible:.0%}), {row.enrichment:.1f} times the hits of random"
        )
    say(f"use {answer['strategy']}, noise {answer['noise_var']:g} eV^2; {answer['caution']}")


@command("campaign.xtb")
@CAMPAIGN
@click.option("--find", type=int, required=True, help="molecules above the threshold")
def live(xtb, folder, find):
    """Query and label with GFN2-xTB, the example of a labeller, until enough are found."""
    xtb.search_live(folder, find, report=say)


def main():
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # The imports of a command are not to be broken off half-way, with a traceback of theirs.
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    commands(prog_name=PROGRAM)


if __name__ == "__main__":
    main()
