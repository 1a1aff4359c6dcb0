"""Slow twins of sketches: drawn in plain Python on the same numbers, and enumerated with their exact chances.

`into` holds the sources of the arcs into each node, `numbers` the hazard, chance or weight of each of them. Walls are 1
for nodes that are never active and 2 for those that are from the start. A sketch that meets one of these is None.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, combinations, product
from math import inf, log

import numpy as np

from tests.reference.worlds import uniform

SKETCH = 0x9FB21C651E98DF25
BLOCKED, ACTIVE = 1, 2


def grow(into, weights, walls, draw, max_depth, fired):
    """Go back from a random root, layer by layer; `fired` yields the sources of the arcs into a node that fire."""
    n = len(into)
    sums = list(accumulate(weights)) if weights else []
    root = min(bisect_right(sums, draw(0) * sums[-1]), n - 1) if weights else int(draw(0) * n)
    order = [] if walls[root] == BLOCKED else [root]
    layer, depth = order, 0
    while layer and depth < max_depth:
        reached = [source for node in layer for source in fired(node)]
        layer = [node for node in dict.fromkeys(reached) if node not in order and walls[node] != BLOCKED]
        order = order + layer
        depth += 1
    return None if any(walls[node] == ACTIVE for node in order) else order


def alike(into, hazards, weights, walls, key, number, max_depth):
    """Arcs into a node have one chance; `hazards` by in-degree. An exponential draw is used up arc after arc."""
    drawn = iter(range(1, 10**9))

    def draw(item):
        return uniform(key, number, SKETCH, item)

    rest = -log(1 - draw(next(drawn)))

    def fired(node):
        nonlocal rest
        hazard = hazards[min(len(into[node]), len(hazards) - 1)]
        left = into[node]
        while left and rest < hazard * len(left):
            skipped = min(int(rest / hazard), len(left) - 1)
            yield left[skipped]
            left = left[skipped + 1 :]
            rest = -log(1 - draw(next(drawn)))
        if left:
            rest -= hazard * len(left)

    return grow(into, weights, walls, draw, max_depth, fired)


def coins(into, chances, weights, walls, key, number, max_depth):
    """One coin per arc, numbered as they are met."""
    tossed = iter(range(1, 10**9))

    def draw(item):
        return uniform(key, number, SKETCH, item)

    def fired(node):
        return [s for s, p in zip(into[node], chances[node], strict=True) if draw(next(tossed)) < p]

    return grow(into, weights, walls, draw, max_depth, fired)


def walks(into, chances, weights, walls, key, number, max_depth):
    """Each node listens to one in-neighbour at most."""
    drawn = iter(range(1, 10**9))

    def draw(item):
        return uniform(key, number, SKETCH, item)

    def fired(node):
        rest = draw(next(drawn))
        for source, weight in zip(into[node], chances[node], strict=True):
            if rest < weight:
                return [source]
            rest -= weight
        return []

    return grow(into, weights, walls, draw, max_depth, fired)


class Patterns:
    """All patterns of live arcs of a small network, with their chances, and whom each node reaches in each.

    `arcs` are pairs (u, v), `chances` one for each: of firing in the cascade, or of being the one arc that v listens to
    in the threshold model. Sets of nodes are bit masks.
    """

    def __init__(self, n, arcs, chances, *, model="cascade", max_depth=None, blocked=()):
        self.n = n
        kept = [place for place, arc in enumerate(arcs) if not set(arc) & set(blocked)]
        live, self.chance = (coins_of if model == "cascade" else choices_of)(arcs, chances)
        own = [0 if node in blocked else 1 << node for node in range(n)]
        reach = np.array(own, dtype=np.int64)[:, None] + np.zeros(len(self.chance), dtype=np.int64)
        for _ in range(n if max_depth is None else max_depth):
            before = reach.copy()
            for place in kept:
                u, v = arcs[place]
                reach[u] |= np.where(live[place], before[v], 0)
        self.reach = reach

    def spread(self, seeds, weights=None):
        """Expected weight of the active nodes."""
        return float(self.chance @ self._weight(weights)[self._union(seeds)])

    def best(self, allowed, weights=None, members=()):
        """The largest expected weight over some sets, each beside the members, without what these reach alone."""
        weight, base = self._weight(weights), self._union(members)
        values = [float(self.chance @ weight[self._union(seeds) | base]) for seeds in allowed]
        return max(values) - float(self.chance @ weight[base])

    def sketches(self, weights=None, members=()):
        """Chance of each sketch as a mask, and of meeting a member under None."""
        weights = [1.0] * self.n if weights is None else weights
        found = {}
        for root, weight in enumerate(weights):
            masks = sum((self.reach[v] >> root & 1) << v for v in range(self.n))
            for mask, chance in zip(masks.tolist(), self.chance.tolist(), strict=True):
                name = None if any(mask >> node & 1 for node in members) else mask
                found[name] = found.get(name, 0.0) + chance * weight / sum(weights)
        return {name: chance for name, chance in found.items() if chance > 0}

    def _union(self, seeds):
        return (
            np.bitwise_or.reduce([self.reach[s] for s in seeds], axis=0) if len(seeds) else 0 * self.reach[0]
        )

    def _weight(self, weights):
        table = np.zeros(1 << self.n)
        for node in range(self.n):
            table[1 << node : 2 << node] = table[: 1 << node] + (1.0 if weights is None else weights[node])
        return table


def coins_of(arcs, chances):
    """Each arc fires or not."""
    live = np.array(list(product((False, True), repeat=len(arcs)))).reshape(-1, len(arcs)).T
    chances = np.asarray(chances, dtype=float)[:, None]
    return live, np.prod(np.where(live, chances, 1 - chances), axis=0)


def choices_of(arcs, chances):
    """Each node listens to one arc at most."""
    nodes = sorted({v for _, v in arcs})
    into = [[place for place, arc in enumerate(arcs) if arc[1] == v] for v in nodes]
    choices = list(product(*([None, *places] for places in into)))
    live = np.zeros((len(arcs), len(choices)), dtype=bool)
    chance = np.ones(len(choices))
    for number, choice in enumerate(choices):
        for places, chosen in zip(into, choice, strict=True):
            if chosen is None:
                chance[number] *= max(1 - sum(chances[place] for place in places), 0)
            else:
                live[chosen, number] = True
                chance[number] *= chances[chosen]
    return live, chance


def subsets(nodes, most):
    """All sets of at most so many nodes."""
    return [chosen for size in range(most + 1) for chosen in combinations(nodes, size)]


def hazard(chance):
    """-log(1 - p)."""
    return inf if chance == 1 else float(-np.log1p(-np.float64(chance)))
