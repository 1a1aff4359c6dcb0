"""Exact expected members by depth on tiny networks: a probability tree in rational arithmetic."""

from __future__ import annotations

from fractions import Fraction
from itertools import product


def members_by_depth(arcs, team, join, invite, contact):
    """Return the expected members at depths 1..H as fractions.

    Every arc that is considered fires or not; a person reached accepts if its cost, uniform on [0, 1) and drawn once,
    is below the joining value: what is known of it is the largest value it has refused.
    `join[d]` and `invite[d]` are indexed by depth, the team at 0.
    """
    max_depth = len(join) - 1
    expected = [Fraction(0)] * max_depth

    def grow(depth, members, frontier, refused, weight):
        if depth > max_depth or not frontier:
            return
        considered = [(u, v) for u, v in arcs if u in frontier and v not in members]
        fire = Fraction(invite[depth - 1]) * Fraction(contact)
        for coins in product((False, True), repeat=len(considered)):
            chance = weight
            for coin in coins:
                chance *= fire if coin else 1 - fire
            reached = sorted({v for (_, v), coin in zip(considered, coins, strict=True) if coin})
            for answers in product((False, True), repeat=len(reached)):
                branch, known = chance, dict(refused)
                for person, accepts in zip(reached, answers, strict=True):
                    floor, value = known.get(person, Fraction(0)), Fraction(join[depth])
                    yes = max(Fraction(0), value - floor) / (1 - floor) if floor < 1 else Fraction(0)
                    branch *= yes if accepts else 1 - yes
                    if not accepts:
                        known[person] = max(floor, value)
                if branch == 0:
                    continue
                joined = frozenset(v for v, accepts in zip(reached, answers, strict=True) if accepts)
                expected[depth - 1] += branch * len(joined)
                grow(depth + 1, members | joined, joined, known, branch)

    grow(1, frozenset(team), frozenset(team), {}, Fraction(1))
    return expected
