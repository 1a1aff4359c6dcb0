"""Cores: the largest k for which a node belongs to a subgraph in which everybody has k neighbours.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the neighbours of node v are ``indices[indptr[v]:indptr[v + 1]]``
indices     int32[m]             neighbours
degree      int64[n]             is replaced by the core number of each node
order       int64[n]             nodes by increasing degree; is updated
place       int64[n]             where each node stands in it; is updated
first       int64[top + 2]       where the nodes of each degree begin in it; is updated
=========== ==================== =============================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = ["peel_cores"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]


def _peel_cores(indptr: Longs, indices: Ids, degree: Longs, order: Longs, place: Longs, first: Longs) -> None:
    """Take away the node of least degree again and again (Batagelj and Zaversnik 2003). O(n + m)."""
    for position in range(order.shape[0]):
        node = order[position]
        for arc in range(indptr[node], indptr[node + 1]):
            other = indices[arc]
            if degree[other] <= degree[node]:
                continue
            start = first[degree[other]]  # swap with the first of its degree, then lower it
            swapped = order[start]
            where = place[other]
            order[start], order[where] = other, swapped
            place[other], place[swapped] = start, where
            first[degree[other]] = start + 1
            degree[other] -= 1


peel_cores = bind(_peel_cores)
