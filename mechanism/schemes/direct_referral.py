"""Direct referral: the finder and the one who recruited it, nobody else."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor
from typing import ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.path import PathScheme

__all__ = ["DirectReferral"]


@dataclass(frozen=True, slots=True)
class DirectReferral(PathScheme):
    """R(l, 0) = 1 - referral * (l - 1) and R(l, 1) = referral, as long as the finder's share is not negative.

    A sybil-proof member of the class that rewards mostly the finder and its direct recruiter (Chen, Wang,
    Yu and Zhang, EC 2013); the linear form is derived here. Rewards a(l) for the finder and c(l) for its
    recruiter are sybil-proof if and only if c never rises with l and a(l) >= a(l + 1) + c(l + 1);
    equality with constant c gives this one. Longer chains pay nobody.

    Parameters
    ----------
    referral : float or Fraction
        The recruiter's share of the prize, in (0, 1].

    Examples
    --------
    >>> scheme = DirectReferral(0.25)
    >>> [scheme.reward(3, j) for j in range(3)], scheme.longest
    ([0.5, 0.25, 0.0], 5)
    """

    kind: ClassVar[str] = "direct_referral"
    referral: Number

    def __post_init__(self) -> None:
        self._check("referral", above=0, most=1)

    @property
    def longest(self) -> int:
        """Length of the longest chain that is paid."""
        return floor(1 / exact(self.referral)) + 1

    def _formula(self, depth: int, distance: int) -> Number:
        if distance > 1 or depth > self.longest:
            return 0 * self.referral
        return self.referral if distance else 1 - self.referral * (depth - 1)

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"direct referral {float(self.referral):g}"
