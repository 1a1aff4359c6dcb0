"""What every property of tree schemes can do."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, number
from proofs.properties.property import Property
from proofs.spelling import full
from proofs.trees.case import TreeCase
from proofs.trees.rule import Forest, Rule

__all__ = ["TreeProperty", "amount"]


@dataclass(frozen=True, slots=True)
class TreeProperty(Property):
    """A statement about a tree scheme: an inequality for every referral forest, or for every change of one.

    Attributes
    ----------
    added : tuple of int
        How many members the changes add to a forest.
    """

    added: ClassVar[tuple[int, ...]] = (0,)

    @abstractmethod
    def violations(self, rule: Rule, forest: Forest, added: int) -> Iterator[TreeCase]:
        """Yield the violations on a forest and by the changes of it that add so many members.

        With irrational rewards only what is certain counts. Properties that promise that some forest exists
        yield nothing: no forest refutes them.
        """

    def claim(self, max_depth: int | None) -> dict[str, Any]:
        """Return the claim of the property, for every forest."""
        return self.to_dict()

    def scope(self, max_depth: int | None) -> str:
        """Return a phrase that says for what the property is claimed."""
        return "in every referral forest"

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name} | {
            item.name: _spelled(getattr(self, item.name)) for item in fields(self)
        }


def amount(argument: str, value: Number, *, positive: bool = False) -> Fraction:
    """Return a validated amount of at least 0, or above 0, exactly.

    Examples
    --------
    >>> amount("budget", 0.5)
    Fraction(1, 2)
    """
    allowed = f"a finite number {'above' if positive else 'of at least'} 0"
    checked = exact(number(value, argument=argument, allowed=allowed))
    if checked < 0 or (positive and not checked):
        raise InvalidInputError(argument, value, allowed=allowed)
    return checked


def _spelled(value: Any) -> Any:
    return full(value) if isinstance(value, Fraction) else value
