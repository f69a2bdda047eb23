"""The records that the executed pages used, out of the archives that lie beside the pages.

What else lies in the cache is never looked at, so that a page made from these is the same anywhere.
"""

import json
import lzma
import zipfile
from pathlib import Path

import nbformat

from alutils.analysis import plans
from alutils.loop import RunConfig
from alutils.runs.store import file_name
from book.builder.pages import PageError

BUNDLES = Path("book", "experiments", "files", "bundles")
# Id -> label, and the notebooks whose pages used the runs: those of 00 are among the field's. The
# runs with a target of their own are a study by themselves, whichever page reads them.
STUDIES = {
    "paper": ("The paper's experiments (2 to 5)", ("02", "03", "04", "05")),
    "targets": ("Targets of every shape", ()),
    "field": ("Eighteen strategies compared", ("06", "09")),
    "advice": ("Searches that were advised", ("07",)),
}


def page_records(listed, root):
    """The records that the pages used, each with the study it is for.

    Raises
    ------
    PageError
        If a record that a page used is in none of its archives.
    """
    found, bundles = [], {}
    for path in sorted((root / BUNDLES).glob("*.xz")):
        bundles |= archived(path)
    for page in listed:
        study = next(
            (name for name, stated in STUDIES.items() if page.notebook[:2] in stated[1]), None
        )
        if study is None:
            continue
        notes = nbformat.read(root / page.path, as_version=4).metadata["alutils"]
        held = bundles | archived(root / page.files / "records.zip")
        if missing := [name for name in notes["records"] if name not in held]:
            remedy = f"delete {page.path.as_posix()} and run python -m book.builder.execute"
            raise PageError(f"{page.name}: no archive holds {missing[0]}: {remedy}")
        runs = [held[name] for name in notes["records"] if "config" in held[name]]
        for record in runs:
            of = "targets" if _is_swept(record["config"]) else study
            found.append({**record, "study": of})
    return mark_learned(found)


def _is_swept(config):
    """True for a run of the sweeps over targets, by its sizes."""
    return any(sizes.items() <= config.items() for sizes in (plans.SWEEP, plans.QM9_SWEEP))


def archived(path):
    """The records of an archive by name, those of a bundle too; none where there is no archive.

    The picks of bundled runs, most of what they hold, are left out: nothing is made of them.
    """
    if not path.exists():
        return {}
    if path.suffix == ".xz":
        return _by_name(lzma.decompress(path.read_bytes()))
    with zipfile.ZipFile(path) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def _by_name(lines):
    held = {}
    for line in lines.splitlines():
        record = json.loads(line)
        record.pop("batches", None)
        held[file_name(RunConfig(**record["config"]))] = record
    return held


def mark_learned(records):
    """Enter the field's runs at the noise that their first batch called for as `learned`.

    A first batch may call for the very noise of the other runs: then its run is both.
    """
    fixed = plans.fixed_noise(seeds=[0])[0].noise_var
    field = [record["config"] for record in records if record["study"] == "field"]
    learned = {_place(config) for config in field if config["noise_var"] != fixed}
    marked = []
    for record in records:
        config, of_field = record["config"], record["study"] == "field"
        if not of_field or config["noise_var"] == fixed:
            marked.append(record)
        both = learned and _place(config) not in learned and config["strategy"] in plans.LEARNED
        if of_field and (config["noise_var"] != fixed or both):
            marked.append({**record, "learned": True})
    return marked


def _place(config):
    return config["dataset"], config["seed"]
