"""Figures: colour-blind safe, readable in grey, ready for print."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from math import isinf
from textwrap import fill
from typing import TYPE_CHECKING, Any

from solvers.labels import place_labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase

    from mechanism.schemes import PathScheme
    from solvers.design_frontier import Frontier
    from solvers.design_surface import Surface
    from solvers.diffusion import Spread
    from solvers.recruitment import Recruitment
    from solvers.timeline import Timeline

__all__ = [
    "BLUE",
    "DASHES",
    "GREEN",
    "GREY",
    "LINES",
    "ORANGE",
    "figure_bytes",
    "plot_frontier",
    "plot_members_by_depth",
    "plot_rewards",
    "plot_spread",
    "plot_surface",
    "plot_timeline",
    "styled_axes",
]

# Okabe and Ito (2008): distinct for all common forms of colour blindness.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#404040"
_SHADES = ("#0072B2", "#E69F00", "#009E73", "#F0E442", "#D55E00", "#56B4E9")  # dark and light in turn
LINES = (BLUE, ORANGE, GREEN, "#CC79A7", "#56B4E9", "#E69F00", GREY)
DASHES = ("-", "--", ":", "-.")
_KNOWN = "known schemes as published"
_EDGE = 1.2
_STYLE: Any = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.figsize": (7.2, 4.6),
    "font.size": 10,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "svg.hashsalt": "incentive-networks",
}


@contextmanager
def styled_axes(ax: Axes | None) -> Iterator[Axes]:
    """Yield the given axes, or new ones in the house's style that no display needs."""
    if ax is not None:
        yield ax
        return
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure()
        FigureCanvasAgg(figure)
        yield figure.add_subplot()


def plot_frontier(result: Frontier, *, title: str = "", ax: Axes | None = None) -> Axes:
    """Draw expected recruits against what a cheater may gain.

    Parameters
    ----------
    result : Frontier
        The designs and the schemes they are compared with.
    title : str
        Title, such as the name of the network.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Error bars are 95 % intervals. Known schemes stand at what a cheater gains from them.
    """
    with styled_axes(ax) as axes:
        designed = [row for row in result.rows if row.kind == "designed"]
        line = [(float(row.epsilon or 0), row.recruitment.recruits) for row in designed]
        bars = [1.96 * row.recruitment.recruits_stderr for row in designed]
        axes.errorbar(
            [x for x, _ in line], [y for _, y in line], yerr=bars,
            color=BLUE, marker="o", linewidth=2, capsize=3, label="designed", zorder=4,
        )  # fmt: skip
        rivals = _best_known(result)
        axes.plot(
            [x for x, _ in rivals], [y for _, y in rivals],
            color=ORANGE, marker="s", linestyle="--", linewidth=1.5, markersize=5,
            label="best member of any known family", zorder=3,
        )  # fmt: skip
        # A scheme that leaks far more than any design would squeeze the picture: it stands at the edge.
        edge = _EDGE * max(1.0, float(result.epsilons[-1]))
        known = [row for row in result.rows if row.kind == "known"]
        names = [row.name if row.gain <= edge else f"{row.name}, {_percent(row.gain)}" for row in known]
        points = [(min(row.gain, edge), row.recruitment.recruits) for row in known]
        for row, (gain, recruits) in zip(known, points, strict=True):
            axes.plot(
                gain, recruits, color=GREY, marker="D" if row.gain <= edge else ">", markersize=5,
                linestyle="none", clip_on=False, zorder=5, label=_KNOWN if row is known[0] else None,
            )  # fmt: skip
        axes.set_xlabel("most that a cheater gains over the honest reward")
        axes.set_ylabel("expected recruits")
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlim(-0.04 * edge, edge)
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_formatter(lambda x, _: _percent(x))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        handles, labels = axes.get_legend_handles_labels()
        order = sorted(range(len(labels)), key=lambda i: labels[i] != "designed")
        axes.legend([handles[i] for i in order], [labels[i] for i in order], loc="lower right")
        place_labels(axes, points, names, lines=(line, rivals), color=GREY, size=9)
        return axes


