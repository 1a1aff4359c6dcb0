"""Budgets of tree schemes: what is paid in all against what is contributed in all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

from mechanism.numbers import Number
from proofs.spelling import short
from proofs.trees.case import TreeCase
from proofs.trees.property import TreeProperty, amount
from proofs.trees.rule import Forest, Rule

__all__ = ["BudgetBalance", "BudgetConstraint", "ZeroValueRoot"]


@dataclass(frozen=True, slots=True, init=False)
class BudgetConstraint(TreeProperty):
    """All rewards together are at most a fraction of all contributions.

    Parameters
    ----------
    budget : int, float or Fraction
        The fraction, above 0; floats stand for their shortest decimals.
    """

    name: ClassVar[str] = "budget_constraint"
    code: ClassVar[str] = "BC"
    statement: ClassVar[str] = "sum over u of R(u) <= budget * C(T) for every forest T"
    adversary: ClassVar[str] = "nobody: the forest and its contributions may be any"
    source: ClassVar[str] = "Emek, Karidi, Tennenholtz and Zohar, EC 2011"
    budget: Fraction

    def __init__(self, budget: Number = 1) -> None:
        object.__setattr__(self, "budget", amount("budget", budget, positive=True))

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield the forest if it is paid too much."""
        paid, allowed = sum(rule(forest)), self.budget * sum(forest[1])
        words = "in all it is paid {value}, {gain} more than {bound}"
        if rule.exceeds(paid, allowed):
            yield TreeCase.of(forest, None, words, value=paid, bound=rule.lift(allowed))

    def __str__(self) -> str:
        return f"within a budget of {short(self.budget)} of all contributions"


@dataclass(frozen=True, slots=True)
class BudgetBalance(TreeProperty):
    """All rewards together are exactly all contributions."""

    name: ClassVar[str] = "budget_balance"
    code: ClassVar[str] = "BB"
    statement: ClassVar[str] = "sum over u of R(u) = C(T) for every forest T"
    adversary: ClassVar[str] = "nobody: the forest and its contributions may be any"
    source: ClassVar[str] = "Rahwan, Naroditskiy, Michalak, Wooldridge and Jennings, 2014"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield the forest if it is paid more or less."""
        yield from _unequal(rule, forest, sum(forest[1], Fraction(0)), "all contributions")

    def __str__(self) -> str:
        return "budget-balanced"


@dataclass(frozen=True, slots=True)
class ZeroValueRoot(TreeProperty):
    """The organiser of a lottery tree never keeps the prize: all chances sum to 1."""

    name: ClassVar[str] = "zero_value_root"
    code: ClassVar[str] = "ZVR"
    statement: ClassVar[str] = "sum over u of L(u) = 1 for every forest with a contribution"
    adversary: ClassVar[str] = "nobody: the forest and its contributions may be any"
    source: ClassVar[str] = "Douceur and Moscibroda, SIGCOMM 2007"

    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield the forest if the chances do not sum to 1."""
        yield from _unequal(rule, forest, Fraction(1), "1")

    def __str__(self) -> str:
        return "leaving nothing to the organiser"


def _unequal(rule: Rule, forest: Forest, wanted: Fraction, name: str) -> Iterator[TreeCase]:
    paid = sum(rule(forest))
    if rule.exceeds(paid, wanted):
        words = f"in all it is paid {{value}}, {{gain}} more than {name}, {{bound}}"
        yield TreeCase.of(forest, None, words, value=paid, bound=rule.lift(wanted))
    elif rule.exceeds(wanted, paid):
        words = f"in all it is paid {{bound}}, {{gain}} less than {name}, {{value}}"
        yield TreeCase.of(forest, None, words, value=rule.lift(wanted), bound=paid)
