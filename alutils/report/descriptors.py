"""Another descriptor: what each learns, which answers survive, what a search gains, its cost."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from alutils.acquisition.strategies import LETTERS
from alutils.analysis import regression, statistics
from alutils.analysis.other_descriptors import LOW_NOISE
from alutils.analysis.statistics import MARGIN, Finding, Interval, interval
from alutils.report.curves import select
from alutils.report.tables import Table

A, B, C, D, E = (LETTERS[letter] for letter in "ABCDE")
GREEDY = "most_probable"
NAMES = {
    "mbtr": "MBTR, narrow",
    "mbtr_broad": "MBTR, broad",
    "soap": "SOAP",
    "slatm": "SLATM",
    "fingerprint": "fingerprint",
}
REFERENCE = "mbtr"
HIGHEST, RAREST = 0.7, 0.97  # quantiles where the two targets begin
SEARCHED = {
    "E, highest 30 %": (E, HIGHEST),
    "greedy, highest 30 %": (GREEDY, HIGHEST),
    "E, highest 3 %": (E, RAREST),
    "greedy, highest 3 %": (GREEDY, RAREST),
}
RUN = ["dataset", "seed"]


class Answer(NamedTuple):
    """One of the paper's answers: differences by pool and seed, %, and the rule for them."""

    values: pd.Series
    judge: str  # "less", "more" or "no gain"

    def interval(self) -> Interval:
        return interval(self.values)

    def finding(self) -> Finding:
        found = self.interval()
        if self.judge == "no gain":
            return statistics.non_superiority(found, -1, 100 * MARGIN)
        return statistics.superiority(found, 1 if self.judge == "more" else -1, 100 * MARGIN)


def last(curves):
    """Rows of the largest training set."""
    return curves[curves["n_train"] == curves["n_train"].max()]


def at_good_noise(curves):
    """Rows at each descriptor's own noise, of the runs whose target is the paper's."""
    own = curves["noise_var"] == curves["good_noise"]
    return curves[own & (curves["target_low"] == HIGHEST)]


def errors(rows, strategy, **where):
    """MAE by pool and seed, eV, of one descriptor's rows."""
    return select(rows, strategy=strategy, **where).set_index(RUN)["mae_ev"]


def difference(ours, theirs):
    """Ours minus theirs in % of the pool's mean of theirs, a Series by pool and seed."""
    return 100 * (ours - theirs) / theirs.groupby("dataset").transform("mean")


def answers(curves, gains):
    """The paper's answers under one descriptor.

    curves, gains : frames of `other_descriptors.read`, rows of one descriptor

    Returns
    -------
    dict: name -> Answer
    """
    end = last(curves)
    good, low = at_good_noise(end), select(end, noise_var=LOW_NOISE)
    a = errors(good, A)
    found = {
        "C5: D below A at noise 1e-10": Answer(difference(errors(low, D), errors(low, A)), "less"),
        "C6: noise 1e-10 overfits": Answer(difference(errors(low, A), a), "more"),
    }
    for letter, strategy in zip("BCD", (B, C, D), strict=True):
        one = difference(errors(good, strategy), a)
        found[f"C7: no gain by {letter}"] = Answer(one, "no gain")
    in_range = {s: select(good, strategy=s).set_index(RUN)["found_share"] for s in (A, E)}
    found["C8: E finds more than A"] = Answer(100 * (in_range[E] - in_range[A]), "more")
    saved = select(gains, strategy=E, target_low=HIGHEST).set_index(RUN)["saved"]
    return found | {"C9: E saves labels": Answer(100 * saved, "more")}


def by_descriptor(frame):
    """(name, rows) of each descriptor of a frame, in the order of `NAMES`."""
    for name in NAMES:
        rows = frame[frame["descriptor"] == name]
        if len(rows):
            yield name, rows


def answer_table(curves, gains):
    """A row per descriptor, a column per answer: mean and 95 % interval in %, and the verdict."""
    rows = {}
    for name, of_one in by_descriptor(curves):
        found = answers(of_one, select(gains, descriptor=name))
        rows[NAMES[name]] = {
            what: f"{span(one.interval())} %: {one.finding().verdict}"
            for what, one in found.items()
        }
    return Table(pd.DataFrame(rows).rename_axis("answer"))


