"""Labels of points in a figure, placed so that nothing is covered."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Annotation

__all__ = ["place_labels"]

Reals = NDArray[np.float64]
_GAP = 7.0  # points between a point and its label
_ROOM = 5.0  # points kept free around points and lines
Place = tuple[float, float, str, str]
# Where a label may stand beside its point, best first: direction, and which part of it comes next to the point.
_SIDES: tuple[Place, ...] = (
    (1.0, 0.0, "left", "center"),
    (-1.0, 0.0, "right", "center"),
    (0.0, -1.0, "center", "top"),
    (0.0, 1.0, "center", "bottom"),
    (0.7, -0.7, "left", "top"),
    (0.7, 0.7, "left", "bottom"),
    (-0.7, -0.7, "right", "top"),
    (-0.7, 0.7, "right", "bottom"),
)
_PLACES = tuple((far * x, far * y, ha, va) for far in (1.0, 1.8, 2.6) for x, y, ha, va in _SIDES)


def place_labels(
    axes: Axes,
    points: Sequence[tuple[float, float]],
    texts: Sequence[str],
    *,
    lines: Sequence[Sequence[tuple[float, float]]] = (),
    color: str,
    size: float,
) -> list[Annotation]:
    """Label points beside themselves, clear of each other, of all points and of the lines.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        Where the points are drawn, its limits final.
    points : sequence of (x, y)
        The points, in data coordinates.
    texts : sequence of str
        Their labels.
    lines : sequence of sequences of (x, y)
        Polylines to keep clear of; their corners are points too.
    color : str
        Colour of the labels.
    size : float
        Font size in points.

    Returns
    -------
    list of matplotlib.text.Annotation

    Notes
    -----
    Greedy: each label takes the first of eight places, near ones first and then further away, that covers least.
    O(labels * (labels + points)).
    """
    figure = axes.get_figure(root=True)
    if figure is None:
        raise ValueError("the axes stand in no figure")
    figure.draw_without_rendering()
    scale = figure.dpi / 72.0
    corners = [*points, *(corner for line in lines for corner in line)]
    taken = list(_boxes(axes, corners, _ROOM * scale))
    for start, end in (pair for line in lines for pair in pairwise(line)):
        between = np.linspace(start, end, 40)
        taken.extend(_boxes(axes, between.tolist(), 0.3 * _ROOM * scale))
    legend = axes.get_legend()
    if legend is not None:
        taken.append(np.array(legend.get_window_extent().extents))
    frame = np.array(axes.get_window_extent().extents)
    labels = []
    for point, text in zip(points, texts, strict=True):
        label = axes.annotate(
            text, point, xytext=(0, 0), textcoords="offset points", color=color, fontsize=size, zorder=6
        )
        boxes = []
        for place in _PLACES:
            _move(label, place)
            boxes.append(np.array(label.get_window_extent().extents))
        # To leave the frame is worse than to cover something.
        cost = [
            sum(_overlap(box, other) for other in taken) + 10 * (_overlap(box, box) - _overlap(box, frame))
            for box in boxes
        ]
        best = int(np.argmin(np.round(cost, 6)))
        _move(label, _PLACES[best])
        taken.append(boxes[best])
        labels.append(label)
    return labels


def _move(label: Annotation, place: Place) -> None:
    right, up, horizontal, vertical = place
    label.set(ha=horizontal, va=vertical)
    label.set_position((right * _GAP, up * _GAP))


def _boxes(axes: Axes, points: Sequence[Sequence[float]], room: float) -> Reals:
    """Return squares around points as rows (left, bottom, right, top), in pixels."""
    centres = axes.transData.transform(np.asarray(points, dtype=np.float64).reshape(-1, 2))
    return np.hstack((centres - room, centres + room))


def _overlap(first: Reals, second: Reals) -> float:
    """Return the common area of two boxes."""
    sides = np.minimum(first[2:], second[2:]) - np.maximum(first[:2], second[:2])
    return float(np.prod(np.maximum(sides, 0.0)))
