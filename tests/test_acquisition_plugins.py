"""A reader's own strategy: known whenever it comes, and never answered with old results."""

import importlib
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import made_up
import numpy as np
import pytest

from alutils import loop
from alutils.acquisition import strategies
from alutils.acquisition.strategies import LETTERS, STRATEGIES, letter, register
from alutils.report import figures
from alutils.runs import records, store
from alutils.runs.identity import strategy_identity

ROOT = Path(__file__).resolve().parents[1]
SIZES = {"n_init": 20, "n_const": 20, "n_max": 80, "n_test": 40, "n_restarts": 0}


@pytest.fixture(autouse=True)
def entered():
    """What a test enters is gone after it."""
    before = [(known, dict(known)) for known in (STRATEGIES, strategies.LABELS)]
    yield
    for known, entries in before:
        known.clear()
        known.update(entries)


@pytest.fixture(autouse=True)
def pool(monkeypatch, tmp_path):
    """A toy data set in the working folder, an empty cache and no tracked records."""
    X = np.random.default_rng(3).normal(size=(200, 5)) * 200
    made_up.write_data_set(tmp_path / "toy", X, np.tanh(X[:, 0] / 200) - 6)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ALUTILS_RECORDS", str(tmp_path / "tracked"))
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    records.load_once.cache_clear()
    yield
    records.load_once.cache_clear()


def results(strategy):
    """Errors along a run, as `run_or_load` gives them; those of `loop.run` must be the same."""
    config = loop.RunConfig("toy", strategy, "constant", **SIZES)
    frame = records.run_or_load([config])
    assert not frame["stale"].any()
    assert frame["mae_ev"].tolist() == loop.run(config)["mae_ev"].tolist()
    return frame["mae_ev"].tolist()


def quantile(share):
    """A rule that picks around a quantile of the predictions."""

    def around(view, batch_size, rng):
        return np.argsort(np.abs(view.mu - np.quantile(view.mu, share)))[:batch_size]

    return around


CELL = """
SHARE = {share}
def own(view, batch_size, rng):
    return np.argsort(np.abs(view.mu - np.quantile(view.mu, SHARE)))[:batch_size]
"""


def run_cell(share):
    """A notebook's cell, run with a constant."""
    names = {"np": np, "__name__": "__main__"}
    exec(compile(CELL.format(share=share), "<cell>", "exec"), names)
    return names["own"]


class Around:
    """A callable object, with one plain attribute."""

    def __init__(self, share):
        self.share = share

    def __call__(self, view, batch_size, rng):
        return quantile(self.share)(view, batch_size, rng)


def by_share(view, batch_size, rng, share):
    return quantile(share)(view, batch_size, rng)


MAKERS = {
    "closure": quantile,
    "lambda": lambda share: lambda m, n, rng: np.argsort(abs(m.mu + 6 - share))[:n],
    "cell": run_cell,
    "object": Around,
    "partial": lambda share: partial(by_share, share=share),
}


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("enter", [register, lambda f, name: STRATEGIES.update({name: f})])
def test_a_redefined_strategy_gets_new_results(kind, enter, tmp_path):
    enter(MAKERS[kind](0.1), name="own")
    first = results("own")
    enter(MAKERS[kind](0.9), name="own")
    second = results("own")
    assert first != second
    (path,) = (tmp_path / "cache/records").iterdir()
    made = path.read_bytes()
    enter(MAKERS[kind](0.9), name="own")
    assert results("own") == second and path.read_bytes() == made  # the same is not made again


HELPER = """
import numpy as np

def centre(mu):
    return np.quantile(mu, {share})
"""


