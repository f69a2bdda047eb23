"""What searches found in eight public pools of SMILES, as tables of the performance page."""

import numpy as np

from book.builder.fragments.bench import thousands

MISSING = "Not measured yet: `tests/bench/smiles.py`.\n"
FRAGMENTS = ("commands", "pools", "found", "before", "noise", "steps", "times")
WIDTH = 76  # characters of a command that a page shows
SEARCHES = {
    "random": "random",
    "property_search": "E",
    "most_probable": "greedy",
    "both": "greedy, MBTR too",
    "forest": "random forest",
    "tanimoto": "Tanimoto GP",
}
GREEDY = ("most_probable", "both", "tanimoto")
NOISES = {
    "on fingerprints": ("most_probable", "fixed"),
    "on MBTR and fingerprints": ("both", "both_fixed"),
}
STEPS = {"read_s": "read", "fingerprint_s": "fingerprints", "advice_s": "advice"}
STEPS |= {"fit_and_ask_s": "a fit and its query", "search_s": "a search to its end"}
COMMANDS = {name: f"`{name}`" for name in ("start", "tell", "simulate")}
COMMANDS |= {"first_ask": "first `ask`", "fit_and_ask": "next `ask`"}


def fragments(record, table):
    """Name -> MyST of each fragment of the page; `table` makes one of rows of cells."""
    pools = (record or {}).get("pools", {})
    searched = {name: of for name, of in pools.items() if set(SEARCHES) & set(of.get("found", {}))}
    timed = {name: of for name, of in pools.items() if {"commands", "functions"} <= set(of)}
    made = dict.fromkeys(FRAGMENTS, MISSING)
    if searched:
        lines = "\n".join(broken(of["command"]) for of in searched.values())
        made["commands"] = f"```bash\n{lines}\n```\n"
        made["pools"] = table(described(searched))
        made["found"] = table(found(searched)) + "\n" + "\n".join(said(searched))
        made["before"] = table(before(searched))
        made["noise"] = table(noise(searched)) + "\n" + chosen(searched)
    if timed:
        made["steps"] = table(steps(timed))
        made["times"] = table(times(timed)) + "\n" + machine(record)
    return {f"smiles_{name}": text for name, text in made.items()}


def broken(command):
    """A command line over as many lines as a page needs to show it, broken before options."""
    lines = [""]
    for number, part in enumerate(command.split(" --")):
        word = f"--{part}" if number else part
        if number and len(f"{lines[-1]} {word}") > WIDTH:
            lines.append(f"  {word}")
        else:
            lines[-1] = f"{lines[-1]} {word}".lstrip()
    return " \\\n".join(lines)


def described(pools):
    """Rows of what is searched: sizes, target, and what random sampling finds in expectation."""
    rows = [["pool", "molecules", "labels", "target (share)", "seeds", "expected at random"]]
    for name, of in pools.items():
        target = f"{of['target']} ({of['share']:.0%})"
        sizes = thousands(of["molecules"]), thousands(of["n_max"])
        rows.append([name, *sizes, target, len(of["advice"]), f"{of['expected']:.2f}"])
    return rows


def found(pools):
    """Rows of found shares: a pool in each, and the mean of those that have all searches."""
    rows = [["pool", *SEARCHES.values()]]
    rows += [[name, *(mean_of(of, one) for one in SEARCHES)] for name, of in pools.items()]
    return [*rows, *means(pools, SEARCHES)]


def means(pools, searches):
    """Rows of means: over all pools, and over those in which every search was run."""
    every = {name: of for name, of in pools.items() if set(searches) <= set(of["found"])}
    groups = {"mean of all": pools} if len(every) < len(pools) else {}
    groups |= {f"mean of the {len(every)} with each of them": every} if every else {}
    for title, group in groups.items():
        yield [title, *(overall(group, search) for search in searches)]


def mean_of(of, search):
    """Found share of a search in a pool, mean over its seeds, as text."""
    return f"{np.mean(of['found'][search]):.2f}" if search in of["found"] else "-"


