"""What stands beneath a page's figures and at its end: downloads, sources, where it comes from.

`add` takes SVG and data out of an executed notebook, writes them with the figure's parameters and
the page's records into book/experiments/files/PAGE, and links them from the page.
"""

import io
import json
import lzma
import re
import shutil
import zipfile
from pathlib import PurePosixPath

import nbformat
import pandas as pd
import yaml

import alutils
from alutils.data.datasets import REGISTRY
from alutils.runs.provenance import LIBRARIES, provenance
from alutils.runs.store import parts
from alutils.storage.files import write_bytes, write_text
from alutils.storage.locations import cache_dir, records_dir
from book.builder.pages import ROOT, parameters

FIGURE = re.compile(
    r"^```\{glue:figure\} (?P<glue>\w+)\n---\nname: (?P<name>[\w-]+)\n.*?^```$", re.M | re.S
)
# Columns that are the same for many points, and stand in the YAML.
PANEL = ("panel", "panel_title", "x_quantity", "y_quantity")
LOOK = ("mark", "colour", "marker")
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a date in the archive would change it with every build


def add(notebook, page, used, sources, root=ROOT):
    """Write the page's files, link them from the page, and say where the page comes from."""
    folder = root / page.files
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    figures = take_figures(notebook)
    values = {name: default for name, (default, _) in parameters(notebook).items()}
    archives = write_records(page, used["notes"], root)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for found in reversed(list(FIGURE.finditer(cell.source))):
                if found["glue"] in figures:
                    write_figure(folder, found["name"], figures[found["glue"]], page, values)
                    links = figure_links(found["name"], page, archives)
                    end = found.end()
                    cell.source = f"{cell.source[:end]}\n{links}{cell.source[end:]}"
    notes = [note for note in used["notes"] if "record" in note]
    notebook.metadata["alutils"] = {
        "records": [note["record"] for note in notes],
        "stale_records": [note["record"] for note in notes if note["stale"]],
        "archives": archives,
        "verdicts": [row for note in used["notes"] for row in note.get("verdicts", [])],
        "seconds": round(used["seconds"], 1),
        "gib": used["gib"] and round(used["gib"], 2),
    }
    write_notebook(page, root)
    rows = provenance_rows(values, used, sources, archives)
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
    """SVG, CSV of what is plotted, and YAML of how it came about and how it looks."""
    data = pd.read_csv(io.StringIO(figure["csv"]), dtype=str)
    panels, marks = (data[[c for c in names if c in data]] for names in (PANEL, LOOK))
    about = {
        "figure": name,
        "page": page.title,
        "notebook": page.source.as_posix(),
        "command": figure_command(name),
        "parameters": values,
        "panels": [known(row) for row in unique(panels)],
        "marks": {
            row.pop("mark"): known(row) for row in marks.drop_duplicates().to_dict("records")
        },
    }
    csv = data.drop(columns=[*panels, *marks.drop(columns="mark")]).to_csv(index=False)
    texts = {"svg": figure["svg"], "csv": csv, "yml": yaml.safe_dump(about, sort_keys=False)}
    for kind, text in texts.items():
        (folder / f"{name}.{kind}").write_text(text, "utf8")


def unique(frame):
    """The different rows of a frame, as dicts."""
    return frame.drop_duplicates().to_dict("records")


def known(row):
    """A row without its empty cells."""
    return {key: value for key, value in row.items() if value == value}


