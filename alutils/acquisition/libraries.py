"""What comes from a library, and which version of it: Python, an installed package, or alutils."""

from __future__ import annotations

import functools
import sys
import sysconfig
import types
from importlib import metadata
from pathlib import Path

import numpy as np

from alutils.storage.numerics import NUMERICS_VERSION

PLACES = {"site-packages", "dist-packages"}
STDLIB = tuple({Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib")})


def in_library(value):
    """(module, name) under which a library has this very object; (None, None) if none has it.

    `__module__` alone does not tell: functools.wraps copies it from another function.
    """
    homes = [getattr(value, "__module__", None), type(value).__module__]
    homes += ["scipy.special"] if isinstance(value, np.ufunc) else []
    for home in homes:
        module = sys.modules.get(home) if isinstance(home, str) else None
        if not is_library(module):
            continue
        found, name = module, getattr(value, "__qualname__", None)
        for part in name.split(".") if isinstance(name, str) else ():
            found = getattr(found, part, None)
        if found is value:
            return home, name
        if not isinstance(value, type | types.FunctionType):
            for name, other in vars(module).items():
                if other is value:
                    return home, name
    return None, None


def is_library(module):
    """True for a module of Python, of an installed package, or of alutils; False for None."""
    if module is None or module.__name__ == "__main__":
        return False
    name = module.__name__
    if name.partition(".")[0] == "alutils" or name in sys.builtin_module_names:
        return True
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if file is None:  # Python's own, or made in this session
        return getattr(getattr(module, "__spec__", None), "origin", None) in ("built-in", "frozen")
    path = Path(file).resolve()
    return bool(PLACES & set(path.parts)) or any(map(path.is_relative_to, STDLIB))


@functools.cache
def version(package):
    """Version of the distribution that a top-level package belongs to."""
    if package == "alutils":
        return NUMERICS_VERSION
    try:
        return metadata.version(_distributions().get(package, [package])[0])
    except metadata.PackageNotFoundError:
        return "{}.{}".format(*sys.version_info)  # Python's own


@functools.cache
def _distributions():
    return metadata.packages_distributions()
