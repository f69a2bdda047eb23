"""The fingerprint of a function: the same for the same, another for another, refused if unknown."""

import enum
import functools
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from scipy.special import erf
from scipy.stats import norm
from sklearn.cluster import KMeans

from alutils.acquisition import strategies
from alutils.runs.identity import identity, is_shipped

ROOT = Path(__file__).resolve().parents[1]
LOCK, CLUSTERS, CHOICE = threading.Lock(), KMeans(3), np.random.default_rng(0).choice
SCALE = 1.0


class Around:
    """A callable object, with one attribute."""

    def __init__(self, share):
        self.share = share

    def __call__(self, view, batch_size, rng):
        return self.share


class Kind(enum.Enum):
    ONE = 1


@functools.lru_cache
def scaled(x):
    return SCALE * x


def uses_libraries(view, batch_size, rng):
    import json

    KMeans(3), erf(1.0), np.abs(1.0), np.linalg.norm([1.0]), norm.cdf(0), scipy.stats.t, json
    return Kind.ONE, scaled(1.0), strategies.random


def test_what_a_function_names_is_followed(monkeypatch):
    before = identity(uses_libraries, "x")
    assert identity(uses_libraries, "x") == before
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 2.0)
    assert identity(uses_libraries, "x") != before


def test_a_wrapper_of_a_shipped_strategy_is_none():
    @functools.wraps(strategies.random)
    def mine(view, batch_size, rng):
        return strategies.random(view, batch_size, rng)

    assert is_shipped(strategies.random) and not is_shipped(mine)
    assert not is_shipped(functools.partial(strategies.random, batch_size=3))


def held(view, batch_size, rng):
    with LOCK:
        return rng.permutation(len(view.X))[:batch_size]


def by_text(view, batch_size, rng):
    return eval("rng.permutation(len(view.X))")[:batch_size]


def clusters(view, batch_size, rng):
    return CLUSTERS.fit(view.X)


def drawn(view, batch_size, rng):
    return CHOICE(len(view.X), batch_size)


@pytest.mark.parametrize(
    ("function", "place"),
    [
        (held, "LOCK, lock"),
        (by_text, "eval, builtin_function_or_method"),
        (clusters, "CLUSTERS, KMeans"),
        (drawn, r"CHOICE\[1\], Generator"),
    ],
)
def test_an_object_with_hidden_state_is_named(function, place):
    with pytest.raises(ValueError, match=f"{function.__name__}' depends on {place}, which cannot"):
        identity(function, function.__name__)


def test_the_identity_does_not_depend_on_the_process():
    code = "from tests.test_runs_identity import *\n"
    code += "print(identity(Around({'a', 'b', 'c'}), 'x'))"
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            **{"cwd": ROOT, "capture_output": True, "text": True, "check": True},
            timeout=300,
        ).stdout
        for seed in ("1", "2")
    }
    assert found == {f"{identity(Around({'c', 'b', 'a'}), 'x')}\n"}


def test_types_are_no_part_of_a_rule():
    """They may be added to a strategy, here or by a reader, and its records stay its own."""
    plain, typed, another = ({"np": np} for _ in range(3))
    exec("def mine(view, n, rng):\n    first = 3\n    return np.arange(first, n)", plain)
    exec(
        "def mine(view: object, n: int, rng: np.random.Generator) -> np.ndarray:\n"
        "    first: int = 3\n    return np.arange(first, n)",
        typed,
    )
    exec("def mine(view, n, rng):\n    first = 4\n    return np.arange(first, n)", another)
    same, with_types, other = (identity(one["mine"], "x") for one in (plain, typed, another))
    assert same == with_types != other
