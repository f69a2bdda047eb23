"""The page on a reader's own molecules: its pool, what is refused, and how a live search went."""

from __future__ import annotations

import json
import textwrap
from pathlib import Path

import ase.io
import numpy as np
import pandas as pd

from alutils.campaign import campaign
from alutils.data.datasets import label_name, load
from alutils.data.structures import read_structures
from alutils.storage.locations import records_dir

N_EXCERPT = 1200  # molecules
WIDTH = 78  # characters that a page shows of a printed line


def read_pool(path, property_key, folder):
    """The reader's molecules, or an excerpt of `organics` without labels, as if it were theirs.

    Parameters
    ----------
    path : as of `alutils.data.structures.read_structures`; empty for the excerpt
    property_key : name of the label
    folder : where the excerpt is written, as .extxyz

    Returns
    -------
    `alutils.data.structures.Structures`
    """
    if not path:
        path, property_key = Path(folder) / "mine.extxyz", None
        excerpt = list(load("organics").molecules[:N_EXCERPT])
        ase.io.write(path, excerpt, format="extxyz")
    return read_structures(path, property_key)


def refusals(folder, mistakes):
    """What a campaign says of results that it cannot take, as lines to print.

    Parameters
    ----------
    folder : of the campaign
    mistakes : what is wrong -> list of (identifier, label)

    Raises
    ------
    ValueError
        For a list that the campaign takes.
    """
    lines = []
    for name, results in mistakes.items():
        try:
            campaign.take(folder, results)
        except ValueError as error:
            lines += textwrap.wrap(f"{name}: {error}", WIDTH, subsequent_indent="  ")
        else:
            raise ValueError(f"the campaign took {name!r}, {results}: give results that it refuses")
    return "\n".join(lines)


def progress(state):
    """Labels and hits after each batch of a campaign with a target.

    Returns
    -------
    frame with n_labels (failed ones included) and n_found (in the target)
    """
    labels = [state.labels[k] for batch in state.batches for k in batch]
    sizes = np.cumsum([len(batch) for batch in state.batches])
    values = np.array([np.nan if label is None else label for label in labels])
    found = np.cumsum(state.target.contains(values))
    return pd.DataFrame({"n_labels": sizes, "n_found": found[sizes - 1]})


def search_facts(state):
    """Numbers of a finished search; `share` and `n_random` are estimates from its first batch.

    Returns
    -------
    dict: n_found, n_labels, n_failed, n_pool (molecules), property, target (in words), share of the
    target, and n_random, the labels that random sampling would need (0 where the first batch has no
    hit)
    """
    curve = progress(state)
    first, last = curve.iloc[0], curve.iloc[-1]
    share = first["n_found"] / first["n_labels"]
    return {
        "n_found": int(last["n_found"]),
        "n_labels": int(last["n_labels"]),
        "property": label_name(state.settings.property),
        "target": state.target.text(state.settings.unit),
        "share": float(share),
        "n_random": round(last["n_found"] / share) if share else 0,
        "n_pool": len(state.pool),
        "n_failed": sum(label is None for label in state.labels.values()),
    }


def oe62_facts():
    """The same of the recorded search over the OE62 subset, as oe_..., and its `oe_minutes`."""
    path = records_dir() / "own-oe62.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    names = ("n_pool", "n_found", "n_labels", "minutes", "threshold", "share")
    facts = {f"oe_{name}": record[name] for name in names}
    return facts | {"oe_random": round(record["n_found"] / record["share"])}
