"""The page on pools of millions: exponents, and hours and cost from the record alone."""

import numpy as np
import pytest

from alutils.streaming.strategies import STREAMED
from book.builder.fragments.markdown import table
from book.builder.fragments.millions import (
    FRAGMENTS,
    MISSING,
    PRICE,
    TARGET,
    against,
    extrapolation,
    fragments,
    growth,
    marginal,
    through_dask,
    times,
)

SIZES = (125_000, 250_000, 500_000, 1_000_000, 2_000_000)


def clock(seconds):
    return {"processor_s": seconds, "wall_s": 1.5 * seconds}


@pytest.fixture
def record():
    """1 ms a molecule for its descriptor, 0.1 ms for its prediction; D with 20 s of its own."""
    rows = []
    for n in SIZES:
        picks = {
            name: clock(1e-6 * n + 20 * (name == "uncertain_cluster_centres"))
            | {"peak_memory_gib": 0.3}
            for name in STREAMED
        }
        steps = {"points": clock(1e-3 * n), "score": clock(1e-4 * n)}
        rows.append({"n": n, "picks": picks, "memory_gib": {"worker": 0.5, "caller": 0.8}, **steps})
    one = {"shared": 0.5, "sigma_median": [0.2, 0.21], "spread": [101.0, 100.0]}
    return {
        "settings": {
            "displacement": 0.005,
            "n_axes_sample": 10_000,
            "n_train": 2000,
            "batch_size": 1000,
        },
        "provenance": {"machine": "Linux", "blas": "openblas"},
        "scored": {"n_axes": 529, "n_clustering": 69, "share_lost": 1e-9, "peak_memory_gib": 0.9},
        "against_memory": {"n": SIZES[0], "strategies": dict.fromkeys(STREAMED, one)},
        "dask": {
            "n": SIZES[-1],
            "workers": 2,
            "chunks": 800,
            "chunks_equal": 799,
            "picks_equal": ["uncertain_cluster_centres", "random"],
            "wall_s": {"serial": 1500.0, "dask": 1000.0},
        },
        "bytes_a_molecule": 292.6,
        "rows": rows,
    }


def numbers(cell):
    return float(cell.replace("\u00a0", ""))


def test_exponents_say_what_is_linear(record):
    head, *rows, exponents = times(record)
    assert len(rows) == len(SIZES) and all(len(row) == len(head) for row in (*rows, exponents))
    of = dict(zip(head, exponents, strict=True))
    assert of["MBTR, axes (s)"] == of["μ, σ (s)"] == of["A (s)"] == "1.00"
    assert float(of["D (s)"]) < 0.1
    assert numbers(rows[-1][1]) == 2000 and rows[-1][-1] == "0.50, 0.80, 0.30"


def test_a_billion_molecules_cost_what_one_more_costs(record):
    """What does not grow with the pool is not multiplied."""
    assert marginal(record)["D"] == pytest.approx(1e-6)
    _, points, score, pick, whole, large = extrapolation(record)
    assert numbers(points[2]) == pytest.approx(1e-3 * TARGET / 3600, rel=0.05)
    assert numbers(score[2]) == pytest.approx(1e-4 * TARGET / 3600, rel=0.05)
    assert numbers(points[1]) == 1000 and numbers(pick[1]) == 1_000_000
    hours = (1e-3 + 1e-4 + 1e-6) * TARGET / 3600
    assert numbers(whole[2]) == pytest.approx(hours, rel=0.05)
    assert numbers(whole[3]) == pytest.approx(hours * PRICE, rel=0.1)
    # 16 000 training molecules are 8 times 2 000: the prediction takes 64 times as long.
    assert numbers(large[2]) == pytest.approx((1e-3 + 64e-4 + 1e-6) * TARGET / 3600, rel=0.05)


def test_memory_that_grows_is_told(record):
    record["rows"][-1]["memory_gib"]["worker"] = 0.6
    assert "memory changes by +20% (worker), +0% (caller) and +0% (picks)" in growth(record)
    assert "16 times as many" in growth(record)


def test_a_worse_cover_is_shown(record):
    rows = against(record)
    assert [row[0][0] for row in rows[1:]] == list("ABCDE")
    assert all(row[3] == "+1.00%" and row[1] == "50.0%" for row in rows[1:])


def test_every_fragment_of_the_page_is_made(record, root):
    made = fragments(record, table)
    page = (root / "book/millions.md").read_text("utf8")
    assert set(made) == {f"millions_{name}" for name in FRAGMENTS}
    for name, text in made.items():
        assert f"experiments/{name}.md" in page and len(text) > 40
    expected = np.round(SIZES[-1] * 1.1e-3 / 60)
    assert f"{expected:.0f} minutes" in made["millions_lead"]


def test_without_a_record_it_says_so():
    assert set(fragments(None, table).values()) == {MISSING}


def test_what_dask_gave_is_told_with_what_it_did_not(record):
    """A chunk with other bits and a strategy with other picks show."""
    stated = through_dask(record["dask"])
    assert "1.50 times as fast" in stated and "799 of 800 chunks" in stated
    assert stated.endswith("the same for A, D.\n")
