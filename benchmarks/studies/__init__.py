"""Studies on real data: each fits a model to one part of the data and is scored on the other, beside simple rivals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from solvers.plots import figure_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["panels", "write"]


def panels(count: int, *, share: bool = False) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many panels side by side."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2 * count, 3.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = list(figure.subplots(1, count, squeeze=False, sharey=share)[0])
    for one in axes:
        one.spines[["right", "top"]].set_visible(False)
        one.grid(visible=True, alpha=0.25)
        one.set_axisbelow(True)
    return figure, axes


def write(figure: Figure, out: Path | None) -> None:
    """Write a figure where it is wanted; the ending names the kind."""
    if out is not None:
        out.write_bytes(figure_bytes(figure, out.suffix[1:]))
