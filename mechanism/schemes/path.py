"""Path schemes: rewards along the chain that leads to a finder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, parse, spell, whole
from mechanism.schemes.parameters import check_parameter

__all__ = ["PathScheme", "PowerTerm", "check_position"]


@dataclass(frozen=True, slots=True)
class PowerTerm:
    """The closed form ``scale * p ** (depth - 1) * q ** distance``, with ``0 ** 0 = 1``.

    Examples
    --------
    >>> from mechanism import Recursive
    >>> Recursive(0.25).power_term()
    PowerTerm(scale=0.75, p=1, q=0.25)
    """

    scale: Number
    p: Number
    q: Number


@dataclass(frozen=True, slots=True)
class PathScheme(ABC):
    """A reward for every position on a chain, in shares of the prize.

    The finder stands at `depth` l >= 1 (the first recruit of the organiser's team at depth 1); the
    payee stands `distance` j steps above it, 0 <= j <= l - 1 (j = 0 is the finder itself).

    A scheme is a formula over its parameters: with float parameters it computes in float64, with
    `fractions.Fraction` in exact arithmetic. The same code is simulated and proved.
    """

    kind: ClassVar[str]

    @abstractmethod
    def _formula(self, depth: int, distance: int) -> Number:
        """Return the reward at a valid position."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The scheme in a few words, for tables and plots."""

    def reward(self, depth: int, distance: int) -> Number:
        """Return the share of the prize for the payee `distance` steps above a finder at `depth`.

        Parameters
        ----------
        depth : int
            Depth of the finder, at least 1.
        distance : int
            Steps from the finder up to the payee, in 0..depth - 1.

        Returns
        -------
        int, float or Fraction
            In the arithmetic of the parameters.

        Raises
        ------
        InvalidInputError
            If there is no such position.

        Examples
        --------
        >>> from mechanism import Recursive
        >>> Recursive(0.5).reward(3, 2), Recursive(Fraction(1, 2)).reward(3, 2)
        (0.125, Fraction(1, 8))
        """
        return self._formula(*check_position(depth, distance))

    def table(self, max_depth: int) -> NDArray[np.float64]:
        """Return the rewards in chains of at most `max_depth`, float64 of shape (max_depth, max_depth).

        The reward for a finder at depth l and a distance j stands at ``[l - 1, j]``; 0 where j >= l.

        Examples
        --------
        >>> from mechanism import Recursive
        >>> Recursive(0.5).table(2).tolist()
        [[0.5, 0.0], [0.5, 0.25]]
        """
        max_depth = whole(max_depth, argument="max_depth")
        rewards = np.zeros((max_depth, max_depth))
        for depth in range(1, max_depth + 1):
            rewards[depth - 1, :depth] = [float(self._formula(depth, j)) for j in range(depth)]
        return rewards

    def exact(self) -> Self:
        """Return the same scheme in exact arithmetic: a float parameter stands for its shortest decimal.

        Examples
        --------
        >>> from mechanism import DoubleGeometric
        >>> DoubleGeometric(0.2).exact()
        DoubleGeometric(b=Fraction(1, 5))
        """
        return replace(self, **{item.name: exact(getattr(self, item.name)) for item in fields(self)})

    def exact_table(self, max_depth: int) -> list[list[Fraction]]:
        """Return the rewards as fractions: row l - 1 holds the l rewards of a chain of length l.

        Examples
        --------
        >>> from mechanism import EqualSplit
        >>> EqualSplit().exact_table(2)
        [[Fraction(1, 1)], [Fraction(1, 2), Fraction(1, 2)]]
        """
        max_depth = whole(max_depth, argument="max_depth")
        scheme = self.exact()
        return [
            [Fraction(scheme._formula(depth, distance)) for distance in range(depth)]
            for depth in range(1, max_depth + 1)
        ]

    @property
    def longest(self) -> int | None:
        """Length of the longest chain that is paid; None if there is none."""
        return None

    def power_term(self) -> PowerTerm | None:
        """Return the closed form as one power term, or None if there is none."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON-ready values; numbers are texts, exact ones as ``"1/5"``.

        Examples
        --------
        >>> from mechanism import DoubleGeometric
        >>> DoubleGeometric(0.2).to_dict()
        {'scheme': 'double_geometric', 'b': '0.2'}
        """
        return {"scheme": self.kind} | {
            item.name: spell(getattr(self, item.name)) for item in fields(self) if item.init and item.repr
        }

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given parameters, as texts."""
        names = [item.name for item in fields(cls) if item.init and item.repr]
        if sorted(parameters) != sorted(names):
            raise InvalidInputError("scheme", parameters, allowed=f"{cls.kind!r} with the parameters {names}")
        return cls(**{name: parse(parameters[name]) for name in names})

    def _check(
        self,
        name: str,
        *,
        above: Number | None = None,
        least: Number = 0,
        below: Number | None = None,
        most: Number = inf,
    ) -> None:
        """Validate one parameter: finite, in the range given by the bounds."""
        value = check_parameter(name, getattr(self, name), above=above, least=least, below=below, most=most)
        object.__setattr__(self, name, value)

    def _check_whole(self, name: str) -> None:
        """Validate one parameter: an integer of at least 1; a fraction may stand for it, as texts are read."""
        given = getattr(self, name)
        if isinstance(given, Fraction) and given.denominator == 1:
            given = given.numerator
        object.__setattr__(self, name, whole(given, argument=name))

    def __str__(self) -> str:
        return self.label


def check_position(depth: int, distance: int) -> tuple[int, int]:
    """Return a position as plain integers, which no power overflows; refuse one that no chain has."""
    depth = whole(depth, argument="depth")
    if isinstance(distance, bool) or not isinstance(distance, (int, np.integer)) or not 0 <= distance < depth:
        raise InvalidInputError("distance", distance, allowed=f"an integer in 0..{depth - 1}")
    return depth, int(distance)
