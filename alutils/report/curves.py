"""What a frame of records says at each training size: rows selected, averaged over the seeds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis import statistics

# R2 on the test set below which a fit has collapsed: the model predicts its prior mean of zero,
# several standard deviations off, for molecules like none that it knows.
COLLAPSED = -1.0


def text(value, digits=3, unit="", missing="not run"):
    """A number as text, and what to say for NaN."""
    return missing if np.isnan(value) else f"{value:.{digits}f}{unit and ' ' + unit}"


def select(records, **where):
    """Rows whose columns have the given values: ``select(records, strategy="random")``."""
    for column, value in where.items():
        records = records[records[column] == value]
    return records


def by_seed(records, n_train, column="mae_ev", **where):
    """`statistics.at` of the selected runs; an empty Series where there are none."""
    runs = select(records, **where)
    return statistics.at(runs, n_train, column) if len(runs) else pd.Series(dtype=float)


def curve(records, column, by="n_train"):
    """Mean and standard deviation over the seeds at each training size.

    Returns
    -------
    frame with mean, std (NaN for one seed), n, the number of seeds, and collapsed, whether one of
    them is a collapsed fit, indexed by `by`
    """
    grouped = records.groupby(by)[column]
    table = pd.DataFrame({"mean": grouped.mean(), "std": grouped.std(), "n": grouped.count()})
    collapsed = is_collapsed(records) & column.startswith("mae")
    return table.assign(collapsed=collapsed.groupby(records[by]).any())


def is_collapsed(records):
    """True for the fits that are far worse than the others of their kind; see COLLAPSED.

    Where most fits of a strategy at one noise lie below COLLAPSED, none of them is an exception:
    that is how the model is there, and they are shown.
    """
    low = records["r2"] < COLLAPSED
    kind = [records[name] for name in ("strategy", "noise_var") if name in records]
    return low & ((low.groupby(kind).transform("mean") if kind else low.mean()) <= 0.5)
