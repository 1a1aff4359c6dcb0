"""What a property of path schemes and a counterexample to one can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

from proofs.growth import Peak

__all__ = ["Counterexample", "Property", "Rows", "Term"]

Rows = Sequence[Sequence[Fraction]]
"""Row l - 1 holds the l rewards of a chain of length l, the finder's first."""

Term = tuple[Fraction, Fraction, Fraction]
"""(s, p, q) of the rewards s p^(l-1) q^j, all at least 0, with 0^0 = 1; if s = 0 then p = q = 0."""


class Counterexample(Protocol):
    """A case in which a property fails, with exact numbers."""

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        ...


@dataclass(frozen=True, slots=True)
class Property(ABC):
    """A statement about a path scheme that holds or fails for every scheme."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""

    @abstractmethod
    def violation(self, rows: Rows) -> Counterexample | None:
        """Return the smallest violation by a table, or None if every inequality holds."""

    @abstractmethod
    def peak(self, term: Term) -> Peak | None:
        """Return the peak that proves the property of a power term at every length, or None."""

    @abstractmethod
    def violation_by_term(self, term: Term) -> Counterexample | None:
        """Return the smallest violation by a power term, at any length; None if there is none within reach."""

    @abstractmethod
    def violation_by_equal_split(self) -> Counterexample | None:
        """Return the smallest violation by R(l, j) = 1 / l, at any length, or None if the property holds."""
