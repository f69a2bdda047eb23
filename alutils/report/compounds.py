"""The page on compounds: its tables, its two figures, and the numbers of its prose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.acquisition.strategies import letter
from alutils.analysis import statistics
from alutils.analysis.compounds import (
    BY_CHARGE,
    compounds,
    gap_between_modes,
    saved_by_draws,
    share_between,
    within,
)
from alutils.analysis.label_distributions import NEAR, load_or_summarise
from alutils.analysis.plans import fixed_noise
from alutils.analysis.statistics import interval, paired
from alutils.data.datasets import load
from alutils.loop import PAPERS_TARGET
from alutils.metrics import savings, savings_bound
from alutils.report.claims import span
from alutils.report.homo_distributions import PAPER, THRESHOLD
from alutils.report.style import (
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    band,
    difference_line,
    error_axis,
    margin_axis,
    marker,
    new_figure,
    shades,
    size_axis,
    styled,
)
from alutils.report.tables import Table, by_seed, curve, select

A, D, E, GREEDY = "random", "uncertain_cluster_centres", "property_search", "most_probable"
SHARES = {"found_share": "molecules", "compound_share": "compounds"}
PAPER_SIZES = 1000, 16_000  # first and last training set of the paper's search


def pool_table(name):
    """Conformers, compounds and labels of each charge: a row for each, and one for the pool."""
    dataset, rows = load(name), {}
    groups, y = compounds(dataset), dataset.y
    inside = PAPERS_TARGET.range_in(y).contains(y)
    for charge in [*np.unique(dataset.charges), None]:
        of = np.full(len(y), True) if charge is None else dataset.charges == charge
        rows["all" if charge is None else f"{charge:+d}" if charge else "0"] = {
            "conformers": of.sum(),
            "compounds": len(np.unique(groups[of])),
            "mean HOMO (eV)": f"{y[of].mean():.2f}",
            "std (eV)": f"{y[of].std():.2f}",
            "std within compounds (eV)": f"{within(y, groups)[of].std():.2f}",
            "in range": f"{inside[of].mean():.1%}",
        }
    return Table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("charge"))


def search_table(found):
    """Molecules and compounds found at the last two sizes: mean and 95 % interval, by strategy."""
    columns = {}
    for n_train in _last_two(found):
        at = select(found, n_train=n_train)
        for column, what in SHARES.items():
            values = at.groupby("strategy", sort=False)[column]
            columns[f"{what}, {n_train} labels"] = values.agg(_percents)
    return Table(pd.DataFrame(columns).rename(_name).rename_axis("strategy"))


def _last_two(runs):
    return [int(n) for n in sorted(runs["n_train"].unique())[-2:]]


def _percents(values):
    mean, low, high, n = interval(values)
    bounds = f" ({100 * low:.0f} to {100 * min(high, 1):.0f})" if n > 1 else ""
    return f"{100 * mean:.1f} %{bounds}"


def _name(strategy):
    return STRATEGY_LABELS.get(strategy, f"at random, {strategy}")


@styled
def search_figure(found):
    """Found share of molecules and of compounds against the labels, by strategy."""
    fig, axes = new_figure(2, 2.7, sharex=True)
    for ax, (column, what) in zip(axes, SHARES.items(), strict=True):
        for name in found["strategy"].unique():
            drawn = name == BY_CHARGE
            look = {"color": "#8a8a8a" if drawn else STRATEGY_COLOURS[name]}
            look |= {"ls": "--", "marker": "D", "mfc": "white"} if drawn else {"marker": "s"}
            rows = select(found, strategy=name).assign(r2=1.0)  # no fit, no collapsed one
            band(ax, curve(rows, column), scale=100, label=_name(name), **look)
        ax.set_ylabel(f"{what} found (%)")
        ax.set_ylim(0, 103)
    axes[0].legend(loc="upper left")
    size_axis(axes[-1], found)
    return fig


@styled
def left_out_figure(runs):
    """Errors of A and D, and D minus A, on test sets of molecules, of compounds, of ligands.

    runs : kind of test set -> runs of A and D, the first with test molecules drawn singly
    """
    fig, (top, bottom) = new_figure(2, sharex=True, height_ratios=[3, 2.4])
    for position, (what, of_kind) in enumerate(runs.items()):
        for name in (A, D):
            colour = STRATEGY_COLOURS[name]
            face = (colour, shades(colour, 2)[0], "white")[position]
            look = {"color": colour, "marker": marker(of_kind), "mfc": face}
            rows = curve(select(of_kind, strategy=name), "mae_ev")
            label = f"{letter(name)}, whole {what}" if position else f"{letter(name)}, {what}"
            line = {"ls": (":", "--", "-")[position], "label": label}
            band(top, rows, spread=name == A, alpha=0.12, **line, **look)
        difference_line(bottom, of_kind, D, shift=0.96 + 0.04 * position, ls="none", **look)
    error_axis(top)
    margin_axis(bottom, statistics.MARGIN)
    size_axis(bottom, runs["molecules"])
    handles = top.get_legend_handles_labels()[0]
    fig.legend(handles=handles[::2] + handles[1::2], loc="outside upper center", ncols=2)
    return fig


def left_out_table(runs):
    """Errors of A and D in eV and D minus A in % of A's, at the last two sizes of each kind."""
    rows = {}
    for what, of_kind in runs.items():
        for n_train in _last_two(of_kind):
            a, d = (by_seed(of_kind, n_train, strategy=name) for name in (A, D))
            difference = paired(a, d, relative=True)
            rows[f"{what}, {n_train} labels"] = {
                "MAE of A (eV)": f"{a.mean():.3f}",
                "MAE of D (eV)": f"{d.mean():.3f}",
                "D minus A (95 %)": _of_a(difference),
                "splits": difference.n,
            }
    return Table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("test set of"))


