"""Networks to choose seeds on, small enough to enumerate or not, and limits of choice."""

from __future__ import annotations

import numpy as np

from mechanism import Graph
from tests.reference.sketches import Patterns

SAMPLERS = {
    "alike": {"probability": 0.3},
    "weighted": {"probability": "weighted"},
    "by arc": {"probability": None},
    "threshold": {"probability": "weighted", "model": "threshold"},
}
LIMITS = {
    "plain": {},
    "two rounds": {"max_depth": 2},
    "no rounds": {"max_depth": 0},
    "weights": {"weights": [0.0, 2.0, 1.0, 0.25]},
    "members": {"members": [0, 3]},
    "blocked": {"blocked": [1]},
    "all": {"max_depth": 2, "weights": [1.0, 0.0, 5.0, 1.0], "members": [2], "blocked": [0]},
}


def random_network(number, *, n=None, model="cascade"):
    """A network of `n` or 4 to 8 nodes with 10 arcs: the graph, its arcs, and a chance or weight for each."""
    rng = np.random.default_rng(number)
    n = int(rng.integers(4, 9)) if n is None else n
    pairs = [(u, v) for u in range(n) for v in range(n) if u != v]
    arcs = sorted(pairs[i] for i in rng.choice(len(pairs), min(len(pairs), 10), replace=False))
    indptr = np.searchsorted([u for u, _ in arcs], np.arange(n + 1))
    graph = Graph(indptr, np.array([v for _, v in arcs]), np.arange(n))
    chances = rng.random(len(arcs)).astype(np.float32)
    if model == "threshold":
        chances /= 1 + graph.in_degree[graph.indices].astype(np.float32)
    return graph, arcs, chances.tolist()


def random_graph(n=400, m=2400, number=1):
    pairs = np.random.default_rng(number).integers(0, n, (m, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")


def expanded(limits, n):
    """Settings for n nodes: weights come again and again."""
    weights = limits.get("weights")
    return limits | ({"weights": np.resize(weights, n).tolist()} if weights else {})


def patterns_of(network, how, limits):
    graph, arcs, chances = network
    probability, model = how["probability"], how.get("model", "cascade")
    if probability == "weighted":
        chances = [1 / int(graph.in_degree[v]) for _, v in arcs]
    elif probability is not None:
        chances = [probability] * graph.m
    return Patterns(
        graph.n,
        arcs,
        chances,
        model=model,
        max_depth=limits.get("max_depth"),
        blocked=limits.get("blocked", ()),
    )
