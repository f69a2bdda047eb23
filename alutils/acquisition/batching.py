"""Batch schemes: how many molecules each active-learning iteration adds (Eqs. 1 and 2)."""

from __future__ import annotations

SCHEMES = ("pow", "constant")


def batch_sizes(scheme: str, n_init: int, n_const: int, n_max: int) -> list[int]:
    """Sizes of the batches that take the training set from n_init to n_max molecules.

    Parameters
    ----------
    scheme : "pow", N_b(t) = 2^t n_const, or "constant", N_b(t) = n_const
    n_init, n_const, n_max : int, molecules

    Returns
    -------
    list of int, which sums to n_max - n_init; the last batch is cut at n_max so that all schemes
    meet there.

    Raises
    ------
    ValueError
        For an unknown scheme, or sizes that leave no room for a batch.

    Notes
    -----
    The paper's Eq. 1 prints N_TR(t) = 2^t N_const + N_init, which is not the sum of its own
    batches; what was run, and is done here, adds 1, 2, 4, ... times N_const.
    """
    if scheme not in SCHEMES:
        raise ValueError(f"scheme={scheme!r} is unknown: choose one of {', '.join(SCHEMES)}")
    for name, value in (("n_init", n_init), ("n_const", n_const)):
        if value < 1:
            raise ValueError(f"{name}={value} must be 1 molecule or more")
    if n_max < n_init:
        raise ValueError(f"n_max={n_max} is below n_init={n_init}: raise n_max or lower n_init")
    sizes = []
    while (left := n_max - n_init - sum(sizes)) > 0:
        growth = 2 ** len(sizes) if scheme == "pow" else 1
        sizes.append(min(growth * n_const, left))
    return sizes


def sizes_that_fit(n):
    """What to give in place of sizes that n molecules are too few for."""
    step = 10 if n >= 200 else 1
    n_test, n_init = (int(share * n) // step * step for share in (0.2, 0.15))
    if n_init < 2:
        return "give more molecules"
    return f"n_test={n_test}, n_init={n_init}, n_const={n_init}, n_max={4 * n_init} fit"
