"""The recruitment game by the clock: every invitation takes its time, and who answers first has joined first.

Arrays beyond those of the cascade's kernels (H is the largest depth, T the number of times asked for):

=========== ==================== =============================================================
name        dtype, shape         meaning
=========== ==================== =============================================================
law         int64                0 exponential, 1 gamma, 2 lognormal, 3 Pareto
scale       float64              mean, scale, median, least time
shape       float64              unused, shape, sigma, exponent
find        float64              chance that a member sees a given target
horizon     float64              nobody joins later
times       float64[T]           increasing times at which members are counted
members     int64[R, H]          receives the members of depth d at index d - 1
invitations float64[R, H]        receives the invitations made by them
wins        float64[R, H]        receives the chance that a target's first finder stands at depth d
joined      int64[R, T]          receives the members at each time
ends        float64[R, 2]        receives the time of the last joining, and the sum over members of the time
                                 of joining times the chance to be the first finder
heap_time   float64[m]           scratch: invitations under way, a binary heap by time, then arc
heap_arc    int64[m]             scratch
heap_depth  int32[m]             scratch: the depth to join at
=========== ==================== =============================================================

Joining costs, inviting and reaching use the coins of the cascade; how long an invitation takes is drawn per arc.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.cascade import hand_out, has, mark, unmark
from solvers.kernels.machine import lowest_bit
from solvers.kernels.random import (
    ARC_STREAM,
    CHUNK,
    COUPON_STREAM,
    DELAY_STREAM,
    PERSON_STREAM,
    REACH_STREAM,
    mix,
    stream,
    uniform,
    which_fire,
    which_fire_alike,
)

__all__ = ["EXPONENTIAL", "GAMMA", "LOGNORMAL", "PARETO", "delay_of", "race"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Words = NDArray[np.uint64]
Reals = NDArray[np.float64]
Chances = NDArray[np.floating]

EXPONENTIAL, GAMMA, LOGNORMAL, PARETO = 0, 1, 2, 3
_ONE = np.uint64(1)
_TURN = 2.0 * np.pi


def _normal(own_key: np.uint64, number: int) -> float:
    """Return normal draw `number` of an arc (Box and Muller 1958)."""
    radius = np.sqrt(-2.0 * np.log(1.0 - uniform(own_key, 2 * number)))
    return float(radius * np.cos(_TURN * uniform(own_key, 2 * number + 1)))


normal = bind(_normal)


def _delay_of(law: int, scale: float, shape: float, delay_key: np.uint64, arc: int) -> float:
    """Return how long the invitation along an arc takes; every arc has a stream of draws of its own."""
    own_key = mix(delay_key ^ mix(np.uint64(arc + 1)))
    if law == EXPONENTIAL:
        return float(-scale * np.log(1.0 - uniform(own_key, 0)))
    if law == LOGNORMAL:
        return float(scale * np.exp(shape * normal(own_key, 0)))
    if law == PARETO:
        return float(scale * (1.0 - uniform(own_key, 0)) ** (-1.0 / shape))
    # Marsaglia and Tsang (2000): in attempt k, draws 4 k, 4 k + 1 make a normal one and 4 k + 2 decides.
    # Below shape 1 a draw for shape + 1 is shrunk, by draw 0.
    power = 1.0
    if shape < 1.0:
        power = (1.0 - uniform(own_key, 0)) ** (1.0 / shape)
        shape += 1.0
    centre = shape - 1.0 / 3.0
    width = 1.0 / np.sqrt(9.0 * centre)
    number = 1
    while True:
        draw = normal(own_key, 2 * number)
        cube = (1.0 + width * draw) ** 3
        if cube > 0.0:
            decide = np.log(1.0 - uniform(own_key, 4 * number + 2))
            if decide < 0.5 * draw * draw + centre * (1.0 - cube + np.log(cube)):
                return float(scale * power * centre * cube)
        number += 1


delay_of = bind(_delay_of)


def _push(
    time: float, arc: int, depth: int, size: int, heap_time: Reals, heap_arc: Longs, heap_depth: Ids
) -> int:
    """Add an invitation to the heap; return its new size."""
    place = size
    while place > 0:
        above = (place - 1) >> 1
        if heap_time[above] < time or (heap_time[above] == time and heap_arc[above] < arc):
            break
        heap_time[place] = heap_time[above]
        heap_arc[place] = heap_arc[above]
        heap_depth[place] = heap_depth[above]
        place = above
    heap_time[place] = time
    heap_arc[place] = arc
    heap_depth[place] = depth
    return size + 1


push = bind(_push)


def _pop(size: int, heap_time: Reals, heap_arc: Longs, heap_depth: Ids) -> int:
    """Take the first invitation from the heap, which the caller has read; return its new size."""
    size -= 1
    time = heap_time[size]
    arc = heap_arc[size]
    depth = heap_depth[size]
    place = 0
    while True:
        below = 2 * place + 1
        if below >= size:
            break
        right = below + 1
        if right < size and (
            heap_time[right] < heap_time[below]
            or (heap_time[right] == heap_time[below] and heap_arc[right] < heap_arc[below])
        ):
            below = right
        if time < heap_time[below] or (time == heap_time[below] and arc < heap_arc[below]):
            break
        heap_time[place] = heap_time[below]
        heap_arc[place] = heap_arc[below]
        heap_depth[place] = heap_depth[below]
        place = below
    heap_time[place] = time
    heap_arc[place] = arc
    heap_depth[place] = depth
    return size


pop = bind(_pop)


def _send(
    inviter: int,
    depth: int,
    time: float,
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    chance: float,
    max_invites: int,
    law: int,
    scale: float,
    shape: float,
    horizon: float,
    key: Words,
    replicate: int,
    size: int,
    member: Words,
    rank: Reals,
    given: Longs,
    heap_time: Reals,
    heap_arc: Longs,
    heap_depth: Ids,
) -> tuple[int, float]:
    """Let somebody who joined at `time` invite to `depth`; return (new size of the heap, invitations)."""
    invitations = 0.0
    if chance == 0.0:
        return size, invitations
    single = contact.shape[0] == 1
    arc_key = stream(key, replicate, ARC_STREAM)
    delay_key = stream(key, replicate, DELAY_STREAM)
    reach_key = stream(key, replicate, REACH_STREAM)
    coupon_key = stream(key, replicate, COUPON_STREAM)
    begin = indptr[inviter]
    end = indptr[inviter + 1]
    if max_invites > 0:
        held = hand_out(begin, end, indices, chance, max_invites, arc_key, coupon_key, member, rank, given)
        for coupon in range(held):
            arc = given[coupon]
            if uniform(reach_key, arc) < contact[0 if single else arc]:
                arrival = time + delay_of(law, scale, shape, delay_key, arc)
                if arrival <= horizon:
                    size = push(arrival, arc, depth, size, heap_time, heap_arc, heap_depth)
        return size, invitations + held
    for first in range(begin, end, CHUNK):
        count = min(end - first, CHUNK)
        if single:
            mask = which_fire_alike(arc_key, first, count, chance * contact[0])
        else:
            mask = which_fire(arc_key, first, count, contact, first, chance)
        while mask:
            arc = first + lowest_bit(mask)
            mask &= mask - _ONE
            if has(member, indices[arc]):
                continue
            invitations += 1.0 / contact[0 if single else arc]
            arrival = time + delay_of(law, scale, shape, delay_key, arc)
            if arrival <= horizon:
                size = push(arrival, arc, depth, size, heap_time, heap_arc, heap_depth)
    return size, invitations


send = bind(_send)


def _race(
    indptr: Longs,
    indices: Ids,
    contact: Chances,
    team: Ids,
    kinds: Ids,
    join: Reals,
    invite: Reals,
    max_invites: int,
    law: int,
    scale: float,
    shape: float,
    find: float,
    horizon: float,
    key: Words,
    first: int,
    times: Reals,
    members: Longs,
    invitations: Reals,
    wins: Reals,
    joined: Longs,
    ends: Reals,
    member: Words,
    queue: Ids,
    via: Longs,
    rank: Reals,
    given: Longs,
    heap_time: Reals,
    heap_arc: Longs,
    heap_depth: Ids,
) -> None:
    """Play the worlds ``first .. first + members.shape[0] - 1``.

    Whoever joins sees each target at once with chance `find`, so that the k-th member is its first
    finder with chance ``find * (1 - find) ** (k - 1)``. A contact who refused may be asked again by others, and
    may join at another depth. Cost: a coin per arc that leaves a member, O(log) per invitation that arrives.
    """
    max_depth = join.shape[1] - 1
    for row in range(members.shape[0]):
        replicate = first + row
        person_key = stream(key, replicate, PERSON_STREAM)
        members[row] = 0
        invitations[row] = 0.0
        wins[row] = 0.0
        size = 0
        tail = 0
        for agent in team:
            mark(member, agent)
            queue[tail] = agent
            tail += 1
        for agent in team:
            size, _ = send(
                agent, 1, 0.0, indptr, indices, contact, invite[0], 0, law, scale, shape, horizon, key, replicate,
                size, member, rank, given, heap_time, heap_arc, heap_depth,
            )  # fmt: skip
        chance = find
        last = 0.0
        weighted = 0.0
        counted = 0
        while size > 0:
            time = heap_time[0]
            arc = heap_arc[0]
            depth = heap_depth[0]
            size = pop(size, heap_time, heap_arc, heap_depth)
            person = indices[arc]
            if has(member, person):
                continue
            kind = kinds[0 if kinds.shape[0] == 1 else person]
            if uniform(person_key, person) >= join[kind, depth]:
                continue
            while counted < times.shape[0] and times[counted] < time:
                joined[row, counted] = tail - team.shape[0]
                counted += 1
            mark(member, person)
            queue[tail] = person
            tail += 1
            if via.shape[0] > 0:
                via[person] = arc
            members[row, depth - 1] += 1
            wins[row, depth - 1] += chance
            weighted += chance * time
            chance *= 1.0 - find
            last = time
            if depth < max_depth:
                size, made = send(
                    person, depth + 1, time, indptr, indices, contact, invite[depth], max_invites, law, scale,
                    shape, horizon, key, replicate, size, member, rank, given, heap_time, heap_arc, heap_depth,
                )  # fmt: skip
                invitations[row, depth - 1] += made
        while counted < times.shape[0]:
            joined[row, counted] = tail - team.shape[0]
            counted += 1
        ends[row, 0] = last
        ends[row, 1] = weighted
        unmark(member, queue, 0, tail)


race = bind(_race)
