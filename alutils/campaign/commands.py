"""The commands of a campaign: what a file has, advice, queries and results."""

from __future__ import annotations

import shlex
from dataclasses import replace

import click

from alutils.storage import completion
from alutils.storage.command_line import PATH, PROGRAM, command, options, say

CAMPAIGN = click.argument("folder", type=PATH)
READING = options(
    click.option("--property", help="name of the label in the file (homo, where it is there)"),
    click.option(
        "--unit", shell_complete=completion.UNIT, help="of the label, as it is to be printed"
    ),
    click.option("--id-key", help="name of the identifier in the file (id or name)"),
    click.option("--smiles-key", help="column of the SMILES in a table (any usual header)"),
    click.option(
        "--hydrogens",
        type=click.Choice(("refuse", "add", "as-is")),
        default="refuse",
        help="what to do with molecules that lack them; add: where an .sdf has bonds",
    ),
    click.option(
        "--length-unit",
        shell_complete=completion.LENGTH_UNIT,
        help="of positions that are not in angstrom: nm, bohr, pm",
    ),
    click.option("--skip-bad", is_flag=True, help="leave out molecules that cannot be taken"),
)
DESCRIPTOR = click.option(
    "--descriptor",
    shell_complete=completion.DESCRIPTOR,
    help="mbtr, soap, slatm, fingerprint, mbtr+fingerprint (what the file allows)",
)
READ_BY = ("property", "unit", "id_key", "smiles_key", "hydrogens", "length_unit", "skip_bad")
TARGET = options(
    click.option("--above", "--threshold", type=float, help="the target is label > this"),
    click.option("--below", type=float, help="the target is label <= this; both: a window"),
    click.option("--highest", type=float, help="or the target is this share of the highest labels"),
    click.option("--lowest", type=float, help="or this share of the lowest"),
)
SHARE = click.FloatRange(0, 0.9, min_open=True)  # as tried: `analysis.stop_rules.MOST`
POSITIVE = click.FloatRange(0, min_open=True)
SOUGHT = ("above", "below", "highest", "lowest")


def line(*words):
    """A command line to type next."""
    return f"{PROGRAM} {shlex.join(map(str, words))}"


def say_next(folder, state):
    """What to do where no label is waited for: advice can be had from labels drawn at random."""
    if len(state.labels) == len(state.pool):
        say("every molecule has a result: nothing is left to ask for")
        return
    say(f"next: {line('ask', folder)}")
    if state.target and state.known and not state.by_model:
        say(f"or first advice, for N labels in all: {line('advise', folder)} --n-max N")


def taken(given, names):
    """The options of these names, taken out of those that were given."""
    return {name: given.pop(name) for name in names}


def reading_of(given):
    """Keyword arguments of the readers, from the options `READING`, which are taken out."""
    reading = taken(given, READ_BY)
    return {"property_key": reading.pop("property"), **reading}


@command("campaign.campaign", "data.structures", "acquisition.target")
@CAMPAIGN
@click.argument("pool", type=PATH)
@TARGET
@READING
@click.option(
    "--strategy", shell_complete=completion.STRATEGY, help="what picks the batches (most_probable)"
)
@DESCRIPTOR
@click.option("--noise-var", type=float, help="share of the labels' variance (0.05)")
@click.option("--no-labels", is_flag=True, help="take none: --property names what you will tell")
@click.option("--n-init", type=int, help="molecules of the first batch (100)")
@click.option("--n-const", type=int, help="molecules of the next batch, as in the notebooks (100)")
@click.option("--seed", type=int, help="of all that is random (0)")
def start(campaign, structures, targets, folder, pool, no_labels, **given):
    """Begin a campaign on your own molecules, in a new FOLDER.

    POOL: .xyz, .extxyz, .sdf, .mol, a folder of them, SMILES in .csv, .tsv or .smi, or .npz; what
    --skip-bad leaves out is listed in skipped.csv in the folder
    """
    reading, target = reading_of(given), targets.sought(**taken(given, SOUGHT))
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = campaign.Settings(target=target, unit=reading["unit"] or "", **chosen)
    key = reading.pop("property_key")
    molecules = structures.read_structures(pool, None if no_labels else key, **reading)
    molecules = molecules.without_labels() if no_labels else molecules
    settings = replace(settings, property=molecules.label or key or "label")
    state = campaign.start(folder, molecules, settings)
    left_out = f", {len(molecules.skipped)} left out: skipped.csv" if molecules.skipped else ""
    say(f"{len(state.pool)} molecules, {len(state.labels)} labels{left_out}")
    if target is not None:
        sought = f"{settings.property}, {target.text(settings.unit)}"
        say(f"target: {sought}; strategy: {settings.strategy}")
    if molecules.properties and not state.labels and not no_labels:
        say(f"no label taken; --property may be one of {', '.join(molecules.properties)}")
    say_next(folder, state)
    if len(state.labels) == len(state.pool):
        say("simulate says what a search would be worth; start --no-labels begins without them")


