"""Run configurations as a person writes them: of the right kind, and of a sensible size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args, get_type_hints

import numpy as np

from alutils.loop import RunConfig

MOST_BATCHES = 10_000


def checked(values):
    """The RunConfig of values that a person has written; ValueError for one of another kind."""
    hints = get_type_hints(RunConfig)
    for name, value in values.items():
        kinds = get_args(hints.get(name)) or (hints.get(name, object),)
        kinds += (Mapping,) if name in ("target", "reading") else ()
        kinds += (int,) if float in kinds else ()
        wrong = not isinstance(value, kinds) or (isinstance(value, bool) and int in kinds)
        if wrong or (isinstance(value, float) and not np.isfinite(value)):
            raise ValueError(f"{name}={value!r} is not {kinds[0].__name__}")
    n_init, n_const, n_max = (
        values.get(name, getattr(RunConfig, name)) for name in ("n_init", "n_const", "n_max")
    )
    if n_max - n_init > MOST_BATCHES * max(n_const, 1):  # a typing error: to list them takes long
        raise ValueError(f"n_max={n_max} makes more than {MOST_BATCHES} batches of {n_const}")
    return RunConfig(**values)
