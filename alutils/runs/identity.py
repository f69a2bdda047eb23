"""What a reader's strategy is, as a hash: redefined, it is another, and gets no old results.

A file that a strategy reads is not seen. Another version of Python may compile a strategy to other
bytecode: it then counts as another one.
"""

from __future__ import annotations

import io
import sys
from functools import partial

import cloudpickle
import numpy as np

from alutils.acquisition.fingerprint import Walk, identity, in_library, is_library
from alutils.acquisition.strategies import STRATEGIES


def strategy_identity(name):
    """Hash of a strategy of the reader's own, hexadecimal; None for one that alutils defines.

    Those of alutils are guarded by `alutils.storage.numerics.NUMERICS_VERSION`.

    Raises
    ------
    KeyError
        If `STRATEGIES` has no such name.
    ValueError
        If it depends on an object that cannot be identified; the line names the object.
    """
    function = STRATEGIES[name]
    return None if is_shipped(function) else identity(function, name)


def own_modules(function, name):
    """The reader's modules that a strategy depends on, `__main__` aside: a list."""
    walk = Walk(name)
    walk.add(function, name)
    modules = [sys.modules[one] for one in sorted(walk.modules & set(sys.modules) - {"__main__"})]
    return [module for module in modules if not is_library(module)]


def is_redefined(record):
    """True if the strategy of a record's name is another now; False if there is none now."""
    name = record["config"].get("strategy")
    return name in STRATEGIES and record.get("strategy_identity") != strategy_identity(name)


class _Pickler(cloudpickle.Pickler):
    """Finds scipy's ufuncs, such as erf, in scipy; pickle would look for them in the script."""

    def reducer_override(self, obj):
        home, name = in_library(obj) if isinstance(obj, np.ufunc) else (None, None)
        return (getattr, (sys.modules[home], name)) if home else super().reducer_override(obj)


def ship(names, task):
    """The function `task`, for workers: it brings those of these strategies that are the reader's.

    ValueError as of `strategy_identity`.
    """
    own = {name: STRATEGIES[name] for name in names if not is_shipped(STRATEGIES[name])}
    modules = {module for name, function in own.items() for module in own_modules(function, name)}
    for module in modules:  # a worker may not find them, or find them as they were
        cloudpickle.register_pickle_by_value(module)
    try:
        sent = io.BytesIO()
        _Pickler(sent).dump(own)
    finally:
        for module in modules:
            cloudpickle.unregister_pickle_by_value(module)
    return partial(_knowing, sent.getvalue(), task) if own else task


def _knowing(sent, task, argument):
    """`task(argument)`, in a worker that first takes in the strategies that `ship` has sent."""
    STRATEGIES.update(cloudpickle.loads(sent))
    return task(argument)


def is_shipped(function):
    """True for a function that a module of alutils defines."""
    home, _ = in_library(function)
    return home is not None and home.partition(".")[0] == "alutils"
