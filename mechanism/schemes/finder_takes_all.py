"""Finder takes all: the whole prize to the finder."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["FinderTakesAll"]


@dataclass(frozen=True, slots=True)
class FinderTakesAll(PathScheme):
    """R(l, 0) = 1 and nothing to recruiters.

    Sybil-proof and collusion-proof, but nobody has a reason to recruit: with those two properties
    every interior reward must vanish (Zhang and Tang, AAAI 2023).

    Examples
    --------
    >>> [FinderTakesAll().reward(3, j) for j in range(3)]
    [1, 0, 0]
    """

    kind: ClassVar[str] = "finder_takes_all"
    _prize: Number = field(default=1, repr=False, kw_only=True)

    def _formula(self, depth: int, distance: int) -> Number:
        return self._prize if distance == 0 else 0 * self._prize

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return "finder takes all"

    def power_term(self) -> PowerTerm:
        """Return the closed form: 1 * 1 ** (l - 1) * 0 ** j."""
        return PowerTerm(1, 1, 0)
