"""Surfaces: what every constraint costs, alone and together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mechanism import Budget, Campaign, Objective, PathTable, Scenarios
from mechanism.budgets import ExpectedBudget, TailBudget, TotalBudget, WorstCaseBudget
from mechanism.errors import CertificateError, InvalidInputError, SolveError
from mechanism.numbers import Number, exact, parse
from mechanism.schemes.parameters import check_parameter
from proofs import CollusionProof, FinderShare, Property, RecruiterShare, SybilProof, write_json
from solvers.design_problem import Candidate
from solvers.engine import Engine
from solvers.recruitment import replicates_for
from solvers.scheme_design import Design, DesignSearch, Progress, Stages, wanted_properties
from solvers.seeds import Rng

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["AXES", "Demands", "Surface", "SurfacePoint", "surface"]

Reals = NDArray[np.float64]
_FORMAT = "incentive-networks/surface-point/1"
_NONE = Fraction(10**9)  # stands for "not asked for" among allowed gains
AXES = ("epsilon", "identity_cost", "collusion", "finder_share", "recruiter_share", "budget")
"""What may vary over a surface, in the order of its columns."""


@dataclass(frozen=True, slots=True)
class Demands:
    """What is asked of a design at one point of a surface.

    Attributes
    ----------
    epsilon : Fraction
        What a cheater may gain at most, relative to the honest reward.
    identity_cost : Fraction
        What a fake identity costs, in shares of the prize.
    collusion : Fraction or None
        What members who pose as one may gain at most, relative to what they are paid apart; None: anything.
    finder_share, recruiter_share : Fraction
        Least share of the prize for the finder; least part of the reward below for a recruiter.
    budget : Budget
        What may be paid.
    """

    epsilon: Fraction
    identity_cost: Fraction
    collusion: Fraction | None
    finder_share: Fraction
    recruiter_share: Fraction
    budget: Budget

    def properties(self) -> list[Property]:
        """Return the demands as properties, without the budget."""
        asked: list[Property] = [SybilProof(self.epsilon, identity_cost=self.identity_cost)]
        if self.collusion is not None:
            asked.append(CollusionProof(self.collusion))
        if self.finder_share:
            asked.append(FinderShare(self.finder_share))
        if self.recruiter_share:
            asked.append(RecruiterShare(self.recruiter_share))
        return asked

    def implies(self, other: Demands) -> bool:
        """Return whether a scheme that meets these demands meets others, whatever the campaign."""
        merged = [_NONE if one.collusion is None else one.collusion for one in (self, other)]
        return (
            self.epsilon <= other.epsilon
            and self.identity_cost <= other.identity_cost
            and merged[0] <= merged[1]
            and self.finder_share >= other.finder_share
            and self.recruiter_share >= other.recruiter_share
            and _within(self.budget, other.budget)
        )

    def words(self) -> dict[str, str]:
        """Return each demand in words."""
        numbers = {name: f"{float(getattr(self, name)):g}" for name in AXES[:5] if name != "collusion"}
        merged = "any" if self.collusion is None else f"{float(self.collusion):g}"
        return {
            name: {"collusion": merged, "budget": str(self.budget)}.get(name) or numbers[name]
            for name in AXES
        }


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
        The same when the point was solved alone, without its neighbours' designs.
    failure : str
        Why there is no design; else empty.
    """

    demands: Demands
    design: Design | None
    value: float
    cold: float
    failure: str = ""


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
            The relative loss on the worlds of the search, at least 0; points without a design are left out.
        """
        if axis not in AXES:
            raise InvalidInputError("axis", axis, allowed=f"one of {', '.join(AXES)}")
        prices = []
        for point in self.points:
            alike = [
                other.value
                for other in self.points
                if point.demands.implies(other.demands)
                and all(getattr(other.demands, x) == getattr(point.demands, x) for x in AXES if x != axis)
                and other.design is not None
            ]
            if point.design is not None:
                prices.append((point, 1 - point.value / max(alike)))
        return prices

    @property
    def varied(self) -> tuple[str, ...]:
        """The axes along which the demands differ."""
        return tuple(
            name for name in AXES if len({_key(getattr(point.demands, name)) for point in self.points}) > 1
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
        return {
            "objective": str(self.objective),
            "points": [
                {
                    "demands": point.demands.words(),
                    "value": point.value if point.design else None,
                    "cold": point.cold if point.design else None,
                    "failure": point.failure,
                    "design": point.design.to_dict() if point.design else None,
                }
                for point in self.points
            ],
        }


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
    folder : path, optional
        Receives a file for each point solved; a later call with the same arguments goes on from there.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    Surface

    Raises
    ------
    InvalidInputError
        If an argument is out of range or an axis is empty.

    Notes
    -----
    Every point is solved alone first (`SurfacePoint.cold`). Then the best design of all points that ask for
    more is climbed on from under the demands of each, from the tightest on, and then those of the points that
    ask for less, from the loosest on, made admissible. At last each point takes the best design of those that
    ask for at least as much: on the worlds of the search less demanding points are never worse. All designs are then
    measured on the same fresh worlds.
    """
    grid = _grid(epsilons, identity_costs, collusion, finder_shares, recruiter_shares, budgets)
    settings = _Settings(campaign, objective, effort, rng, engine)
    stages = Stages(progress, 4 * len(grid))
    solve = partial(_cold, replace(settings, engine=1) if client is not None else settings)
    store = None if folder is None else _Store(Path(folder), settings)
    cold: dict[int, list[list[str]] | str] = {} if store is None else store.read(grid)
    for _ in cold:
        stages.tick("points of an earlier run")
    missing = [(number, demands) for number, demands in enumerate(grid) if number not in cold]
    for number, rows in _solved(solve, missing, client):
        if store is not None:
            store.write(grid[number], rows)
        cold[number] = rows
        stages.tick("points alone")
    return _Sweep(settings, grid, cold, stages).result()


