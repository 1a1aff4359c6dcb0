"""Lottery trees: one winner, drawn with chances that depend on the referral forest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.forest import ReferralForest
from mechanism.numbers import Number, exact, power, whole
from mechanism.schemes.tree import TreeScheme

__all__ = ["LinearLuxor", "LinearPachira", "LotteryTree", "Luxor", "Pachira"]


@dataclass(frozen=True, slots=True)
class LotteryTree(TreeScheme):
    """A tree scheme whose rewards are chances to win, at most 1 in sum; the rest stays with the organiser."""

    local: ClassVar[bool] = False

    def draw(
        self, forest: ReferralForest, draws: int = 1, *, rng: int | np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw winners, independently of one another.

        Parameters
        ----------
        forest : ReferralForest
            At least one contribution above 0.
        draws : int
            How many lotteries to draw, at least 1.
        rng : int or numpy.random.Generator
            The same seed draws the same winners.

        Returns
        -------
        ndarray of int64, shape (draws,)
            Members; -1 where the organiser keeps the prize.

        Examples
        --------
        >>> forest = ReferralForest([-1, 0], [1.0, 1.0])
        >>> Pachira(0.5, 1.0).draw(forest, 5, rng=7).tolist()
        [1, 1, 1, 0, 0]
        """
        draws = whole(draws, argument="draws")
        if not forest.total > 0:
            raise InvalidInputError("forest", forest, allowed="a forest with a contribution above 0")
        floats = ReferralForest(forest.parents, forest.contributions.astype(np.float64))
        chances = self.rewards(floats).astype(np.float64)
        reached = np.cumsum(chances)
        winners = np.searchsorted(reached, np.random.default_rng(rng).random(draws), side="right")
        return np.where(winners < forest.size, winners, -1)


def _weight(beta: Any, delta: Any, x: Any) -> Any:
    """Return pi(x) = beta x + (1 - beta) x^(1 + delta)."""
    return beta * x + (1 - beta) * power(x, 1 + delta)


@dataclass(frozen=True, slots=True)
class Pachira(LotteryTree):
    """Chance of u: pi(s(u)) less the sum of pi(s(v)) over those whom u recruited.

    s(u) is what the subtree of u contributed over all contributions, and
    pi(x) = beta * x + (1 - beta) * x ** (1 + delta) is convex with pi(0) = 0 and pi(1) = 1 (Douceur and
    Moscibroda, SIGCOMM 2007; the formula is remembered from later work, and its properties are verified
    here). With several roots the organiser keeps 1 - (sum of pi over the roots).

    Parameters
    ----------
    beta : float or Fraction
        In [0, 1]; nobody's chance is below beta times its own share of the contributions.
    delta : float or Fraction
        Above 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> forest = ReferralForest([-1, 0, 0, -1])
    >>> [float(x) for x in Pachira(Fraction(1, 2), Fraction(1)).rewards(forest)]
    [0.34375, 0.15625, 0.15625, 0.15625]
    """

    kind: ClassVar[str] = "pachira"
    width: ClassVar[int] = 2
    beta: Number
    delta: Number

    def __post_init__(self) -> None:
        self._check("beta", most=1)
        self._check("delta", above=0)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed, and the weight of its share."""
        subtree = contribution + below[0]
        return subtree, _weight(parameters[0], parameters[1], subtree / total)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the weight of the subtree's share beyond the weights below."""
        subtree = contribution + below[0]
        return _weight(parameters[0], parameters[1], subtree / total) - below[1]

    @property
    def is_rational(self) -> bool:
        """Whether delta is whole."""
        return exact(self.delta).denominator == 1

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"Pachira ({float(self.beta):g}, {float(self.delta):g})"


