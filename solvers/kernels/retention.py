"""Who stays when a campaign stops: leaving in rounds, and staying by chance from period to period.

Arrays:

=========== ================== ==============================================================================
name        dtype, shape       meaning
=========== ================== ==============================================================================
indptr      int64[n + 1]       those whom person j supports: ``indices[indptr[j]:indptr[j + 1]]``
indices     int32[m]           the people who are supported
weights     float64[1 or m]    how much, one number for all arcs or one for each
margin      float64[n]         a person leaves when it exceeds `slack`; is increased by those who leave
slack       float64[n]         rounding errors that a margin may hold, at least 0
left        int32[n]           round in which a person leaves, 0 as long as it stays, -1 if it never was there
queue       int32[n]           those who leave, round by round; the first `tail` are given
open_cases  int8[n]            whether a person is among the doubts; all 0 between calls
doubts      int32[n]           receives those within the slack
work        int64[1]           arcs visited; is increased
alone       float64[n]         what staying brings without supporters, less what it costs
start       float64[n]         what supporters weigh for each when the campaign stops, before `scale`
members     int32[size]        those there when the campaign stops
key         uint64[2]          names the worlds
counts      int64[worlds, T+1] receives the members by period
stayed      int64[n]           is increased by 1 in each world at whose end a person is there
=========== ================== ==============================================================================
"""

from __future__ import annotations

from math import exp

import numpy as np
from numpy.typing import NDArray

from solvers.kernels.binding import bind
from solvers.kernels.random import stream, uniform

__all__ = ["STAY_STREAM", "leave_in_rounds", "stay_by_chance", "stay_chance"]

Ids = NDArray[np.int32]
Longs = NDArray[np.int64]
Reals = NDArray[np.float64]
Marks = NDArray[np.int8]

STAY_STREAM = np.uint64(0x9FB21C651E98DF25)


def _leave_in_rounds(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    margin: Reals,
    slack: Reals,
    left: Ids,
    queue: Ids,
    head: int,
    tail: int,
    open_cases: Marks,
    doubts: Ids,
    work: Longs,
) -> tuple[int, int, int]:
    """Play rounds from place `head` of the queue on, the last ones to leave, up to a round that ends with doubts.

    Returns the new ends of the queue and how many are in doubt: each of them may have to leave in the next round.
    """
    single = weights.shape[0] == 1
    while head < tail:
        stop, doubtful = tail, 0
        for place in range(head, stop):
            person = queue[place]
            work[0] += indptr[person + 1] - indptr[person]
            for arc in range(indptr[person], indptr[person + 1]):
                other = indices[arc]
                if left[other] != 0:
                    continue
                margin[other] += weights[0 if single else arc]
                if margin[other] > slack[other]:
                    left[other] = left[person] + 1
                    queue[tail] = other
                    tail += 1
                elif margin[other] >= -slack[other] and open_cases[other] == 0:
                    open_cases[other] = 1
                    doubts[doubtful] = other
                    doubtful += 1
        head = stop
        still = 0
        for place in range(doubtful):
            other = doubts[place]
            open_cases[other] = 0
            if left[other] == 0:
                doubts[still] = other
                still += 1
        if still:
            return head, tail, still
    return head, tail, 0


leave_in_rounds = bind(_leave_in_rounds)


def _stay_chance(value: float) -> float:
    """Return 1 / (1 + exp(-value)), without overflow."""
    if value >= 0.0:
        return 1.0 / (1.0 + exp(-value))
    power = exp(value)
    return power / (1.0 + power)


stay_chance = bind(_stay_chance)


def _stay_by_chance(
    indptr: Longs,
    indices: Ids,
    weights: Reals,
    scale: float,
    alone: Reals,
    rationality: float,
    start: Reals,
    members: Ids,
    returns: bool,
    key: NDArray[np.uint64],
    first: int,
    counts: Longs,
    stayed: Longs,
    work: Longs,
    here: Marks,
    pull: Reals,
    crowd: Ids,
    changed: Ids,
) -> None:
    """Play worlds first, first + 1, ...; the draw of person i in period t is number t n + i of its world.

    `here` (all 0 between calls), `pull`, `crowd` and `changed` are scratch for n people.
    """
    single = weights.shape[0] == 1
    n = alone.shape[0]
    for world in range(counts.shape[0]):
        coins = stream(key, first + world, STAY_STREAM)
        deciding = members.shape[0]
        count = deciding
        counts[world, 0] = count
        for place in range(deciding):
            person = members[place]
            crowd[place] = person
            here[person] = 1
            pull[person] = start[person]
        for period in range(1, counts.shape[1]):
            kept, switched = 0, 0
            for place in range(deciding):
                person = crowd[place]
                chance = stay_chance(rationality * (alone[person] + scale * pull[person]))
                stays = 1 if uniform(coins, period * n + person) < chance else 0
                if stays != here[person]:
                    changed[switched] = person
                    switched += 1
                if returns or stays == 1:
                    crowd[kept] = person
                    kept += 1
            deciding = kept
            for place in range(switched):  # all have decided on what was before
                person = changed[place]
                change = -1 if here[person] == 1 else 1
                here[person] = 1 - here[person]
                count += change
                work[0] += indptr[person + 1] - indptr[person]
                for arc in range(indptr[person], indptr[person + 1]):
                    pull[indices[arc]] += change * weights[0 if single else arc]
            counts[world, period] = count
        for place in range(members.shape[0]):
            person = members[place]
            stayed[person] += here[person]
            here[person] = 0


stay_by_chance = bind(_stay_by_chance)
