"""Targets between two quantiles: what is inside, what is refused, and the same loop."""

import numpy as np
import pytest

from alutils import loop
from alutils.acquisition.target import Window
from alutils.data.datasets import MoleculeDataset
from alutils.runs.records import file_name
from alutils.runs.target_runs import TargetConfig, config_of

RUN = {"n_init": 20, "n_const": 20, "n_max": 80, "n_test": 40, "n_restarts": 0}


@pytest.fixture(scope="module")
def pool():
    rng = np.random.default_rng(6)
    X = rng.normal(size=(240, 4)) * 250
    return MoleculeDataset("toy", np.tanh(X[:, 0] / 250) - 6, X=X - X.mean(axis=0))


def found(config, pool):
    return [step.row["n_found"] for step in loop.steps(config, pool, np.asarray(pool.X, float))]


def test_window_is_half_open_and_elementwise():
    inside = np.array([1.0, 1.5, 2.0, 2.5]) > Window(1.0, 2.0)
    assert inside.tolist() == [False, True, True, False]
    assert (1.5 > Window(1.0, 2.0)) is True


@pytest.mark.parametrize(
    ("target_from", "target_to", "shape"),
    [(0.7, 1.0, "upper tail"), (0.0, 0.2, "lower tail"), (0.4, 0.5, "window")],
)
def test_target_holds_its_share(target_from, target_to, shape, pool):
    config = TargetConfig("toy", "random", target_from=target_from, target_to=target_to, **RUN)
    share = (pool.y > config.target(pool.y)).mean()
    assert abs(share - config.share) <= 1 / len(pool) and config.shape == shape


def test_upper_tail_is_the_papers_target(pool):
    ours = TargetConfig("toy", "property_search", target_from=0.7, target_to=1.0, **RUN)
    papers = loop.RunConfig("toy", "property_search", target_share=0.3, **RUN)
    assert found(ours, pool) == found(papers, pool)
    assert file_name(ours) != file_name(papers)


def test_lower_tail_is_the_upper_tail_of_the_mirrored_labels(pool):
    mirrored = MoleculeDataset("toy", -pool.y, X=pool.X)
    low = TargetConfig("toy", "most_probable", target_from=0.0, target_to=0.25, **RUN)
    high = TargetConfig("toy", "most_probable", target_from=0.75, target_to=1.0, **RUN)
    assert found(low, pool) == found(high, mirrored)


def test_search_in_a_window_beats_chance(pool):
    config = TargetConfig("toy", "property_search", target_from=0.4, target_to=0.6, **RUN)
    assert found(config, pool)[-1] > 1.5 * 0.2 * 80


@pytest.mark.parametrize("edges", [(0.5, 0.5), (-0.1, 0.3), (0.2, 1.1), (None, 0.3)])
def test_impossible_quantiles_are_refused(edges):
    with pytest.raises(ValueError, match="target_from"):
        TargetConfig("toy", "random", target_from=edges[0], target_to=edges[1], **RUN)


def test_a_window_without_molecules_is_refused(pool):
    flat = MoleculeDataset("toy", np.repeat([-6.0, -5.0], 120), X=pool.X)
    config = TargetConfig("toy", "random", target_from=0.1, target_to=0.2, **RUN)
    with pytest.raises(ValueError, match="holds 0 of 240 molecules"):
        loop.check(config, flat)


def test_configuration_survives_its_record():
    config = TargetConfig("toy", "random", target_from=0.1, target_to=0.2)
    assert config_of(vars(config)) == config
    assert type(config_of(vars(loop.RunConfig("toy", "random")))) is loop.RunConfig
