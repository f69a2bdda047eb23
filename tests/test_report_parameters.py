"""A notebook's parameters: what Papermill passes is coerced, or refused with one clear error."""

import re
import subprocess
import sys
from types import SimpleNamespace

import jupytext
import nbformat
import pytest
from made_up import toy, write_data_set

import alutils
from alutils.acquisition.strategies import LETTERS
from alutils.acquisition.target import Target, above, below, highest, lowest
from alutils.data.reading import Reading
from alutils.loop import RunConfig
from alutils.report.parameters import (
    DATA,
    TARGET,
    check_disjoint,
    check_parameters,
    run_configs,
    target_of,
)

KINDS = {"noise_var": float, "seeds": list[int], "n_max": int, "strategies": list[str]}
GIVEN = {"noise_var": 0.05, "seeds": [0, 1], "n_max": 400, "strategies": ["random"]}


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        (float, "1e-10", 1e-10),
        (float, 1, 1.0),
        (int, "400", 400),
        (int, 400.0, 400),
        (bool, "False", False),
        (bool, True, True),
        (str, "organics", "organics"),
        (list[int], "[1, 2, 3]", [1, 2, 3]),
        (list[int], 3, [3]),
        (list[float], "[1e-10, 0.05]", [1e-10, 0.05]),
        (list[str], "[random, most_uncertain]", ["random", "most_uncertain"]),
        (float | None, None, None),
        (float | None, "None", None),
        (float | None, "-9.5", -9.5),
        (list[float] | None, [], None),
        (list[float] | None, -9.5, [-9.5]),
        (list[float] | None, "[-9.5, -9]", [-9.5, -9.0]),
    ],
)
def test_coerces_what_papermill_passes(kind, given, expected):
    value = check_parameters({"value": given}, value=kind).value
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (float, "abc", "value='abc' is not a number"),
        (float, "nan", "value='nan' is not a number"),
        (float, True, "value=True is not a number"),
        (float, None, "value=None is not a number"),
        (int, 1.5, "value=1.5 is not a whole number"),
        (int, "4oo", "value='4oo' is not a whole number"),
        (bool, "maybe", "value='maybe' is not True or False"),
        (str, 3, "value=3 is not text"),
        (list[int], [], "value=[] is empty"),
        (list[int], [1, 2, 1], "value=[1, 2, 1] repeats a value"),
        (list[int], [1, "x"], "value='x' is not a whole number"),
        (list[int], "[1, 2", "value='[1, 2' is not a list"),
    ],
)
def test_refuses_a_value_of_another_kind(kind, given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        check_parameters({"value": given}, value=kind)


def test_refuses_a_misspelt_name_and_says_what_was_meant():
    message = "unknown parameter nois=3, did you mean 'noise_var'.* n_max, strategies"
    with pytest.raises(ValueError, match=message):
        check_parameters(GIVEN | {"nois": 3}, **KINDS)


def test_names_that_are_no_parameters_pass():
    others = {"alutils": alutils, "LETTERS": LETTERS, "_": 3, "In": [""], "Out": {}, "run": print}
    assert check_parameters(GIVEN | others, **KINDS).noise_var == 0.05


def test_a_constant_of_alutils_that_was_replaced_is_refused():
    with pytest.raises(ValueError, match="unknown parameter LETTERS"):
        check_parameters(GIVEN | {"LETTERS": {"A": "random"}}, **KINDS)


def test_later_cells_may_leave_names_when_the_cell_is_run_again():
    namespace = dict(GIVEN)
    check_parameters(namespace, **KINDS)
    namespace["facts"] = {"mae": 0.3}
    assert check_parameters(namespace, **KINDS).n_max == 400


def test_refuses_a_name_that_the_cell_lacks():
    with pytest.raises(ValueError, match="lacks n_max"):
        check_parameters({"noise_var": 0.05}, noise_var=float, n_max=int)


def test_refuses_an_unknown_data_set():
    with pytest.raises(ValueError, match=r"organcs.*organics"):
        check_parameters({"dataset": "organcs"}, dataset=str)


def test_refuses_sizes_that_leave_no_batch():
    with pytest.raises(ValueError, match="n_max=50 must be above n_init=50"):
        check_parameters({"n_init": 50, "n_max": 50}, n_init=int, n_max=int)


def test_refuses_seeds_that_two_lists_share():
    with pytest.raises(ValueError, match=r"seeds and others share \[1\]"):
        check_disjoint(SimpleNamespace(seeds=[0, 1], others=[1, 2]), "seeds", "others")


SIZES = {"dataset": "organics", "n_test": 500, "n_init": 50, "n_const": 50, "n_max": 400}


def test_one_configuration_for_each_combination():
    configs = run_configs(
        SimpleNamespace(**SIZES, noise_var=0.1, seeds=[3, 4]), strategy=["random"], seed=[3, 4]
    )
    assert [(c.strategy, c.seed, c.noise_var, c.n_max) for c in configs] == [
        ("random", 3, 0.1, 400),
        ("random", 4, 0.1, 400),
    ]
    assert run_configs(SimpleNamespace(**SIZES), strategy=["random"], noise_var=[]) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"strategy": ["randm"]}, "strategy='randm' is unknown"),
        ({"scheme": ["linear"]}, "scheme='linear' is unknown"),
        ({"n_max": [40]}, "n_max=40 is below n_init=50"),
        (
            {"n_max": [5900]},
            "n_test=500 and n_max=5900 need 6400 molecules, 'organics' has 6000: "
            "n_test=1200, n_init=900, n_const=900, n_max=3600 fit",
        ),
        ({"noise_var": [-1.0]}, "noise_var=-1.0"),
        ({"target": [above(0.0)]}, "holds 0 of"),
        ({"target": [above(-1000.0)]}, "holds 6000 of"),
    ],
)
def test_refuses_runs_that_cannot_be(wrong, message):
    axes = {"strategy": ["random"]} | wrong
    with pytest.raises(ValueError, match=re.escape(message)):
        run_configs(SimpleNamespace(**SIZES), **axes)


