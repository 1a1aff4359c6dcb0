"""Slow twins of targeting: interventions tried one by one, and best responses played in turn."""

import numpy as np
from scipy.sparse import csr_array

from mechanism import Graph, LinearQuadratic


def game_of(weights, standalone, **bounds):
    """Return the game of a dense matrix of weights."""
    matrix = csr_array(weights)
    matrix.eliminate_zeros()
    matrix.sort_indices()
    return LinearQuadratic(Graph.from_scipy(matrix), standalone, interaction=matrix.data, **bounds)


def random_weights(rng, n, radius, *, symmetric=True, signed=False):
    """Return a random matrix of the given spectral radius of absolute weights; below 0 all weights are negative."""
    weights = rng.uniform(0.2, 1.0, (n, n)) * (rng.random((n, n)) < 0.4)
    weights += np.diag(np.ones(n - 1), 1) * 0.5  # nobody is alone, and there is a cycle
    weights[1, 0] += 0.5
    if signed:
        weights *= rng.choice([-1.0, 1.0], (n, n))
    weights = np.triu(weights, 1) + (np.triu(weights, 1).T if symmetric else np.tril(weights, -1))
    return weights * radius / np.abs(np.linalg.eigvals(np.abs(weights))).max()


def welfare(weights, standalone, change):
    """Return the sum of payoffs in the equilibrium without bounds, from the definition of the payoffs."""
    b = standalone + change
    x = np.linalg.solve(np.eye(len(b)) - weights, b)
    return float(np.sum(b * x - x**2 / 2 + x * (weights @ x)))


def climbed(weights, standalone, budget, price, rng, *, starts):
    """Return the largest welfare that projected ascent meets from random starts."""
    root = np.sqrt(price)
    inverse = np.linalg.inv(np.eye(len(standalone)) - weights)
    best = 0.0
    for _ in range(starts):
        z = rng.standard_normal(len(standalone))
        for _ in range(5000):
            slope = inverse.T @ (inverse @ (standalone + z / root)) / root
            following = slope * np.sqrt(budget) / np.linalg.norm(slope)
            if np.linalg.norm(following - z) < 1e-12 * np.sqrt(budget):
                break
            z = following
        best = max(best, welfare(weights, standalone, following / root))
    return best


def played(weights, standalone, lower, upper, start):
    """Return the equilibrium at which responses made one after another end."""
    x = np.array(start, dtype=float)
    while True:
        before = x.copy()
        for person in range(len(x)):
            x[person] = min(max(standalone[person] + weights[person] @ x, lower[person]), upper[person])
        if np.abs(x - before).max() <= 1e-14 * max(1.0, np.abs(x).max()):
            return x


def total(weights, standalone, actions, objective):
    """Return the sum of payoffs or of actions."""
    if objective == "actions":
        return float(actions.sum())
    return float(np.sum(standalone * actions - actions**2 / 2 + actions * (weights @ actions)))
