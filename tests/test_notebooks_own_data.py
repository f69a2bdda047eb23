"""The pages on a reader's own file: the same in any unit, for any property, and said so.

Each notebook's code runs from its .ipynb with the parameters of a reader.
"""

import myst_nb
import nbformat
import numpy as np
import pandas as pd
import pytest
from made_up import UNITS

from alutils.report import tables
from book.builder.pages import ROOT

# An electronvolt in each unit.
SIZES = {"n_test": 60, "n_init": 40, "n_max": 160}


@pytest.fixture(autouse=True)
def shown(monkeypatch, tmp_path):
    """What is glued, by name; runs are computed anew."""
    kept = {}

    def keep(name, value, display=True):
        kept[name] = value

    monkeypatch.setattr(myst_nb, "glue", keep)
    monkeypatch.setenv("ALUTILS_CACHE", str(tmp_path / "cache"))
    return kept


def molecules():
    """Bent dihydrides (300) in angstrom, and labels in eV that their shape explains."""
    rng = np.random.default_rng(5)
    n = 300
    lengths, angle = rng.uniform(0.9, 1.5, (n, 2)), rng.uniform(1.4, 2.6, n)
    first = np.column_stack([lengths[:, 0], np.zeros(n), np.zeros(n)])
    other = lengths[:, 1:] * np.column_stack([np.cos(angle), np.sin(angle), np.zeros(n)])
    R = np.stack([np.zeros((n, 3)), first, other], axis=1).reshape(-1, 3)
    Z = np.column_stack([rng.choice([8, 16], n), np.ones(n), np.ones(n)]).astype(int)
    y = -9 + 2 * lengths.sum(axis=1) + np.cos(angle) + 0.05 * rng.normal(size=n)
    return {"Z": Z.ravel(), "R": R, "N": np.full(n, 3)}, y


@pytest.fixture
def write(tmp_path):
    """Writes a reader's file with the property "gap" in a unit; its path."""
    arrays, y = molecules()

    def written(unit, sign=1):
        path = tmp_path / f"{unit.replace('/', '-')}.npz"
        np.savez(path, **arrays, gap=sign * y * UNITS[unit])
        return str(path)

    return written


def execute(name, **parameters):
    """The names that a notebook's cells leave, with a reader's parameters."""
    namespace = {}
    for cell in nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "code":
            exec(cell.source, namespace)
        if "parameters" in cell.metadata.get("tags", []):
            namespace.update(parameters)
    return namespace


def search(dataset, seeds, **more):
    given = {"dataset": dataset, "property_key": "gap", "n_const": 40, "seeds": seeds}
    given |= SIZES | more
    return execute("05_targeted_search", **given)


def test_a_search_finds_and_saves_the_same_in_any_unit(write, shown):
    found, errors = {}, {}
    for unit, factor in UNITS.items():
        made = search(write(unit), [0, 1], unit=unit)
        runs, saved = made["runs"], made["savings"]
        found[unit] = runs["n_found"].tolist(), saved["savings"].round(12).tolist()
        errors[unit] = runs["mae_ev"].to_numpy() / factor
        assert shown["fig_error"].axes[0].get_ylabel() == f"MAE of gap ({unit})"
        assert shown["in_unit"] == f" {unit}" and f" {unit} (" in shown["gain"]
    for unit in UNITS:
        assert found[unit] == found["eV"]
        np.testing.assert_allclose(errors[unit], errors["eV"], rtol=1e-6)
    assert len(set(found["eV"][0])) > 4  # a search that went somewhere


def test_advice_is_the_same_in_any_unit(write, shown):
    given, advised = {}, {}
    for unit in UNITS:
        mine = {"dataset": write(unit), "property_key": "gap", "unit": unit, "target_share": 0.2}
        made = execute("07_should_i_use_al", **mine, **SIZES)
        answer, advised[unit] = made["answer"], made["table"]
        given[unit] = answer["strategy"], answer["hits"], made["runs"]["n_found"].tolist()
        assert shown["noise"] == f"{answer['noise_var']:g} times the variance of the labels"
        assert shown["target"].startswith("above ") and shown["target"].endswith(f" {unit}")
        assert shown["property"] == "gap"
    for unit in UNITS:
        assert given[unit] == given["eV"]
        pd.testing.assert_frame_equal(advised[unit], advised["eV"], rtol=1e-6)


def test_all_labels_of_a_file_are_the_probe_of_a_larger_pool(write, shown):
    """What the page "Try it with your own file" prints as its line."""
    path = write("eV")
    n = len(molecules()[1])
    given = {"dataset": path, "property_key": "gap", "unit": "eV", "target_share": 0.2}
    made = execute("07_should_i_use_al", **given, n_init=n, n_pool=20 * n, n_max=2 * n)
    assert made["runs"] is None and len(made["probed"].y) == n
    assert made["probed"].plan.n_pool == 20 * n
    assert made["answer"]["hits"] == pytest.approx(0.2 * n, abs=1) and shown["fits"] == ""


def test_the_lowest_are_found_as_well_as_the_highest(write):
    made = search(write("meV", sign=-1), [0, 1], direction="below")
    assert made["facts"]["sought"] == "the lowest 30 %"
    last = tables.select(made["runs"], n_train=SIZES["n_max"])
    share = last.groupby("strategy")["found_share"].mean()
    assert share["property_search"] > 1.3 * share["random"]


@pytest.mark.parametrize(
    ("given", "edges"),
    [
        ({"threshold": [-4.0, -5.0]}, (-5.0, -4.0)),
        ({"threshold": -5.0, "direction": "below"}, (None, -5.0)),
        ({"threshold": -4.0}, (-4.0, None)),
    ],
)
def test_a_target_by_value_is_above_below_or_between(write, given, edges):
    made, y = search(write("eV"), [0], unit="eV", **given), molecules()[1]
    target = made["configs"][0].target
    assert (target.low, target.high) == edges
    assert made["share"] == pytest.approx(target.range_in(y).contains(y).mean())
