"""Tables of the prose pages that come from files and not from executed pages, in MyST."""

import json

import numpy as np
from ase.data import chemical_symbols

from alutils.datasets import REGISTRY, load
from alutils.paths import records_dir


def table(lines):
    """Rows of cells, the first the head, as a Markdown table; bars and line breaks are escaped."""
    lines = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    text = [[" ".join(str(cell).split()).replace("|", r"\|") for cell in row] for row in lines]
    return "".join(f"| {' | '.join(row)} |\n" for row in text)


def thousands(count):
    """44004 as 44 004, with a space that does not break."""
    return f"{count:,}".replace(",", "\u00a0")


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


def bench_table():
    """Times and differences of the GP against scikit-learn's, from book/records/bench.json."""
    path = records_dir() / "bench.json"
    if not path.exists():
        return "Nothing is measured yet: run `make bench`.\n"
    bench = json.loads(path.read_text(encoding="utf-8"))
    machine = bench["provenance"]
    fits = [["training molecules", "columns", "ours (s)", "scikit-learn (s)", "ratio", "LML (nat)"]]
    for row in bench["fits"]:
        gain = row["lml_ours"] - row["lml_sklearn"]
        fits.append(
            [
                thousands(row["n_train"]),
                thousands(row["n_columns"]),
                f"{row['ours_s']:.2f}",
                f"{row['sklearn_s']:.1f}",
                f"{row['ratio']:.0f}",
                f"{gain:+.1e}",
            ]
        )
    differences = [
        ["noise (eV²)", "condition number", "largest in mu (eV)", "in sigma (eV)", "LML, relative"]
    ]
    for row in bench["predictions"]:
        names = ("noise_var_used", "condition_number", "mu_max_ev", "sigma_max_ev", "lml_relative")
        differences.append([f"{row[name]:.1e}" for name in names])
    return (
        "Fit with two restarts, both from the same starts within the same bounds, one after the "
        f"other in one process, BLAS threads: {machine['blas_threads']} ({machine['machine']}), "
        f"scikit-learn {machine['scikit-learn']}, noise {bench['fits'][0]['noise_var']:g} eV². "
        "The last column is our log marginal likelihood minus scikit-learn's.\n\n"
        + table(fits)
        + "\nDifferences of the two at the same hyper-parameters, "
        f"{thousands(bench['predictions'][0]['n_train'])} training molecules. The "
        "condition number of the kernel matrix limits what rounding can do to either.\n\n"
        + table(differences)
    )
