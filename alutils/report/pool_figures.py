"""Figures of a pool rather than of runs: a molecule, the sets, the picks, the distributions."""

from __future__ import annotations

import numpy as np
import pandas as pd
from ase.data import chemical_symbols, covalent_radii
from ase.data.colors import jmol_colors
from scipy.spatial import cKDTree

from alutils.analysis.label_distributions import BIN, overlap
from alutils.descriptors import MBTRSettings
from alutils.report.figures import (
    POOL_COLOURS,
    STRATEGY_COLOURS,
    STRATEGY_LABELS,
    new_figure,
    styled,
)
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    from matplotlib.ticker import PercentFormatter

CANDIDATE_NOTES = {
    "uncertain_cluster_centres": "more uncertain half",
    "property_search": "predicted in range",
}
POOL_GREY, TARGET = "#b8b8b8", STRATEGY_COLOURS["property_search"]
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#8a6d00", "#404040")
BOND_TOLERANCE = 1.25  # times the sum of the covalent radii
FEW_ATOMS = 30  # up to here each atom carries its symbol
CLOUD = 1000  # points of a background: more hide nothing and show no more
TAIL = 0.0005  # share of the labels beyond each end of the axis


@styled
def molecule_and_descriptor(atoms, x, species, settings=None):
    """A molecule, projected on its two longest axes, and its row of X, pair by pair of elements.

    Parameters
    ----------
    atoms : ase.Atoms, angstrom
    x : (d,) its row of `alutils.descriptors.many_body`, k2 in angstrom (a density over 1/angstrom)
    species : chemical symbols of the data set by atomic number, which order the row
    settings : MBTRSettings of the row, default those of the book
    """
    settings = settings or MBTRSettings()
    fig, (top, bottom) = new_figure(2, panel_height=2.7, height_ratios=[1, 1.2])
    _draw_molecule(top, atoms)
    top.set(aspect="equal", xlabel="position (Å)", ylabel="position (Å)", title="a) geometry")
    top.margins(0.15)

    grid = np.linspace(settings.grid_min, settings.grid_max, settings.n_grid)
    pairs = [f"{a}–{b}" for i, a in enumerate(species) for b in species[i:]]
    terms = np.asarray(x).reshape(len(pairs), settings.n_grid)
    largest = np.argsort(-terms.sum(axis=1), kind="stable")
    for rank, pair in enumerate(largest[terms[largest].max(axis=1) > 0]):
        named = rank < len(LINE_COLOURS)
        colour, label = (LINE_COLOURS[rank], pairs[pair]) if named else (POOL_GREY, "_others")
        if rank == len(LINE_COLOURS):
            label = "others"
        bottom.plot(grid, terms[pair], color=colour, label=label, zorder=20 - rank, lw=1.6)
    bottom.set(xlim=grid[[0, -1]], xlabel="inverse distance (1/Å)", ylabel="$k_2$ (Å)")
    bottom.set_title("b) descriptor: one curve per pair of elements")
    fig.legend(loc="outside lower center", ncols=4)
    return fig


def _draw_molecule(ax, atoms):
    """Atoms as discs along the shortest principal axis, the nearest on top, bonds by distance."""
    centred = atoms.positions - atoms.positions.mean(axis=0)
    x, y, depth = (centred @ np.linalg.svd(centred)[2].T).T
    radii, few = covalent_radii[atoms.numbers], len(atoms) <= FEW_ATOMS
    bonded = atoms.get_all_distances() < BOND_TOLERANCE * (radii[:, None] + radii)
    for pair in np.argwhere(np.triu(bonded, 1)):
        ax.plot(x[pair], y[pair], color="#707070", lw=2.0 if few else 1.2, zorder=1)
    for rank, k in enumerate(np.argsort(depth)):
        z, size = atoms.numbers[k], (420 if few else 120) * radii[k]
        ax.scatter(x[k], y[k], size, color=jmol_colors[z], ec="#303030", lw=0.8, zorder=2 + rank)
        if few or z not in (1, 6):
            ax.text(x[k], y[k], chemical_symbols[z], ha="center", va="center", fontsize=9,
                    zorder=2.5 + rank)  # fmt: skip


@styled
def set_sizes(frame, n_molecules, n_test):
    """Bars of the sets in each iteration of one run, the training set written beside its bar.

    frame : rows of one run (`alutils.loop.run`); what is left of n_molecules is held out
    """
    fig, (ax,) = new_figure(1, panel_height=0.5 * len(frame) + 0.9)
    n_train = frame["n_train"].to_numpy()
    before = np.r_[0, n_train[:-1]]
    parts = {
        "test set": (np.full(len(frame), n_test), "#707070"),
        "training set so far": (before, "#0072B2"),
        "first or new batch": (n_train - before, "#E69F00"),
        "held-out set": (n_molecules - n_test - n_train, "#dcdcdc"),
    }
    left = np.zeros(len(frame))
    for label, (width, colour) in parts.items():
        ax.barh(frame["iteration"], width, left=left, color=colour, label=label, height=0.7)
        left += width
    for iteration, old, total in zip(frame["iteration"], before, n_train, strict=True):
        text = f"  {old} + {total - old}" if old else f"  {total}"
        ax.text(n_test + total, iteration, text, va="center", fontsize=10)
    ax.set(xlabel="molecules", ylabel="iteration", yticks=frame["iteration"], xlim=(0, n_molecules))
    ax.invert_yaxis()
    ax.grid(visible=False)
    fig.legend(loc="outside upper center", ncols=2)
    return fig


