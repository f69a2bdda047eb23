"""The fingerprint of a function: a hash of all that its results depend on.

A function is its bytecode, constants, defaults, closure, and whatever the globals that it names
are: functions and classes of the reader's own, followed to their end, and plain values. What a
library or alutils defines counts by its name and version.
"""

from __future__ import annotations

import abc
import builtins
import dis
import enum
import functools
import hashlib
import importlib
import inspect
import sys
import types
import typing
from pathlib import PurePath

import numpy as np

from alutils.acquisition.libraries import in_library, is_library, version

ATOMS = (types.NoneType, bool, int, float, complex, str, bytes, types.EllipsisType)
BY_TEXT = (*ATOMS, np.generic, np.dtype, PurePath, range)  # what repr tells all of
CONTAINERS = (tuple, list, set, frozenset, dict, types.MappingProxyType)
DYNAMIC = (eval, exec, globals, __import__, importlib.import_module)  # reach anything by its name
STATELESS = (object, abc.ABC, typing.Generic, typing.Protocol)
LOADS = {"LOAD_GLOBAL", "LOAD_NAME", "LOAD_DEREF"}
ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD"}
NO_STEP = {"CACHE", "EXTENDED_ARG", "NOP"}


class Walk:
    """One way through all that a function depends on, into one digest."""

    def __init__(self, strategy):
        self.strategy, self.digest = strategy, hashlib.sha256()
        self.open = set()  # ids of the containers that it is in
        self.seen = {}  # id -> (number, the object, so that no other gets its id)
        self.modules = set()  # names of the reader's

    def note(self, *words):
        """Add words to the digest, each with its length, so that none runs into the next."""
        for word in words:
            word = word if isinstance(word, bytes) else str(word).encode("utf8", "surrogatepass")
            self.digest.update(f"{len(word)}:".encode() + word)

    def add(self, value, place):
        """Add a value; `place` is how the reader knows it."""
        kind = type(value)
        if kind in ATOMS or (isinstance(value, BY_TEXT) and in_library(kind)[0]):
            return self.note(kind.__name__, repr(value))
        if isinstance(value, CONTAINERS):  # by content, shared or not
            if id(value) in self.open:
                return self.note("cycle")
            self.open.add(id(value))
            self.add_container(value, place)
            return self.open.remove(id(value))
        if isinstance(value, np.ndarray):
            return self.add_array(value, place)
        if id(value) in self.seen:
            return self.note("seen", self.seen[id(value)][0])
        self.seen[id(value)] = len(self.seen), value
        home, name = in_library(value)
        if any(value is one for one in DYNAMIC):
            self.refuse(value, place)
        elif home:
            self.add_library(home, name)
        else:
            ways = (way for kind, way in self.WAYS.items() if isinstance(value, kind))
            next(ways, Walk.add_object)(self, value, place)

    def add_container(self, value, place):
        self.note(type(value).__name__, len(value))
        if type(value) not in CONTAINERS:
            self.add(type(value), place)
            if getattr(value, "__dict__", None):
                self.add(vars(value), place)
        if isinstance(value, tuple | list):
            for position, one in enumerate(value):
                self.add(one, f"{place}[{position}]")
        elif isinstance(value, set | frozenset):  # their order differs from process to process
            self.note(*sorted(self.alone(one, place) for one in value))
        else:
            for key, one in value.items():
                self.add(key, place)
                self.add(one, f"{place}[{key!r}]")

    def alone(self, value, place):
        walk = Walk(self.strategy)
        walk.add(value, place)
        return walk.digest.hexdigest()

    def add_array(self, value, place):
        if type(value) not in (np.ndarray, np.memmap):
            self.refuse(value, place)
        self.note("array", repr(value.dtype), value.shape)
        if value.dtype.hasobject:
            self.add(value.ravel().tolist(), place)
        else:
            self.note(value.tobytes())

    def add_module(self, module, place):
        if is_library(module):
            return self.add_library(module.__name__, "")
        self.modules.add(module.__name__)
        self.note("module")
        for name, value in sorted(vars(module).items()):
            if not name.startswith("__"):
                self.add(value, f"{place}.{name}")

    def add_library(self, module, name):
        self.note("library", module, name, version(module.partition(".")[0]))

    def add_function(self, function, place):
        self.modules.add(function.__globals__.get("__name__"))
        self.note("function")
        self.add(function.__defaults__, f"{place}'s defaults")
        self.add(function.__kwdefaults__, f"{place}'s defaults")
        self.add(vars(function), place)
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        inner = {name: c.cell_contents for name, c in cells.items() if _is_filled(c)}
        self.add_code(function.__code__, function.__globals__, inner, place)
        for name in sorted(inner):
            if not isinstance(inner[name], types.ModuleType):
                self.add(inner[name], name)

    def add_code(self, code, outer, inner, place):
        """Bytecode, constants, and what its names mean in the globals `outer`, closure `inner`."""
        self.note("code", code.co_code, code.co_exceptiontable, code.co_flags, *code.co_names)
        self.note(code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount)
        self.note(*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self.add_code(constant, outer, inner, place)
            else:
                self.add(constant, place)
        steps = [step for step in dis.get_instructions(code) if step.opname not in NO_STEP]
        for here, step in enumerate(steps):
            if step.opname == "IMPORT_NAME":
                self.add_import(outer, step.argval, steps[here - 2].argval)
            elif step.opname in LOADS and (step.argval in inner or step.opname != "LOAD_DEREF"):
                self.add_name(step.argval, steps[here + 1 :], outer, inner)

    def add_import(self, outer, name, level):
        """A module that the function imports itself: all of it, if it is the reader's."""
        name = "." * level + name
        try:
            module = importlib.import_module(name, outer.get("__package__"))
        except ImportError:
            return self.note("missing", name)
        self.add(module, name)

    def add_name(self, name, following, outer, inner):
        """What a global, or a module in the closure, is; of the reader's module, what is used."""
        if name in inner:
            if not isinstance(inner[name], types.ModuleType):
                return  # added with the closure
            value = inner[name]
        elif name in outer:
            value = outer[name]
        elif hasattr(builtins, name):
            value = getattr(builtins, name)
        else:
            return self.note("missing", name)  # a local of a cell, or not yet defined
        place = name
        for step in following:
            if (
                not _is_followed(value)
                or step.opname not in ATTRIBUTES
                or not hasattr(value, step.argval)
            ):
                break
            self.modules.add(value.__name__)
            value, place = getattr(value, step.argval), f"{place}.{step.argval}"
        self.note(place)
        self.add(value, place)

    def add_class(self, kind, place):
        self.modules.add(kind.__module__)
        self.note("class", kind.__name__)
        self.add(kind.__bases__, place)
        for name, value in sorted(vars(kind).items()):
            functions = _functions(value)
            if functions and not name.startswith("__annotate"):
                self.note(name)
                self.add(functions, f"{place}.{name}")
            elif not (
                name.startswith("__") or name == "_abc_impl" or inspect.isdatadescriptor(value)
            ):
                self.note(name)
                self.add(value, f"{place}.{name}")

    def add_partial(self, value, place):
        self.note("partial")
        self.add([value.func, value.args, value.keywords], place)

    def add_method(self, value, place):
        self.note("method", value.__name__)
        self.add([getattr(value, "__func__", None), value.__self__], place)

    def add_cached(self, value, place):
        self.note("cached")
        self.add(value.__wrapped__, place)

    def add_member(self, value, place):
        self.note(type(value).__name__, value.name)
        self.add(value.value, place)

    def add_object(self, value, place):
        """Anything else: by its class and attributes, if all of it is the reader's own."""
        own = [kind for kind in type(value).__mro__ if kind not in STATELESS]
        if not own or any(is_library(sys.modules.get(kind.__module__)) for kind in own):
            self.refuse(value, place)
        slots = {name for kind in own for name in vars(kind).get("__slots__", ())}
        known = {name: getattr(value, name) for name in slots if hasattr(value, name)}
        known |= getattr(value, "__dict__", {})
        self.note("object")
        self.add(type(value), place)
        for name in sorted(known):
            self.note(name)
            self.add(known[name], f"{place}.{name}")

    def refuse(self, value, place):
        raise ValueError(
            f"strategy {self.strategy!r} depends on {place}, {type(value).__name__}, which cannot "
            "be identified: make it a plain value, or bind one as an argument default"
        )

    WAYS = {  # noqa: RUF012
        types.FunctionType: add_function,
        types.ModuleType: add_module,
        enum.Enum: add_member,
        type: add_class,
        functools.partial: add_partial,
        types.MethodType: add_method,
        types.BuiltinFunctionType: add_method,  # bound to an object, or a library would have it
        functools._lru_cache_wrapper: add_cached,
    }


def _is_followed(value):
    """True for a module of which what is used counts: the reader's, and alutils with its tables."""
    own = isinstance(value, types.ModuleType)
    return own and (value.__name__.partition(".")[0] == "alutils" or not is_library(value))


def _functions(value):
    """The functions in an attribute of a class, a list; empty for anything else."""
    if isinstance(value, types.FunctionType):
        return [value]
    if isinstance(value, staticmethod | classmethod):
        return [value.__func__]
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    return [value.func] if isinstance(value, functools.cached_property) else []


def _is_filled(cell):
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def identity(function, name):
    """Hash of any callable, hexadecimal; `name` is what a ValueError calls it."""
    walk = Walk(name)
    walk.add(function, name)
    return walk.digest.hexdigest()
