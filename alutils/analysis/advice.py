"""Should I use active learning? What a probe of your own pool answers, with an interval.

A replay of the search on the probe, and what a target of its share and shape gained on other pools,
make the prediction (`analysis.combined`). The interval is that of the errors on searches that are
known, each predicted from other pools, of probes with about as many hits. No search is left out:
one that never found random sampling's share saved 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta, mannwhitneyu

from alutils.acquisition.batching import batch_sizes
from alutils.acquisition.search import probability_in_range
from alutils.acquisition.target import Range, Target
from alutils.analysis import combined, new_pools, plans
from alutils.analysis.overlap import Plan, leave_one_out
from alutils.analysis.regression import CONFIDENCE
from alutils.analysis.replay import replay
from alutils.data.datasets import of_run
from alutils.descriptors import features, n_bits
from alutils.loop import RunConfig, split
from alutils.metrics import savings, savings_bound
from alutils.model.noise import most_likely_noise
from alutils.model.scale import prior_model, scale_of

EXPERIENCE = Path(__file__).with_name("experience.csv")
KNOWN = ["dataset", "strategy", "seed", "target_low", "target_high", "shape", "hits", "share_seen"]
KNOWN += ["saved", "saved_bound", "saving_gain", "enrichment"]
KNOWN += ["replayed_saving_gain", "replayed_enrichment"]
RANDOM, GREEDY = "random", "most_probable"
BLIND = 0.05  # chance of a blind ranking, above which an interval is made to hold zero
LEAST = 0.05  # enrichment, below which a logarithm says nothing more


class Probed(NamedTuple):
    """A probe, molecules drawn at random from the pool, and what it is for.

    X : (n, d) descriptors;  y : (n,) labels;  target : in the unit of the labels;  plan : Plan
    prior : of `alutils.loop.RunConfig`;  n_bits : of X
    """

    X: np.ndarray
    y: np.ndarray
    target: Range
    plan: Plan
    prior: str = "paper"
    n_bits: int = 0

    def on_scale(self) -> Probed:
        """The same with labels and target on the scale of the model."""
        scale = scale_of(self.y, self.prior)
        return self._replace(y=scale.to_z(self.y), target=self.target.to_z(scale))


def draw(config: RunConfig) -> Probed:
    """The first batch of a run as a probe of its pool.

    A target by share is read off the probe, since a real search knows no more.

    Parameters
    ----------
    config : RunConfig with a target

    Raises
    ------
    ValueError : without a target, or for one that holds none of the probe's labels, or all.
    """
    pool = of_run(config)
    labelled = split(config, len(pool)).train_idx
    y = pool.y[labelled]
    if (target := config.range_in(y)) is None:
        raise ValueError("a probe needs a target: config.target is None")
    plan = Plan(len(pool) - config.n_test, config.n_init, config.n_max)
    X = features(pool, descriptor=config.descriptor)[labelled]
    bits = n_bits(pool, config.descriptor)
    return Probed(X, y, target, plan, config.prior, bits)


def experience(without: str | None = None) -> pd.DataFrame:
    """Searches whose gains are known, each with its probe: the tracked sweeps on all pools.

    They come with the package, as a table that `python -m book.builder.experience` makes of the
    records, so that advice can be had wherever alutils is installed.

    without : name of a data set to leave out, the one that advice is for

    Returns
    -------
    frame with the columns `KNOWN` of `alutils.analysis.new_pools.joined`
    """
    rows = pd.read_csv(EXPERIENCE)
    return rows[rows["dataset"] != without]


def recorded():
    """What `experience` holds, computed from the records: all pools, probes as advice has them."""
    rows = new_pools.searches((*plans.POOLS, *plans.NEW_POOLS), new_pools.N_ADVICE)
    return rows.assign(shape=_kinds(rows["shape"]))[KNOWN].reset_index(drop=True)


def _kinds(shapes):
    """Both tails are one: whether a property is sought high or low, the advice is the same."""
    return np.where(np.asarray(shapes) == "window", "window", "tail")


def advise(
    probed: Probed, known: pd.DataFrame, noise_var: float | None = None
) -> tuple[pd.DataFrame, dict]:
    """What each search is predicted to find and to save, and what to do.

    The greedy rule, `most_probable`, is advised wherever it is predicted to bring more hits per
    label than random sampling, whether or not the interval of its saving holds zero: hardly any
    search that is known found fewer (`decisions`). E stands beside it and is never advised.

    Parameters
    ----------
    probed : Probed
    known : frame of `experience`, to which the law is fitted, and whose errors give the intervals
    noise_var : as of the prior; None takes the most likely one

    Returns
    -------
    table : frame indexed by strategy, by falling enrichment: enrichment (hits per label over those
        of random sampling), saved, low, high (share of the labels of random sampling for the same
        found share; 90 % interval), possible (the most any strategy can save)
    answer : dict with strategy (the one to use), noise_var (as of the prior), share (of the
        target), hits, caution

    Raises
    ------
    ValueError
        If fewer than two of the labels lie in the target, or fewer than two outside; if no label
        is left to pay for.
    """
    X, y, target, plan, prior, bits = probed.on_scale()
    if plan.n_max <= plan.n_init:
        raise ValueError(
            f"n_max={plan.n_max} leaves nothing to search for after the {plan.n_init} labels of "
            "the probe: raise n_max, or lower n_init"
        )
    hits = int(target.contains(y).sum())
    if not 2 <= hits <= len(y) - 2:
        raise ValueError(
            f"{hits} of the {len(y)} labels lie in the target: the probe needs two or more inside "
            "and outside; label more, or choose another target"
        )
    model = prior_model(prior, noise_var or 0.0, n_bits=bits, random_state=0)
    if noise_var is None:
        model.set_params(noise_var=most_likely_noise(X, y, model)[0])
    batches = batch_sizes("pow", plan.n_init, plan.n_init, plan.n_max)
    rows = replay(X, y, [target], model, plan, batches).assign(shape=_kinds(target.shape))
    share = float(rows["share_seen"].iloc[0])
    rows["saved_bound"] = savings_bound(share, plan.n_init, plan.n_max)
    table = predicted(rows, known).set_index(rows["strategy"])
    table["possible"] = rows["saved_bound"].to_numpy()
    table = table.sort_values("enrichment", ascending=False, kind="stable")
    blind = blind_chance(X, y, target, model)
    if blind > BLIND:
        table["low"] = table["low"].clip(upper=0.0)
    greedy = table.loc[GREEDY]
    strategy = GREEDY if greedy["enrichment"] > 1 else RANDOM
    answer = {"strategy": strategy, "noise_var": model.noise_var, "share": share, "hits": hits}
    return table, answer | {"caution": caution(hits, greedy["low"], blind)}


def blind_chance(X, y, target, model):
    """How often a blind ranking would put the target as high as the probe's own predictions do.

    One-sided test of H. B. Mann and D. R. Whitney, Ann. Math. Stat. 18, 50 (1947), on the
    leave-one-out probabilities of the labels inside and outside; arguments as of `replay`.
    """
    mu, sigma, _ = leave_one_out(X, y, model)
    # As in the replay: where a model says the same of all, rounding is not to rank them.
    probability = np.round(probability_in_range(mu, sigma, target.low, target.high), 9)
    inside = target.contains(y)
    found = mannwhitneyu(probability[inside], probability[~inside], alternative="greater")
    return float(found.pvalue)


def predicted(rows: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """What searches are predicted to bring, with a 90 % interval of what they save.

    The saving is predicted as a part of the possible. The upper end of its interval is no more than
    any strategy can save, the target's share being as low as the probe allows (one-sided 95 % limit
    of C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934)): the share seen is itself
    uncertain.

    Parameters
    ----------
    rows : frame of `alutils.analysis.replay.replay`, with shape and saved_bound
    known : frame of `experience`

    Returns
    -------
    frame, index as of rows: enrichment, and saved, low, high (share of random sampling's labels);
        the ends are NaN where nothing is known of the strategy with as many hits
    """
    parts = []
    for strategy, asked in with_logs(rows).groupby("strategy", sort=False):
        alike = with_logs(known[known["strategy"] == strategy]).reset_index(drop=True)
        gain = combined.fit(alike, "saving_gain").predict(asked)
        ends = combined.by_hits(alike, combined.errors(alike, "saving_gain"), asked["hits"])
        log = combined.fit(alike, "log_enrichment").predict(asked)
        bound = asked["saved_bound"].to_numpy(float)
        made = {"enrichment": np.exp(log), "saved": gain * bound}
        made["low"] = (gain + ends[:, 0]) * bound
        made["high"] = np.minimum((gain + ends[:, 1]) * bound, _possible(asked))
        parts.append(pd.DataFrame(made, asked.index))
    return pd.concat(parts).loc[rows.index]


def with_logs(rows):
    """Rows with the logarithm of enrichment, where it is known, and of what a replay says of it."""
    names = [name for name in ("enrichment", "replayed_enrichment") if name in rows]
    logs = {name.replace("enr", "log_enr"): np.log(rows[name].clip(lower=LEAST)) for name in names}
    return rows.assign(**logs)


def caution(hits, low=np.inf, blind=0.0):
    """What is to be said of an interval, as some sentences.

    hits : in the probe;  low : lower end of the saving;  blind : of `blind_chance`
    """
    said = (
        f"The interval is that of searches whose probe had {combined.hits_class([hits])[0]} hits."
    )
    if hits < combined.ENOUGH:
        said = (
            f"With {hits} hits in the probe, fewer than {combined.ENOUGH}, the interval cannot be "
            "trusted: label more at random first."
        )
    if blind > BLIND:
        said += (
            " The probe ranks its own molecules no better than chance may: what is predicted rests "
            "on other pools alone."
        )
    return f"{said} It holds zero: the search may save nothing." if low <= 0 else said


def _possible(rows):
    """The most that can be saved where the target is as rare as the probe allows."""
    seen, hits = rows["share_seen"], rows["hits"]
    n = (hits + 0.5) / seen - 1  # labels of the probe
    rarest = beta.ppf((1 - CONFIDENCE) / 2, hits, n - hits + 1)
    return rows["saved_bound"] * (1 - np.nan_to_num(rarest)) / (1 - seen)


def trial(
    config: RunConfig, probed: Probed, answer: dict, strategies: Sequence[str]
) -> list[RunConfig]:
    """The runs that show what an advice was worth: random sampling and searches, from the probe.

    Parameters
    ----------
    config : RunConfig that `draw` was given;  probed : Probed
    answer : of `advise`;  strategies : names of searches

    Returns
    -------
    list of RunConfig
    """
    target = Target.of(probed.target)
    drafts = [replace(config, target=target, noise_var=answer["noise_var"])]
    return drafts + [replace(drafts[0], strategy=name) for name in strategies]


def realised(runs: pd.DataFrame) -> pd.Series:
    """Share of labels that each search saved at random sampling's final found share, a Series.

    runs : frame of `run_or_load` for a `trial`
    """
    found = {name: rows.sort_values("n_train") for name, rows in runs.groupby("strategy")}
    curves = {
        name: (rows["n_train"].to_numpy(), rows["found_share"].cummax().to_numpy())
        for name, rows in found.items()
    }
    at_random = curves.pop(RANDOM)
    return pd.Series({name: savings(*at_random, *curve) for name, curve in curves.items()})
