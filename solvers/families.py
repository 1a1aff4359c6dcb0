"""The best member of each known family of path schemes under the designer's constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    Power,
    Recursive,
)
from solvers.equilibrium import Equilibrium, Profile, solve
from solvers.worlds import Worlds

__all__ = ["FAMILIES", "KNOWN", "Member", "best_members", "split_factor"]

Reals = NDArray[np.float64]
_GRID = 10_000  # parameters have four digits: short to print
_TOLERANCE = 2e-3

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
    equilibrium: Equilibrium


def split_factor(p: float, q: float, *, max_depth: int) -> float:
    """Return what the best split multiplies a reward ``p ** (l - 1) * q ** j`` by, at most `max_depth` deep.

    With k fake identities the factor is ``p ** k * (1 + q + ... + q ** k)``, whatever l and j are.

    Examples
    --------
    >>> split_factor(1.0, 0.5, max_depth=3)
    1.75
    """
    fakes = np.arange(max_depth)
    return float((p**fakes * np.cumsum(q**fakes)).max())


def best_members(
    worlds: Worlds,
    *,
    epsilon: float,
    replicates: int,
    evaluations: int = 16,
    met: dict[PathScheme, Equilibrium] | None = None,
    tick: Callable[[], None] = lambda: None,
) -> tuple[Member, ...]:
    """Search every known family for the member that recruits most, sybil-proof up to epsilon.

    Parameters
    ----------
    worlds : Worlds
        Worlds to compare on.
    epsilon : float
        Allowed relative gain of a cheater in chains of at most the campaign's largest depth.
    replicates : int
        Worlds per evaluation.
    evaluations : int
        Equilibria per parameter.
    met : dict, optional
        Equilibria met so far on these worlds; looked up and filled, so that several epsilons share them.
    tick : callable
        Called after each family.

    Returns
    -------
    tuple of Member
        Best first; families without an admissible member are left out.

    Notes
    -----
    The scale of the power family and of the geometric one is the largest that the budget allows; the
    others have one parameter or none. Parameters have four digits. Searches are Brent's in one and
    Nelder and Mead's in two dimensions, on common worlds, so that comparisons are paired.
    """
    search = _Search(worlds, epsilon, replicates, evaluations, {} if met is None else met)
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
    return tuple(sorted(members, key=lambda member: -member.equilibrium.recruits))


class _Search:
    def __init__(
        self,
        worlds: Worlds,
        epsilon: float,
        replicates: int,
        evaluations: int,
        met: dict[PathScheme, Equilibrium],
    ) -> None:
        self.met = met
        self.worlds = worlds
        self.depth = worlds.max_depth
        self.epsilon = epsilon
        self.replicates = replicates
        self.evaluations = evaluations
        self.start: Profile | None = None
        self.best: Member | None = None

    def evaluate(self, family: str, scheme: PathScheme) -> Member:
        """Find the equilibrium of a member, from the last one: members are searched in small steps."""
        if scheme not in self.met:
            self.met[scheme] = solve(
                self.worlds,
                scheme.table(self.depth),
                replicates=self.replicates,
                start=self.start,
                tolerance=_TOLERANCE,
            )
        equilibrium = self.met[scheme]
        member = Member(family, scheme, equilibrium)
        if equilibrium.recruits > 0:
            self.start = equilibrium.profile
        if self.best is None or equilibrium.recruits > self.best.equilibrium.recruits:
            self.best = member
        return member

    def _line(
        self, family: str, make: Callable[[float], PathScheme], low: float, high: float
    ) -> list[Member]:
        """Search one parameter in [low, high], ends included."""
        if high <= low:
            return []
        self.start = self.best = None

        def loss(x: float) -> float:
            return -self.evaluate(family, make(x)).equilibrium.recruits

        loss(high)
        optimize.minimize_scalar(
            loss, bounds=(low, high), method="bounded", options={"maxiter": self.evaluations, "xatol": 1e-3}
        )
        return [self.best] if self.best else []

    def fixed(self) -> Sequence[Member]:
        """Evaluate the schemes without parameters."""
        self.start = self.best = None
        schemes: list[tuple[str, PathScheme]] = [("finder takes all", FinderTakesAll())]
        # Equal split leaks most when k fakes join in a chain of length l: (k + 1) l / (l + k).
        fakes = np.arange(self.depth)
        leak = max(((k + 1) * (self.depth - k) / self.depth for k in fakes), default=1.0)
        if leak <= 1 + self.epsilon:
            schemes.append(("equal split", EqualSplit()))
        members: list[Member] = []
        for family, scheme in schemes:
            self.start = None
            members.append(self.evaluate(family, scheme))
        return members

    def double_geometric(self) -> Sequence[Member]:
        """Search (1 - b)^(l - 1 - j) b^j, sybil-proof for every b."""
        return self._line("double geometric", lambda b: DoubleGeometric(_down(b)), 0.01, 0.6)

    def direct_referral(self) -> Sequence[Member]:
        """Search the share of the finder's recruiter, sybil-proof whatever it is."""
        return self._line("direct referral", lambda c: DirectReferral(max(_down(c), 1 / _GRID)), 0.01, 0.6)

    def recursive(self) -> Sequence[Member]:
        """Search (1 - r) r^j."""
        return self._line("recursive", lambda r: Recursive(_down(r)), 0.0, self._largest_ratio())

    def geometric(self) -> Sequence[Member]:
        """Search a r^j with the largest a that the budget allows in chains of the largest depth."""
        return self._line("geometric", self._geometric, 0.0, self._largest_ratio())

    def _geometric(self, ratio: float) -> PathScheme:
        ratio = _down(ratio)
        return Geometric(_down(1.0 / float(np.sum(ratio ** np.arange(self.depth)))), ratio)

    def power(self) -> Sequence[Member]:
        """Search a p^(l - 1) q^j over q and p up to the largest p that epsilon allows."""
        self.start = self.best = None

        def make(q: float, share: float) -> PathScheme:
            q = _down(float(np.clip(q, 0.0, 3.0)))
            p = _down(float(np.clip(share, 0.3, 1.0)) * self._largest_p(q))
            depths = np.arange(1, self.depth + 1)
            rows = p ** (depths - 1.0) * np.cumsum(q ** (depths - 1.0))
            return Power(_down(1.0 / float(rows.max())), p, q)

        def loss(x: Reals) -> float:
            return -self.evaluate("power", make(x[0], x[1])).equilibrium.recruits

        grid = [(q, loss(np.array([q, 1.0]))) for q in (0.05, 0.15, 0.3, 0.5)]
        q = min(grid, key=lambda pair: pair[1])[0]
        simplex = np.array([[q, 1.0], [q * 1.3, 1.0], [q, 0.95]])
        optimize.minimize(
            loss, simplex[0], method="Nelder-Mead",
            options={"initial_simplex": simplex, "maxfev": 3 * self.evaluations // 2, "xatol": 1e-3, "fatol": 0.0},
        )  # fmt: skip
        return [self.best] if self.best else []

    def _largest_ratio(self) -> float:
        ratio = _largest(lambda r: split_factor(1.0, r, max_depth=self.depth) <= 1 + self.epsilon)
        return min(ratio, 1.0 - 1.0 / _GRID)

    def _largest_p(self, q: float) -> float:
        return _largest(lambda p: split_factor(p, q, max_depth=self.depth) <= 1 + self.epsilon)


def _largest(admissible: Callable[[float], bool]) -> float:
    """Return the largest number in [0, 1] that is admissible, by bisection; 0 is, and so are all below one that is."""
    if admissible(1.0):
        return 1.0
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if admissible(middle) else (low, middle)
    return low


def _down(x: float) -> float:
    """Round a parameter down to the grid: what is smaller is still admissible."""
    return floor(x * _GRID + 1e-9) / _GRID
