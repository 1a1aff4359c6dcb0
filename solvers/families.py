"""The best member of each known family of path schemes under the designer's constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from mechanism.schemes import (
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    Recursive,
)
from proofs import RewardCap, WithinBudget
from solvers.design_problem import Candidate, DesignProblem
from solvers.fixed_point import Equilibrium, Profile
from solvers.reward_space import RewardSpace

__all__ = ["FAMILIES", "KNOWN", "Member", "best_members", "scaled"]

Reals = NDArray[np.float64]
_GRID = 10_000  # parameters have four digits: short to print
_TOLERANCE = 2e-3
_ADMISSIBLE = 1e-12
_TIMES = " * "
_POINTS = 48  # where an interval of admissible parameters is looked for

KNOWN: dict[str, PathScheme] = {
    "finder takes all": FinderTakesAll(),
    "recursive 1/2 (MIT)": Recursive(0.5),
    "geometric .7 * .3^j": Geometric(0.7, 0.3),
    "equal split": EqualSplit(),
    "double geometric 1/2": DoubleGeometric(0.5),
}
"""Schemes of the literature at their published parameters, for comparison."""
FAMILIES = 6
"""Searches that `best_members` makes."""


@dataclass(frozen=True, slots=True)
class Member:
    """The best member found of one family, on the worlds of the search."""

    family: str
    scheme: PathScheme
    candidate: Candidate

    @property
    def equilibrium(self) -> Equilibrium:
        """Its equilibrium in the first scenario."""
        return self.candidate.equilibria[0]

    @property
    def value(self) -> float:
        """The objective."""
        return self.candidate.value


def best_members(
    problem: DesignProblem,
    space: RewardSpace,
    *,
    evaluations: int = 16,
    met: dict[PathScheme, Member] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> tuple[Member, ...]:
    """Search every known family for its best admissible member.

    Parameters
    ----------
    problem : DesignProblem
        What is wanted, and the worlds to compare on.
    space : RewardSpace
        The admissible tables.
    evaluations : int
        Schemes tried per parameter.
    met : dict, optional
        Members met so far in this problem; looked up and filled, so that several spaces share them.
    tick : callable
        Called after each family.

    Returns
    -------
    tuple of Member
        Best first; families without an admissible member are left out.

    Notes
    -----
    Every family is taken at the largest scale that budget and caps allow, in shares of four digits; the others
    parameters have four digits too. Searches are Brent's in one and Nelder and Mead's in two dimensions, inside
    the interval of admissible parameters, on common worlds, so that comparisons are paired.
    """
    search = _Search(problem, space, evaluations, {} if met is None else met)
    members: list[Member] = []
    for family in (
        search.fixed,
        search.double_geometric,
        search.direct_referral,
        search.recursive,
        search.geometric,
        search.power,
    ):
        members.extend(family())
        tick()
    return tuple(sorted(members, key=lambda member: -member.value))


class _Search:
    def __init__(
        self,
        problem: DesignProblem,
        space: RewardSpace,
        evaluations: int,
        met: dict[PathScheme, Member],
    ) -> None:
        self.met = met
        self.problem = problem
        self.space = space
        self.depth = space.max_depth
        self.evaluations = evaluations
        self.starts: tuple[Profile, ...] | None = None
        self.best: Member | None = None

    def largest(self, scheme: PathScheme) -> PathScheme | None:
        """Return the scheme at the largest scale that caps and chains allow, None if that is not admissible."""
        table = scheme.table(self.depth)
        room = min(
            (
                float(wanted.budget) / max(float(table.sum(axis=1).max()), 1e-300)
                if isinstance(wanted, WithinBudget)
                else float(wanted.cap) / max(float(table.max()), 1e-300)
                for wanted in self.space.properties
                if isinstance(wanted, (WithinBudget, RewardCap))
            ),
            default=1.0,
        )
        if isinstance(scheme, (Geometric, Power)) or room < 1 or self.problem.share is not None:
            scheme = scaled(scheme, room, self.depth)
        fits = self.space.violation(scheme.table(self.depth)) <= _ADMISSIBLE
        return scheme if fits else None

    def evaluate(self, family: str, scheme: PathScheme) -> float:
        """Return the objective of a member at its largest affordable scale, minus infinity if not admissible."""
        largest = self.largest(scheme)
        if largest is None:
            return -np.inf
        if largest not in self.met:
            # From the last equilibrium: members are searched in small steps.
            part, found = self.problem.exhausted(
                largest.table(self.depth), starts=self.starts, tolerance=_TOLERANCE
            )
            made = largest if part == 1 else scaled(largest, part, self.depth)
            self.met[largest] = Member(family, made, found)
        member = Member(family, self.met[largest].scheme, self.met[largest].candidate)
        if member.candidate.recruits > 0:
            self.starts = member.candidate.profiles
        fits = self.space.violation(member.scheme.table(self.depth)) <= _ADMISSIBLE
        if fits and (self.best is None or member.value > self.best.value):
            self.best = member
        return member.value if fits else -np.inf

    def _line(
        self, family: str, make: Callable[[float], PathScheme], low: float, high: float
    ) -> list[Member]:
        """Search one parameter in [low, high], ends included, where it is admissible."""
        self.starts = self.best = None
        interval = _interval(lambda x: self.largest(make(x)) is not None, low, high)
        if interval is None:
            return []
        self.evaluate(family, make(interval[1]))
        if interval[1] > interval[0]:
            optimize.minimize_scalar(
                lambda x: min(-self.evaluate(family, make(x)), 1e300),
                bounds=interval,
                method="bounded",
                options={"maxiter": self.evaluations, "xatol": 1e-3},
            )
        return [self.best] if self.best else []

    def fixed(self) -> Sequence[Member]:
        """Evaluate the schemes without parameters."""
        members: list[Member] = []
        for family, scheme in (("finder takes all", FinderTakesAll()), ("equal split", EqualSplit())):
            self.starts = self.best = None
            self.evaluate(family, scheme)
            members += [self.best] if self.best else []
        return members

    def double_geometric(self) -> Sequence[Member]:
        """Search (1 - b)^(l - 1 - j) b^j, sybil-proof for every b."""
        return self._line("double geometric", lambda b: DoubleGeometric(_down(b)), 0.01, 0.6)

    def direct_referral(self) -> Sequence[Member]:
        """Search the share of the finder's recruiter, sybil-proof whatever it is."""
        return self._line("direct referral", lambda c: DirectReferral(max(_down(c), 1 / _GRID)), 0.01, 0.6)

    def recursive(self) -> Sequence[Member]:
        """Search (1 - r) r^j."""
        return self._line("recursive", lambda r: Recursive(_down(r)), 0.0, 1 - 1 / _GRID)

    def geometric(self) -> Sequence[Member]:
        """Search a r^j at the largest a."""
        return self._line("geometric", lambda r: Geometric(1.0, _down(r)), 0.0, 1 - 1 / _GRID)

    def power(self) -> Sequence[Member]:
        """Search a p^(l - 1) q^j over q and p up to the largest admissible p."""
        self.starts = self.best = None
        highest: dict[float, float] = {}

        def make(q: float, share: float) -> PathScheme | None:
            q = _down(float(np.clip(q, 0.0, 3.0)))
            if q not in highest:
                interval = _interval(
                    lambda p: self.largest(Power(1.0, max(_down(p), 1 / _GRID), q)) is not None, 0.3, 1.0
                )
                highest[q] = interval[1] if interval else 0.0
            p = _down(float(np.clip(share, 0.3, 1.0)) * highest[q])
            return Power(1.0, p, q) if p > 0 else None

        def loss(x: Reals) -> float:
            scheme = make(x[0], x[1])
            return 1e300 if scheme is None else min(-self.evaluate("power", scheme), 1e300)

        grid = [(q, loss(np.array([q, 1.0]))) for q in (0.05, 0.15, 0.3, 0.5)]
        q = min(grid, key=lambda pair: pair[1])[0]
        simplex = np.array([[q, 1.0], [q * 1.3, 1.0], [q, 0.95]])
        optimize.minimize(
            loss, simplex[0], method="Nelder-Mead",
            options={"initial_simplex": simplex, "maxfev": 3 * self.evaluations // 2, "xatol": 1e-3, "fatol": 0.0},
        )  # fmt: skip
        return [self.best] if self.best else []


def scaled(scheme: PathScheme, factor: float, depth: int) -> PathScheme:
    """Return a scheme that pays so much of the rewards, rounded down to four digits, cut at a depth."""
    if isinstance(scheme, Geometric):
        return Geometric(_down(float(scheme.first) * factor), scheme.ratio)
    if isinstance(scheme, Power):
        return Power(_down(float(scheme.scale) * factor), scheme.p, scheme.q)
    exact = Fraction(floor(factor * _GRID), _GRID)
    rows = [[exact * reward for reward in row] for row in scheme.exact_table(depth)]
    whole, name = float(exact), scheme.label
    if isinstance(scheme, PathTable) and _TIMES in name:  # a part of a part has one factor
        before, name = name.split(_TIMES, 1)
        whole *= float(before)
    return PathTable(rows, label=f"{whole:.4g}{_TIMES}{name}")


def _interval(admissible: Callable[[float], bool], low: float, high: float) -> tuple[float, float] | None:
    """Return the ends of the admissible numbers in [low, high], as seen on a grid; None if there are none."""
    grid = np.linspace(low, high, _POINTS)
    good = np.flatnonzero([admissible(float(x)) for x in grid])
    if not len(good):
        return None
    first, last = int(good[0]), int(good[-1])
    ends = [float(grid[first]), float(grid[last])]
    if first > 0:
        ends[0] = _border(admissible, float(grid[first]), float(grid[first - 1]))
    if last < _POINTS - 1:
        ends[1] = _border(admissible, float(grid[last]), float(grid[last + 1]))
    return ends[0], ends[1]


def _border(admissible: Callable[[float], bool], good: float, bad: float) -> float:
    """Return an admissible number next to one that is not, by bisection."""
    while abs(bad - good) > 0.1 / _GRID:
        middle = (good + bad) / 2
        good, bad = (middle, bad) if admissible(middle) else (good, middle)
    return good


def _down(x: float) -> float:
    """Round a parameter down to the grid."""
    return floor(x * _GRID + 1e-9) / _GRID
