"""Labels in another unit are seen; what a search or a skewed property brings is no other unit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alutils.campaign.units import PER_EV, other_unit

N_POOL = 4000


def normal(mean, std):
    return lambda rng: rng.normal(mean, std, N_POOL)


# Ordinary properties by their shape, each in its own unit.
SHAPES = {
    "HOMO, eV": normal(-6.5, 0.6),
    "HOMO, hartree": normal(-0.24, 0.022),
    "log S": normal(-3, 2),
    "log D": normal(2, 1.2),
    "pIC50": normal(6.5, 1.2),
    "redox potential, V": normal(0, 0.6),
    "redox potential of one sign, V": normal(2.3, 0.35),
    "wavelength, nm": lambda rng: rng.normal(420, 80, N_POOL).clip(250),
    "wavelength with outliers, nm": lambda rng: 400 + 40 * rng.standard_t(3, N_POOL),
    "percent near 100": lambda rng: 100 * rng.beta(5, 1, N_POOL),
    "percent near 0": lambda rng: 100 * rng.beta(1, 8, N_POOL),
    "percent between": lambda rng: 100 * rng.beta(6, 2, N_POOL),
    "yields, half of them zero": lambda rng: rng.uniform(-100, 100, N_POOL).clip(0).round(),
    "yields, most of them zero": lambda rng: rng.uniform(-900, 100, N_POOL).clip(0).round(),
    "gaps near zero": lambda rng: np.abs(rng.normal(2, 1, N_POOL)),
    "docking scores": lambda rng: -np.abs(rng.normal(7, 1.2, N_POOL)).round(1),
    "counts": lambda rng: rng.poisson(0.3, N_POOL).astype(float),
    "heavy tails": lambda rng: rng.standard_t(2, N_POOL),
    "exponential": lambda rng: rng.exponential(1, N_POOL),
    "rates, nine decades": lambda rng: np.exp(rng.normal(0, 4, N_POOL)),
    "skewed": lambda rng: np.exp(rng.normal(0, 1, N_POOL)),
    "very skewed": lambda rng: rng.gamma(0.3, 1, N_POOL),
}


def batch(y, rng, kind, n_before, n_new):
    """Labels of a batch, at random or the extremes that are left, and those before it."""
    y = rng.permutation(y)
    before, left = y[:n_before], np.sort(y[n_before:])
    if kind == "random":
        return rng.permutation(left)[:n_new], before
    if kind == "highest":
        left = left[::-1]
    return left[:n_new], before


@pytest.mark.parametrize("shape", SHAPES)
def test_no_ordinary_batch_is_suspected(shape):
    rng = np.random.default_rng(0)
    seen = []
    for _ in range(20):
        y = SHAPES[shape](rng)
        for kind in ("random", "highest", "lowest"):
            for n_before, n_new in ((50, 20), (50, 100), (300, 20), (300, 1)):
                new, before = batch(y, rng, kind, n_before, n_new)
                seen.append(other_unit(new, before))
    assert seen == [None] * len(seen)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    kind=st.sampled_from(("random", "highest", "lowest")),
    n_before=st.integers(20, 300),
    n_new=st.integers(1, 100),
    scale=st.sampled_from((1, -1, 1e-3, 1e3, 27.2114)),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_ordinary_batch_is_suspected_whatever_its_size_and_unit(
    shape, kind, n_before, n_new, scale, seed
):
    rng = np.random.default_rng(seed)
    new, before = batch(scale * SHAPES[shape](rng), rng, kind, n_before, n_new)
    assert other_unit(new, before) is None


@pytest.mark.parametrize("wrong", PER_EV)
@pytest.mark.parametrize("right", PER_EV)
def test_a_batch_in_another_unit_of_energy_is_seen_and_named(wrong, right):
    ratio = PER_EV[wrong] / PER_EV[right]
    rng = np.random.default_rng(1)
    for kind in ("random", "highest"):
        for _ in range(10):
            new, before = batch(rng.normal(-6.5, 0.4, 500), rng, kind, 100, 20)
            seen = other_unit(PER_EV[wrong] * new, PER_EV[right] * before, right)
            if wrong == right:
                assert seen is None
                continue
            assert seen.factor == pytest.approx(max(ratio, 1 / ratio))
            assert f"{wrong} in place of {right}" in seen.sentence and len(seen.rows) == 20


@pytest.mark.parametrize("factor", (27.2114, 23.0605, 96.485, 1000, 8065.5, 627.5, 2625.5, 4.184))
@pytest.mark.parametrize("up", (True, False))
def test_the_factor_is_named_where_nobody_said_the_unit(factor, up):
    rng = np.random.default_rng(2)
    y = rng.normal(-10.4, 0.5, 150)
    seen = other_unit(y[100:] * (factor if up else 1 / factor), y[:100])
    assert seen.factor == pytest.approx(factor, rel=1e-3)
    assert ("too large" if up else "too small") in seen.sentence
    assert f"{factor:.3g}" in f"{seen.factor:.3g}"


@pytest.mark.parametrize("rows", ([7], [0, 19], [1, 2, 3, 4, 5]))
@pytest.mark.parametrize("factor", (1 / 27.2114, 27.2114, 23.0605, 96.485, 1e3, 1e-3))
def test_some_wrong_labels_among_many_are_seen_by_row(rows, factor):
    rng = np.random.default_rng(3)
    y = rng.normal(-6.5, 0.4, 120)
    new = y[100:].copy()
    new[rows] = -6.5 * factor
    assert other_unit(new, y[:100]).rows == tuple(rows)
    assert other_unit(new[rows[:1]], y[:100]).rows == (0,)


def test_labels_of_both_signs_are_told_only_where_they_are_far_too_large():
    rng = np.random.default_rng(4)
    volts = rng.normal(0.1, 0.6, 150)
    seen = other_unit(1000 * volts[100:], volts[:100], "V")
    assert seen.factor == 1000 and "1000 times smaller than V" in seen.sentence
    assert other_unit(volts[100:] / 1000, volts[:100], "V") is None


def test_a_unit_that_is_no_energy_has_no_factor_of_energies():
    rng = np.random.default_rng(5)
    y = rng.normal(420, 20, 150)
    assert other_unit(y[100:] / 27.2114, y[:100], "nm") is None
    assert other_unit(y[100:] / 27.2114, y[:100]) is not None


@pytest.mark.parametrize("before", ([], [-6.5, -6.4], [-6.5] * 20, [np.nan] * 20))
def test_nothing_is_assumed_where_too_little_is_known(before):
    assert other_unit(np.full(10, -0.24), before) is None


def test_missing_labels_and_zeros_say_nothing():
    rng = np.random.default_rng(6)
    y = rng.normal(-6.5, 0.4, 120)
    new = np.concatenate([y[100:] / 27.2114, [np.nan, 0.0]])
    assert other_unit(new, y[:100]).rows == tuple(range(20))
    assert other_unit([np.nan, 0.0], y[:100]) is None
