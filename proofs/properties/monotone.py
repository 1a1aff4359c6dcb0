"""Monotone: nobody on a chain is paid more than the one recruited by them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from proofs.properties.chain import Chain, draw, keep, name_of, spell_out
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["Monotone", "Rise"]


@dataclass(frozen=True, slots=True)
class Rise:
    """A member of a chain that is paid more than it may be.

    Attributes
    ----------
    depth : int
        Depth of the finder, the length of the chain.
    distance : int
        Steps from the finder up to the member.
    paid, most : Fraction
        What the member is paid, and the most that it may be, in shares of the prize.
    chain : tuple of Fraction, or None
        The rewards on the whole chain, the finder's first; None if it is longer than 64.
    """

    depth: int
    distance: int
    paid: Fraction
    most: Fraction
    chain: Chain | None = None

    @classmethod
    def on(cls, rows: Rows, depth: int, distance: int, *, most: Fraction) -> Rise:
        """Return the case at a position of a table."""
        row = rows[depth - 1]
        return cls(depth, distance, row[distance], most, *keep(row))

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        return {
            "depth": self.depth,
            "distance": self.distance,
            "paid": full(self.paid),
            "most": full(self.most),
            "chain": spell_out(self.chain),
        }

    def __str__(self) -> str:
        return (
            f"{draw(self.chain, marked=[self.distance])}{name_of(self.distance)}, in a chain of length {self.depth}, "
            f"is paid {short(self.paid)}, more than {short(self.most)}"
        )


@dataclass(frozen=True, slots=True)
class Monotone(PathProperty):
    """The nearer to the finder, the more: R(l, j + 1) <= R(l, j) for every l.

    Examples
    --------
    >>> from mechanism.schemes import PathTable, Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), Monotone()))
    Proved: monotone in chains of every length.
    >>> print(verify(PathTable([[1], [0.25, 0.5]]), Monotone()))
    Refuted: not monotone in chains of every length.
      team > [1/2] > 1/4; the recruiter 1 above the finder, in a chain of length 2, is paid 1/2, more than 1/4
    """

    name: ClassVar[str] = "monotone"
    code: ClassVar[str] = "MON"
    statement: ClassVar[str] = "R(l, j + 1) <= R(l, j) for all 0 <= j < l - 1"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "fairness: effort near the success counts most"

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name}

    def violation(self, rows: Rows) -> Rise | None:
        """Return the first member of a table that is paid too much, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            for distance in range(1, depth):
                if row[distance] > row[distance - 1]:
                    return Rise.on(rows, depth, distance, most=row[distance - 1])
        return None

    def __str__(self) -> str:
        return "monotone"
