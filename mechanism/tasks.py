"""Tasks that a campaign recruits for."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from mechanism.errors import InvalidInputError
from mechanism.numbers import number, whole

__all__ = ["Search"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Find targets: the chain of the first finder of each target shares its prize.

    Parameters
    ----------
    prize : float
        Prize per target, money above 0.
    targets : int
        Number of targets, at least 1.
    find : float
        Chance in (0, 1] that a member sees a given target.

    Raises
    ------
    InvalidInputError
        If a value is out of range.

    Examples
    --------
    Ten balloons at 4,000 dollars each:

    >>> Search(prize=4000, targets=10, find=0.001)
    Search(prize=4000.0, targets=10, find=0.001)
    """

    prize: float
    targets: int = 1
    find: float

    def __post_init__(self) -> None:
        for name, top, allowed in (
            ("prize", inf, "a finite amount of money above 0"),
            ("find", 1.0, "a probability in (0, 1]"),
        ):
            value = float(number(getattr(self, name), argument=name, allowed=allowed))
            if not 0 < value <= top:
                raise InvalidInputError(name, value, allowed=allowed)
            object.__setattr__(self, name, value)
        object.__setattr__(self, "targets", whole(self.targets, argument="targets"))
