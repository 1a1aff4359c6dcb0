"""Equilibria of payoff systems as tables and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mechanism import Logit, Participation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from solvers.nash_equilibrium import NashEquilibrium

__all__ = ["equilibrium_table", "plot_actions"]

_SHOWN = 5
_MOST_DOTS = 20_000
_NAMES = {
    "linear_quadratic": "linear-quadratic game",
    "participation": "participation game",
    "logit": "participation game with logit responses",
}


def equilibrium_table(result: NashEquilibrium) -> str:
    """Return an equilibrium: those who do most, and how sure it is."""
    from solvers.tables import plain_table, render

    system, x = result.system, result.actions
    graph = system.graph
    table = plain_table(("person", "action", "best response", "matter to it"), left=1)
    best = system.best_response(x)
    for person in np.argsort(-x, kind="stable")[:_SHOWN]:
        table.add_row(
            str(graph.labels[person]),
            f"{x[person]:,.6g}",
            f"{best[person]:,.6g}",
            f"{graph.out_degree[person]:,}",
        )
    if system.n > _SHOWN:
        table.add_row(f"{system.n - _SHOWN:,} more", "")
    yes = {True: "certified", False: "no", None: "not decided"}[result.unique]
    return render(
        f"Equilibrium of a {_NAMES[system.kind]}: {system.n:,} people, {graph.m:,} arcs",
        table,
        footer=[
            _summary(result),
            (
                f"gain           at most {result.gain:.2g} by deciding otherwise alone"
                f" (person {graph.labels[result.deviator]})"
            ),
            f"unique         {yes}: {result.reason}",
            *(
                []
                if result.error is None
                else [f"error          no action is off by more than {result.error:.2g}"]
            ),
            _work(result),
        ],
    )


def _summary(result: NashEquilibrium) -> str:
    system, x = result.system, result.actions
    if isinstance(system, Participation):
        words = f"taking part    {result.total:,.0f} of {system.n:,}"
        if result.least is not None and result.greatest is not None and not result.unique:
            words += f" (least {result.least.sum():,.0f}, greatest {result.greatest.sum():,.0f})"
        return words
    if isinstance(system, Logit):
        return f"taking part    {result.total:,.1f} of {system.n:,} expected"
    low, high = int((x <= system.lower).sum()), int((x >= system.upper).sum())
    words = f"actions        mean {x.mean():,.5g}, from {x.min():,.5g} to {x.max():,.5g}"
    return words + (f"; {low:,} at the lower bound, {high:,} at the upper" if system.is_bounded else "")


def _work(result: NashEquilibrium) -> str:
    if result.chains is None:
        return f"work           {result.work.passes:,} passes over the arcs"
    joined, left = len(result.chains.joining), len(result.chains.leaving)
    return f"work           {joined:,} people join from nobody, {left:,} leave from everybody"


def plot_actions(result: NashEquilibrium, ax: Axes | None) -> Axes:
    """Draw actions against the number of others who matter; at most 20,000 people, evenly chosen."""
    from solvers.plots import BLUE, ORANGE, styled_axes

    system = result.system
    degree = system.graph.out_degree
    if isinstance(system, Participation):
        with styled_axes(ax) as axes:
            edges = np.unique(np.concatenate(([0], np.geomspace(1, max(2, degree.max() + 1), 16).round())))
            place = np.searchsorted(edges, degree, side="right") - 1
            people = np.bincount(place, minlength=len(edges))
            kept = people > 0
            ends = {
                "least equilibrium": (result.least, BLUE, "o"),
                "greatest equilibrium": (result.greatest, ORANGE, "s"),
            }
            for name, (actions, colour, marker) in ends.items():
                if actions is not None:
                    share = np.bincount(place, weights=actions, minlength=len(edges))[kept] / people[kept]
                    axes.plot(edges[kept], share, marker=marker, color=colour, label=name)
            axes.set_xscale("symlog", linthresh=1)
            axes.set_ylim(-0.03, 1.03)
            axes.set_ylabel("share who take part")
            axes.legend()
            axes.set_xlabel("others who matter to the person")
        return axes
    shown = np.linspace(0, system.n - 1, min(system.n, _MOST_DOTS)).astype(np.int64)
    with styled_axes(ax) as axes:
        axes.plot(degree[shown], result.actions[shown], ".", color=BLUE, markersize=4, alpha=0.5)
        if degree.max() > 30:
            axes.set_xscale("symlog", linthresh=1)
        axes.set_xlabel("others who matter to the person")
        axes.set_ylabel("probability of taking part" if isinstance(system, Logit) else "action")
    return axes
