"""What every property of a reward scheme says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

__all__ = ["Counterexample", "Property"]


class Counterexample(Protocol):
    """A case in which a property fails, with exact numbers."""

    def to_dict(self) -> dict[str, Any]:
        """Return the case as plain Python values; exact numbers are texts."""
        ...


@dataclass(frozen=True, slots=True)
class Property(ABC):
    """A statement about a reward scheme that holds or fails for every scheme of its kind.

    Attributes
    ----------
    name : str
        As certificates and the command line spell it, such as ``"sybil_proof"``.
    code : str
        A few capital letters for the heads of tables.
    statement : str
        The formal statement.
    adversary : str
        Who may do what.
    source : str
        Authors, venue and year.
    """

    name: ClassVar[str]
    code: ClassVar[str]
    statement: ClassVar[str]
    adversary: ClassVar[str]
    source: ClassVar[str]

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it, ``{"property": name, ...}``."""

    @abstractmethod
    def claim(self, max_depth: int | None) -> dict[str, Any]:
        """Return the claim as certificates state it; of a property of chains, for chains up to a length."""

    @abstractmethod
    def scope(self, max_depth: int | None) -> str:
        """Return a phrase that says for what the property is claimed."""

    @abstractmethod
    def __str__(self) -> str:
        """Return a phrase that fits after "the scheme is"."""
