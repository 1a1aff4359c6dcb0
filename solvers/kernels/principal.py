"""Principal submatrices: the arcs among some people.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64 or int32[n+1]  the arcs of person i are ``indptr[i]:indptr[i + 1]``
indices     int32[m]             the person at the end of each arc
weights     float[m]             weight of each arc
chosen      int64[k]             the people, increasing
place       int32[n]             place of each among them, -1 for the others
pointers    int64[k + 1]         receives where the arcs of each begin, the first entry being 0
people      int32[room]          receives the places at the ends of the arcs; room for one more than there are
values      float[room]          receives their weights; likewise
=========== ==================== =============================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = ["principal"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Floats = NDArray[Any]


def _principal(
    indptr: NDArray[Any],
    indices: Ids,
    weights: Floats,
    chosen: Longs,
    place: Ids,
    pointers: Longs,
    people: Ids,
    values: Floats,
) -> None:
    """Copy the arcs among the chosen, in their order. O(arcs of the chosen)."""
    filled = 0
    for k in range(chosen.shape[0]):
        person = chosen[k]
        for arc in range(indptr[person], indptr[person + 1]):
            other = place[indices[arc]]
            people[filled] = other  # kept if the next does not overwrite it: no branch to guess
            values[filled] = weights[arc]
            filled += 1 if other >= 0 else 0
        pointers[k + 1] = filled


principal = bind(_principal)
