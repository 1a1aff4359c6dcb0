"""Equal split: everybody on the chain gets the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from mechanism.numbers import Number
from mechanism.schemes.path import PathScheme

__all__ = ["EqualSplit"]


@dataclass(frozen=True, slots=True)
class EqualSplit(PathScheme):
    """R(l, j) = 1 / l.

    Budget-balanced, and open to cheating without bound: k fake identities on a chain of length l
    multiply a reward by (k + 1) l / (l + k).

    Examples
    --------
    >>> EqualSplit().reward(4, 1)
    0.25
    """

    kind: ClassVar[str] = "equal_split"
    _prize: Number = field(default=1.0, repr=False, kw_only=True)

    def _formula(self, depth: int, distance: int) -> Number:
        return self._prize / depth

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return "equal split"
