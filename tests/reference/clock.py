"""Slow twin of the race by the clock: plain Python with a heap of events, on the same coins."""

from __future__ import annotations

import heapq
from math import cos, exp, log, pi, sqrt

from tests.reference.worlds import ARC, COUPON, MASK, PERSON, REACH, mix, uniform

DELAY = 0x2127599BF4325C37
GOLDEN = 0x9E3779B97F4A7C15


def delay(law, scale, shape, key, replicate, arc):
    """How long the invitation along an arc takes."""
    stream = mix(mix((key[0] + replicate * GOLDEN) & MASK) ^ ((key[1] + DELAY) & MASK))
    own = mix(stream ^ mix(arc + 1))

    def draw(item):
        return (mix((own + (item + 1) * GOLDEN) & MASK) >> 11) * 2.0**-53

    def normal(number):
        return sqrt(-2 * log(1 - draw(2 * number))) * cos(2 * pi * draw(2 * number + 1))

    if law == "exponential":
        return -scale * log(1 - draw(0))
    if law == "lognormal":
        return scale * exp(shape * normal(0))
    if law == "pareto":
        return scale * (1 - draw(0)) ** (-1 / shape)
    boost = (1 - draw(0)) ** (1 / shape) if shape < 1 else 1.0
    centre = shape + (shape < 1) - 1 / 3
    number = 1
    while True:
        z = normal(2 * number)
        cube = (1 + z / sqrt(9 * centre)) ** 3
        if cube > 0 and log(1 - draw(4 * number + 2)) < 0.5 * z * z + centre * (1 - cube + log(cube)):
            return scale * boost * centre * cube
        number += 1


class Race:
    """One world by the clock: who joined when, at which depth, through which arc."""

    def __init__(self, arcs, team, join, invite, law, find, horizon, key, replicate, *, kinds, max_invites=0):
        self.depth = dict.fromkeys(team, 0)
        self.time = dict.fromkeys(team, 0.0)
        self.via: dict[int, int] = {}
        self.order: list[int] = []
        deepest = len(join[0]) - 1
        self.members, self.invitations, self.wins = [0] * deepest, [0.0] * deepest, [0.0] * deepest

        def draw(kind, item):
            return uniform(key, replicate, kind, item)

        events: list[tuple[float, int, int]] = []

        def send(person, time):
            depth = self.depth[person]
            chance = invite[depth]
            outgoing = [
                (number, contact, reach)
                for number, (source, contact, reach) in enumerate(arcs)
                if source == person and contact not in self.depth
            ]
            if max_invites and depth:
                wanted = [arc for arc in outgoing if draw(ARC, arc[0]) < chance]
                wanted.sort(key=lambda arc: draw(COUPON, arc[0]))
                handed = wanted[:max_invites]
                made, sent = len(handed), [arc for arc in handed if draw(REACH, arc[0]) < arc[2]]
            else:
                sent = [arc for arc in outgoing if draw(ARC, arc[0]) < chance * arc[2]]
                made = sum(1 / arc[2] for arc in sent)
            if depth:
                self.invitations[depth - 1] += made
            for number, _, _ in sent:
                arrival = time + delay(*law, key, replicate, number)
                if arrival <= horizon:
                    heapq.heappush(events, (arrival, number, depth + 1))

        for agent in team:
            send(agent, 0.0)
        miss = 1.0
        while events:
            time, number, depth = heapq.heappop(events)
            person = arcs[number][1]
            if person in self.depth or draw(PERSON, person) >= join[kinds[person]][depth]:
                continue
            self.depth[person], self.time[person], self.via[person] = depth, time, number
            self.order.append(person)
            self.members[depth - 1] += 1
            self.wins[depth - 1] += find * miss
            miss *= 1 - find
            if depth < deepest:
                send(person, time)

    def joined(self, times):
        """Members at each time."""
        return [sum(self.time[person] <= t for person in self.order) for t in times]
