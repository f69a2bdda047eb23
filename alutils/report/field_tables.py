"""The field of strategies in tables and numbers: who is better than A, and who is worse."""

from __future__ import annotations

import pandas as pd

from alutils.acquisition.strategies import LETTERS, SEARCHES
from alutils.analysis.ranking import AT_LEARNED_NOISE
from alutils.report.tables import Table

AGAINST_A = {1: "better", -1: "worse", 0: "not shown after correction"}
E = "property_search"


def field_table(result):
    """Table of `alutils.analysis.ranking.compare` for the page: differences from A in %."""
    percents = (100 * result[["mean", "low", "high"]]).round(1) + 0.0
    columns = {
        "difference from A": percents["mean"].map("{:+.1f} %".format),
        "95 % interval": [f"{row.low:+.1f} to {row.high:+.1f}" for row in percents.itertuples()],
        "wins": result["wins"].astype(int),
        "losses": result["losses"].astype(int),
        "against A": result["beats_random"].map(AGAINST_A),
    }
    table = Table(pd.DataFrame(columns, index=result.index))
    table.loc["random", "against A"] = "-"
    return table


def field_facts(runs, error, found):
    """What the page of the field quotes, as a dict of numbers and text.

    Parameters
    ----------
    runs : of `alutils.analysis.ranking.entries`
    error, found : of `alutils.analysis.ranking.compare`, of the error and of the found share
    """
    searches = [name for name in error.index if _base(name) in SEARCHES]
    unsure = [name for name in searches if error["beats_random"][name] == 0]
    more = [name for name in unsure if error["low"][name] > 0]
    return {
        "n_strategies": sum(_base(name) == name for name in error.index),
        "n_end": int(runs["n_train"].max()),
        "n_pools": runs["dataset"].nunique(),
        "n_pairs": len(runs.drop_duplicates(["dataset", "seed"])),
        "n_tests": len(error) * (len(error) - 1) // 2,
        "better": _entries(error.index[error["beats_random"] == 1]),
        "worse": _entries(error.index[error["beats_random"] == -1]),
        "unsure": _entries(unsure),
        "unsure_above": f"{len(more)} of {len(unsure)}",
        "best_error": f"{100 * error['mean'].iloc[0]:+.1f} %",
        "best": found.index[0].replace("_", " "),
        "best_found": f"{100 * found['mean'].iloc[0]:+.0f} %",
        "E_found": f"{100 * found['mean'][E]:+.0f} %" if E in found.index else "not run",
        "noises": _noises(runs),
    }


def _noises(runs):
    """The learned noises of each pool, in a sentence; empty without any."""
    learned = runs[runs["strategy"].str.endswith(AT_LEARNED_NOISE)]
    pools = learned.drop_duplicates(["dataset", "seed"]).groupby("dataset")["noise_var"]
    spans = "; ".join(f"{n.min():g} to {n.max():g} eV² ({pool})" for pool, n in pools)
    return f"It lies at {spans}." if spans else ""


def _base(name):
    """The strategy of an entry."""
    return name.removesuffix(AT_LEARNED_NOISE)


def _entries(names):
    """Entries by letter, those with learned noise last: "L, M, E with learned noise"; "none"."""
    letters = {name: letter for letter, name in LETTERS.items()}
    fixed = sorted(letters[name] for name in names if _base(name) == name)
    learned = sorted(letters[_base(name)] for name in names if _base(name) != name)
    shown = fixed + [f"{letter} with learned noise" for letter in learned]
    return ", ".join(shown) or "none"
