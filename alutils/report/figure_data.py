"""What a figure shows, as numbers: every line, point, band and bar of every panel.

The numbers are read back from the finished figure, not from what it was drawn from, so that they
are what the eye sees. Each artist carries its `mark` as the id of its group in the SVG.
"""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd

from alutils.storage import usage_log
from alutils.storage.extras import imports_of

with imports_of("plots", "drawing figures"):
    import matplotlib as mpl
    from matplotlib.collections import LineCollection, PathCollection, PolyCollection
    from matplotlib.colors import to_hex
    from matplotlib.container import BarContainer, ErrorbarContainer
    from matplotlib.figure import Figure
    from matplotlib.patches import Polygon, Rectangle

COLUMNS = ["panel", "panel_title", "x_quantity", "y_quantity", "mark", "kind", "series", "colour"]
COLUMNS += ["marker", "x", "y", "x_low", "x_high", "y_low", "y_high", "x_name", "y_name"]
PLACES = re.compile(r'\b(?:d|x|y|points)="[^"]*"')  # in an SVG, in points
LONG = re.compile(r"-?\d+\.\d{3,}")
MANY = 500  # loose points above which the SVG holds a picture of them


def drawn_data(figure):
    """All that a figure shows in its panels, text aside.

    Parameters
    ----------
    figure : matplotlib.figure.Figure; its artists get ids

    Returns
    -------
    pandas.DataFrame, a row for each point or bar, with the columns that are not empty of:
        panel (from 1), panel_title, x_quantity and y_quantity (the axis labels), mark (id of the
        artist), kind ("line", "points", "interval", "band", "bar", "rule", "shade"), series (its
        legend entry), colour, marker, x, y, x_low, x_high, y_low, y_high (in the axes' units; a
        rule across the panel has x or y alone), x_name, y_name (where an axis has names)
    """
    rows = []
    for number, ax in enumerate(figure.axes, 1):
        panel = {
            "panel": number,
            "panel_title": plain(ax.get_title(loc="left") or ax.get_title()),
            "x_quantity": plain(ax.get_xlabel() or _shared_label(ax)),
            "y_quantity": plain(ax.get_ylabel()),
        }
        names = {f"{axis.axis_name}_name": _names(axis) for axis in (ax.xaxis, ax.yaxis)}
        for index, (kind, artist, label, points) in enumerate(_marks(ax), 1):
            mark = {"mark": f"panel{number}-mark{index}", "kind": kind, "series": plain(label)}
            _identify(artist, mark["mark"])
            for point in points:
                named = {
                    key: of_value.get(round(point[key[0]], 9))
                    for key, of_value in names.items()
                    if key[0] in point
                }
                rows.append(panel | mark | _look(artist) | point | named)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.replace("", None).dropna(axis="columns", how="all")


