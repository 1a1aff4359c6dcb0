"""A capped rate: whoever brings in more earns more per unit contributed, up to a cap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, exact
from mechanism.schemes.tree import TreeScheme

__all__ = ["CappedRate"]


@dataclass(frozen=True, slots=True)
class CappedRate(TreeScheme):
    """R(u) = x * min(cap, floor + slope * (x + y)), with x = C(u) and y all that was contributed below u.

    Ours, after the idea of capped rewards that Drucker and Fleischer (EC 2012) use for sybil-proof referral
    rewards; not their formula. Splitting never pays: any rate g that does not fall gives a chain
    (x1 + x2) g(x1 + x2 + y) >= x1 g(x1 + x2 + y) + x2 g(x2 + y), and likewise siblings.

    Parameters
    ----------
    floor : float or Fraction
        Rate of a member with a negligible subtree, at least 0.
    slope : float or Fraction
        Growth of the rate per unit contributed in the subtree, at least 0.
    cap : float or Fraction
        In [floor, 1]; the budget fraction needed.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> CappedRate(0.25, 0.125, 0.5).rewards(ReferralForest([-1, 0], [1.0, 2.0])).tolist()
    [0.5, 1.0]
    """

    kind: ClassVar[str] = "capped_rate"
    floor: Number
    slope: Number
    cap: Number

    def __post_init__(self) -> None:
        self._check("floor")
        self._check("slope")
        self._check("cap", most=1)
        if exact(self.cap) < exact(self.floor):
            raise InvalidInputError("cap", self.cap, allowed=f"at least the floor, {self.floor}")

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return what the subtree contributed."""
        return (contribution + below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the contribution times its rate."""
        floor, slope, cap = parameters
        return contribution * min(cap, floor + slope * (contribution + below[0]))

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"capped rate {float(self.floor):g}..{float(self.cap):g}"
