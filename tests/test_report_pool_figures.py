"""The plotted data of the pool figures: what is drawn is what was given."""

import ase
import numpy as np
import pandas as pd
import pytest

from alutils.acquisition.strategies import CANDIDATES, STRATEGIES, PoolView
from alutils.acquisition.target import Range
from alutils.analysis import label_distributions
from alutils.data.datasets import MoleculeDataset
from alutils.data.readers import Molecules
from alutils.descriptors import MBTRSettings, mbtr
from alutils.model.gp import GaussianProcess
from alutils.report import pool_figures
from alutils.report.figures import STRATEGY_COLOURS

WATER = ase.Atoms("OH2", positions=[[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]])


@pytest.fixture(scope="module")
def view():
    rng = np.random.default_rng(0)
    X = rng.normal(scale=100, size=(300, 5))
    y = X[:, 0] / 200 - 6
    return PoolView(GaussianProcess(0.05, random_state=0).fit(X[:40], y[:40]), X[40:], Range(-5.8))


@pytest.fixture(scope="module")
def picks(view):
    return {n: pick(view, 20, np.random.default_rng(0)) for n, pick in STRATEGIES.items()}


def test_descriptor_peaks_lie_at_inverse_distances():
    molecules = Molecules(WATER.numbers, WATER.positions, np.array([3]))
    x = mbtr(MoleculeDataset("water", [-7.0], molecules))[0]
    fig = pool_figures.molecule_and_descriptor(WATER, x, ["H", "O"])
    geometry, terms = fig.axes
    curves = {line.get_label(): line.get_xydata() for line in terms.lines}
    assert set(curves) == {"H–H", "H–O"}
    spacing = 1.2 / (MBTRSettings().n_grid - 1)
    for pair, (i, j) in {"H–H": (1, 2), "H–O": (0, 1)}.items():
        peak = curves[pair][curves[pair][:, 1].argmax(), 0]
        assert peak == pytest.approx(1 / WATER.get_distance(i, j), abs=spacing)
    assert sorted(text.get_text() for text in geometry.texts) == ["H", "H", "O"]
    assert "1/Å" in terms.get_xlabel()


def test_drawn_distances_are_those_of_a_planar_molecule():
    fig = pool_figures.molecule_and_descriptor(WATER, np.ones(600), ["H", "O"])
    drawn = np.array([text.get_position() for text in fig.axes[0].texts])
    lengths = np.linalg.norm(drawn[:, None] - drawn, axis=-1)
    assert np.sort(lengths.ravel()) == pytest.approx(np.sort(WATER.get_all_distances().ravel()))


def test_bars_of_the_sets_fill_the_pool():
    frame = pd.DataFrame({"iteration": [0, 1, 2], "n_train": [10, 20, 40]})
    (ax,) = pool_figures.set_sizes(frame, 100, 15).axes
    widths = np.array([[bar.get_width() for bar in bars] for bars in ax.containers])
    assert (widths.sum(axis=0) == 100).all()
    assert widths[0].tolist() == [15, 15, 15]
    assert (widths[1] + widths[2]).tolist() == [10, 20, 40]
    assert [text.get_text().strip() for text in ax.texts] == ["10", "10 + 10", "20 + 20"]


def test_each_panel_shows_its_strategys_picks(view, picks):
    candidates = {name: narrow(view) for name, narrow in CANDIDATES.items()}
    fig = pool_figures.strategy_map(view.X, view.X[:3], picks, candidates)
    assert len(fig.axes) == len(STRATEGIES)
    for ax, (name, chosen) in zip(fig.axes, picks.items(), strict=True):
        *rest, dots = ax.collections
        assert np.array_equal(dots.get_offsets(), view.X[chosen, :2])
        assert len(rest) == (3 if name in candidates else 2)
        if name in candidates:
            assert np.array_equal(rest[1].get_offsets(), view.X[candidates[name], :2])
        colour = "#" + "".join(f"{round(255 * c):02x}" for c in dots.get_facecolor()[0][:3])
        assert colour.lower() == STRATEGY_COLOURS[name].lower()


def test_batch_table_tells_the_strategies_apart(view, picks):
    in_target = view.target.contains(view.X[:, 0] / 200 - 6)
    table = pool_figures.batch_table(view, picks, in_target)
    assert list(table.index) == list(STRATEGIES)
    assert table["sigma"].idxmax() == "most_uncertain"
    assert table.loc["property_search", "in_range"] == table["in_range"].max()
    Z = view.X[picks["random"]]
    distances = np.linalg.norm(Z[:, None] - Z, axis=-1) + np.diag(np.full(len(Z), np.inf))
    assert table.loc["random", "spacing"] == pytest.approx(distances.min(axis=0).mean())


def test_overlaps_above_the_panels_are_those_of_the_data():
    rng = np.random.default_rng(0)
    values, test = rng.normal(size=2000), rng.random(2000) < 0.2
    target = values > 0.5
    fig = pool_figures.target_in_pool({"axis": values, "HOMO (eV)": values}, test, target)
    assert [ax.get_xlabel() for ax in fig.axes] == ["axis", "HOMO (eV)"]
    for part in (test, target):
        area = label_distributions.overlap(values, values[part])[0]
        assert f"{area:.2f}" in fig.axes[0].get_title(loc="left")


def test_label_figure_marks_threshold_modes_and_cumulative_share():
    y = np.concatenate([np.linspace(-9, -8, 700), np.linspace(-5, -4.5, 300)])
    summary = label_distributions.label_summary(MoleculeDataset("made", y))
    fig = pool_figures.label_distributions([summary], [-6.0])
    ax, shares = fig.axes
    _, modes, threshold = ax.lines
    assert modes.get_xdata() == pytest.approx(summary.modes())
    assert list(threshold.get_xdata()) == [-6.0, -6.0]
    energy, share = shares.lines[0].get_data()
    assert np.interp(-6.0, energy, share) == pytest.approx(0.7)
    area = sum(bar.get_width() * bar.get_height() for bar in ax.patches[: len(ax.containers[0])])
    assert area == pytest.approx(1, abs=2 * pool_figures.TAIL)
