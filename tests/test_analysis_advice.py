"""Advice: from a probe, and from searches that are known; the intervals hold what they promise."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alutils.acquisition.target import Range, highest
from alutils.analysis import advice, advice_check, combined, plans
from alutils.analysis.advice import Probed
from alutils.analysis.overlap import Plan
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.model.noise import NOISES


@pytest.fixture(scope="module")
def rows():
    return advice.experience()


@pytest.fixture(scope="module")
def stated(rows):
    return advice_check.calibrated(rows)


def test_the_table_that_is_shipped_is_that_of_the_records(rows):
    whole = advice.recorded()
    pd.testing.assert_frame_equal(rows, whole, rtol=1e-8, check_dtype=False)
    assert set(rows["dataset"]) == {*plans.POOLS, *plans.NEW_POOLS}
    assert set(rows["shape"]) == {"tail", "window"}


def test_intervals_come_from_the_other_pools(rows, stated):
    for pool in ("organics", "lipo"):
        others = rows[rows["dataset"] != pool]
        printed = advice.predicted(rows[rows["dataset"] == pool], others)
        same = stated.loc[printed.index, ["low", "high"]]
        assert np.array_equal(same, printed[["low", "high"]])


def test_no_search_is_left_out_and_the_intervals_hold_what_they_promise(rows, stated):
    """With the pool left out, for many hits and for few; one by one the pools may fall short."""
    assert len(stated) == len(rows) and rows["replayed_saving_gain"].isna().sum() > 10
    assert stated[["predicted_saved", "saved", "low", "high"]].notna().all(axis=None)
    held = stated.groupby("hits_class")["inside"].mean()
    assert set(held.index) == set(combined.HITS) and (held > 0.87).all()
    assert stated.groupby("dataset")["inside"].mean().mean() > 0.87


def test_the_rule_is_counted_as_it_is_applied(stated):
    said = advice_check.decisions(stated)
    keys = ["dataset", "seed", "target_low", "target_high"]
    assert len(said) == len(stated[stated["strategy"] == advice.GREEDY].groupby(keys)) > 200
    told = stated.loc[said.index]
    assert (said["promised"] == (told["low"] > 0)).all()
    assert ((said["strategy"] == "random") == ~(told["predicted_enrichment"] > 1)).all()
    assert (said["enrichment"] > 1).all()  # why the greedy rule is advised without a promise


def test_what_is_possible_ends_an_interval(rows):
    asked = rows[(rows["dataset"] == "organics") & (rows["hits"] > 30)].head(4)
    high = advice.predicted(asked, rows[rows["dataset"] != "organics"])["high"]
    assert (high > asked["saved_bound"] * 0.5).all()
    most = advice.predicted(asked.assign(saved_bound=0.01), rows)["high"]
    assert (most < 0.02).all() and (most >= 0.01 * 0.5).all()


def test_what_hits_are_worth():
    some = list(combined.HITS)[1]
    assert "cannot be trusted" in advice.caution(9) and "9 hits" in advice.caution(9)
    assert advice.caution(10).endswith(f"probe had {some} hits.")
    assert advice.caution(10, 0.0).endswith("It holds zero: the search may save nothing.")


def test_advice_follows_the_probe(rows):
    dataset = load("organics")
    F, order = features(dataset), np.random.default_rng(0).permutation(len(dataset))[:200]
    X, y, plan = F[order], dataset.y[order], Plan(len(dataset), 200, 800)
    target = highest(0.2).range_in(y)
    table, answer = advice.advise(Probed(X, y, target, plan), rows)
    assert answer["strategy"] == "most_probable" and answer["noise_var"] in NOISES
    assert answer["caution"] == advice.caution(answer["hits"], table.loc["most_probable", "low"])
    assert (table["low"] < table["saved"]).all() and (
        table["saved"] <= table["possible"] + 0.02
    ).all()
    said = []
    for seed in range(8):  # labels without meaning: a probe is fooled now and then
        shuffled = np.random.default_rng(seed).permutation(y)
        probed = Probed(X, shuffled, target, plan)
        said.append(advice.advise(probed, rows, noise_var=0.1)[1]["caution"])
    assert sum("it holds zero" in one.casefold() for one in said) >= 6
    assert sum("no better than chance" in one for one in said) >= 6
    assert "no better than chance" not in answer["caution"]


def test_advice_needs_hits(rows):
    y = np.linspace(-9, -6, 50)
    with pytest.raises(ValueError, match="1 of the 50 labels lie in the target"):
        advice.advise(Probed(y[:, None], y, Range(low=-6.01), Plan(500, 50, 100)), rows)
    with pytest.raises(ValueError, match="n_max=50 leaves nothing to search for after the 50"):
        advice.advise(Probed(y[:, None], y, Range(low=-7), Plan(500, 50, 50)), rows)


@settings(max_examples=8, deadline=None, derandomize=True)
@given(factor=st.floats(1e-3, 1e5), shift=st.floats(-1e2, 1e2), falling=st.booleans())
def test_advice_does_not_depend_on_the_unit(rows, factor, shift, falling):
    """Nor on the direction: what is sought may as well be the lowest labels."""
    dataset = load("organics")
    order = np.random.default_rng(0).permutation(len(dataset))[:100]
    X, y, plan = features(dataset)[order], dataset.y[order], Plan(len(dataset), 100, 800)
    edge = np.quantile(y, 0.8)
    table, answer = advice.advise(Probed(X, y, Range(edge), plan, "data"), rows)
    sign = -1 if falling else 1
    changed, moved = sign * factor * (y + shift), sign * factor * (edge + shift)
    target = Range(high=np.nextafter(moved, -np.inf)) if falling else Range(moved)
    other, again = advice.advise(Probed(X, changed, target, plan, "data"), rows)
    assert again == answer
    pd.testing.assert_frame_equal(other, table, rtol=1e-4)


def test_experience_leaves_a_pool_out(rows):
    assert "organics" not in set(advice.experience(without="organics")["dataset"])
    assert isinstance(rows, pd.DataFrame) and set(plans.POOLS) <= set(rows["dataset"])


def test_rounding_ranks_nobody():
    """Where the model says the same of all, a ranking is blind, whatever the last digits say."""
    rng = np.random.default_rng(0)
    X = 1e6 * np.eye(60)  # nobody is near anybody
    y = rng.permutation(np.linspace(-1, 1, 60))
    model = advice.prior_model("data", 0.01, random_state=0)
    assert advice.blind_chance(X, y, Range(low=0.5), model) > advice.BLIND