def write_notebook(page, root=ROOT):
    """The tracked notebook without its outputs, which the page shows: small enough to offer."""
    notebook = nbformat.read(root / page.source, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    path = root / "book/experiments/files/notebooks" / page.source.name
    path.parent.mkdir(exist_ok=True)
    write_text(path, nbformat.writes(notebook))


def figure_command(name):
    """The line that makes a figure of the book again."""
    return f"make figure NAME={name}"


def figure_links(name, page, archives):
    """The line beneath a figure."""
    links = [f"{{download}}`{k.upper()} <files/{page.name}/{name}.{k}>`" for k in ("svg", "csv")]
    links.append(f"{{download}}`parameters <files/{page.name}/{name}.yml>`")
    source = page.source.with_suffix(".py").as_posix()
    links.append(f"{{download}}`source <../../{source}>`")
    links.append(f"{{download}}`notebook <files/notebooks/{page.source.name}>`")
    links += record_links(archives)
    return f":::{{div}} figure-links\n{' · '.join(links)} · again: `{figure_command(name)}`\n:::\n"


def write_records(page, notes, root=ROOT):
    """Pack the records that a page used; the archives, relative to the pages' folder.

    What is tracked is packed by the bundle, or by the data set, once for all pages; the page's own
    archive holds what else it used.
    """
    files, archives = {}, []
    for name in dict.fromkeys(note["file"] for note in notes if "record" in note):
        if (records_dir() / name).is_file() and (whole := together(records_dir() / name)):
            archive = f"files/bundles/{whole[0]}.jsonl.xz"
            if archive not in archives:
                archives.append(archive)
                write_bundle_archive(root / "book/experiments" / archive, whole[1])
            continue
        places = (records_dir() / name, cache_dir() / "records" / name)
        if path := next((place for place in places if place.is_file()), None):
            files[name] = path.read_bytes()
    if files:
        archives.append(f"files/{page.name}/records.zip")
        write_archive(root / "book/experiments" / archives[-1], files)
    return archives


def together(path):
    """What a tracked record is packed with: name and files of its bundle, or of its data set's
    runs; None for a record of another kind."""
    if path.suffix == ".jsonl":
        name = re.sub(r"-\d+$", "", path.stem)
        return name, parts(path.with_stem(name))
    run = re.fullmatch(r"(\w+)-.*-seed\d+-[0-9a-f]{10}", path.stem)
    return run and (run[1], sorted(path.parent.glob(f"{run[1]}-*-seed*.json")))


def write_bundle_archive(path, sources):
    """The records of bundles and of single files, one a line, compressed; left where it is so."""
    lines = [line for source in sources for line in lines_of(source)]
    content = b"".join(line + b"\n" for line in lines)
    if not (path.exists() and lzma.decompress(path.read_bytes()) == content):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, lzma.compress(content))


def lines_of(source):
    """The records of a file, each on one line, as bytes."""
    if source.suffix == ".jsonl":
        return source.read_bytes().splitlines()
    return [json.dumps(json.loads(source.read_bytes()), separators=(",", ":")).encode()]


def write_archive(path, files):
    """A zip of name -> bytes, the same for the same files."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in sorted(files):
            about = zipfile.ZipInfo(name, LONG_AGO)
            archive.writestr(about, files[name], zipfile.ZIP_DEFLATED, 9)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, packed.getvalue())


def record_links(archives):
    """Links to the archives of a page's records."""
    names = [PurePosixPath(archive).name.partition(".")[0] for archive in archives]
    texts = ["records" if name == "records" else f"records ({name})" for name in names]
    return [f"{{download}}`{t} <{a}>`" for t, a in zip(texts, archives, strict=True)]


def provenance_rows(values, used, sources, archives):
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
        took = duration(sum(note.get("seconds", 0) for note in records))
        stale = sum(note["stale"] for note in records)
        text = f"{len(records)}{when}, computed in {took}, {stale} stale"
        rows.append(("records", "; ".join([text, *record_links(archives)])))
    seeds = values.get("seeds", values.get("seed"))
    if seeds is not None:
        rows.append(("seeds", ", ".join(map(str, seeds)) if isinstance(seeds, list) else seeds))
    made = provenance()
    libraries = ", ".join(f"{n} {made[n]}" for n in ("python", *LIBRARIES))
    machine = f"{made['machine']}, {made['cores']} cores, {made['blas']}"
    memory = f", at most {used['gib']:.1f} GiB" if used["gib"] else ""
    rows += [
        ("code", f"`alutils` {alutils.__version__}, sources sha256 `{sources[:12]}`"),
        ("libraries", libraries),
        ("machine", machine),
        ("this page", f"executed in {used['seconds']:.0f} s{memory}; recorded runs are read"),
    ]
    return rows


def section(rows):
    """The page's last section in MyST."""
    lines = "".join(f"| {what} | {text} |\n" for what, text in rows)
    return f"## Where this page comes from\n\n| what | from the build |\n|---|---|\n{lines}"


def duration(seconds):
    """Seconds in the unit in which they are read."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.0f} seconds"
