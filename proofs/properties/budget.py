"""Within budget: what a chain is paid in all never exceeds the prize."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.growth import Growth, Peak
from proofs.properties.path import Property, Rows, Term
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
class WithinBudget(Property):
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

    Notes
    -----
    A power term s p^(l-1) q^j pays a chain of length l the sum s g_(l-1) with the `Growth` g of the term. So
    it is within budget at every length if and only if the supremum of g is at most 1 / s.
    """

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": "within_budget"}

    def violation(self, rows: Rows) -> Overspending | None:
        """Return the shortest chain of a table that exceeds the prize, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            total = sum(row, Fraction(0))
            if total > 1:
                return Overspending(depth, total)
        return None

    def peak(self, term: Term) -> Peak | None:
        """Return the peak that proves the property of a power term at every length, or None."""
        scale, p, q = term
        ceiling = Growth.of(p, q).ceiling()
        return None if ceiling is None or scale * ceiling[1] > 1 else ceiling[0]

    def violation_by_term(self, term: Term) -> Overspending | None:
        """Return the shortest chain of a power term that exceeds the prize; None if there is none within reach."""
        scale, p, q = term
        growth = Growth.of(p, q)
        k = growth.first_above(1 / scale)
        return None if k is None else Overspending(k + 1, scale * growth.value(k))

    def violation_by_equal_split(self) -> None:
        """Return None: equal split pays every chain exactly the prize."""
        return

    def __str__(self) -> str:
        return "within budget"
