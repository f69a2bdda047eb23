"""The live figure: data that a page can hold, of the molecules it names; what its prose says."""

import re

import numpy as np
import pytest
from live_loop_reference import read, steps

from alutils import descriptors, metrics
from alutils.acquisition.strategies import LETTERS
from alutils.data.datasets import load
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import squared_distances
from book.builder import sphinx_ext
from book.builder.fragments import live_loop
from book.builder.pages import ROOT

LIVE = ROOT / "book" / "_static" / "live"
OURS = sorted([*LIVE.glob("loop*"), LIVE / "k_means.js", LIVE / "strategies.js"])
MOST_BYTES, MOST_LINES = 150_000, 400
SEEDS = range(6)  # the first of the page's ten


@pytest.fixture(scope="module")
def dataset():
    return load(live_loop.POOL)


@pytest.fixture(scope="module")
def X(dataset):
    return descriptors.features(dataset)


@pytest.fixture(scope="module")
def script(dataset, X):
    return live_loop.to_script(live_loop.loop_data(dataset, X))


@pytest.fixture(scope="module")
def data(script):
    return read(script)


@pytest.fixture(scope="module")
def notebook():
    return (ROOT / "notebooks" / "00_method.py").read_text("utf8")


def test_bytes_and_steps_give_the_descriptors_back():
    Z = np.array([[1.27, -300.0], [-0.634, 12.0], [0.0, 150.0]])
    steps, text = live_loop.packed(Z)
    assert steps == pytest.approx([0.01, 300 / 127], rel=1e-5)
    assert (np.abs(live_loop.unpacked(steps, text) - Z) <= 0.5001 * steps).all()


def test_the_data_are_small_and_of_the_molecules_they_name(dataset, X, script, data):
    rows = live_loop.drawn(len(dataset))
    n = data["n_pool"] + data["n_test"]
    assert len(script) < MOST_BYTES and len(set(rows)) == len(rows) == n == len(data["y"])
    assert np.abs(dataset.y[rows] - data["y"]).max() < 1e-4
    assert data["formulas"][7] == dataset.molecules[int(rows[7])].get_chemical_formula()
    share = np.mean(np.array(data["y"][: data["n_pool"]]) > data["target"]["low"])
    assert share == data["target"]["share"] == 0.3
    names = [LETTERS[look["letter"]] for look in data["strategies"]]
    assert names == [look["id"] for look in data["strategies"]] == list(live_loop.STRATEGIES)
    here = np.sqrt(squared_distances(live_loop.unpacked(data["steps"], data["x"])))
    there = np.sqrt(squared_distances(np.asarray(X)[rows]))
    assert np.median(np.abs(here - there)) < 0.01 * np.median(there)


def test_too_few_molecules_are_refused_before_any_computing(dataset):
    with pytest.raises(ValueError, match=r"'organics' has 6000 molecules.* 6001: lower n_pool"):
        live_loop.loop_data(dataset, None, 5001, 1000)


def test_the_claim_above_the_figure_holds(data, notebook):
    """At the noise at which random choice errs least no strategy errs less; two find far more."""
    first, X, y = data["first"], live_loop.unpacked(data["steps"], data["x"]), np.array(data["y"])
    test = slice(data["n_pool"], None)
    ends = {
        name: [
            list(steps(data, name, first["noise_var"], first["batch_size"], s))[-1] for s in SEEDS
        ]
        for name in live_loop.STRATEGIES
    }
    mae = {name: np.array([end.mae_ev for end in runs]) for name, runs in ends.items()}
    found = {name: np.mean([end.found_share for end in runs]) for name, runs in ends.items()}
    for noise_var in data["noise_vars"]:  # what random choice picks does not depend on it
        fits = [GaussianProcess(noise_var, random_state=0) for _ in SEEDS]
        errors = [
            metrics.mae(y[test], fit.fit(X[rows], y[rows]).predict(X[test]))
            for fit, rows in zip(fits, [end.labelled for end in ends["random"]], strict=True)
        ]
        assert mae["random"].mean() < np.mean(errors) + 1e-4, noise_var
    for name in live_loop.STRATEGIES[1:]:
        difference = mae[name] - mae["random"]
        assert difference.mean() > -2 * difference.std(ddof=1) / np.sqrt(len(SEEDS)), name
        searches = name in ("property_search", "most_probable")
        assert (found[name] > 1.5 * found["random"]) == searches, name
    assert "no strategy ends with a lower error" in notebook
    assert "the two that look for the target end with far more of it" in notebook


def test_the_page_loads_what_is_there_in_an_order_that_works(notebook):
    loaded = sphinx_ext.LIVE['id="live-loop"']
    assert 'id="live-loop"' in notebook
    names = [path.removeprefix("live/") for path in loaded if path.startswith("live/")]
    assert loaded.count(live_loop.SCRIPT.name) == 1 and "<noscript>" in notebook
    assert all((LIVE / name).is_file() for name in names)
    assert {path.name for path in OURS} <= set(names) and names.index("modules.js") <= 1
    place = {name.removesuffix(".js"): k for k, name in enumerate(names)}
    # What is unpacked when a module is defined, not when it is called, has to stand before it.
    for name in names:
        for other in re.findall(r"= live\.(\w+);$", (LIVE / name).read_text("utf8"), re.M):
            before = place.get({"bfgs": "climb"}.get(other, other), 0)
            assert before < place[name.removesuffix(".js")], f"{name} needs {other}"


def test_our_code_is_short_and_asks_nothing_of_the_network():
    for path in OURS:
        text = path.read_text("utf8").replace("http://www.w3.org/2000/svg", "")
        assert len(text.splitlines()) <= MOST_LINES, path.name
        assert not re.search(r"https?:|//\w+\.\w|fetch\(|XMLHttpRequest|@?import\b|url\(", text)
