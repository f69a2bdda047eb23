"""What labels are called on a page, and how numbers in their unit are written."""

import numpy as np
import pytest
from made_up import A, E, runs

from alutils.acquisition.target import Range, above, below, highest, lowest
from alutils.data.reading import Reading
from alutils.loop import RunConfig
from alutils.report import quantity


def own(factor=1.0, **where):
    """Made-up runs of a reader's own file, errors times a factor."""
    records = runs((A, E)).assign(prior="data", property_key="gap", unit="meV")
    return records.assign(mae_ev=factor * records["mae_ev"], **where)


def config(prior="data", target=None, **reading):
    return RunConfig("mine.xyz", A, prior=prior, target=target, reading=Reading(**reading))


def test_the_papers_runs_are_homo_levels_in_ev_with_three_decimals():
    assert quantity.of_runs(runs((A, E))) == quantity.PAPERS
    about = quantity.PAPERS
    assert (about.error, about.axis, about.noise(0.05)) == ("MAE (eV)", "HOMO (eV)", "0.05 eV²")
    assert (about.number(0.12345), about.text(0.12345)) == ("0.123", "0.123 eV")
    assert about.text(np.nan) == "not run"


def test_with_normalize_y_the_noise_is_a_share_and_the_labels_are_in_ev():
    about = quantity.of_runs(runs((A, E)).assign(normalize_y=True))
    assert about.noise(0.03) == "0.03 times the variance of the labels"
    assert about.unit == "eV" and not about.is_standardised


@pytest.mark.parametrize(
    ("name", "unit", "error", "axis"),
    [
        ("gap", "meV", "MAE of gap (meV)", "gap (meV)"),
        ("logS", None, "MAE of logS", "logS"),
        ("homo", "hartree", "MAE (hartree)", "HOMO (hartree)"),
        ("homo", None, "MAE of HOMO", "HOMO"),
        (None, None, "MAE of HOMO", "HOMO"),
    ],
)
def test_a_file_of_ones_own_says_property_and_unit_and_never_ev(name, unit, error, axis):
    about = quantity.of_runs(own(property_key=name, unit=unit))
    assert (about.error, about.axis) == (error, axis)
    assert about.noise(0.05) == "0.05 times the variance of the labels"
    assert about.prior_mean == "the mean of the training labels"
    assert not any("eV" in str(fact) and unit != "meV" for fact in about.facts().values())
    assert quantity.of_labels(config(property_key=name, unit=unit), np.arange(3.0)).axis == axis


@pytest.mark.parametrize(
    ("factor", "shown"),
    [(1.0, "0.335"), (1 / 27.211386, "0.0123"), (8065.5, "2699"), (1e-10, "3.35e-11")],
)
def test_an_error_has_three_significant_digits_in_any_unit(factor, shown):
    records = own(factor)
    assert quantity.of_runs(records).number(factor * 0.33467) == shown


def test_a_label_has_the_decimals_of_the_spread_of_all():
    y = np.array([-0.31, -0.30, -0.29])
    about = quantity.of_labels(config(property_key="homo", unit="hartree"), y)
    assert about.range(Range(low=-0.300128)) == "above -0.30013 hartree"
    assert about.range(Range(high=-0.3)) == "up to -0.30000 hartree"
    assert about.range(Range(-0.31, -0.3)) == "-0.31000 to -0.30000 hartree"
    assert quantity.of_labels(RunConfig("organics", A), y).text(-9.3333) == "-9.33 eV"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (highest(0.3), "the highest 30 %"),
        (lowest(0.05), "the lowest 5 %"),
        (above(2.5), "gap above 2.5 meV"),
        (below(2.5), "gap up to 2.5 meV"),
    ],
)
def test_what_is_sought_in_words(target, said):
    assert quantity.sought(config(target=target, property_key="gap", unit="meV")) == said


def test_numbers_of_equal_labels_are_still_written():
    assert quantity.decimals_of([0.0, np.nan]) == 3
