"""Share and shape, and a replay, in one prediction, on rows that are made up."""

import numpy as np
import pandas as pd
import pytest

from alutils.analysis import combined


def made(pools="abc", n=60, noise=0.02, skill=1.0, seed=0):
    """Gains that fall with the share, with a pool's own offset that only the replay sees."""
    rng = np.random.default_rng(seed)
    parts = []
    for pool in pools:
        share = rng.uniform(0.02, 0.8, n)
        truth = 0.9 - 0.5 * share + 0.2 * rng.normal() + noise * rng.normal(size=n)
        replay = skill * truth + (1 - skill) * rng.normal(size=n)
        hits = rng.integers(0, 200, n)
        rows = {"dataset": pool, "shape": rng.choice(["tail", "window"], n), "hits": hits}
        rows |= {"share_seen": share, "gain": truth}
        parts.append(pd.DataFrame(rows | {"replayed_gain": np.where(hits < 2, np.nan, replay)}))
    return pd.concat(parts, ignore_index=True)


def test_a_good_replay_is_trusted_and_a_bad_one_is_not():
    good, bad = (combined.fit(made(skill=skill), "gain") for skill in (1.0, 0.0))
    assert good.h0 == combined.HALVES[0] and bad.h0 == combined.HALVES[-1]


def test_a_shift_of_the_replay_is_learned():
    rows = made()
    rows["replayed_gain"] -= 0.1
    law = combined.fit(rows, "gain")
    assert law.shift == pytest.approx(0.1, abs=0.02)
    missed = (law.predict(rows) - rows["gain"])[rows["hits"] > 20]
    assert np.abs(missed).mean() < 0.03


def test_without_a_replay_share_and_shape_serve():
    rows = made().assign(replayed_gain=np.nan)
    law = combined.fit(rows, "gain")
    assert np.array_equal(law.predict(rows), law.shape_alone(rows))
    unknown = rows.head(2).assign(shape="ring")
    assert np.isnan(law.predict(unknown)).all()


def test_a_pool_is_predicted_by_others_alone():
    rows = made("abcd")
    predicted = combined.left_out_predictions(rows, "gain")
    changed = rows.copy()
    changed.loc[changed["dataset"] == "b", "gain"] += 9
    again = combined.left_out_predictions(changed, "gain")
    own = rows["dataset"] == "b"
    assert np.allclose(predicted[own], again[own])
    assert not np.allclose(predicted[~own], again[~own])


def test_pools_count_alike():
    rows = made("ab")
    many = pd.concat([rows, *[rows[rows["dataset"] == "a"]] * 5], ignore_index=True)
    one, other = (combined.fit(part, "gain") for part in (rows, many))
    assert one.h0 == other.h0 and one.shift == pytest.approx(other.shift)
    for shape, coefficients in one.coefficients.items():
        assert np.allclose(coefficients, other.coefficients[shape], rtol=1e-6)
    assert combined.pool_weights(["a", "a", "b"]).tolist() == [0.25, 0.25, 0.5]


def test_one_pool_teaches_nothing_of_others():
    with pytest.raises(ValueError, match="give two or more"):
        combined.fit(made("a"), "gain")


def test_intervals_by_hand():
    """Nineteen known errors, -9 to 9: the next lies between the extremes, 18 times in 20."""
    known = pd.DataFrame({"dataset": "a", "hits": [12] * 19 + [3] * 2})
    errors = np.r_[np.random.default_rng(0).permutation(np.arange(-9, 10)), -1, 1]
    ends = combined.by_hits(known, errors, [20, 5, 30])
    assert ends[:2].tolist() == [[-9, 9], [-1, 1]] and np.isnan(ends[2]).all()
    more = pd.concat([known, known.head(19)], ignore_index=True)
    inner = combined.by_hits(more, np.r_[errors, 0.5 * errors[:19]], [20])
    assert inner.tolist() == [[-9, 9]]


def test_a_small_pool_widens_an_interval_as_much_as_a_large_one():
    known = pd.DataFrame({"dataset": ["large"] * 400 + ["small"] * 20, "hits": 50})
    errors = np.r_[np.random.default_rng(0).uniform(-1, 1, 400), np.full(20, 3.0)]
    low, high = combined.by_hits(known, errors, [50])[0]
    assert -1 < low < -0.7 and high == 3


def test_classes_of_hits():
    few, some, many = combined.HITS
    classes = combined.hits_class([2, 9, 10, 29, 30, 400])
    assert classes.tolist() == [few, few, some, some, many, many]
