"""The double geometric scheme: geometric along the chain and in its length, exactly sybil-proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme, PowerTerm

__all__ = ["DoubleGeometric"]


@dataclass(frozen=True, slots=True)
class DoubleGeometric(PathScheme):
    """R(l, j) = (1 - b) ** (l - 1 - j) * b ** j (Zhang, Zhang and Zhao, IJCAI 2020).

    One fake identity breaks exactly even, ``R(l, j) = R(l + 1, j) + R(l + 1, j + 1)``, and more
    lose: sybil-proof for chains of every length.

    Parameters
    ----------
    b : float or Fraction
        In (0, 1); a recruiter gets b / (1 - b) of what the one recruited gets.

    Examples
    --------
    >>> DoubleGeometric(0.5).reward(3, 2)
    0.25
    """

    kind: ClassVar[str] = "double_geometric"
    b: Number

    def __post_init__(self) -> None:
        self._check("b", above=0, below=1)

    def _formula(self, depth: int, distance: int) -> Number:
        return (1 - self.b) ** (depth - 1 - distance) * self.b**distance

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"double geometric {float(self.b):g}"

    def power_term(self) -> PowerTerm:
        """Return the closed form: p = 1 - b and q = b / (1 - b), so that p (1 + q) = 1."""
        return PowerTerm(1, 1 - self.b, self.b / (1 - self.b))
