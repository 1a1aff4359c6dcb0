"""Rigorous enclosures of irrational rewards: balls that contain the true value, compared only where certain."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

__all__ = ["enclose", "lower", "upper"]

_BITS = 192


def enclose(x: Fraction) -> Any:
    """Return a ball around a fraction, as `flint.arb` of 192 bits.

    Examples
    --------
    >>> third = enclose(Fraction(1, 3))
    >>> lower(third) <= Fraction(1, 3) <= upper(third), third > third
    (True, False)
    """
    from flint import arb, ctx, fmpq

    ctx.prec = _BITS
    return arb(fmpq(x.numerator, x.denominator))


def lower(x: Any) -> Fraction:
    """Return a lower bound: the number itself if it is a fraction."""
    return x if isinstance(x, Fraction) else _end(x, -1)


def upper(x: Any) -> Fraction:
    """Return an upper bound: the number itself if it is a fraction."""
    return x if isinstance(x, Fraction) else _end(x, 1)


def _end(x: Any, sign: int) -> Fraction:
    return _value(x.mid()) + sign * _value(x.rad())


def _value(exact_ball: Any) -> Fraction:
    mantissa, exponent = map(int, exact_ball.man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent
