"""Split contracts: everybody hands a part of what it receives to its recruiter."""

from __future__ import annotations

from collections.abc import Sequence

from mechanism.errors import InvalidInputError
from mechanism.numbers import Number
from mechanism.schemes.parameters import check_parameter
from mechanism.schemes.table import PathTable

__all__ = ["split_contract"]


def split_contract(splits: Sequence[Number], *, label: str = "") -> PathTable:
    """Return the rewards of split contracts (Cebrian, Coviello, Vattani and Voulgaris, STOC 2012).

    The finder receives the prize. A member at depth d hands the fraction splits[d - 1] of what it receives
    to its recruiter, the first recruit to the organiser, and keeps the rest.

    Parameters
    ----------
    splits : sequence of float or Fraction
        In [0, 1], for the depths 1, 2, ...; longer chains pay nobody.
    label : str, optional
        Name for tables and plots.

    Returns
    -------
    PathTable
        R(l, j) = (1 - splits[l - j - 1]) * splits[l - j] * ... * splits[l - 1]. Equal splits are
        `Recursive`.

    Raises
    ------
    InvalidInputError
        If there is no split, or one is out of range.

    Examples
    --------
    >>> split_contract([0.5, 0.25]).rows
    ((0.5,), (0.75, 0.125))
    """
    if isinstance(splits, str) or not isinstance(splits, Sequence) or not splits:
        raise InvalidInputError("splits", splits, allowed="a sequence of at least one split")
    checked = [check_parameter(f"splits[{index}]", split, most=1) for index, split in enumerate(splits)]
    rows = []
    for depth in range(1, len(checked) + 1):
        received: Number = 1
        row = []
        for split in reversed(checked[:depth]):
            row.append((1 - split) * received)
            received = split * received
        rows.append(row)
    return PathTable(rows, label=label)
