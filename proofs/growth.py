"""By what factor a split multiplies the rewards of a power scheme, at every length."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import Literal

from proofs.bisection import first_index
from proofs.check import LARGEST_PEAK

__all__ = ["Growth", "Peak"]

Peak = int | Literal["limit"]
"""Where a growth sequence is largest: at an index, or nowhere but in the limit."""


@dataclass(frozen=True, slots=True)
class Growth:
    """The sequence g_k = p^k (1 + q + ... + q^k), k = 0, 1, ..., of one power term.

    A member of a chain paid by R(l, j) = s p^(l-1) q^j that splits into k + 1 identities collects g_k R(l, j),
    whatever its place, and the whole chain of length l is paid s g_(l-1).

    Parameters
    ----------
    high, low, unit : int
        max(p, p q) and min(p, p q) over their common denominator.

    Notes
    -----
    With a = high / unit and b = low / unit, g_k = a^k + a^(k-1) b + ... + b^k, and
    (a - b)^2 (g_k^2 - g_(k-1) g_(k+1)) = (a^(k+1) - b^(k+1))^2 - (a^k - b^k) (a^(k+2) - b^(k+2)) = (a b)^k (a - b)^2.
    So g is log-concave (a = b by continuity): the ratio g_(k+1) / g_k never rises, and its limit is a, for
    a^k <= g_k <= (k + 1) a^k. Hence

    - a < 1: g rises to a peak, then falls towards 0. The peak is at 0 if and only if p (1 + q) = a + b <= 1.
    - a = 1 > b: g never falls, and tends to 1 / (1 - b); it reaches that only if b = 0, when g = 1.
    - a = 1 = b: g_k = k + 1. a > 1: g_(k+1) / g_k >= a. Both rise beyond every bound.

    In each case g rises strictly until it is at its peak, so the first g_k above a bound is found by
    bisection: O(log k) evaluations in integers, and no common divisors.
    """

    high: int
    low: int
    unit: int

    @classmethod
    def of(cls, p: Fraction, q: Fraction) -> Growth:
        """Return the growth of a term with the given p and q, both at least 0."""
        a, b = max(p, p * q), min(p, p * q)
        unit = lcm(a.denominator, b.denominator)
        return cls(int(a * unit), int(b * unit), unit)

    @property
    def is_unbounded(self) -> bool:
        """Whether g exceeds every bound."""
        return self.high > self.unit or self.high == self.unit == self.low

    def value(self, k: int) -> Fraction:
        """Return g_k."""
        return Fraction(self._scaled(k), self.unit**k)

    def ceiling(self) -> tuple[Peak, Fraction] | None:
        """Return where g is largest and its supremum; None if unbounded or if the peak lies beyond LARGEST_PEAK."""
        if self.high == self.unit > self.low > 0:
            return "limit", Fraction(self.unit, self.unit - self.low)
        peak = self.peak()
        return None if peak is None else (peak, self.value(peak))

    def peak(self) -> int | None:
        """Return the first k <= LARGEST_PEAK with g_(k+1) <= g_k, or None.

        Examples
        --------
        >>> Growth.of(Fraction(9, 10), Fraction(1, 2)).peak()
        2
        """
        if self.high > self.unit or (self.high == self.unit and self.low > 0):
            return None
        return first_index(lambda k: self._scaled(k + 1) <= self._scaled(k) * self.unit, last=LARGEST_PEAK)

    def first_above(self, bound: Fraction) -> int | None:
        """Return the first k <= LARGEST_PEAK with g_k > bound, or None.

        Examples
        --------
        >>> Growth.of(Fraction(1), Fraction(1, 2)).first_above(Fraction(19, 10))
        4
        """
        last = self.peak()
        n, d = bound.numerator, bound.denominator
        last = LARGEST_PEAK if last is None else last
        return first_index(lambda k: self._scaled(k) * d > n * self.unit**k, last=last)

    def first_below(self, bound: Fraction) -> int | None:
        """Return the first k <= LARGEST_PEAK with g_k < bound <= 1, or None.

        Examples
        --------
        >>> Growth.of(Fraction(9, 10), Fraction(1, 2)).first_below(Fraction(1))
        7

        Notes
        -----
        Up to its peak g is at least g_0 = 1, then it never rises.
        """
        peak = self.peak()
        if peak is None:
            return None
        n, d = bound.numerator, bound.denominator
        after = first_index(
            lambda k: self._scaled(peak + k) * d < n * self.unit ** (peak + k), last=LARGEST_PEAK - peak
        )
        return None if after is None else peak + after

    def _scaled(self, k: int) -> int:
        """Return g_k unit^k, an integer."""
        high, low = self.high, self.low
        scaled: int = (k + 1) * high**k if high == low else (high ** (k + 1) - low ** (k + 1)) // (high - low)
        return scaled
