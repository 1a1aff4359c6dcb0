"""Within budget: what a chain is paid in all never exceeds the prize."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["Overspending", "WithinBudget"]


@dataclass(frozen=True, slots=True)
class Overspending:
    """A chain whose rewards exceed the prize.

    Attributes
    ----------
    depth : int
        Depth of the finder, the length of the chain.
    total : Fraction
        Sum of the rewards, in shares of the prize.
    """

    depth: int
    total: Fraction

    @property
    def excess(self) -> Fraction:
        """What exceeds the prize, in shares of the prize."""
        return self.total - 1

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {"depth": self.depth, "total": full(self.total), "excess": full(self.excess)}

    def __str__(self) -> str:
        return (
            f"a chain of length {self.depth} is paid {short(self.total)} of the prize, "
            f"{short(self.excess)} too much"
        )


@dataclass(frozen=True, slots=True)
class WithinBudget(PathProperty):
    """The rewards along a chain sum to at most the prize: R(l, 0) + ... + R(l, l - 1) <= 1 for every l.

    Examples
    --------
    >>> from mechanism.schemes import Geometric
    >>> from proofs import verify
    >>> print(verify(Geometric(0.7, 0.3), WithinBudget()))
    Proved: within budget in chains of every length.
    >>> print(verify(Geometric(0.75, 0.3), WithinBudget()))
    Refuted: not within budget in chains of every length.
      a chain of length 3 is paid 417/400 of the prize, 17/400 too much
    """

    name: ClassVar[str] = "within_budget"
    code: ClassVar[str] = "BC"
    statement: ClassVar[str] = "R(l, 0) + ... + R(l, l - 1) <= 1 for every l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Pickard et al., Science 2011; Nath et al., WINE 2012"

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name}

    def violation(self, rows: Rows) -> Overspending | None:
        """Return the shortest chain of a table that exceeds the prize, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            total = sum(row, Fraction(0))
            if total > 1:
                return Overspending(depth, total)
        return None

    def __str__(self) -> str:
        return "within budget"
