"""Tables of the prose pages that come from files and not from executed pages, in MyST."""

import numpy as np
from ase.data import chemical_symbols

from alutils.data.datasets import REGISTRY, load
from book.builder.fragments.bench import thousands


def table(lines):
    """Rows of cells, the first the head, as a Markdown table; bars and line breaks are escaped."""
    lines = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    text = [[" ".join(str(cell).split()).replace("|", r"\|") for cell in row] for row in lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in text)


def pools_table():
    """Size, elements, labels and making of the embedded pools, read from their files."""
    head = ["pool", "molecules", "atoms", "elements", "HOMO: 5, 50, 70, 95 % quantile (eV)"]
    head += ["candidates drawn", "dropped by filter"]
    lines = [head]
    for name, entry in REGISTRY.items():
        if entry["kind"] != "embedded":
            continue
        dataset = load(name)
        counts, meta = dataset.molecules.counts, dataset.info
        elements = [chemical_symbols[z] for z in np.unique(dataset.molecules.numbers)]
        quantiles = np.quantile(dataset.y, [0.05, 0.5, 0.7, 0.95])
        dropped = (f"{reason} {thousands(n)}" for reason, n in meta["dropped"].items())
        lines.append(
            [
                f"`{name}`",
                thousands(len(dataset)),
                f"{counts.min()} to {counts.max()}, mean {counts.mean():.0f}",
                ", ".join(elements),
                ", ".join(f"{value:.2f}" for value in quantiles),
                thousands(meta["candidates"]),
                ", ".join(dropped),
            ]
        )
    return table(lines)
