"""Slow twins of what lasts of a burst: rounds in fractions, all subsets, exact Markov chains, the same draws."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, product

import numpy as np

from mechanism.numbers import exact
from solvers.kernels.random import stream, uniform
from solvers.kernels.retention import STAY_STREAM, stay_chance


def numbers(game, residual=0.0):
    """Own gaps c_i - b_i - r_i, and a dict of supports by person, in fractions."""
    paid = np.broadcast_to(residual, (game.n,))
    gaps = [
        exact(float(c)) - exact(float(b)) - exact(float(r))
        for c, b, r in zip(game.cost, game.benefit, paid, strict=True)
    ]
    weights = np.broadcast_to(game.support, (game.graph.m,))
    supports = []
    for i in range(game.n):
        arcs = range(game.graph.indptr[i], game.graph.indptr[i + 1])
        supports.append({int(game.graph.indices[a]): exact(float(weights[a])) for a in arcs})
    return gaps, supports


def supported(supports, i, there):
    return sum((w for j, w in supports[i].items() if j in there), Fraction(0))


def rounds(game, burst, residual=0.0):
    """The members period by period until nobody leaves, as sets."""
    gaps, supports = numbers(game, residual)
    there = set(np.flatnonzero(burst).tolist())
    course = [there]
    while True:
        after = {i for i in there if supported(supports, i, there) >= gaps[i]}
        if after == there:
            return course
        there = after
        course.append(there)


def subsets(people):
    for size in range(len(people) + 1):
        yield from (set(one) for one in combinations(people, size))


def largest_part(game, burst, residual=0.0):
    """The union of all subsets of the burst that support themselves, and whether it does so itself."""
    gaps, supports = numbers(game, residual)
    union = set()
    for there in subsets(np.flatnonzero(burst).tolist()):
        if all(supported(supports, i, there) >= gaps[i] for i in there):
            union |= there
    return union, all(supported(supports, i, union) >= gaps[i] for i in union)


def most_kept(game, burst, budget):
    """The size of the largest subset of the burst that payments within the budget keep."""
    gaps, supports = numbers(game)
    most = 0
    for there in subsets(np.flatnonzero(burst).tolist()):
        cost = sum(max(gaps[i] - supported(supports, i, there), Fraction(0)) for i in there)
        if cost <= exact(budget):
            most = max(most, len(there))
    return most


def chain(game, burst, periods, *, residual=0.0, returns=False):
    """Exact expected members by period, and the chance of each to be there in the end, from all 2^k states."""
    people = np.flatnonzero(burst)
    matrix = game.matrix.toarray()
    alone = game.benefit + np.broadcast_to(residual, (game.n,)) - game.cost
    states = list(product((0, 1), repeat=len(people)))
    moves = np.zeros((len(states), len(states)))
    for row, state in enumerate(states):
        x = np.zeros(game.n)
        x[people] = state
        stay = 1 / (1 + np.exp(-game.rationality * (alone + matrix @ x)[people]))
        if not returns:
            stay = stay * np.array(state)
        for column, after in enumerate(states):
            moves[row, column] = np.prod(np.where(after, stay, 1 - stay))
    law = np.zeros(len(states))
    law[-1] = 1.0
    sizes, means = np.array(states), []
    for _ in range(periods + 1):
        means.append(law @ sizes)
        law = law @ moves
    lasting = np.zeros(game.n)
    lasting[people] = means[-1]
    return np.array([one.sum() for one in means]), lasting


def played(game, burst, key, world, periods, *, returns=False):
    """One world of the kernel on the same draws, with pulls taken afresh in each period."""
    there = {int(i) for i in np.flatnonzero(burst)}
    everybody, course = set(there), [set(there)]
    coins = np.uint64(stream(key, world, STAY_STREAM))  # compiled it comes back as int
    for period in range(1, periods + 1):
        x = np.zeros(game.n)
        x[list(there)] = 1
        margin = game.margin(x)
        there = {
            i
            for i in (everybody if returns else there)
            if uniform(coins, period * game.n + i) < stay_chance(game.rationality * margin[i])
        }
        course.append(set(there))
    return course
