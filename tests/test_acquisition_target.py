"""Targets: what is inside, what is refused, and the same loop for each."""

import dataclasses

import numpy as np
import pytest

from alutils import loop
from alutils.acquisition.target import (
    SHARE,
    Range,
    Target,
    above,
    below,
    highest,
    lowest,
    sought,
)
from alutils.data.datasets import MoleculeDataset
from alutils.loop import RunConfig
from alutils.runs.store import file_name

RUN = {"n_init": 20, "n_const": 20, "n_max": 80, "n_test": 40, "n_restarts": 0}


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(240, 4)) * 250
    return MoleculeDataset("toy", np.tanh(X[:, 0] / 250) - 6, X=X - X.mean(axis=0))


def found(config, pool):
    return [step.row["n_found"] for step in loop.steps(config, pool, np.asarray(pool.X, float))]


def test_a_range_is_half_open_and_elementwise():
    inside = Range(1.0, 2.0).contains(np.array([1.0, 1.5, 2.0, 2.5]))
    assert inside.tolist() == [False, True, True, False]


@pytest.mark.parametrize(
    ("target", "shape"),
    [
        (highest(0.3), "upper tail"),
        (lowest(0.2), "lower tail"),
        (Target(0.4, 0.5, SHARE), "window"),
    ],
)
def test_a_target_holds_its_share(target, shape, pool):
    share = target.range_in(pool.y).contains(pool.y).mean()
    assert abs(share - target.share) <= 1 / len(pool) and target.shape == shape


def test_above_and_below_split_the_pool(pool):
    y = pool.y
    upper, lower = (target.range_in(y).contains(y) for target in (above(-6.0), below(-6.0)))
    assert (upper ^ lower).all() and (y[upper] > -6.0).all() and 0 < upper.sum() < len(y)


def test_what_is_sought_is_named_by_edges_or_one_share():
    assert sought() is None
    assert sought(above=-6.0) == above(-6.0) and sought(below=-6.0) == below(-6.0)
    assert sought(above=-7.0, below=-6.0) == Target(-7.0, -6.0)
    assert sought(highest=0.3) == highest(0.3) and sought(lowest=0.3) == lowest(0.3)
    with pytest.raises(ValueError, match="target by above and highest: give above, below, or both"):
        sought(above=-6.0, highest=0.3)
    with pytest.raises(ValueError, match="target share 3 must lie between 0 and 1"):
        sought(lowest=3)


def test_lower_tail_is_the_upper_tail_of_the_mirrored_labels(pool):
    mirrored = MoleculeDataset("toy", -pool.y, X=pool.X)
    low = RunConfig("toy", "most_probable", target=lowest(0.25), **RUN)
    high = RunConfig("toy", "most_probable", target=highest(0.25), **RUN)
    assert found(low, pool) == found(high, mirrored)


def test_a_value_and_the_share_above_it_are_one_search(pool):
    edge = highest(0.3).range_in(pool.y).low
    configs = [
        RunConfig("toy", "property_search", target=t, **RUN) for t in (above(edge), highest(0.3))
    ]
    assert found(configs[0], pool) == found(configs[1], pool)
    assert file_name(configs[0]) != file_name(configs[1])


def test_search_in_a_window_beats_chance(pool):
    config = RunConfig("toy", "property_search", target=Target(0.4, 0.6, SHARE), **RUN)
    assert found(config, pool)[-1] > 1.5 * 0.2 * 80


@pytest.mark.parametrize("edges", [(0.5, 0.5), (-0.1, 0.3), (0.2, 1.1), (0.0, 1.0)])
def test_impossible_quantiles_are_refused(edges):
    with pytest.raises(ValueError, match="no part of the labels"):
        Target(*edges, SHARE)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, np.nan])
def test_impossible_shares_are_refused(share):
    for target in (highest, lowest):
        with pytest.raises(ValueError, match="must lie between 0 and 1"):
            target(share)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({}, "without an edge"),
        ({"low": -5.0, "high": -6.0}, "must be below high=-6.0"),
        ({"low": "-5"}, "low='-5' is not a number"),
        ({"low": float("nan")}, "low=nan is not a number"),
        ({"low": 0.1, "by": "quantile"}, "by 'quantile'"),
    ],
)
def test_targets_that_mean_nothing_are_refused(fields, named):
    with pytest.raises(ValueError, match=named):
        Target(**fields)


@pytest.mark.parametrize(("threshold", "left"), [(9.0, "0 of 10"), (-1.0, "10 of 10")])
def test_thresholds_that_split_nothing_are_refused(threshold, left):
    with pytest.raises(ValueError, match=left):
        above(threshold).range_in(np.arange(10.0))


def test_a_window_without_molecules_is_refused(pool):
    flat = MoleculeDataset("toy", np.repeat([-6.0, -5.0], 120), X=pool.X)
    config = RunConfig("toy", "random", target=Target(0.1, 0.2, SHARE), **RUN)
    with pytest.raises(ValueError, match="holds 0 of 240 molecules"):
        loop.check(config, flat)


@pytest.mark.parametrize("target", [None, highest(0.1), above(-6.0), Target(-7.0, -6.0)])
def test_configuration_survives_its_record(target):
    config = RunConfig("toy", "random", target=target)
    assert RunConfig(**dataclasses.asdict(config)) == config


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (highest(0.3), "the highest 30 %"),
        (lowest(0.01), "the lowest 1 %"),
        (Target(0.45, 0.55, SHARE), "between the quantiles 0.45 and 0.55"),
        (above(-5.55), "above -5.55 eV"),
        (below(-6), "up to -6 eV"),
        (Target(-7, -6), "-7 to -6 eV"),
    ],
)
def test_a_target_says_what_it_is(target, text):
    assert str(target) == text


@pytest.mark.parametrize(
    ("low", "high", "shape"),
    [(-8.0, None, "upper tail"), (None, -8.0, "lower tail"), (-9.0, -8.0, "window")],
)
def test_a_range_has_the_shape_of_its_target(low, high, shape):
    assert Target(low, high).edges(None).shape == shape
