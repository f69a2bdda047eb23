"""The first pages: what searches saved, a file in one minute, and a first page in two."""

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import advice
from alutils.data.datasets import load
from book.builder import execute, quick
from book.builder.fragments import which_strategy, your_csv
from book.builder.pages import ROOT, PageError


def searches(dataset, greedy, e, share=0.1, shape="tail"):
    """Rows of two searches, as of `advice.experience`; each number is a saving."""
    about = {"dataset": dataset, "shape": shape, "target_low": 1 - share, "target_high": 1.0}
    about |= {"seed": 0, "saved_bound": 0.8, "enrichment": 2.0}
    named = {which_strategy.GREEDY: greedy, which_strategy.E: e}
    return [about | {"strategy": s, "saved": v, "saving_gain": v} for s, v in named.items()]


def test_pools_count_alike_and_a_saving_that_did_not_come_is_none():
    known = pd.DataFrame(
        [*searches("one", 0.6, np.nan), *searches("one", 0.8, np.nan), *searches("two", 0.5, 0.4)]
    )
    head, _, line = which_strategy.search_table(known).splitlines()
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "10 %, highest or lowest",
        "2.0 (2.0 to 2.0)",
        "60 (52 to 68)",
        "20 (4 to 36)",
        "80",
        "2",
    ]
    assert head.count("|") == line.count("|")


def test_the_greedy_rule_is_compared_target_by_target():
    known = pd.DataFrame([*searches("one", 0.6, 0.2), *searches("two", 0.3, 0.5, 0.3)])
    assert which_strategy.greedy_sentence(known) == (
        "The greedy rule saves more labels than E on 1 of 2 targets in 2 pools, "
        "on average by 10 % of the most that can be saved.\n"
    )


def test_what_the_page_says_of_known_searches_is_what_they_hold():
    known = advice.experience()
    gains = known.dropna(subset="saving_gain").groupby([*which_strategy.TARGET, "strategy"])
    mean = gains["saving_gain"].mean().unstack().dropna()
    better = (mean[which_strategy.GREEDY] > mean[which_strategy.E]).sum()
    said = which_strategy.fragments()["which_greedy"]
    assert f"on {better} of {len(mean)} targets in {known['dataset'].nunique()} pools" in said
    shares = (known["target_high"] - known["target_low"]).round(4)
    assert set(which_strategy.SHARES) <= set(shares)


def test_the_file_is_a_table_of_the_pool():
    head, *rows = your_csv.csv().splitlines()
    assert head == "SMILES,HOMO_eV" and len(set(rows)) == len(rows) == your_csv.N_MOLECULES
    pool = load("organics")
    known = {f"{smiles},{y:.2f}" for smiles, y in zip(pool.smiles, pool.y, strict=True)}
    assert set(rows) <= known


def test_fragments_are_made_once_and_again_after_a_change(tmp_path, monkeypatch):
    monkeypatch.setattr(your_csv, "COMMANDS", {"your_csv_check": ["check mine.csv"]})
    your_csv.write(tmp_path)
    made = tmp_path / "your_csv_check.md"
    text = made.read_text("utf8")
    assert "alutils check mine.csv\n```\n\n```text\nmine.csv: a table of SMILES" in text
    assert "fits here" not in text
    made.unlink()
    your_csv.write(tmp_path)
    assert not made.exists()
    (tmp_path / "your_csv.made_from").write_text("older")
    your_csv.write(tmp_path)
    assert made.read_text("utf8") == text


def test_a_command_that_fails_is_named(tmp_path):
    with pytest.raises(PageError, match=r"alutils check gone\.csv: .*gone\.csv"):
        your_csv.said("check gone.csv", tmp_path)


def test_the_first_page_is_one_of_the_book(tmp_path):
    quick.write_book(tmp_path / "quick")
    page = (tmp_path / "quick/book/experiments/05_targeted_search.ipynb").read_text("utf8")
    assert "fig-search-found-organics" in page and "tab-set" not in page
    for name in (*quick.PROSE, *quick.BESIDE, "_config.yml", "_toc.yml"):
        assert (tmp_path / "quick" / name).exists(), name


def test_the_time_is_estimated_from_the_number_of_pages():
    assert execute.estimate(1) == "about a minute"
    assert execute.estimate(round(300 / execute.SECONDS_EACH)) == "about 5 minutes"
    assert (ROOT / "Makefile").read_text("utf8").count("book.builder.quick") == 1
