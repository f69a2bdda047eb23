"""The tables of faults: every figure from the record, and what went wrong among them."""

from book.builder.fragments.markdown import table
from book.builder.fragments.soak import fragments

VICTIM = {
    **{"kills": 100, "lives": 17, "out_of_memory": {"faults": 20, "ended_early": 19}},
    "disk_full": {"faults": 20, "ended_early": 18, "disk": "a full tmpfs"},
}
DOOR = {"door": "dask:2", "s": 50.0, "start_s": 2.0, "ratios": [1.5, 1.9, 1.7]}
SOAK = {
    "kills": {"run": VICTIM, "campaign": VICTIM | {"kills": 101}},
    "fuzz": {"inputs": 100_000, "kinds": 19, "valid": 12_000, "refused": 87_999, "other": 1},
    "servers": {"served": 300, "kinds": 14, "named": 299, "again": 300},
    "speedup": {
        **{"runs": 24, "n_max": 2000, "repeat": 3, "serial_s": 85.0, "doors": [DOOR]},
        "provenance": {"cores": 2},
    },
}


def test_every_figure_is_told():
    faults = fragments(SOAK, table)["soak"].replace("\u00a0", " ").splitlines()
    assert len(faults) == 2 + 2 + 2 + 1 + 1
    assert "| 101 |" in faults[3] and "| 40 | 38 ended early" in faults[4]
    assert "tmpfs" in faults[5] and "| 40 | 36 ended early" in faults[5]
    assert "19 kinds | 100 000 | 87 999 refused" in faults[6] and "1 hangs" in faults[6]
    assert "14 ways | 300 | 299 named; the second try worked after 300" in faults[7]


def test_a_speed_up_comes_with_its_spread_and_start():
    stated = fragments(SOAK, table)["speedup"]
    assert "`dask:2` 1.70 times as fast (1.50 to 1.90)" in stated and "2.0 s to start" in stated


def test_without_a_record_it_says_so():
    assert all("Not recorded yet" in text for text in fragments({}, table).values())
    assert len(fragments({"fuzz": SOAK["fuzz"]}, table)["soak"].splitlines()) == 3
