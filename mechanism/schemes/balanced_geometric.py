"""The budget-balanced geometric scheme: geometric above the finder, and the whole prize is always paid."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme

__all__ = ["BalancedGeometric"]


@dataclass(frozen=True, slots=True)
class BalancedGeometric(PathScheme):
    """R(l, j) = (1 - ratio) * ratio ** j / (1 - ratio ** l) (Nath, Dayama, Garg, Narahari and Zou, WINE 2012).

    Every chain is paid exactly the prize. A split into k + 1 identities multiplies a reward on a chain of length
    l by (1 - r^(k+1)) (1 - r^l) / ((1 - r) (1 - r^(l+k))): a lone finder gains nothing, others approach
    1 / (1 - r) as l and k grow.

    Parameters
    ----------
    ratio : float or Fraction
        Reward of a recruiter over that of the one recruited, in (0, 1).

    Examples
    --------
    >>> [BalancedGeometric(0.5).reward(2, j) * 3 for j in range(2)]
    [2.0, 1.0]
    """

    kind: ClassVar[str] = "balanced_geometric"
    ratio: Number

    def __post_init__(self) -> None:
        self._check("ratio", above=0, below=1)

    def _formula(self, depth: int, distance: int) -> Number:
        return (1 - self.ratio) * self.ratio**distance / (1 - self.ratio**depth)

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"balanced geometric {float(self.ratio):g}"
