"""Label and descriptor on QM9: one step at a time, against made-up runs and the tracked ones."""

from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import pytest
from made_up import SIZES, A, D, E, run, scattered
from scipy.special import stdtrit

from alutils.acquisition.target import above, highest
from alutils.loop import RunConfig
from alutils.report import comparison, tables
from alutils.report import label_descriptor as ld
from alutils.report import label_facts as lf
from alutils.report.figure_data import drawn_data
from alutils.report.style import STRATEGY_COLOURS, STRATEGY_LABELS
from alutils.runs import store
from alutils.runs.records import run_or_load
from book.builder import pages
from book.builder.pages import ROOT

LOW, HIGH = 1e-4, 0.05
SEEDS = {ld.NARROW: 3, ld.BROAD: 3, ld.PAPER: 5}
# Of A's error, by setting and noise: D minus A. All different, and one of another sign.
GAIN = {
    (ld.NARROW, LOW): -0.03,
    (ld.BROAD, LOW): -0.15,
    (ld.PAPER, LOW): -0.13,
    (ld.NARROW, HIGH): 0.02,
    (ld.BROAD, HIGH): -0.02,
    (ld.PAPER, HIGH): -0.01,
}
LEVEL = {ld.NARROW: 1.0, ld.BROAD: 1.4, ld.PAPER: 1.2}


def made_up():
    """A and D in all settings; the broad one of B3LYP ends a size earlier, as its records do."""
    frames = []
    for (name, noise_var), gain in GAIN.items():
        sizes = SIZES[:-1] if name == ld.BROAD else SIZES
        for seed in range(SEEDS[name]):
            for strategy in (A, D):
                one = run(strategy, seed, sizes, noise_var=noise_var, factor=LEVEL[name])
                later = (one["n_train"] > SIZES[0]) & (strategy == D)
                one["mae_ev"] *= np.where(later, 1 + gain, 1)
                frames.append(one.assign(**ld.SETTINGS[name]))
    return ld.with_settings(pd.concat(frames, ignore_index=True))


RUNS = made_up()
SCATTERED = scattered(RUNS)


def errors(runs, setting, noise_var, strategy, n_train):
    where = {"setting": setting, "noise_var": noise_var, "strategy": strategy, "n_train": n_train}
    return tables.select(runs, **where)["mae_ev"].to_numpy()


def by_hand(before, after):
    """Welch's interval of the difference of two means."""
    variances = [x.var(ddof=1) / len(x) for x in (before, after)]
    degrees = [len(x) - 1 for x in (before, after)]
    freedom = sum(variances) ** 2 / sum(v**2 / k for v, k in zip(variances, degrees, strict=True))
    half = stdtrit(freedom, 0.975) * np.sqrt(sum(variances))
    difference = after.mean() - before.mean()
    return difference, difference - half, difference + half


def test_a_run_has_the_setting_of_its_labels_and_descriptor():
    for name, where in ld.SETTINGS.items():
        of_setting = RUNS[RUNS["setting"] == name]
        assert set(of_setting["dataset"]) == {where["dataset"]}
        assert of_setting["descriptor"].isna().all() == (where["descriptor"] is None)
        assert of_setting["seed"].nunique() == SEEDS[name]


def test_welchs_interval_is_that_of_its_formula():
    before, after = np.array([0.20, 0.21, 0.25]), np.array([0.31, 0.30, 0.33, 0.30, 0.35])
    found = ld.welch(before, after)
    assert [found[key] for key in ("difference", "low", "high")] == pytest.approx(
        by_hand(before, after)
    )
    assert (found["before"], found["after"]) == (before.mean(), after.mean())


def test_one_seed_shows_no_change():
    found = ld.welch(np.array([0.2]), np.array([0.3, 0.31]))
    assert (found["low"], found["high"]) == (-np.inf, np.inf)


def test_a_change_is_from_one_setting_to_the_next_at_sizes_that_both_have():
    changed = ld.changes(SCATTERED)
    assert set(changed["n_train"]) == set(SIZES[:-1])
    for change, (before, after) in (
        ("descriptor", (ld.NARROW, ld.BROAD)),
        ("label", (ld.BROAD, ld.PAPER)),
    ):
        for noise_var in (LOW, HIGH):
            for letter, strategy in (("A", A), ("D", D)):
                where = {"change": change, "noise_var": noise_var, "quantity": letter}
                row = tables.select(changed, **where, n_train=SIZES[1]).iloc[0]
                pair = [
                    errors(SCATTERED, s, noise_var, strategy, SIZES[1]) for s in (before, after)
                ]
                assert [row.difference, row.low, row.high] == pytest.approx(by_hand(*pair))


