"""The recursive incentive: a share to the finder, a fixed part of it to each recruiter above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["Recursive"]


@dataclass(frozen=True, slots=True)
class Recursive(PathScheme):
    """R(l, j) = (1 - ratio) * ratio ** j.

    With ratio 1/2 the winning scheme of the 2009 DARPA Network Challenge: half to the finder, half
    of that to the finder's recruiter, and so on (Pickard et al., Science 2011). The split contract in which
    everybody hands the same fraction `ratio` of what it receives to its recruiter (Cebrian, Coviello, Vattani
    and Voulgaris, STOC 2012).

    Parameters
    ----------
    ratio : float or Fraction
        Reward of a recruiter over that of the one recruited, in [0, 1).

    Examples
    --------
    Four people and a prize of 4,000; the remaining 250 go to charity.

    >>> [4000 * Recursive(1 / 2).reward(4, j) for j in range(4)]
    [2000.0, 1000.0, 500.0, 250.0]
    """

    kind: ClassVar[str] = "recursive"
    ratio: Number

    def __post_init__(self) -> None:
        self._check("ratio", below=1)

    def _formula(self, depth: int, distance: int) -> Number:
        return (1 - self.ratio) * self.ratio**distance

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"recursive {float(self.ratio):g}"

    def power_term(self) -> PowerTerm:
        """Return the closed form."""
        return PowerTerm(1 - self.ratio, 1, self.ratio)
