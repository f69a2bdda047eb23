"""The law on new pools: what is tracked is what is computed, and what is said of it follows."""

import numpy as np
import pandas as pd
import pytest

from alutils.acquisition.target import shape_of
from alutils.analysis import new_pools, plans
from alutils.report import new_pools as report
from alutils.runs import store
from alutils.storage.locations import records_dir

TARGETS = plans.NEW_TARGETS


def made(pools="abcd", skill=0.9, seed=0):
    """Searches as of `searches`: a pool's own level, which its replays see as far as `skill`."""
    rng, rows = np.random.default_rng(seed), []
    for k, pool in enumerate(pools):
        for low, high in TARGETS:
            for strategy in plans.SWEPT:
                for replicate in range(2):
                    gain = 0.9 - 0.4 * (high - low) - 0.15 * k + 0.02 * rng.normal()
                    share = min(high - low, 0.9)
                    seen = gain if rng.random() < skill else rng.uniform()
                    rows.append(
                        {
                            **{"dataset": pool, "strategy": strategy, "seed": replicate},
                            **{"target_low": low, "target_high": high, "share": high - low},
                            **{"shape": shape_of(low, high), "hits": round(300 * share)},
                            **{
                                "share_seen": share,
                                "n_pool": 1000,
                                "r2": 0.5,
                                "rank": 0.7,
                                "area_gain": gain,
                            },
                            **{"saving_gain": gain, "saved": gain / 2, "enrichment": 1 + gain},
                            **{"replayed_area_gain": seen, "replayed_saving_gain": seen},
                        }
                    )
    return pd.DataFrame(rows)


def test_all_searches_are_tracked_and_predicted():
    bundled = store.parts(records_dir() / "sweep_new.jsonl")
    made = {name for part in bundled for name in store.bundle(part)}
    assert made == {store.file_name(config) for config in plans.sweep_new()}
    rows = new_pools.read()
    assert set(rows["n_probe"]) == set(new_pools.N_PROBES) and set(rows["seed"]) == {0, 1, 2}
    asked = len(new_pools.configs((*plans.POOLS, *plans.NEW_POOLS)))
    assert len(rows) == asked * len(new_pools.N_PROBES)


def test_tracked_replays_are_those_that_are_computed():
    rows, n = new_pools.read(), new_pools.N_PROBES[0]
    computed = new_pools.predicted("organics", n, 1)
    tracked = rows[(rows["dataset"] == "organics") & (rows["n_probe"] == n) & (rows["seed"] == 1)]
    columns = ["hits", "share_seen", "r2", "rank", "replayed_area_gain", "replayed_saving_gain"]
    both = computed.merge(tracked, on=["strategy", "target_low", "target_high"])
    assert len(both) == len(computed) == len(tracked)
    apart = [(both[f"{name}_x"] - both[f"{name}_y"]).abs() for name in columns]
    assert all(one.median() < 1e-5 and one.quantile(0.95) < 0.03 for one in apart)


def test_a_probe_that_is_not_tracked_is_named():
    with pytest.raises(
        ValueError, match=r"n_probe=77: no probe of so many .* choose 100, 160, 300"
    ):
        new_pools.searches(["organics"], 77)


def test_a_new_pool_is_predicted_by_what_others_taught():
    rows = made()
    known, new = rows[rows["dataset"] != "d"], rows[rows["dataset"] == "d"]
    tested = new_pools.tested(known, new)
    scores = new_pools.scores(tested[tested["strategy"] == plans.SWEPT[0]])
    assert scores.loc["shape_alone", "bias"] > 0.2  # d gains less than all that are known
    assert scores.loc["predicted", "error"] < scores.loc["shape_alone", "error"] / 2
    assert scores.loc["predicted", "more"] > 0
    changed = new_pools.tested(known, new.assign(area_gain=9.0))
    assert np.array_equal(tested["predicted"], changed["predicted"])


def test_each_pool_is_left_out():
    rows = made()
    out = new_pools.left_out(rows)
    last = new_pools.tested(rows[rows["dataset"] != "d"], rows[rows["dataset"] == "d"])
    assert np.allclose(out.loc[out["dataset"] == "d", "predicted"], last["predicted"])
    assert len(out) == len(rows)


@pytest.mark.parametrize(("skill", "correlated"), [(1.0, True), (0.0, False)])
def test_what_a_replay_says_of_a_pool(skill, correlated):
    rows = made(skill=skill)
    correlation, (low, high) = new_pools.about_the_pool(rows[rows["strategy"] == plans.SWEPT[1]])
    assert low <= correlation <= high
    assert (correlation > 0.9) == correlated and (correlation < 0.5) == (not correlated)


def test_the_table_to_take_home_counts_what_is_there():
    rows = made()
    home = report.take_home(rows)
    tail = home[(home["target"] == "tail") & (home["share"] == 0.1)].iloc[0]
    greedy = rows[(rows["strategy"] == report.GREEDY) & (rows["shape"] != "window")]
    alike = greedy[np.isclose(greedy["share"], 0.1)]
    assert (tail["n"], tail["n_pools"], tail["skill"]) == (len(alike), 4, "0.6 to 0.8")
    assert tail["saved"] == alike["saved"].median() and tail["worse"] == 0
    table = report.take_home_table(rows.assign(enrichment=0.5))
    assert "0.5 times" in table.loc["tail, 10%", "rank 0.6 to 0.8"]
    assert (table["rank under 0.6"] == "-").all()


def test_what_the_page_quotes():
    rows = made()
    known, new = rows[rows["dataset"] != "d"], rows[rows["dataset"].isin(["c", "d"])]
    tested, saved = new_pools.tested(known, new), new_pools.tested(known, new, "saving_gain")
    facts = report.facts({"rule": tested}, {"rule": saved}, rows)
    assert facts["n_new"] == 2 and facts["n_searches"] == len(new) and facts["n_all"] == 4
    assert facts["worse"] == f"0 of {len(rows) // 2}"
    assert facts["L_rule_goal"] in ("reached", "missed") and facts["goal_E"] == "0.85"
    table = report.contest_table({"probe": tested})
    assert table.loc["L, probe", "share and shape"].startswith(facts["L_rule_shape"])
    held = report.inside(saved, "saving_gain").groupby(saved["dataset"]).mean()
    assert facts["held_rule"] == f"{held.mean():.0%}"
    covered = report.pool_coverage_table({"rule": saved})
    assert covered.loc["all, each pool once", "rule"] == facts["held_rule"]
    assert (report.coverage_table(saved)["searches"].sum()) == len(new)
    assert {"c", "d"} == set(report.by_pool_table(tested).index)
