"""Numbers that formulas are generic over: machine floats and exact rationals."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite
from math import log as _log
from typing import Any

import numpy as np

from mechanism.errors import InvalidInputError, UnsupportedProblemError

__all__ = ["Number", "exact", "log", "number", "parse", "power", "spell", "whole"]

Number = int | float | Fraction


def exact(x: Number) -> Fraction:
    """Return the rational that a number stands for: a float stands for its shortest decimal.

    Examples
    --------
    >>> exact(0.2)
    Fraction(1, 5)
    """
    return Fraction(x) if isinstance(x, (int, Fraction)) else Fraction(repr(float(x)))


def number(x: Any, *, argument: str, allowed: str, index: tuple[int, ...] | None = None) -> Number:
    """Return `x` as int, float or Fraction; refuse anything else and whatever is not finite.

    Examples
    --------
    >>> number(np.float64(0.5), argument="b", allowed="a number")
    0.5
    """
    if isinstance(x, (np.floating, np.integer)):
        x = x.item()
    if isinstance(x, bool) or not isinstance(x, (int, float, Fraction)) or not _is_finite(x):
        raise InvalidInputError(argument, x, allowed=allowed, index=index)
    return 0.0 if isinstance(x, float) and x == 0 else x  # no negative zero


def whole(x: Any, *, argument: str, least: int = 1) -> int:
    """Return `x` as an int of at least `least`; refuse anything else.

    Examples
    --------
    >>> whole(np.int64(3), argument="targets")
    3
    """
    if isinstance(x, bool) or not isinstance(x, (int, np.integer)) or x < least:
        raise InvalidInputError(argument, x, allowed=f"an integer of at least {least}")
    return int(x)


def _is_finite(x: Number) -> bool:
    try:
        return isfinite(x)
    except OverflowError:  # beyond the floats
        return False


def log(x: Any) -> Any:
    """Return the natural logarithm of a positive number: of a float, or of a type that has its own.

    Raises
    ------
    UnsupportedProblemError
        If `x` is exact: its logarithm is no fraction.

    Examples
    --------
    >>> log(1.0)
    0.0
    """
    if isinstance(x, float):
        return _log(x)
    if isinstance(x, (int, Fraction)):
        raise UnsupportedProblemError(f"the logarithm of {x} is irrational: use floats or enclosures")
    return x.log()


def power(x: Any, exponent: Any) -> Any:
    """Return a power of a number of at least 0, of a fraction by a whole exponent exactly; 0 to any is 0.

    Raises
    ------
    UnsupportedProblemError
        If `x` is a fraction and the exponent is not whole: the power is no fraction, in general.

    Examples
    --------
    >>> power(Fraction(1, 2), Fraction(2))
    Fraction(1, 4)
    """
    if x == 0:
        return x
    if isinstance(x, (int, Fraction)):
        whole_exponent = int(exponent)
        if whole_exponent != exponent:
            raise UnsupportedProblemError(f"{x} to the power of {exponent}: use floats or enclosures")
        return Fraction(x) ** whole_exponent
    return x**exponent


def spell(x: Number) -> str:
    """Return the text of a number that `parse` reads back: ``"0.2"`` for a float, ``"1/5"`` for a Fraction."""
    return repr(x) if isinstance(x, float) else str(x)


def parse(text: str) -> Number:
    """Read a number: with a point or an exponent it is a float, else it is exact.

    Examples
    --------
    >>> parse("1/5"), parse("0.2")
    (Fraction(1, 5), 0.2)
    """
    try:
        return float(text) if any(mark in text for mark in ".eE") else Fraction(text)
    except (ValueError, ZeroDivisionError, TypeError):
        raise InvalidInputError("number", text, allowed='a text such as "0.2" or "1/5"') from None