def test_before_the_first_pick_there_is_neither_d_nor_a_gain():
    changed = ld.changes(RUNS)
    first = changed[changed["n_train"] == SIZES[0]]
    assert set(first["quantity"]) == {"A"}
    assert len(changed) == 2 * 2 * (1 + 3 * len(SIZES[1:-1]))


def test_a_gain_is_a_share_of_as_own_error_in_its_setting():
    """In the made-up runs D differs from A by the same share in each seed."""
    found = ld.gains(RUNS)
    for row in found.itertuples():
        assert row.mean == pytest.approx(100 * GAIN[row.setting, row.noise_var])
        assert row.low < row.mean < row.high and row.n == SEEDS[row.setting]
    broad = tables.select(found, setting=ld.BROAD)
    assert set(broad["n_train"]) == set(SIZES[1:-1])
    assert set(found["n_train"]) == set(SIZES[1:])
    changed = tables.select(ld.changes(RUNS), quantity=ld.GAIN, noise_var=LOW)
    steps = changed.groupby("change")["difference"].mean()
    assert steps["descriptor"] == pytest.approx(-12) and steps["label"] == pytest.approx(2)


def test_signs_and_directions_are_counted():
    found = lf.agreement(ld.gains(RUNS), ld.changes(RUNS))
    assert found["same_sign"] == "2 of 4"  # all of the low noise, none of the high one
    assert found["other_sign"].count(f"noise {HIGH:g} eV²") == 2
    assert found["descriptor_up"] == "10 of 10" and found["descriptor_down"] == "0 of 10"
    assert found["label_up"] == "0 of 10" and found["label_down"] == "10 of 10"


def test_tables_have_a_column_for_each_quantity_or_setting():
    changed = ld.changes_table(ld.changes(SCATTERED))
    assert list(changed.columns[2:]) == ["A (eV)", "D (eV)", "D minus A (% of A's)"]
    assert (changed["D (eV)"] == "-").sum() == 4
    gains = ld.gains_table(ld.gains(RUNS))
    assert list(gains.columns[1:]) == list(ld.SETTINGS)
    not_run = gains[ld.BROAD] == "not run"
    assert list(gains["molecules"][not_run]) == [SIZES[-1]] * 2
    low = gains[gains["molecules"] == SIZES[1]].iloc[0]
    assert low[ld.PAPER].startswith("-13.")


def test_the_figure_shows_each_curve_with_its_spread():
    figure = ld.learning_curves(SCATTERED)
    shown = drawn_data(figure)
    titles = shown.drop_duplicates("panel")["panel_title"]
    assert list(titles) == ["noise 0.0001 eV^2", "noise 0.05 eV^2"]
    lines, bands = (shown[shown["kind"] == kind] for kind in ("line", "band"))
    assert len(shown) == len(lines) + len(bands)
    assert lines["mark"].nunique() == bands["mark"].nunique() == 2 * 3 * 2
    for (panel, series), line in lines.groupby(["panel", "series"]):
        label, name = series.split("; ")
        (strategy,) = (s for s, text in STRATEGY_LABELS.items() if text == label)
        noise_var = (LOW, HIGH)[panel - 1]
        sizes = SIZES[:-1] if name == ld.BROAD else SIZES
        each = [errors(SCATTERED, name, noise_var, strategy, n) for n in sizes]
        assert list(line["x"]) == sizes
        np.testing.assert_allclose(line["y"], [x.mean() for x in each])
        of_band = bands[(bands["panel"] == panel) & (bands["series"] == series)]
        half = (of_band["y_high"] - of_band["y_low"]) / 2
        np.testing.assert_allclose(half, [x.std(ddof=1) for x in each])
        assert set(line["colour"].str.upper()) == {STRATEGY_COLOURS[strategy].upper()}
    drawn = {line.get_label().split("; ")[1]: line.get_linestyle() for line in figure.axes[0].lines}
    assert len(drawn) == len(set(drawn.values())) == 3


# The tracked runs, with the notebook's own parameters.


