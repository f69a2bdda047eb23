"""Searches on pools that had no part in the law, and what a probe of each predicted of them.

The rule of the test is at the top of `alutils.analysis.replay`. What probes predict is tracked, as
the data may be absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.target import shape_of
from alutils.analysis import plans
from alutils.analysis.combined import by_hits, errors, fit
from alutils.analysis.law import gain_errors, mean_gains
from alutils.analysis.overlap import KEYS, Plan, gains
from alutils.analysis.probes import PROBE
from alutils.analysis.regression import explained, explained_interval
from alutils.analysis.replay import N_PROBE, OUTCOMES, replay
from alutils.data.datasets import load
from alutils.descriptors import features, n_bits
from alutils.model.noise import most_likely_noise
from alutils.model.scale import prior_model, scale_of
from alutils.runs.provenance import provenance
from alutils.runs.records import run_or_load
from alutils.storage import usage_log
from alutils.storage.files import write_json
from alutils.storage.locations import records_dir
from alutils.storage.numerics import NUMERICS_VERSION

FILE = "replays.json"
PREDICTIONS = ("shape_alone", "replayed", "predicted")
SEEDS = range(3)
# Molecules: the first batch; what is to the sizes of these searches as the first batch is where
# three times as many labels can be paid for, as advice is asked; the rule's.
N_PROBES = (plans.NEW_SWEEP["n_init"], N_ADVICE := 160, N_PROBE)


def configs(pools: Iterable[str]) -> list:
    """The searches on these pools, a list of RunConfig."""
    made = []
    for pool in pools:
        of_new = plans.sweep_new(SEEDS, [pool])
        made += of_new if pool in plans.NEW_POOLS else plans.sweep([pool], SEEDS)
    return made


def predicted(pool: str, n_probe: int, seed: int) -> pd.DataFrame:
    """What one probe of a pool says of all searches there; columns of `replay`, and noise_var.

    pool : of `plans.NEW_POOLS` or `plans.POOLS`;  n_probe : molecules;  seed : of the searches
    """
    dataset, config = load(pool), configs([pool])[0]
    targets = list(dict.fromkeys(one.target for one in configs([pool])))
    plan = Plan(len(dataset) - config.n_test, config.n_init, config.n_max)
    batches = batch_sizes(config.scheme, config.n_init, config.n_const, config.n_max)
    probed = np.random.default_rng([seed, PROBE]).permutation(len(dataset))[:n_probe]
    X, y = features(dataset)[probed], dataset.y[probed]
    scale = scale_of(y, config.prior)
    model = prior_model(config.prior, 0.0, n_bits=n_bits(dataset), random_state=0)
    model.set_params(noise_var=most_likely_noise(X, scale.to_z(y), model)[0])
    ranges = [target.range_in(dataset.y).to_z(scale) for target in targets]
    rows = replay(X, scale.to_z(y), ranges, model, plan, batches, seed=seed)
    ends = dict(zip(ranges, targets, strict=True))
    asked = [ends[one] for one in rows.pop("target")]
    rows.insert(0, "target_high", [target.high for target in asked])
    rows.insert(0, "target_low", [target.low for target in asked])
    about = {"dataset": pool, "n_probe": n_probe, "seed": seed, "n_pool": plan.n_pool}
    return rows.assign(**about, noise_var=model.noise_var)


def track(pools: Iterable[str] = (*plans.POOLS, *plans.NEW_POOLS)):
    """Compute what probes predict on these pools, and put it into book/records; the path.

    What is tracked of the same data by the present numerics, and of other pools, stays.
    """
    path = records_dir() / FILE
    tracked = json.loads(path.read_text("utf8")) if path.exists() else {}
    if tracked.get("numerics_version") != NUMERICS_VERSION:
        tracked = {"numerics_version": NUMERICS_VERSION, "pools": {}}
    for pool in pools:
        data, kept = load(pool).sha256, tracked["pools"].get(pool, {})
        same = kept.get("data_sha256") == data
        frames = [pd.DataFrame(kept["rows"], columns=kept["columns"])] if same else []
        there = set(frames[0]["n_probe"]) if same else set()
        missing = [n for n in N_PROBES if n not in there]
        if not missing:
            continue
        frames += [predicted(pool, n, seed) for n in missing for seed in SEEDS]
        rows = pd.concat(frames).drop(columns="dataset", errors="ignore").round(6).astype(object)
        rows = rows.where(rows.notna(), None)
        about = {"data_sha256": data, "columns": list(rows), "rows": rows.to_numpy().tolist()}
        tracked["pools"][pool] = about
        write_json(path, tracked | {"provenance": provenance()})
    return path


def read() -> pd.DataFrame:
    """What probes predicted, of all tracked pools; ValueError if none is tracked."""
    path = records_dir() / FILE
    if not path.exists():
        raise ValueError(f"{FILE} is not in book/records: make it with `alutils replays`")
    tracked = json.loads(path.read_text("utf8"))
    stale = tracked["numerics_version"] != NUMERICS_VERSION
    usage_log.note(record=FILE, file=FILE, stale=stale)
    parts = []
    for pool, one in tracked["pools"].items():
        usage_log.note(dataset=pool, sha256=one["data_sha256"])
        parts.append(pd.DataFrame(one["rows"], columns=one["columns"]).assign(dataset=pool))
    rows = pd.concat(parts, ignore_index=True)
    return rows.astype({f"replayed_{name}": float for name in OUTCOMES})


def searches(pools: Iterable[str], n_probe: int = N_PROBE) -> pd.DataFrame:
    """Searches on pools and what a probe of so many labels predicted of each.

    Returns
    -------
    frame: columns of `analysis.overlap.gains`, a saving that did not come being 0, and of `replay`,
        and shape (of the target)

    Raises
    ------
    ValueError
        If no probe of so many labels is tracked.
    """
    rows = read()
    if n_probe not in set(rows["n_probe"]):
        sizes = ", ".join(map(str, sorted(rows["n_probe"].unique())))
        raise ValueError(
            f"n_probe={n_probe}: no probe of so many labels is tracked, choose {sizes}"
        )
    rows = rows[(rows["n_probe"] == n_probe) & rows["dataset"].isin(list(pools))]
    n_pool = rows.groupby("dataset")["n_pool"].first()
    return joined(run_or_load(configs(pools)), rows, n_pool)


def joined(runs: pd.DataFrame, rows: pd.DataFrame, n_pool: Mapping[str, int]) -> pd.DataFrame:
    """`searches`, of runs and predictions; n_pool : data set -> molecules, test set apart."""
    parts = [gains(part, int(n_pool[name])) for name, part in runs.groupby("dataset", sort=False)]
    frame = pd.concat(parts).merge(rows, on=KEYS)
    frame["shape"] = [shape_of(*e) for e in zip(frame.target_low, frame.target_high, strict=True)]
    return frame.assign(
        saving_gain=frame["saving_gain"].fillna(0.0), saved=frame["saved"].fillna(0.0)
    )


def tested(known: pd.DataFrame, new: pd.DataFrame, outcome: str = "area_gain") -> pd.DataFrame:
    """Predictions for new pools by laws that were fitted to the known ones.

    known, new : frames of `searches`;  outcome : of `replay.OUTCOMES`

    Returns
    -------
    frame: new, with shape_alone, replayed (shape_alone where no replay was possible), predicted,
        low and high (90 %)
    """
    parts = []
    for strategy, rows in new.groupby("strategy", sort=False):
        of_known = known[known["strategy"] == strategy]
        law = fit(of_known, outcome)
        missed = errors(of_known.reset_index(drop=True), outcome)
        part = {"shape_alone": law.shape_alone(rows), "predicted": law.predict(rows)}
        part["replayed"] = rows[f"replayed_{outcome}"].fillna(
            pd.Series(part["shape_alone"], rows.index)
        )
        ends = by_hits(of_known, missed, rows["hits"])
        part |= {"low": part["predicted"] + ends[:, 0], "high": part["predicted"] + ends[:, 1]}
        parts.append(rows.assign(**part))
    return pd.concat(parts)


def left_out(rows: pd.DataFrame, outcome: str = "area_gain") -> pd.DataFrame:
    """As `tested`, each pool predicted by laws that were fitted to all others."""
    rows = rows.reset_index(drop=True)
    pools = rows["dataset"].unique()
    here = [rows["dataset"] == pool for pool in pools]
    return pd.concat([tested(rows[~one], rows[one], outcome) for one in here])


def scores(rows: pd.DataFrame, outcome: str = "area_gain") -> pd.DataFrame:
    """How well each prediction explains the outcome; intervals from a bootstrap that draws pools.

    rows : of `tested`, one strategy

    Returns
    -------
    frame indexed by prediction: explained, low, high (95 %), error (mean absolute), bias, and
        more, more_low, more_high: explained beyond shape_alone
    """
    found = {}
    for name in PREDICTIONS:
        truth, made = rows[outcome], rows[name]
        low, high = explained_interval(truth, made, rows["dataset"])
        more = explained_interval(truth, made, rows["dataset"], rows["shape_alone"])
        found[name] = {
            **{"explained": explained(truth, made), "low": low, "high": high},
            **{"error": np.abs(truth - made).mean(), "bias": (made - truth).mean()},
            "more": explained(truth, made) - explained(truth, rows["shape_alone"]),
            **dict(zip(("more_low", "more_high"), more, strict=True)),
        }
    return pd.DataFrame.from_dict(found, orient="index")


def about_the_pool(rows: pd.DataFrame, outcome: str = "area_gain") -> tuple[float, tuple]:
    """What a replay says of a pool beyond the target: correlation at a fixed target.

    Both replay and outcome are taken less their mean over the pools of the same target.

    rows : of `tested`, one strategy

    Returns
    -------
    correlation, and its 95 % interval from a bootstrap that draws pools
    """
    names = [outcome, f"replayed_{outcome}"]
    rows = rows.dropna(subset=names)
    means = rows.groupby(["dataset", "target_low", "target_high"])[names].mean()
    apart = means - means.groupby(["target_low", "target_high"]).transform("mean")
    pools = {name: part.to_numpy() for name, part in apart.groupby("dataset")}
    rng = np.random.default_rng(0)
    drawn = [
        np.concatenate([pools[k] for k in rng.choice(list(pools), len(pools))]) for _ in range(1000)
    ]
    found = [np.corrcoef(part.T)[0, 1] for part in drawn]
    return float(np.corrcoef(apart.T)[0, 1]), tuple(np.quantile(found, [0.025, 0.975]))


def as_drawn(rows: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    """Means over the seeds of the replays and their error quantiles, as the figure wants them.

    rows : of `tested`
    """
    rows = rows.assign(predicted_area_gain=rows["replayed"])
    return mean_gains(rows), gain_errors(rows)
