"""GFN2-xTB as the labeller of a campaign: an example, and a live search from end to end.

Needs the extra `xtb` (rdkit, tblite): without it the import says so.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from alutils.campaign.campaign import ask, take
from alutils.campaign.folder import FAILED, read
from alutils.campaign.state import State
from alutils.data.pools.chemistry import frontier
from alutils.storage.processes import WorkerPool


def label_with_xtb(folder: str | Path, jobs: int = 2, chunk: int = 40) -> int:
    """Label the waiting molecules with GFN2-xTB, and give the campaign `chunk` results at a time.

    folder : of the campaign;  jobs : processes

    Returns
    -------
    int, results, failures included
    """
    state = read(folder)
    pool, waiting = state.pool, state.waiting
    with WorkerPool(jobs) as executor:
        for first in range(0, len(waiting), chunk):
            tasks = [
                (k, pool.molecules.take([k]), int(pool.charges[k]))
                for k in waiting[first : first + chunk]
            ]
            done = executor.map(_xtb_homo, tasks)
            take(folder, [(pool.ids[k], value) for k, value in done])
    return len(waiting)


def _xtb_homo(task):
    """Position and HOMO level in eV, or "failed"."""
    k, molecules, charge = task
    try:
        (atoms,) = molecules
        with threadpool_limits(1):
            return k, round(frontier(atoms.numbers, atoms.positions, charge)[0], 6)
    except Exception:  # whatever stops one calculation, those of the others go on
        return k, FAILED


def search_live(folder: str | Path, n_found: int, report: Callable[[str], object] = print) -> State:
    """Query and label with GFN2-xTB until `n_found` molecules lie in the target.

    folder : of the campaign;  report : called with one line after each batch

    Raises
    ------
    ValueError
        Without a target, or when the pool is exhausted before.
    """
    state = read(folder)
    sought = state.settings.target
    if sought is None:
        raise ValueError("a search needs a target: start the campaign with one")
    while (state.n_found or 0) < n_found:
        ask(folder)
        label_with_xtb(folder)
        state = read(folder)
        report(
            f"batch {len(state.batches) - 1}: {len(state.labels)} labels, "
            f"{state.n_found} {sought.text(state.settings.unit)}"
        )
    return state
