"""Should I use active learning? What a probe of your own pool answers, with an interval.

An interval is made from the errors of the law on searches that are known, those whose probe had
about as many hits: the error hangs on that number more than on anything else. No search is left
out: where the law predicts no saving the prediction is 0, and a search that never found random
sampling's share saved 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import beta

from alutils.acquisition.target import Range, Target
from alutils.analysis import law, plans
from alutils.analysis.overlap import CONFIDENCE, Plan, probe
from alutils.data.datasets import of_run
from alutils.descriptors import features, n_bits
from alutils.loop import RunConfig, split
from alutils.metrics import savings
from alutils.model.noise import most_likely_noise
from alutils.model.scale import prior_model, scale_of

EXPERIENCE = Path(__file__).with_name("experience.csv")
KNOWN = ["dataset", "strategy", "seed", "target_low", "target_high", "share", "shape", "hits"]
KNOWN += ["share_seen", "enrichment", "predicted_enrichment"]
KNOWN += ["saved", "predicted_saved", "predicted_saved_bound"]
RANDOM, GREEDY = "random", "most_probable"
ENOUGH, MANY = 10, 30  # hits of a probe
HITS = {f"under {ENOUGH}": 0, f"{ENOUGH} to {MANY - 1}": ENOUGH, f"{MANY} and more": MANY}


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
    frame with the columns `KNOWN` of `alutils.analysis.law.joined`
    """
    rows = pd.read_csv(EXPERIENCE)
    return rows[rows["dataset"] != without]


def recorded():
    """What `experience` holds, computed from the records."""
    rows = law.usable(law.searches(plans.POOLS, range(3)))
    return rows[KNOWN].reset_index(drop=True)


def advise(
    probed: Probed, known: pd.DataFrame, noise_var: float | None = None
) -> tuple[pd.DataFrame, dict]:
    """What each search is predicted to find and to save, and what to do.

    The greedy rule, `most_probable`, is advised wherever the probe ranks its own molecules better
    than chance, whether or not the interval of its saving holds zero: in no search that is known
    did it find fewer than random sampling (`decisions`). E stands beside it and is never advised:
    where it is predicted to bring more hits per label, it seldom does.

    Parameters
    ----------
    probed : Probed
    known : frame of `experience`, whose errors of prediction give the intervals
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
        If fewer than two of the labels lie in the target, or fewer than two outside.
    """
    X, y, target, plan, prior, bits = probed.on_scale()
    hits = int(target.contains(y).sum())
    if not 2 <= hits <= len(y) - 2:
        raise ValueError(
            f"{hits} of the {len(y)} labels lie in the target: the probe needs two or more inside "
            "and outside; label more, or choose another target"
        )
    model = prior_model(prior, noise_var or 0.0, n_bits=bits, random_state=0)
    if noise_var is None:
        model.set_params(noise_var=most_likely_noise(X, y, model)[0])
    answers = probe(X, y, [target], model, plan)
    answers = answers.assign(**intervals(answers, known)).set_index("strategy")
    table = pd.DataFrame({"enrichment": answers["predicted_enrichment"]})
    table = table.join(answers[["saved", "low", "high"]])
    table["possible"] = answers["predicted_saved_bound"]
    table = table.sort_values("enrichment", ascending=False, kind="stable")
    greedy = table.loc[GREEDY]
    strategy = GREEDY if greedy["enrichment"] > 1 else RANDOM
    share = float(answers["share_seen"].iloc[0])
    answer = {"strategy": strategy, "noise_var": model.noise_var, "share": share, "hits": hits}
    return table, answer | {"caution": caution(hits, greedy["low"])}


