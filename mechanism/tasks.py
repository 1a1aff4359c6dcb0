"""Tasks that a campaign recruits for."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

import numpy as np

from mechanism.errors import InvalidInputError

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
        for name in ("prize", "find"):
            value = getattr(self, name)
            real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
            top = 1.0 if name == "find" else float("inf")
            if not real or not isfinite(value) or not 0 < value <= top:
                allowed = "a probability in (0, 1]" if name == "find" else "a finite amount of money above 0"
                raise InvalidInputError(name, value, allowed=allowed)
            object.__setattr__(self, name, float(value))
        whole = isinstance(self.targets, (int, np.integer)) and not isinstance(self.targets, bool)
        if not whole or self.targets < 1:
            raise InvalidInputError("targets", self.targets, allowed="an integer of at least 1")
