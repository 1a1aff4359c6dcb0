"""What is asked of a design at one point of a surface, and which demands imply which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from itertools import product
from typing import Any

from mechanism import Budget
from mechanism.budgets import ExpectedBudget, TailBudget, TotalBudget, WorstCaseBudget
from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number
from proofs import CollusionProof, FinderShare, PathProperty, Property, RecruiterShare, SybilProof
from solvers.design_properties import wanted_properties

__all__ = ["AXES", "Demands", "grid_of"]

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

    def wanted(self, chain_limit: Fraction) -> tuple[PathProperty, ...]:
        """Return what a design must be proved to have where a chain may be paid at most so much."""
        return wanted_properties(None, self.properties(), chain_limit)

    def implies(self, other: Demands) -> bool:
        """Return whether a scheme that meets these demands meets others, whatever the campaign.

        Examples
        --------
        >>> strict, loose = grid_of({"epsilon": (0, 1)})
        >>> strict.implies(loose), loose.implies(strict)
        (True, False)
        """
        return all(self.is_as_strict(other, axis) for axis in AXES)

    def is_as_strict(self, other: Demands, axis: str) -> bool:
        """Return whether one demand implies that of others on the same axis."""
        here, there = getattr(self, axis), getattr(other, axis)
        match axis:
            case "budget":
                return _within(here, there)
            case "collusion":
                return there is None or (here is not None and here <= there)
            case "finder_share" | "recruiter_share":
                return bool(here >= there)
            case _:
                return bool(here <= there)

    def word(self, axis: str) -> str:
        """Return one demand in a word or a few."""
        value = getattr(self, axis)
        if axis == "budget":
            return str(value)
        return "any" if value is None else f"{float(value):g}"

    def words(self) -> dict[str, str]:
        """Return each demand in words, rounded to six digits."""
        return {axis: self.word(axis) for axis in AXES}

    def to_dict(self) -> dict[str, Any]:
        """Return the demands as plain Python values, ready for JSON; exact numbers are texts.

        Examples
        --------
        >>> (one,) = grid_of({"epsilon": (0.25,), "budget": (Budget.expected(0.5),)})
        >>> one.to_dict()["epsilon"], one.to_dict()["budget"]
        ('1/4', {'kind': 'ExpectedBudget', 'share': '1/2', 'chain': '10'})
        """
        spelled: dict[str, Any] = {
            axis: None if getattr(self, axis) is None else str(getattr(self, axis)) for axis in AXES[:-1]
        }
        terms = {term.name: str(getattr(self.budget, term.name)) for term in fields(self.budget)}
        return spelled | {"budget": {"kind": type(self.budget).__name__} | terms}


_NAMES = {
    "epsilon": "epsilons",
    "identity_cost": "identity_costs",
    "collusion": "collusion",
    "finder_share": "finder_shares",
    "recruiter_share": "recruiter_shares",
    "budget": "budgets",
}


def grid_of(values: dict[str, Sequence[Any]]) -> list[Demands]:
    """Return all combinations of values by axis, without repetitions; the last axis varies fastest.

    Raises
    ------
    InvalidInputError
        If an axis is empty or holds what cannot be asked for; the message names the argument of `surface`.

    Examples
    --------
    >>> [point.word("epsilon") for point in grid_of({"epsilon": (0, 0.5, 0)})]
    ['0', '0.5']
    """
    loose: dict[str, Sequence[Any]] = dict.fromkeys(AXES, (0,))
    loose |= {"collusion": (None,), "budget": (Budget.worst_case(),)}
    points = [_checked(axis, (loose | values)[axis]) for axis in AXES]
    return list(dict.fromkeys(Demands(*point) for point in product(*points)))


def _checked(axis: str, values: Sequence[Any]) -> list[Any]:
    """Return the values on an axis, exact."""
    name = _NAMES[axis]
    if isinstance(values, str) or not isinstance(values, Sequence) or not len(values):
        kind = "budget" if axis == "budget" else "number"
        raise InvalidInputError(name, values, allowed=f"a sequence of at least one {kind}")
    checked: list[Any] = []
    for index, value in enumerate(values):
        if axis == "budget":
            if not isinstance(value, Budget):
                raise InvalidInputError(
                    name, value, index=index, allowed="a budget such as Budget.expected(0.5)"
                )
            checked.append(value)
        else:
            checked.append(None if axis == "collusion" and value is None else _at_least_0(name, index, value))
    return checked


def _at_least_0(name: str, index: int, value: Number) -> Fraction:
    allowed = "a finite number of at least 0"
    if name == "collusion":
        allowed += ", or None"
    found = exact(number(value, argument=name, allowed=allowed, index=(index,)))
    if found < 0:
        raise InvalidInputError(name, value, index=index, allowed=allowed)
    return found


def _within(one: Budget, other: Budget) -> bool:
    """Return whether what keeps one budget keeps another, in the same worlds too.

    What a chain is paid at most bounds the mean and the dearest cases, and the dearer the cases that are averaged,
    the greater their mean.
    """
    match one, other:
        case TailBudget(), TailBudget():
            return one.level >= other.level and one.share <= other.share and one.chain <= other.chain
        case ExpectedBudget(), ExpectedBudget():
            return one.share <= other.share and one.chain <= other.chain
        case TotalBudget(), TotalBudget():
            return one.amount <= other.amount
        case WorstCaseBudget(), WorstCaseBudget():
            return one.share <= other.share
        case WorstCaseBudget(), ExpectedBudget() | TailBudget():
            return one.share <= min(other.share, other.chain)
    return one == other