@dataclass(frozen=True, slots=True, eq=False)
class _Settings:
    """What all points have in common."""

    campaign: Campaign | Scenarios
    objective: Objective | None
    effort: int
    rng: Rng
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


def _cold(settings: _Settings, demands: Demands) -> list[list[str]] | str:
    """Solve a point alone; return the exact rewards as texts, or why there are none."""
    search = settings.search(demands.budget)
    quiet = Stages(None, 0)
    try:
        wanted = wanted_properties(None, demands.properties(), search.chain_limit)
        best = search.best(wanted, search.rivals(wanted, quiet), quiet)
    except SolveError as error:
        return str(error)
    return [[str(x) for x in row] for row in search.exact_rows(best, wanted)]


def _solved(
    solve: partial[list[list[str]] | str], missing: list[tuple[int, Demands]], client: Any
) -> Iterator[tuple[int, list[list[str]] | str]]:
    """Yield the points as they are solved, here or by the workers of a client."""
    if client is None:
        for number, demands in missing:
            yield number, solve(demands)
        return
    from solvers.cluster import Cluster

    points = [demands for _, demands in missing]
    names = [f"the point {demands.words()}" for demands in points]
    with closing(Cluster(client).each_unit("campaign", solve, _at, points, names)) as results:
        for place, rows in results:
            yield missing[place][0], rows


def _at(function: Any, demands: Demands) -> Any:
    return function(demands)


