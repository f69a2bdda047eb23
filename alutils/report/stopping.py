"""When to stop: tables, figure and numbers of that page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.acquisition.target import shape_of
from alutils.analysis import stop_rules
from alutils.report.style import POOL_COLOURS, POOL_MARKERS, new_figure, styled
from alutils.report.tables import Table

UNTIL = 0.9  # share of the target that the page asks for
SHARES = (0.5, 0.8, 0.9, 0.95)


def coverage_table(forecasts: dict) -> Table:
    """Share of the stated 90 % intervals that held what came, by pool left out.

    forecasts : what is forecast -> frame of `alutils.analysis.stop_rules.forecasts`
    """
    rows = {}
    for name, frame in forecasts.items():
        by_pool = frame.groupby("dataset", sort=False)["inside"].mean()
        for pool, share in by_pool.items():
            rows.setdefault(pool, {})[name] = f"{share:.0%}"
        rows.setdefault("all", {})[name] = f"{by_pool.mean():.0%}"
    return Table(pd.DataFrame(rows).T.rename_axis("pool, left out"))


def rules_table(forecasts: pd.DataFrame, until: float = UNTIL) -> Table:
    """What each rule does: searches that stopped, of these the share that had it, and the cost.

    Labels too many are counted from the first query at which the share was there.
    """
    rows = {}
    for rule in stop_rules.RULES:
        stops = stop_rules.stops(forecasts, until, rule)
        stopped = stops.dropna(subset="n_labels")
        late = (stopped["n_labels"] - stopped["earliest"])[stopped["had"] == 1]
        rows[rule] = {
            "searches": len(stops),
            "reached it": int(stops["earliest"].notna().sum()),
            "stopped": len(stopped),
            "of these had it": f"{stopped['had'].mean():.0%}" if len(stopped) else "-",
            "found, lowest tenth": f"{stopped['share'].quantile(0.1):.0%}" if len(stopped) else "-",
            "labels too many": f"{late.median():.0f}" if len(late) else "-",
        }
    return Table(pd.DataFrame(rows).T.rename_axis("rule"))


def shares_table(forecasts: pd.DataFrame, shares=SHARES) -> Table:
    """The law's rule at several shares, and by pool at the page's."""
    rows = {}
    for until in shares:
        stopped = stop_rules.stops(forecasts, until).dropna(subset="n_labels")
        row = {"all": _had(stopped)}
        for pool in forecasts["dataset"].unique():
            row[pool] = _had(stopped[stopped["dataset"] == pool])
        rows[f"{until:.0%} found"] = row
    return Table(pd.DataFrame(rows).T.rename_axis("stop when"))


def _had(stopped):
    return f"{stopped['had'].mean():.0%} of {len(stopped)}" if len(stopped) else "none stopped"


@styled
def remaining(forecasts: pd.DataFrame):
    """Hits left against those forecast, a panel per pool left out, with the stated interval.

    forecasts : of `alutils.analysis.stop_rules.forecasts`
    """
    pools = list(forecasts["dataset"].unique())
    fig, axes = new_figure(len(pools), 2.9, sharex=True)
    ends = np.array([0.5, 1 + max(forecasts["left"].max(), forecasts["expected"].max())])
    for ax, pool in zip(axes, pools, strict=True):
        rows = forecasts[forecasts["dataset"] == pool].sort_values("expected")
        x, low, high = (1 + rows[name] for name in ("expected", "low", "high"))
        ax.fill_between(x, low, high, color="0.88", lw=0, zorder=0)
        ax.plot(ends, ends, color="0.4", lw=1, zorder=1)
        tails = [shape_of(*pair) != "window" for pair in rows[["target_low", "target_high"]].values]
        look = {"color": POOL_COLOURS.get(pool, "0.3"), "ms": 4, "alpha": 0.7, "ls": "none"}
        for chosen, face in ((np.array(tails), None), (~np.array(tails), "white")):
            of_kind = rows[chosen]
            ax.plot(
                1 + of_kind["expected"],
                1 + of_kind["left"],
                POOL_MARKERS.get(pool, "*"),
                mfc=face,
                label="window" if face else "tail",
                **look,
            )
        ax.set(xscale="log", yscale="log", ylabel="hits left, and one")
        ax.set_title(pool, loc="left")
    axes[0].legend()
    axes[-1].set_xlabel("hits left that were forecast, and one")
    return fig


def facts(forecasts: pd.DataFrame, coming: pd.DataFrame) -> dict:
    """What the prose quotes: name -> number or text.

    forecasts, coming : of `alutils.analysis.stop_rules.forecasts`, hits left and hits of a batch
    """
    law, model = (
        stop_rules.stops(forecasts, UNTIL, rule) for rule in ("the margin", "the model's sum")
    )
    late = forecasts[forecasts["hits"] > forecasts["left"]]  # more than half is found
    return {
        "n_searches": len(law),
        "n_pools": forecasts["dataset"].nunique(),
        "n_queries": len(forecasts),
        "n_last": int(law["last"].max()),
        "until": f"{UNTIL:.0%}",
        "reached": int(law["earliest"].notna().sum()),
        "law_stopped": int(law["n_labels"].notna().sum()),
        "law_had": f"{law['had'].mean():.0%}",
        "model_stopped": int(model["n_labels"].notna().sum()),
        "model_had": f"{model['had'].mean():.0%}",
        "model_share": f"{model['share'].median():.0%}",
        "covered": f"{forecasts.groupby('dataset')['inside'].mean().mean():.0%}",
        "covered_next": f"{coming.groupby('dataset')['inside'].mean().mean():.0%}",
        "model_of_left": f"{(late['model_left'] / late['left'].clip(lower=1)).median():.0%}",
    }
