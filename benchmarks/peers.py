"""Peers that simulate the independent cascade: one signature, their own structures built outside the timed part."""

from __future__ import annotations

import importlib.util
import warnings
from array import array
from collections.abc import Callable
from typing import Any

import numpy as np

from mechanism import Graph

Run = Callable[[int], float]
"""Simulate so many worlds; return the mean number of active nodes, seeds included."""


def chances_of(graph: Graph, probability: Any) -> np.ndarray:
    if probability == "weighted":
        return (1.0 / np.maximum(graph.in_degree, 1))[graph.indices]
    return np.full(graph.m, float(probability))


def cynetdiff(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """CyNetDiff (Robson, Reddy and Umrawal 2024): Cython, breadth-first, one coin per arc."""
    from cynetdiff.models import IndependentCascadeModel

    starts = array("I", graph.indptr[:-1].astype(np.uint32))
    edges = array("I", graph.indices.astype(np.uint32))
    if probability == "weighted":
        own = array("f", chances_of(graph, probability).astype(np.float32))
        model = IndependentCascadeModel(starts, edges, activation_probs=own)
    else:
        model = IndependentCascadeModel(starts, edges, activation_prob=probability)
    model.set_rng(7)
    model.set_seeds(seeds.tolist())

    def run(worlds: int) -> float:
        total = 0
        for _ in range(worlds):
            model.reset_model()
            model.advance_until_completion()
            total += model.get_num_activated_nodes()
        return total / worlds

    return run


def numpy_frontier(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """The frontier as arrays: all coins of a round in one call of numpy."""
    chances, rng = chances_of(graph, probability), np.random.default_rng(1)

    def run(worlds: int) -> float:
        total = 0
        for _ in range(worlds):
            active = np.zeros(graph.n, dtype=bool)
            active[seeds] = True
            layer = seeds
            while len(layer):
                begin = graph.indptr[layer]
                degree = graph.indptr[layer + 1] - begin
                arcs = np.repeat(begin - np.cumsum(degree) + degree, degree) + np.arange(degree.sum())
                reached = np.unique(graph.indices[arcs[rng.random(len(arcs)) < chances[arcs]]])
                layer = reached[~active[reached]]
                active[layer] = True
            total += int(active.sum())
        return total / worlds

    return run


def scipy_live_edge(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """All coins of a world at once, then what SciPy's breadth-first search reaches from a node above the seeds."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    chances, rng = chances_of(graph, probability), np.random.default_rng(1)

    def run(worlds: int) -> float:
        total = 0
        for _ in range(worlds):
            live = rng.random(graph.m) < chances
            kept = np.concatenate(([0], np.cumsum(live)))[graph.indptr]
            targets = np.concatenate((graph.indices[live], seeds.astype(np.int32)))
            indptr = np.concatenate((kept, [len(targets)]))
            matrix = csr_array((np.ones(len(targets), np.int8), targets, indptr), shape=(graph.n + 1,) * 2)
            order = breadth_first_order(matrix, graph.n, return_predecessors=False)
            total += len(order) - 1
        return total / worlds

    return run


def igraph_live_edge(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """All coins of a world at once, then what python-igraph reaches from a node above the seeds."""
    import igraph

    chances, rng = chances_of(graph, probability), np.random.default_rng(1)
    source = np.repeat(np.arange(graph.n), graph.out_degree)
    edges = np.column_stack((source, graph.indices))
    above = np.column_stack((np.full(len(seeds), graph.n), seeds))

    def run(worlds: int) -> float:
        total = 0
        for _ in range(worlds):
            live = np.concatenate((edges[rng.random(graph.m) < chances], above))
            network = igraph.Graph(n=graph.n + 1, edges=live, directed=True)
            total += len(network.subcomponent(graph.n, mode="out")) - 1
        return total / worlds

    return run


def networkx_walk(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """Plain Python over the adjacency of networkx, which has no model of its own."""
    import networkx as nx

    chances, rng = chances_of(graph, probability), np.random.default_rng(1)
    source = np.repeat(np.arange(graph.n), graph.out_degree)
    network = nx.DiGraph()
    network.add_nodes_from(range(graph.n))
    network.add_weighted_edges_from(
        zip(source.tolist(), graph.indices.tolist(), chances.tolist(), strict=True), weight="p"
    )

    def run(worlds: int) -> float:
        total = 0
        for _ in range(worlds):
            active = set(seeds.tolist())
            queue = list(active)
            while queue:
                for v, arc in network.adj[queue.pop()].items():
                    if v not in active and rng.random() < arc["p"]:
                        active.add(v)
                        queue.append(v)
            total += len(active)
        return total / worlds

    return run


def pynetim(graph: Graph, seeds: np.ndarray, probability: Any) -> Run:
    """PyNetIM: C++; nodes keep their numbers only if it is told so."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of parts that want a deep-learning library
        from pynetim import IMGraph, IndependentCascadeModel

    source = np.repeat(np.arange(graph.n), graph.out_degree)
    edges = list(zip(source.tolist(), graph.indices.tolist(), strict=True))
    network = IMGraph(edges, chances_of(graph, probability).tolist(), directed=True, renumber=False)
    model = IndependentCascadeModel(network, set(seeds.tolist()))
    return lambda worlds: float(model.run_monte_carlo_diffusion(worlds, random_seed=7))


PEERS: dict[str, tuple[str, Callable[[Graph, np.ndarray, Any], Run], float]] = {
    # name: (module, how to build it, arcs up to which it is worth waiting for)
    "cynetdiff": ("cynetdiff", cynetdiff, 1e9),
    "pynetim": ("pynetim", pynetim, 2e6),
    "numpy frontier": ("numpy", numpy_frontier, 2e7),
    "scipy live-edge": ("scipy", scipy_live_edge, 2e6),
    "igraph live-edge": ("igraph", igraph_live_edge, 2e6),
    "networkx": ("networkx", networkx_walk, 2e5),
}


def installed(name: str) -> bool:
    return importlib.util.find_spec(PEERS[name][0]) is not None
