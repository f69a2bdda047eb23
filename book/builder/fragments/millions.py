"""What tests/bench/millions.py measured, as tables of the page on pools of millions."""

import numpy as np

from alutils.acquisition.strategies import LETTERS
from book.builder.fragments.bench import thousands

MISSING = "Not measured yet: `tests/bench/millions.py`.\n"
FRAGMENTS = ("lead", "times", "against", "dask", "extrapolation")
STEPS = {"points": "MBTR, axes", "score": "μ, σ"}
LETTER = {name: letter for letter, name in LETTERS.items()}
HOUR = 3600.0  # seconds

# Assumptions of the extrapolation, all of them.
TARGET = 10**9  # molecules
PRICE = 0.04  # US dollars for an hour of one core, rented
CORES = 1000
LARGE_TRAINING_SET = 16_000  # molecules, the paper's


def fragments(record, table):
    """Name -> MyST of each fragment of the page; `table` makes one of rows of cells."""
    if record is None:
        return {f"millions_{name}": MISSING for name in FRAGMENTS}
    return {
        "millions_lead": lead(record),
        "millions_times": machine(record) + table(times(record)) + growth(record),
        "millions_against": table(against(record)),
        "millions_dask": through_dask(record["dask"]),
        "millions_extrapolation": table(extrapolation(record)) + assumptions(record),
    }


def seconds(record):
    """Step or letter -> processor seconds at each pool size, an array."""
    rows = record["rows"]
    of = {title: [row[key]["processor_s"] for row in rows] for key, title in STEPS.items()}
    for name in rows[0]["picks"]:
        of[LETTER[name]] = [row["picks"][name]["processor_s"] for row in rows]
    return {title: np.array(values) for title, values in of.items()}


def sizes(record):
    """Pool sizes, an array."""
    return np.array([row["n"] for row in record["rows"]])


def peaks(row):
    """Largest memory, GiB, of a worker that scores, of its caller, and of any pick's process."""
    of_picks = max(pick["peak_memory_gib"] for pick in row["picks"].values())
    return row["memory_gib"]["worker"], row["memory_gib"]["caller"], of_picks


def lead(record):
    """The claim in numbers."""
    last, of = record["rows"][-1], seconds(record)
    scoring = sum(of[title][-1] for title in STEPS.values())
    picks = max(of[LETTER[name]][-1] for name in last["picks"])
    return (
        f"One core scores {thousands(last['n'])} molecules in {scoring / 60:.0f} minutes of its "
        f"time. The slowest of the five strategies then picks "
        f"{thousands(record['settings']['batch_size'])} of them in {picks:.0f} seconds. No process "
        f"held more than {max(*peaks(last), record['scored']['peak_memory_gib']):.2f} GiB.\n"
    )


def machine(record):
    """What was measured, and on what."""
    s, p, made = record["settings"], record["provenance"], record["scored"]
    rows = [row[key] for row in record["rows"][-1:] for key in STEPS]
    busy = sum(row["wall_s"] for row in rows) / sum(row["processor_s"] for row in rows)
    return (
        f"QM9 again and again, each coordinate displaced at random by {s['displacement']} Å; "
        f"{thousands(s['n_train'])} training molecules; {made['n_axes']} principal axes of "
        f"{thousands(s['n_axes_sample'])} molecules, which lose {made['share_lost']:.0e} of the "
        f"variance of others; k-means sees {made['n_clustering']} axes. Seconds of processor time "
        f"on one core ({p['machine']}, {p['blas']}); the clock on the wall showed {busy:.2f} "
        f"times as much.\n\n"
    )


def times(record):
    """Rows of processor seconds against the size of the pool, and the exponent of each column."""
    of, n = seconds(record), sizes(record)
    lines = [
        ["molecules", *(f"{title} (s)" for title in of), "memory: worker, caller, picks (GiB)"]
    ]
    for k, row in enumerate(record["rows"]):
        cells = [significant(values[k]) for values in of.values()]
        lines.append([thousands(row["n"]), *cells, ", ".join(f"{m:.2f}" for m in peaks(row))])
    exponents = [f"{np.polyfit(np.log(n), np.log(values), 1)[0]:.2f}" for values in of.values()]
    return [*lines, ["*exponent*", *exponents, ""]]


