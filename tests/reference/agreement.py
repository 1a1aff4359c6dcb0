"""Slow twin of opinions: dense matrices from the definition, powers of them, and closed groups by reachability."""

from math import gcd

import numpy as np


def trust_matrix(opinions):
    """Return P, entry by entry."""
    graph, weights = opinions.graph, np.broadcast_to(opinions.trust, (opinions.graph.m,))
    P = np.zeros((graph.n, graph.n))
    for i in range(graph.n):
        arcs = range(graph.indptr[i], graph.indptr[i + 1])
        total = sum(weights[a] for a in arcs)
        if total == 0:
            P[i, i] = 1.0
            continue
        P[i, i] = opinions.self_trust[i]
        for a in arcs:
            P[i, graph.indices[a]] = (1 - opinions.self_trust[i]) * weights[a] / total
    return P


def augmented(opinions):
    """Return the matrix that moves (opinions, innate opinions), the latter not at all."""
    n, stubborn = opinions.n, opinions.stubbornness
    top = np.hstack(((1 - stubborn)[:, None] * trust_matrix(opinions), np.diag(stubborn)))
    return np.vstack((top, np.hstack((np.zeros((n, n)), np.eye(n)))))


def long_run(opinions, doublings=60):
    """Return the matrix from (initial, innate) to the average opinions of the long run, by doubling.

    The sum of 2T powers is (I + A^T) times the sum of T.
    """
    A = augmented(opinions)
    power, mean = A, np.eye(len(A))
    for _ in range(doublings):
        mean = (mean + power @ mean) / 2
        power = power @ power
        power /= power.sum(axis=1, keepdims=True)
        mean /= mean.sum(axis=1, keepdims=True)
    return mean[: opinions.n]


def closed_groups(opinions):
    """Return [(people, period)] of the groups that nobody leaves and that have no stubborn member."""
    n = opinions.n
    arcs = (1 - opinions.stubbornness)[:, None] * trust_matrix(opinions) > 0
    reach = np.eye(n, dtype=bool)
    for _ in range(n):
        reach |= (reach.astype(int) @ arcs.astype(int)) > 0
    groups = []
    for i in range(n):
        group = np.flatnonzero(reach[i])
        if group[0] != i or not reach[np.ix_(group, group)].all() or opinions.stubbornness[group].any():
            continue
        period, power = 0, np.eye(len(group), dtype=bool)
        for length in range(1, 2 * len(group) * len(group) + 2):
            power = (power.astype(int) @ arcs[np.ix_(group, group)].astype(int)) > 0
            if power.diagonal().any():
                period = gcd(period, length)
        groups.append((group.tolist(), period))
    return groups


def rates(opinions):
    """Return the moduli of the eigenvalues of (1 - l) P, largest first."""
    return np.sort(np.abs(np.linalg.eigvals((1 - opinions.stubbornness)[:, None] * trust_matrix(opinions))))[
        ::-1
    ]