@pytest.fixture(scope="module")
def parameters():
    path = ROOT / "notebooks/10_label_and_descriptor.ipynb"
    cell = pages.parameters(nbformat.read(path, as_version=4))
    return SimpleNamespace(**{name: default for name, (default, _) in cell.items()})


@pytest.fixture(scope="module")
def tracked(parameters):
    return ld.with_settings(run_or_load(ld.configs(parameters)))


@pytest.fixture(scope="module")
def facts(tracked, parameters):
    compared = tracked[~tracked["seed"].isin(parameters.validation_seeds)]
    return lf.facts(tracked, ld.changes(compared), ld.gains(compared), parameters)


def test_all_that_the_page_shows_is_tracked(parameters):
    configs = ld.configs(parameters)
    assert len(configs) == len(set(configs))
    assert all(store.find(config) is not None for config in configs)
    targets = {config.dataset: config.target for config in configs}
    assert targets == {"qm9_pbe": above(-5.55), "qm9_b3lyp": highest(0.30)}


def test_validation_seeds_are_in_no_comparison(tracked, parameters, facts):
    assert set(parameters.validation_seeds) <= set(tracked["seed"])
    four = ld.four_strategies(tracked, parameters)
    assert set(four["seed"]) == set(parameters.seeds)
    assert list(dict.fromkeys(four["strategy"])) == [*tables.strategies.PAPER[:4]]
    narrow = tables.select(tracked, setting=ld.NARROW, strategy=A, noise_var=parameters.noise_low)
    at_end = tables.select(narrow, n_train=facts["n_end"])["mae_ev"]
    assert facts["narrow_A_low"] == tables.text(at_end.mean())
    assert facts["narrow_n_seeds"] == facts["broad_n_seeds"] == len(parameters.seeds)
    assert facts["narrow_n_grid_seeds"] == len(parameters.validation_seeds)


def test_the_steps_are_quoted_at_the_largest_size_that_all_have(facts, tracked, parameters):
    assert (facts["n_shared"], facts["n_end"]) == (parameters.n_max_broad, parameters.n_max)
    where = {"noise_var": parameters.noise_low, "strategy": A, "n_train": facts["n_shared"]}
    mean = {s: tables.select(tracked, setting=s, **where) for s in (ld.NARROW, ld.BROAD)}
    mean = {s: of[of["seed"] < 100]["mae_ev"].mean() for s, of in mean.items()}
    step = mean[ld.BROAD] - mean[ld.NARROW]
    assert facts["descriptor_A_low"].startswith(f"{step:+.3f} (")
    assert (facts["gains_low"], facts["losses_low"]) == ("9 of 10", "0 of 10")
    assert (facts["gains_high"], facts["losses_high"]) == ("0 of 10", "1 of 10")
    assert facts["gain_broad_low_end"] == "not run" != facts["gain_paper_low_end"]


def test_verdicts_are_those_of_the_other_pages_rules(facts, tracked, parameters):
    four = ld.four_strategies(tracked, parameters)
    for row in comparison.rows(four, comparison.evidence(four))[1:]:
        assert facts[f"{row['claim']}_verdict"] == row["verdict"]
    assert facts["narrow_C6b_verdict"] == "not supported"  # the grid's best noise is below 0.05
    assert facts["broad_C6b_verdict"] == "cannot be tested here"


def test_what_the_search_saves_is_a_share_of_its_own_targets_bound(facts, tracked, parameters):
    """The targets are not equally wide: 30 % under B3LYP, those above the threshold else."""
    runs = tables.select(tracked, noise_var=parameters.noise_high, setting=ld.PAPER)
    runs = runs[runs["strategy"].isin([A, E])]
    share = tables.share_in_range(RunConfig("qm9_pbe", A, target=above(parameters.threshold_paper)))
    saved = tables.select(tables.search_savings(runs, share), n_train=parameters.n_max)
    bound = (1 - share) * (1 - parameters.n_init / parameters.n_max)
    assert facts["paper_of_bound"] == f"{100 * saved['savings'].mean() / bound:.0f} %"
    narrow = float(facts["narrow_saved"].removesuffix(" %"))
    of_bound = float(facts["narrow_of_bound"].removesuffix(" %"))
    assert of_bound == pytest.approx(narrow / (0.7 * 15 / 16), abs=0.6)
