"""The tables and numbers of the pages on advice and on the field: what the frames say, no more."""

from dataclasses import replace

import pandas as pd
import pytest

from alutils.acquisition.target import Range, above, highest
from alutils.analysis import advice, plans, ranking
from alutils.analysis.overlap import Plan
from alutils.loop import RunConfig
from alutils.report import advice_tables, field_tables, law_tables
from alutils.report.quantity import PAPERS

TABLE = pd.DataFrame(
    {"saved": [0.5, 0.6], "low": [0.3, 0.42], "high": [0.6, 0.63], "possible": [0.6, 0.63]},
    index=pd.Index(["property_search", "most_probable"], name="strategy"),
).assign(enrichment=[3.46, 5.0])


def found_runs(**curves):
    rows = [
        (strategy, n_train, share)
        for strategy, shares in curves.items()
        for n_train, share in zip((300, 600, 900), shares, strict=True)
    ]
    return pd.DataFrame(rows, columns=["strategy", "n_train", "found_share"])


def test_realised_savings_are_read_at_randoms_last_share():
    runs = found_runs(random=(0.1, 0.2, 0.3), good=(0.1, 0.3, 0.5), bad=(0.1, 0.1, 0.2))
    realised = advice.realised(runs.sample(frac=1, random_state=0))
    assert realised["good"] == pytest.approx(1 - 600 / 900) and pd.isna(realised["bad"])
    assert set(realised.index) == {"good", "bad"}


def test_the_probe_is_the_first_batch_and_the_trial_goes_on_from_it():
    sizes = {"n_init": 50, "n_const": 50, "n_max": 100, "n_test": 500}
    config = RunConfig("organics", "random", **sizes, target=highest(0.2))
    probed = advice.draw(config)
    assert len(probed.X) == len(probed.y) == 50 and probed.plan == Plan(5500, 50, 100)
    assert probed.target.contains(probed.y).sum() == 10
    assert advice.draw(replace(config, target=above(-9.5))).target == Range(low=-9.5)
    runs = advice.trial(config, probed, {"noise_var": 0.1}, ["most_probable"])
    assert [run.strategy for run in runs] == ["random", "most_probable"]
    assert {(run.target.low, run.noise_var, run.n_init) for run in runs} == {
        (probed.target.low, 0.1, 50)
    }


def test_advice_is_shown_as_it_was_given():
    shown = advice_tables.advice_table(TABLE)
    assert shown.loc["property_search"].tolist() == ["3.5 times random", "50%", "30%", "60%", "60%"]
    realised = pd.Series({"most_probable": 0.58, "property_search": 0.4})
    outcome = advice_tables.outcome_table(TABLE, realised)
    assert outcome["realised"].tolist() == ["40%", "58%"]
    assert outcome.loc["most_probable", "interval"] == "42% to 63%"
    answer = {"hits": 30, "share": 0.1, "noise_var": 0.05, "strategy": "most_probable"}
    answer["caution"] = "Mind."
    probed = advice.Probed(None, None, Range(low=-9.3), None)
    facts = advice_tables.advice_facts(probed, TABLE, answer, PAPERS)
    assert (facts["saved"], facts["low"], facts["target"]) == (0.6, 0.42, "above -9.300 eV")
    assert (facts["strategy"], facts["noise"]) == ("most probable", "0.05 eV²")


def test_calibration_counts_what_lies_inside():
    every = pd.DataFrame({"dataset": "organics", "strategy": "random", "inside": [1, 1, 0, 1]})
    (row,) = advice_tables.calibration_table(every).to_dict("records")
    assert row["searches"] == 4 and row["searches within the interval"] == "75%"
    every = every.assign(hits_class=["under 10"] * 3 + ["30 and more"], low=0.1, high=[0.3] * 4)
    shown = advice_tables.hits_table(every)
    assert shown["searches within the interval"].tolist() == ["67%", "100%"]
    assert shown["width, median"].tolist() == ["20%"] * 2
    every = every.assign(
        strategy="most_probable",
        seed=range(4),
        target_low=0.5,
        target_high=1.0,
        saved=[0.1, 0, 0, 0],
        enrichment=[2.0, 0.9, 1.2, 1.0],
        predicted_enrichment=[2.0, 1.5, 1.0, 3.0],
    )
    every = every.assign(predicted_saved=[0.2, 0.2, 0, 0.2], low=[-0.1, -0.1, -0.1, 0.1])
    facts = advice_tables.calibration_facts(every)
    assert facts["inside_by_hits"] == "67% (under 10), 100% (30 and more)"
    assert (facts["n_open"], facts["open_paid"]) == ("3 of 4", "2 of 3")
    assert (facts["n_random"], facts["never_worse"]) == ("1 of 4", "2 of 4")
    assert (facts["n_pools"], facts["inside_worst"]) == (1, "75% (organics)")


def compared(**against_a):
    rows = pd.DataFrame(
        {"mean": 0.1, "low": 0.05, "high": 0.2, "wins": 0.0, "losses": 1.0}, index=against_a
    )
    return rows.assign(beats_random=list(against_a.values()))


def test_the_field_says_who_is_better_worse_and_open():
    searches = {"most_probable": -1, "property_search": 0, "property_search, learned noise": 0}
    error = compared(k_centre=1, random=0, most_uncertain=0, **searches)
    error.loc["property_search, learned noise", "low"] = -0.1
    runs = pd.DataFrame(
        {"dataset": "organics", "seed": [0, 1], "strategy": "random", "n_train": 9}
    ).assign(noise_var=0.05)
    learned = {"strategy": "random, learned noise", "noise_var": [0.1, 0.2]}
    facts = field_tables.field_facts(pd.concat([runs, runs.assign(**learned)]), error, error)
    assert (facts["better"], facts["worse"]) == ("G", "L")
    assert facts["unsure"] == "E, E with learned noise" and facts["unsure_above"] == "1 of 2"
    assert (facts["n_strategies"], facts["n_pairs"], facts["n_tests"]) == (5, 2, 15)
    assert facts["noises"] == "It lies at 0.1 to 0.2 eV² (organics)."
    assert field_tables.field_facts(runs, error, error)["noises"] == ""
    shown = field_tables.field_table(error)["against A"]
    assert shown[["k_centre", "most_probable", "random"]].tolist() == ["better", "worse", "-"]


def test_the_entries_of_the_field_are_its_tracked_runs():
    runs = ranking.entries(["organics"], [0], ["k_centre"])
    learned = [f"{name}{ranking.AT_LEARNED_NOISE}" for name in plans.LEARNED]
    assert list(runs["strategy"].unique()) == ["random", "k_centre", *learned]
    fixed = ranking.entries(["organics"], [0], ["k_centre"], learned_noise=False)
    assert list(fixed["strategy"].unique()) == ["random", "k_centre"]


def test_remote_differences_are_percents_with_intervals():
    rows = [("organics", "k_centre", seed, 5, 0.1 + 0.01 * seed) for seed in range(3)]
    columns = ["dataset", "strategy", "seed", "remote_share", "difference"]
    shifted = pd.DataFrame(rows, columns=columns)
    assert law_tables.remote_text(shifted, "k_centre", 5)["organics"] == "+11.0 (+8.5 to +13.5)"
    facts = law_tables.remote_facts(shifted, "k_centre")
    assert facts == {"remote": "organics: +11.0 (+8.5 to +13.5)", "n_shifted": 3}
    assert law_tables.remote_table(shifted, "k_centre", (5,)).loc["organics", "5 %"][:5] == "+11.0"
