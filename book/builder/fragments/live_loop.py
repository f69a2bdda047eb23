"""The data behind the live figure of "Where the strategies pick": a pool small enough for a page.

Six hundred molecules of an embedded pool, a third of them for the test, as a script that assigns
one global: a page that is opened from a folder may load nothing else. The loop itself runs in the
page (book/_static/live/loop.js).
"""

import base64
import json
from pathlib import Path

import numpy as np

from alutils.acquisition.strategies import PAPER
from alutils.data.datasets import load
from alutils.descriptors import features
from alutils.descriptors.axes import principal_components
from alutils.loop import PAPERS_TARGET, RunConfig
from alutils.storage.files import write_text
from book.builder.fragments.explorer import strategy_look

PREFIX, SUFFIX = "window.ALUTILS_LIVE_LOOP = ", ";\n"
SCRIPT = Path("book", "experiments", "static", "live_loop_data.js")
POOL, N_POOL, N_TEST = "organics", 400, 200
DRAW_SEED = 0  # of which molecules of the pool these are
N_AXES = 80  # with fewer the error rises, with more it does not fall
STRATEGIES = (*PAPER, "most_probable")
SETTINGS = {
    "n_init": 20,
    "n_max": 200,
    "n_seeds": 10,  # runs behind a band
    "batch_sizes": [10, 20, 40],
    "noise_vars": [1e-10, 0.001, 0.01, 0.05, 0.3],  # eV^2, of those on the page about noise
    "first": {"strategy": "property_search", "noise_var": 0.05, "batch_size": 20, "seed": 0},
}


def drawn(n, n_pool=N_POOL, n_test=N_TEST, seed=DRAW_SEED):
    """(n_pool + n_test,) indices of n molecules, drawn at random; the test set stands last."""
    return np.random.default_rng(seed).permutation(n)[: n_pool + n_test]


def packed(Z):
    """Descriptors as bytes.

    Parameters
    ----------
    Z : (n, d) descriptors, centred, none of the columns zero

    Returns
    -------
    steps : (d,) descriptor units, a 127th of the largest magnitude of each column, six digits
    text : base64 of (n, d) signed bytes, row by row: Z is nearly bytes times steps
    """
    steps = np.array([float(f"{step:.6g}") for step in np.abs(Z).max(axis=0) / 127])
    values = np.clip(np.rint(Z / steps), -127, 127).astype(np.int8)
    return steps, base64.b64encode(values.tobytes()).decode("ascii")


def unpacked(steps, text):
    """(n, d) descriptors, float64, as the page computes with them; arguments as of `packed`."""
    values = np.frombuffer(base64.b64decode(text), np.int8)
    return values.reshape(-1, len(steps)) * np.asarray(steps)


def loop_data(dataset, X, n_pool=N_POOL, n_test=N_TEST, n_axes=N_AXES):
    """What the page needs, from a data set with geometries.

    Parameters
    ----------
    dataset : MoleculeDataset of n molecules
    X : (n, d) its `alutils.descriptors.features`
    n_pool, n_test, n_axes : molecules of pool and test set, principal axes that are kept

    Returns
    -------
    dict that JSON can hold: labels y in eV, to four decimals, `steps` and `x` as of `packed`,
    formulas, the threshold of the target among the pool's labels, `explained`, the shares of the
    variance of the first two axes and of all that are kept, the strategies' looks, and `SETTINGS`

    Raises
    ------
    ValueError
        For fewer molecules than both sets need.
    """
    if len(dataset) < n_pool + n_test:
        raise ValueError(
            f"{dataset.name!r} has {len(dataset)} molecules, the live figure needs "
            f"{n_pool + n_test}: lower n_pool or n_test"
        )
    rows = drawn(len(dataset), n_pool, n_test)
    Z = principal_components(np.asarray(X)[rows], 1e-10)
    variances = Z.var(axis=0) / Z.var(axis=0).sum()
    explained = (*variances[:2], variances[:n_axes].sum())
    steps, text = packed(Z[:, :n_axes])
    y = np.round(dataset.y[rows], 4)
    config = RunConfig(dataset.name, STRATEGIES[0])
    return {
        "pool": dataset.name,
        "n_pool": n_pool,
        "n_test": n_test,
        "n_all": len(dataset),
        "y": y.tolist(),
        "steps": steps.tolist(),
        "x": text,
        "formulas": [dataset.molecules[int(row)].get_chemical_formula() for row in rows[:n_pool]],
        "target": {"share": PAPERS_TARGET.share, "low": config.range_in(y[:n_pool]).low},
        "explained": [round(float(share), 4) for share in explained],
        "strategies": [strategy_look(name) for name in STRATEGIES],
        **SETTINGS,
    }


def to_script(data):
    """The data as a script for the page."""
    return PREFIX + json.dumps(data, separators=(",", ":"), allow_nan=False) + SUFFIX


def write_script(root):
    """Write the data to `SCRIPT`, which Sphinx copies to the page's static files."""
    dataset = load(POOL)
    write_text(root / SCRIPT, to_script(loop_data(dataset, features(dataset))))
