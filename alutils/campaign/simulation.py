"""A campaign on a pool whose labels are all known: what the advice would have been worth there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from alutils.acquisition.target import Target
from alutils.analysis import advice
from alutils.analysis.advice import GREEDY
from alutils.analysis.overlap import gain_of
from alutils.data.datasets import MoleculeDataset, load, reading_options
from alutils.data.reading import Reading
from alutils.loop import RunConfig
from alutils.runs.records import run_or_load

SEARCHES = (GREEDY, "property_search")
SET_ASIDE = 10  # one molecule in so many, for the error of the model
PROBE = 150  # molecules, where the pool is large enough


@dataclass(frozen=True)
class Simulation:
    """What came of it.

    pool : the data set;  plan : RunConfig of random sampling with the first seed
    advice : frame, a row per seed: noise_var (share of the variance), hits, strategy, enrichment,
        low and high (share of labels saved by the greedy rule, 90 %), saved (realised)
    runs : frame of `alutils.runs.records.run_or_load`
    """

    pool: MoleculeDataset
    plan: RunConfig
    advice: pd.DataFrame
    runs: pd.DataFrame

    @property
    def found(self) -> pd.DataFrame:
        """Found share at the last size: a row per seed, a column per strategy."""
        last = self.runs[self.runs["n_train"] == self.plan.n_max]
        return last.pivot(index="seed", columns="strategy", values="found_share")


def plan(
    path: str | Path,
    target: Target,
    reading: Reading | None = None,
    n_init: int | None = None,
    n_const: int | None = None,
    n_max: int | None = None,
    descriptor: str | None = None,
) -> tuple[MoleculeDataset, RunConfig]:
    """The run that a simulation repeats, with sizes that fit the pool where none are given.

    Parameters
    ----------
    path : of the file;  target : `acquisition.target.Target`
    reading : `alutils.data.reading.Reading`
    n_init, n_const, n_max : molecules;  descriptor : as of RunConfig

    Returns
    -------
    pool, config

    Raises
    ------
    ValueError : as of `load`, or for sizes that do not fit; it names some that do.
    """
    reading = reading or Reading()
    pool = load(path, **reading_options(reading))
    n_test = max(2, len(pool) // SET_ASIDE)
    n_left = len(pool) - n_test
    n_init = n_init or max(2, min(PROBE, n_left // 4))
    n_const = n_const or max(1, n_init // 2)
    n_max = n_max or max(min(4 * n_init, n_left // 2), n_init + 1)
    if not n_init < n_max <= n_left:
        raise ValueError(
            f"{pool.name}: n_init={n_init} and n_max={n_max} do not fit {n_left} molecules (of "
            f"{len(pool)}, {n_test} are set aside): n_init={max(2, n_left // 8)}, "
            f"n_max={max(3, n_left // 2)} do"
        )
    sizes: dict[str, Any] = {"n_init": n_init, "n_const": n_const, "n_max": n_max, "n_test": n_test}
    more: dict[str, Any] = {"descriptor": descriptor, "reading": reading, "prior": "data"}
    return pool, RunConfig(str(path), "random", target=target, **sizes, **more)


def simulate(
    pool: MoleculeDataset,
    config: RunConfig,
    seeds: Sequence[int] = (0, 1, 2),
    scheduler: str = "serial",
) -> Simulation:
    """Probe, advice, and then the searches, beside random sampling, for each seed.

    Parameters
    ----------
    pool, config : of `plan`;  seeds : ints
    scheduler : as of `alutils.runs.records.run_or_load`

    Returns
    -------
    Simulation

    Raises
    ------
    ValueError : a target that holds fewer than two molecules of a probe, or all but so many.
    """
    # By value, from all labels: hits are counted in one range, whatever a probe shows.
    if (found := config.range_in(pool.y)) is None:
        raise ValueError("a simulation needs a target: config.target is None")
    config = replace(config, target=Target.of(found))
    known, rows, drafts = advice.experience(), [], []
    for seed in seeds:
        of_seed = replace(config, seed=seed)
        probed = advice.draw(of_seed)
        table, answer = advice.advise(probed, known)
        greedy = table.loc[GREEDY, ["enrichment", "low", "high"]].to_dict()
        rows.append({"seed": seed, **answer, **greedy})
        drafts += advice.trial(of_seed, probed, answer, SEARCHES)
    runs = run_or_load(drafts, scheduler=scheduler)
    saved = [advice.realised(part)[GREEDY] for _, part in runs.groupby("seed", sort=False)]
    return Simulation(pool, config, pd.DataFrame(rows).assign(saved=saved).set_index("seed"), runs)


def hits_per_label(simulation: Simulation) -> pd.Series:
    """Hits per label after the first batch, over those that random sampling would have had in
    expectation: mean over the seeds of a `simulation`, a Series by strategy."""
    n_pool = len(simulation.pool) - simulation.plan.n_test
    gains = {
        key: gain_of(run, n_pool)["enrichment"]
        for key, run in simulation.runs.groupby(["strategy", "seed"])
    }
    return pd.Series(gains).groupby(level=0).mean()
