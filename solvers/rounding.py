"""From a table in floating point to one whose promises hold exactly."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log10

import numpy as np
from numpy.typing import NDArray

__all__ = ["exactly_feasible"]

_DIGITS = 12


def exactly_feasible(table: NDArray[np.float64], *, epsilon: Fraction) -> list[list[Fraction]]:
    """Return a table of short decimals near `table` that keeps budget and sybil-proofness exactly.

    Parameters
    ----------
    table : ndarray of float64, shape (max_depth, max_depth)
        Rewards at [depth - 1, distance], in shares of the prize, feasible up to rounding.
    epsilon : Fraction
        Allowed relative gain of a cheater.

    Returns
    -------
    list of list of Fraction
        Row d - 1 holds the d rewards of a chain of length d.

    Notes
    -----
    Rows are fixed from the longest chain up: each reward is raised to what the best split of its
    owner collects, divided by 1 + epsilon, and rounded up to a decimal grid that is fine enough for the
    deepest row. Relative errors are not amplified. Should a row then exceed the prize, all is done again from
    a table smaller by that excess. Cost: O(max_depth ** 3) rational additions.
    """
    depth = len(table)
    unit = Fraction(1, 10 ** (_DIGITS + ceil((depth - 1) * log10(2))))
    largest = max(float(table.sum(axis=1).max()), 1.0)
    shrink = Fraction(largest)
    while True:
        rows = _sweep(table, shrink, unit, epsilon)
        most = max(sum(row) for row in rows)
        if most <= 1:
            return rows
        shrink *= most + unit


def _sweep(
    table: NDArray[np.float64], shrink: Fraction, unit: Fraction, epsilon: Fraction
) -> list[list[Fraction]]:
    depth = len(table)
    rows: list[list[Fraction]] = [[] for _ in range(depth)]
    totals: list[list[Fraction]] = [[] for _ in range(depth)]
    for length in range(depth, 0, -1):
        row = []
        for distance in range(length):
            wanted = floor(Fraction(float(table[length - 1, distance])) / shrink / unit)
            # At epsilon = 0 one fake identity is the worst case; else every number of them counts.
            most_fakes = min(1, depth - length) if epsilon == 0 else depth - length
            taken = max(
                (
                    totals[length + fakes - 1][distance + fakes + 1] - totals[length + fakes - 1][distance]
                    for fakes in range(1, most_fakes + 1)
                ),
                default=Fraction(0),
            )
            row.append(unit * max(wanted, ceil(taken / (1 + epsilon) / unit)))
        rows[length - 1] = row
        total = [Fraction(0)]
        for reward in row:
            total.append(total[-1] + reward)
        totals[length - 1] = total
    return rows
