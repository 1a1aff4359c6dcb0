"""Validation of the parameters of a scheme."""

from __future__ import annotations

from math import inf
from typing import Any

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number, number

__all__ = ["check_parameter"]


def check_parameter(
    name: str,
    value: Any,
    *,
    above: Number | None = None,
    least: Number = 0,
    below: Number | None = None,
    most: Number = inf,
) -> Number:
    """Return a parameter that is finite and in the range given by the bounds; refuse another.

    Examples
    --------
    >>> check_parameter("ratio", 1, below=1)
    Traceback (most recent call last):
    ...
    mechanism.errors.InvalidInputError: ratio is 1; it must be a number in [0, 1)
    """
    low = f"({float(above):g}" if above is not None else f"[{float(least):g}"
    high = f"{float(below):g})" if below is not None else f"{float(most):g}]" if most < inf else "inf)"
    allowed = f"a number in {low}, {high}"
    checked = number(value, argument=name, allowed=allowed)
    open_ends = (above is not None and checked <= above) or (below is not None and checked >= below)
    if open_ends or not least <= checked <= most:
        raise InvalidInputError(name, checked, allowed=allowed)
    return checked
