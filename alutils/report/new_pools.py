"""The law of overlap on new pools: tables, and what that page quotes."""

from __future__ import annotations

import pandas as pd

from alutils.acquisition.strategies import letter
from alutils.analysis import combined, new_pools
from alutils.analysis.regression import explained
from alutils.data.registry import REGISTRY
from alutils.report.tables import Table

E, GREEDY = "property_search", "most_probable"
GOALS = {E: 0.85, GREEDY: 0.92}  # share of the variance, of the rule
NAMES = {
    "shape_alone": "share and shape",
    "replayed": "replay",
    "predicted": "both, by hits",
}
SHAPES = {"tail": ("upper tail", "lower tail"), "window": ("window",)}
SKILLS = {"under 0.6": (-9, 0.6), "0.6 to 0.8": (0.6, 0.8), "0.8 and more": (0.8, 9)}
SHARES = (0.03, 0.1, 0.3, 0.7)


def pools_table(rows: pd.DataFrame) -> Table:
    """What was searched: label, molecules, and how well a probe predicts there.

    rows : of `alutils.analysis.new_pools.searches`
    """
    found = {}
    for pool, part in rows.groupby("dataset", sort=False):
        by_strategy = part.groupby("strategy")["area_gain"].mean()
        found[pool] = {
            "what": REGISTRY[pool]["title"],
            "searched in": f"{part['n_pool'].iloc[0]:.0f}",
            "rank correlation": f"{part['rank'].mean():.2f}",
            "gain of E": f"{by_strategy[E]:.2f}",
            "greedy": f"{by_strategy[GREEDY]:.2f}",
        }
    return Table(pd.DataFrame(found).T.rename_axis("pool"))


def contest_table(tested: dict) -> Table:
    """Variance explained by each prediction, and beyond share and shape; by search and probe.

    tested : what the rows are called -> frame of `alutils.analysis.new_pools.tested`
    """
    found = {}
    for head, rows in tested.items():
        for strategy in (E, GREEDY):
            scores = new_pools.scores(rows[rows["strategy"] == strategy])
            row = found.setdefault(f"{letter(strategy)}, {head}", {})
            for name, one in zip(NAMES.values(), scores.itertuples(), strict=True):
                row[name] = _from_to("{:.2f}", one.explained, one.low, one.high)
                if name != NAMES["shape_alone"]:
                    more = _from_to("{:+.2f}", one.more, one.more_low, one.more_high)
                    row[f"{name}, beyond"] = more
    return Table(pd.DataFrame(found).T.rename_axis("variance explained"))


def by_pool_table(rows: pd.DataFrame) -> Table:
    """Mean error of the predictions on each pool, and the bias of the one from both.

    rows : of `alutils.analysis.new_pools.tested`
    """
    found = {}
    for (pool, strategy), part in rows.groupby(["dataset", "strategy"], sort=False):
        row = found.setdefault(pool, {})
        for name in new_pools.PREDICTIONS:
            error = (part[name] - part["area_gain"]).abs().mean()
            row[f"{letter(strategy)}, {NAMES[name]}"] = f"{error:.3f}"
        bias = (part["predicted"] - part["area_gain"]).mean()
        row[f"{letter(strategy)}, bias"] = f"{bias:+.3f}"
    return Table(pd.DataFrame(found).T.rename_axis("mean error of the gain"))


def coverage_table(rows: pd.DataFrame, outcome: str = "saving_gain") -> Table:
    """Share of the 90 % intervals that hold what came, by hits in the probe, and their width.

    rows : of `alutils.analysis.new_pools.tested` for this outcome
    """
    kinds = combined.hits_class(rows["hits"])
    held = inside(rows, outcome).groupby(kinds)
    width = (rows["high"] - rows["low"]).groupby(kinds).median()
    columns = {
        "intervals that hold": held.mean().map("{:.0%}".format),
        "searches": held.size(),
        "width, median": width.map("{:.2f}".format),
    }
    table = pd.DataFrame(columns).reindex([name for name in combined.HITS if name in width.index])
    return Table(table.rename_axis("hits in the probe"))


def inside(rows, outcome):
    """True where what came lies in the interval; rows : of `tested` for this outcome."""
    return (rows[outcome] >= rows["low"]) & (rows[outcome] <= rows["high"])


def pool_coverage_table(parts: dict, outcome: str = "saving_gain") -> Table:
    """The same by pool, for several ways of making intervals.

    parts : what the columns are headed with -> frame of `tested` or `left_out`
    """
    columns = {
        head: inside(rows, outcome).groupby(rows["dataset"], sort=False).mean()
        for head, rows in parts.items()
    }
    table = pd.DataFrame(columns)
    table.loc["all, each pool once"] = table.mean()
    shown = table.map("{:.0%}".format).where(table.notna(), "-")
    return Table(shown.rename_axis("pool"))


