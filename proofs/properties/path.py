"""What every property of path schemes can do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from proofs.properties.property import Counterexample, Property

__all__ = ["Counterexample", "PathProperty", "Rows"]

Rows = Sequence[Sequence[Fraction]]
"""Row l - 1 holds the l rewards of a chain of length l, the finder's first."""


@dataclass(frozen=True, slots=True)
class PathProperty(Property):
    """A statement about a path scheme: an inequality for every chain, or for every chain and every attack on it."""

    @abstractmethod
    def violation(self, rows: Rows) -> Counterexample | None:
        """Return the smallest violation in the chains of a table, or None if every inequality holds.

        The smallest is on the shortest chain; of several there, the nearest to the finder.
        """
