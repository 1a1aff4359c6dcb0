"""The points of a surface, from solved alone to solved together."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from mechanism import Budget, Campaign, Objective, PathTable, Scenarios
from mechanism.errors import SolveError
from mechanism.numbers import parse
from solvers.demands import Demands
from solvers.design_problem import Candidate
from solvers.engine import Engine
from solvers.progress import Stages
from solvers.recruitment import replicates_for
from solvers.rounding import least_table
from solvers.scheme_design import Design, DesignSearch

if TYPE_CHECKING:
    from solvers.surface_store import Store

__all__ = ["Rewards", "Settings", "SurfacePoint", "Sweep", "Task"]

Rewards = tuple[tuple[str, ...], ...]
"""A table as exact texts, row d - 1 for chains of length d."""


@dataclass(frozen=True, slots=True, eq=False)
class SurfacePoint:
    """The design at one point.

    Attributes
    ----------
    demands : Demands
        What was asked for.
    design : Design or None
        The design; None if no table was found that meets the demands.
    value : float
        The objective on the worlds of the search: never lower where less is asked for. NaN without a design.
    cold : float
        The same when the point was solved alone, without its neighbours' designs; NaN if nothing was found so.
    failure : str
        Why there is no design; else empty.
    """

    demands: Demands
    design: Design | None
    value: float
    cold: float
    failure: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the point as plain Python values, ready for JSON; what there is not is None."""
        return {
            "demands": self.demands.to_dict(),
            "value": None if np.isnan(self.value) else self.value,
            "cold": None if np.isnan(self.cold) else self.cold,
            "failure": self.failure,
            "design": self.design.to_dict() if self.design else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """What all points have in common; `rng` names worlds once and for all, so it is no generator."""

    campaign: Campaign | Scenarios
    objective: Objective | None
    effort: int
    rng: np.random.SeedSequence
    engine: int | Engine | None

    def search(self, budget: Budget) -> DesignSearch:
        """Return the search under a budget; the worlds are the same for all."""
        return DesignSearch(
            self.campaign,
            self.rng,
            effort=self.effort,
            engine=self.engine,
            budget=budget,
            objective=self.objective,
        )


@dataclass(frozen=True, slots=True)
class Task:
    """A climb at a point: from a table, or from the best member of every known family."""

    demands: Demands
    start: Rewards | None = None


def solve_task(settings: Settings, task: Task) -> Rewards | str:
    """Climb; return the exact rewards, or why there are none. A pure function, here or on another machine."""
    search = settings.search(task.demands.budget)
    quiet = Stages(None, 0)
    try:
        wanted = task.demands.wanted(search.chain_limit)
        if task.start is None:
            best = search.best(wanted, search.rivals(wanted, quiet), quiet)
        else:
            best = search.climb_from(wanted, _table(task.start).table(search.campaign.max_depth), quiet)
        if not search.problem.is_affordable(best):
            return f"no table was found that meets the other demands and costs {task.demands.budget}"
        return tuple(tuple(map(str, row)) for row in search.exact_rows(best, wanted))
    except SolveError as error:
        return str(error)


def _table(rewards: Rewards) -> PathTable:
    return PathTable([[parse(x) for x in row] for row in rewards])


class Sweep:
    """The points of a surface.

    Parameters
    ----------
    settings : Settings
        What they have in common.
    grid : sequence of Demands
        The points.
    client : distributed.Client, optional
        Where to climb.
    store : Store, optional
        What an earlier run found, and where to keep what this one finds.
    stages : Stages
        The progress: four steps per point.
    """

    def __init__(
        self, settings: Settings, grid: Sequence[Demands], *, client: Any, store: Store | None, stages: Stages
    ) -> None:
        self.settings, self.grid, self.client, self.store, self.stages = settings, grid, client, store, stages
        self.searches = {demands.budget: settings.search(demands.budget) for demands in grid}
        self.wanted = [demands.wanted(self.searches[demands.budget].chain_limit) for demands in grid]
        self.best: dict[int, Candidate] = {}
        self.failures: dict[int, str] = {}
        self.stricter = [
            [one for one in range(len(grid)) if one != here and grid[one].implies(grid[here])]
            for here in range(len(grid))
        ]
        self.looser = [
            [one for one, them in enumerate(self.stricter) if here in them] for here in range(len(grid))
        ]

    @property
    def objective(self) -> Objective:
        """What is maximised."""
        return next(iter(self.searches.values())).problem.objective

    def points(self) -> tuple[SurfacePoint, ...]:
        """Solve every point alone, then let the points help one another, then prove and measure all."""
        everyone = list(range(len(self.grid)))
        self._climb({number: Task(self.grid[number]) for number in everyone}, "points alone")
        cold = {number: candidate.value for number, candidate in self.best.items()}
        for level in _levels(self.stricter):
            self._help(level, self.stricter, "points that ask for more", max)
        for level in _levels(self.looser):
            self._help(level, self.looser, "points that ask for less", min)
        for level in _levels(self.stricter):
            for number in level:
                for other in self.stricter[number]:
                    if other in self.best:
                        self._take(number, self.best[other])
        most = max((one.recruits, -number) for number, one in self.best.items()) if self.best else None
        replicates = replicates_for(self.best[-most[1]].equilibria[0]) if most else None
        return tuple(self._point(number, cold.get(number, nan), replicates) for number in everyone)

    def _help(self, level: Sequence[int], others: Sequence[Sequence[int]], stage: str, choose: Any) -> None:
        """Climb on at some points, none of which implies another, from the nearest design of others.

        Of the stricter points that is the best one, of the looser points the worst.
        """
        tasks = {}
        for number in level:
            found = [one for one in others[number] if one in self.best]
            if found:
                nearest = self.best[choose(found, key=lambda one: self.best[one].value)].table
                rows = tuple(tuple(str(x) for x in row[: d + 1].tolist()) for d, row in enumerate(nearest))
                tasks[number] = Task(self.grid[number], rows)
            else:
                self.stages.tick(stage)
        self._climb(tasks, stage)

    def _climb(self, tasks: dict[int, Task], stage: str) -> None:
        """Solve tasks, those aside that an earlier run solved, and keep what is better than before."""
        solved: dict[int, Rewards | str] = {}
        if self.store is not None:
            for number, task in tasks.items():
                rewards = self.store.read(task, self.wanted[number])
                if rewards is not None:
                    solved[number] = rewards
                    self.stages.tick("points of an earlier run")
        missing = [number for number in tasks if number not in solved]
        with closing(self._solved([tasks[number] for number in missing])) as results:
            for place, rewards in results:
                solved[missing[place]] = rewards
                if self.store is not None:
                    self.store.write(tasks[missing[place]], rewards)
                self.stages.tick(stage)
        for number in tasks:
            rewards = solved[number]
            found = rewards if isinstance(rewards, str) else self._candidate(number, rewards)
            if isinstance(found, str):
                self.failures.setdefault(number, found)
            else:
                self._take(number, found)

    def _solved(self, tasks: Sequence[Task]) -> Generator[tuple[int, Rewards | str]]:
        """Yield what tasks come to, here one after the other or by the workers of a client."""
        if self.client is None or not tasks:
            yield from ((place, solve_task(self.settings, task)) for place, task in enumerate(tasks))
            return
        from solvers.cluster import Cluster

        names = [f"the point {task.demands.words()}" for task in tasks]
        common = replace(self.settings, engine=1)
        with closing(Cluster(self.client).each_unit("campaign", common, solve_task, tasks, names)) as results:
            yield from results

    def _candidate(self, number: int, rewards: Rewards) -> Candidate | str:
        """Return rewards with their equilibria, searched from full participation: the same however they were found."""
        search = self.searches[self.grid[number].budget]
        depth = search.campaign.max_depth
        least = PathTable(least_table(depth, self.wanted[number])).table(depth)
        found = search.problem.fitted(_table(rewards).table(depth), least)
        if search.problem.is_affordable(found):
            return found
        return f"no table was found that meets the other demands and costs {self.grid[number].budget}"

    def _take(self, number: int, candidate: Candidate) -> None:
        if number not in self.best or candidate.value > self.best[number].value:
            self.best[number] = candidate

    def _point(self, number: int, cold: float, replicates: int | None) -> SurfacePoint:
        """Prove and measure a point's design on the fresh worlds."""
        demands = self.grid[number]
        if number not in self.best:
            self.stages.tick("fresh worlds")
            return SurfacePoint(demands, None, nan, nan, self.failures[number])
        best = self.best[number]
        search = self.searches[demands.budget]
        found = search.finish(best, self.wanted[number], (), replicates=replicates)
        self.stages.tick("fresh worlds")
        return SurfacePoint(demands, found, best.value, cold)


def _levels(before: Sequence[Sequence[int]]) -> list[list[int]]:
    """Return points in groups, each after all that come before its members.

    Examples
    --------
    >>> _levels([[], [0], [0], [0, 1, 2]])
    [[0], [1, 2], [3]]
    """
    height: dict[int, int] = {}
    for number in sorted(range(len(before)), key=lambda one: len(before[one])):
        height[number] = 1 + max((height[one] for one in before[number]), default=-1)
    return [
        [number for number in height if height[number] == level] for level in sorted(set(height.values()))
    ]