def intervals(rows, known):
    """What a search by each row's probe is predicted to save, with a 90 % interval.

    Its upper end is no more than any strategy can save, the target's share being as low as the
    probe allows (one-sided 95 % limit of C. J. Clopper and E. S. Pearson, Biometrika 26, 404
    (1934)): the share seen is itself uncertain.

    Parameters
    ----------
    rows : frame of `alutils.analysis.overlap.probe`;  known : frame of `experience`

    Returns
    -------
    frame, index as of rows: saved, low, high (share of random sampling's labels); low and high are
        NaN where nothing is known of the strategy with as many hits
    """
    errors = known["saved"].fillna(0.0) - known["predicted_saved"].fillna(0.0)
    alike = pd.Series(list(zip(known["strategy"], hits_class(known["hits"]), strict=True)))
    by_kind = {kind: np.sort(part) for kind, part in errors.groupby(alike.to_numpy())}
    kinds = zip(rows["strategy"], hits_class(rows["hits"]), strict=True)
    ends = np.array([_ends(by_kind.get(kind, [])) for kind in kinds]).reshape(-1, 2)
    saved = rows["predicted_saved"].astype(float).fillna(0.0)
    low, high = saved + ends[:, 0], saved + ends[:, 1]
    return pd.DataFrame({"saved": saved, "low": low, "high": np.minimum(high, _possible(rows))})


def hits_class(hits):
    """Keys of `HITS`, by the number of hits in a probe; (n,) integers to (n,) text."""
    at = np.searchsorted(list(HITS.values()), np.asarray(hits), side="right") - 1
    return np.array(list(HITS))[at]


def caution(hits, low=np.inf):
    """What is to be said of an interval, as a sentence or two.

    hits : in the probe;  low : lower end of the saving
    """
    said = f"The interval is that of searches whose probe had {hits_class([hits])[0]} hits."
    if hits < ENOUGH:
        said = (
            f"With {hits} hits in the probe, fewer than {ENOUGH}, the interval cannot be trusted: "
            "label more at random first."
        )
    return f"{said} It holds zero: the search may save nothing." if low <= 0 else said


def calibrated(known):
    """The intervals as they would be printed for a pool, from all other pools, and if they hold.

    Parameters
    ----------
    known : frame of `experience`

    Returns
    -------
    frame: known, with hits_class, predicted_saved and saved (0 where there is none), low, high
        and inside
    """
    parts = []
    for name, rows in known.groupby("dataset", sort=False):
        stated = intervals(rows, known[known["dataset"] != name])
        stated = stated.rename(columns={"saved": "predicted_saved"})
        parts.append(rows.assign(**stated, saved=rows["saved"].fillna(0.0)))
    every = pd.concat(parts)
    inside = (every["saved"] >= every["low"]) & (every["saved"] <= every["high"])
    return every.assign(inside=inside, hits_class=hits_class(every["hits"]))


def decisions(every):
    """What `advise` would have said, for each probe and target of a known greedy search.

    every : frame of `calibrated`

    Returns
    -------
    frame: strategy (advised), promised (the interval lies above zero), saved and enrichment (what
        came)
    """
    greedy = every[every["strategy"] == GREEDY]
    advised = pd.Series(GREEDY, greedy.index).where(greedy["predicted_enrichment"] > 1, RANDOM)
    return greedy[["saved", "enrichment"]].assign(strategy=advised, promised=greedy["low"] > 0)


def _ends(errors, confidence=CONFIDENCE):
    """What to add to a prediction, from sorted errors: the next error, if it is drawn from the same
    ones, lies between their k-th smallest and k-th largest with this confidence or more (V. Vovk
    et al., Algorithmic Learning in a Random World, Springer 2005). Fewer than 19 cannot promise
    90 %: then the extremes."""
    n = len(errors)
    if not n:
        return np.nan, np.nan
    k = max(int((n + 1) * (1 - confidence) / 2 + 1e-9), 1)
    return errors[k - 1], errors[n - k]


def _possible(rows):
    """The most that can be saved where the target is as rare as the probe allows."""
    seen, hits = rows["share_seen"], rows["hits"]
    n = (hits + 0.5) / seen - 1  # labels of the probe
    rarest = beta.ppf((1 - CONFIDENCE) / 2, hits, n - hits + 1)
    return rows["predicted_saved_bound"] * (1 - np.nan_to_num(rarest)) / (1 - seen)


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
