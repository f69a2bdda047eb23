"""The probe of a page of advice: the first batch of a search, or all labels of a reader's file."""

from __future__ import annotations

from pathlib import Path

from alutils.analysis import advice
from alutils.analysis.overlap import Plan
from alutils.data.columns import read_columns
from alutils.data.datasets import reading_options
from alutils.descriptors import features, n_bits
from alutils.loop import RunConfig
from alutils.report import advice_tables, tables
from alutils.report.fits import fits_text
from alutils.report.parameters import reading_of, run_configs, target_of
from alutils.runs.records import load_once

NOTHING_TO_RUN = "All labels of the file are the probe: no search can be run that shows its worth."


def probe_of(p):
    """A run and its probe, from the parameters of the page.

    Where `n_pool` says how large the pool is of which the file has the labels so far, all of these
    are the probe.

    Parameters
    ----------
    p : result of `alutils.report.parameters.check_parameters`, with n_pool, an int or None

    Returns
    -------
    config : RunConfig;  probed : `alutils.analysis.advice.Probed`

    Raises
    ------
    ValueError : as by `run_configs`; an n_init that is not the number of labels, an n_max that is
        not above it, or is above n_pool.
    """
    if p.n_pool is None:
        (config,) = run_configs(p, strategy=["random"], n_const=[p.n_init])
        return config, advice.draw(config)
    reading = reading_of(vars(p))
    pool = load_once(p.dataset, reading)
    n = len(pool)
    if p.n_init != n:
        raise ValueError(f"n_init={p.n_init}: with n_pool all {n} labels are the probe; give {n}")
    if not n < p.n_max <= p.n_pool:
        raise ValueError(
            f"n_max={p.n_max} must lie between {n + 1}, one more than there are labels, and "
            f"{p.n_pool}, the pool"
        )
    own = {"reading": reading, "prior": "data"} if reading else {}
    config = RunConfig(
        p.dataset,
        "random",
        target=target_of(vars(p)),
        descriptor=p.descriptor,
        n_init=n,
        n_const=n,
        n_max=p.n_max,
        seed=p.seed,
        **own,
    )
    plan = Plan(p.n_pool, n, p.n_max)
    X, bits = _points(pool, config)
    return config, advice.Probed(X, pool.y, config.range_in(pool.y), plan, config.prior, bits)


def _points(pool, config):
    """X of all molecules, and how many of its columns are bits.

    Columns of a table are taken in full precision and as they are, as by the page in a browser.
    """
    if "columns" in pool.info:
        path = Path(config.dataset).expanduser()
        return read_columns(path, **reading_options(config.reading))["X"], 0
    return features(pool, descriptor=config.descriptor), n_bits(pool, config.descriptor)


def outcome(table, runs):
    """What the advice was worth as a table, and a sentence on the fits; runs : None for none."""
    if runs is None:
        print(NOTHING_TO_RUN)
        return None, ""
    print(tables.stale_text(runs))
    return advice_tables.outcome_table(table, advice.realised(runs)), fits_text(runs)