@dataclass(frozen=True, slots=True)
class LinearPachira(TreeScheme):
    """R(u) = budget * (all contributions) * (the chance of u in the Pachira lottery tree).

    The lottery's expected values as payments (L-Pachira of Lv and Moscibroda, PODC 2013). Not local: a reward
    depends on what others contribute, unless beta = 1.

    Parameters
    ----------
    budget : float or Fraction
        In (0, 1], the fraction of all contributions that may be paid.
    beta : float or Fraction
        In [0, 1]; nobody gets less than budget * beta of its own contribution.
    delta : float or Fraction
        Above 0.

    Examples
    --------
    >>> LinearPachira(0.5, 0.5, 1.0).rewards(ReferralForest([-1, 0], [1.0, 1.0])).tolist()
    [0.625, 0.375]
    """

    kind: ClassVar[str] = "linear_pachira"
    local: ClassVar[bool] = False
    width: ClassVar[int] = 2
    budget: Number
    beta: Number
    delta: Number

    def __post_init__(self) -> None:
        self._check("budget", above=0, most=1)
        self._check("beta", most=1)
        self._check("delta", above=0)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed, and the weight of its share."""
        subtree = contribution + below[0]
        return subtree, _weight(parameters[1], parameters[2], subtree / total)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the chance of the member times what is paid in all."""
        subtree = contribution + below[0]
        return parameters[0] * total * (_weight(parameters[1], parameters[2], subtree / total) - below[1])

    @property
    def is_rational(self) -> bool:
        """Whether delta is whole."""
        return exact(self.delta).denominator == 1

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"L-Pachira ({', '.join(f'{float(x):g}' for x in self.parameters)})"


@dataclass(frozen=True, slots=True)
class Luxor(LotteryTree):
    """Chance of u: (1 - climb) * (sum over w in the subtree of u of climb ** distance(u, w) * C(w) / C).

    A ticket is drawn in proportion to the contributions C; its holder wins with probability 1 - climb, else the
    ticket climbs to the recruiter, and so on; past a root the organiser keeps the prize. Ours, after the
    lottery tree Luxor of Douceur and Moscibroda (SIGCOMM 2007), whose exact definition is not used here.

    Parameters
    ----------
    climb : float or Fraction
        In [0, 1).

    Examples
    --------
    >>> Luxor(0.5).rewards(ReferralForest([-1, 0], [1.0, 1.0])).tolist()
    [0.375, 0.25]
    """

    kind: ClassVar[str] = "luxor"
    climb: Number

    def __post_init__(self) -> None:
        self._check("climb", below=1)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return the tickets that reach the member, over all tickets."""
        return (contribution / total + parameters[0] * below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the chance that a ticket stops at the member."""
        return (1 - parameters[0]) * (contribution / total + parameters[0] * below[0])

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"Luxor {float(self.climb):g} (ours, after)"


@dataclass(frozen=True, slots=True)
class LinearLuxor(TreeScheme):
    """R(u) = budget * (all contributions) * (the chance of u in `Luxor`): a geometric tree scheme.

    Parameters
    ----------
    budget : float or Fraction
        In (0, 1], the fraction of all contributions that may be paid.
    climb : float or Fraction
        In [0, 1).

    Examples
    --------
    >>> from mechanism import GeometricTree
    >>> forest = ReferralForest([-1, 0], [1.0, 1.0])
    >>> LinearLuxor(0.5, 0.5).rewards(forest).tolist(), GeometricTree(0.5, 0.25).rewards(forest).tolist()
    ([0.375, 0.25], [0.375, 0.25])
    """

    kind: ClassVar[str] = "linear_luxor"
    budget: Number
    climb: Number

    def __post_init__(self) -> None:
        self._check("budget", above=0, most=1)
        self._check("climb", below=1)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return the tickets that reach the member."""
        return (contribution + parameters[1] * below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the tickets that stop at the member, in money."""
        return parameters[0] * (1 - parameters[1]) * (contribution + parameters[1] * below[0])

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"L-Luxor ({float(self.budget):g}, {float(self.climb):g}) (ours, after)"
