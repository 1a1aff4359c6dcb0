"""Slow twins of subsidies: every order of joining, every set of those who take part, every way to link fakes."""

from fractions import Fraction
from itertools import combinations, permutations, product
from math import inf

import numpy as np


def exact_game(system):
    """Return margins without support, and support by pairs, as fractions."""
    graph = system.graph
    weights = np.broadcast_to(np.asarray(system.support), (graph.m,)).tolist()
    source = np.repeat(np.arange(system.n), graph.out_degree).tolist()
    support = {(i, j): Fraction(w) for i, j, w in zip(source, graph.indices.tolist(), weights, strict=True)}
    alone = [
        Fraction(b) - Fraction(c) for b, c in zip(system.benefit.tolist(), system.cost.tolist(), strict=True)
    ]
    return alone, support


def margin(alone, support, person, others):
    return alone[person] + sum(support.get((person, j), 0) for j in others if j != person)


def equilibria(system, tolerance=1e-9):
    """Return every set of people that take part in an equilibrium; who is indifferent takes part."""
    alone, support = exact_game(system)
    found = []
    for choice in product((0, 1), repeat=system.n):
        members = {i for i, x in enumerate(choice) if x}
        if all((margin(alone, support, i, members) >= -tolerance) == (i in members) for i in range(system.n)):
            found.append(members)
    return found


def least_over_orders(system, members, most=inf, reward=0.0):
    """Return the least own subsidies and peer rewards in all, over every order in which the members may join."""
    alone, support = exact_game(system)
    best = inf
    for order in permutations(members):
        total = Fraction(0)
        for place, person in enumerate(order):
            lack = max(Fraction(0), -margin(alone, support, person, order[:place]))
            friends = sum((person, j) in support for j in order[:place])
            if lack > most + reward * friends + 1e-12:
                break
            total += lack
        else:
            best = min(best, total)
    return float(best)


def most_by_fakes(own, peer, identity_cost, fakes, *, paid):
    """Return the most that a member gains by so many fakes, over all ways to link them with it and one another.

    Every linked account that takes part is a friend of the other. If `paid` fakes get offers, too; else they only count
    as friends of their maker.
    """
    pairs = list(combinations(range(fakes + 1), 2))  # account 0 is the member
    best = -inf
    for chosen in product((0, 1), repeat=len(pairs)):
        links = [pair for pair, linked in zip(pairs, chosen, strict=True) if linked]
        degree = [sum(account in pair for pair in links) for account in range(fakes + 1)]
        income = peer * degree[0]
        if paid:
            income += fakes * own + peer * sum(degree[1:])
        best = max(best, income - fakes * identity_cost)
    return best
