"""Budget balance: every chain is paid exactly the prize."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["BudgetBalanced", "Imbalance"]


@dataclass(frozen=True, slots=True)
class Imbalance:
    """A chain whose rewards do not add up to the prize.

    Attributes
    ----------
    depth : int
        Depth of the finder, the length of the chain.
    total : Fraction
        Sum of the rewards, in shares of the prize.
    """

    depth: int
    total: Fraction

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {"depth": self.depth, "total": full(self.total), "excess": full(self.total - 1)}

    def __str__(self) -> str:
        off = f"{short(abs(self.total - 1))} too {'much' if self.total > 1 else 'little'}"
        return f"a chain of length {self.depth} is paid {short(self.total)} of the prize, {off}"


@dataclass(frozen=True, slots=True)
class BudgetBalanced(PathProperty):
    """The rewards along a chain sum to the prize: R(l, 0) + ... + R(l, l - 1) = 1 for every l.

    Examples
    --------
    >>> from mechanism.schemes import BalancedGeometric, Recursive
    >>> from proofs import verify
    >>> print(verify(BalancedGeometric(0.5), BudgetBalanced()))
    Proved: budget-balanced in chains of every length.
    >>> print(verify(Recursive(0.5), BudgetBalanced()))
    Refuted: not budget-balanced in chains of every length.
      a chain of length 1 is paid 1/2 of the prize, 1/2 too little
    """

    name: ClassVar[str] = "budget_balanced"
    code: ClassVar[str] = "BB"
    statement: ClassVar[str] = "R(l, 0) + ... + R(l, l - 1) = 1 for every l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Nath et al., WINE 2012"

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name}

    def violation(self, rows: Rows) -> Imbalance | None:
        """Return the shortest chain of a table that is not paid the prize, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            total = sum(row, Fraction(0))
            if total != 1:
                return Imbalance(depth, total)
        return None

    def __str__(self) -> str:
        return "budget-balanced"
