"""The data beneath each figure of the book are what its drawing shows.

One affine map for each axis of a panel takes the numbers, or their logarithms, to the drawing: the
numbers in the CSV were read from the figure, the places in the SVG were drawn by matplotlib.
"""

import re

import numpy as np
import pandas as pd
import pytest

from book.builder.pages import ROOT

DATA = sorted((ROOT / "book/experiments/files").glob("*/*.csv"))
CLOSE = 0.05  # points, that is a seventieth of a millimetre; the data have six digits
THINNED = 0.5  # points: matplotlib leaves out what a long line does not need


@pytest.mark.parametrize("csv", DATA, ids=lambda path: path.stem)
def test_the_offered_data_are_what_the_figure_shows(csv):
    data = pd.read_csv(csv)
    drawing = csv.with_suffix(".svg").read_text("utf8")
    drawn = data["kind"].isin(["line", "bar"])
    panels = data["mark"].str.extract(r"(panel\d+)", expand=False)
    compared = sum(compare(rows, drawing) for _, rows in data[drawn].groupby(panels[drawn]))
    assert compared or not drawn.any()


def compare(rows, drawing):
    """Compare the lines and bars of a panel with the drawing; returns the number of points."""
    kinds = ("x", "y", "width", "height")
    values, places, thinned = {name: [] for name in kinds}, {name: [] for name in kinds}, []
    for mark, group in rows.groupby("mark"):
        if group["kind"].iloc[0] == "bar":
            for number, bar in enumerate(group.to_dict("records"), 1):
                corners = path_of(drawing, f"{mark}-{number}")
                for axis, (name, extent) in enumerate(zip("xy", ("width", "height"), strict=True)):
                    low, high = bar[f"{name}_low"], bar[f"{name}_high"]
                    ends = corners[:, axis].min(), corners[:, axis].max()
                    values[name].append((low + high) / 2)
                    places[name].append(sum(ends) / 2)
                    values[extent].append(high - low)
                    places[extent].append(ends[1] - ends[0])
            continue
        path = path_of(drawing, mark)
        if len(path) == len(group):
            for axis, name in enumerate("xy"):
                values[name] += group[name].tolist()
                places[name] += path[:, axis].tolist()
        else:
            thinned.append((group[["x", "y"]].to_numpy(), path))
    for name in kinds:
        if values[name]:
            assert misfit(np.array(values[name]), np.array(places[name])) < CLOSE, name
    for line, path in thinned:
        assert thinned_misfit(line, path) < THINNED
    return len(values["x"]) + sum(len(line) for line, _ in thinned)


def path_of(drawing, mark):
    """(n, 2) points, in the drawing's units, of the first path in the group of a mark."""
    group = drawing[drawing.index(f'<g id="{mark}">') :]
    path = re.search(r'<path d="([^"]+)"', group)[1]
    return np.array([[float(v) for v in p] for p in re.findall(r"([\d.-]+) ([\d.-]+)", path)])


def misfit(values, places):
    """Largest distance (points) from the best affine map of the values, or of their logarithms."""
    scales = [values] + ([np.log(values)] if (values > 0).all() else [])
    best = []
    for scaled in scales:
        design = np.column_stack([scaled, np.ones(len(scaled))])
        best.append(np.abs(design @ np.linalg.lstsq(design, places)[0] - places).max())
    return min(best)


def thinned_misfit(line, path):
    """Largest distance (points) of what a thinned line keeps in the drawing from its data."""
    x = np.polyval(np.polyfit(line[[0, -1], 0], path[[0, -1], 0], 1), line[:, 0])
    ends = [line[:, 1].min(), line[:, 1].max()]
    y = np.polyval(np.polyfit(ends, [path[:, 1].max(), path[:, 1].min()], 1), line[:, 1])
    return np.abs(np.interp(path[:, 0], x, y) - path[:, 1]).max()


def test_a_changed_number_is_noticed():
    values = np.array([1.0, 2.0, 4.0, 8.0])
    places = 30 * np.log(values) + 7
    assert misfit(values, places) < CLOSE
    assert misfit(values * [1, 1, 1.01, 1], places) > CLOSE
