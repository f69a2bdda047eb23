"""The numbers behind a figure are what it shows: against the drawn data, and against its SVG."""

import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from alutils.report import figure_data, figures
from alutils.report.style import styled
from alutils.storage import usage_log


@pytest.fixture
def figure():
    fig, (top, bottom) = plt.subplots(2, 1, sharex=True)
    top.plot([1, 2, 4], [3, np.nan, 2], "-o", label="A")
    top.fill_between([1, 2, 4], [2, 0, 1], [4, 2, 3], alpha=0.2)
    top.axhline(1.5)
    top.axvspan(2, 3)
    top.errorbar([1, 2], [1, 2], yerr=[[0.1, 0.2], [0.3, 0.4]], label="B")
    top.set(xscale="log", ylabel="MAE\n(eV)")
    bottom.barh([0, 1], [2, 3], left=[1, 1], label="bars")
    bottom.scatter([1, 2], [0, 1])
    bottom.plot([2], [0.97], "X", transform=bottom.get_xaxis_transform())
    bottom.set_yticks([0, 1], ["first pool", "second pool"])
    bottom.set_xlabel("size $n$")
    plt.close(fig)
    return fig


def rows(frame, panel, kind):
    return frame[(frame["panel"] == panel) & (frame["kind"] == kind)].dropna(axis="columns")


def test_every_kind_of_mark_is_read_back(figure):
    frame = figure_data.drawn_data(figure)
    line = rows(frame, 1, "line")
    assert line[["x", "y"]].values.tolist() == [[1, 3], [4, 2]], "a gap is not plotted"
    assert set(line["series"]) == {"A"} and set(line["marker"]) == {"o"}
    band = rows(frame, 1, "band")
    assert band[["x", "y_low", "y_high"]].values.tolist() == [[1, 2, 4], [2, 0, 2], [4, 1, 3]]
    assert rows(frame, 1, "rule")["y"].tolist() == [1.5] and "x" not in rows(frame, 1, "rule")
    assert rows(frame, 1, "shade")[["x_low", "x_high"]].values.tolist() == [[2, 3]]
    bars = rows(frame, 1, "interval")
    assert bars[["x", "y", "y_low", "y_high"]].values.tolist() == [
        [1, 1, 0.9, 1.3],
        [2, 2, 1.8, 2.4],
    ]
    boxes = rows(frame, 2, "bar")[["x_low", "x_high", "y_low"]].values.tolist()
    assert boxes == [[1, 3, -0.4], [1, 4, 0.6]]
    cloud, edge = (group for _, group in rows(frame, 2, "points").groupby("mark", sort=False))
    assert frame.loc[edge.index, "y_name"].tolist() == ["first pool", "second pool"]
    assert frame.loc[cloud.index, "x"].tolist() == [2] and frame.loc[cloud.index, "y"].isna().all()


def test_quantities_are_the_axis_labels(figure):
    frame = figure_data.drawn_data(figure)
    assert set(frame["x_quantity"]) == {"size n"}, "the upper panel shares the axis"
    assert rows(frame, 1, "line")["y_quantity"].unique() == ["MAE (eV)"]


def test_what_it_cannot_read_is_refused_and_not_left_out():
    fig, ax = plt.subplots()
    ax.pcolormesh(np.zeros((2, 2)))
    plt.close(fig)
    with pytest.raises(TypeError, match="cannot read a QuadMesh"):
        figure_data.drawn_data(fig)


def test_the_data_are_where_the_svg_draws_them(figure):
    """One affine map per axis takes the numbers, or their logarithms, to the drawing."""
    frame = figure_data.drawn_data(figure)
    text = figure_data.svg(figure)
    drawn, data = {}, {}
    for mark, group in rows(frame, 1, "line").groupby("mark"):
        drawn[mark] = path_of(text, mark)
        data[mark] = np.column_stack([np.log10(group["x"]), group["y"]])
    band = rows(frame, 1, "band")
    edges = path_of(text, band["mark"].iloc[0])
    (line_path,), (line,) = drawn.values(), data.values()
    for axis, low, high in ((0, np.log10(band["x"].min()), np.log10(band["x"].max())),
                            (1, band["y_low"].min(), band["y_high"].max())):  # fmt: skip
        slope, offset = np.polyfit(line[:, axis], line_path[:, axis], 1)
        ends = sorted(slope * np.array([low, high]) + offset)
        np.testing.assert_allclose([edges[:, axis].min(), edges[:, axis].max()], ends, atol=1e-4)


def path_of(svg, mark):
    """Points of the first path in the group of a mark."""
    group = svg[svg.index(f'<g id="{mark}">') :]
    path = re.search(r'<path d="([^"]+)"', group)[1]
    return np.array([[float(v) for v in pair] for pair in re.findall(r"([\d.-]+) ([\d.-]+)", path)])


def test_the_svg_is_the_same_for_the_same_figure(figure):
    assert figure_data.svg(figure) == figure_data.svg(figure)


def test_places_have_two_decimals_and_text_keeps_its_own():
    drawn, ax = plt.subplots()
    ax.plot([0.12345, 1.6789], [0.1, 0.2])
    ax.set_xlabel("length 0.12345")
    text = figure_data.svg(drawn)
    plt.close(drawn)
    assert "length 0.12345" in text
    for place in re.findall(r' d="([^"]*)"', text):
        assert not re.search(r"\.\d{3}", place)


def test_a_figure_brings_its_data_only_to_the_builder(monkeypatch, tmp_path):
    @styled
    def line():
        fig, (ax,) = figures.new_figure()
        ax.plot([1, 2], [3, 4])
        return fig

    assert line()._repr_mimebundle_() == {}
    monkeypatch.setenv("ALUTILS_USAGE_LOG", str(tmp_path / "notes"))
    forms = line()._repr_mimebundle_()
    assert "<svg" in forms["image/svg+xml"]
    assert forms["text/csv"].splitlines()[-1].endswith("2,4")


def test_a_log_holds_each_note_once(monkeypatch, tmp_path):
    path = tmp_path / "notes"
    assert usage_log.read(path) == []
    usage_log.note(record="a.json")
    assert not path.exists()
    monkeypatch.setenv("ALUTILS_USAGE_LOG", str(path))
    for name in ("a.json", "b.json", "a.json"):
        usage_log.note(record=name)
    assert usage_log.read(path) == [{"record": "a.json"}, {"record": "b.json"}]