@pytest.mark.parametrize(
    "use",
    ["helper.centre(view.mu)", "centre(view.mu)", "(lambda: helper)().centre(view.mu)"],
)
def test_an_edited_helper_gives_new_results(use, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    found = []
    for share in (0.1, 0.95):  # of another length: an edit within a second is seen by it
        (tmp_path / "own_helper.py").write_text(HELPER.format(share=share))
        importlib.invalidate_caches()
        helper = importlib.reload(importlib.import_module("own_helper"))
        names = {"np": np, "helper": helper, "centre": helper.centre, "__name__": "__main__"}
        body = f"return np.argsort(np.abs(view.mu - {use}))[:batch_size]"
        exec(f"def own(view, batch_size, rng): {body}", names)
        found.append(results(names["own"]))
    monkeypatch.delitem(sys.modules, "own_helper")
    assert found[0] != found[1]


def test_a_tracked_record_does_not_stand_for_a_reader_s_strategy(tmp_path):
    register(quantile(0.1), name="own")
    config = loop.RunConfig("toy", "own", "constant", **SIZES)
    records.compute(config, tmp_path / "tracked")
    assert store.find(config)["strategy_identity"] == strategy_identity("own")
    register(quantile(0.9), name="own")
    old = store.find(config)
    assert store.is_stale(old)
    assert results("own") != [row["mae_ev"] for row in old["rows"]]


def test_functions_of_one_name_are_told_apart_within_a_grid():
    configs = [loop.RunConfig("toy", quantile(share), **SIZES) for share in (0.1, 0.9, 0.1)]
    assert configs[0] == configs[2] != configs[1]
    assert all(re.fullmatch("around_[0-9a-f]{6}", config.strategy) for config in configs)


def test_a_rule_that_calls_another_by_name_follows_it():
    def combined(view, batch_size, rng):
        return strategies.STRATEGIES["own"](view, batch_size, rng)

    register(combined)
    register(quantile(0.1), name="own")
    first = results("combined")
    register(quantile(0.9), name="own")
    assert results("combined") != first


GENERATOR = np.random.default_rng(0)


def unidentifiable(view, batch_size, rng):
    return GENERATOR.permutation(len(view.X))[:batch_size]


@pytest.mark.parametrize("scheduler", ["serial", "processes:2"])
def test_what_cannot_be_identified_is_refused_before_any_computing(scheduler, tmp_path):
    configs = [loop.RunConfig("toy", name, **SIZES) for name in ("random", unidentifiable)]
    with pytest.raises(
        ValueError, match="'unidentifiable' depends on GENERATOR, Generator"
    ) as stated:
        records.run_or_load(configs, scheduler=scheduler)
    assert "\n" not in str(stated.value) and "argument default" in str(stated.value)
    assert not (tmp_path / "cache").exists()


def test_alutils_own_strategies_have_no_identity(tmp_path):
    assert {strategy_identity(name) for name in strategies.SHIPPED} == {None}
    frame = records.compute(loop.RunConfig("toy", "random", **SIZES), tmp_path / "made")
    assert "strategy_identity" not in frame


@pytest.mark.parametrize("enter", [register, lambda f, name: STRATEGIES.update({name: f})])
def test_a_strategy_that_comes_late_is_in_figure_and_legend(enter):
    others = set(figures.STRATEGY_COLOURS.values())
    for number in range(15):
        enter(quantile(number / 15), name=f"late_{number}")
    configs = [loop.RunConfig("toy", name, **SIZES) for name in ("random", "late_0", "late_14")]
    figure = figures.learning_curves(records.run_or_load(configs))
    legend = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert legend == ["A random", "S late 0", "AG late 14"]
    assert letter("late_0") == "S" and LETTERS["AG"] == "late_14"
    drawn = {line.get_label(): line.get_color() for line in figure.axes[0].get_lines()}
    colours = [drawn[label] for label in legend[1:]]
    assert len(set(colours)) == 2 and not others & set(colours)
    assert len(set(figures.STRATEGY_COLOURS.values())) == len(STRATEGIES)


def test_register_is_a_decorator_with_or_without_a_label():
    @register
    def one(view, batch_size, rng):
        return rng.permutation(len(view.X))[:batch_size]

    @register(name="two", label="second rule")
    def other(view, batch_size, rng):
        return rng.permutation(len(view.X))[:batch_size]

    assert STRATEGIES["one"] is one and STRATEGIES["two"] is other
    assert figures.STRATEGY_LABELS["two"] == "T second rule"
    assert loop.RunConfig("toy", other, **SIZES).strategy == "two"


SCRIPT = """
from scipy.special import erf
import numpy as np
import own_helper
from alutils import loop
from alutils.runs import records, store

WEIGHTS = np.array([0.5, 2.0])

class Rule:
    def __init__(self, power):
        self.power = power

    def __call__(self, view, batch_size, rng):
        score = own_helper.score(view.mu) * WEIGHTS[0] + erf(view.sigma) ** self.power
        return np.argsort(score)[:batch_size]

def rule(view, batch_size, rng):
    return Rule(2)(view, batch_size, rng)

if __name__ == "__main__":
    sizes = dict(n_init=20, n_const=20, n_max=80, n_test=40, n_restarts=0)
    grid = [loop.RunConfig("organics", s, **sizes) for s in ("random", rule, Rule(1), Rule(3))]
    there = records.run_or_load(grid, "there", "processes:2")
    here = records.run_or_load(grid, "here")
    assert there["n_found"].tolist() == here["n_found"].tolist()
    assert np.allclose(there["mae_ev"], here["mae_ev"], rtol=1e-6) and not there["stale"].any()
    print(len(set(there["strategy"])), "strategies")
"""


def run_script(text, folder):
    (folder / "script.py").write_text(text, "utf8")
    done = subprocess.run(
        [sys.executable, "script.py"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        **{"cwd": folder, "capture_output": True, "text": True, "check": False},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_workers_know_the_strategies_of_a_script(tmp_path):
    (tmp_path / "own_helper.py").write_text("SIGN = -1\n\ndef score(mu):\n    return SIGN * mu\n")
    assert run_script(SCRIPT, tmp_path) == "4 strategies\n"


def test_the_readmes_example_works_as_pasted(tmp_path):
    section = (ROOT / "README.md").read_text("utf8").split("## Add a strategy")[1].split("\n## ")[0]
    blocks = re.findall(r"```python\n(.*?)```", section, re.S)
    assert len(blocks) == 2
    check = """
figure = figures.learning_curves(frame)
print([text.get_text() for text in figure.axes[0].get_legend().get_texts()])
found = frame[frame["n_train"] == 400].groupby("strategy")["n_found"].mean()
print(found["closest_to_threshold"] > found["random"], frame["stale"].any())
"""
    stated = run_script("\n".join([*blocks, check]), tmp_path)
    assert stated == "['A random', 'S closest to threshold']\nTrue False\n"
