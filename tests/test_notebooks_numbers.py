"""The numbers of each notebook's default run, against tracked ones within tolerances.

A single pick that falls otherwise on another processor stays within them. Beyond them, the numbers
have changed: mend the code, or, where it was meant, write the values anew with
``python tests/test_notebooks_numbers.py``.
"""

import json
from pathlib import Path

import myst_nb
import nbformat
import numpy as np
import pandas as pd
import pytest

from alutils.report.tables import stale_text
from book.builder.pages import ROOT

TRACKED = Path(__file__).with_name("golden") / "notebooks"
NAMES = sorted(path.stem for path in TRACKED.glob("*.json"))
DIGITS = 6


def read(name):
    """Name in the notebook -> columns that say which row it is, tolerance by column, rows."""
    return json.loads((TRACKED / f"{name}.json").read_text("utf8"))


def computed(name, wanted):
    """Frames that the notebook's cells leave under the wanted names, with its default parameters.

    The cells run until all are there, without those that draw.
    """
    cells = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4).cells
    namespace = {}
    for cell in cells:
        if cell.cell_type == "code" and "remove-output" not in cell.metadata.get("tags", []):
            exec(cell.source, namespace)
        if set(wanted) <= set(namespace):
            break
    found = {part: namespace[part] for part in wanted}
    return {
        part: pd.DataFrame([frame]) if isinstance(frame, dict) else frame.reset_index()
        for part, frame in found.items()
    }


def differences(frame, keys, tolerance, rows):
    """What is beyond the tolerance, one line each: which row, column, value that was and is.

    Parameters
    ----------
    frame : what was computed
    keys : columns that say which row it is
    tolerance : column -> largest difference, in the column's unit (eV for errors, 1 for shares)
    rows : tracked values of the keys and of the columns of `tolerance`
    """
    tracked = pd.DataFrame(rows, columns=[*keys, *tolerance])
    assert len(tracked) == len(frame), f"{len(frame)} rows, tracked are {len(tracked)}"
    found = []
    for (_, was), is_ in zip(tracked.iterrows(), align(frame, tracked, keys), strict=True):
        for column, limit in tolerance.items():
            pair = np.array([was[column], is_[column]], dtype=float)
            if not np.isclose(*pair, rtol=0, atol=limit, equal_nan=True):
                row = ", ".join(f"{key} {was[key]}" for key in keys)
                found.append(f"{row}: {column} was {pair[0]:.4f}, is {pair[1]:.4f}")
    return found


def align(frame, tracked, keys):
    """Rows of the frame in the order of the tracked ones; AssertionError if one has no partner."""
    if not keys:
        return frame.to_dict("records")
    merged = tracked[keys].merge(frame, on=keys, how="left", validate="one_to_one", indicator=True)
    lost = merged.loc[merged["_merge"] == "left_only", keys]
    assert lost.empty, f"tracked, and not run any more:\n{lost}"
    return merged.to_dict("records")


@pytest.fixture(autouse=True)
def nothing_is_shown(monkeypatch):
    monkeypatch.setattr(myst_nb, "glue", lambda name, value, display=True: value)


@pytest.mark.parametrize("name", NAMES)
def test_the_default_run_has_its_tracked_numbers(name):
    tracked = read(name)
    found = [
        f"{part}: {line}"
        for part, frame in computed(name, tracked).items()
        for line in differences(frame, **tracked[part])
    ]
    assert not found, "\n".join(found)


ROWS = [["random", 0, 50, 0.4], ["random", 0, 100, None]]
EXPECTED = {"keys": ["strategy", "seed", "n_train"], "tolerance": {"mae_ev": 0.005}, "rows": ROWS}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([0.4049, np.nan], []),
        ([0.406, np.nan], ["strategy random, seed 0, n_train 50: mae_ev was 0.4000, is 0.4060"]),
        ([0.4, 0.3], ["strategy random, seed 0, n_train 100: mae_ev was nan, is 0.3000"]),
    ],
)
def test_a_number_outside_is_named(values, said):
    frame = pd.DataFrame({"strategy": "random", "seed": 0, "n_train": [50, 100], "mae_ev": values})
    assert differences(frame, **EXPECTED) == said


def test_a_row_that_is_not_run_any_more_is_named():
    frame = pd.DataFrame(ROWS, columns=["strategy", "seed", "n_train", "mae_ev"])
    with pytest.raises(AssertionError, match="not run any more"):
        differences(frame.replace({"n_train": {100: 200}}), **EXPECTED)
    with pytest.raises(AssertionError, match="1 rows, tracked are 2"):
        differences(frame.head(1), **EXPECTED)


def test_stale_runs_are_counted():
    run = {"dataset": "organics", "strategy": "random", "scheme": "pow", "n_const": 50}
    run |= {"n_max": 100, "noise_var": 0.05, "seed": 0, "stale": False}
    fresh, stale = pd.DataFrame([run, run]), pd.DataFrame([run | {"seed": 1, "stale": True}])
    assert stale_text(fresh) == "1 of 1 runs were made by this version of the numerics."
    text = "1 of 2 runs were made by this version of the numerics, the others by an earlier one."
    assert stale_text(pd.concat([fresh, stale])) == text


def write(name):
    """Track the numbers that the notebook computes now; keys and tolerances stay."""
    frames = []
    tracked = read(name)
    for part, frame in computed(name, tracked).items():
        keys, tolerance = tracked[part]["keys"], tracked[part]["tolerance"]
        rows = frame[[*keys, *tolerance]].round(dict.fromkeys(tolerance, DIGITS)).astype(object)
        rows = rows.where(rows.notna(), None).to_numpy().tolist()
        frames.append(
            f'"{part}": {{\n"keys": {json.dumps(keys)},\n"tolerance": {json.dumps(tolerance)},\n'
            '"rows": [\n' + ",\n".join(map(json.dumps, rows)) + "\n]}"
        )
    (TRACKED / f"{name}.json").write_text("{" + ",\n".join(frames) + "}\n", "utf8")


if __name__ == "__main__":
    myst_nb.glue = lambda name, value, display=True: value
    for name in NAMES:
        write(name)