def overall(pools, search):
    """Mean over pools of `mean_of`; none where a pool lacks the search."""
    if any(search not in of["found"] for of in pools.values()):
        return "-"
    return f"{np.mean([np.mean(of['found'][search]) for of in pools.values()]):.3f}"


def said(pools):
    """What the table of found shares is followed by, a paragraph each."""
    return forest(pools), intervals(pools)


def forest(pools):
    """On which pools the random forest beats each greedy Gaussian process that was run there."""
    won = []
    for name, of in pools.items():
        shares = {search: np.mean(values) for search, values in of["found"].items()}
        others = [shares[one] for one in GREEDY if one in shares]
        if "forest" in shares and others and shares["forest"] > max(others):
            won.append(name)
    return (
        f"The random forest finds more than any Gaussian process on: {', '.join(won) or 'none'}.\n"
    )


def intervals(pools):
    """How often the interval of the advice held what it promised."""
    rows = [row for of in pools.values() for row in of["advice"] if row["low"] is not None]
    held = sum(row["low"] <= row["saved"] <= row["high"] for row in rows)
    return (
        f"Of {len(rows)} probes the advice's 90 % interval held {held} of the savings that the "
        "greedy search then realised.\n"
    )


def before(pools):
    """Rows of found shares before and now, of the searches that were tried before."""
    compared = {name: SEARCHES[name] for name in ("random", "property_search", "most_probable")}
    compared |= {name: SEARCHES[name] for name in ("tanimoto", "both")}
    rows = [["pool", *(f"{title}: before, now" for title in compared.values())]]
    for name, of in pools.items():
        if "before" in of:
            cells = (f"{of['before'][one]:.2f}, {mean_of(of, one)}" for one in compared)
            rows.append([name, *cells])
    return rows


def noise(pools):
    """Rows of found shares of the greedy search at the likely noise, and what a fixed one adds."""
    head = [f"{title}: {what}" for title in NOISES for what in ("likely noise", "0.05 instead")]
    rows = [["pool", *head]]
    for name, of in pools.items():
        cells = []
        for likely, fixed in NOISES.values():
            if fixed not in of["found"]:
                cells += ["-", "-"]
                continue
            more = np.subtract(of["found"][fixed], of["found"][likely])
            error = more.std(ddof=1) / np.sqrt(len(more))
            cells += [mean_of(of, likely), f"{more.mean():+.3f} ± {error:.3f}"]
        rows.append([name, *cells])
    return rows


def chosen(pools):
    """Which noise the labels of the probes called for."""
    values = [row["noise_var"] for of in pools.values() for row in of["advice"]]
    lowest = min(values)
    return (
        f"The most likely noise was {lowest:g} of the variance for {values.count(lowest)} of "
        f"{len(values)} probes, the median {np.median(values):g}, the highest {max(values):g}.\n"
    )


def steps(pools):
    """Rows of seconds of the functions behind a search."""
    rows = [["pool", "molecules", *STEPS.values()]]
    for name, of in pools.items():
        seconds = (f"{of['functions'][key]:.1f}" for key in STEPS)
        rows.append([name, thousands(of["molecules"]), *seconds])
    return rows


def times(pools):
    """Rows of seconds of the commands, and of the memory of the whole."""
    rows = [["pool", *COMMANDS.values(), "`simulate`: memory (GiB)"]]
    for name, of in pools.items():
        seconds = (f"{of['commands'][key]['s']:.1f}" for key in COMMANDS)
        memory = of["commands"]["simulate"]["peak_memory_gib"]
        rows.append([name, *seconds, f"{memory:.2f}"])
    return rows


def machine(record):
    """What the times were measured on."""
    at = record["times_provenance"]
    return (
        f"{at['processor']}, {at['cores']} cores, {at['blas_threads']} thread of {at['blas']}; "
        f"single measurements.\n"
    )
