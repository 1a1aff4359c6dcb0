"""The least budget that reaches a wanted number of recruits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, log
from typing import Any

from mechanism import Budget, Campaign, Objective, Scenarios
from mechanism.errors import InvalidInputError, SolveError
from mechanism.numbers import Number, number
from proofs import PathProperty, Property
from solvers.design_problem import Candidate
from solvers.engine import Engine
from solvers.scheme_design import Design, DesignSearch, Progress, Stages, wanted_properties
from solvers.seeds import Rng

__all__ = ["LeastBudget", "least_budget"]

_DIGITS = 10_000
_START = 0.25
_SMALLEST, _LARGEST = 1e-4, 100.0
_ROUNDS = 14
_PRECISION = 5e-3  # relative, of the share


@dataclass(frozen=True, slots=True, eq=False)
class LeastBudget:
    """The smallest budget found under which a design does as much as is wanted.

    Attributes
    ----------
    share : Fraction
        In prizes, or whatever the budget is made from.
    design : Design
        The design under it.
    tried : tuple of (float, float)
        Shares tried and what the designs reached on the worlds of the search, in this order.
    """

    share: Fraction
    design: Design
    tried: tuple[tuple[float, float], ...]

    def __str__(self) -> str:
        return f"least budget: {self.design.budget}\n{self.design}"

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain Python values, ready for JSON."""
        return {
            "share": str(self.share),
            "design": self.design.to_dict(),
            "tried": [list(one) for one in self.tried],
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
        From a share to a budget: `Budget.worst_case` by default, `Budget.expected`, or
        ``lambda share: Budget.tail(share, level=0.9)``.
    epsilon, subject_to, objective, effort, rng, engine
        As in `design`.
    progress : callable, optional
        Called with (stage, done, total).

    Returns
    -------
    LeastBudget
        The share has four digits and is at most .5 % above one that does not suffice.

    Raises
    ------
    InvalidInputError
        If an argument is out of range.
    SolveError
        If 100 prizes do not suffice, or one in ten thousand is too much already.

    Notes
    -----
    What the best design reaches rises with the share. Secant steps in logarithms bracket the share; each design
    climbs on from the nearest one before it.
    """
    allowed = "a finite number above 0"
    goal = float(number(wanted, argument="wanted", allowed=allowed))
    if goal <= 0:
        raise InvalidInputError("wanted", wanted, allowed=allowed)
    stages = Stages(progress, _ROUNDS + 1)
    tried: dict[Fraction, tuple[DesignSearch, tuple[PathProperty, ...], Candidate]] = {}

    def reach(share: Fraction) -> float:
        search = DesignSearch(
            campaign, rng, effort=effort, engine=engine, budget=budget(share), objective=objective
        )
        properties = wanted_properties(epsilon, subject_to, search.chain_limit)
        quiet = Stages(None, 0)
        if tried:
            near = min(tried, key=lambda one: abs(log(float(one) / float(share))))
            table = tried[near][2].table * min(float(share / near), 1.0)
            best = search.climb_from(properties, table, quiet)
        else:
            best = search.best(properties, search.rivals(properties, quiet), quiet)
        tried[share] = (search, properties, best)
        stages.tick(f"budget {float(share):g}")
        return best.value

    low, high = _bracket(reach, goal)
    for _ in range(_ROUNDS):
        if high <= low * (1 + Fraction(_PRECISION)):
            break
        below, above = tried[low][2].value, tried[high][2].value
        rise = log(above / below) if below > 0 else 0.0
        part = log(goal / below) / rise if rise > 1e-9 else 0.5
        part = min(max(part + 0.1 * (0.5 - part), 0.05), 0.95)  # never too near an end
        middle = _digits(exp(log(low) + part * log(high / low)))
        if not low < middle < high:
            break
        if reach(middle) >= goal:
            high = middle
        else:
            low = middle
    search, properties, best = tried[high]
    result = search.finish(best, properties, ())
    stages.done()
    return LeastBudget(high, result, tuple((float(share), one[2].value) for share, one in tried.items()))


def _bracket(reach: Callable[[Fraction], float], goal: float) -> tuple[Fraction, Fraction]:
    """Return a share that does not suffice and a larger one that does."""
    share = _digits(_START)
    if reach(share) < goal:
        while share <= _LARGEST:
            low, share = share, 2 * share
            if reach(share) >= goal:
                return low, share
        raise SolveError(f"{_LARGEST:g} prizes do not reach {goal:g}: want less, or ask for less")
    while share >= _SMALLEST:
        high, share = share, _digits(float(share) / 2)
        if share and reach(share) < goal:
            return share, high
    raise SolveError(f"a budget of {_SMALLEST:g} prizes reaches {goal:g} already: want more")


def _digits(share: float) -> Fraction:
    """Return a share with four digits after the point."""
    return Fraction(round(share * _DIGITS), _DIGITS)
