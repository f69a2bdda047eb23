"""A and D noise by noise: what the claims C5 to C7 rest on, and the page's numbers.

Two groups of runs: the comparison, of A and D at a few noises, scored on test molecules; and the
grid, of A alone at many noises with seeds of its own, scored on validation molecules. Without a
grid its frame is empty.
"""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from alutils.acquisition.strategies import LETTERS
from alutils.analysis.statistics import margin_of, paired
from alutils.report import authors, claims, page, quantity, tables

A, D = LETTERS["A"], LETTERS["D"]
CLAIMED_OF = {"C7a": "QM9 and OE", "C7b": "QM9 and OE", "C7c": "AA"}  # in the paper
AT_BEST = "D minus A, each at its best noise"


class Study(NamedTuple):
    """All runs of a page, their two groups, and the noises of the comparison.

    The first noise is the low one, the last the paper's optimum.
    """

    runs: pd.DataFrame
    comparison: pd.DataFrame
    grid: pd.DataFrame
    noises: list

    @property
    def dataset(self):
        """Name of the data set."""
        return self.runs["dataset"].iloc[0]

    @property
    def about(self):
        """The `Quantity` that the labels are."""
        return quantity.of_runs(self.runs)

    @property
    def unit(self):
        """Of the noise, in words."""
        return self.about.noise_unit

    @property
    def n_end(self):
        """Largest training size of the comparison."""
        return int(self.comparison["n_train"].max())

    @property
    def shown(self):
        """The runs of A that the figure of the grid shows: the grid, else of the comparison."""
        compared = tables.select(self.comparison, strategy=A)
        return compared if self.grid.empty else self.grid

    def errors(self, strategy):
        """Noise -> test MAE by seed at the largest size of the comparison."""
        runs = tables.select(self.comparison, strategy=strategy)
        return {n: tables.by_seed(runs, self.n_end, noise_var=n) for n in self.noises}


def study(runs, noises, validation_seeds):
    """The Study of these runs: those with a validation seed are the grid."""
    in_grid = runs["seed"].isin(validation_seeds)
    return Study(runs, runs[~in_grid], runs[in_grid], noises)


def evidence(study):
    """The comparisons behind C5, C6a, C6b and either C7c or C7a and C7b, and some of no claim.

    C5: D below A at the low noise. C6a: A at some larger noise below A at the low one. C6b: no
    other noise of the grid better than the paper's by the margin. C7a: D no better than A at the
    paper's noise; C7b: D as A there; C7c, for the pool that stands for AA: D below A there.
    """
    low, *between, high = study.noises
    a, d, shown = study.errors(A), study.errors(D), study.about.shown
    difference = {n: paired(a[n], d[n]) for n in study.noises}
    margin = margin_of(a[low])
    gains = {f"A at {n:g} minus at {low:g}": paired(a[low], a[n]) for n in study.noises[1:]}
    named = {n: f"D minus A at noise {n:g}" for n in study.noises}
    best = paired(a[best_noise(a)], d[best_noise(d)])
    return [
        claims.superior("C5", named[low], difference[low], -1, margin=margin, **shown),
        claims.some_superior("C6a", gains, -1, margin=margin, **shown),
        *_grid_evidence(study.grid, high, shown),
        *_alike(study.dataset, named[high], difference[high], margin_of(a[high]), shown),
        *(claims.superior("-", named[n], difference[n], -1, **shown) for n in between),
        claims.superior("-", AT_BEST, best, -1, **shown),
    ]


def rows(study, evidence):
    """The rows of C5 to C7 for the table of claims."""
    low, high, unit = study.noises[0], study.noises[-1], study.about.in_unit
    a, d = (
        {n: study.about.number(mae.mean()) for n, mae in study.errors(strategy).items()}
        for strategy in (A, D)
    )
    at_end = {n: f"A {a[n]}, D {d[n]}{unit} at {study.n_end} molecules" for n in (low, high)}
    lowest = "no grid here"
    if len(study.grid):
        lowest = f"lowest error at {grid_scores(study.grid).idxmin():g} {study.unit}"
    ours = {
        "C5": at_end[low],
        "C6a": "MAE of A, by noise: " + ", ".join(f"{mae}{unit} at {n:g}" for n, mae in a.items()),
        "C6b": lowest,
    }
    ours |= {part.claim: at_end[high] for part in evidence if part.claim in CLAIMED_OF}
    return [claims.row(claim, evidence, text) for claim, text in ours.items()]


