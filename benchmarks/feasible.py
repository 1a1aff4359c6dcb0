"""Maps into the set of feasible reward tables, and all of them on a grid.

A table is a list of rows, row l - 1 with the rewards R(l, 0), ..., R(l, l - 1) in shares of the prize, in floating
point or in fractions. A member may split into k + 1 identities, for every k; no chain is paid more than a limit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

Reals = NDArray[np.float64]
Table = list[list[Any]]


def split_pays(rows: Sequence[Sequence[Any]], length: int, distance: int) -> Any:
    """Return the most that a member collects by splitting, over every number of identities; 0 if it cannot."""
    best = 0
    for longer in range(length + 1, len(rows) + 1):
        paid = sum(rows[longer - 1][distance : distance + longer - length + 1])
        best = max(best, paid)
    return best


def is_feasible(rows: Sequence[Sequence[Any]], epsilon: Any, *, limit: Any = 1, slack: Any = 0) -> bool:
    """Return whether no split gains more than `epsilon` of the honest reward and no chain is paid too much."""
    return all(sum(row) <= limit + slack for row in rows) and all(
        split_pays(rows, length, distance) <= (1 + epsilon) * rows[length - 1][distance] + slack
        for length in range(1, len(rows) + 1)
        for distance in range(length)
    )


def repaired(rows: Sequence[Sequence[Any]], epsilon: Any, *, limit: Any = 1) -> Table:
    """Return a feasible table near a given one: from the longest chain up, rewards are raised to what splits leave.

    Where a chain would then be paid too much, it and all longer ones are scaled down, which no split minds.
    """
    table = [list(row) for row in rows]
    for length in range(len(table), 0, -1):
        row = table[length - 1]
        for distance in range(length):
            row[distance] = max(row[distance], split_pays(table, length, distance) / (1 + epsilon))
        total = sum(row)
        if total > limit:
            for longer in table[length - 1 :]:
                longer[:] = [reward * limit / total for reward in longer]
    return table


def from_slacks(slacks: Sequence[Any], depth: int, *, limit: Any = 1) -> Table:
    """Return the exactly sybil-proof table R(l, j) = s(l, j) + R(l + 1, j) + R(l + 1, j + 1), scaled to the limit.

    `slacks` come row by row. One fake identity decides, since k + 1 identities are k of which one splits, and R(1, 0)
    bounds what any chain is paid in all.
    """
    ends = [0, *accumulate(range(1, depth + 1))]
    table = [list(slacks[start:stop]) for start, stop in pairwise(ends)]
    for length in range(depth - 1, 0, -1):
        below = table[length]
        for distance in range(length):
            table[length - 1][distance] += below[distance] + below[distance + 1]
    top = table[0][0]
    return [[reward * limit / top for reward in row] for row in table] if top > limit else table


def slacks_of(rows: Sequence[Sequence[Any]]) -> list[Any]:
    """Return the slacks from which `from_slacks` makes a table."""
    below = [*rows[1:], [0] * (len(rows) + 1)]
    return [
        row[j] - longer[j] - longer[j + 1]
        for row, longer in zip(rows, below, strict=True)
        for j in range(len(row))
    ]


def grid(
    parts: int, epsilon: Fraction, *, first: Sequence[int], limit: int
) -> Iterator[tuple[int, int, int]]:
    """Yield every feasible table of depth 2 in whole parts, as R(1, 0), R(2, 0), R(2, 1), neighbours in a row.

    Parameters
    ----------
    parts : int
        Parts in a prize: one over the step.
    epsilon : Fraction
        What a split may gain.
    first : sequence of int
        Rewards R(1, 0) to try, in parts.
    limit : int
        The most that a chain is paid, in prizes.
    """
    for a in first:
        top = min(limit * parts, int((1 + epsilon) * a))
        for b in range(top + 1):
            column = range(top - b + 1)
            for c in column if b % 2 else reversed(column):
                yield a, b, c


def sobol_tables(depth: int, epsilon: float, count: int, *, seed: int) -> list[Table]:
    """Return scrambled Sobol points mapped into the feasible set of a worst-case budget of one prize."""
    size = depth * (depth + 1) // 2
    points = np.clip(qmc.Sobol(size + 1, rng=np.random.default_rng(seed)).random(count), 1e-12, 1 - 1e-12)
    weights = -np.log(points)
    powers = 1.0 + 2.0 * (np.arange(count)[:, None] % 2)  # every other point near a face
    weights = weights**powers
    lengths = np.repeat(np.arange(1, depth + 1), np.arange(1, depth + 1))
    tables = []
    for weight in weights:
        if epsilon == 0:
            binomial = _binomials(depth)
            share = (
                weight / weight.sum()
            )  # what each slack contributes to R(1, 0); the last is not paid at all
            tables.append(from_slacks(list(share[:-1] / binomial), depth))
            continue
        rows: Table = []
        for length in range(1, depth + 1):
            row = weight[:-1][lengths == length]
            rows.append(list(row / max(row.sum(), weight[-1])))
        tables.append(repaired(rows, epsilon))
    return tables


def _binomials(depth: int) -> Reals:
    rows = [[1]]
    for _ in range(depth - 1):
        last = rows[-1]
        rows.append([1, *(x + y for x, y in pairwise(last)), 1])
    return np.array([float(x) for row in rows for x in row])


class Coordinates:
    """Square roots of slacks (exactly sybil-proof tables) or of rewards that are then repaired: any point is feasible.

    Parameters
    ----------
    depth : int
        Longest chain that is paid.
    epsilon : Fraction
        What a split may gain.
    """

    def __init__(self, depth: int, epsilon: Fraction) -> None:
        self.depth = depth
        self.epsilon = epsilon
        self.weights = _binomials(depth) if epsilon == 0 else np.ones(depth * (depth + 1) // 2)

    def table(self, point: Reals) -> Reals:
        """Return the feasible table at a point, within a worst-case budget of one prize."""
        amounts = (point**2 / self.weights).tolist()
        if self.epsilon == 0:
            rows = from_slacks(amounts, self.depth)
        else:
            ends = [0, *accumulate(range(1, self.depth + 1))]
            raw = [amounts[start:stop] for start, stop in pairwise(ends)]
            rows = repaired(raw, float(self.epsilon))
        return square(rows)

    def point(self, table: Reals) -> Reals:
        """Return a point at which a feasible table stands."""
        rows = [row[: index + 1] for index, row in enumerate(table.tolist())]
        amounts = slacks_of(rows) if self.epsilon == 0 else [reward for row in rows for reward in row]
        return np.sqrt(np.maximum(np.array(amounts) * self.weights, 0.0))


def square(rows: Sequence[Sequence[float]]) -> Reals:
    """Return a table as a square array with zeros right of the diagonal."""
    table = np.zeros((len(rows), len(rows)))
    for index, row in enumerate(rows):
        table[index, : index + 1] = row
    return table