def svg(figure):
    """The figure as SVG text, the same for the same figure; clouds of points become a picture."""
    for ax in figure.axes:
        for artist in ax.collections:
            if isinstance(artist, PathCollection) and len(artist.get_offsets()) > MANY:
                artist.set_rasterized(True)
        for line in ax.lines:
            if line.get_linestyle() == "None" and len(line.get_xdata()) > MANY:
                line.set_rasterized(True)
    text = io.StringIO()
    # Text stays text, for whoever edits the file; without the salt its ids would be random.
    with mpl.rc_context({"svg.hashsalt": "alutils", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", bbox_inches="tight", metadata={"Date": None})
    whole = re.sub(r"\s*\n\s*", "\n", text.getvalue())  # its indentation is an eighth of it
    return PLACES.sub(lambda m: LONG.sub(_hundredths, m[0]), whole)


def _hundredths(match):
    return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")


class DataFigure(Figure):
    """A figure that is displayed to the builder of the book with its SVG and its data as CSV."""

    def _repr_mimebundle_(self, **_):
        """MIME type -> text, beside the picture that IPython makes; empty for a reader."""
        if not usage_log.wanted():
            return {}
        data = drawn_data(self).to_csv(index=False, float_format="%.6g")
        return {"image/svg+xml": svg(self), "text/csv": data}


def plain(text):
    """A label on one line, without TeX; nothing for the names that matplotlib gives by itself.

    A label that begins with "_" is in no legend, and names its artist here.
    """
    if re.fullmatch(r"_(child|container)\d+", text):
        return ""
    return re.sub(r"[$\\{}]|_(?=\w)", "", " ".join(text.split())).strip()


def _shared_label(ax):
    """The x label of the panel below that shares this one's axis."""
    others = ax.get_shared_x_axes().get_siblings(ax)
    return next((other.get_xlabel() for other in others if other.get_xlabel()), "")


def _names(axis):
    """Position -> name, for an axis whose ticks are words."""
    ticks = zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=False)
    named = {round(float(at), 9): label.get_text() for at, label in ticks}
    return {at: name for at, name in named.items() if re.search(r"^[^$]*[A-Za-z]{2}", name)}


def _marks(ax):
    """(kind, artist, legend entry, points) of all that is drawn in a panel."""
    inside = set()
    for container in ax.containers:
        if isinstance(container, ErrorbarContainer):
            line, caps, bars = container
            inside |= {line, *caps, *bars}
            yield "interval", line, container.get_label(), list(_interval(line, container))
        elif isinstance(container, BarContainer):
            inside |= set(container.patches)
            yield "bar", container.patches, container.get_label(), list(map(_box, container))
    for line in ax.lines:
        if line not in inside:
            kind = "points" if line.get_linestyle() in ("None", "", " ") else "line"
            points = list(_line(ax, line))
            kind = "rule" if kind == "line" and _axes(ax, line) != (True, True) else kind
            yield kind, line, line.get_label(), points
    for artist in ax.collections:
        if isinstance(artist, PolyCollection):
            yield "band", artist, artist.get_label(), list(_band(artist))
        elif isinstance(artist, PathCollection):
            points = [{"x": float(x), "y": float(y)} for x, y in artist.get_offsets()]
            yield "points", artist, artist.get_label(), points
        elif not isinstance(artist, LineCollection) or artist not in inside:
            raise TypeError(f"drawn_data() cannot read a {type(artist).__name__}: teach it")
    for patch in ax.patches:
        if patch in inside:
            continue
        if isinstance(patch, Rectangle):
            box, of_data = _box(patch), _axes(ax, patch)
            keep = [side for side, data in zip("xy", of_data, strict=True) if data]
            shade = {name: value for name, value in box.items() if name[0] in keep}
            yield "shade", patch, patch.get_label(), [shade]
        elif isinstance(patch, Polygon):
            points = [{"x": float(x), "y": float(y)} for x, y in patch.get_xy()]
            yield "line", patch, patch.get_label(), points


def _axes(ax, artist):
    """Whether x and whether y of an artist are data, and not a part of the panel's height."""
    return artist.get_transform().contains_branch_seperately(ax.transData)


def _line(ax, line):
    """Points of a line; of a rule across the panel the one coordinate that is data."""
    of_data = _axes(ax, line)
    seen = set()
    for x, y in np.column_stack([line.get_xdata(orig=False), line.get_ydata(orig=False)]):
        point = {n: float(v) for n, v, data in zip("xy", (x, y), of_data, strict=True) if data}
        whole = not any(np.isnan(value) for value in point.values())
        if whole and (all(of_data) or tuple(point.values()) not in seen):
            seen.add(tuple(point.values()))
            yield point


def _interval(line, container):
    """Points with their bars; the bars come as x first, then y."""
    points = [{"x": float(x), "y": float(y)} for x, y in line.get_xydata()]
    sides = [side for side, has in (("x", container.has_xerr), ("y", container.has_yerr)) if has]
    for side, bars in zip(sides, container.lines[2], strict=True):
        for point, segment in zip(points, bars.get_segments(), strict=True):
            ends = segment[:, 0 if side == "x" else 1]
            point |= {f"{side}_low": float(ends.min()), f"{side}_high": float(ends.max())}
    return (point for point in points if np.isfinite(point["y"]))


def _band(artist):
    """Lower and upper edge of a filled band at each x."""
    for path in artist.get_paths():
        frame = pd.DataFrame(path.vertices, columns=["x", "y"]).groupby("x")["y"]
        for x, low, high in zip(frame.groups, frame.min(), frame.max(), strict=True):
            yield {"x": float(x), "y_low": float(low), "y_high": float(high)}


def _box(patch):
    """Edges of a rectangle."""
    (x0, y0), (x1, y1) = patch.get_bbox().get_points()
    edges = {"x_low": min(x0, x1), "x_high": max(x0, x1)}
    edges |= {"y_low": min(y0, y1), "y_high": max(y0, y1)}
    return {name: float(value) for name, value in edges.items()}


def _identify(artist, mark):
    """Write the mark into the SVG."""
    if isinstance(artist, list):
        for number, one in enumerate(artist, 1):
            one.set_gid(f"{mark}-{number}")
    else:
        artist.set_gid(mark)


def _look(artist):
    """Colour and marker of an artist."""
    artist = artist[0] if isinstance(artist, list) else artist
    if hasattr(artist, "get_color"):
        marker = artist.get_marker()
        marker = "" if marker in ("None", None, "") else str(marker)
        return {"colour": to_hex(artist.get_color()), "marker": marker}
    face = np.atleast_2d(artist.get_facecolor())
    return {"colour": to_hex(face[0]) if len(face) else ""}