@styled
def strategy_map(X_heldout, X_train, picks, candidates):
    """Where each strategy picks, in the first two columns of the descriptor: a panel each.

    Parameters
    ----------
    X_heldout, X_train : (n, d) `alutils.descriptors.features`, of which two columns are drawn
    picks : dict of strategy name -> positions in the held-out set
    candidates : dict of strategy name -> positions among which it chooses, where it narrows them
    """
    fig, axes = new_figure(len(picks), panel_height=2.3, sharex=True, sharey=True)
    for ax, (name, chosen) in zip(axes, picks.items(), strict=True):
        colour, title = STRATEGY_COLOURS.get(name, "#404040"), STRATEGY_LABELS.get(name, name)
        ax.scatter(*X_heldout[_some(len(X_heldout)), :2].T, s=4, color="#d0d0d0", lw=0)
        if name in candidates:
            pale = np.arange(len(X_heldout))[candidates[name]]
            pale = pale[_some(len(pale))]
            ax.scatter(*X_heldout[pale, :2].T, s=6, color=colour, alpha=0.35, lw=0)
            title += f" (pale: {CANDIDATE_NOTES.get(name, 'candidates')})"
        ax.scatter(*X_train[:, :2].T, s=14, color="k", marker="x", lw=0.7)
        ax.scatter(*X_heldout[chosen, :2].T, s=26, color=colour, ec="white", lw=0.6)
        ax.set(title=title, ylabel="axis 2")
    axes[-1].set_xlabel("principal axis 1 (descriptor units)")
    return fig


def _some(n):
    """At most `CLOUD` of n positions, evenly spaced."""
    return np.unique(np.linspace(0, n - 1, min(n, CLOUD)).astype(int))


def batch_table(view, picks, in_target):
    """What distinguishes batches picked from one view: a row for each strategy.

    Parameters
    ----------
    view : `alutils.acquisition.strategies.PoolView`
    picks : dict of strategy name -> positions in the held-out set
    in_target : (n_heldout,) boolean, by the true label

    Returns
    -------
    pandas.DataFrame: mean sigma (unit of the model), spacing (mean distance to the nearest other
    molecule of the batch, descriptor units), share of the batch in range
    """
    rows = {}
    for name, chosen in picks.items():
        Z = view.X[chosen]
        spacing = cKDTree(Z).query(Z, k=2)[0][:, 1].mean()
        rows[name] = (view.sigma[chosen].mean(), spacing, in_target[chosen].mean())
    columns = ["sigma", "spacing", "in_range"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("strategy")


@styled
def target_in_pool(coordinates, test, target):
    """Densities of pool, random test set (task 1) and target (task 2) along each coordinate.

    coordinates : dict of axis label -> (n,) values of the pool; test, target : (n,) boolean
    """
    fig, axes = new_figure(len(coordinates), panel_height=2.0)
    for letter, ax, (label, values) in zip("abcdef", axes, coordinates.items(), strict=False):
        task_1, grid, pool, of_test = overlap(values, values[test])
        task_2, _, _, of_target = overlap(values, values[target])
        ax.fill_between(grid, pool, color="#d8d8d8", label="pool")
        ax.plot(grid, of_test, color="k", ls="--", lw=1.4, label="task 1: random test set")
        ax.plot(grid, of_target, color=TARGET, label="task 2: target")
        ax.set(xlabel=label, ylabel="density", yticks=[], ylim=(0, None))
        ax.set_title(f"{letter}) overlap: test {task_1:.2f}, target {task_2:.2f}")
    fig.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return fig


@styled
def label_distributions(summaries, thresholds, bin_width=0.1):
    """Histograms of HOMO with density, modes, threshold and cumulative share (the paper's Fig. 9).

    summaries : list of `analysis.label_distributions.LabelSummary`; thresholds : eV, one for each;
    bin_width : eV, of the bars (the counts behind them are finer)
    """
    fig, axes = new_figure(len(summaries), panel_height=2.7)
    for ax, summary, threshold in zip(axes, summaries, thresholds, strict=True):
        colour, cumulative = POOL_COLOURS.get(summary.name, "#5B7FA6"), np.cumsum(summary.counts)
        tails = np.searchsorted(cumulative, summary.n * np.array([TAIL, 1 - TAIL]))
        low, high = summary.edges[tails]
        first, last = np.floor(low / bin_width), np.ceil(high / bin_width)
        bars = np.arange(first, last + 1) * bin_width
        heights = np.divide(summary.counts, summary.n * bin_width)
        ax.hist(summary.edges[1:] - BIN / 2, bars, weights=heights, color=colour, alpha=0.45)
        positions, density, _ = summary.density()
        shown = (positions >= low) & (positions <= high)
        ax.plot(positions[shown], density[shown], color=colour)
        modes = summary.modes()
        ax.plot(modes, np.interp(modes, positions, density), "kv")
        ax.axvline(threshold, color=TARGET)
        ax.axvspan(threshold, high, color=TARGET, alpha=0.1, lw=0)
        ax.set(xlim=(low, high), xlabel="HOMO (eV)", ylabel="density (1/eV)")
        ax.set_title(summary.name)
        shares = ax.twinx()
        shown = slice(tails[0], tails[1] + 1)
        shares.plot(summary.edges[1:][shown], cumulative[shown] / summary.n, "k--", lw=1.3)
        shares.set(ylim=(0, 1.05), ylabel="cumulative share", yticks=[0, 0.5, 1])
        shares.yaxis.set_major_formatter(PercentFormatter(1))
        shares.grid(visible=False)
        shares.spines["right"].set_visible(True)
    return fig