def _best_known(result: Frontier) -> list[tuple[float, float]]:
    """Return (epsilon, recruits) of the best scheme of the known families that keeps to each epsilon."""
    points = []
    for epsilon in result.epsilons:
        kept = [
            row.recruitment.recruits
            for row in result.rows
            if row.kind != "designed" and row.gain <= float(epsilon) + 1e-12
        ]
        if kept:
            points.append((float(epsilon), max(kept)))
    return points


def _percent(share: float) -> str:
    return "\N{INFINITY}" if isinf(share) else f"{100 * share:.0f} %"


def plot_members_by_depth(result: Recruitment, *, ax: Axes | None = None) -> Axes:
    """Draw the expected members at each depth; return the axes."""
    with styled_axes(ax) as axes:
        depths = range(1, len(result.members_by_depth) + 1)
        axes.bar(depths, result.members_by_depth, color=BLUE, width=0.7)
        axes.set_xticks(list(depths))
        axes.set_xlabel("depth")
        axes.set_ylabel("expected members")
        axes.set_title(f"{result.scheme.label}: {result.recruits:,.0f} recruits", fontsize=11)
        axes.grid(visible=False, axis="x")
        return axes


def plot_timeline(result: Timeline, *, ax: Axes | None = None) -> Axes:
    """Draw expected members and the chance that a target is found against time; return the left axes."""
    with styled_axes(ax) as axes:
        band = 2 * result.joined_stderr
        axes.fill_between(
            result.times, result.joined - band, result.joined + band, color=BLUE, alpha=0.25, linewidth=0
        )
        (joined,) = axes.plot(result.times, result.joined, color=BLUE, label="recruits")
        axes.set_xlabel("time")
        axes.set_ylabel("expected recruits")
        axes.set_ylim(bottom=0)
        axes.set_xlim(0, result.times[-1])
        if result.found[0] != result.found[0]:  # NaN: members contribute, and there is nothing to find
            return axes
        chance = axes.twinx()
        (found,) = chance.plot(result.times, result.found, color=ORANGE, linestyle="--", label="target found")
        chance.set_ylabel("chance that a target is found")
        chance.set_ylim(0, 1)
        chance.grid(visible=False)
        axes.legend(handles=[joined, found], loc="lower right")
        return axes


def plot_spread(result: Spread, *, ax: Axes | None = None) -> Axes:
    """Draw the expected active nodes at each depth with two standard errors; return the axes."""
    from matplotlib.ticker import MaxNLocator

    with styled_axes(ax) as axes:
        depths = range(len(result.members_by_depth))
        error = 2 * result.members_by_depth_stderr
        axes.bar(depths, result.members_by_depth, yerr=error, color=BLUE, ecolor=GREY, width=0.7)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("depth")
        axes.set_ylabel("expected active nodes")
        axes.set_title(f"spread {result.spread:,.1f} ± {result.stderr:.2g}", fontsize=11)
        axes.grid(visible=False, axis="x")
        return axes


def plot_rewards(scheme: PathScheme, *, max_depth: int | None = None, ax: Axes | None = None) -> Axes:
    """Draw how the prize is shared on chains of each length, as stacked bars; return the axes.

    Parameters
    ----------
    scheme : PathScheme
        The rewards.
    max_depth : int, optional
        Longest chain drawn; by default that of a table, else 10.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.
    """
    import numpy as np

    with styled_axes(ax) as axes:
        own = scheme.longest or 10
        table = scheme.table(own if max_depth is None else max_depth)
        lengths = np.flatnonzero(table.sum(axis=1) > 0)
        shown = lengths.max(initial=0) + 1
        bottom = np.zeros(shown)
        for distance in range(shown):
            share = table[:shown, distance]
            if share.any():
                name = "finder" if distance == 0 else f"{distance} above"
                axes.bar(
                    np.arange(1, shown + 1), share, bottom=bottom, width=0.7, edgecolor="white",
                    color=_SHADES[distance % len(_SHADES)], label=name if distance < len(_SHADES) else None,
                )  # fmt: skip
                bottom += share
        axes.set_xticks(range(1, shown + 1))
        axes.set_xlabel("length of the finder's chain")
        axes.set_ylabel("share of the prize")
        axes.set_ylim(0, 1.02)
        if lengths.size:
            axes.legend(loc="upper right", bbox_to_anchor=(1.0, 1.12), ncols=len(_SHADES))
        axes.grid(visible=False, axis="x")
        return axes


