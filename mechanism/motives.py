"""Motives: what moves each person besides money."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mechanism.errors import InvalidInputError

__all__ = ["Motives"]

Reals = NDArray[np.float64]
_NAMES = ("profit", "charity", "reciprocity", "entertainment")


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Motives:
    """Weights on four motives, alike for all people or one per person.

    A person joins if the private cost is at most the weighted sum of what joining is expected to bring:
    to the person (profit), to the cause that keeps the unpaid rest of the prize (charity), to the recruiter
    (reciprocity), and as fun (entertainment).

    Parameters
    ----------
    profit, charity, reciprocity : float or array_like of float, shape (n,)
        Money that a unit of money for oneself, the cause, the recruiter is worth, at least 0.
    entertainment : float or array_like of float, shape (n,)
        What joining is worth by itself, money, at least 0.

    Attributes
    ----------
    weights : ndarray of float64, shape (1, 4) or (n, 4)
        The weights in this order, one row per person or one for all.

    Raises
    ------
    InvalidInputError
        If a weight is negative or not finite, or the arrays differ in length.

    Examples
    --------
    >>> Motives(charity=0.5, entertainment=[0.0, 2.0]).weights.tolist()
    [[1.0, 0.5, 0.0, 0.0], [1.0, 0.5, 0.0, 2.0]]
    """

    weights: Reals

    def __init__(
        self,
        *,
        profit: float | ArrayLike = 1.0,
        charity: float | ArrayLike = 0.0,
        reciprocity: float | ArrayLike = 0.0,
        entertainment: float | ArrayLike = 0.0,
    ) -> None:
        given = (profit, charity, reciprocity, entertainment)
        columns = [_weight(name, value) for name, value in zip(_NAMES, given, strict=True)]
        people = max(map(len, columns))
        for name, column in zip(_NAMES, columns, strict=True):
            if len(column) not in (1, people):
                raise InvalidInputError(
                    name, column.shape, allowed=f"one number or as many as other motives have, {people}"
                )
        weights = np.column_stack([np.broadcast_to(column, people) for column in columns])
        weights.flags.writeable = False
        object.__setattr__(self, "weights", weights)

    @property
    def is_profit_alone(self) -> bool:
        """Whether everybody is moved by the own reward, one for one, and by nothing else."""
        return bool((self.weights == (1.0, 0.0, 0.0, 0.0)).all())

    def kinds(self) -> tuple[Reals, NDArray[np.int32]]:
        """Return the kinds of people.

        Returns
        -------
        weights : ndarray of float64, shape (kinds, 4)
            The distinct rows of weights.
        kind : ndarray of int32, shape (n,) or (1,)
            The row of each person; one entry if all are alike.

        Notes
        -----
        O(n log n) time.

        Examples
        --------
        >>> weights, kind = Motives(charity=[0.0, 1.0, 0.0]).kinds()
        >>> weights[:, 1].tolist(), kind.tolist()
        ([0.0, 1.0], [0, 1, 0])
        """
        rows, kind = np.unique(self.weights, axis=0, return_inverse=True)
        kind = kind.ravel()[: None if len(rows) > 1 else 1]
        return rows, np.asarray(kind, dtype=np.int32)


def _weight(name: str, value: float | ArrayLike) -> Reals:
    """Return a weight as a one-dimensional array; refuse what is negative or not finite."""
    allowed = "a finite number of at least 0, or one per person"
    try:
        given = np.asarray(value)
    except ValueError:  # rows of different lengths
        raise InvalidInputError(name, value, allowed=allowed) from None
    if given.dtype.kind not in "fiu" or given.ndim > 1 or not given.size:
        raise InvalidInputError(name, value, allowed=allowed)
    array = np.atleast_1d(given).astype(np.float64)
    bad = ~(np.isfinite(array) & (array >= 0))
    if bad.any():
        first = int(bad.argmax())
        raise InvalidInputError(
            name, float(array[first]), index=first if given.ndim else None, allowed=allowed
        )
    return array