def pool_facts(name):
    """Numbers of the pool: how many compounds, where the labels vary, which charge is in range."""
    dataset = load(name)
    groups, y, charges = compounds(dataset), dataset.y, dataset.charges
    inside = PAPERS_TARGET.range_in(y).contains(y)
    shares = pd.Series(inside).groupby(charges).mean()
    of = charges == shares.idxmax()
    config = fixed_noise([name], [0], [A])[0]
    return {
        "dataset": name,
        "noise": f"{config.noise_var:g} eV²",
        "share": PAPERS_TARGET.share,
        "n_test": config.n_test,
        "n_molecules": len(y),
        "n_compounds": int(groups.max()) + 1,
        "between": f"{share_between(y, groups):.1%}",
        "between_charges": f"{share_between(y, np.unique(charges, return_inverse=True)[1]):.1%}",
        "within_std": f"{within(y, groups).std():.2f} eV",
        "charge": int(shares.idxmax()),
        "n_of_charge": int(of.sum()),
        "charge_in_range": f"{shares.max():.1%}",
        "others_in_range": f"{inside[~of].mean():.1%}",
        "n_compounds_in_range": len(np.unique(groups[inside])),
    }


def search_facts(found):
    """Numbers of the searches: compounds at the last two sizes, and labels saved, by strategy."""
    n_early, n_end = _last_two(found)
    facts = {"n_early": n_early, "n_end": n_end, "n_seeds": int(found["seed"].nunique())}
    saved = {name: _saved(found, name) for name in (E, GREEDY, BY_CHARGE)}
    names = {"A": A, "E": E, "L": GREEDY, "charge": BY_CHARGE}
    for short, name in names.items():
        for when, n_train in (("early", n_early), ("end", n_end)):
            shares = select(found, strategy=name, n_train=n_train)
            facts[f"{short}_compounds_{when}"] = f"{shares['compound_share'].mean():.1%}"
            facts[f"{short}_found_{when}"] = f"{shares['found_share'].mean():.1%}"
        if name in saved:
            facts[f"{short}_saved"] = f"{saved[name].mean():.1%}"
    n_first = int(found["n_train"].min())
    facts["bound"] = f"{savings_bound(PAPERS_TARGET.share, n_first, n_end):.1%}"
    facts["E_less_charge"] = _points(paired(saved[BY_CHARGE], saved[E]))
    early = select(found, n_train=n_early).set_index("seed")
    a, e, charge = (select(early, strategy=s)["compound_share"] for s in (A, E, BY_CHARGE))
    facts |= {"E_less_A": _points(paired(a, e)), "E_less_drawn": _points(paired(charge, e))}
    return facts


