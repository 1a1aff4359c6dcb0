"""How many worlds: as many as asked for, or as many as bring the standard error down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechanism.errors import InvalidInputError
from mechanism.numbers import number

__all__ = [
    "Difference",
    "Stop",
    "check_precision",
    "check_replicates",
    "paired_difference",
    "worlds_wanted",
]

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


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference over common worlds.

    Attributes
    ----------
    mean, stderr : float
        The mean difference and its standard error.
    low, high : float
        Ends of the confidence interval (normal).
    confidence : float
        Its level.
    worlds : int
        Common worlds.
    """

    mean: float
    stderr: float
    low: float
    high: float
    confidence: float
    worlds: int

    @property
    def is_significant(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return (
            f"{self.mean:+,.2f} ± {self.stderr:.2g}, {100 * self.confidence:g} % interval "
            f"[{self.low:,.2f}, {self.high:,.2f}], in {self.worlds:,} common worlds"
        )


def paired_difference(first: NDArray[Any], second: NDArray[Any], *, confidence: float = 0.95) -> Difference:
    """Return the mean of ``first - second`` over the worlds that both played.

    Parameters
    ----------
    first, second : ndarray of numbers, shape (worlds,)
        The same quantity in worlds 0, 1, ...; the longer one is cut.
    confidence : float
        Level of the interval, in (0, 1).

    Examples
    --------
    >>> paired_difference(np.array([2, 3, 4]), np.array([1, 2, 3, 9])).mean
    1.0
    """
    from scipy.special import ndtri

    allowed = "a level in (0, 1), such as 0.95"
    level = float(number(confidence, argument="confidence", allowed=allowed))
    if not 0 < level < 1:
        raise InvalidInputError("confidence", confidence, allowed=allowed)
    worlds = min(len(first), len(second))
    gaps = first[:worlds].astype(np.float64) - second[:worlds]
    mean, stderr = float(gaps.mean()), float(gaps.std(ddof=1) / worlds**0.5)
    reach = float(ndtri(0.5 + level / 2)) * stderr
    return Difference(mean, stderr, mean - reach, mean + reach, level, worlds)
