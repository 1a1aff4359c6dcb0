"""Dynamic message passing: who joins at which depth, as if the ways to a person were independent.

Arrays of the kernel (H is the largest depth, G the number of kinds of joining costs that decisions tell apart):

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs of node u are ``indptr[u]:indptr[u + 1]``
indices     int32[m]             node at the end of each arc
in_indptr   int64[n + 1]         the arcs into node v are ``in_arcs[in_indptr[v]:in_indptr[v + 1]]``
in_arcs     int64[m]             arcs by the node at their end
reverse     int64[m]             the arc back, -1 where there is none
contact     float64[1] or [m]    chance that an arc fires once its member invites
team        bool[n]              stands at depth 0
invite      float64[H + 1]       chance that a member of depth d makes a given invitation
share       float64[G]           share of the people with each kind of cost
accepts     bool[G, H + 1]       whether people with that cost join at depth d
members     float64[H + 1]       receives the expected members at depth d
blocked     float64[m, G]        scratch: chance that an arc has brought in the node at its end, by kind
before      float64[m]           scratch: chance that an arc's source is no member yet, the end left out
joins       float64[m]           scratch: chance that it becomes one at the current depth
=========== ==================== =============================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind

__all__ = ["pass_messages"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.bool_]


def _pass_messages(
    indptr: Longs,
    indices: Ids,
    in_indptr: Longs,
    in_arcs: Longs,
    reverse: Longs,
    contact: Reals,
    team: Marks,
    invite: Reals,
    share: Reals,
    accepts: Marks,
    members: Reals,
    blocked: Reals,
    before: Reals,
    joins: Reals,
) -> None:
    """Fill `members`; `blocked` is 0 and `before` 1 on entry. O(m G) per depth."""
    n = indptr.shape[0] - 1
    kinds = share.shape[0]
    product = np.ones(kinds)
    zeros = np.zeros(kinds, dtype=np.int64)
    outside = np.ones(n)  # chance that a person is no member yet
    members[:] = 0.0
    for node in range(n):
        for arc in range(indptr[node], indptr[node + 1]):
            joins[arc] = 1.0 if team[node] else 0.0
        if team[node]:
            members[0] += 1.0
    for depth in range(1, members.shape[0]):
        for node in range(n):
            for arc in range(indptr[node], indptr[node + 1]):
                arrives = joins[arc] * invite[depth - 1] * contact[0 if contact.shape[0] == 1 else arc]
                for kind in range(kinds):
                    if accepts[kind, depth]:
                        blocked[arc, kind] += arrives
        for node in range(n):
            if team[node]:
                for arc in range(indptr[node], indptr[node + 1]):
                    joins[arc] = 0.0
                continue
            product[:] = 1.0
            zeros[:] = 0
            for place in range(in_indptr[node], in_indptr[node + 1]):
                for kind in range(kinds):
                    free = 1.0 - blocked[in_arcs[place], kind]
                    if free > 0.0:
                        product[kind] *= free
                    else:
                        zeros[kind] += 1
            stays = 0.0
            for kind in range(kinds):
                if zeros[kind] == 0:
                    stays += share[kind] * product[kind]
            members[depth] += outside[node] - stays
            outside[node] = stays
            for arc in range(indptr[node], indptr[node + 1]):
                back = reverse[arc]
                left = 0.0
                for kind in range(kinds):
                    free = 1.0 if back < 0 else 1.0 - blocked[back, kind]
                    if zeros[kind] == 0:
                        left += share[kind] * product[kind] / free
                    elif zeros[kind] == 1 and free <= 0.0:
                        left += share[kind] * product[kind]
                joins[arc] = before[arc] - left
                before[arc] = left


pass_messages = bind(_pass_messages)
