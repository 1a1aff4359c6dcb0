"""Tree schemes: a reward for every member of a referral forest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import inf
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.forest import ReferralForest
from mechanism.numbers import Number, exact, parse, spell
from mechanism.schemes.parameters import check_parameter

__all__ = ["TreeScheme"]


@dataclass(frozen=True, slots=True)
class TreeScheme(ABC):
    """A reward for every member of a contribution-labelled forest, found in one pass from the leaves up.

    A family is two plain functions of numbers. Each member sends its recruiter a `message`, a tuple of
    `width` numbers; the messages of those whom a member recruited are added up, and that sum decides
    its `reward`::

        message(parameters, contribution, below, total, depth) -> tuple of numbers
        reward(parameters, contribution, below, total, depth) -> number

    `parameters` are the fields of the scheme in order; `below` is the sum of the messages from below, all 0 for
    a leaf; `total` is what the whole forest contributed and `depth` the member's own, 1 for a root.
    With float parameters the functions compute in float64, with fractions exactly: what is simulated is
    what is proved, and compilers take the functions as they are.

    A family that is `local` is called with None in place of total and depth, so that its rewards depend
    on nothing outside the member's subtree: it has subtree locality by construction.
    """

    kind: ClassVar[str]
    local: ClassVar[bool] = True
    width: ClassVar[int] = 1

    @staticmethod
    @abstractmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what a member sends its recruiter."""

    @staticmethod
    @abstractmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the reward of a member."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The scheme in a few words, for tables and plots."""

    @property
    def parameters(self) -> tuple[Number, ...]:
        """The parameters, in the order of the formula."""
        return tuple(getattr(self, item.name) for item in fields(self))

    @property
    def is_rational(self) -> bool:
        """Whether fractions in give fractions out, so that rewards can be computed exactly."""
        return True

    def rewards(self, forest: ReferralForest) -> NDArray[Any]:
        """Return the reward of every member, in the unit of the contributions.

        Parameters
        ----------
        forest : ReferralForest
            With exact contributions and parameters that are fractions the rewards are fractions.

        Returns
        -------
        ndarray of float64, or of Fraction, shape (n,)

        Notes
        -----
        O(n) Python steps; `solvers.tree_rewards` runs the same functions compiled, bit for bit the same.

        Examples
        --------
        >>> from mechanism import GeometricTree, ReferralForest
        >>> GeometricTree(0.5, 0.25).rewards(ReferralForest([-1, 0, 1], [1.0, 1.0, 1.0])).tolist()
        [0.4375, 0.375, 0.25]
        """
        if not isinstance(forest, ReferralForest):
            raise InvalidInputError("forest", forest, allowed="a ReferralForest")
        amounts = forest.contributions.tolist()
        paid = self.evaluate(forest.parents.tolist(), amounts, order=forest.order.tolist())
        if all(isinstance(x, Fraction) for x in paid):
            rewards = np.empty(forest.size, dtype=object)
            rewards[:] = paid
            return rewards
        return np.array([float(x) for x in paid])

    def evaluate(
        self,
        parents: Sequence[int],
        contributions: Sequence[Any],
        *,
        order: Sequence[int] | None = None,
        parameters: Sequence[Any] | None = None,
    ) -> list[Any]:
        """Return the rewards on a forest given as plain sequences, in the arithmetic of its numbers.

        Parameters
        ----------
        parents : sequence of int
            The recruiter of each member, -1 for a root; every member comes after its recruiter in `order`.
        contributions : sequence of numbers
            Of any type that knows the four operations.
        order : sequence of int, optional
            0..n - 1 by default.
        parameters : sequence of numbers, optional
            The parameters in another arithmetic.
        """
        if parameters is None:
            parameters = self.parameters
        n, width = len(parents), self.width
        walk = range(n) if order is None else order
        zero = contributions[0] * 0
        total, depths = (None, None) if self.local else (zero, [1] * n)
        if depths is not None:
            for (
                contribution
            ) in contributions:  # one by one: sum() rounds otherwise in newer versions of Python
                total = total + contribution
            for u in walk:
                if parents[u] >= 0:
                    depths[u] = depths[parents[u]] + 1
        below = [[zero] * width for _ in range(n)]
        paid = [zero] * n
        for u in reversed(walk):
            depth = None if depths is None else depths[u]
            paid[u] = self.pay(parameters, contributions[u], below[u], total, depth)
            if parents[u] >= 0:
                sums = below[parents[u]]
                sent = self.message(parameters, contributions[u], below[u], total, depth)
                for k in range(width):
                    sums[k] = sums[k] + sent[k]
        return paid

    def exact(self) -> Self:
        """Return the same scheme in exact arithmetic: a float parameter stands for its shortest decimal.

        Examples
        --------
        >>> from mechanism import GeometricTree
        >>> GeometricTree(0.5, 0.2).exact()
        GeometricTree(decay=Fraction(1, 2), share=Fraction(1, 5))
        """
        return replace(self, **{item.name: exact(getattr(self, item.name)) for item in fields(self)})

    def to_dict(self) -> dict[str, Any]:
        """Return the scheme as JSON-ready values; numbers are texts, exact ones as ``"1/5"``."""
        return {"scheme": self.kind} | {item.name: spell(getattr(self, item.name)) for item in fields(self)}

    @classmethod
    def from_parameters(cls, parameters: dict[str, Any]) -> Self:
        """Return the scheme with the given parameters, as texts."""
        names = [item.name for item in fields(cls)]
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

    def __str__(self) -> str:
        return self.label
