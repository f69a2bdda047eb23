"""The numbers stay: every strategy, and what a small pool does not reach, against tracked values.

A difference beyond the tolerances that records are verified with means that the numbers have
changed. Either that was a mistake, or it was meant: then raise `NUMERICS_VERSION`, say in its
history what changed, make the records anew, and write these values with
``python tests/test_golden.py``.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.build import molecule

from alutils import loop
from alutils.acquisition.strategies import STRATEGIES
from alutils.acquisition.target import SHARE, Range, Target, above, lowest
from alutils.analysis import overlap
from alutils.data.datasets import MoleculeDataset
from alutils.descriptors import DEFAULTS
from alutils.descriptors.axes import principal_components
from alutils.descriptors.many_body import species_of, write_descriptor
from alutils.loop import RunConfig
from alutils.model.gp import GaussianProcess
from alutils.runs.records import TIMINGS
from alutils.runs.verification import ABSOLUTE, RELATIVE

TRACKED = Path(__file__).with_name("golden") / "numerics.json"
SIZES = dict(n_init=20, n_const=20, n_max=100, n_test=50, noise_var=0.01)
FAILURE = (
    "the numbers have changed: mend the code, or raise NUMERICS_VERSION and make the records anew"
)


def points(n, d=10, seed=11):
    """Descriptors with a falling spectrum and labels that they explain, (n, d) and (n,) eV."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d)) * np.geomspace(400, 5, d)
    return X - X.mean(axis=0), -6 + np.tanh(X[:, 0] / 300) + 0.05 * rng.normal(size=n)


def run(config):
    X, y = points(300)
    found = list(loop.steps(config, MoleculeDataset("toy", y, X=X), X))
    rows = [{k: v for k, v in step.row.items() if k not in TIMINGS} for step in found]
    return {"rows": rows, "batches": [step.batch for step in found[:-1]]}


def fit(n, **options):
    X, y = points(n)
    model = GaussianProcess(random_state=3, **options).fit(X, y)
    mu, sigma = model.predict(points(5, seed=12)[0], return_std=True)
    names = ("signal_var", "length_scale", "log_marginal_likelihood", "noise_var_used")
    values = {name: float(getattr(model, f"{name}_")) for name in names}
    return values | {"mu": mu.tolist(), "sigma": sigma.tolist(), "bound": list(model.at_bound_)}


def axes():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 20)) @ rng.normal(size=(20, 450)) * np.geomspace(1, 1e-4, 450)
    F = principal_components(X, 1e-10)
    return {"shape": F.shape, "entries": F[:3, :6].ravel().tolist(), "norms": (F**2).sum(0)}


def mbtr(tmp_path):
    names = ("H2O", "CH4", "CH3CH2OH", "NH3", "C2H2")
    pool = MoleculeDataset("five", np.arange(5.0), molecules=[molecule(name) for name in names])
    species = species_of("five", pool.molecules, DEFAULTS)
    path = tmp_path / "X.npy"
    write_descriptor(path, pool.molecules, DEFAULTS, species)
    X = np.load(path).astype(float)
    return {"shape": X.shape, "sums": X.sum(1), "squares": (X**2).sum(1), "columns": X[2, ::97]}


def probe():
    X, y = points(80)
    targets = [Range(-5.5), Range(-6.2, -5.8)]
    frame = overlap.probe(
        X, y, targets, GaussianProcess(0.01, random_state=0), overlap.Plan(300, 20, 100)
    )
    return frame.drop(columns=["target"]).to_dict("list")


CASES = {
    **{f"strategy {name}": lambda name=name: run(RunConfig("toy", name, **SIZES, seed=4))
       for name in STRATEGIES},
    "window": lambda: run(RunConfig("toy", "most_probable", **SIZES,
                                    target=Target(0.4, 0.6, SHARE))),
    "lower tail": lambda: run(RunConfig("toy", "property_search", **SIZES, target=lowest(0.2))),
    "threshold": lambda: run(RunConfig("toy", "property_search", "constant", **SIZES,
                                       target=above(-5.4))),
    "normalize_y": lambda: run(RunConfig("toy", "random", **SIZES, normalize_y=True)),
    "ladder of subsets": lambda: fit(1100),
    "likelihood subset": lambda: fit(900, restart_subset=100, likelihood_subset=400),
    "tiny noise": lambda: fit(120, noise_var=1e-10),
    "principal axes": axes,
    "probe": probe,
}  # fmt: skip


def differences(was, now, name="", where=""):
    """What differs between two nested values beyond the tolerances of `alutils.runs.records`."""
    if isinstance(was, dict):
        return [d for key in was for d in differences(was[key], now[key], key, f"{where} {key}")]
    if isinstance(was, list) and was and isinstance(was[0], dict | list):
        pairs = zip(was, now, strict=True)
        return [
            d for i, (a, b) in enumerate(pairs) for d in differences(a, b, name, f"{where} {i}")
        ]
    if name in ("batches", "shape", "bound", "n_found", "iteration", "strategy", "at_bound"):
        return [] if was == now else [f"{where}: {was} was, {now} is"]
    was, now = (np.asarray(value, float) for value in (was, now))
    allowed = ABSOLUTE.get(name, 0) + RELATIVE.get(name, 1e-4) * np.abs(was)
    good = (np.abs(was - now) <= allowed) | (np.isnan(was) & np.isnan(now))
    return [] if good.all() else [f"{where}: {was} was, {now} is"]


def plain(value):
    """As JSON keeps it, None for NaN."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if value != value else value


@pytest.mark.parametrize("case", CASES)
def test_numbers_are_those_of_this_version(case):
    tracked = json.loads(TRACKED.read_text("utf8"))
    found = differences(tracked[case], plain(CASES[case]()))
    assert not found, f"{FAILURE}\n" + "\n".join(found[:5])


def test_the_descriptor_is_that_of_this_version(tmp_path):
    tracked = json.loads(TRACKED.read_text("utf8"))
    found = differences(tracked["mbtr"], plain(mbtr(tmp_path)))
    assert not found, f"{FAILURE}\n" + "\n".join(found[:5])


def test_every_strategy_has_tracked_values():
    assert {f"strategy {name}" for name in STRATEGIES} <= set(json.loads(TRACKED.read_text("utf8")))


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        values = {name: case() for name, case in CASES.items()} | {"mbtr": mbtr(Path(folder))}
    TRACKED.write_text(json.dumps(plain(values), indent=1, sort_keys=True) + "\n", "utf8")
