"""Slow twins of the kernels of payoff systems, and small games."""

import numpy as np

from mechanism import Graph


def ring(n):
    return Graph.from_edges(np.arange(n), (np.arange(n) + 1) % n, directed=False)


def complete(n):
    first, second = np.triu_indices(n, 1)
    return Graph.from_edges(first, second, directed=False)


def star(n):
    return Graph.from_edges(np.zeros(n - 1, dtype=int), np.arange(1, n), directed=False)


def random_graph(rng, n, arcs):
    """A directed graph on 0..n - 1 with up to so many arcs, all people kept."""
    from scipy.sparse import csr_array

    source, target = rng.integers(n, size=arcs), rng.integers(n, size=arcs)
    kept = source != target
    matrix = csr_array((np.ones(kept.sum()), (source[kept], target[kept])), shape=(n, n))
    return Graph.from_scipy(matrix)


def sweep(graph, weights, standalone, respond, actions):
    """Everybody responds once, in order; returns the largest change."""
    by_arc = np.broadcast_to(weights, (graph.m,))
    largest = 0.0
    for person in range(graph.n):
        arcs = range(graph.indptr[person], graph.indptr[person + 1])
        if np.ndim(weights):
            pull = 0.0
            for arc in arcs:
                pull += by_arc[arc] * actions[graph.indices[arc]]
        else:
            pull = 0.0
            for arc in arcs:
                pull += actions[graph.indices[arc]]
            pull *= weights
        new = respond(standalone[person] + pull, person)
        largest = max(largest, abs(new - actions[person]))
        actions[person] = new
    return largest


def extreme_profile(graph, support, benefit, cost, *, greatest):
    """The least or greatest fixed point of 'take part if not worse' in exact numbers, by going round and round."""
    active = [greatest] * graph.n
    while True:
        after = []
        for person in range(graph.n):
            value = benefit[person] - cost[person]
            for arc in range(graph.indptr[person], graph.indptr[person + 1]):
                if active[graph.indices[arc]]:
                    value += support[arc]
            after.append(value >= 0)
        if after == active:
            return np.array(active, dtype=float)
        active = after
