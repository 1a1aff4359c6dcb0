"""Sweeps over the people of a payoff system: each in turn responds to what the others do at that moment.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs of person i are ``indptr[i]:indptr[i + 1]``
indices     int32[m]             the person at the end of each arc
weights     float64[1] or [m]    weight of all arcs, or of each
standalone  float64[n]           what a unit of action is worth by itself
lower       float64[n]           least action
upper       float64[n]           greatest action
sharpness   float64              slope of the logistic response at the middle, times 4
actions     float64[n]           is replaced by the actions after the sweeps
=========== ==================== =============================================================
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = ["sweep_bounded", "sweep_logistic"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]


def _pull(indptr: Longs, indices: Ids, weights: Reals, actions: Reals, person: int) -> float:
    """Return what the others' actions weigh for a person."""
    total = 0.0
    if weights.shape[0] == 1:
        for arc in range(indptr[person], indptr[person + 1]):
            total += actions[indices[arc]]
        return float(total * weights[0])
    for arc in range(indptr[person], indptr[person + 1]):
        total += weights[arc] * actions[indices[arc]]
    return total


pull = bind(_pull)


def _sweep_bounded(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    standalone: Reals,
    lower: Reals,
    upper: Reals,
    actions: Reals,
) -> float:
    """Let everybody respond once, in order; return the largest change. O(n + m)."""
    largest = 0.0
    for person in range(standalone.shape[0]):
        value = standalone[person] + pull(indptr, indices, weights, actions, person)
        value = min(max(value, lower[person]), upper[person])
        largest = max(largest, abs(value - actions[person]))
        actions[person] = value
    return largest


sweep_bounded = bind(_sweep_bounded)


def _sweep_logistic(
    indptr: Longs, indices: Ids, weights: Reals, standalone: Reals, sharpness: float, actions: Reals
) -> float:
    """Let everybody respond once, in order, with a logistic chance; return the largest change. O(n + m)."""
    largest = 0.0
    for person in range(standalone.shape[0]):
        value = sharpness * (standalone[person] + pull(indptr, indices, weights, actions, person))
        small = exp(-abs(value))
        chance = (1.0 if value >= 0.0 else small) / (1.0 + small)
        largest = max(largest, abs(chance - actions[person]))
        actions[person] = chance
    return largest


sweep_logistic = bind(_sweep_logistic)
