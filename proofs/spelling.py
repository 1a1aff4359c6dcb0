"""Exact numbers as text: complete for machines, short for people."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

__all__ = ["full", "percent", "short"]


def full(x: Fraction | float) -> str:
    """Return a number as an exact text, ``"3/4"``; infinity is ``"inf"``.

    Decimal has no limit on the digits that it writes, unlike int.
    """
    if isinstance(x, float):
        return str(x)
    above, below = (str(Decimal(part)) for part in (x.numerator, x.denominator))
    return above if below == "1" else f"{above}/{below}"


def short(x: Fraction | float, *, width: int = 12) -> str:
    """Return a number as an exact text if that has at most `width` characters, else rounded.

    Examples
    --------
    >>> short(Fraction(3, 4)), short(Fraction(10**30, 3**40))
    ('3/4', 'about 8.22526e+10')
    """
    text = full(x)
    return text if len(text) <= width else f"about {_rounded(x)}"


def percent(x: Fraction | float) -> str:
    """Return a relative change in percent, rounded.

    Examples
    --------
    >>> percent(Fraction(1, 3))
    '+33.3333 %'
    """
    return f"+{_rounded(100 * x)} %"


def _rounded(x: Fraction | float) -> str:
    return f"{x if isinstance(x, float) else Decimal(x.numerator) / Decimal(x.denominator):.6g}"