@command("campaign.campaign", "campaign.outlook")
@CAMPAIGN
@click.option("--go-on", is_flag=True, help="although labels are missing")
@click.option("--until", type=SHARE, help="stop when this share of the target is found, up to 0.9")
@click.option("--worth", type=POSITIVE, help="stop when a hit costs more labels than this")
def ask(campaign, outlooks, folder, go_on, until, worth):
    """Write the next batch to label.

    While labels of the present batch are missing, it is named again. With --until or --worth it
    ends with status 3 where the campaign should stop.
    """
    if until or worth:
        outlooks.refuse(campaign.read(folder))
    batch = campaign.ask(folder, go_on)
    state = campaign.read(folder)
    path, s = batch / "batch.csv", state.settings
    asked = f"{s.property} in {s.unit}" if s.unit else s.property
    say(f"{len(state.waiting)} molecules wait for a label")
    say(f"fill in the column label of {path}: {asked}, or failed")
    if state.caution:
        say(f"beware: {state.caution}")
    outlook = outlooks.outlook(state)
    if outlook:
        say(outlook.text())
    elif until or worth:
        say("no rule can stop the campaign yet: no model has said what it expects of a batch")
    if outlook and (reason := outlook.reason_to_stop(until, worth)):
        say(f"stop: {reason}")
        raise SystemExit(3)
    say(f"next: {line('tell', folder, path)}")


@command("campaign.campaign")
@CAMPAIGN
@click.argument("labels", type=PATH)
@click.option("--force", is_flag=True, help="take what looks like another unit")
@click.option("--replace", is_flag=True, help="overwrite labels that are there already")
def tell(campaign, folder, labels, force, replace):
    """Take results from the CSV LABELS, such as a filled batch.csv.

    Its columns are id and label (a number, or the word failed).
    """
    n_new = campaign.tell(folder, labels, force, replace)
    state = campaign.read(folder)
    found = "" if state.n_found is None else f", {state.n_found} in the target"
    say(f"{n_new} new, {len(state.labels)} labels{found}; {len(state.waiting)} are waited for")
    if state.waiting:
        say(f"next: tell the others, or go on without them: {line('ask', folder, '--go-on')}")
    else:
        say_next(folder, state)


@command("campaign.advice")
@CAMPAIGN
@click.option("--n-max", type=int, required=True, help="labels that you can pay for")
@click.option("--take", is_flag=True, help="give the campaign this strategy and noise")
def advise(advice, folder, n_max, take):
    """Say what a search would save, from labels drawn at random."""
    table, answer = advice.advise(folder, n_max)
    for name, row in table.iterrows():
        say(
            f"{name}: {row.enrichment:.1f} times the hits of random; saves {row.saved:.0%} of its "
            f"labels ({row.low:.0%} to {row.high:.0%}, nine times in ten); about "
            f"{row.enrichment * answer['share']:.2g} hits a label"
        )
    noise = f"noise {answer['noise_var']:g} of the variance"
    say(f"use {answer['strategy']}, {noise}. {answer['caution']}")
    if take:
        advice.take_over(folder, answer)
        say(f"the campaign goes on with {answer['strategy']}, {noise}")
        say(f"next: {line('ask', folder)}")
    else:
        say(f"to go on so: {line('advise', folder, '--n-max', n_max, '--take')}")


@command("campaign.xtb")
@CAMPAIGN
@click.option("--find", type=int, required=True, help="molecules in the target")
def live(xtb, folder, find):
    """Query and label with GFN2-xTB until enough are found.

    The example of a labeller.
    """
    xtb.search_live(folder, find, report=say)


@command("campaign.simulation", "acquisition.target", "data.reading")
@click.argument("pool", type=PATH)
@TARGET
@READING
@DESCRIPTOR
@click.option("--n-init", type=int, help="molecules of the random first batch, the probe")
@click.option("--n-const", type=int, help="molecules of the batch after it")
@click.option("--n-max", type=int, help="labels in all")
@click.option("--seeds", type=int, default=3, show_default=True, help="so many campaigns")
@click.option(
    "--scheduler",
    default="serial",
    show_default=True,
    shell_complete=completion.SCHEDULER,
    help="where runs are computed: processes:2, dask:2",
)
def simulate(simulation, targets, readings, pool, seeds, scheduler, **given):
    """Search POOL, whose labels are known, as if they were not.

    Says what the advice would have been, and what it was worth. Sizes that are not given follow
    from the pool.
    """
    target = targets.sought(**taken(given, SOUGHT))
    if target is None:
        raise ValueError("simulate needs a target: --above, --below, --highest or --lowest")
    reading = readings.Reading(**reading_of(given))
    molecules, plan = simulation.plan(pool, target, reading, **given)
    done = simulation.simulate(molecules, plan, range(seeds), scheduler)
    name, unit = molecules.info["label"], molecules.info["unit"]
    skipped = len(molecules.info.get("skipped", ()))
    inside = done.plan.target.edges(molecules.y).contains(molecules.y).mean()
    say(
        f"{len(molecules)} molecules, {skipped} skipped; {name} {done.plan.target.text(unit)}: "
        f"{inside:.1%} of them; {plan.n_init} labels at random, then up to {plan.n_max}"
    )
    for seed, row in done.advice.iterrows():
        say(
            f"seed {seed}: use {row.strategy}, noise {row.noise_var:g} of the variance; "
            f"{simulation.GREEDY} was to find {row.enrichment:.1f} times the hits of random "
            f"and save {row.low:.0%} to {row.high:.0%} of its labels; it saved {row.saved:.0%}"
        )
    per_label = simulation.hits_per_label(done)
    for strategy, found in done.found.items():
        spread = f" (deviation {found.std():.1%})" if len(found) > 1 else ""
        say(
            f"{strategy}: found {found.mean():.1%}{spread}, "
            f"{per_label[strategy]:.1f} times the hits expected at random"
        )
