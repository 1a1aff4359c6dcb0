"""Caps: no single member is paid more than a share of the prize."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.monotone import Rise
from proofs.properties.path import PathProperty, Rows
from proofs.spelling import full, short

__all__ = ["RewardCap"]


@dataclass(frozen=True, slots=True, init=False)
class RewardCap(PathProperty):
    """No member of a chain is paid more than `cap`: R(l, j) <= cap for every l and j.

    Parameters
    ----------
    cap : int, float or Fraction
        In shares of the prize, at least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If the cap is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), RewardCap(1 / 2)))
    Proved: paying nobody more than 1/2 in chains of every length.
    >>> print(verify(Recursive(1 / 4), RewardCap(1 / 2)))
    Refuted: not paying nobody more than 1/2 in chains of every length.
      team > [3/4]; the finder, in a chain of length 1, is paid 3/4, more than 1/2
    """

    name: ClassVar[str] = "reward_cap"
    code: ClassVar[str] = "CAP"
    statement: ClassVar[str] = "R(l, j) <= cap for all 0 <= j < l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "caps per person, common in referral programmes"
    cap: Fraction

    def __init__(self, cap: Number) -> None:
        object.__setattr__(self, "cap", exact(check_parameter("cap", cap)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "cap": full(self.cap)}

    def violation(self, rows: Rows) -> Rise | None:
        """Return the first member of a table that is paid too much, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            for distance, reward in enumerate(row):
                if reward > self.cap:
                    return Rise.on(rows, depth, distance, most=self.cap)
        return None

    def __str__(self) -> str:
        return f"paying nobody more than {short(self.cap, width=80)}"
