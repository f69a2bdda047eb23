"""Is sigma right, and would a better one help B and D? The tables and numbers of that page."""

from __future__ import annotations

import pandas as pd

from alutils.acquisition import strategies
from alutils.analysis.other_sigma import SIGMAS
from alutils.analysis.statistics import MARGIN, interval, paired, superiority
from alutils.report.curves import select
from alutils.report.tables import Table

A, B, D = (strategies.LETTERS[letter] for letter in "ABD")
RIGHT = (0.85, 0.95)  # coverage of the 90 % interval that counts as right
JUDGEMENTS = ("too narrow", "right", "too wide", "undecided")
SIGMA_NAMES = {"model": "model's sigma", "local": "corrected sigma", "oracle": "true error"}
PAGE_POOLS = {"aa_heaviest": "AA", "oe_heaviest": "OE", "qm9_heaviest": "QM9"}


def named(dataset):
    """How the page calls a data set."""
    return PAGE_POOLS.get(dataset, dataset)


def cases(frame):
    """(label, rows) of each data set and noise of a frame, in its order."""
    for (dataset, noise), rows in frame.groupby(["dataset", "noise_var"], sort=False):
        yield f"{named(dataset)}, {noise:g}", rows


def coverage_table(scores):
    """Coverage of A's 90 % intervals on the test set, in %, mean over the seeds.

    A column for the first and the last training set, and for each correction at the last.
    """
    rows = {}
    for label, of_case in cases(select(scores, strategy=A, set="test")):
        sizes = of_case["n_train"].min(), of_case["n_train"].max()
        row = {f"{n} molecules": _percent(of_case, n, "none") for n in sizes}
        for name in ("scaled", "local", "conformal"):
            row[name] = _percent(of_case, sizes[1], name)
        rows[label] = row | {"as it is": judged(of_case, sizes[1])}
    return Table(pd.DataFrame(rows).T.rename_axis("noise (eV²)"))


def judged(of_case, n_train):
    """What the coverage of the 90 % interval says of a sigma, by the rule of the page."""
    _, low, high, n = interval(_coverage(of_case, n_train, "none"))
    if n < 2:
        return "one seed"
    if low > RIGHT[0] and high < RIGHT[1]:
        return "right"
    if high < RIGHT[0]:
        return "too narrow"
    return "too wide" if low > RIGHT[1] else "undecided"


def _coverage(rows, n_train, correction):
    return select(rows, n_train=n_train, correction=correction)["coverage_90"]


def _percent(rows, n_train, correction):
    return f"{100 * _coverage(rows, n_train, correction).mean():.0f} %"


def rank_table(scores):
    """Rank correlation of sigma and error in the held-out set, for A and B, at both sizes.

    Beside each what it would be if every error came from the Gaussian that the model states.
    """
    rows = {}
    held_out = select(scores, set="held out", correction="none")
    for label, of_case in cases(held_out):
        n_init, n_end = of_case["n_train"].min(), of_case["n_train"].max()
        seen = {"first batch": (A, n_init), f"A, {n_end}": (A, n_end), f"B, {n_end}": (B, n_end)}
        rows[label] = {}
        for name, (strategy, n) in seen.items():
            at = select(of_case, strategy=strategy, n_train=n)
            rows[label][name] = f"{at['rank'].mean():.2f} ({at['rank_stated'].mean():.2f})"
    return Table(pd.DataFrame(rows).T.rename_axis("noise (eV²)"))


def change(rows, strategy, sigma, beside=A, beside_sigma="model"):
    """Interval of a strategy's last error minus another's, in % of A's mean, seed by seed."""
    end = rows[rows["n_train"] == rows["n_train"].max()]

    def of(name, which):
        return select(end, strategy=name, sigma=which).set_index("seed")["mae_ev"]

    unit = of(A, "model").mean() / 100
    return paired(of(beside, beside_sigma) / unit, of(strategy, sigma) / unit)


