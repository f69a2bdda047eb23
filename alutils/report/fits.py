"""Sentences on the fits behind a page: collapsed, without use, or ended at a bound."""

from __future__ import annotations

from alutils.acquisition import strategies
from alutils.analysis import wider_bounds
from alutils.report import quantity
from alutils.report.curves import COLLAPSED, is_collapsed

FLAT = 0.05  # R2 on the test set below which a fit is hardly better than one value for all
TINY = 1e-3  # share of the labels' variance; a noise below it hides nothing of what labels scatter
BOUNDED = {"signal_var": "the signal variance", "length_scale": "the length scale"}


def fits_text(records):
    """All that is to be said of the fits among these runs."""
    return f"{collapsed_text(records)} {bound_text(records)}"


def collapsed_text(records):
    """A sentence on the collapsed fits among these runs."""
    rows, about = records[is_collapsed(records)], quantity.of_runs(records)
    others = f"{_bad_text(records)}{_flat_text(records)}"
    if rows.empty:
        return f"None of the {len(records)} fits collapsed.{others}"
    where = [
        f"{strategies.letter(row.strategy)} at {row.n_train} molecules, "
        f"noise {about.noise(row.noise_var)}, seed {row.seed}"
        for row in rows.itertuples()
    ]
    shown = "; ".join(where[:6]) + ("; and others" if len(where) > 6 else "")
    return (
        f"{len(rows)} of the {len(records)} fits collapsed ({shown}), that is, have an R² below "
        f"{COLLAPSED:g} on the test set: the model predicts its prior mean, {about.prior_mean}, "
        "for molecules like none that it knows. These are all where the length scale ended too "
        "short, and the remote ones where a pool has many. Every number of this page includes such "
        "fits; in the figures a cross at the upper edge stands for a size at which one seed "
        "collapsed."
        f"{others}"
    )


def _bad_text(records):
    """Where most fits are below COLLAPSED, so that none of them is an exception."""
    bad = records[(records["r2"] < COLLAPSED) & ~is_collapsed(records)]
    if bad.empty:
        return ""
    kinds = bad.groupby(["strategy", "noise_var"], sort=False).size().index
    about = quantity.of_runs(records)
    where = ", ".join(f"{strategies.letter(name)} at {about.noise(noise)}" for name, noise in kinds)
    return f" Most fits of {where} have an R² below {COLLAPSED:g} there, and are shown as they are."


def _flat_text(records):
    """Where the prior is from the data and a fit knows next to nothing, what to do about it.

    With the paper's prior such a fit has collapsed: its prior mean is far from the labels.
    """
    flat = records[(records["r2"] < FLAT) & (records["r2"] >= COLLAPSED)]
    if flat.empty or not quantity.of_runs(records).is_standardised:
        return ""
    noises = sorted(flat["noise_var"].unique())
    remedy = "label more molecules, or take another descriptor"
    if noises[0] < TINY:
        remedy = (
            f"a noise of {noises[0]:g} makes the model pass through every label, and nearly equal "
            "molecules with different labels then leave it no length scale: raise the noise, to "
            "0.05, say"
        )
    return (
        f" {len(flat)} of the {len(records)} fits have an R² below {FLAT:g} on the test set: the "
        f"model predicts hardly better than one value for all molecules. What to do: {remedy}."
    )


def bound_text(records):
    """A sentence on the fits among these runs that ended with a parameter at a bound."""
    named = records["at_bound"].str.split()
    counts = named.explode().value_counts()
    n_fits = (named.str.len() > 0).sum()
    said = f"of the {len(records)} fits ended with a parameter at a bound of its range"
    if not n_fits:
        return f"None {said}."
    which = ", ".join(f"{BOUNDED[name]} in {n}" for name, n in counts.items())
    if quantity.of_runs(records).is_standardised:
        return f"{n_fits} {said} ({which}). Trust these less: more noise or labels may help."
    return f"{n_fits} {said} ({which}).{_refitted_text(wider_bounds.of(records))}"


def _refitted_text(refits):
    """What wider bounds do to fits, `wider_bounds.of`; nothing where none was made."""
    if refits.empty:
        return ""
    change = (refits["mae_ev"] - refits["mae_ev_before"]).astype(float)
    ends = refits["signal_var"].astype(float)
    return (
        f" {len(refits)} of them were fitted again within bounds {wider_bounds.WIDER:g} times "
        f"wider: the signal variance then ends at {ends.min():.0f} to {ends.max():.0f} eV², and "
        f"the error on the test set changes by {change.min():+.4f} to {change.max():+.4f} eV, "
        f"{change.mean():+.4f} eV in the mean."
    )
