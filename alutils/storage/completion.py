"""What a shell completes: names that are had without the seconds that numerical modules take."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path


def keys_of(module, table):
    """Keys of a dict that a module of alutils defines, read off its source: a list of str."""
    for node in ast.parse(Path(find_spec(module).origin).read_text("utf8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == table:
            return [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
    raise KeyError(f"{module} has no {table}")


def one_of(*names, of=None):
    """For click's `shell_complete`: these names, and the keys `of` a (module, table)."""

    def complete(context, parameter, incomplete):
        every = [*names, *(keys_of(*of) if of else ())]
        return [name for name in every if name.startswith(incomplete)]

    return complete


STRATEGY = one_of(of=("alutils.acquisition.strategies", "STRATEGIES"))
DESCRIPTOR = one_of(of=("alutils.descriptors", "DESCRIPTORS"))
POOL = one_of("organics", "aminoacids", "optoelectronics", "qm9_b3lyp")
LENGTH_UNIT = one_of(of=("alutils.data.geometry", "UNITS"))
UNIT = one_of(of=("alutils.campaign.units", "PER_EV"))
SCHEDULER = one_of("serial", "processes", "processes:2", "dask", "dask:2")
