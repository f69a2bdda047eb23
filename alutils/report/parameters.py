"""Parameters of a notebook: coerced, checked, and refused with one clear error before any run.

Papermill turns ``-p noise_var 1e-10`` into a float but ``-y 'noise_var: 1e-10'`` and
``-p seeds '[1, 2]'`` into strings, and lets a misspelt name pass with a warning and exit status 0.
"""

from __future__ import annotations

import difflib
import itertools
import math
import os
import re
import sys
import types
import typing
from dataclasses import fields
from pathlib import Path

import yaml

from alutils.acquisition.strategies import SEARCHES
from alutils.acquisition.target import sought
from alutils.data.files import is_folder_of_geometries
from alutils.data.reading import Reading
from alutils.data.registry import REGISTRY
from alutils.data.structures import DEFAULT_LABEL
from alutils.loop import PAPERS_TARGET, RunConfig, check
from alutils.runs import schedulers, store
from alutils.runs.records import load_once

PLAIN = (bool, int, float, str, list, tuple, dict, type(None))  # all that Papermill can inject
# What IPython itself keeps in a notebook: inputs and results by number, where it is, __names__.
OF_IPYTHON = re.compile(r"In|Out|_+|_i+|_i?\d+|_(dh|ih|oh|exit_code)|__\w+__")
CHECKED = "__alutils_checked__"
EXPECTED = {str: "text", int: "a whole number", float: "a number", bool: "True or False"}
# Kinds of the parameters that say which data set is read, and how where it is the reader's own.
FILE = {"dataset": str, "property_key": str, "unit": str}
DATA = FILE | {"skip_bad": bool, "descriptor": str | None}
# Kinds of those that say what is sought in it.
TARGET = {"target_share": float | None, "threshold": list[float] | None, "direction": str}
OF_THE_PAPER = (None, "", DEFAULT_LABEL, "eV")  # of property and unit: nothing that differs
ABOVE, BELOW = "above", "below"


def check_parameters(namespace, **kinds):
    """Values of the parameters cell, each of its kind.

    Parameters
    ----------
    namespace : dict, the notebook's ``globals()``
    kinds : name=kind of every parameter; a kind is str, int, float, bool, a list of one of them
        (``list[int]``), or ``kind | None``, for which an empty list is None too

    Returns
    -------
    types.SimpleNamespace of the coerced values

    Raises
    ------
    ValueError
        Naming parameter, value and what is expected: for a name that the parameters cell does not
        have, a value of another kind, a list that is empty or repeats itself, an unknown data set,
        sizes that leave no batch, an unknown scheduler.
    ImportError
        If the scheduler is not installed.
    """
    # When the cell is run again by hand, later cells have left names of their own.
    if not namespace.get(CHECKED):
        _refuse_unknown(namespace, kinds)
    if missing := [name for name in kinds if name not in namespace]:
        raise ValueError(f"the parameters cell lacks {', '.join(missing)}: add it there")
    values = {name: _coerce(name, namespace[name], kind) for name, kind in kinds.items()}
    if values.get("dataset") is not None:
        reading = reading_of(values)
        if values["dataset"] not in REGISTRY:
            load_once(values["dataset"], reading)
    if values.get("n_max", math.inf) <= values.get("n_init", 0):
        raise ValueError(
            f"n_max={values['n_max']} must be above n_init={values['n_init']}: else there is no "
            "batch to pick"
        )
    if "scheduler" in values:
        schedulers.check(values["scheduler"])
    namespace[CHECKED] = True
    return types.SimpleNamespace(**values)


def run_configs(parameters, **axes):
    """One RunConfig for each combination of the lists in `axes`, all checked against the data set.

    Parameters
    ----------
    parameters : result of `check_parameters`; those with the name of a RunConfig field are used,
        those of `DATA` say how a file is read, and those of `TARGET` make the target
    axes : field=list of values, which replace the parameter of that name

    Returns
    -------
    list of RunConfig

    Raises
    ------
    ValueError
        For what RunConfig and `alutils.loop.check` refuse, and for local data that is not at hand
        unless every run has a tracked record.
    """
    names = {field.name for field in fields(RunConfig)}
    given = vars(parameters)
    fixed = {name: value for name, value in given.items() if name in names}
    fixed["target"] = target_of(given)
    configs = []
    for combination in itertools.product(*axes.values()):
        values = {**fixed, **dict(zip(axes, combination, strict=True))}
        if reading := reading_of(given | values):
            values |= {"reading": reading, "prior": "data"}
        configs.append(RunConfig(**values))
    for config in configs:
        if config.strategy in SEARCHES and config.target is None:
            raise ValueError(
                f"strategy={config.strategy!r} needs target_share or threshold: both are None"
            )
    unrecorded = [config for config in configs if store.find(config) is None]
    for config in unrecorded:
        check(config, load_once(config.dataset, config.reading))
    return configs


