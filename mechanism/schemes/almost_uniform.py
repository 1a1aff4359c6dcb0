"""The almost-uniform scheme: a fixed part to every relay, what is left of a fixed sum to the finder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme

__all__ = ["AlmostUniform"]


@dataclass(frozen=True, slots=True)
class AlmostUniform(PathScheme):
    """R(l, 0) = (1 + beta (height - l + 1)) / total and R(l, j) = beta / total for j >= 1, if l <= height.

    The (beta, H)-almost-uniform scheme of Babaioff, Dobzinski, Oren and Zohar (EC 2012) for the authorisation of
    transactions, as shares of what it pays: total = 1 + height * beta, whatever the length of the chain.
    Longer chains pay nobody. Splitting leaves the finder indifferent and gains beta / total per fake identity
    for a relay: what keeps relays honest is not a dominant strategy but iterated dominance on a forest.

    Parameters
    ----------
    beta : float or Fraction
        What a relay is paid, above 0, in units of the authorisation fee.
    height : int
        Length of the longest chain that is paid, at least 1.

    Examples
    --------
    >>> scheme = AlmostUniform(0.5, 2)
    >>> [scheme.total * scheme.reward(2, j) for j in range(2)], scheme.total
    ([1.5, 0.5], 2.0)
    """

    kind: ClassVar[str] = "almost_uniform"
    beta: Number
    height: int

    def __post_init__(self) -> None:
        self._check("beta", above=0)
        self._check_whole("height")

    def _formula(self, depth: int, distance: int) -> Number:
        if depth > self.height:
            return 0 * self.beta
        paid = self.beta if distance else 1 + self.beta * (self.height - depth + 1)
        return paid / self.total

    @property
    def total(self) -> Number:
        """What a chain is paid in all, 1 + height * beta, in units of the authorisation fee."""
        return 1 + self.height * self.beta

    @property
    def longest(self) -> int:
        """Length of the longest chain that is paid."""
        return self.height

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"almost uniform ({float(self.beta):g}, {self.height})"
