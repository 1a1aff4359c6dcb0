"""Individual rationality: wherever a member stands on the chain, it is paid its costs."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.path import PathProperty, Rows
from proofs.properties.shortfall import Shortfall
from proofs.spelling import full, short

__all__ = ["IndividualRationality"]


@dataclass(frozen=True, slots=True, init=False)
class IndividualRationality(PathProperty):
    """Every member of a successful chain is paid at least `cost`: R(l, j) >= cost for all 0 <= j < l.

    Parameters
    ----------
    cost : int, float or Fraction
        In shares of the prize, at least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If the cost is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), IndividualRationality(0)))
    Proved: individually rational at a cost of 0 in chains of every length.
    >>> print(verify(Recursive(1 / 2), IndividualRationality(1 / 10), max_depth=3))
    Proved: individually rational at a cost of 1/10 in chains of length at most 3.
    >>> print(verify(Recursive(1 / 2), IndividualRationality(1 / 10)))
    Refuted: not individually rational at a cost of 1/10 in chains of every length.
      team > [1/16] > 1/8 > 1/4 > 1/2; the recruiter 3 above the finder, in a chain of length 4, is paid 1/16, not 1/10
    """

    name: ClassVar[str] = "individual_rationality"
    code: ClassVar[str] = "IR"
    statement: ClassVar[str] = "R(l, j) >= cost for all 0 <= j < l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "the participation constraint of every mechanism, ex post"
    cost: Fraction

    def __init__(self, cost: Number) -> None:
        object.__setattr__(self, "cost", exact(check_parameter("cost", cost)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "cost": full(self.cost)}

    def violation(self, rows: Rows) -> Shortfall | None:
        """Return the first member of a table that is paid less, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            for distance, paid in enumerate(row):
                if paid < self.cost:
                    return Shortfall.on(rows, depth, distance, promised=self.cost)
        return None

    def __str__(self) -> str:
        return f"individually rational at a cost of {short(self.cost, width=80)}"