def facts(study, evidence, rows):
    """What the prose quotes: name -> number or text, errors at the largest size."""
    a, d, about = study.errors(A), study.errors(D), study.about
    a_at, d_at = best_noise(a), best_noise(d)
    best = next(part for part in evidence if part.statement == AT_BEST)
    found = {
        "collapsed": tables.collapsed_text(study.runs),
        "at_bound": tables.bound_text(study.runs),
        "dataset": study.dataset,
        "n_end": study.n_end,
        "n_seeds": study.comparison["seed"].nunique(),
        "n_noises": len(study.noises),
        "unit": study.unit,
        "theirs": authors.caption(study.comparison),
        **about.facts(),
        "A_at": a_at,
        "D_at": d_at,
        "A_best": about.number(a[a_at].mean()),
        "D_best": about.number(d[d_at].mean()),
        "best_verdict": f"{best.verdict}, {claims.span(best.difference, **about.shown)}",
    }
    for name, noise in (("low", study.noises[0]), ("high", study.noises[-1])):
        saved = tables.learning_savings(tables.select(study.comparison, noise_var=noise), D)
        found |= {f"noise_{name}": noise, f"saved_{name}": tables.saved_text(saved)}
        found[f"A_{name}"], found[f"D_{name}"] = (about.number(of[noise].mean()) for of in (a, d))
    low_runs = tables.select(study.comparison, strategy=A, noise_var=study.noises[0])
    for n_train, mae in low_runs.groupby("n_train")["mae_ev"].mean().items():
        found[f"A_low_{n_train}"] = about.number(mae)
    return found | grid_facts(study) | _verdicts(rows)


def grid_facts(study):
    """What the prose quotes of the figure of the grid, errors at its largest size."""
    scores, about = grid_scores(study.shown), study.about
    low, high = (scores.get(study.noises[at], float("nan")) for at in (0, -1))
    found = {
        "n_grid": int(study.shown["n_train"].max()),
        "n_grid_seeds": study.shown["seed"].nunique(),
        "noise_best": float(scores.idxmin()),
        "noise_min": float(scores.index.min()),
        "noise_max": float(scores.index.max()),
        "mae_best": about.number(scores.min()),
        "mae_grid_low": about.number(low),
        "mae_grid_high": about.number(high),
        "noise_path": "",
        "grid_note": "No grid was run here: the noises compared below are shown, scored on test "
        "molecules.",
    }
    if study.grid.empty:
        return found
    lowest = [f"{noise:g}" for noise in tables.lowest_noise(study.grid)]
    likely = tables.likelihood_noise(study.grid).groupby("n_train")["noise_var"].median()
    likely = [f"{noise:.2g}" for noise in likely]
    path = (
        "From the smallest to the largest training set, the noise of the lowest error goes "
        f"{' → '.join(lowest)} {study.unit}; that of the highest likelihood goes "
        f"{' → '.join(likely)} {study.unit} (median over the seeds)."
    )
    note = "Scored on the molecules that the validation seeds set aside."
    return found | {"noise_path": path, "grid_note": note}


def best_noise(errors):
    """The noise of the lowest mean error."""
    return min(errors, key=lambda noise: errors[noise].mean())


def grid_scores(grid):
    """Mean MAE over the seeds at the largest size, a Series indexed by noise."""
    at_end = tables.select(grid, n_train=grid["n_train"].max())
    return tables.curve(at_end, "mae_ev", by="noise_var")["mean"]


def _grid_evidence(grid, high, shown):
    """C6b, noise by noise; nothing without a grid."""
    n_end = grid["n_train"].max()
    paper = tables.by_seed(grid, n_end, noise_var=high)
    margin = margin_of(paper)
    scores = {n: tables.by_seed(runs, n_end) for n, runs in grid.groupby("noise_var") if n != high}
    return [
        claims.not_superior(
            "C6b", f"{n:g} against {high:g}", paired(paper, other), -1, margin, **shown
        )
        for n, other in scores.items()
    ]


def _alike(dataset, statement, difference, margin, shown):
    """C7c where the pool stands for AA, elsewhere C7a and C7b."""
    if tables.stands_for(dataset, "AA"):
        return [claims.superior("C7c", statement, difference, -1, margin=margin, **shown)]
    return [
        claims.not_superior("C7a", statement, difference, -1, margin, **shown),
        claims.equivalent("C7b", statement, difference, margin, **shown),
    ]


def _verdicts(rows):
    """Facts of all claims of the page, also of those that the paper makes of other data."""
    absent = {
        f"{claim}_{key}": said
        for claim, of in CLAIMED_OF.items()
        for key, said in (("verdict", "not claimed of this pool"), ("why", f"it is about {of}"))
    }
    return absent | page.verdict_facts(rows)
