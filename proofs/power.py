"""Bounds on splits of closed forms: why ``p ** k * (1 + q + ... + q ** k)`` stays below a level.

For R(l, j) = c p^(l-1) q^j a member who splits into k + 1 identities collects g_k R(l, j) with
g_k = p^k (1 + q + ... + q^k), whatever l and j are, and the row sums are c g_(l-1). Sybil-proofness
and the budget are thus one question: is g_k <= level for every k >= 0?

If p (1 + q) <= 1, then g_(k+1) <= p (1 + q) g_k <= g_k. Else, since g_k(p, q) = g_k(p q, 1/q), take q <= 1.
For q < 1 and p <= 1 the bound g_k <= p^k / (1 - q) falls with k, and is the limit itself if p = 1. For q = 1 the
value g_k = (k + 1) p^k falls once (k + 2) p <= k + 1. In all other cases g_k has no bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import Any

__all__ = ["Bounded", "Exceeded", "Undecided", "decide", "supremum"]

_MOST_FAKES = 5000


@dataclass(frozen=True, slots=True)
class Bounded:
    """Every g_k is at most the level; `multipliers` are the reason that the checker reads."""

    multipliers: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The smallest k whose g_k exceeds the level."""

    fakes: int


@dataclass(frozen=True, slots=True)
class Undecided:
    """No g_k up to this k exceeds the level, and no bound was reached."""

    fakes: int


def decide(p: Fraction, q: Fraction, level: Fraction) -> Bounded | Exceeded | Undecided:
    """Decide whether g_k <= level for every k >= 0.

    Parameters
    ----------
    p, q : Fraction
        At least 0.
    level : Fraction
        Above 0.

    Returns
    -------
    Bounded, Exceeded or Undecided

    Notes
    -----
    Exact. Undecided only where more than 5,000 terms would be needed.

    Examples
    --------
    >>> decide(Fraction(1), Fraction(1, 2), Fraction(3, 2))
    Exceeded(fakes=2)
    >>> decide(Fraction(1), Fraction(1, 2), Fraction(2))
    Bounded(multipliers={'rule': 'tail', 'from': 0})
    """
    if level < 1:
        return Exceeded(0)
    if p * (1 + q) <= 1:
        return Bounded({"rule": "step"})
    if q > 1:
        p, q = p * q, 1 / q
    g, power = Fraction(1), Fraction(1)
    for k in range(_MOST_FAKES + 1):
        if g > level:
            return Exceeded(k)
        if q == 1:
            falls, bound = (k + 2) * p <= k + 1, g
        else:
            falls, bound = p <= 1, power / (1 - q)
        if falls and bound <= level:
            return Bounded({"rule": "tail", "from": k})
        power *= p
        g = p * q * g + power
    return Undecided(_MOST_FAKES)


def supremum(p: Fraction, q: Fraction) -> Fraction | float:
    """Return the least upper bound of g_k over k >= 0; it may be a limit, or infinite.

    Examples
    --------
    >>> supremum(Fraction(1), Fraction(1, 2))
    Fraction(2, 1)
    """
    if p * (1 + q) <= 1:
        return Fraction(1)
    if q > 1:
        p, q = p * q, 1 / q
    if p > 1 or (p == 1 and q == 1):
        return inf
    if p == 1:
        return 1 / (1 - q)
    largest, g, power, k = Fraction(1), Fraction(1), Fraction(1), 0
    while True:  # p < 1: g_k vanishes, so that the tail falls below the largest term met
        if q == 1:
            done = (k + 2) * p <= k + 1
        else:
            done = power / (1 - q) <= largest
        if done:
            return largest
        power *= p
        g = p * q * g + power
        k += 1
        largest = max(largest, g)
