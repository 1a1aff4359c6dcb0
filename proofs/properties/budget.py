"""Within budget: what a chain is paid in all never exceeds the prize, or another share of it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["Overspending", "WithinBudget"]


@dataclass(frozen=True, slots=True)
class Overspending:
    """A chain whose rewards exceed the budget.

    Attributes
    ----------
    depth : int
        Depth of the finder, the length of the chain.
    total : Fraction
        Sum of the rewards, in shares of the prize.
    budget : Fraction
        What it may be.
    """

    depth: int
    total: Fraction
    budget: Fraction = Fraction(1)

    @property
    def excess(self) -> Fraction:
        """What exceeds the budget, in shares of the prize."""
        return self.total - self.budget

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {"depth": self.depth, "total": full(self.total), "excess": full(self.excess)}

    def __str__(self) -> str:
        return (
            f"a chain of length {self.depth} is paid {short(self.total)} of the prize, "
            f"{short(self.excess)} too much"
        )


@dataclass(frozen=True, slots=True, init=False)
class WithinBudget(PathProperty):
    """The rewards along a chain sum to at most the budget: R(l, 0) + ... + R(l, l - 1) <= budget for every l.

    Parameters
    ----------
    budget : int, float or Fraction
        In shares of the prize, at least 0; the prize itself by default. A float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If the budget is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import Geometric
    >>> from proofs import verify
    >>> print(verify(Geometric(0.7, 0.3), WithinBudget()))
    Proved: within budget in chains of every length.
    >>> print(verify(Geometric(0.75, 0.3), WithinBudget()))
    Refuted: not within budget in chains of every length.
      a chain of length 3 is paid 417/400 of the prize, 17/400 too much
    >>> print(verify(Geometric(0.75, 0.3), WithinBudget(2)))
    Proved: within a budget of 2 prizes in chains of every length.
    """

    name: ClassVar[str] = "within_budget"
    code: ClassVar[str] = "BC"
    statement: ClassVar[str] = "R(l, 0) + ... + R(l, l - 1) <= budget for every l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Pickard et al., Science 2011; Nath et al., WINE 2012"
    budget: Fraction

    def __init__(self, budget: Number = 1) -> None:
        object.__setattr__(self, "budget", exact(check_parameter("budget", budget)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it: with the budget, unless that is the prize."""
        return {"property": self.name} | ({} if self.budget == 1 else {"budget": full(self.budget)})

    def violation(self, rows: Rows) -> Overspending | None:
        """Return the shortest chain of a table that exceeds the budget, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            total = sum(row, Fraction(0))
            if total > self.budget:
                return Overspending(depth, total, self.budget)
        return None

    def __str__(self) -> str:
        return (
            "within budget"
            if self.budget == 1
            else f"within a budget of {short(self.budget, width=80)} prizes"
        )
