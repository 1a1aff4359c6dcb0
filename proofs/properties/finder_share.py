"""The finder's share: whoever finds a target is paid a fixed part of the prize, however long the chain."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.path import PathProperty, Rows
from proofs.properties.shortfall import Shortfall
from proofs.spelling import full, short

__all__ = ["FinderShare"]


@dataclass(frozen=True, slots=True, init=False)
class FinderShare(PathProperty):
    """The finder is paid at least the share `gamma` of the prize: R(l, 0) >= gamma for every l.

    Parameters
    ----------
    gamma : int, float or Fraction
        At least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If gamma is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric, Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 4), FinderShare(3 / 4)))
    Proved: paying the finder at least 3/4 in chains of every length.
    >>> print(verify(DoubleGeometric(1 / 4), FinderShare(1 / 2)))
    Refuted: not paying the finder at least 1/2 in chains of every length.
      team > 1/64 > 3/64 > 9/64 > [27/64]; the finder, in a chain of length 4, is paid 27/64, not 1/2

    References
    ----------
    Gamma-security: Nath, Dayama, Garg, Narahari and Zou, WINE 2012.
    """

    name: ClassVar[str] = "finder_share"
    code: ClassVar[str] = "SEC"
    statement: ClassVar[str] = "R(l, 0) >= gamma for every l"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Nath et al., WINE 2012"
    gamma: Fraction

    def __init__(self, gamma: Number) -> None:
        object.__setattr__(self, "gamma", exact(check_parameter("gamma", gamma)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "gamma": full(self.gamma)}

    def violation(self, rows: Rows) -> Shortfall | None:
        """Return the shortest chain of a table whose finder is paid too little, or None. Cost: O(max_depth)."""
        for depth, row in enumerate(rows, 1):
            if row[0] < self.gamma:
                return Shortfall.on(rows, depth, 0, promised=self.gamma)
        return None

    def __str__(self) -> str:
        return f"paying the finder at least {short(self.gamma, width=80)}"
