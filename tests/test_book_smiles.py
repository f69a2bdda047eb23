"""The tables of eight pools of SMILES: figures from the record, and what is missing is said."""

import json

import pytest

from alutils.storage.locations import records_dir
from book.builder.fragments.markdown import table
from book.builder.fragments.smiles import (
    FRAGMENTS,
    MISSING,
    SEARCHES,
    broken,
    chosen,
    described,
    forest,
    found,
    fragments,
    intervals,
    noise,
    steps,
    times,
)

FUNCTIONS = dict.fromkeys(("read_s", "fingerprint_s", "advice_s", "fit_and_ask_s", "search_s"), 2.5)
COMMANDS = ("start", "first_ask", "tell", "fit_and_ask", "simulate")


def advised(noise_var, low, saved, high):
    return {"noise_var": noise_var, "low": low, "saved": saved, "high": high}


def pool(n, **shares):
    """A pool of n molecules, with found shares of two seeds by search."""
    return {
        "command": f"python -m alutils simulate of-{n}.csv",
        "molecules": n,
        "n_max": 1200,
        "target": "above 450 nm",
        "share": 0.16,
        "expected": 0.25,
        "advice": [advised(1e-4, 0.1, 0.2, 0.3), advised(0.02, 0.1, 0.4, 0.3)],
        "found": {name: [share - 0.01, share + 0.01] for name, share in shares.items()},
    }


@pytest.fixture
def record():
    small = pool(2000, **dict.fromkeys(SEARCHES, 0.5), fixed=0.5, both_fixed=0.5)
    small["found"]["both_fixed"] = [0.53, 0.55]
    small["before"] = dict.fromkeys(SEARCHES, 0.4)
    large = pool(20_000, **dict.fromkeys(SEARCHES, 0.7), fixed=0.6)
    del large["found"]["both"]
    for of, peak in ((small, 0.5), (large, 1.25)):
        of["functions"] = FUNCTIONS
        of["commands"] = {name: {"s": 4.5, "peak_memory_gib": peak} for name in COMMANDS}
    machine = {"processor": "P", "cores": 2, "blas_threads": 1, "blas": "b"}
    return {"pools": {"small": small, "large": large}, "times_provenance": machine}


def test_shares_are_means_and_what_was_not_run_is_a_dash(record):
    head, small, large, whole, all_run = found(record["pools"])
    assert len({len(row) for row in (head, small, large, whole, all_run)}) == 1
    both = head.index(SEARCHES["both"])
    assert small[both] == "0.50" and large[both] == whole[both] == "-"
    assert all_run[both] == "0.500" and whole[-1] == "0.600"
    head, small, large = described(record["pools"])
    assert dict(zip(head, small, strict=True))["target (share)"] == "above 450 nm (16%)"
    assert dict(zip(head, large, strict=True))["molecules"] == "20\u00a0000"


def test_the_mean_of_all_stands_alone_where_all_were_run(record):
    del record["pools"]["large"]
    *_, last = found(record["pools"])
    assert len(found(record["pools"])) == 3 and last[0] == "mean of the 1 with each of them"


def test_a_fixed_noise_is_compared_seed_by_seed(record):
    _, small, large = noise(record["pools"])
    assert small[1:3] == ["0.50", "+0.000 ± 0.000"] and small[4] == "+0.040 ± 0.000"
    assert large[2] == "-0.100 ± 0.000" and large[3:] == ["-", "-"]
    assert "0.0001 of the variance for 2 of 4 probes" in chosen(record["pools"])


def test_where_the_forest_wins_is_named(record):
    assert forest(record["pools"]).endswith("on: none.\n")
    record["pools"]["large"]["found"]["forest"] = [0.8, 0.9]
    assert forest(record["pools"]).endswith("on: large.\n")


def test_intervals_that_did_not_hold_are_counted(record):
    assert "Of 4 probes" in intervals(record["pools"]) and "held 2" in intervals(record["pools"])
    record["pools"]["large"]["advice"][0]["low"] = None
    assert "Of 3 probes" in intervals(record["pools"])


def test_times_stand_beside_the_memory_of_the_whole_command(record):
    head, small, large = times(record["pools"])
    assert len(head) == len(small) and set(small[1:-1]) == {"4.5"} and large[-1] == "1.25"
    head, small, large = steps(record["pools"])
    assert len(head) == len(small) and set(small[2:]) == {"2.5"}


def test_a_long_command_is_broken_before_options_and_stays_the_same():
    command = (
        "python -m alutils simulate a.csv --property 'E isomer, nm' --above 1 --n-max " + "1" * 30
    )
    lines = broken(command).split(" \\\n")
    assert len(lines) == 2 and all(len(line) <= 80 for line in lines)
    assert " ".join(line.strip() for line in lines) == command


def test_every_fragment_of_the_page_is_made(record, root):
    made, page = fragments(record, table), (root / "book/performance.md").read_text("utf8")
    assert set(made) == {f"smiles_{name}" for name in FRAGMENTS}
    assert all(f"experiments/{name}.md" in page for name in made)
    assert MISSING not in made.values() and "0.40, 0.50" in made["smiles_before"]
    assert made["smiles_commands"].count("simulate of-") == 2


def test_without_a_record_or_times_it_says_so(record):
    assert set(fragments(None, table).values()) == {MISSING}
    del record["pools"]["small"]["commands"], record["pools"]["large"]["commands"]
    assert fragments(record, table)["smiles_times"] == MISSING


def test_the_record_names_no_molecule_and_is_small():
    path = records_dir() / "smiles.json"
    assert path.stat().st_size < 100_000
    for of in json.loads(path.read_text("utf8"))["pools"].values():
        assert all(len(shares) == len(of["advice"]) for shares in of["found"].values())
        assert all(0 <= share <= 1 for shares in of["found"].values() for share in shares)


def test_what_the_page_says_of_the_forest_is_what_was_found():
    """More than any Gaussian process on one pool, less than the greedy search on the others."""
    tracked = json.loads((records_dir() / "smiles.json").read_text(encoding="utf-8"))["pools"]
    for name, pool in tracked.items():
        mean = {search: sum(shares) / len(shares) for search, shares in pool["found"].items()}
        forest = mean.pop("forest")
        assert forest > max(mean.values()) if name == "cep" else forest < mean["most_probable"]