def take_home(rows: pd.DataFrame) -> pd.DataFrame:
    """What the greedy rule brings by shape and share of the target, and by the probe's rank.

    rows : of `alutils.analysis.new_pools.searches`, of all pools

    Returns
    -------
    frame: target, share, skill (a key of `SKILLS`), n, n_pools, saved (median share of random
        sampling's labels), low, high (its 5 and 95 %), enrichment (median), worse (searches that
        found less than random sampling does in expectation)
    """
    greedy, found = rows[rows["strategy"] == GREEDY], []
    for target, shapes in SHAPES.items():
        for share in SHARES:
            alike = greedy[greedy["shape"].isin(shapes) & greedy["share"].sub(share).abs().lt(1e-6)]
            for skill, (low, high) in SKILLS.items():
                part = alike[alike["rank"].between(low, high, inclusive="left")]
                if len(part) < 5:
                    continue
                ends = part["saved"].quantile([0.05, 0.5, 0.95]).to_list()
                found.append(
                    {
                        **{"target": target, "share": share, "skill": skill, "n": len(part)},
                        "n_pools": part["dataset"].nunique(),
                        **dict(zip(("low", "saved", "high"), ends, strict=True)),
                        "enrichment": part["enrichment"].median(),
                        "worse": int((part["enrichment"] < 1).sum()),
                    }
                )
    return pd.DataFrame(found)


def take_home_table(rows: pd.DataFrame) -> Table:
    """`take_home` as a table to carry away: a row per target, a column per rank."""
    cells = {}
    for one in take_home(rows).itertuples():
        text = f"{one.saved:.0%} ({one.low:.0%} to {one.high:.0%}), {one.enrichment:.1f} times"
        cells.setdefault(f"{one.target}, {one.share:.0%}", {})[f"rank {one.skill}"] = text
    table = pd.DataFrame(cells).T.reindex(columns=[f"rank {skill}" for skill in SKILLS])
    return Table(table.astype(object).fillna("-").rename_axis("target, share of the pool"))


def facts(tested: dict, saved: dict, everything: pd.DataFrame) -> dict:
    """What the prose quotes: name -> number or text.

    tested : "rule", "first" and "all" -> frame of `tested` or `left_out`, outcome area_gain
    saved : the same for saving_gain;  everything : of `searches`, of all pools
    """
    made: dict = {}
    for key, rows in tested.items():
        for strategy in (E, GREEDY):
            of_one = rows[rows["strategy"] == strategy]
            scores, name = new_pools.scores(of_one), f"{letter(strategy)}_{key}"
            both = scores.loc["predicted"]
            made[f"{name}"] = f"{both.explained:.2f} ({both.low:.2f} to {both.high:.2f})"
            made[f"{name}_shape"] = f"{scores.loc['shape_alone', 'explained']:.2f}"
            made[f"{name}_replay"] = f"{scores.loc['replayed', 'explained']:.2f}"
            made[f"{name}_more"] = _from_to("{:+.2f}", both.more, both.more_low, both.more_high)
            alone = scores.loc["replayed", "explained"]
            made[f"{name}_lean"] = f"{scores.loc['replayed', 'bias']:+.2f}"
            made[f"{name}_mix"] = "more" if both.explained > alone else "less"
            made[f"{name}_goal"] = "reached" if both.explained >= GOALS[strategy] else "missed"
            correlation, ends = new_pools.about_the_pool(of_one)
            made[f"{name}_own"] = _from_to("{:.2f}", correlation, *ends)
    for key, rows in saved.items():
        held = inside(rows, "saving_gain").groupby(rows["dataset"]).mean()
        made[f"held_{key}"] = f"{held.mean():.0%}"
        made[f"worst_{key}"] = f"{held.min():.0%} ({held.idxmin()})"
    greedy = everything[everything["strategy"] == GREEDY]
    new = tested["rule"]
    made |= {f"goal_{letter(name)}": f"{goal:.2f}" for name, goal in GOALS.items()}
    made["n_new"], made["n_searches"] = new["dataset"].nunique(), len(new)
    made["n_all"] = everything["dataset"].nunique()
    made["between"] = f"{_between(new):.0%}"
    made["worse"] = f"{(greedy['enrichment'] < 1).sum()} of {len(greedy)}"
    made["below_e"] = _greedy_wins(everything)
    return made


def _between(rows):
    """Share of the variance of the greedy rule's gains that lies between targets."""
    greedy = rows[rows["strategy"] == GREEDY]
    means = greedy.groupby(["target_low", "target_high"])["area_gain"].transform("mean")
    return explained(greedy["area_gain"], means)


def _greedy_wins(rows):
    keys = ["dataset", "target_low", "target_high"]
    means = rows.groupby([*keys, "strategy"])["area_gain"].mean().unstack()
    return f"{(means[GREEDY] > means[E]).sum()} of {len(means)}"


def _from_to(number, value, low, high):
    return f"{number.format(value)} ({number.format(low)} to {number.format(high)})"
