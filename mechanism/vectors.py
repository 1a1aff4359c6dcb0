"""Arguments that hold one number for all or one for each: checked, and read-only."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError

__all__ = ["Reals", "one_each", "one_or_each"]

Reals = NDArray[np.float64]


def one_or_each(
    argument: str,
    value: ArrayLike,
    size: int,
    *,
    least: float = -inf,
    most: float = inf,
    infinite: bool = False,
    each: str = "person",
) -> float | Reals:
    """Return one number, or a read-only array of one for each.

    Parameters
    ----------
    argument : str
        Name of the argument, for messages.
    value : array_like of float, shape () or (size,)
        What was given.
    size : int
        How many there are.
    least, most : float
        Allowed range, both ends included.
    infinite : bool
        Whether infinite numbers are allowed; NaN never is.
    each : str
        What there is one for, for messages.

    Raises
    ------
    InvalidInputError
        If a number is out of range or their number is wrong; the message names the first one.

    Examples
    --------
    >>> one_or_each("costs", [1, 2], 2, least=0).tolist()
    [1.0, 2.0]
    >>> one_or_each("costs", 3, 2)
    3.0
    """
    allowed = _allowed(least, most, infinite)
    try:
        given = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise InvalidInputError(argument, value, allowed=f"{allowed}, or one per {each}") from None
    if given.dtype.kind not in "fiu":
        raise InvalidInputError(argument, value, allowed=f"{allowed}, or one per {each}")
    if given.shape not in ((), (size,)):
        raise InvalidInputError(
            argument, given.shape, index="shape", allowed=f"one number or {size}, one per {each}"
        )
    array = given.astype(np.float64, copy=given.flags.writeable or given.dtype != np.float64)
    ok = (array >= least) & (array <= most)
    if not infinite:
        ok &= np.isfinite(array)
    if not ok.all():
        first = int(np.argmin(ok))
        raise InvalidInputError(
            argument, float(array.flat[first]), index=first if array.ndim else None, allowed=allowed
        )
    if not array.ndim:
        return float(array)
    array.flags.writeable = False
    return array


def one_each(
    argument: str,
    value: ArrayLike,
    size: int,
    *,
    least: float = -inf,
    most: float = inf,
    infinite: bool = False,
    each: str = "person",
) -> Reals:
    """Return a read-only array of one number for each; one given number stands for all.

    The parameters and errors are those of `one_or_each`.

    Examples
    --------
    >>> one_each("costs", 3, 2).tolist()
    [3.0, 3.0]
    """
    array = one_or_each(argument, value, size, least=least, most=most, infinite=infinite, each=each)
    return np.broadcast_to(array, (size,)) if isinstance(array, float) else array


def _allowed(least: float, most: float, infinite: bool) -> str:
    kind = "a number" if infinite else "a finite number"
    if least > -inf and most < inf:
        return f"{kind} in [{least:g}, {most:g}]"
    if least > -inf:
        return f"{kind} of at least {least:g}"
    return f"{kind} of at most {most:g}" if most < inf else kind