def figure_bytes(figure: FigureBase, kind: str) -> bytes:
    """Return a figure as ``"svg"``, ``"png"`` or ``"pdf"``; the same figure gives the same bytes, without a date."""
    import matplotlib as mpl

    root = figure.figure
    dated = {"svg": "Date", "pdf": "CreationDate"}.get(kind, "Software")
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": _STYLE["svg.hashsalt"]}):
        root.savefig(buffer, format=kind, metadata={dated: None}, dpi=160)  # type: ignore[union-attr]
    return buffer.getvalue()


def plot_surface(result: Surface, *, ax: Axes | None = None) -> Axes:
    """Draw the objective on fresh worlds along the axis with most values, a line for each value of the others.

    Parameters
    ----------
    result : Surface
        Designs over a grid of demands.
    ax : matplotlib.axes.Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    matplotlib.axes.Axes
        Error bars are 95 % intervals; a cross at the bottom stands where no scheme meets the demands.
    """
    from solvers.tables import ASKED

    titles = {
        "epsilon": "most that a cheater gains over the honest reward",
        "identity_cost": "cost of a fake identity, in shares of the prize",
        "collusion": "most that members who pose as one gain",
        "finder_share": "least share of the finder",
        "recruiter_share": "least part of the reward below for a recruiter",
        "budget": "budget",
    }
    varied = result.varied or ("epsilon",)
    values = {
        axis: list(dict.fromkeys(getattr(one.demands, axis) for one in result.points)) for axis in varied
    }
    along = max(varied, key=lambda axis: len(values[axis]))
    others = [axis for axis in varied if axis != along]
    numeric = along != "budget" and None not in values[along]
    lines: dict[str, list[tuple[float, Any]]] = {}
    ticks: dict[float, str] = {}
    for point in result.points:
        value = getattr(point.demands, along)
        place = float(value if numeric else values[along].index(value))
        ticks[place] = fill(point.demands.word(along), 24)
        label = ", ".join(f"{ASKED[axis][0]} {point.demands.word(axis)}" for axis in others)
        lines.setdefault(label, []).append((place, point.design))
    with styled_axes(ax) as axes:
        for number, (label, line) in enumerate(lines.items()):
            there = sorted(((x, one) for x, one in line if one is not None), key=lambda pair: pair[0])
            color, marker = LINES[number % len(LINES)], "os^Dv<>"[number % 7]
            slim = max(0.0, 1.0 - number / 5)  # lines that coincide are seen through one another
            axes.errorbar(
                [x for x, _ in there], [one.value for _, one in there],
                yerr=[1.96 * one.value_stderr for _, one in there], label=label or None,
                color=color, marker=marker, markersize=4 + 4 * slim, linestyle=DASHES[number % len(DASHES)],
                linewidth=1.2 + 1.6 * slim, elinewidth=1, capsize=3,
            )  # fmt: skip
        none = sorted({x for line in lines.values() for x, one in line if one is None})
        if none:
            axes.plot(
                none, [0.02] * len(none), color=GREY, marker="x", linestyle="none", clip_on=False,
                transform=axes.get_xaxis_transform(), label="no scheme for some",
            )  # fmt: skip
        axes.set_xlabel(titles[along])
        if not numeric:
            axes.set_xticks(list(ticks), list(ticks.values()))
        elif along in ("epsilon", "collusion"):
            axes.xaxis.set_major_formatter(lambda x, _: _percent(x))
        words = str(result.objective)
        axes.set_ylabel("expected recruits" if words == "recruits" else words)
        axes.yaxis.set_major_formatter("{x:,.5g}")
        if axes.get_legend_handles_labels()[1]:
            aside = {"loc": "lower left", "bbox_to_anchor": (0, 1), "ncols": 2, "fontsize": 8}
            axes.legend(**aside if len(lines) > 4 else {"loc": "best", "fontsize": 9})
        return axes
