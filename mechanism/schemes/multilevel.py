"""Multi-level marketing: commissions on what those below bought, none on one's own purchase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mechanism.numbers import Number
from mechanism.schemes.tree import TreeScheme

__all__ = ["MultiLevel"]


@dataclass(frozen=True, slots=True)
class MultiLevel(TreeScheme):
    """R(u) = share * (sum over w below u of decay ** (distance(u, w) - 1) * C(w)).

    The geometric mechanism of multi-level marketing (Emek, Karidi, Tennenholtz and Zohar, EC 2011), with
    purchases of any size. Within a fraction `budget` of all purchases if share <= budget * (1 - decay).
    The form was re-derived; the constants of the paper may be named differently.

    Parameters
    ----------
    decay : float or Fraction
        In [0, 1), per level.
    share : float or Fraction
        Commission on a direct referral, at least 0.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> MultiLevel(0.5, 0.25).rewards(ReferralForest([-1, 0, 1], [1.0, 1.0, 1.0])).tolist()
    [0.375, 0.25, 0.0]
    """

    kind: ClassVar[str] = "multi_level"
    decay: Number
    share: Number

    def __post_init__(self) -> None:
        self._check("decay", below=1)
        self._check("share")

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return the discounted purchases of the subtree."""
        return (contribution + parameters[0] * below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the commission on the discounted purchases below."""
        return parameters[1] * below[0]

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"multi-level {float(self.share):g} * {float(self.decay):g}^(d-1)"