@pytest.mark.parametrize(
    ("given", "target"),
    [
        ({}, highest(0.3)),
        ({"target_share": 0.1}, highest(0.1)),
        ({"target_share": 0.1, "direction": "below"}, lowest(0.1)),
        ({"threshold": [-9.5], "target_share": 0.1}, above(-9.5)),
        ({"threshold": -9.5}, above(-9.5)),
        ({"threshold": [-9.5], "direction": "below"}, below(-9.5)),
        ({"threshold": [-9.0, -9.5], "direction": "below"}, Target(-9.5, -9.0)),
        ({"target_share": None}, None),
    ],
)
def test_a_target_is_above_below_or_between_by_value_or_share(given, target):
    assert target_of(given) == target


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"direction": "up"}, "direction='up' is unknown: choose 'above' or 'below'"),
        ({"threshold": [1.0, 2.0, 3.0]}, "give one number, or two for a window"),
        ({"target_share": 1.5}, "target share 1.5 must lie between 0 and 1"),
    ],
)
def test_a_target_that_is_none_is_refused(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        target_of(given)


@pytest.fixture
def mine(tmp_path):
    lines = [f"1\nid=m{k} gap={k / 10} homo=-{k}\nHe 0 0 {k}" for k in range(20)]
    path = tmp_path / "mine.xyz"
    path.write_text("\n".join([*lines, "1\nid=m20\nHe 0 0 0\n"]), encoding="utf-8")
    return str(path)


OWN = {"property_key": "gap", "unit": "meV", "skip_bad": True, "descriptor": None}


def test_a_file_of_ones_own_is_read_as_the_parameters_say_and_has_its_own_scale(mine):
    sizes = {"n_test": 4, "n_init": 3, "n_const": 3, "n_max": 12}
    p = check_parameters({"dataset": mine, **OWN, **sizes}, **DATA, **dict.fromkeys(sizes, int))
    (config,) = run_configs(p, strategy=["random"])
    assert config.reading == Reading("gap", unit="meV", skip_bad=True)
    assert (config.prior, config.unit) == ("data", "meV")
    message = "'mine' has 20: n_test=4, n_init=3, n_const=3, n_max=12 fit"
    with pytest.raises(ValueError, match=message):
        run_configs(p, strategy=["random"], n_max=[17])


def test_a_label_that_is_missing_is_named_before_anything_is_computed(mine):
    with pytest.raises(ValueError, match=r"mine\.xyz.*m20"):
        check_parameters({"dataset": mine, **OWN, "skip_bad": False}, **DATA)


def test_a_registered_set_has_the_configurations_that_it_always_had():
    own = {"property_key": "homo", "unit": "", "skip_bad": False, "descriptor": None}
    p = check_parameters(
        {**SIZES, **own, "target_share": 0.3, "threshold": None, "direction": "above"},
        **DATA,
        **TARGET,
        **dict.fromkeys(["n_test", "n_init", "n_const", "n_max"], int),
    )
    assert run_configs(p, strategy=["random"]) == [RunConfig(**SIZES, strategy="random")]


def test_a_folder_in_the_papers_layout_is_in_ev_unless_it_says_another_unit(tmp_path):
    X, y = toy()
    write_data_set(tmp_path / "aa", X, y)
    given = {"dataset": str(tmp_path / "aa"), "n_test": 50, "n_init": 50, "n_max": 100}
    ((plain,), (other,)) = (
        run_configs(SimpleNamespace(**given, unit=unit), strategy=["random"])
        for unit in ("", "hartree")
    )
    assert (plain.prior, plain.reading, plain.unit) == ("paper", None, "eV")
    assert (other.prior, other.unit) == ("data", "hartree")


@pytest.mark.parametrize(("name", "value"), [("property_key", "gap"), ("unit", "hartree")])
def test_a_registered_set_has_no_other_property_and_no_other_unit(name, value):
    with pytest.raises(ValueError, match=f"{name}='{value}' is for a file of your own: organics"):
        check_parameters(
            {"dataset": "organics", **OWN, "property_key": "homo", "unit": "eV", name: value},
            **DATA,
        )


NOTEBOOK = """
# %%
from alutils.report.parameters import check_parameters
from alutils.acquisition.strategies import LETTERS
from alutils.acquisition.target import above

# %% tags=["parameters"]
noise_var = 0.05  # eV^2
seeds = [0, 1]

# %%
p = check_parameters(globals(), noise_var=float, seeds=list[int])
print(p.noise_var, p.seeds)
"""


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    path = tmp_path_factory.mktemp("papermill") / "in.ipynb"
    content = jupytext.reads(NOTEBOOK, fmt="py:percent")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content.metadata["kernelspec"] = kernel
    nbformat.write(content, path)
    return path


@pytest.mark.parametrize(
    ("arguments", "printed", "error"),
    [
        (["-p", "noise_var", "1e-10", "-p", "seeds", "[1,2,3]"], "1e-10 [1, 2, 3]", None),
        (["-y", "noise_var: 1e-10"], "1e-10 [0, 1]", None),
        (["-p", "nois", "3"], None, "unknown parameter nois=3, did you mean 'noise_var'?"),
        (["-p", "_hidden", "3"], None, "unknown parameter _hidden=3"),
        (["-p", "noise_var", "abc"], None, "noise_var='abc' is not a number"),
    ],
)
def test_through_papermill(notebook, arguments, printed, error):
    command = [sys.executable, "-m", "papermill", "--no-progress-bar", notebook, "-", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert (done.returncode == 0) == (error is None), done.stderr
    assert (error or "") in done.stderr
    assert (printed or "") in done.stdout
