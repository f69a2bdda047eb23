"""Task 1 on test sets that lie away from the pool on purpose (the paper's "test-set engineering").

The test molecules are ranked by how remote they are, and the error is read on the most remote part
of them: the models stay those of the recorded runs, only the test set changes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alutils.analysis.overlap import NEIGHBOURS
from alutils.data.datasets import load
from alutils.descriptors import features, n_bits
from alutils.loop import split
from alutils.model.gp import GaussianProcess
from alutils.model.kernel import squared_distances
from alutils.model.scale import scale_of
from alutils.runs.store import find

SHARES = (100, 50, 20, 10, 5)  # % of the test molecules, the most remote ones


def shifted_errors(configs, shares=SHARES):
    """Error of recorded runs on ever more remote test molecules, and its difference from A's.

    Parameters
    ----------
    configs : RunConfigs that have a tracked record, random sampling among them;  shares : %

    Returns
    -------
    frame: dataset, strategy, seed, remote_share (%), mae_ev, difference (from A of the same seed,
        as a share of A's mean at that pool and remote_share)

    Raises
    ------
    ValueError
        For a run without a tracked record.
    """
    rows, farthest = [], {}
    for config in configs:
        record = find(config)
        if record is None:
            raise ValueError(
                f"{config.dataset}, {config.strategy}, seed {config.seed}: no tracked record, "
                "whose picks are needed here"
            )
        dataset = load(config.dataset)
        X = features(dataset, descriptor=config.descriptor)
        bits = n_bits(dataset, config.descriptor)
        test_idx, train_idx, _ = split(config, len(dataset))
        of_test = (config.dataset, config.seed)
        if of_test not in farthest:
            farthest[of_test] = np.argsort(-remoteness(X, test_idx, n_bits=bits), kind="stable")
        errors = errors_on_test(record, X, dataset.y, test_idx, train_idx, bits)
        errors = errors[farthest[of_test]]
        for share in shares:
            key = (config.dataset, config.strategy, config.seed, share)
            rows.append((*key, errors[: max(1, len(errors) * share // 100)].mean()))
    frame = pd.DataFrame(rows, columns=["dataset", "strategy", "seed", "remote_share", "mae_ev"])
    of_random = frame[frame["strategy"] == "random"].drop(columns="strategy")
    frame = frame.merge(of_random, on=["dataset", "seed", "remote_share"], suffixes=("", "_a"))
    mean = frame.groupby(["dataset", "remote_share"])["mae_ev_a"].transform("mean")
    return frame.assign(difference=(frame["mae_ev"] - frame["mae_ev_a"]) / mean)


def errors_on_test(record, X, y, test_idx, train_idx, n_bits=0):
    """Absolute errors of a record's last model on its test molecules, by its own kernel.

    Parameters
    ----------
    record : dict, as of `alutils.runs.records.find`
    X, y : (n, d) features and (n,) labels of the whole data set
    test_idx, train_idx : (n_test,), (n_init,) of `alutils.loop.split`
    n_bits : how many of the last columns of X are bits

    Returns
    -------
    (n_test,) in the unit of y
    """
    row, config = record["rows"][-1], record["config"]
    train = np.concatenate([train_idx, *map(np.asarray, record["batches"])]).astype(int)
    scale = scale_of(y[train], config.get("prior", "paper"))
    # The record has its variances in the label's unit, the model takes them in that of the fit.
    unit = y[train].var() if config["normalize_y"] else scale.std**2
    variances = row["signal_var"] / unit, row["noise_var_used"] / unit
    model = GaussianProcess(normalize_y=config["normalize_y"], n_bits=n_bits).condition(
        X[train], scale.to_z(y[train]), variances[0], row["length_scale"], variances[1]
    )
    return np.abs(scale.from_z(model.predict(X[test_idx])) - y[test_idx])


def remoteness(X, rows, n_neighbours=NEIGHBOURS, n_bits=0):
    """Root mean square distance of some molecules to their nearest neighbours in the whole set.

    Parameters
    ----------
    X : (n, d) descriptors, the last `n_bits` columns bits;  rows : (m,) indices

    Returns
    -------
    (m,) in descriptor units
    """
    D2 = squared_distances(X[rows], X, n_bits)
    nearest = np.partition(D2, n_neighbours, axis=1)[:, : n_neighbours + 1]  # one is itself
    return np.sqrt(nearest.sum(axis=1) / n_neighbours)
