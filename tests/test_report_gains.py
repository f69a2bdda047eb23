"""The page on D's gain: differences, what the gain needs, and what the figures show."""

import numpy as np
import pandas as pd
import pytest
from made_up import A, B, C, D, run

from alutils.analysis import gains as anatomy
from alutils.analysis.statistics import NOT_SUPPORTED, SUPPORTED, UNDECIDED, UNTESTABLE, interval
from alutils.report import gain_figures, gains

SEEDS = range(4)


def pool(name, *factors, strategies=(D,), noise_var=0.05):
    """A and others on one pool; each strategy's error is a factor of A's, seed by seed."""
    frames = [run(A, seed, noise_var=noise_var) for seed in SEEDS]
    for strategy, factor in zip(strategies, factors, strict=True):
        shaken = [run(strategy, s, factor=factor + 0.005 * (-1) ** s) for s in SEEDS]
        frames += [frame.assign(noise_var=noise_var) for frame in shaken]
    return pd.concat(frames, ignore_index=True).assign(dataset=name)


def rows():
    """As of `analysis.gains.anatomy`: D is better on the last decile, worse elsewhere."""
    made = []
    for strategy, last, other in ((A, 1.0, 0.1), (D, 0.4, 0.12)):
        for seed in SEEDS:
            errors = np.r_[np.full(90, other), np.full(10, last + 0.01 * seed)]
            decile = np.repeat(np.arange(1, 11), 10)
            row = {"strategy": strategy, "seed": seed, "twins": 0.02, "picks_mean_ev": -13.0}
            row |= {f"picks_{k}": 0.1 if strategy == A else k / 55 for k in anatomy.DECILES}
            made.append(row | anatomy.of_errors(errors, decile))
    return pd.DataFrame(made)


def test_the_gain_is_relative_to_the_mean_of_a():
    found = gains.gain(pool("aa_heaviest", 0.8), "aa_heaviest")
    assert found.mean == pytest.approx(-20, abs=0.2) and found.low < found.mean < found.high
    assert gains.text(found).startswith("-20 % (") and "4 seeds" in gains.text(found)
    assert gains.text(gains.gain(pool("aa_heaviest", 0.8), "oe_heaviest")) == "not run"


@pytest.mark.parametrize(
    ("without", "verdict"),
    [
        ([-19, -20, -21], NOT_SUPPORTED),
        ([-1, 0, 1], SUPPORTED),
        ([-18, -10, -2], UNDECIDED),
        ([-1], UNTESTABLE),
    ],
)
def test_a_gain_needs_what_it_is_less_than_half_as_large_without(without, verdict):
    assert gains.needed(interval([-19, -20, -21]), interval(without)) == verdict
    assert gains.needed(interval([-1, 0, 1]), interval(without)) == UNTESTABLE


def test_reasons_say_what_is_left():
    runs = pd.concat([pool("whole", 0.8), pool("thinned", 0.84), pool("flat", 0.99)])
    reasons = [gains.Reason("twins", "thinned", "whole"), gains.Reason("tails", "flat", "whole")]
    table = gains.reasons_table(runs, reasons)
    assert table["left"].tolist() == ["80%", "5%"]
    assert table["needed"].tolist() == [NOT_SUPPORTED, SUPPORTED]
    said = gains.verdict(runs, reasons)
    assert said == "The gain needs tails; it does not need twins."


def test_the_parts_of_the_error_are_told_apart():
    table = gains.parts_table(rows())
    assert table.loc["mean", "A (eV)"] == "0.192" and table.loc["median", "D (eV)"] == "0.120"
    remote = float(table.loc["from the most remote tenth", "A (eV)"])
    assert remote == pytest.approx(0.1015, abs=6e-4)
    assert table.loc["from the other nine", "D minus A"].startswith("0.018 to 0.018")


def test_every_pool_of_the_tables_is_run():
    names = set(gains.WHOLE) | set(gains.VARIANTS) | set(gains.STEPS)
    centred = {f"{name}_centred" for name in anatomy.CENTRED}
    assert names - centred == {config.dataset for config in anatomy.configs([0])}
    assert set(gains.CENTRED) == centred
    assert {one for reason in gains.REASONS for one in reason[1:]} <= set(gains.VARIANTS)


def test_the_facts_are_those_of_the_tables():
    aa = pool("aa_heaviest", 1.2, 0.85, 0.8, strategies=(B, C, D))
    runs = [pool(reason.without, 0.8) for reason in gains.REASONS] + [pool(gains.SAMPLED, 0.8)]
    runs = pd.concat([aa, *runs, pool("ours", 0.97), pool("compressed", 0.9)])
    facts = gains.facts(runs, rows(), "aa_heaviest", ["ours", "compressed"])
    assert facts["gain_B"].startswith("+20 %") and facts["gain_C"].startswith("-15 %")
    assert facts["compression"].startswith("-7 %")
    assert facts["remote_share"] == f"{0.06 / (0.06 - 0.018):.0%}"
    assert facts["A_remote_picks"] == "10%" and facts["D_remote_picks"] == "18%"


def test_another_noise_has_its_own_row():
    runs = pd.concat([pool("aa", 0.8), pool("aa", 0.9, noise_var=0.2)])
    table = gains.noise_table(runs, "aa")
    assert table.index.tolist() == ["0.05", "0.2"]
    assert [text[:5] for text in table["D minus A"]] == ["-20 %", "-10 %"]


def test_the_figures_show_every_decile_and_every_pool():
    top, bottom = gain_figures.by_remoteness(rows()).axes
    assert len(top.containers) == len(bottom.containers) == 2
    assert np.allclose(bottom.containers[0].lines[0].get_ydata(), 10)
    assert len(top.containers[1].lines[0].get_xdata()) == 10
    runs = pd.concat([pool("one", 0.8), pool("two", 0.9)])
    groups = [{"one": "One", "two": "Two"}, {"two": "Again", "three": "Not run"}]
    upper, lower = gain_figures.left_of_the_gain(runs, groups).axes
    assert [label.get_text() for label in upper.get_yticklabels()] == ["One", "Two"]
    assert len(upper.containers) == 2 and len(lower.containers) == 1
