"""Objectives: what a scheme is designed for."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = ["AllFound", "DepthQuantile", "MeanDepth", "Mixture", "Objective", "Recruits", "Sustained"]

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Objective(ABC):
    """A figure of a campaign that is to be large: a function of the expected members by depth and the chance to win.

    Make one with `Objective.recruits`, `all_found`, `mean_depth`, `depth_quantile` or `sustained`, and mix them with
    numbers:
    ``Objective.recruits() + 500 * Objective.all_found()``.
    """

    @staticmethod
    def recruits() -> Recruits:
        """Return the expected number of recruits."""
        return Recruits()

    @staticmethod
    def all_found() -> AllFound:
        """Return the chance that all targets are found."""
        return AllFound()

    @staticmethod
    def mean_depth() -> MeanDepth:
        """Return the mean depth of a recruit."""
        return MeanDepth()

    @staticmethod
    def depth_quantile(q: float) -> DepthQuantile:
        """Return the depth down to which a share q in (0, 1) of the recruits stands, linear between depths.

        Examples
        --------
        >>> Objective.depth_quantile(0.5).value(np.array([30.0, 20.0, 50.0]), 1.0)
        2.0
        """
        return DepthQuantile(q)

    @staticmethod
    def sustained(stay: Sequence[float]) -> Sustained:
        """Return the expected members who stay once the campaign is over, given the chance of each depth to stay.

        `solvers.aftermath` measures these chances for a scheme; `solvers.design_sustained` designs with them.

        Examples
        --------
        >>> Objective.sustained([0.5, 0.25]).value(np.array([30.0, 20.0]), 1.0)
        20.0
        """
        return Sustained(tuple(stay))

    @abstractmethod
    def value(self, members: Reals, found: float) -> float:
        """Return the figure.

        Parameters
        ----------
        members : ndarray of float64, shape (max_depth,)
            Expected members at depth d, at index d - 1.
        found : float
            Chance that all targets are found.
        """

    def __add__(self, other: Objective) -> Mixture:
        return Mixture((*_parts(self), *_parts(other)))

    def __rmul__(self, weight: float) -> Mixture:
        allowed = "a finite weight of at least 0"
        factor = float(number(weight, argument="weight", allowed=allowed))
        if factor < 0:
            raise InvalidInputError("weight", weight, allowed=allowed)
        return Mixture(tuple((factor * old, part) for old, part in _parts(self)))


@dataclass(frozen=True, slots=True)
class Recruits(Objective):
    """Expected number of recruits."""

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        return float(members.sum())

    def __str__(self) -> str:
        return "recruits"


@dataclass(frozen=True, slots=True)
class AllFound(Objective):
    """Chance that all targets are found."""

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        return found

    def __str__(self) -> str:
        return "P(all found)"


@dataclass(frozen=True, slots=True)
class MeanDepth(Objective):
    """Mean depth of a recruit; 0 if there are none."""

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        total = members.sum()
        return float(np.arange(1, len(members) + 1) @ members / total) if total > 0 else 0.0

    def __str__(self) -> str:
        return "mean depth"


@dataclass(frozen=True, slots=True)
class DepthQuantile(Objective):
    """Depth down to which a share q of the recruits stands, linear between depths; 0 if there are none."""

    q: float

    def __post_init__(self) -> None:
        allowed = "a number above 0 and below 1"
        q = float(number(self.q, argument="q", allowed=allowed))
        if not 0 < q < 1:
            raise InvalidInputError("q", self.q, allowed=allowed)
        object.__setattr__(self, "q", q)

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        total = members.sum()
        if not total > 0:
            return 0.0
        share = np.append(0.0, np.cumsum(members) / total)
        return float(np.interp(self.q, share, np.arange(len(share))))

    def __str__(self) -> str:
        return f"depth of the {self.q:g} quantile"


@dataclass(frozen=True, slots=True)
class Sustained(Objective):
    """Expected members who stay: those of depth d, times the chance ``stay[d - 1]`` that one of them does."""

    stay: tuple[float, ...]

    def __post_init__(self) -> None:
        allowed = "a chance in [0, 1]"
        if not self.stay:
            raise InvalidInputError("stay", self.stay, allowed="a chance for each depth")
        for depth, chance in enumerate(self.stay):
            if not 0 <= float(number(chance, argument="stay", allowed=allowed)) <= 1:
                raise InvalidInputError("stay", chance, index=depth, allowed=allowed)
        object.__setattr__(self, "stay", tuple(map(float, self.stay)))

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        if len(members) > len(self.stay):
            raise InvalidInputError(
                "stay", len(self.stay), index="length", allowed=f"a chance for each of {len(members)} depths"
            )
        return float(members @ np.array(self.stay[: len(members)]))

    def __str__(self) -> str:
        return "members who stay"


@dataclass(frozen=True, slots=True)
class Mixture(Objective):
    """Weighted sum of objectives."""

    parts: tuple[tuple[float, Objective], ...]

    def value(self, members: Reals, found: float) -> float:
        """Return the figure."""
        return sum(weight * part.value(members, found) for weight, part in self.parts)

    def __str__(self) -> str:
        return " + ".join(f"{weight:g} {part}" for weight, part in self.parts)


def _parts(objective: object) -> tuple[tuple[float, Objective], ...]:
    if isinstance(objective, Mixture):
        return objective.parts
    if not isinstance(objective, Objective):
        raise InvalidInputError("objective", objective, allowed="an objective such as Objective.recruits()")
    return ((1.0, objective),)
