"""Where the numbers of a run come from: the version of the numerics, libraries, machine."""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import sys
from functools import cache
from importlib import metadata
from pathlib import Path

from threadpoolctl import threadpool_info

from alutils.storage.numerics import HISTORY, NUMERICS_VERSION

__all__ = [
    "HISTORY",
    "LIBRARIES",
    "NUMERICS_VERSION",
    "forget_peak_memory",
    "peak_memory_gib",
    "provenance",
    "source_sha256",
]

LIBRARIES = ("numpy", "scipy", "scikit-learn", "dscribe", "ase")


@cache
def source_sha256():
    """Hash of the package's modules, for the record: information, which makes no record stale."""
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*.py")):
        digest.update(path.relative_to(package).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def provenance():
    """Versions and machine, for the record."""
    blas = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    return {
        "source_sha256": source_sha256(),
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
