"""Slow twins of altruism design: deviations by payoffs, fractional knapsacks, all combinations of changes."""

from fractions import Fraction
from itertools import product
from math import inf

import numpy as np


def exact_payoffs(system, actions):
    """Return payoffs as fractions."""
    graph = system.graph
    support = np.broadcast_to(np.asarray(system.support), (graph.m,)).tolist()
    worth = [
        Fraction(b) - Fraction(c) for b, c in zip(system.benefit.tolist(), system.cost.tolist(), strict=True)
    ]
    source = np.repeat(np.arange(system.n), graph.out_degree).tolist()
    for i, j, w in zip(source, graph.indices.tolist(), support, strict=True):
        worth[i] += Fraction(w) * int(actions[j])
    return [p * int(x) for p, x in zip(worth, actions, strict=True)]


def most_gained(system, layer, profile):
    """Return the most that anybody raises p_i + sum_j a_ij p_j by deciding otherwise alone, as a fraction."""
    weights = layer.matrix.toarray().tolist()

    def utility(person, actions):
        p = exact_payoffs(system, actions)
        return p[person] + sum(Fraction(a) * q for a, q in zip(weights[person], p, strict=True) if a)

    gains = []
    for i in range(system.n):
        other = list(profile)
        other[i] = 1 - other[i]
        gains.append(utility(i, other) - utility(i, profile))
    return max(gains)


def least_by_knapsacks(system, profile, before, price, most):
    """Return the least cost of fractional changes, each person alone, cheapest effects first; inf if none do."""
    matrix = system.matrix.toarray()
    graph = before.graph
    source = np.repeat(np.arange(system.n), graph.out_degree)
    total = 0.0
    margin = system.margin(profile)
    for i in range(system.n):
        sign = 2 * profile[i] - 1
        arcs = np.flatnonzero(source == i)
        effect = {a: sign * matrix[graph.indices[a], i] * profile[graph.indices[a]] for a in arcs}
        lack = -sign * margin[i] - sum(effect[a] * before.by_arc[a] for a in arcs)
        offers = []
        for a in arcs:
            room = most - before.by_arc[a] if effect[a] > 0 else before.by_arc[a]
            if effect[a] != 0:
                offers.append((price[a] / abs(effect[a]), abs(effect[a]) * room))
        for rate, amount in sorted(offers):
            taken = min(max(lack, 0.0), amount)
            total += rate * taken
            lack -= taken
        if lack > 1e-9:
            return inf
    return total


def least_whole(system, profile, before, price, most, pairs):
    """Return the least cost over all ways to leave, drop or raise each pair of arcs (or arc) as a whole."""
    from mechanism import Layer

    best = inf
    for choice in product((None, 0.0, most), repeat=len(pairs)):
        after = before.by_arc.copy()
        for arcs, value in zip(pairs, choice, strict=True):
            if value is not None:
                after[list(arcs)] = value
        cost = float(price @ np.abs(after - before.by_arc))
        if cost < best - 1e-12 and most_gained(system, Layer(before.graph, after), profile) <= 1e-9:
            best = cost
    return best
