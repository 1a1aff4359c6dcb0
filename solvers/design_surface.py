"""Surfaces: what every constraint costs, alone and together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mechanism import Budget, Campaign, Objective, Scenarios
from mechanism.errors import InvalidInputError
from mechanism.numbers import Number
from solvers.demands import AXES, Demands, grid_of
from solvers.engine import Engine
from solvers.progress import Progress, Stages
from solvers.seeds import Rng, seed_sequence
from solvers.surface_store import Store
from solvers.surface_sweep import Settings, SurfacePoint, Sweep

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AXES", "Demands", "Surface", "SurfacePoint", "surface"]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Designs over a grid of demands.

    Attributes
    ----------
    points : tuple of SurfacePoint
        In the order of the grid: the last axis varies fastest.
    objective : Objective
        What was maximised.
    """

    points: tuple[SurfacePoint, ...]
    objective: Objective

    def price(self, axis: str) -> list[tuple[SurfacePoint, float]]:
        """Return for each point what its demand on an axis costs: the objective lost to the loosest one there.

        Parameters
        ----------
        axis : str
            One of `AXES`.

        Returns
        -------
        list of (SurfacePoint, float)
            The relative loss on the worlds of the search, in [0, 1], all other demands being equal; points without
            a design are left out. It is 0 where nothing looser was asked for.
        """
        if axis not in AXES:
            raise InvalidInputError("axis", axis, allowed=f"one of {', '.join(AXES)}")
        others = [one for one in AXES if one != axis]
        solved = [point for point in self.points if point.design is not None]
        prices = []
        for point in solved:
            most = max(
                other.value
                for other in solved
                if point.demands.is_as_strict(other.demands, axis)
                and all(getattr(other.demands, one) == getattr(point.demands, one) for one in others)
            )
            prices.append((point, 1 - point.value / most if most > 0 else 0.0))
        return prices

    @property
    def varied(self) -> tuple[str, ...]:
        """The axes along which the demands differ."""
        return tuple(
            axis for axis in AXES if len({getattr(point.demands, axis) for point in self.points}) > 1
        )

    def __str__(self) -> str:
        from solvers.tables import surface_table

        return surface_table(self)

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Draw the objective along the longest axis, a line for each value of the others; return the axes."""
        from solvers.plots import plot_surface

        return plot_surface(self, ax=ax)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {"objective": str(self.objective), "points": [point.to_dict() for point in self.points]}


def surface(
    campaign: Campaign | Scenarios,
    *,
    epsilons: Sequence[Number] = (0,),
    identity_costs: Sequence[Number] = (0,),
    collusion: Sequence[Number | None] = (None,),
    finder_shares: Sequence[Number] = (0,),
    recruiter_shares: Sequence[Number] = (0,),
    budgets: Sequence[Budget] | None = None,
    objective: Objective | None = None,
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    client: Any = None,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Surface:
    """Design a scheme at every point of a grid of demands.

    Parameters
    ----------
    campaign : Campaign or Scenarios
        As in `design`.
    epsilons, identity_costs : sequence of float or Fraction
        Allowed gains of a cheater, and costs of a fake identity in shares of the prize, each at least 0.
    collusion : sequence of float, Fraction or None
        Allowed gains of members who pose as one, each at least 0; None: not asked for.
    finder_shares, recruiter_shares : sequence of float or Fraction
        Least shares of the finder, of a recruiter, each at least 0.
    budgets : sequence of Budget, optional
        What may be paid; the prize by default.
    objective, effort, rng, engine
        As in `design`.
    client : distributed.Client, optional
        Solves the points in parallel, one thread each, such as ``Client(n_workers=4, threads_per_worker=1)`` in
        processes of this machine; one after the other by default. The result is the same.
    folder : str or Path, optional
        Receives a file for each climb, whole or not at all; a later call with the same arguments goes on from
        there, to the same bits. `engine` and `client` may differ.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Surface

    Raises
    ------
    InvalidInputError
        If an argument is out of range or an axis is empty.
    CertificateError
        If the folder holds a damaged file; the message names it.

    Notes
    -----
    Every point is solved alone first (`SurfacePoint.cold`). Then the best design of all points that ask for
    more is climbed on from under the demands of each, from the tightest on, and then those of the points that
    ask for less, from the loosest on, made admissible. At last each point takes the best design of those that
    ask for at least as much: on the worlds of the search less demanding points are never worse. All designs are then
    measured on the same fresh worlds. A point costs as much as a `design` and two climbs; points that do not
    imply each other are climbed at in parallel.
    """
    grid = grid_of(
        {
            "epsilon": epsilons,
            "identity_cost": identity_costs,
            "collusion": collusion,
            "finder_share": finder_shares,
            "recruiter_share": recruiter_shares,
            "budget": [Budget.worst_case()] if budgets is None else budgets,
        }
    )
    settings = Settings(campaign, objective, effort, seed_sequence(rng), engine)
    stages = Stages(progress, 4 * len(grid))
    store = None if folder is None else Store(folder, settings)
    sweep = Sweep(settings, grid, client=client, store=store, stages=stages)
    points = sweep.points()
    stages.done()
    return Surface(points, sweep.objective)
