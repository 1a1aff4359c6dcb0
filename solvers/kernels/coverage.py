"""Greedy maximum coverage of sketches.

Arrays:

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
pointers    int64[S + 1]         the nodes of sketch s are ``nodes[pointers[s]:pointers[s + 1]]``
nodes       int32[entries]       nodes, sketch by sketch
starts      int64[n + 1]         the sketches of node v are ``sketches[starts[v]:starts[v + 1]]``
sketches    int32[entries]       receives the sketches, node by node
cursor      int64[n]             scratch: the first entry of each node; is used up
counts      int64[n]             sketches of each node that nobody chosen covers; is decreased
covered     int8[S]              whether a sketch is covered; is updated
heads       int32[top + 1]       first node of the bucket of each count, -1 if there is none; is updated
following   int32[n]             the node after each in its bucket, -1 after the last; is updated
barred      int8[n]              whether a node is not to be chosen
=========== ==================== =============================================================
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.machine import prefetch

__all__ = ["cover", "fill", "invert", "largest"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Marks = NDArray[np.int8]

_AHEAD = 24  # entries between the fetch of a node's place and its use


def _invert(pointers: Longs, nodes: Ids, cursor: Longs, sketches: Ids) -> None:
    """List the sketches of every node, in increasing order. O(entries)."""
    entries = nodes.shape[0]
    for sketch in range(pointers.shape[0] - 1):
        for place in range(pointers[sketch], pointers[sketch + 1]):
            if place + _AHEAD < entries:
                prefetch(cursor, nodes[place + _AHEAD])
            node = nodes[place]
            sketches[cursor[node]] = sketch
            cursor[node] += 1


invert = bind(_invert)


def _cover(
    node: int, pointers: Longs, nodes: Ids, starts: Longs, sketches: Ids, counts: Longs, covered: Marks
) -> None:
    """Choose a node: its sketches are covered and count no longer for anybody. O(entries of the sketches)."""
    for place in range(starts[node], starts[node + 1]):
        sketch = sketches[place]
        if covered[sketch]:
            continue
        covered[sketch] = 1
        for entry in range(pointers[sketch], pointers[sketch + 1]):
            counts[nodes[entry]] -= 1


cover = bind(_cover)


def _fill(counts: Longs, heads: Ids, following: Ids) -> None:
    """Put every node into the bucket of its count, the smallest first. O(n)."""
    heads[:] = -1
    for node in range(counts.shape[0] - 1, -1, -1):
        following[node] = heads[counts[node]]
        heads[counts[node]] = node


fill = bind(_fill)


def _largest(top: int, counts: Longs, heads: Ids, following: Ids, barred: Marks) -> tuple[int, int]:
    """Take out a node that covers most among those not barred; return it, -1 if none covers anything, and its bucket.

    Counts only fall, so a node moves down when its turn comes: O(n + entries) for any number of calls. `top` is the
    bucket to begin at, the one returned before.
    """
    while top > 0:
        node = heads[top]
        if node < 0:
            top -= 1
            continue
        heads[top] = following[node]
        if barred[node]:
            continue
        count = counts[node]
        if count == top:
            return node, top
        following[node] = heads[count]
        heads[count] = node
    return -1, 0


largest = bind(_largest)
