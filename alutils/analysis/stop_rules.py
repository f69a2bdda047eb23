"""Rules to stop a search by, put to the test: of those that say "found", how many had?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import beta

from alutils.analysis.overlap import CONFIDENCE
from alutils.analysis.stopping import Progress, learn

SEARCH = ["dataset", "seed", "target_low", "target_high"]
FIELDS = list(Progress.__dataclass_fields__)


def forecasts(rows: pd.DataFrame, outcome: str = "left") -> pd.DataFrame:
    """What would have been predicted before each query, by a law that its pool had no part in.

    Parameters
    ----------
    rows : of `stopping.known`, of three data sets or more;  outcome : "left" or "next_hits"

    Returns
    -------
    frame: rows, with expected, low, high (hits, 90 %) and inside
    """
    parts = []
    for pool, here in rows.groupby("dataset", sort=False):
        law = learn(rows[rows["dataset"] != pool], outcome)
        made = [law.forecast(Progress(**one)) for one in here[FIELDS].to_dict("records")]
        parts.append(
            here.assign(**pd.DataFrame(made, here.index, columns=["expected", "low", "high"]))
        )
    every = pd.concat(parts)
    # A forecast of 3.2 to 7.9 hits means 3 to 8 of them.
    inside = every[outcome].between(np.floor(every["low"]), np.ceil(every["high"]))
    return every.assign(inside=inside)


def most_by_random(rows: pd.DataFrame) -> pd.Series:
    """Most hits left by the random batch alone: one-sided 95 % limit of its share of hits.

    C. J. Clopper and E. S. Pearson, Biometrika 26, 404 (1934).
    """
    k, n = rows["random_hits"], rows["n_random"]
    share = beta.ppf((1 + CONFIDENCE) / 2, k + 1, n - k)
    return (share * rows["n_pool"] - rows["hits"]).clip(lower=0)


# What a rule takes for the most hits that may be left, of rows of `forecasts`.
RULES: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "the law": lambda rows: rows["high"],
    "the model's sum": lambda rows: rows["model_left"],
    "the random batch": most_by_random,
    "no hit in a batch": lambda rows: np.where(rows["last_hits"] == 0, 0.0, np.inf),
}


def stops(rows: pd.DataFrame, until: float, rule: str = "the law") -> pd.DataFrame:
    """Where each search would have stopped: before the first query where the rule is satisfied.

    Parameters
    ----------
    rows : of `forecasts`;  until : share of the target;  rule : of `RULES`

    Returns
    -------
    frame, a row per search that could ever have had this share: `SEARCH`, n_labels (at the stop;
        NaN where it never stopped), share (found there), had (share >= until), earliest (labels
        when the share was first there, NaN where it never was), last (labels of the last query)
    """
    rows = rows.assign(
        said=rows["hits"] / (rows["hits"] + RULES[rule](rows)) >= until,
        share=rows["hits"] / (rows["hits"] + rows["left"]),
    )
    found = []
    for key, of_one in rows.groupby(SEARCH, sort=False):
        of_one = of_one.sort_values("n_labels")
        said, there = of_one[of_one["said"]], of_one[of_one["share"] >= until]
        stop = said.iloc[0] if len(said) else None
        found.append(
            dict(zip(SEARCH, key, strict=True))
            | {
                "n_labels": np.nan if stop is None else stop["n_labels"],
                "share": np.nan if stop is None else stop["share"],
                "had": np.nan if stop is None else float(stop["share"] >= until),
                "earliest": there["n_labels"].iloc[0] if len(there) else np.nan,
                "last": of_one["n_labels"].iloc[-1],
            }
        )
    return pd.DataFrame(found)
