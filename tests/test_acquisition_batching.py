"""Batch schemes."""

import pytest

from alutils.acquisition.batching import SCHEMES, batch_sizes


def test_pow_is_the_authors_series():
    assert batch_sizes("pow", 1000, 1000, 32000) == [1000, 2000, 4000, 8000, 16000]


def test_last_batch_is_cut():
    assert batch_sizes("pow", 100, 100, 500) == [100, 200, 100]
    assert batch_sizes("constant", 100, 150, 500) == [150, 150, 100]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("n_max", [10, 11, 57, 1000])
def test_sizes_sum_to_n_max(scheme, n_max):
    sizes = batch_sizes(scheme, 10, 7, n_max)
    assert 10 + sum(sizes) == n_max and all(size > 0 for size in sizes)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("linear", 10, 10, 100), "linear"),
        (("pow", 0, 10, 100), "n_init=0"),
        (("pow", 10, 0, 100), "n_const=0"),
        (("pow", 10, 10, 9), "n_max=9"),
    ],
)
def test_bad_sizes_are_refused(arguments, named):
    with pytest.raises(ValueError, match=named):
        batch_sizes(*arguments)
