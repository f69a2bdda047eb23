"""What stands beneath a page's figures and at its end: downloads, sources, where it comes from.

`add` takes SVG and data out of an executed notebook, writes them with the figure's parameters and
the page's records into book/experiments/files/PAGE, and links them from the page.
"""

import io
import re
import shutil
import zipfile

import nbformat
import yaml
from pages import ROOT, parameters

import alutils
from alutils.datasets import REGISTRY
from alutils.paths import cache_dir, records_dir
from alutils.provenance import provenance

FIGURE = re.compile(
    r"^```\{glue:figure\} (?P<glue>\w+)\n---\nname: (?P<name>[\w-]+)\n.*?^```$", re.M | re.S
)
RECORDS = "records.zip"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a date in the archive would change it with every build


def add(notebook, page, used, sources, root=ROOT):
    """Write the page's files, link them from the page, and say where the page comes from."""
    folder = root / page.files
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    figures = take_figures(notebook)
    values = {name: default for name, (default, _) in parameters(notebook).items()}
    names = record_files(used["notes"])
    if names:
        write_archive(folder / RECORDS, names)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for found in reversed(list(FIGURE.finditer(cell.source))):
                if found["glue"] in figures:
                    write_figure(folder, found["name"], figures[found["glue"]], page, values)
                    links = figure_links(found["name"], page, bool(names))
                    end = found.end()
                    cell.source = f"{cell.source[:end]}\n{links}{cell.source[end:]}"
    notes = [note for note in used["notes"] if "record" in note]
    notebook.metadata["alutils"] = {
        "records": [note["record"] for note in notes],
        "stale_records": [note["record"] for note in notes if note["stale"]],
        "seconds": round(used["seconds"], 1),
        "gib": used["gib"] and round(used["gib"], 2),
    }
    rows = provenance_rows(page, values, used, sources, bool(names))
    notebook.cells.append(nbformat.v4.new_markdown_cell(section(rows), id="provenance"))


def take_figures(notebook):
    """Glue key -> {"svg", "csv"} of the figures, which leave the notebook."""
    found = {}
    kinds = {"svg": "image/svg+xml", "csv": "text/csv"}
    for output in (o for c in notebook.cells for o in c.get("outputs", [])):
        stamp = output.get("metadata", {}).get("scrapbook")
        if stamp:
            names = {kind: stamp["mime_prefix"] + mime for kind, mime in kinds.items()}
            if names["csv"] in output["data"]:
                taken = {kind: output["data"].pop(name) for kind, name in names.items()}
                found[stamp["name"]] = {k: "".join(text) for k, text in taken.items()}
    return found


def write_figure(folder, name, figure, page, values):
    """SVG, CSV and YAML of one figure."""
    about = {
        "figure": name,
        "page": page.title,
        "notebook": page.source.as_posix(),
        "command": figure_command(name),
        "parameters": values,
    }
    for kind, text in (*figure.items(), ("yml", yaml.safe_dump(about, sort_keys=False))):
        (folder / f"{name}.{kind}").write_text(text, "utf8")


def figure_command(name):
    """The line that makes a figure of the book again."""
    return f"make figure NAME={name}"


def figure_links(name, page, has_records):
    """The line beneath a figure."""
    links = [f"{{download}}`{k.upper()} <files/{page.name}/{name}.{k}>`" for k in ("svg", "csv")]
    links.append(f"{{download}}`parameters <files/{page.name}/{name}.yml>`")
    links.append(f"{{download}}`notebook <../../{page.source.as_posix()}>`")
    if has_records:
        links.append(f"{{download}}`records <files/{page.name}/{RECORDS}>`")
    return f":::{{div}} figure-links\n{' · '.join(links)} · again: `{figure_command(name)}`\n:::\n"


def record_files(notes):
    """The files, tracked or cached, that hold the records of a page."""
    names = dict.fromkeys(note["file"] for note in notes if "record" in note)
    found = []
    for name in names:
        places = (records_dir() / name, cache_dir() / "records" / name)
        found += [path for path in places if path.is_file()][:1]
    return found


def write_archive(path, files):
    """A zip of the files, the same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(files, key=lambda file: file.name):
            about = zipfile.ZipInfo(file.name, LONG_AGO)
            archive.writestr(about, file.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    path.write_bytes(packed.getvalue())


def provenance_rows(page, values, used, sources, has_records):
    """(what, text) of the page's last section."""
    rows = []
    seen = {note["dataset"]: note["sha256"] for note in used["notes"] if "dataset" in note}
    for name, sha256 in seen.items():
        entry = REGISTRY.get(name, {"title": "a file of yours", "licence": "not known"})
        about = f"{entry['title']}; {entry.get('licence', 'not known')}"
        rows.append((f"data `{name}`", f"{about}; content sha256 `{sha256[:12]}`"))
    records = [note for note in used["notes"] if "record" in note]
    if records:
        dates = sorted({note["made"] for note in records if note.get("made")})
        when = f", made {dates[0]}" + (f" to {dates[-1]}" if dates[1:] else "") if dates else ""
        hours = sum(note.get("seconds", 0) for note in records) / 3600
        stale = sum(note["stale"] for note in records)
        link = f"; {{download}}`all of them <files/{page.name}/{RECORDS}>`" if has_records else ""
        text = f"{len(records)}{when}, {hours:.2f} hours of computing, {stale} stale{link}"
        rows.append(("records", text))
    seeds = values.get("seeds", values.get("seed"))
    if seeds is not None:
        rows.append(("seeds", ", ".join(map(str, seeds)) if isinstance(seeds, list) else seeds))
    made = provenance()
    libraries = ", ".join(f"{n} {made[n]}" for n in ("python", *alutils.provenance.LIBRARIES))
    machine = f"{made['machine']}, {made['cores']} cores, {made['blas']}"
    memory = f", at most {used['gib']:.1f} GiB" if used["gib"] else ""
    rows += [
        ("code", f"`alutils` {alutils.__version__}, sources sha256 `{sources[:12]}`"),
        ("libraries", libraries),
        ("machine", machine),
        ("this page", f"executed in {used['seconds']:.0f} s{memory}; records are read, not rerun"),
    ]
    return rows


def section(rows):
    """The page's last section in MyST."""
    lines = "".join(f"| {what} | {text} |\n" for what, text in rows)
    return f"## Where this page comes from\n\n| what | |\n|---|---|\n{lines}"
