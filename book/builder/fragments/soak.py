"""What the programs of soak/ counted, as tables of the page on running it again."""

from statistics import median

from book.builder.fragments.bench import thousands

MISSING = "Not recorded yet: `soak/{}.py --record`.\n"


def fragments(soak, table):
    """Name -> MyST of each fragment of the page; `table` makes one of rows of cells."""
    rows = [row for name, of in ROWS.items() if name in soak for row in of(soak[name])]
    faults = table([["fault", "how often", "what came of it"], *rows])
    return {
        "soak": faults if rows else MISSING.format("kills"),
        "speedup": speedup(soak["speedup"]) if "speedup" in soak else MISSING.format("speedup"),
    }


def _kills(kills):
    for name in ("run", "campaign"):
        of = kills[name]
        yield (
            f"a {name} killed with `kill -9`",
            thousands(of["kills"]),
            f"ended with the same bits, in {thousands(of['lives'])} lives; nothing kept was lost",
        )
    disk = kills["run"]["disk_full"]["disk"]
    for key, title in {"out_of_memory": "out of memory", "disk_full": disk}.items():
        met = [kills[name][key] for name in ("run", "campaign")]
        n, early = (sum(of[word] for of in met) for word in ("faults", "ended_early"))
        yield title, thousands(n), f"{early} ended early; all went on to the same bits"


def _fuzz(fuzz):
    yield (
        f"broken files of {fuzz['kinds']} kinds",
        thousands(fuzz["inputs"]),
        f"{thousands(fuzz['refused'])} refused by name, {thousands(fuzz['valid'])} still valid, "
        f"{fuzz['other']} hangs, crashes or silent changes",
    )


def _servers(servers):
    yield (
        f"servers that fail in {servers['kinds']} ways",
        thousands(servers["served"]),
        f"{servers['named']} named; the second try worked after {servers['again']}",
    )


ROWS = {"kills": _kills, "fuzz": _fuzz, "servers": _servers}


def speedup(of):
    """What two workers gain over one process, through each door."""
    doors = [
        f"`{row['door']}` {median(row['ratios']):.2f} times as fast "
        f"({min(row['ratios']):.2f} to {max(row['ratios']):.2f}), of its {row['s']:.0f} s "
        f"{row['start_s']:.1f} s to start and end the workers"
        for row in of["doors"]
    ]
    return (
        f"On {of['provenance']['cores']} cores, {of['runs']} runs to "
        f"{thousands(of['n_max'])} molecules took {of['serial_s']:.0f} s in one process, with one "
        f"thread. The same runs, {of['repeat']} times each in turn: {'; '.join(doors)}. "
        f"`tests/stress/speedup.py` measures it.\n"
    )
