"""The power family: geometric in the distance and in the length of the chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["Power"]


@dataclass(frozen=True, slots=True)
class Power(PathScheme):
    """R(l, j) = scale * p ** (l - 1) * q ** j.

    Contains the recursive, geometric and double geometric schemes. A split into k + 1 identities
    multiplies every reward by ``p ** k * (1 + q + ... + q ** k)``, so the scheme is sybil-proof at
    every length if and only if p (1 + q) <= 1.

    Parameters
    ----------
    scale, p, q : float or Fraction
        At least 0.

    Examples
    --------
    >>> Power(1, 0.5, 1).reward(2, 1)
    0.5
    """

    kind: ClassVar[str] = "power"
    scale: Number
    p: Number
    q: Number

    def __post_init__(self) -> None:
        for name in ("scale", "p", "q"):
            self._check(name)

    def _formula(self, depth: int, distance: int) -> Number:
        return self.scale * self.p ** (depth - 1) * self.q**distance

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        scale, p, q = (f"{float(x):g}" for x in (self.scale, self.p, self.q))
        return f"{scale} * {p}^(l-1) * {q}^j"

    def power_term(self) -> PowerTerm:
        """Return the closed form."""
        return PowerTerm(self.scale, self.p, self.q)
