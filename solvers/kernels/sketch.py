"""Reverse-reachable sketches: who would have reached a random node (Borgs, Brautbar, Chayes and Lucier 2014).

Arrays shared by the kernels of this module:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
indptr      int64[n + 1]         the arcs into node v are ``indptr[v]:indptr[v + 1]``
indices     int32[m]             the node at which each arc begins
hazards     float64[T]           -log(1 - p) of the arcs into a node of in-degree d at ``min(d, T - 1)``
chances     float32[m]           chance that an arc fires, or its weight of influence
roots       float64[n] or [0]    running sums of the weights of nodes; empty if all weigh the same
walls       int8[n] or [0]       1: never active, 2: active from the start; empty if there are none
key         uint64[2]            names the family of sketches
max_depth   int                  arcs between a root and the furthest node of its sketch, at most
sizes       int32[R]             receives how many nodes sketches ``first .. first + R - 1`` hold, or MET
nodes       int32[room]          receives the nodes of the sketches, one after another
active      uint64[n / 64 + 1]   scratch: one bit per node, 0 before and after
=========== ==================== =============================================================

Each kernel returns (sketches made, nodes stored): fewer sketches than asked for if there might be no room for the next.

The stored nodes are the queue of the search, and the marks are wiped by walking them. A sketch that meets a node which
is active from the start is not stored: its root is reached whoever else is chosen. A sketch is a function of (key, its
number).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.machine import lowest_bit, prefetch
from solvers.kernels.random import CHUNK, SKETCH_STREAM, stream, uniform, which_fire
from solvers.kernels.spread import visit, wipe

__all__ = ["MET", "sketch_alike", "sketch_coins", "sketch_walks"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Reals = NDArray[np.float64]
Chances = NDArray[np.float32]
Marks = NDArray[np.int8]

MET = -1
"""The size of a sketch that meets a node which is active from the start."""
BLOCKED, ACTIVE = 1, 2
_AHEAD = 8  # nodes between the fetch of a row of arcs and its use
_PENDING = 16  # arcs that fired and wait for their end to arrive from memory
_LAST = _PENDING - 1
_ONE = np.uint64(1)


def _root(draw: float, n: int, roots: Reals) -> int:
    """Return the root that a uniform draw picks, each with chance proportional to its weight."""
    if not roots.shape[0]:
        return min(int(draw * n), n - 1)
    return min(int(np.searchsorted(roots, draw * roots[n - 1], side="right")), n - 1)


root_of = bind(_root)


def _admit(node: int, active: Words, queue: Ids, tail: int, indptr: Longs, walls: Marks) -> int:
    """Add a node unless it is there already or never active; return the new tail."""
    if walls.shape[0] and walls[node] == BLOCKED:
        return tail
    return visit(node, active, queue, tail, indptr)


admit = bind(_admit)


def _close(queue: Ids, tail: int, active: Words, walls: Marks) -> int:
    """Wipe the marks; return how many nodes the sketch holds, or MET."""
    wipe(queue, tail, active)
    if walls.shape[0]:
        for position in range(tail):
            if walls[queue[position]] == ACTIVE:
                return MET
    return tail


close = bind(_close)


def _sketch_alike(
    indptr: Longs,
    indices: Ids,
    hazards: Reals,
    roots: Reals,
    walls: Marks,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    nodes: Ids,
    active: Words,
) -> tuple[int, int]:
    """Make sketches where the arcs into a node have one chance, which may depend on its in-degree.

    An exponential draw is used up by the hazards of the arcs met, and the arc at which it ends fires: one draw per arc
    that fires and one per sketch, whatever the number of arcs and nodes between (Guo et al. 2020 draw anew at each
    node). O(nodes + arcs that fire) a sketch.
    """
    n, last = indptr.shape[0] - 1, hazards.shape[0] - 1
    pending = np.empty(_PENDING, dtype=np.int64)
    begin = 0
    for row in range(sizes.shape[0]):
        if begin + n > nodes.shape[0]:
            return row, begin
        queue = nodes[begin:]
        stream_key = stream(key, first + row, SKETCH_STREAM)
        tail = admit(root_of(uniform(stream_key, 0), n, roots), active, queue, 0, indptr, walls)
        rest = -np.log(1.0 - uniform(stream_key, 1))
        drawn = 2
        waiting = 0
        served = 0
        head = 0
        depth = 0
        level = n if max_depth >= n else min(tail, max_depth)
        while True:
            if head < tail and head < level:
                if head + _AHEAD < tail:
                    prefetch(indices, indptr[queue[head + _AHEAD]])
                node = queue[head]
                head += 1
                arc = indptr[node]
                end = indptr[node + 1]
                hazard = hazards[min(end - arc, last)]
                while arc < end and rest < hazard * (end - arc):
                    arc = min(arc + int(rest / hazard), end - 1)  # the last at most, whatever the rounding
                    prefetch(indices, arc)
                    pending[waiting & _LAST] = arc
                    waiting += 1
                    arc += 1
                    rest = -np.log(1.0 - uniform(stream_key, drawn))
                    drawn += 1
                    if waiting - served == _PENDING:
                        tail = admit(indices[pending[served & _LAST]], active, queue, tail, indptr, walls)
                        served += 1
                if arc < end:
                    rest -= hazard * (end - arc)
            elif served < waiting:
                tail = admit(indices[pending[served & _LAST]], active, queue, tail, indptr, walls)
                served += 1
            elif head < tail and depth + 1 < max_depth:
                depth += 1
                level = tail
            else:
                break
        sizes[row] = close(queue, tail, active, walls)
        begin += max(sizes[row], 0)
    return sizes.shape[0], begin


sketch_alike = bind(_sketch_alike)


def _sketch_coins(
    indptr: Longs,
    indices: Ids,
    chances: Chances,
    roots: Reals,
    walls: Marks,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    nodes: Ids,
    active: Words,
) -> tuple[int, int]:
    """Make sketches where each arc has its own chance: one coin per arc met, tossed many at a time."""
    n = indptr.shape[0] - 1
    pending = np.empty(_PENDING, dtype=np.int64)
    begin = 0
    for row in range(sizes.shape[0]):
        if begin + n > nodes.shape[0]:
            return row, begin
        queue = nodes[begin:]
        stream_key = stream(key, first + row, SKETCH_STREAM)
        tail = admit(root_of(uniform(stream_key, 0), n, roots), active, queue, 0, indptr, walls)
        drawn = 1
        waiting = 0
        served = 0
        head = 0
        depth = 0
        level = n if max_depth >= n else min(tail, max_depth)
        while True:
            if head < tail and head < level:
                if head + _AHEAD < tail:
                    prefetch(chances, indptr[queue[head + _AHEAD]])
                node = queue[head]
                head += 1
                end = indptr[node + 1]
                for low in range(indptr[node], end, CHUNK):
                    count = min(end - low, CHUNK)
                    mask = which_fire(stream_key, drawn, count, chances, low, 1.0)
                    drawn += count
                    while mask:
                        arc = low + lowest_bit(mask)
                        mask &= mask - _ONE
                        prefetch(indices, arc)
                        pending[waiting & _LAST] = arc
                        waiting += 1
                        if waiting - served == _PENDING:
                            tail = admit(indices[pending[served & _LAST]], active, queue, tail, indptr, walls)
                            served += 1
            elif served < waiting:
                tail = admit(indices[pending[served & _LAST]], active, queue, tail, indptr, walls)
                served += 1
            elif head < tail and depth + 1 < max_depth:
                depth += 1
                level = tail
            else:
                break
        sizes[row] = close(queue, tail, active, walls)
        begin += max(sizes[row], 0)
    return sizes.shape[0], begin


sketch_coins = bind(_sketch_coins)


def _sketch_walks(
    indptr: Longs,
    indices: Ids,
    chances: Chances,
    roots: Reals,
    walls: Marks,
    key: Words,
    first: int,
    max_depth: int,
    sizes: Ids,
    nodes: Ids,
    active: Words,
) -> tuple[int, int]:
    """Make sketches of the linear threshold model: each node listens to one in-neighbour at most, drawn by weight.

    The sketch is the walk back until nobody is listened to, or a node comes again (Kempe, Kleinberg and Tardos 2003,
    theorem 2.5). O(arcs into its nodes).
    """
    n = indptr.shape[0] - 1
    begin = 0
    for row in range(sizes.shape[0]):
        if begin + n > nodes.shape[0]:
            return row, begin
        queue = nodes[begin:]
        stream_key = stream(key, first + row, SKETCH_STREAM)
        node = root_of(uniform(stream_key, 0), n, roots)
        tail = admit(node, active, queue, 0, indptr, walls)
        depth = 0
        while tail == depth + 1 and depth < max_depth:
            rest = uniform(stream_key, tail)
            arc = indptr[node]
            end = indptr[node + 1]
            while arc < end and rest >= chances[arc]:
                rest -= chances[arc]
                arc += 1
            if arc == end:
                break
            node = indices[arc]
            tail = admit(node, active, queue, tail, indptr, walls)
            depth += 1
        sizes[row] = close(queue, tail, active, walls)
        begin += max(sizes[row], 0)
    return sizes.shape[0], begin


sketch_walks = bind(_sketch_walks)
