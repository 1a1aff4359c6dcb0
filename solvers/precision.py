"""How many worlds: as many as asked for, or as many as bring the standard error down."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = ["Stop", "check_precision", "check_replicates", "worlds_wanted"]

_PILOT = 256
_MARGIN = 1.05
_MOST = 10_000_000


class Stop(Enum):
    """Why a simulation ended; the value is the message."""

    REPLICATES = "as many worlds as asked for"
    PRECISION = "the standard error is as small as asked for"
    LIMIT = "the largest number of worlds was reached before the precision asked for"
    INTERRUPTED = "interrupted: what is shown rests on the worlds played until then"


def check_replicates(replicates: Any) -> int:
    """Return a number of worlds, at least 2; refuse anything else."""
    if isinstance(replicates, bool) or not isinstance(replicates, (int, np.integer)) or replicates < 2:
        raise InvalidInputError("replicates", replicates, allowed="an integer of at least 2")
    return int(replicates)


def check_precision(precision: Any) -> float:
    """Return a relative standard error in (0, 1); refuse anything else."""
    allowed = "a relative standard error in (0, 1), such as 0.01"
    value = float(number(precision, argument="precision", allowed=allowed))
    if not 0 < value < 1:
        raise InvalidInputError("precision", precision, allowed=allowed)
    return value


def worlds_wanted(
    sample: NDArray[Any], precision: float, *, least: int = _PILOT, most: int = _MOST
) -> tuple[int, Stop]:
    """Return how many worlds to have next, and why to stop if there are so many already.

    Parameters
    ----------
    sample : ndarray, shape (worlds,)
        What was measured in the worlds so far.
    precision : float
        Wanted standard error of the mean, relative to the mean.
    least, most : int
        The first and the largest number of worlds.

    Notes
    -----
    The estimate of what is missing is renewed after each batch, of which there are rarely more than three.

    Examples
    --------
    >>> worlds_wanted(np.empty(0), 0.01)[0]
    256
    >>> worlds_wanted(np.ones(256), 0.01)
    (256, <Stop.PRECISION: 'the standard error is as small as asked for'>)
    """
    count = len(sample)
    if count < least:
        return least, Stop.PRECISION
    mean, deviation = abs(float(sample.mean())), float(sample.std(ddof=1))
    if deviation <= precision * mean * count**0.5:
        return count, Stop.PRECISION
    if count >= most:
        return count, Stop.LIMIT
    if mean == 0:
        return min(2 * count, most), Stop.PRECISION
    missing = np.ceil(min(_MARGIN * (deviation / (precision * mean)) ** 2, most))
    return int(min(max(missing, count + least), most)), Stop.PRECISION
