"""Fixed splits: a recruiter is paid a fixed part of what the one recruited is paid, no more and no less."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar

from mechanism.numbers import Number, exact
from mechanism.schemes.parameters import check_parameter
from proofs.properties.path import PathProperty, Rows
from proofs.properties.shortfall import Shortfall
from proofs.spelling import full, short

__all__ = ["RhoSplit"]


@dataclass(frozen=True, slots=True, init=False)
class RhoSplit(PathProperty):
    """A recruiter is paid `rho` times what the one recruited is paid: R(l, j + 1) = rho R(l, j).

    Parameters
    ----------
    rho : int, float or Fraction
        At least 0; a float stands for its shortest decimal.

    Raises
    ------
    InvalidInputError
        If rho is negative or not finite.

    Examples
    --------
    >>> from mechanism.schemes import DoubleGeometric, Recursive
    >>> from proofs import verify
    >>> print(verify(DoubleGeometric(1 / 4), RhoSplit(Fraction(1, 3))))
    Proved: paying recruiters exactly 1/3 of the reward below in chains of every length.
    >>> print(verify(Recursive(1 / 2), RhoSplit(1)))
    Refuted: not paying recruiters exactly 1 of the reward below in chains of every length.
      team > [1/4] > 1/2; the recruiter 1 above the finder, in a chain of length 2, is paid 1/4, not 1/2

    References
    ----------
    Cebrian, Coviello, Vattani and Voulgaris, STOC 2012; Zhang, Zhang and Zhao, IJCAI 2020.
    """

    name: ClassVar[str] = "rho_split"
    code: ClassVar[str] = "RHO"
    statement: ClassVar[str] = "R(l, j + 1) = rho R(l, j) for all 0 <= j < l - 1"
    adversary: ClassVar[str] = "nobody"
    source: ClassVar[str] = "Cebrian et al., STOC 2012; Zhang et al., IJCAI 2020"
    rho: Fraction

    def __init__(self, rho: Number) -> None:
        object.__setattr__(self, "rho", exact(check_parameter("rho", rho)))

    def to_dict(self) -> dict[str, Any]:
        """Return the property as a certificate names it."""
        return {"property": self.name, "rho": full(self.rho)}

    def violation(self, rows: Rows) -> Shortfall | None:
        """Return the first member of a table that is paid something else, or None. Cost: O(max_depth ** 2)."""
        for depth, row in enumerate(rows, 1):
            for distance in range(1, depth):
                promised = self.rho * row[distance - 1]
                if row[distance] != promised:
                    return Shortfall.on(rows, depth, distance, promised=promised)
        return None

    def __str__(self) -> str:
        return f"paying recruiters exactly {short(self.rho, width=80)} of the reward below"
