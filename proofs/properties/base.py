"""What every property of a path scheme answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from mechanism.schemes import PathScheme
from proofs.verdict import Counterexample

__all__ = ["Property", "Reason", "Rows"]

Rows = list[list[Fraction]]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a property holds at every length: the multipliers of its certificate."""

    multipliers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Property(ABC):
    """A statement about all chains of a path scheme."""

    @abstractmethod
    def to_dict(self) -> dict[str, str]:
        """Return name and parameters as a certificate spells them."""

    @abstractmethod
    def violation(self, rows: Rows) -> Counterexample | None:
        """Return the smallest violation in a finite table, or None.

        Row l - 1 of `rows` holds the exact rewards of a chain of length l; longer chains are not
        spoken of. Every inequality is evaluated.
        """

    @abstractmethod
    def at_every_length(self, scheme: PathScheme) -> Reason | Counterexample | None:
        """Decide the property for a closed form in exact arithmetic, or return None if that fails."""
