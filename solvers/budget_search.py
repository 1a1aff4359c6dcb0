"""The least budget that reaches a wanted number of recruits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, isnan, log, nan
from typing import Any

from mechanism import Budget, Campaign, Objective, Scenarios
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import Number, number
from proofs import PathProperty, Property
from solvers.design_problem import Candidate
from solvers.design_properties import wanted_properties
from solvers.engine import Engine
from solvers.progress import Progress, Stages
from solvers.scheme_design import Design, DesignSearch
from solvers.seeds import Rng, seed_sequence

__all__ = ["LeastBudget", "least_budget"]

_START = Fraction(1, 4)
_SMALLEST, _LARGEST = 1e-4, 100.0
_STEPS = 12  # as many as there are, mostly
_SECANTS = 6  # steps; after so many the interval is halved
_PRECISION = Fraction(5, 1000)  # relative, of the share


@dataclass(frozen=True, slots=True, eq=False)
class LeastBudget:
    """The smallest budget found under which a design does as much as is wanted.

    Attributes
    ----------
    share : Fraction
        In prizes, or whatever the budget is made from.
    insufficient : Fraction
        The largest share tried under which the best design found does less: the least budget is in between.
    design : Design
        The design under it.
    tried : tuple of (float, float)
        Shares tried and what the designs reached on the worlds of the search, in this order; NaN where no scheme
        meets all demands.
    """

    share: Fraction
    insufficient: Fraction
    design: Design
    tried: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return f"least budget: {self.design.budget}\n{self.design}"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "share": str(self.share),
            "insufficient": str(self.insufficient),
            "design": self.design.to_dict(),
            "tried": [[share, None if isnan(value) else value] for share, value in self.tried],
        }


def least_budget(
    campaign: Campaign | Scenarios,
    wanted: float,
    *,
    budget: Callable[[Fraction], Budget] = Budget.worst_case,
    epsilon: Number | None = None,
    subject_to: Sequence[Property] = (),
    objective: Objective | None = None,
    effort: int = 1,
    rng: Rng,
    engine: int | Engine | None = None,
    progress: Progress | None = None,
) -> LeastBudget:
    """Find the least budget under which a design reaches a wanted figure.

    Parameters
    ----------
    campaign : Campaign or Scenarios
        As in `design`.
    wanted : float
        Expected recruits, or another objective, above 0.
    budget : callable
        From a number of prizes to a budget, the larger the looser: `Budget.worst_case` by default,
        `Budget.expected`, ``lambda prizes: Budget.tail(prizes, level=0.9)`` or
        ``lambda prizes: Budget.total(4000 * prizes)`` where the prize is 4,000.
    epsilon, subject_to, objective, effort, rng, engine
        As in `design`.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    LeastBudget
        The share has five significant digits and is at most .5 % above `insufficient`.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If 100 prizes do not suffice, or one in ten thousand is too much already.

    Notes
    -----
    What the best design reaches rises with the share. Secant steps in logarithms bracket the share; each design
    climbs on from the nearest one before it, and takes over what was found for less. Where no scheme meets all
    demands the share does not suffice. The figure is that on the worlds of the search: `Design.value`, on fresh
    ones, may be below it by what a choice is fitted to its worlds.
    """
    allowed = "a finite number above 0"
    goal = float(number(wanted, argument="wanted", allowed=allowed))
    if goal <= 0:
        raise InvalidInputError("wanted", wanted, allowed=allowed)
    seed = seed_sequence(rng)

    def make(share: Fraction) -> DesignSearch:
        return DesignSearch(
            campaign, seed, effort=effort, engine=engine, budget=budget(share), objective=objective
        )

    search = _Search(
        make, lambda limit: wanted_properties(epsilon, subject_to, limit), Stages(progress, _STEPS)
    )
    low, high = _bracket(search, goal)
    rounds = 0
    while high > low * (1 + _PRECISION):
        width = log(high / low)
        part = 0.5
        if rounds < _SECANTS:  # so near to an end that the other half ends the search
            least = min(log(1 + 0.9 * _PRECISION) / width, 0.5)
            part = min(max(_part(search.value(low), goal, search.value(high)), least), 1 - least)
        middle = _digits(exp(log(low) + part * width))
        low, high = (low, middle) if search.value(middle) >= goal else (middle, high)
        rounds += 1
    result = search.design(high)
    search.stages.done()
    return LeastBudget(high, low, result, search.tried())


class _Search:
    """The best designs found by share of the budget, each climbed to from the nearest one before."""

    def __init__(
        self,
        make: Callable[[Fraction], DesignSearch],
        asked: Callable[[Fraction], tuple[PathProperty, ...]],
        stages: Stages,
    ) -> None:
        self.make, self.asked, self.stages = make, asked, stages
        self.found: dict[Fraction, tuple[DesignSearch, Candidate] | None] = {}
        self.failure = ""

    def value(self, share: Fraction) -> float:
        """Return what the best design found under a budget reaches; NaN if no scheme meets all demands."""
        if share not in self.found:
            search = self.make(share)
            candidates = [known[1] for less, known in self.found.items() if known and less < share]
            try:
                candidates.append(self._climbed(share, search))
            except SolveError as error:
                self.failure = f": {error}"
            candidates = [one for one in candidates if search.problem.is_affordable(one)]
            best = max(candidates, key=lambda one: one.value, default=None)
            self.found[share] = None if best is None else (search, best)
            self.stages.tick(f"budget {float(share):g}")
        known = self.found[share]
        return known[1].value if known else nan

    def _climbed(self, share: Fraction, search: DesignSearch) -> Candidate:
        """Climb under a budget from the nearest design, made smaller where it was for more, or design anew."""
        wanted, quiet = self.asked(search.chain_limit), Stages(None, 0)
        known = {one: pair[1].table for one, pair in self.found.items() if pair}
        if not known:
            return search.best(wanted, search.rivals(wanted, quiet), quiet)
        near = min(known, key=lambda one: abs(log(one / share)))
        return search.climb_from(wanted, known[near] * min(float(share / near), 1.0), quiet)

    def design(self, share: Fraction) -> Design:
        """Prove and measure the best design found under a budget."""
        known = self.found[share]
        if known is None:
            raise SolveError(f"no scheme was found for {float(share):g}{self.failure}")
        search, best = known
        return search.finish(best, self.asked(search.chain_limit), ())

    def tried(self) -> tuple[tuple[float, float], ...]:
        """Return shares and what was reached, in the order of the search."""
        return tuple((float(share), self.value(share)) for share in self.found)


def _bracket(search: _Search, goal: float) -> tuple[Fraction, Fraction]:
    """Return a share that does not suffice and one up to twice as large that does."""
    share = _START
    if search.value(share) >= goal:
        while share >= _SMALLEST:
            share, enough = _digits(share / 2), share
            if not search.value(share) >= goal:
                return share, enough
        raise SolveError(f"a budget of {_SMALLEST:g} prizes reaches {goal:g} already: want more")
    while share <= _LARGEST:
        low, share = share, 2 * share
        if search.value(share) >= goal:
            return low, share
    raise SolveError(f"{_LARGEST:g} prizes do not reach {goal:g}: want less, or ask for less{search.failure}")


def _part(below: float, goal: float, above: float) -> float:
    """Return how far between two shares the goal lies, in logarithms; half way where that is not known.

    Examples
    --------
    >>> round(_part(1.0, 10.0, 100.0), 3), round(_part(1.0, 99.0, 100.0), 3), _part(nan, 1.0, 2.0)
    (0.5, 0.998, 0.5)
    """
    if not 0 < below < above:
        return 0.5
    return log(goal / below) / log(above / below)


def _digits(share: Fraction | float) -> Fraction:
    """Return a share with five significant digits.

    Examples
    --------
    >>> _digits(0.123456)
    Fraction(6173, 50000)
    """
    return Fraction(f"{float(share):.5g}")
