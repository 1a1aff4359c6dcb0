"""Rows of (I - A)^-1 by local pushes: what is left over at a person goes on along its arcs until little is left.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs of person k are ``indptr[k]:indptr[k + 1]``
indices     int32[m]             the person at the end of each arc
weights     float64[1] or [m]    a_kj of all arcs, or of each
vector      float64[n]           v > 0 with |A| v <= radius v
radius      float64              below 1
tolerance   float64              asked error of the wanted entries
rounding    float64              relative rounding error of a sum over the arcs into a person
rows        int64[n + 1]         the entries wanted of row i are ``rows[i]:rows[i + 1]``
columns     int32[w]             the column of each wanted entry
entries     float64[..]          receives those of rows first .. stop - 1
diagonal    float64[stop-first]  receives the entries on the diagonal
slack       float64[stop-first]  receives s: |error of entry (i, j)| <= s_i / v_j
work        int64[2]             is increased by pushes and by the arcs along which they went
value       float64[n]           scratch, 0 before and after: the row
residual    float64[n]           scratch, 0 before and after: what is left over
seen        bool[n]              scratch, False before and after: whether a person has been reached
reached     int32[n]             scratch: the people reached, in order
=========== ==================== =============================================================

The row y of person i solves y = e_i + A' y. With y at first 0 and the residual e_i, a push at k moves residual_k to
y_k and adds a_kj residual_k to the residual of every j. The exact row is y + sum_k residual_k B_k., and B <= sum of
the |A|^m, so that B_kj v_j <= (B v)_k <= v_k / (1 - radius): the error of entry j is at most the weight
sum_k |residual_k| v_k, divided by (1 - radius) v_j. Each push lowers this weight by at least (1 - radius) of what the
person held (Andersen, Chung and Lang, 2006, for random walks).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = ["push_rows"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.bool_]

_ROOM = 1.0 + 1e-9  # for the rounding of sums of positive numbers


def _give(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    residual: Reals,
    seen: Marks,
    reached: Ids,
    count: int,
    person: int,
    amount: float,
) -> int:
    """Add an amount, times the weight of the arc, to the residual at the end of each arc; return who is reached."""
    single = weights.shape[0] == 1
    for arc in range(indptr[person], indptr[person + 1]):
        other = indices[arc]
        residual[other] += weights[0 if single else arc] * amount
        if not seen[other]:
            seen[other] = True
            reached[count] = other
            count += 1
    return count


give = bind(_give)


def _push_row(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    vector: Reals,
    person: int,
    target: float,
    work: Longs,
    value: Reals,
    residual: Reals,
    seen: Marks,
    reached: Ids,
) -> int:
    """Push until the weight of the residual is at most the target; return how many people were reached."""
    residual[person] = 1.0
    seen[person] = True
    reached[0] = person
    count = 1
    while True:
        weight = 0.0
        for place in range(count):
            weight += abs(residual[reached[place]]) * vector[reached[place]]
        if weight <= target:
            return count
        threshold = 0.1 * weight / count  # those above it hold nine tenths
        place = 0
        while place < count:
            node = reached[place]
            amount = residual[node]
            if abs(amount) * vector[node] > threshold:
                residual[node] = 0.0
                value[node] += amount
                count = give(indptr, indices, weights, residual, seen, reached, count, node, amount)
                work[0] += 1
                work[1] += indptr[node + 1] - indptr[node]
            place += 1


push_row = bind(_push_row)


def _push_rows(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    vector: Reals,
    radius: float,
    tolerance: float,
    rounding: float,
    rows: Longs,
    columns: Ids,
    first: int,
    stop: int,
    entries: Reals,
    diagonal: Reals,
    slack: Reals,
    work: Longs,
    value: Reals,
    residual: Reals,
    seen: Marks,
    reached: Ids,
) -> None:
    """Find the wanted entries of rows first .. stop - 1; their errors come from a residual taken afresh at the end."""
    for person in range(first, stop):
        least = vector[person]
        for place in range(rows[person], rows[person + 1]):
            least = min(least, vector[columns[place]])
        target = tolerance * (1.0 - radius) * least
        count = push_row(
            indptr, indices, weights, vector, person, target, work, value, residual, seen, reached
        )
        for place in range(rows[person], rows[person + 1]):
            entries[place - rows[first]] = value[columns[place]]
        diagonal[person - first] = value[person]
        for place in range(count):
            residual[reached[place]] = -value[reached[place]]
        residual[person] += 1.0
        for place in range(count):
            node = reached[place]
            if value[node] != 0.0:
                give(indptr, indices, weights, residual, seen, reached, count, node, value[node])
        left = 0.0
        mass = 0.0
        for place in range(count):
            node = reached[place]
            left += abs(residual[node]) * vector[node]
            mass += abs(value[node]) * vector[node]
            value[node] = 0.0
            residual[node] = 0.0
            seen[node] = False
        left += rounding * (vector[person] + (1.0 + radius) * mass)
        slack[person - first] = _ROOM * left / (1.0 - radius)


push_rows = bind(_push_rows)