def gain_table(curves):
    """D minus A at the end for each pool, in % of A's error: at a good noise, and at 1e-10."""
    end, rows = last(curves), {}
    for name, of_one in by_descriptor(end):
        cases = {"": at_good_noise(of_one), ", noise 1e-10": select(of_one, noise_var=LOW_NOISE)}
        rows[NAMES[name]] = {
            f"{pool}{noise}": f"{span(_of_pool(errors(runs, D), errors(runs, A), pool))} %"
            for noise, runs in cases.items()
            for pool in end["dataset"].unique()
        }
    return Table(pd.DataFrame(rows).T.rename_axis("descriptor"))


def error_table(curves):
    """A's error at the end: for each pool the mean in eV, and the paired difference from MBTR's."""
    end, rows = at_good_noise(last(curves)), {}
    theirs = errors(select(end, descriptor=REFERENCE), A)
    for name, of_one in by_descriptor(end):
        ours = errors(of_one, A)
        rows[NAMES[name]] = {
            pool: f"{ours[pool].mean():.3f} eV"
            + ("" if name == REFERENCE else f", {span(_of_pool(ours, theirs, pool))} %")
            for pool in end["dataset"].unique()
        }
        noises = of_one.drop_duplicates("dataset")["good_noise"]
        rows[NAMES[name]]["noise"] = ", ".join(f"{noise:g}" for noise in noises)
    return Table(pd.DataFrame(rows).T.rename_axis("descriptor"))


def _of_pool(ours, theirs, pool):
    return interval(difference(ours, theirs)[pool])


def search_table(gains):
    """Gain of the searches as a share of the possible, mean over pools and seeds with interval."""
    rows = {}
    for name, of_one in by_descriptor(gains):
        rows[NAMES[name]] = {
            what: share(interval(select(of_one, strategy=s, target_low=low)["area_gain"]))
            for what, (s, low) in SEARCHED.items()
        }
    return Table(pd.DataFrame(rows).T.rename_axis("descriptor"))


def law_table(gains):
    """Predicted against realised gain: what the probes' predictions are worth, by descriptor."""
    rows = {}
    for name, of_one in by_descriptor(mean_gains(gains)):
        predicted, realised = of_one["predicted_area_gain"], of_one["area_gain"]
        rows[NAMES[name]] = {
            "predicted": f"{predicted.mean():.2f}",
            "realised": f"{realised.mean():.2f}",
            "mean absolute error": f"{(predicted - realised).abs().mean():.2f}",
            "variance explained": f"{regression.explained(realised, predicted):.2f}",
        }
    return Table(pd.DataFrame(rows).T.rename_axis("descriptor"))


def mean_gains(gains):
    """Means over the seeds for which the probe had a hit, and `spread`, their deviation."""
    keys = ["descriptor", "dataset", "strategy", "target_low"]
    seen = gains.dropna(subset=["predicted_area_gain"])
    grouped = seen.groupby(keys, as_index=False, sort=False)
    means = grouped[["predicted_area_gain", "area_gain"]].mean()
    return means.assign(spread=grouped["area_gain"].std()["area_gain"])


def order_kept(gains):
    """Spearman's correlation of predicted and realised gain among the descriptors, for each pool,
    search and target: does a probe tell which descriptor to take? A Series."""
    keys = ["dataset", "strategy", "target_low"]
    columns = ["predicted_area_gain", "area_gain"]
    return (
        mean_gains(gains)
        .groupby(keys)[columns]
        .apply(lambda rows: rows[columns[0]].corr(rows[columns[1]], method="spearman"))
    )


def cost_table(cost):
    """What a descriptor takes to make, mean over the pools."""
    rows = {}
    for name, of_one in by_descriptor(cost):
        columns, axes, distinct = (of_one[name] for name in ("columns", "axes", "distinct"))
        rows[NAMES[name]] = {
            "times MBTR": f"{of_one['times_mbtr'].mean():.1f}",
            "s per 1000": f"{of_one['s_per_1000'].mean():.1f}",
            "columns": _from_to(columns),
            "axes": _from_to(axes),
            "distinct": _from_to(distinct),
        }
    return Table(pd.DataFrame(rows).T.rename_axis("descriptor"))


def span(found):
    """An interval in %, as text."""
    mean, low, high, n = found
    return f"{mean:+.0f} ({low:+.0f} to {high:+.0f})" if n > 1 else f"{mean:+.0f} ({n} seed)"


def share(found):
    """An interval of shares, as text."""
    mean, low, high, n = found
    return f"{mean:.2f} ({low:.2f} to {high:.2f})" if n > 1 else f"{mean:.2f} ({n} seed)"


def _from_to(values):
    low, high = values.min(), values.max()
    return f"{low}" if low == high else f"{low} to {high}"