def growth(record):
    """How much more memory the largest pool took than the smallest."""
    first, last = (peaks(row) for row in (record["rows"][0], record["rows"][-1]))
    n = sizes(record)
    grown = (f"{b / a - 1:+.0%}" for a, b in zip(first, last, strict=True))
    return (
        f"\nFrom the smallest pool to the largest, {n[-1] / n[0]:.0f} times as many molecules, "
        "memory changes by {} (worker), {} (caller) and {} (picks).\n".format(*grown)
    )


def against(record):
    """Rows of what the strategies pick from a stream, beside what they pick in memory."""
    lines = [["strategy", "picks shared", "median σ (eV)", "distance to the nearest pick"]]
    for name, row in record["against_memory"]["strategies"].items():
        streamed, whole = row["spread"]
        lines.append(
            [
                f"{LETTER[name]} `{name}`",
                f"{row['shared']:.1%}",
                " and ".join(f"{value:.4f}" for value in row["sigma_median"]),
                f"{streamed / whole - 1:+.2%}",
            ]
        )
    return lines


def through_dask(dask):
    """What the same pass gives and takes with the workers of Dask."""
    serial, parallel = (dask["wall_s"][door] for door in ("serial", "dask"))
    letters = ", ".join(sorted(LETTER[name] for name in dask["picks_equal"]))
    return (
        f"We scored the {thousands(dask['n'])} molecules once more with {dask['workers']} workers "
        f"of Dask: {parallel / 60:.0f} minutes, where one process took {serial / 60:.0f}, "
        f"{serial / parallel:.2f} times as fast, one thread each. "
        f"{thousands(dask['chunks_equal'])} of {thousands(dask['chunks'])} chunks have the same "
        f"bits; the picks from them are the same for {letters}.\n"
    )


def marginal(record):
    """Step or letter -> processor seconds for one molecule more, between the two largest pools."""
    n = sizes(record)
    return {k: (v[-1] - v[-2]) / (n[-1] - n[-2]) for k, v in seconds(record).items()}


def extrapolation(record):
    """Rows of core hours and cost at `TARGET` molecules."""
    each = marginal(record)
    growth = LARGE_TRAINING_SET / record["settings"]["n_train"]
    steps = {title: each[title] for title in STEPS.values()}
    letters = [LETTER[name] for name in record["rows"][-1]["picks"]]
    dearest = max(letters, key=lambda letter: each[letter])
    steps[f"pick, the dearest ({dearest})"] = each[dearest]
    rows = [(title, s * TARGET / HOUR) for title, s in steps.items()]
    total = sum(hours for _, hours in rows)
    more = each[STEPS["score"]] * (growth**2 - 1) * TARGET / HOUR
    rows += [
        ("**all**", total),
        (f"**all**, with {thousands(LARGE_TRAINING_SET)} training molecules", total + more),
    ]
    lines = [["step", "molecules a second and core", "core hours", "cost ($)"]]
    for title, hours in rows:
        numbers = (TARGET / HOUR / hours, hours, hours * PRICE)
        lines.append([title, *(significant(float(f"{number:.2g}")) for number in numbers)])
    return lines


def assumptions(record):
    """What the extrapolation takes for granted."""
    each = marginal(record)
    all_hours = sum(each[title] for title in STEPS.values()) * TARGET / HOUR
    picking = max(each[LETTER[name]] for name in record["rows"][-1]["picks"]) * TARGET / HOUR
    stored = record["bytes_a_molecule"] * TARGET / 1e9
    half, last = sizes(record)[-2:]
    return (
        f"\nFor {thousands(TARGET)} molecules, from the processor time that {thousands(last)} of "
        f"them took beyond {thousands(half)}, at an assumed {PRICE} dollars an hour and core. "
        f"{thousands(CORES)} cores that never wait would score them in {all_hours / CORES:.1f} "
        f"hours. A pick runs on one core: the dearest would take {picking:.0f} hours, if the disk "
        f"keeps up with a store of {stored:.0f} GB, {record['bytes_a_molecule']:.0f} bytes a "
        f"molecule. With {LARGE_TRAINING_SET / record['settings']['n_train']:.0f} times the "
        f"training molecules all of the prediction is taken to cost the square of that, which only "
        f"its triangular solve does: an upper limit.\n"
    )


def significant(value):
    """Two digits of a small number, all digits before the point of a number from ten on."""
    return thousands(round(value)) if value >= 10 else f"{value:.2g}"
