"""When to stop: tables and numbers of that page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis import statistics, stop_rules
from alutils.analysis.combined import ENOUGH, HITS, hits_class
from alutils.analysis.regression import CONFIDENCE
from alutils.analysis.stop_rules import RULE, worth_it
from alutils.analysis.stopping import SEARCH, learn
from alutils.report.tables import Table

UNTIL = 0.9  # share of the target that the page asks for
SHARES = (0.5, 0.8, 0.9, 0.95)
WORTHS = (2, 5, 10, 20, 50)  # labels that a hit is worth
COMING = (0, 1, 3, 10, 30, np.inf)  # classes of the hits that are forecast for a batch
RESAMPLED = 2000
OWN, MANY_HITS = "the model's sum", list(HITS)[-1]


def coverage_table(forecasts: dict, by: str = "dataset") -> Table:
    """Share of the stated 90 % intervals that held what came, on pools left out.

    forecasts : what is forecast -> frame of `alutils.analysis.stop_rules.forecasts`
    by : "dataset", or "hits" for their classes, whose coverage is the mean over the pools
    """
    columns = {}
    for name, frame in forecasts.items():
        kinds = pd.Series(hits_class(frame["hits"]), frame.index)
        of_pool = frame.groupby(["dataset", kinds], sort=False)["inside"].mean()
        if by == "dataset":
            column = frame.groupby("dataset", sort=False)["inside"].mean()
            column["all"] = column.mean()
        else:
            column = of_pool.groupby(level=1).mean()[list(HITS)]
            columns["queries"] = kinds.value_counts()[list(HITS)].map("{:d}".format)
            columns[f"{name}: lowest pool"] = _percent(of_pool.groupby(level=1).min()[list(HITS)])
        columns[name] = _percent(column)
    title = "pool, left out" if by == "dataset" else "hits so far"
    return Table(pd.DataFrame(columns).rename_axis(title))


def _percent(values):
    return values.map("{:.0%}".format)


def trials(forecasts: pd.DataFrame, until: float = UNTIL) -> dict[str, pd.DataFrame]:
    """Rule -> where each search would have stopped by it, frame of `stop_rules.stops`."""
    return {rule: stop_rules.stops(forecasts, until, rule) for rule in stop_rules.RULES}


def rules_table(trials: dict[str, pd.DataFrame]) -> Table:
    """What each rule does: searches that stopped, of these the share that had it, and the cost.

    Labels too many are counted from the first query at which the share was there.

    trials : of the function of this name
    """
    rows = {}
    for rule, stops in trials.items():
        stopped = stops.dropna(subset="n_labels")
        rows[rule] = {
            "stopped": len(stopped),
            "of these had it": had_text(stopped),
            "nine in ten found": _tenth(stopped["share"]),
            "pools": stopped["dataset"].nunique(),
            "labels too many": _late(stopped),
        }
    return Table(pd.DataFrame(rows).T.rename_axis("rule"))


def _late(stopped):
    late = (stopped["n_labels"] - stopped["earliest"])[stopped["had"] == 1]
    return f"{late.median():.0f}" if len(late) else "-"


def _tenth(shares):
    return f"{shares.quantile(1 - CONFIDENCE):.0%}" if len(shares) else "-"


def had_text(stopped: pd.DataFrame) -> str:
    """Share of the searches that had what they stopped for, with the 95 % interval over pools."""
    if stopped.empty:
        return "none stopped"
    if stopped["dataset"].nunique() == 1:
        return f"{stopped['had'].mean():.0%}"
    low, high = had_interval(stopped)
    return f"{stopped['had'].mean():.0%} ({low:.0%} to {high:.0%})"


def verdict(stopped: pd.DataFrame) -> str:
    """Whether nine in ten had it, and whether so many stopped that this is sure."""
    if stopped.empty or stopped["had"].mean() < CONFIDENCE:
        return "it does not hold"
    sure = had_interval(stopped)[0] >= CONFIDENCE
    return "it holds" if sure else "as promised, though they are too few to be sure of it"


def had_interval(stopped: pd.DataFrame) -> tuple:
    """95 % interval of the share that had it; the pools are drawn again, with what stopped there.

    B. Efron and R. J. Tibshirani, An Introduction to the Bootstrap (1993): percentiles.
    """
    of_pool = stopped.groupby("dataset")["had"].agg(["sum", "size"]).to_numpy()
    drawn = np.random.default_rng(0).integers(len(of_pool), size=(RESAMPLED, len(of_pool)))
    had, size = of_pool[drawn].sum(axis=1).T
    tail = (1 - statistics.CONFIDENCE) / 2
    return tuple(np.quantile(had / size, (tail, 1 - tail)))


def by_share(forecasts: pd.DataFrame, shares=SHARES) -> dict[float, pd.DataFrame]:
    """Share -> where each search would have stopped by the rule of a campaign."""
    return {until: stop_rules.stops(forecasts, until) for until in shares}


def holding(by_share: dict[float, pd.DataFrame]) -> list[float]:
    """The shares at which nine in ten of the searches that stopped had it."""
    return [until for until, stops in by_share.items() if stops["had"].mean() >= CONFIDENCE]


def shares_table(by_share: dict[float, pd.DataFrame]) -> Table:
    """The rule at several shares: searches that reach it, that stop, and that had it then."""
    rows = {}
    for until, stops in by_share.items():
        stopped = stops.dropna(subset="n_labels")
        rows[f"{until:.0%} found"] = {
            "reached it": int(stops["earliest"].notna().sum()),
            "stopped": len(stopped),
            "of these had it": had_text(stopped),
            "labels too many": _late(stopped),
        }
    return Table(pd.DataFrame(rows).T.rename_axis("stop when"))


def pools_table(trials: dict[str, pd.DataFrame], rule: str = RULE) -> Table:
    """What a rule does, a row per pool left out."""
    stops = trials[rule]
    rows = {}
    for pool, here in stops.groupby("dataset", sort=False):
        stopped = here.dropna(subset="n_labels")
        rows[pool] = {
            "searches": len(here),
            "reached it": int(here["earliest"].notna().sum()),
            "stopped": len(stopped),
            "had it": int(stopped["had"].sum()),
        }
    return Table(pd.DataFrame(rows).T.rename_axis("pool, left out"))


def coming_table(coming: pd.DataFrame) -> Table:
    """Hits of the next batch, by what was forecast: means of forecast and of what came.

    coming : of `alutils.analysis.stop_rules.forecasts`, of next_hits
    """
    kinds = pd.cut(coming["expected"], COMING, right=False)
    rows = {}
    for kind, here in coming.groupby(kinds, observed=True):
        last = np.isinf(kind.right)
        rows[f"{kind.left:g} and more" if last else f"{kind.left:g} to {kind.right:g}"] = {
            "batches": len(here),
            "forecast": f"{here['expected'].mean():.1f}",
            "came": f"{here['next_hits'].mean():.1f}",
            "intervals that held": f"{here['inside'].mean():.0%}",
        }
    return Table(pd.DataFrame(rows).T.rename_axis("hits of the next batch"))


def worth_table(coming: pd.DataFrame, worths=WORTHS) -> Table:
    """Share of the best gain in hindsight that each rule has, all searches together."""
    rows = {}
    for worth in worths:
        row, best = {}, 0.0
        for rule in stop_rules.COMING:
            found = worth_it(coming, worth, rule)
            best = found["best"].sum()
            row[rule] = f"{found['gained'].sum() / best:.0%}"
        row["never stop"] = f"{found['whole'].sum() / best:.0%}"
        row["labels"] = f"{worth_it(coming, worth)['n_labels'].median():.0f}"
        rows[f"{worth:g}"] = row
    return Table(pd.DataFrame(rows).T.rename_axis("labels a hit is worth"))


def proof_labels(forecasts: pd.DataFrame, until: float = UNTIL) -> pd.Series:
    """Random labels, none of them a hit, that prove the share at its first query, by search.

    So many that nine times in ten one were a hit if there were one more than is allowed, of those
    without a label (drawn with replacement: a few more than are needed).
    """
    share = forecasts["hits"] / (forecasts["hits"] + forecasts["left"]).clip(lower=1)
    there = stop_rules.first_stops(forecasts, (share >= until) & (forecasts["hits"] >= ENOUGH))
    left = there["n_pool"] - there["n_labels"]
    too_many = np.floor(there["hits"] * (1 - until) / until + 1e-9) + 1
    some = np.minimum(too_many / left, 0.999)
    needed = np.ceil(np.log(1 - CONFIDENCE) / np.log1p(-some)).clip(upper=left)
    return needed.where(too_many <= left, 0.0)


def worst(forecasts: pd.DataFrame) -> pd.Series:
    """The last query, of a search with `ENOUGH` hits, at which the model expected far too few left.

    forecasts : of `alutils.analysis.stop_rules.forecasts`
    """
    rows = forecasts[forecasts["hits"] >= ENOUGH].sort_values("n_labels")
    ends = rows.groupby(SEARCH).tail(1)
    return ends.loc[(np.log1p(ends["left"]) - np.log1p(ends["model_left"])).idxmax()]


def facts(forecasts: pd.DataFrame, coming: pd.DataFrame, trials: dict, by_share: dict) -> dict:
    """What the prose quotes: name -> number or text.

    forecasts, coming : of `alutils.analysis.stop_rules.forecasts`, hits left and hits of a batch
    trials, by_share : of the functions of these names
    """
    rule, model = trials[RULE], trials["the model's sum"]
    until = rule.attrs["until"]
    stopped = rule.dropna(subset="n_labels")
    late = (stopped["n_labels"] - stopped["earliest"])[stopped["had"] == 1]
    by_pool = [frame.groupby("dataset")["inside"].mean() for frame in (forecasts, coming)]
    model_holds = model["had"].mean() >= CONFIDENCE
    ends = rule["last"] + coming["next_size"].iloc[0]
    covered = min(one.mean() for one in by_pool)
    case, proof = worst(forecasts), proof_labels(forecasts, until)
    gains = {name: worth_it(coming, WORTHS[1], name) for name in stop_rules.COMING}
    gained = {name: one["gained"].sum() / one["best"].sum() for name, one in gains.items()}
    return {
        "until": f"{until:.0%}",
        "n_searches": len(rule),
        "n_pools": forecasts["dataset"].nunique(),
        "n_queries": len(forecasts),
        "pool_least": f"{forecasts['n_pool'].min():,}".replace(",", " "),
        "pool_most": f"{forecasts['n_pool'].max():,}".replace(",", " "),
        "n_least": int(ends.min()),
        "n_most": int(ends.max()),
        "reached": int(rule["earliest"].notna().sum()),
        "stopped": len(stopped),
        "stopped_pools": stopped["dataset"].nunique(),
        "in_time": int((rule["earliest"].notna() & rule["n_labels"].notna()).sum()),
        "had": int(stopped["had"].sum()),
        "had_share": had_text(stopped),
        "verdict": verdict(stopped),
        "holding": ", ".join(f"{share:.0%}" for share in holding(by_share)) or "none",
        "late": f"{late.median():.0f}" if len(late) else "no",
        "late_most": f"{late.quantile(CONFIDENCE):.0f}" if len(late) else "no",
        "model_stopped": int(model["n_labels"].notna().sum()),
        "model_verdict": "Yes" if model_holds else "No",
        "model_had": had_text(model.dropna(subset="n_labels")),
        "intervals": "The intervals hold" if covered >= CONFIDENCE else "The intervals do not hold",
        "covered": f"{by_pool[0].mean():.0%}",
        "covered_least": f"{by_pool[0].min():.0%} ({by_pool[0].idxmin()})",
        "covered_next": f"{by_pool[1].mean():.0%}",
        "covered_next_least": f"{by_pool[1].min():.0%} ({by_pool[1].idxmin()})",
        "factor": f"{np.exp(learn(forecasts).width[MANY_HITS]):.1f}",
        "factor_next": f"{np.exp(learn(forecasts, 'next_hits').width[MANY_HITS]):.1f}",
        "proof": f"{proof.median():.0f}",
        "case_pool": case["dataset"],
        "case_hits": int(case["hits"]),
        "case_left": int(case["left"]),
        "case_model": f"{case['model_left']:.1f}",
        "case_labels": int(case["n_labels"]),
        "worth": WORTHS[1],
        "worth_model": f"{gained[OWN]:.0%}",
        "worth_last": f"{gained['the last batch']:.0%}",
        "worth_whole": f"{gains[OWN]['whole'].sum() / gains[OWN]['best'].sum():.0%}",
    }
