"""Contribution-deterministic schemes: a reward that depends on what is contributed, not on the shape of the tree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact, log
from mechanism.schemes.tree import TreeScheme

__all__ = ["CDRM1", "CDRM2"]


@dataclass(frozen=True, slots=True)
class _ContributionDeterministic(TreeScheme):
    """R(u) = Theta(x, y) of the own contribution x and of all contributions y below."""

    budget: Number
    penalty: Number

    def __post_init__(self) -> None:
        self._check("budget", above=0, most=1)
        self._check("penalty", above=0)
        if exact(self.penalty) > exact(self.budget):
            raise InvalidInputError("penalty", self.penalty, allowed=f"at most the budget, {self.budget}")

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed."""
        return (contribution + below[0],)


@dataclass(frozen=True, slots=True)
class CDRM1(_ContributionDeterministic):
    """R(u) = (budget - penalty / (1 + x + y)) * x, with x = C(u) and y all that was contributed below u.

    The first contribution-deterministic reward mechanism of Lv and Moscibroda (PODC 2013); the formula was
    re-derived from the two conditions that make such a mechanism resist splitting: for a chain
    Theta(x1 + x2, y) >= Theta(x1, y + x2) + Theta(x2, y) and for siblings
    Theta(x1 + x2, y1 + y2) >= Theta(x1, y1) + Theta(x2, y2). A member gets between budget - penalty and
    budget of its own contribution.

    Parameters
    ----------
    budget : float or Fraction
        In (0, 1], the fraction of all contributions that may be paid.
    penalty : float or Fraction
        In (0, budget], what nobody else's contribution takes away.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> CDRM1(0.5, 0.25).rewards(ReferralForest([-1, 0], [2.0, 1.0])).tolist()
    [0.875, 0.375]
    """

    kind: ClassVar[str] = "cdrm_1"

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return Theta(x, y)."""
        budget, penalty = parameters
        return (budget - penalty / (1 + contribution + below[0])) * contribution

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"CDRM-1 ({float(self.budget):g}, {float(self.penalty):g})"


@dataclass(frozen=True, slots=True)
class CDRM2(_ContributionDeterministic):
    """R(u) = budget * x - penalty * log((1 + x + y) / (1 + y)), with x = C(u) and y all contributed below u.

    The second contribution-deterministic reward mechanism of Lv and Moscibroda (PODC 2013), re-derived as
    `CDRM1`. Splitting into a chain breaks exactly even. Rewards are irrational: exact statements about them
    are made with enclosures.

    Parameters
    ----------
    budget : float or Fraction
        In (0, 1], the fraction of all contributions that may be paid.
    penalty : float or Fraction
        In (0, budget].

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> CDRM2(0.5, 0.25).rewards(ReferralForest([-1, 0], [2.0, 1.0])).round(6).tolist()
    [0.826713, 0.326713]
    """

    kind: ClassVar[str] = "cdrm_2"

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return Theta(x, y)."""
        budget, penalty = parameters
        return budget * contribution - penalty * log((1 + contribution + below[0]) / (1 + below[0]))

    @property
    def is_rational(self) -> bool:
        """Whether rewards are fractions: never."""
        return False

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"CDRM-2 ({float(self.budget):g}, {float(self.penalty):g})"
