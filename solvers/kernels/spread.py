"""The plain independent cascade and the linear threshold model (Kempe, Kleinberg and Tardos 2003).

Arrays shared by the kernels of this module:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs of node u are ``indptr[u]:indptr[u + 1]``
indices     int32[m]             the node at the end of each arc
chances     float32[m]           chance that an arc fires, or its weight of influence
seeds       int32[s]             active at depth 0
key         uint64[2]            names the family of worlds
max_depth   int                  nodes at this depth activate nobody
sizes       int32[R]             receives the active nodes of worlds ``first .. first + R - 1``
levels      int64[D]             is increased by the nodes that become active at each depth
squares     int64[D]             is increased by the squares of each world's count
work        int64[3]             is increased by active nodes, arcs leaving them, arcs that fired
active      uint64[n / 64 + 1]   scratch: one bit per node, 0 before and after
queue       int32[n]             scratch: the active nodes in order
=========== ==================== =============================================================

Each kernel returns 0, or 1 if a world became deeper than D - 1, which leaves the sums unusable.

One bit per node keeps the marks of a million nodes within a second-level cache; they are wiped by walking the
queue. Nodes at the head of the queue have their memory fetched while earlier ones are served. Draws are numbered
through each world, in the order in which arcs are met: a world is a function of (key, replicate).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.machine import lowest_bit, prefetch
from solvers.kernels.random import CHUNK, PERSON_STREAM, SPREAD_STREAM, stream, uniform, which_fire

__all__ = ["spread_alike", "spread_coins", "spread_thresholds"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Reals = NDArray[np.float64]
Chances = NDArray[np.float32]

_AHEAD = 16  # nodes between the fetch of a row of arcs and its use
_PENDING = 32  # arcs that fired and wait for their end to arrive from memory
_LAST = _PENDING - 1
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_FAR = 4.0e18
_NEVER = 2**62


def _visit(node: int, active: Words, queue: Ids, tail: int, rows: Longs) -> int:
    """Activate a node unless it is active; return the new tail."""
    word = active[node >> 6]
    bit = _ONE << np.uint64(node & 63)
    if word & bit:
        return tail
    active[node >> 6] = word | bit
    queue[tail] = node
    prefetch(rows, node)
    return tail + 1


visit = bind(_visit)


def _wipe(queue: Ids, tail: int, active: Words) -> None:
    """Clear the marks of the nodes in the queue."""
    for position in range(tail):
        active[queue[position] >> 6] = np.uint64(0)


wipe = bind(_wipe)


def _gap(draw: float, inverse_hazard: float) -> int:
    """Return how many coins fail before the next one that succeeds, from one uniform draw."""
    gap = -np.log(1.0 - draw) * inverse_hazard
    return int(gap) if gap < _FAR else _NEVER  # also for 0 * inf


gap_before = bind(_gap)


def _spread_alike(
    indptr: Longs,
    indices: Ids,
    inverse_hazard: float,
    seeds: Ids,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    levels: Longs,
    squares: Longs,
    work: Longs,
    active: Words,
    queue: Ids,
) -> int:
    """Play the cascade in which every arc fires with one chance p, ``inverse_hazard = -1 / log(1 - p)``.

    The arcs of the nodes served form one long row of coins; geometric gaps lead from one success to
    the next (Li et al. 2017; Guo et al. 2020), also across nodes: one draw per arc that fires and one per world.
    One coin per arc instead was measured: slower below p = 1/2, faster above on graphs that a cache holds, hardly
    ever on larger ones.
    """
    bins = levels.shape[0]
    pending = np.empty(_PENDING, dtype=np.int64)
    for row in range(sizes.shape[0]):
        stream_key = stream(key, first + row, SPREAD_STREAM)
        tail = 0
        for seed in seeds:
            tail = visit(seed, active, queue, tail, indptr)
        waiting = 0
        served = 0
        skip = gap_before(uniform(stream_key, 0), inverse_hazard)
        drawn = 1
        arcs = 0
        head = 0
        level = 0
        depth = 0
        while True:
            count = tail - level
            if depth == bins:
                wipe(queue, tail, active)
                return 1
            levels[depth] += count
            squares[depth] += count * count
            level = tail
            if depth == max_depth:
                break
            while head < level:
                node = queue[head]
                head += 1
                begin = indptr[node]
                end = indptr[node + 1]
                arcs += end - begin
                arc = begin + skip
                while arc < end:
                    prefetch(indices, arc)
                    pending[waiting & _LAST] = arc
                    waiting += 1
                    arc += 1 + gap_before(uniform(stream_key, drawn), inverse_hazard)
                    drawn += 1
                    if waiting - served == _PENDING:
                        tail = visit(indices[pending[served & _LAST]], active, queue, tail, indptr)
                        served += 1
                skip = arc - end
            while served < waiting:
                tail = visit(indices[pending[served & _LAST]], active, queue, tail, indptr)
                served += 1
            if tail == level:
                break
            depth += 1
        sizes[row] = tail
        work[0] += tail
        work[1] += arcs
        work[2] += drawn - 1
        wipe(queue, tail, active)
    return 0


spread_alike = bind(_spread_alike)


def _spread_coins(
    indptr: Longs,
    indices: Ids,
    chances: Chances,
    seeds: Ids,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    levels: Longs,
    squares: Longs,
    work: Longs,
    active: Words,
    queue: Ids,
) -> int:
    """Play the cascade in which each arc has its own chance: one coin per arc, tossed many at a time."""
    bins = levels.shape[0]
    pending = np.empty(_PENDING, dtype=np.int64)
    for row in range(sizes.shape[0]):
        stream_key = stream(key, first + row, SPREAD_STREAM)
        tail = 0
        for seed in seeds:
            tail = visit(seed, active, queue, tail, indptr)
        waiting = 0
        served = 0
        arcs = 0
        fired = 0
        head = 0
        level = 0
        depth = 0
        while True:
            count = tail - level
            if depth == bins:
                wipe(queue, tail, active)
                return 1
            levels[depth] += count
            squares[depth] += count * count
            level = tail
            if depth == max_depth:
                break
            for position in range(head, min(head + _AHEAD, tail)):
                begin = indptr[queue[position]]
                prefetch(chances, begin)
                prefetch(chances, begin + 16)
            while head < level:
                if head + _AHEAD < tail:
                    begin = indptr[queue[head + _AHEAD]]
                    prefetch(chances, begin)
                    prefetch(chances, begin + 16)
                node = queue[head]
                head += 1
                end = indptr[node + 1]
                for low in range(indptr[node], end, CHUNK):
                    count = min(end - low, CHUNK)
                    mask = which_fire(stream_key, arcs, count, chances, low, 1.0)
                    arcs += count
                    while mask:
                        arc = low + lowest_bit(mask)
                        mask &= mask - _ONE
                        fired += 1
                        prefetch(indices, arc)
                        pending[waiting & _LAST] = arc
                        waiting += 1
                        if waiting - served == _PENDING:
                            tail = visit(indices[pending[served & _LAST]], active, queue, tail, indptr)
                            served += 1
            while served < waiting:
                tail = visit(indices[pending[served & _LAST]], active, queue, tail, indptr)
                served += 1
            if tail == level:
                break
            depth += 1
        sizes[row] = tail
        work[0] += tail
        work[1] += arcs
        work[2] += fired
        wipe(queue, tail, active)
    return 0


spread_coins = bind(_spread_coins)


def _spread_thresholds(
    indptr: Longs,
    indices: Ids,
    chances: Chances,
    seeds: Ids,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    levels: Longs,
    squares: Longs,
    work: Longs,
    active: Words,
    queue: Ids,
    influence: Reals,
) -> int:
    """Play the linear threshold model: a node joins once the weights of its active contacts reach its threshold.

    Thresholds are uniform on (0, 1], one per node and world. `influence` (float64[n]) is scratch, 0
    before and after. Fired arcs are those that reach a node that is not active yet.
    """
    bins = levels.shape[0]
    for row in range(sizes.shape[0]):
        stream_key = stream(key, first + row, PERSON_STREAM)
        tail = 0
        for seed in seeds:
            tail = visit(seed, active, queue, tail, indptr)
        arcs = 0
        fired = 0
        head = 0
        level = 0
        depth = 0
        status = 0
        while True:
            count = tail - level
            if depth == bins:
                status = 1
                break
            levels[depth] += count
            squares[depth] += count * count
            level = tail
            if depth == max_depth:
                break
            while head < level:
                node = queue[head]
                head += 1
                begin = indptr[node]
                end = indptr[node + 1]
                arcs += end - begin
                for arc in range(begin, end):
                    if arc + _AHEAD < end:
                        prefetch(influence, indices[arc + _AHEAD])
                    other = indices[arc]
                    if active[other >> 6] >> np.uint64(other & 63) & _ONE:
                        continue
                    fired += 1
                    influence[other] += chances[arc]
                    if influence[other] >= 1.0 - uniform(stream_key, other):
                        tail = visit(other, active, queue, tail, indptr)
            if tail == level:
                break
            depth += 1
        for position in range(head):
            node = queue[position]
            for arc in range(indptr[node], indptr[node + 1]):
                influence[indices[arc]] = 0.0
        wipe(queue, tail, active)
        if status:
            return status
        sizes[row] = tail
        work[0] += tail
        work[1] += arcs
        work[2] += fired
    return 0


spread_thresholds = bind(_spread_thresholds)
