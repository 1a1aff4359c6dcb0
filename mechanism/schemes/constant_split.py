"""Constant split: the same fixed part to everybody, on chains that are not too long."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme

__all__ = ["ConstantSplit"]


@dataclass(frozen=True, slots=True)
class ConstantSplit(PathScheme):
    """R(l, j) = 1 / members on chains of at most that many members; longer chains pay nobody.

    A fake identity earns 1 / members, no more and no less, so that a cost of one identity of at least that much
    deters every split.

    Parameters
    ----------
    members : int
        Length of the longest chain that is paid, at least 1.

    Examples
    --------
    >>> scheme = ConstantSplit(4)
    >>> scheme.reward(2, 1), scheme.reward(5, 1)
    (0.25, 0.0)
    """

    kind: ClassVar[str] = "constant_split"
    members: int
    _prize: Number = field(default=1.0, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        self._check_whole("members")

    def _formula(self, depth: int, distance: int) -> Number:
        return self._prize / self.members if depth <= self.members else 0 * self._prize

    @property
    def longest(self) -> int:
        """Length of the longest chain that is paid."""
        return self.members

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"constant split {self.members}"
