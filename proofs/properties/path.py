"""What every property of path schemes can do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from proofs.properties.property import Counterexample, Property

__all__ = ["Counterexample", "PathProperty", "Rows"]

Rows = Sequence[Sequence[Fraction]]
"""Row l - 1 holds the l rewards of a chain of length l, the finder's first."""


@dataclass(frozen=True, slots=True)
class PathProperty(Property):
    """A statement about a path scheme: an inequality for every chain, or for every chain and every attack on it."""

    def claim(self, max_depth: int | None) -> dict[str, Any]:
        """Return the claim of the property for chains up to a length, None for any."""
        return self.to_dict() | {"max_depth": max_depth}

    def scope(self, max_depth: int | None) -> str:
        """Return a phrase that says for which chains the property is claimed."""
        return "in chains of " + ("every length" if max_depth is None else f"length at most {max_depth}")

    @abstractmethod
    def violation(self, rows: Rows) -> Counterexample | None:
        """Return the smallest violation in the chains of a table, or None if every inequality holds.

        The smallest is on the shortest chain; of several there, the nearest to the finder.
        """