def _saved(found, name):
    """Labels saved against A for its last found share, by seed."""
    runs, saved = found.set_index("seed"), {}
    for seed in found["seed"].unique():
        (n_a, found_a), (n, share) = (
            select(runs.loc[[seed]], strategy=s)[["n_train", "found_share"]].to_numpy().T
            for s in (A, name)
        )
        saved[seed] = savings(n_a, found_a, n, share)
    return pd.Series(saved)


def recall_facts(recalled):
    """Numbers of `analysis.compounds.look_up`: the table of mean labels beside the model."""
    facts = {"siblings": f"{recalled['sibling_share'].mean():.1%}"}
    for name in ("table_ev", "model_ev", "alone_ev"):
        facts[name] = f"{recalled[name].mean():.3f} eV"
    facts["model_less_table"] = span(paired(recalled["table_ev"], recalled["model_ev"]))
    return facts


def left_out_facts(runs, relatives):
    """Numbers of the kinds of test set, "molecules_A" and so on, at the last size.

    runs : kind of test set -> runs of A and D;  relatives : of `analysis.left_out`
    """
    facts, p = {"relatives": f"{relatives.mean():.1%}"}, {}
    n_end = _last_two(runs["molecules"])[-1]
    single = by_seed(runs["molecules"], n_end, strategy=A).mean()
    for what, of_kind in runs.items():
        a, d = (by_seed(of_kind, n_end, strategy=name) for name in (A, D))
        margin, difference = statistics.margin_of(a), paired(a, d)
        seeds = statistics.seeds_needed(difference, margin)
        better = statistics.superiority(difference, -1, margin)
        p[what] = better.p
        facts |= {
            f"{what}_A": f"{a.mean():.3f} eV",
            f"{what}_times": f"{a.mean() / single:.1f}",
            f"{what}_DA": _of_a(paired(a, d, relative=True)),
            f"{what}_better": better.verdict,
            f"{what}_alike": statistics.equivalence(difference, margin).verdict,
            f"{what}_n": difference.n,
            f"{what}_needed": "an unknown number of" if seeds is None else str(seeds),
        }
    survive = statistics.holm(list(p.values()))
    facts["survive"] = ", ".join(np.array(list(p))[survive]) or "none"
    return facts


def aa_facts(name="aa_labels"):
    """What the labels of AA alone say: how the target lies to the gap between its two modes."""
    summary, _ = load_or_summarise(name)
    gap, threshold = gap_between_modes(summary), float(PAPER["AA"][THRESHOLD])
    above, share = summary.share_above(gap), summary.share_above(threshold)
    at_gap = summary.share_above(gap - NEAR) - summary.share_above(gap + NEAR)
    precision = summary.share_above(max(gap, threshold)) / above
    return {
        "aa_n": summary.n,
        "aa_gap": f"{gap:.2f} eV",
        "aa_near": f"{NEAR:g} eV",
        "aa_at_gap": round(at_gap * summary.n),
        "aa_above": f"{above:.1%}",
        "aa_share": f"{share:.1%}",
        "aa_of_target": f"{summary.share_above(max(gap, threshold)) / share:.1%}",
        "aa_saved": f"{saved_by_draws(precision, share, *PAPER_SIZES):.1%}",
    }


def _of_a(difference):
    """An interval of D minus A, as a share of A's error, as text."""
    return f"{100 * difference.low:+.1f} to {100 * difference.high:+.1f} %"


def _points(difference):
    """An interval of shares in percentage points, as text."""
    low, high = 100 * difference.low, 100 * difference.high
    return f"{low:+.1f} to {high:+.1f} percentage points (95 %, {difference.n} seeds)"
