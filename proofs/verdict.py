"""Verdicts: a claim is proved with a certificate, refuted by a counterexample, or neither."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from proofs.properties.property import Counterexample, Property

__all__ = ["Claim", "Proved", "Refuted", "Unrefuted", "Verdict"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A property, and what it is claimed for.

    Parameters
    ----------
    property : Property
        What is claimed.
    max_depth : int or None
        A path scheme is cut there: longer chains pay nobody. None claims it for chains of every length, or for
        every referral forest.
    """

    property: Property
    max_depth: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the claim as a certificate states it."""
        return self.property.claim(self.max_depth)

    def __str__(self) -> str:
        return f"{self.property} {self.property.scope(self.max_depth)}"


@dataclass(frozen=True, slots=True)
class Verdict(ABC):
    """What is known about a claim. It has no truth value, since there are three cases: ask `holds`."""

    holds: ClassVar[bool | None]
    claim: Claim

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain Python values, ready for JSON."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a verdict is proved, refuted or neither: use verdict.holds, which is True, False or None"
        )


@dataclass(frozen=True, slots=True)
class Proved(Verdict):
    """The claim holds; the independent checker has accepted the certificate.

    Attributes
    ----------
    claim : Claim
        What is proved.
    certificate : mapping
        As `proofs.check` reads it: the claim and the multipliers of its proof.
    scheme : mapping
        The scheme as the checker reads it; a callable appears as its table.
    """

    holds: ClassVar[bool | None] = True
    certificate: Mapping[str, Any]
    scheme: Mapping[str, Any] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain Python values, ready for JSON."""
        return {"verdict": "proved", "claim": self.claim.to_dict(), "certificate": dict(self.certificate)}

    def __str__(self) -> str:
        return f"Proved: {self.claim}."


@dataclass(frozen=True, slots=True)
class Refuted(Verdict):
    """The claim is false.

    Attributes
    ----------
    claim : Claim
        What is refuted.
    counterexample : Counterexample
        The smallest case that breaks it, with exact numbers.
    """

    holds: ClassVar[bool | None] = False
    counterexample: Counterexample

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain Python values, ready for JSON."""
        return {
            "verdict": "refuted",
            "claim": self.claim.to_dict(),
            "counterexample": self.counterexample.to_dict(),
        }

    def __str__(self) -> str:
        lines = str(self.counterexample).splitlines()
        return "\n  ".join([f"Refuted: not {self.claim}.", *lines])


@dataclass(frozen=True, slots=True)
class Unrefuted(Verdict):
    """Neither a proof nor a counterexample was found.

    Attributes
    ----------
    claim : Claim
        What is open.
    searched : str
        What was searched without success, and how far.
    """

    holds: ClassVar[bool | None] = None
    searched: str

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as plain Python values, ready for JSON."""
        return {"verdict": "unrefuted", "claim": self.claim.to_dict(), "searched": self.searched}

    def __str__(self) -> str:
        return f"Unrefuted, not proved: {self.claim}. Searched {self.searched}."
