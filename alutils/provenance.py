"""Where the numbers of a run come from: the code that determines them, libraries, machine."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import inspect
import io
import os
import platform
import sys
import tokenize
from functools import cache
from importlib import metadata
from pathlib import Path

from threadpoolctl import threadpool_info

from .strategies import CANDIDATES, STRATEGIES, Moment

# The modules that determine the numbers of every run; of `strategies` only the run's own counts, so
# that a new strategy makes no record stale. The data set has a checksum of its own.
NUMERICAL_MODULES = ("descriptors", "gp", "batching", "metrics", "loop")
# Read now: a long-lived worker computes with what it imported, not with what was edited since.
SOURCES = {
    name: (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
    for name in (*NUMERICAL_MODULES, "strategies")
}
LIBRARIES = ("numpy", "scipy", "scikit-learn", "dscribe", "ase")


@cache
def code_sha256(strategy):
    """Hash of the numerical modules and the strategy, without comments, docstrings and layout."""
    digest = hashlib.sha256()
    for name in NUMERICAL_MODULES:
        digest.update(bare_code(SOURCES[name]).encode())
    functions = [STRATEGIES[strategy]]
    if strategy in CANDIDATES:
        functions.append(CANDIDATES[strategy])
    source = SOURCES["strategies"]
    names = {"Moment"}
    for function in functions:
        if function.__module__ == Moment.__module__:
            names.add(function.__name__)
        else:
            elsewhere = "".join(inspect.findsource(function)[0])  # its file, or notebook cell
            digest.update(bare_code(definitions(elsewhere, {function.__name__})).encode())
    digest.update(bare_code(definitions(source, names)).encode())
    return digest.hexdigest()


def definitions(source, names):
    """The top-level definitions in Python source that `names` need, directly or not, in order."""
    defined = {}
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [node]
        for target in targets:
            name = getattr(target, "id", getattr(target, "name", None))
            if isinstance(name, str):
                defined[name] = node
    needed, waiting = set(), [name for name in names if name in defined]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            used = (node.id for node in ast.walk(defined[name]) if isinstance(node, ast.Name))
            waiting += [other for other in used if other in defined]
    lines, parts = source.splitlines(keepends=True), []
    for name, node in defined.items():
        if name in needed:
            decorators = getattr(node, "decorator_list", [])
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            parts += lines[first - 1 : node.end_lineno]
    return "".join(parts)


def bare_code(source):
    """Python source without comments, docstrings and white space: what can change a number."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    tokens, at_start = [], True
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        # A string that begins a line of code is a docstring.
        if not (at_start and token.type == tokenize.STRING) and token.type not in skipped:
            tokens.append("".join(token.string.split()))
        if token.type not in (tokenize.COMMENT, tokenize.NL):
            at_start = token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT)
    return "".join(tokens)


def provenance():
    """Versions and machine, for the record."""
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "blas": " ".join(sorted({f"{b['internal_api']} {b.get('architecture')}" for b in blas})),
        "blas_threads": max((pool["num_threads"] for pool in blas), default=1),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def peak_memory_gib():
    """Largest resident memory of this process so far; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would begin with what the parent had when it started us
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def forget_peak_memory():
    """Begin the peak anew, with what this process holds now; without effect outside of Linux."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
