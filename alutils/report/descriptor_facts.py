"""What the prose of the page on descriptors quotes, computed from its tables."""

from __future__ import annotations

import pandas as pd

from alutils.analysis import regression, statistics
from alutils.analysis.other_descriptors import NOISES
from alutils.analysis.statistics import interval
from alutils.report.curves import select
from alutils.report.descriptors import (
    GREEDY,
    HIGHEST,
    NAMES,
    REFERENCE,
    A,
    D,
    E,
    answers,
    at_good_noise,
    by_descriptor,
    difference,
    errors,
    last,
    mean_gains,
    order_kept,
    span,
)


def facts(curves, gains, cost):
    """What the prose quotes: name -> number or text."""
    end = at_good_noise(last(curves))
    means = end[end["strategy"] == A].pivot_table("mae_ev", "descriptor", "dataset")
    first = at_good_noise(curves[curves["n_train"] == curves["n_train"].min()])
    first = first[first["strategy"] == A].pivot_table("mae_ev", "descriptor", "dataset")
    overall = (means / means.loc[REFERENCE]).mean(axis=1).sort_values()
    times = cost.groupby("descriptor")["times_mbtr"].mean()
    best = overall.index[0]
    cheap = overall[times[overall.index] <= 1.0].index[0]
    found = {
        "n_seeds": int(curves["seed"].nunique()),
        "n_descriptors": len(means),
        "best": NAMES[best],
        "best_less": _percent(1 - overall[best]),
        "best_times": f"{times[best]:.1f}",
        "cheap": NAMES[cheap],
        "best_by_pool": _winners(means),
        "best_first": _winners(first),
        "worst_ratio": f"{(means.max() / means.min()).max():.1f}",
        "first_ratio": f"{(first.max() / first.min()).max():.1f}",
    }
    found |= exception_facts(curves, cost)
    return found | answer_facts(curves, gains) | gain_facts(gains)


def exception_facts(curves, cost):
    """Where D gains most over A at a good noise, and how many molecules that descriptor knows."""
    end = at_good_noise(last(curves))
    change = {
        (name, pool): interval(difference(errors(rows, D), errors(rows, A))[pool])
        for name, of_one in by_descriptor(end)
        for pool, rows in of_one.groupby("dataset")
    }
    most = min(change, key=lambda one: change[one].mean)
    distinct = select(cost, descriptor=most[0], dataset=most[1])["distinct"].item()
    better = [f"{NAMES[name]} on {pool}" for (name, pool), one in change.items() if one.high < 0]
    return {
        "d_n": len(change),
        "d_n_better": len(better),
        "d_better": "; ".join(better) or "none",
        "n_lowest": sum(end.groupby(["descriptor", "dataset"])["good_noise"].min() == min(NOISES)),
        "d_n_worse": sum(one.low > 0 for one in change.values()),
        "exception": f"{NAMES[most[0]]} on {most[1]}",
        "exception_gain": f"{span(change[most])} %",
        "exception_distinct": f"{distinct:,}".replace(",", "\u00a0"),
    }


def answer_facts(curves, gains):
    """For how many descriptors each answer is supported, refuted or open, and the largest gains."""
    found = {
        name: answers(rows, select(gains, descriptor=name)) for name, rows in by_descriptor(curves)
    }
    verdicts = pd.DataFrame(
        {name: {k: one.finding().verdict for k, one in of.items()} for name, of in found.items()}
    )
    said = {}
    for answer, row in verdicts.iterrows():
        key = answer.split(":")[0] + ("_" + answer[-1] if answer.startswith("C7") else "")
        said[f"{key}_counts"] = ", ".join(f"{v} for {n}" for v, n in row.value_counts().items())
        said[f"{key}_supported"] = int((row == statistics.SUPPORTED).sum())
    saved = [of["C9: E saves labels"].interval().mean for of in found.values()]
    change = {
        f"{letter} with {NAMES[name]}": of[f"C7: no gain by {letter}"].interval()
        for name, of in found.items()
        for letter in "BCD"
    }
    most = min(change, key=lambda name: change[name].mean)
    less = sum(one.high < 0 for one in change.values())
    possible = select(gains, target_low=HIGHEST)["saved_bound"]
    return said | {
        "saved_bound": _percent(possible.mean()),
        "saved": f"{min(saved):.0f} to {max(saved):.0f} %",
        "gain_most": f"{most}, {span(change[most])} %",
        "n_comparisons": len(change),
        "n_better": less,
        "n_worse": sum(one.low > 0 for one in change.values()),
    }


def gain_facts(gains):
    """What the law says and keeps, over all descriptors."""
    means, kept = mean_gains(gains), order_kept(gains)
    low = {
        key: means[(means["strategy"] == s) & (means["target_low"] == t)]
        for key, (s, t) in {"E": (E, HIGHEST), "greedy": (GREEDY, HIGHEST)}.items()
    }
    predicted, realised = means["predicted_area_gain"], means["area_gain"]
    error = (predicted - realised).abs()
    names = means.groupby("descriptor")[["predicted_area_gain", "area_gain"]]
    explained = names.apply(
        lambda x: regression.explained(x["area_gain"], x["predicted_area_gain"])
    )
    return {
        "law_explained": f"{regression.explained(realised, predicted):.2f}",
        "law_error": f"{error.mean():.2f}",
        "law_bias": f"{(predicted - realised).mean():+.2f}",
        "law_range": f"{explained.min():.2f} ({NAMES[explained.idxmin()]}) to "
        f"{explained.max():.2f} ({NAMES[explained.idxmax()]})",
        "order": f"{kept.mean():.2f}",
        "order_n": len(kept),
        "order_positive": int((kept > 0).sum()),
        **{f"gain_{key}": _range(rows["area_gain"]) for key, rows in low.items()},
    }


def _winners(means):
    return "; ".join(f"{NAMES[name]} on {pool}" for pool, name in means.idxmin().items())


def _percent(part):
    return f"{100 * part:.0f} %"


def _range(values):
    return f"{values.min():.2f} to {values.max():.2f}"
