"""Chains of decisions: people who change sides once enough of those who matter to them have changed.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         those to whom person j matters: ``indices[indptr[j]:indptr[j + 1]]``
indices     int32[m]             the people to whom somebody matters
weights     float64[m]           how much
need        int16 or int32[n]    changes that a person still waits for; is decreased by them
margin      float64[n]           a person changes when it exceeds `slack`; is increased by the changes
slack       float64[n]           rounding errors that a margin may hold, at least 0
state       int8[n]              0 waits, 1 has changed, 2 is within the slack; is updated
queue       int32[n]             the people who change, in order; the first `tail` are given
doubts      int32[n]             receives the people within the slack
=========== ==================== =============================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.machine import prefetch

__all__ = ["CHANGED", "DOUBTFUL", "WAITS", "peel_by_count", "peel_by_weight"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.int8]

WAITS, CHANGED, DOUBTFUL = 0, 1, 2
_AHEAD = 16  # people between the fetch of a row and its use


def _peel_by_count(indptr: Longs, indices: Ids, need: NDArray[Any], queue: Ids, tail: int) -> int:
    """Follow the changes, all of one weight; return how many people change. O(arcs into them)."""
    head = 0
    while head < tail:
        if head + 2 * _AHEAD < tail:
            prefetch(indptr, queue[head + 2 * _AHEAD])
        if head + _AHEAD < tail:
            prefetch(indices, indptr[queue[head + _AHEAD]])
        person = queue[head]
        head += 1
        for place in range(indptr[person], indptr[person + 1]):
            other = indices[place]
            left = need[other] - 1
            need[other] = left
            if left == 0:
                queue[tail] = other
                tail += 1
    return tail


peel_by_count = bind(_peel_by_count)


def _peel_by_weight(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    margin: Reals,
    slack: Reals,
    state: Marks,
    queue: Ids,
    head: int,
    tail: int,
    doubts: Ids,
) -> tuple[int, int]:
    """Follow the changes from place `head` of the queue on; return how many people change and how many are in doubt."""
    doubtful = 0
    while head < tail:
        if head + 2 * _AHEAD < tail:
            prefetch(indptr, queue[head + 2 * _AHEAD])
        if head + _AHEAD < tail:
            prefetch(indices, indptr[queue[head + _AHEAD]])
        person = queue[head]
        head += 1
        for place in range(indptr[person], indptr[person + 1]):
            other = indices[place]
            margin[other] += weights[place]
            if state[other] == CHANGED:
                continue
            if margin[other] > slack[other]:
                state[other] = CHANGED
                queue[tail] = other
                tail += 1
            elif state[other] == WAITS and margin[other] >= -slack[other]:
                state[other] = DOUBTFUL
                doubts[doubtful] = other
                doubtful += 1
    return tail, doubtful


peel_by_weight = bind(_peel_by_weight)
