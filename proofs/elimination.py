"""Exact elimination on sparse systems of linear equations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
from math import gcd, lcm

__all__ = ["solve_first"]

_RIGHT = 2**62  # the column of the right-hand side, after all others


def solve_first(
    equations: list[tuple[Mapping[int, Fraction], Fraction]], wanted: list[int]
) -> tuple[dict[int, Fraction], list[int]] | None:
    """Return the wanted unknowns, all others being 0, from the first equations that determine them.

    Parameters
    ----------
    equations : list of (mapping from int to Fraction, Fraction)
        Coefficients by unknown, and the right-hand side.
    wanted : list of int
        The unknowns that may differ from 0.

    Returns
    -------
    (dict, list of int) or None
        The value of every wanted unknown, and the places of the equations that were used; None if the
        equations leave one open.

    Examples
    --------
    >>> half = ({0: Fraction(2)}, Fraction(1))
    >>> solve_first([half, half, ({0: Fraction(1), 1: Fraction(1)}, Fraction(3))], [0, 1])
    ({0: Fraction(1, 2), 1: Fraction(5, 2)}, [0, 2])

    Notes
    -----
    Equations whose left-hand side depends on earlier ones are passed over, even if they contradict them. Rows of
    integers are eliminated in order, each divided by its content; rare unknowns first, which keeps rows short.
    Cost: at worst O(n ** 3) operations on integers.
    """
    count = Counter(column for row, _ in equations for column in row)
    rank = {column: place for place, column in enumerate(sorted(wanted, key=count.__getitem__))}
    pivots: dict[int, dict[int, int]] = {}
    chosen = []
    for place, (row, right) in enumerate(equations):
        if len(pivots) == len(wanted):
            break
        line = _whole({rank[column]: x for column, x in row.items() if column in rank} | {_RIGHT: right})
        while (lead := min(line)) in pivots:
            line = _eliminate(line, pivots[lead], lead)
        if lead != _RIGHT:
            pivots[lead] = line
            chosen.append(place)
    if len(pivots) < len(wanted):
        return None
    solved: dict[int, Fraction] = {_RIGHT: Fraction(-1)}
    for place in range(len(wanted) - 1, -1, -1):
        line = pivots[place]
        rest = sum((x * solved[other] for other, x in line.items() if other != place), Fraction(0))
        solved[place] = -rest / line[place]
    return {column: solved[rank[column]] for column in wanted}, chosen


def _whole(row: dict[int, Fraction]) -> dict[int, int]:
    """Return a row without denominators and common factors; the right-hand side stays, even if it is 0."""
    scale = lcm(*(x.denominator for x in row.values()))
    return _reduced({column: int(x * scale) for column, x in row.items()})


def _eliminate(line: dict[int, int], pivot: dict[int, int], lead: int) -> dict[int, int]:
    """Return a combination of two rows in which the lead is gone."""
    common = gcd(line[lead], pivot[lead])
    ours, theirs = pivot[lead] // common, line[lead] // common
    mixed = {column: ours * x for column, x in line.items()}
    for column, x in pivot.items():
        mixed[column] = mixed.get(column, 0) - theirs * x
    return _reduced({column: x for column, x in mixed.items() if x or column == _RIGHT})


def _reduced(row: dict[int, int]) -> dict[int, int]:
    content = gcd(*row.values()) or 1
    return {column: x // content for column, x in row.items()}
