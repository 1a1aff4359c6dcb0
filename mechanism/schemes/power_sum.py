"""Sums of power terms: several geometric schemes paid together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, parse, spell
from mechanism.schemes.parameters import check_parameter
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["PowerSum"]


@dataclass(frozen=True, slots=True, init=False)
class PowerSum(PathScheme):
    """R(l, j) = sum over the terms of scale * p ** (l - 1) * q ** j.

    Whatever promise holds for every term alone and is linear in the rewards holds for the sum: it is sybil-proof
    if p (1 + q) <= 1 in every term, and collusion-proof if p >= 1 or p q >= 1 in every term.

    Parameters
    ----------
    terms : sequence of (scale, p, q)
        At least one; each number a float or Fraction of at least 0.

    Examples
    --------
    Half of the prize by the double geometric scheme, half to the finder:

    >>> PowerSum([(0.5, 0.5, 1), (0.5, 1, 0)]).reward(2, 0)
    0.75
    """

    kind: ClassVar[str] = "power_sum"
    terms: tuple[PowerTerm, ...]

    def __init__(self, terms: Sequence[PowerTerm | Sequence[Number]]) -> None:
        if isinstance(terms, str) or not isinstance(terms, Sequence) or not terms:
            raise InvalidInputError("terms", terms, allowed="a sequence of at least one term")
        object.__setattr__(self, "terms", tuple(_term(term, index) for index, term in enumerate(terms)))

    def _formula(self, depth: int, distance: int) -> Number:
        return sum(term.scale * term.p ** (depth - 1) * term.q**distance for term in self.terms)

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        numbers = [[f"{float(x):g}" for x in (term.scale, term.p, term.q)] for term in self.terms]
        return " + ".join(f"{scale} * {p}^(l-1) * {q}^j" for scale, p, q in numbers)

    def power_term(self) -> PowerTerm | None:
        """Return the closed form if the sum has one term."""
        return self.terms[0] if len(self.terms) == 1 else None

    def exact(self) -> Self:
        """Return the sum in exact arithmetic."""
        return type(self)([[exact(x) for x in (term.scale, term.p, term.q)] for term in self.terms])

    def to_dict(self) -> dict[str, Any]:
        """Return the terms as JSON-ready values."""
        terms = [[spell(x) for x in (term.scale, term.p, term.q)] for term in self.terms]
        return {"scheme": self.kind, "terms": terms}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given terms, as texts."""
        if sorted(parameters) != ["terms"]:
            raise InvalidInputError("scheme", sorted(parameters), allowed="'power_sum' with 'terms' only")
        terms = parameters["terms"]
        if not isinstance(terms, list) or not all(isinstance(term, list) for term in terms):
            raise InvalidInputError("terms", terms, allowed="a list of lists of texts")
        return cls([[parse(x) for x in term] for term in terms])


def _term(given: Any, index: int) -> PowerTerm:
    """Return a validated term."""
    numbers = (given.scale, given.p, given.q) if isinstance(given, PowerTerm) else given
    if isinstance(numbers, str) or not isinstance(numbers, Sequence) or len(numbers) != 3:
        raise InvalidInputError("terms", given, index=index, allowed="three numbers: scale, p and q")
    return PowerTerm(*(check_parameter(f"terms[{index}, {place}]", x) for place, x in enumerate(numbers)))
