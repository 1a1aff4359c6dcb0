"""Core numbers against their definition."""

import networkx as nx
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.kernels.core import peel_cores


@st.composite
def ties(draw):
    n = draw(st.integers(1, 14))
    node = st.integers(0, n - 1)
    pairs = st.tuples(node, node).filter(lambda pair: pair[0] < pair[1])
    return n, sorted(draw(st.sets(pairs, max_size=60))) if n > 1 else []


def cores(n, pairs):
    contacts = [sorted({u + v - x for u, v in pairs if x in (u, v)}) for x in range(n)]
    indptr = np.concatenate(([0], np.cumsum([len(row) for row in contacts]))).astype(np.int64)
    indices = np.array([v for row in contacts for v in row], dtype=np.int32)
    degree = np.diff(indptr)
    order = np.argsort(degree, kind="stable")
    place = np.argsort(order)
    first = np.searchsorted(degree[order], np.arange(degree.max() + 2))
    peel_cores(indptr, indices, degree, order, place, first)
    assert sorted(order.tolist()) == list(range(n))
    assert (order[place] == np.arange(n)).all()
    assert (np.diff(degree[order]) >= 0).all()
    return degree.tolist()


def by_definition(n, pairs):
    """Take away everybody with fewer than k neighbours until nobody is left to go, for k = 1, 2, ..."""
    core, alive = [0] * n, set(range(n))
    for k in range(1, n):
        while True:
            weak = {x for x in alive if sum(x in pair and set(pair) <= alive for pair in pairs) < k}
            if not weak:
                break
            alive -= weak
        for x in alive:
            core[x] = k
    return core


@settings(max_examples=80)
@given(ties())
def test_definition(network):
    assert cores(*network) == by_definition(*network)


def test_larger_networks():
    for seed in range(3):
        graph = nx.barabasi_albert_graph(150, 3, seed=seed)
        graph.add_edges_from(nx.gnp_random_graph(150, 0.05 * seed, seed=seed).edges)
        pairs = [(min(e), max(e)) for e in graph.edges]
        assert cores(150, pairs) == [nx.core_number(graph)[x] for x in range(150)]