class _Sweep:
    """The points of a surface, from solved alone to solved together."""

    def __init__(
        self,
        settings: _Settings,
        grid: Sequence[Demands],
        cold: dict[int, list[list[str]] | str],
        stages: Stages,
    ) -> None:
        self.grid, self.stages, self.settings = grid, stages, settings
        self.searches = {demands.budget: settings.search(demands.budget) for demands in grid}
        self.wanted = [
            wanted_properties(None, demands.properties(), self.searches[demands.budget].chain_limit)
            for demands in grid
        ]
        self.failures = {number: rows for number, rows in cold.items() if isinstance(rows, str)}
        self.best: dict[int, Candidate] = {}
        for number, rows in cold.items():
            if not isinstance(rows, str):
                table = PathTable([[parse(x) for x in row] for row in rows]).table(len(rows))
                self.best[number] = self.searches[grid[number].budget].problem.at(table)
        self.cold = {number: candidate.value for number, candidate in self.best.items()}
        # A point that asks for more comes before those that ask for less.
        self.order = sorted(range(len(grid)), key=lambda one: sum(other.implies(grid[one]) for other in grid))

    def result(self) -> Surface:
        """Let the points help one another; return what came of it."""
        for number in self.order:
            self._climb(number, self._tighter(number), "points that ask for more")
        for number in reversed(self.order):
            self._climb(number, self._looser(number), "points that ask for less")
        for number in self.order:
            for other in self._tighter(number):
                self._take(number, self.best[other])
        return Surface(tuple(self._point(number) for number in range(len(self.grid))), self._objective())

    def _objective(self) -> Objective:
        return next(iter(self.searches.values())).problem.objective

    def _tighter(self, number: int) -> list[int]:
        """Return the other points whose designs are admissible here, the best last."""
        here = self.grid[number]
        found = [one for one in self.best if one != number and self.grid[one].implies(here)]
        return sorted(found, key=lambda one: self.best[one].value)

    def _looser(self, number: int) -> list[int]:
        """Return the nearest points that ask for less, the worst last: it is likely to be the nearest."""
        here = self.grid[number]
        found = [one for one in self.best if one != number and here.implies(self.grid[one])]
        return sorted(found, key=lambda one: -self.best[one].value)

    def _climb(self, number: int, neighbours: list[int], stage: str) -> None:
        """Climb on from the nearest neighbour."""
        if neighbours:
            search = self.searches[self.grid[number].budget]
            try:
                found = search.climb_from(
                    self.wanted[number], self.best[neighbours[-1]].table, Stages(None, 0)
                )
            except SolveError:
                found = None
            if found is not None and search.problem.is_affordable(found):
                self._take(number, found)
        self.stages.tick(stage)

    def _take(self, number: int, candidate: Candidate) -> None:
        if number not in self.best or candidate.value > self.best[number].value:
            self.best[number] = candidate

    def _point(self, number: int) -> SurfacePoint:
        """Prove and measure a point's design on the fresh worlds."""
        demands = self.grid[number]
        self.stages.tick("fresh worlds")
        if number not in self.best:
            return SurfacePoint(demands, None, float("nan"), float("nan"), self.failures[number])
        best = self.best[number]
        largest = max(self.best.values(), key=lambda one: one.recruits)
        found = self.searches[demands.budget].finish(
            best, self.wanted[number], (), replicates=replicates_for(largest.equilibria[0])
        )
        return SurfacePoint(demands, found, best.value, self.cold.get(number, float("nan")))


