"""The (gamma, delta)-geometric family: a share to the finder, falling geometrically above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["Geometric"]


@dataclass(frozen=True, slots=True)
class Geometric(PathScheme):
    """R(l, j) = first * ratio ** j (Nath, Dayama, Garg, Narahari and Zou, WINE 2012).

    Within budget at every length if first <= 1 - ratio; the finder's best split gains at most
    ratio / (1 - ratio).

    Parameters
    ----------
    first : float or Fraction
        The finder's share, at least 0.
    ratio : float or Fraction
        Reward of a recruiter over that of the one recruited, at least 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> Geometric(Fraction(7, 10), Fraction(3, 10)).reward(5, 1)
    Fraction(21, 100)
    """

    kind: ClassVar[str] = "geometric"
    first: Number
    ratio: Number

    def __post_init__(self) -> None:
        self._check("first")
        self._check("ratio")

    def _formula(self, depth: int, distance: int) -> Number:
        return self.first * self.ratio**distance

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"geometric {float(self.first):g} * {float(self.ratio):g}^j"

    def power_term(self) -> PowerTerm:
        """Return the closed form."""
        return PowerTerm(self.first, 1, self.ratio)
