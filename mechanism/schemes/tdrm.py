"""The tree-dependent scheme: contributions cut into small pieces, each rewarded for itself and for those below."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, ClassVar

from mechanism.numbers import Number
from mechanism.schemes.tree import TreeScheme

__all__ = ["TDRM"]


@dataclass(frozen=True, slots=True)
class TDRM(TreeScheme):
    """The topology-dependent reward mechanism of Lv and Moscibroda (PODC 2013), re-derived.

    A contribution C becomes a chain of ceil(C / unit) pieces: full pieces of `unit` below, the remainder on
    top, and those whom the member recruited under the lowest. A piece x earns
    (slope / unit) * C(x) * S(x) + base * C(x), where S(x) = C(x) + decay * S(the pieces just below), and
    the member the sum over its pieces. With the remainder at the bottom a split would pay.

    Parameters
    ----------
    decay : float or Fraction
        In (0, 1), per piece.
    slope : float or Fraction
        Above 0, weight of the rewards for what stands below.
    base : float or Fraction
        At least 0, paid per unit contributed. The budget fraction needed is slope / (1 - decay) + base.
    unit : float or Fraction
        Above 0, size of a full piece, in the unit of the contributions.

    Examples
    --------
    >>> from mechanism import ReferralForest
    >>> TDRM(0.5, 0.25, 0.125, 1).rewards(ReferralForest([-1, 0], [1.5, 1.0])).tolist()
    [0.71875, 0.375]

    Notes
    -----
    Cost: one step per piece.
    """

    kind: ClassVar[str] = "tdrm"
    decay: Number
    slope: Number
    base: Number
    unit: Number

    def __post_init__(self) -> None:
        self._check("decay", above=0, below=1)
        self._check("slope", above=0)
        self._check("base")
        self._check("unit", above=0)

    @staticmethod
    def message(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> tuple[Any, ...]:
        """Return S of the top piece."""
        decay, unit = parameters[0], parameters[3]
        pieces = ceil(contribution / unit)
        reached = below[0]
        for _ in range(pieces - 1):
            reached = unit + decay * reached
        if pieces > 0:
            reached = contribution - (pieces - 1) * unit + decay * reached
        return (reached,)

    @staticmethod
    def pay(parameters: Any, contribution: Any, below: Any, total: Any, depth: Any) -> Any:
        """Return the rewards of the pieces."""
        decay, slope, base, unit = parameters
        pieces = ceil(contribution / unit)
        reached = below[0]
        earned = base * contribution
        for _ in range(pieces - 1):
            reached = unit + decay * reached
            earned = earned + slope * reached
        if pieces > 0:
            top = contribution - (pieces - 1) * unit
            reached = top + decay * reached
            earned = earned + slope * top / unit * reached
        return earned

    @property
    def label(self) -> str:
        """The scheme in a few words."""
        return f"TDRM ({', '.join(f'{float(x):g}' for x in self.parameters)})"
