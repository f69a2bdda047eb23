"""Distances between fingerprints: Tanimoto's, by brute force, and what a kernel must be."""

import numpy as np
import pytest

from alutils.model.kernel import CHUNK, rbf, squared_distances

N_BITS = 300


def bits(n, seed=0, share=0.05):
    return (np.random.default_rng(seed).random((n, N_BITS)) < share).astype(np.uint8)


def tanimoto(a, b):
    """Of two sets of bits, by their definition."""
    a, b = set(np.flatnonzero(a)), set(np.flatnonzero(b))
    return len(a & b) / len(a | b) if a | b else 1.0


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float32, np.float64])
def test_bits_are_compared_by_tanimoto(dtype):
    A, B = bits(30), bits(17, seed=1)
    A[3] = B[5] = 0  # molecules without any bit
    expected = [[2 * (1 - tanimoto(a, b)) for b in B] for a in A]
    found = squared_distances(A.astype(dtype), B.astype(dtype), N_BITS)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)
    assert found[3, 5] == 0 and found[3, 0] == 2 and found.flags.f_contiguous


def test_plain_columns_and_bits_add():
    rng = np.random.default_rng(0)
    P, Q = rng.normal(size=(40, 6)), rng.normal(size=(9, 6))
    A, B = np.hstack([P, bits(40)]), np.hstack([Q, bits(9, 1)])
    parts = squared_distances(P, Q) + squared_distances(A[:, 6:], B[:, 6:], N_BITS)
    np.testing.assert_allclose(squared_distances(A, B, N_BITS), parts, rtol=1e-14)
    alone = squared_distances(A, n_bits=N_BITS)
    np.testing.assert_allclose(alone, squared_distances(A, A, N_BITS), atol=1e-13)
    np.testing.assert_allclose(alone, alone.T, atol=1e-13)


def test_plain_columns_alone_are_as_without_bits():
    A = np.random.default_rng(0).normal(size=(50, 8))
    by_hand = -2.0 * (A @ A.T) + (A * A).sum(axis=1)[:, None] + (A * A).sum(axis=1)
    np.testing.assert_allclose(squared_distances(A, n_bits=0), by_hand, atol=1e-13)
    assert np.array_equal(squared_distances(A), squared_distances(A, None, 0))


def test_duplicates_are_at_distance_zero_exactly():
    A = np.repeat(bits(10), 2, axis=0)
    D2 = squared_distances(A, n_bits=N_BITS)
    assert (np.diagonal(D2) == 0).all() and (D2[::2, 1::2].diagonal() == 0).all()
    assert (D2[0, 2:] > 0).all() and D2.max() <= 2


def test_chunks_do_not_show():
    A, B = bits(5), bits(CHUNK + 3, seed=1)
    whole = squared_distances(A, B, N_BITS)
    assert np.array_equal(whole[:, -4:], squared_distances(A, B[-4:], N_BITS))


@pytest.mark.parametrize("n_plain", [0, 3])
@pytest.mark.parametrize("share", [0.005, 0.05, 0.5])
@pytest.mark.parametrize("length_scale", [0.1, 1.0, 30.0])
def test_the_rbf_of_them_is_positive_semidefinite(n_plain, share, length_scale):
    A = np.vstack([bits(140, share=share), bits(10, share=share)])  # ten of them twice
    A = np.hstack([np.random.default_rng(1).normal(size=(150, n_plain)), A])
    eigenvalues = np.linalg.eigvalsh(rbf(squared_distances(A, n_bits=N_BITS), 1.0, length_scale))
    assert eigenvalues.min() > -1e-13 * eigenvalues.max()


def test_an_order_of_rows_or_bits_does_not_matter():
    rng = np.random.default_rng(2)
    A, rows, columns = bits(60), rng.permutation(60), rng.permutation(N_BITS)
    D2 = squared_distances(A, n_bits=N_BITS)
    moved = squared_distances(A[np.ix_(rows, columns)], n_bits=N_BITS)
    assert np.array_equal(moved, D2[np.ix_(rows, rows)])