def reading_of(given):
    """How a reader's file is read, from a mapping of parameters.

    Returns
    -------
    Reading; None for HOMO levels in eV as the paper's, which are a registered data set or a folder
    in the layout of the paper's records

    Raises
    ------
    ValueError
        For a property or a unit that a registered data set does not have.
    """
    name, key, unit = given["dataset"], given.get("property_key"), given.get("unit")
    other = {"property_key": key not in OF_THE_PAPER, "unit": unit not in OF_THE_PAPER}
    if name in REGISTRY and any(other.values()):
        wrong = next(parameter for parameter in other if other[parameter])
        raise ValueError(
            f"{wrong}={given[wrong]!r} is for a file of your own: {name} is registered, its labels "
            "are HOMO levels in eV"
        )
    if not any(other.values()) and (name in REGISTRY or _has_papers_layout(name)):
        return None
    return Reading(key or None, unit=unit or None, skip_bad=given.get("skip_bad", False))


def _has_papers_layout(name):
    path = Path(os.path.expanduser(name))
    return path.is_dir() and not is_folder_of_geometries(path)


def target_of(given):
    """The `Target` of a mapping of parameters, as of `TARGET`; None where it names none.

    threshold : one edge, or two, of a window; it goes before target_share
    direction : "above" or "below" the threshold; the highest or the lowest share
    """
    threshold, share = given.get("threshold"), given.get("target_share", PAPERS_TARGET.share)
    direction = given.get("direction", ABOVE)
    if direction not in (ABOVE, BELOW):
        raise ValueError(f"direction={direction!r} is unknown: choose {ABOVE!r} or {BELOW!r}")
    if threshold is None:
        return sought(**{"highest" if direction == ABOVE else "lowest": share})
    edges = threshold if isinstance(threshold, list) else [threshold]
    if len(edges) > 2:
        raise ValueError(f"threshold={threshold!r}: give one number, or two for a window")
    sides = [direction] if len(edges) == 1 else [ABOVE, BELOW]
    return sought(**dict(zip(sides, sorted(edges), strict=True)))


def check_disjoint(parameters, one, other):
    """ValueError if two list parameters share a value."""
    if common := sorted(set(getattr(parameters, one)) & set(getattr(parameters, other))):
        raise ValueError(f"{one} and {other} share {common}: give different values")


def _refuse_unknown(namespace, kinds):
    """ValueError for plain values in the namespace that are not parameters: injected by mistake."""
    for name, value in namespace.items():
        if OF_IPYTHON.fullmatch(name) or name in kinds:
            continue
        if isinstance(value, PLAIN) and not _is_constant(name, value):
            close = difflib.get_close_matches(name, kinds, n=1, cutoff=0.4)
            raise ValueError(
                f"unknown parameter {name}={value!r}"
                + (f", did you mean {close[0]!r}?" if close else "")
                + f" This notebook has: {', '.join(kinds)}"
            )


def _is_constant(name, value):
    """True for what a notebook imports from alutils, such as LETTERS or MARGIN."""
    modules = [module for key, module in sys.modules.items() if key.startswith("alutils.")]
    return any(vars(module).get(name, CHECKED) is value for module in modules)


def _coerce(name, value, kind):
    """The value as its kind; ValueError with name, value and what is expected."""
    if isinstance(kind, types.UnionType):
        kind = next(option for option in typing.get_args(kind) if option is not type(None))
        if value is None or value in ("", "None", "null", [], "[]"):
            return None
    if typing.get_origin(kind) is list:
        return _coerce_list(name, value, typing.get_args(kind)[0])
    try:
        if kind is bool:
            return {"true": True, "false": False}[str(value).lower()]
        if kind is str or isinstance(value, bool):
            if not isinstance(value, kind) or kind is not str:
                raise ValueError
            return value
        number = float(value)
        if not math.isfinite(number) or (kind is int and number != int(number)):
            raise ValueError
        return kind(number)
    except (KeyError, TypeError, ValueError):
        raise ValueError(
            f"{name}={value!r} is not {EXPECTED[kind]}: correct the parameter {name}"
        ) from None


def _coerce_list(name, value, kind):
    """A list of `kind` from a list, its text, or a single value."""
    if isinstance(value, str):
        try:
            value = yaml.safe_load(value)
        except yaml.YAMLError:
            raise ValueError(f"{name}={value!r} is not a list: write it as '[1, 2]'") from None
    items = list(value) if isinstance(value, (list, tuple)) else [value]
    items = [_coerce(name, item, kind) for item in items]
    if not items or len(set(items)) != len(items):
        fault = "repeats a value" if items else "is empty"
        raise ValueError(f"{name}={items!r} {fault}: give one or more different values")
    return items