def gain_table(curves):
    """B and D minus A, in % of A's error, with each sigma: mean and 95 % interval."""
    rows = {}
    for label, of_case in cases(curves):
        rows[label] = {
            f"{strategies.letter(strategy)}, {SIGMA_NAMES[sigma]}": span(
                change(of_case, strategy, sigma)
            )
            for strategy in (B, D)
            for sigma in SIGMA_NAMES
        }
    return Table(pd.DataFrame(rows).T.rename_axis("noise (eV²)"))


def helped(of_case, strategy, sigma):
    """Verdict on "with this sigma the strategy errs less than with the model's"."""
    difference = change(of_case, strategy, sigma, strategy, "model")
    return superiority(difference, -1, 100 * MARGIN).verdict


def verdict_table(curves):
    """Whether B and D err less with another sigma than with the model's: a verdict each."""
    rows = {}
    for label, of_case in cases(curves):
        rows[label] = {
            f"{strategies.letter(strategy)}, {SIGMA_NAMES[sigma]}": helped(of_case, strategy, sigma)
            for strategy in (B, D)
            for sigma in SIGMAS
        }
    return Table(pd.DataFrame(rows).T.rename_axis("noise (eV²)"))


def span(difference):
    """A difference in % as text: mean and 95 % interval."""
    mean, low, high, n = difference
    return f"{mean:+.0f} ({low:+.0f} to {high:+.0f})" if n > 1 else f"{mean:+.0f} ({n} seed)"


def facts(scores, curves):
    """What the prose quotes: name -> number or text."""
    judgements = {
        label: judged(rows, rows["n_train"].max())
        for label, rows in cases(select(scores, strategy=A, set="test"))
    }
    held_out = select(scores, set="held out", correction="none")
    last = held_out[held_out["n_train"] == held_out.groupby("dataset")["n_train"].transform("max")]
    found = {
        "n_seeds": curves["seed"].nunique(),
        **{name.replace(" ", "_"): _which(judgements, name) for name in JUDGEMENTS},
        "rank_A": _range(select(last, strategy=A)["rank"], last),
        "rank_B": _range(select(last, strategy=B)["rank"], last),
        "rank_stated_A": _range(select(last, strategy=A)["rank_stated"], last),
    }
    for sigma in SIGMAS:
        verdicts = {
            f"{strategies.letter(strategy)} on {label} eV²": helped(rows, strategy, sigma)
            for label, rows in cases(curves)
            for strategy in (B, D)
        }
        found[f"{sigma}_supported"] = _which(verdicts, "supported")
        found[f"{sigma}_counts"] = counts(verdicts)
    oracle = {
        f"{strategies.letter(strategy)} on {label} eV²": change(rows, strategy, "oracle")
        for label, rows in cases(curves)
        for strategy in (B, D)
    }
    best = min(oracle, key=lambda name: oracle[name].mean)
    n_better = sum(one.high < 0 for one in oracle.values())
    n_worse = sum(one.low > 0 for one in oracle.values())
    return found | {
        "oracle_better": _which({k: v.high < 0 for k, v in oracle.items()}, True),
        "oracle_worse": _which({k: v.low > 0 for k, v in oracle.items()}, True),
        "oracle_most": f"{span(oracle[best])} %, {best}",
        "oracle_n": len(oracle),
        "oracle_n_better": n_better,
        "oracle_n_worse": n_worse,
    }


def counts(verdicts):
    """Verdicts by their number, as "supported in 3, not supported in 8"."""
    return ", ".join(f"{name} in {n}" for name, n in pd.Series(verdicts).value_counts().items())


def _which(judgements, wanted):
    return "; ".join(name for name, found in judgements.items() if found == wanted) or "none"


def _range(values, frame):
    """Smallest and largest of the means of each data set and noise, as text."""
    means = values.groupby([frame["dataset"], frame["noise_var"]]).mean()
    return f"{means.min():.2f} to {means.max():.2f}"
