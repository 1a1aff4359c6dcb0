"""Verdicts: proved with a certificate, refuted with a counterexample, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

__all__ = ["Claim", "Counterexample", "Proved", "Refuted", "Unrefuted", "Verdict"]


class Counterexample(Protocol):
    """The smallest case in which a claim fails; prints as a sentence."""

    def to_dict(self) -> dict[str, Any]:
        """Return the case as JSON-ready values."""
        ...


@dataclass(frozen=True, slots=True)
class Claim:
    """A property of a scheme, for chains of every length or of at most `max_depth`.

    Attributes
    ----------
    scheme : dict
        The scheme, as `PathScheme.to_dict` writes it.
    property : dict
        Name and parameters of the property, as a certificate spells them.
    text : str
        The same in words.
    max_depth : int or None
        Longest chain spoken of; None for every length.
    """

    scheme: dict[str, Any]
    property: dict[str, str]
    text: str
    max_depth: int | None

    def __str__(self) -> str:
        where = "every length" if self.max_depth is None else f"length at most {self.max_depth}"
        return f"{self.text} in chains of {where}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of a claim: `Proved`, `Refuted` or `Unrefuted`."""

    claim: Claim

    @property
    def holds(self) -> bool | None:
        """True if proved, False if refuted, None if neither."""
        raise NotImplementedError

    def __bool__(self) -> NoReturn:
        raise TypeError("a verdict has three values: compare `verdict.holds` with True, False or None")


@dataclass(frozen=True, slots=True)
class Proved(Verdict):
    """The claim holds; `multipliers` are what the checker needs to see it in exact arithmetic."""

    multipliers: dict[str, Any]

    @property
    def holds(self) -> bool:
        """True."""
        return True

    @property
    def certificate(self) -> dict[str, Any]:
        """The certificate that ``python -m proofs.check`` reads."""
        from proofs.certificate import certificate_of

        return certificate_of([self])

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready values."""
        return {"verdict": "proved", "scheme": self.claim.scheme, "certificate": self.certificate}

    def __str__(self) -> str:
        return f"proved: {self.claim}"


@dataclass(frozen=True, slots=True)
class Refuted(Verdict):
    """The claim fails in `counterexample`, and in no smaller case."""

    counterexample: Counterexample

    @property
    def holds(self) -> bool:
        """False."""
        return False

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready values."""
        return {
            "verdict": "refuted",
            "scheme": self.claim.scheme,
            "claim": self.claim.property | {"max_depth": self.claim.max_depth},
            "counterexample": self.counterexample.to_dict(),
        }

    def __str__(self) -> str:
        return f"refuted: {self.claim}\n  {self.counterexample}"


@dataclass(frozen=True, slots=True)
class Unrefuted(Verdict):
    """Nothing is proved; `searched` says where no counterexample was found."""

    searched: str

    @property
    def holds(self) -> None:
        """None."""
        return

    def to_dict(self) -> dict[str, Any]:
        """Return the verdict as JSON-ready values."""
        return {
            "verdict": "unrefuted",
            "scheme": self.claim.scheme,
            "claim": self.claim.property | {"max_depth": self.claim.max_depth},
            "searched": self.searched,
        }

    def __str__(self) -> str:
        return f"not refuted, not proved: {self.claim}; searched: {self.searched}"
