"""Probes of the pools: what a few hundred labels predict, tracked where the data may be absent."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pandas as pd

from alutils.acquisition.target import SHARE, Target
from alutils.analysis import plans
from alutils.analysis.overlap import Plan, probe
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.model.gp import GaussianProcess
from alutils.runs.provenance import provenance
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir

PROBE = 3  # part of the seed, as SPLIT, FIT and PICK of the loop
N_PROBE = 300  # molecules
STUDIED = {
    **dict.fromkeys(plans.POOLS, (range(3), plans.TARGETS, plans.SWEEP, 6000)),
    "qm9_b3lyp": (range(3), plans.QM9_TARGETS, plans.QM9_SWEEP, 133_885),
}


def question(pool, seeds, targets, plan, n_probe=N_PROBE, noise_var=0.05):
    """What a probe of a pool is to predict, as a dict.

    pool : name of a data set;  seeds : a probe is drawn for each
    targets : pairs of quantiles;  plan : Plan;  n_probe : molecules;  noise_var : eV^2
    """
    return {
        "pool": pool,
        "seeds": list(seeds),
        "targets": [list(target) for target in targets],
        "plan": asdict(plan),
        "n_probe": n_probe,
        "noise_var": noise_var,
    }


def studied(pool, n_probe=N_PROBE):
    """The question whose answer is tracked for a pool: the targets and sizes of its sweep.

    Raises
    ------
    ValueError
        If the pool has no sweep.
    """
    if pool not in STUDIED:
        raise ValueError(f"pool={pool!r} has no sweep: choose from {', '.join(STUDIED)}")
    seeds, targets, sizes, n = STUDIED[pool]
    plan = Plan(n - sizes["n_test"], sizes["n_init"], sizes["n_max"])
    return question(pool, seeds, targets, plan, n_probe)


def studied_size(pool):
    """Geometric mean of the first and the last training set of a pool's sweep, molecules.

    A search spends as many doublings below this size as above it, so that a probe of this size has
    the model that the law wants.
    """
    plan = studied(pool)["plan"]
    return float(np.sqrt(plan["n_init"] * plan["n_max"]))


def read_or_compute(question):
    """The tracked answer to a `question`, or one computed now.

    Returns
    -------
    frame: dataset, seed, target_low, target_high, and the columns of `analysis.overlap.probe`
    """
    path = _file(question)
    if path.exists():
        tracked = json.loads(path.read_text(encoding="utf-8"))
        if tracked["question"] == question:
            usage_log.note(dataset=question["pool"], sha256=tracked["data_sha256"])
            usage_log.note(record=path.name, file=path.name, stale=False)
            rows = pd.DataFrame(tracked["rows"])
            return rows.astype({name: float for name in rows.columns[5:]})
    return compute(question)


def compute(question):
    """`read_or_compute`, computed."""
    dataset, frames = load(question["pool"]), []
    F, plan = features(dataset), Plan(**question["plan"])
    ranges = [Target(*ends, SHARE).range_in(dataset.y) for ends in question["targets"]]
    model = GaussianProcess(question["noise_var"], random_state=0)
    quantiles = dict(zip(ranges, question["targets"], strict=True))
    for seed in question["seeds"]:
        rng = np.random.default_rng([seed, PROBE])
        probed = rng.permutation(len(dataset))[: question["n_probe"]]
        rows = probe(F[probed], dataset.y[probed], ranges, model, plan)
        pairs = [quantiles[target] for target in rows.pop("target")]
        rows.insert(0, "dataset", question["pool"])
        rows.insert(1, "seed", seed)
        rows.insert(2, "target_low", [low for low, _ in pairs])
        rows.insert(3, "target_high", [high for _, high in pairs])
        frames.append(rows)
    return pd.concat(frames, ignore_index=True)


def track(pool, n_probe=N_PROBE):
    """Compute the answer for a studied pool and write it to book/records, to ten digits.

    Returns
    -------
    Path of the file
    """
    question = studied(pool, n_probe)
    rows = compute(question).round(10).astype(object)
    rows = rows.where(rows.notna(), None).to_dict("records")
    source = {"question": question, "data_sha256": load(pool).sha256, "provenance": provenance()}
    path = _file(question)
    write_json(path, source | {"rows": rows})
    return path


def _file(question):
    return records_dir() / f"probe-{question['pool']}-{question['n_probe']}.json"