class _Store:
    """A folder with a file for every point solved alone."""

    def __init__(self, folder: Path, settings: _Settings) -> None:
        self.folder = folder.expanduser()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self._campaign = _fingerprint(settings)

    def _request(self, demands: Demands) -> dict[str, Any]:
        return {"campaign": self._campaign, "demands": demands.words() | {"budget": repr(demands.budget)}}

    def _path(self, demands: Demands) -> Path:
        text = json.dumps(self._request(demands), sort_keys=True)
        return self.folder / f"point-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"

    def write(self, demands: Demands, rows: list[list[str]] | str) -> None:
        """Keep a point."""
        kept = {"failure": rows} if isinstance(rows, str) else {"rewards": rows}
        write_json(self._path(demands), {"format": _FORMAT, "request": self._request(demands)} | kept)

    def read(self, grid: Sequence[Demands]) -> dict[int, list[list[str]] | str]:
        """Return the points that an earlier run with the same arguments kept."""
        found: dict[int, list[list[str]] | str] = {}
        for number, demands in enumerate(grid):
            path = self._path(demands)
            if not path.exists():
                continue
            try:
                document = json.loads(path.read_text(encoding="utf-8"))
                if document["format"] != _FORMAT or document["request"] != self._request(demands):
                    raise ValueError("another request")
                rows = document.get("failure") or document["rewards"]
                if not isinstance(rows, str):
                    PathTable([[parse(x) for x in row] for row in rows])
            except (ValueError, KeyError, TypeError, InvalidInputError) as error:
                raise CertificateError(
                    f"{path} holds no point of this surface ({error}): move it away, or choose another folder"
                ) from error
            found[number] = rows
        return found


def _fingerprint(settings: _Settings) -> str:
    """Return a digest of everything that a point depends on beside its demands."""
    search = settings.search(Budget.worst_case())
    digest = hashlib.sha256()
    for campaign in search.scenarios.campaigns:
        network = campaign.network
        for array in (
            network.graph.indptr, network.graph.indices, network.contact, network.motives.weights, campaign.team_nodes,
        ):  # fmt: skip
            digest.update(np.ascontiguousarray(array).tobytes())
        digest.update(
            repr((
                network.join, network.invite, campaign.task, campaign.max_depth, campaign.max_invites,
                campaign.response, campaign.horizon,
            )).encode()
        )  # fmt: skip
    worlds = search.problem.worlds[0]
    digest.update(
        repr((
            search.scenarios.weights, search.scenarios.criterion, str(search.problem.objective), search.effort,
            worlds.key,
        )).encode()
    )  # fmt: skip
    return digest.hexdigest()


def _grid(
    epsilons: Sequence[Number],
    identity_costs: Sequence[Number],
    collusion: Sequence[Number | None],
    finder_shares: Sequence[Number],
    recruiter_shares: Sequence[Number],
    budgets: Sequence[Budget] | None,
) -> list[Demands]:
    """Return the points of the grid, without repetitions, after a look at every value."""
    named: dict[str, Sequence[Number | None]] = {
        "epsilons": epsilons, "identity_costs": identity_costs, "collusion": collusion,
        "finder_shares": finder_shares, "recruiter_shares": recruiter_shares,
    }  # fmt: skip
    axes: list[list[Any]] = []
    for name, values in named.items():
        if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
            raise InvalidInputError(name, values, allowed="a sequence of at least one number")
        axes.append(
            [
                None if value is None and name == "collusion" else exact(check_parameter(name, value))
                for value in values
            ]
        )
    limits = [Budget.worst_case()] if budgets is None else list(budgets)
    for index, budget in enumerate(limits):
        if not isinstance(budget, Budget):
            raise InvalidInputError("budgets", budget, index=index, allowed="a Budget")
    if not limits:
        raise InvalidInputError("budgets", budgets, allowed="a sequence of at least one budget")
    return list(dict.fromkeys(Demands(*point) for point in product(*axes, limits)))


def _within(one: Budget, other: Budget) -> bool:
    """Return whether what keeps one budget keeps another of the same kind."""
    if isinstance(one, TailBudget) and isinstance(other, TailBudget):
        return one.level == other.level and one.share <= other.share and one.chain <= other.chain
    if isinstance(one, ExpectedBudget) and isinstance(other, ExpectedBudget):
        return one.share <= other.share and one.chain <= other.chain
    if isinstance(one, TotalBudget) and isinstance(other, TotalBudget):
        return one.amount <= other.amount
    if isinstance(one, WorstCaseBudget) and isinstance(other, WorstCaseBudget):
        return one.share <= other.share
    return one == other


def _key(value: object) -> str:
    return repr(value)
