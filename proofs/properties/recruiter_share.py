"""Recruiters' shares: whoever stands on a chain that is paid is paid, and not too little."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.path import PathProperty, Rows
from proofs.properties.shortfall import Shortfall
from proofs.spelling import full, short

__all__ = ["RecruiterShare"]


@dataclass(frozen=True, slots=True, init=False)
class RecruiterShare(PathProperty):
    """A recruiter is paid at least `delta` of what the one recruited is paid: R(l, j + 1) >= delta R(l, j).

    Without delta: everybody on a chain that is paid at all is paid something.

    Parameters
    ----------
    delta : int, float or Fraction, optional
        At least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If delta is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import FinderTakesAll, Recursive
    >>> from proofs import verify
    >>> print(verify(Recursive(1 / 2), RecruiterShare(1 / 2)))
    Proved: paying recruiters at least 1/2 of the reward below in chains of every length.
    >>> print(verify(FinderTakesAll(), RecruiterShare()))
    Refuted: not paying everybody in chains of every length.
      team > [0] > 1; the recruiter 1 above the finder, in a chain of length 2, is paid 0, not more

    References
    ----------
    Strict contribution rationality and delta-SCR: Nath, Dayama, Garg, Narahari and Zou, WINE 2012.
    """

    name: ClassVar[str] = "recruiter_share"
    code: ClassVar[str] = "SCR"
    statement: ClassVar[str] = (
        "R(l, j + 1) >= delta R(l, j) for all 0 <= j < l - 1; "
        "without delta: R(l, j) > 0 for every j, or for none"
    )
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Nath et al., WINE 2012"
    delta: Fraction | None

    def __init__(self, delta: Number | None = None) -> None:
        object.__setattr__(self, "delta", None if delta is None else exact(check_parameter("delta", delta)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "delta": None if self.delta is None else full(self.delta)}

    def violation(self, rows: Rows) -> Shortfall | None:
        """Return the first member of a table that is paid too little, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            if self.delta is None:
                if any(row) and 0 in row:
                    return Shortfall.on(rows, depth, row.index(Fraction(0)), promised=Fraction(0))
                continue
            for distance in range(1, depth):
                promised = self.delta * row[distance - 1]
                if row[distance] < promised:
                    return Shortfall.on(rows, depth, distance, promised=promised)
        return None

    def __str__(self) -> str:
        if self.delta is None:
            return "paying everybody"
        return f"paying recruiters at least {short(self.delta, width=80)} of the reward below"
