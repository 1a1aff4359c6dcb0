"""The geometric tree scheme: a share of what everybody below contributed, falling with the distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from mechanism.numbers import Number
from mechanism.schemes.tree import TreeScheme

__all__ = ["GeometricTree"]


@dataclass(frozen=True, slots=True)
class GeometricTree(TreeScheme):
    """R(u) = share * (sum over w in the subtree of u of decay ** distance(u, w) * C(w)).

    The geometric incentive tree (Lv and Moscibroda, PODC 2013), after the multi-level mechanism of Emek, Karidi,
    Tennenholtz and Zohar (EC 2011), in which a member's own contribution counts too. The total paid is at most
    share / (1 - decay) of the total contributed, approached on long chains.

    Parameters
    ----------
    decay : float or Fraction
        In [0, 1), per step.
    share : float or Fraction
        Paid per unit contributed, at least 0; the budget fraction needed is share / (1 - decay).

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> GeometricTree(0.5, 0.25).rewards(ReferralForest([-1, 0, 0], [1.0, 2.0, 4.0])).tolist()
    [1.0, 0.5, 1.0]
    """

    kind: ClassVar[str] = "geometric_tree"
    decay: Number
    share: Number

    def __post_init__(self) -> None:
        self._check("decay", below=1)
        self._check("share")

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return the discounted contributions of the subtree."""
        return (contribution + parameters[0] * below[0],)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the share of the discounted contributions."""
        return parameters[1] * (contribution + parameters[0] * below[0])

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"geometric tree {float(self.share):g} * {float(self.decay):g}^d"
