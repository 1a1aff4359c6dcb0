"""The exact distribution against enumeration of live arcs, and its two methods against each other."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, UnsupportedProblemError
from solvers import spread
from solvers.exact_diffusion import _chain, exact_spread

chance = st.sampled_from([Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(1)])


@st.composite
def networks(draw):
    n = draw(st.integers(2, 6))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda arc: arc[0] != arc[1])
    arcs = sorted(draw(st.sets(pairs, min_size=1, max_size=8)))
    graph = Graph(
        np.searchsorted([u for u, _ in arcs], np.arange(n + 1)), np.array([v for _, v in arcs]), np.arange(n)
    )
    seeds = draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=2, unique=True))
    return graph, arcs, seeds, [draw(chance) for _ in arcs], draw(st.sampled_from([None, 0, 1, 2]))


@given(networks())
def test_enumeration_of_live_arcs(network):
    graph, arcs, seeds, chances, max_depth = network
    sizes, depths = [Fraction(0)] * (graph.n + 1), [Fraction(0)] * (graph.n + 1)
    for pattern in product((0, 1), repeat=len(arcs)):
        weight = Fraction(1)
        for on, p in zip(pattern, chances, strict=True):
            weight *= p if on else 1 - p
        depth, layer, level = dict.fromkeys(seeds, 0), set(seeds), 0
        while layer and level != max_depth:
            level += 1
            live = [arc for arc, on in zip(arcs, pattern, strict=True) if on]
            layer = {v for u, v in live if u in layer and v not in depth}
            depth.update(dict.fromkeys(layer, level))
        sizes[len(depth)] += weight
        for d in depth.values():
            depths[d] += weight
    result = exact_spread(graph, seeds, probability=chances, max_depth=max_depth)
    assert list(result.distribution) == sizes
    assert list(result.members_by_depth) == depths[: len(result.members_by_depth)]
    assert not any(depths[len(result.members_by_depth) :])
    assert result.spread == sum(k * p for k, p in enumerate(sizes))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=10), st.data())
def test_trees_two_ways(above, data):
    n = len(above) + 1
    parents = [a % (k + 1) for k, a in enumerate(above)]
    graph = Graph.from_edges(parents, range(1, n))
    chances = [data.draw(chance) for _ in parents]
    result = exact_spread(graph, [0], probability=chances)
    contacts = [
        [
            (int(graph.indices[k]), chances[k])
            for k in range(graph.indptr[u], graph.indptr[u + 1])
            if chances[k]
        ]
        for u in range(n)
    ]
    sizes, members = _chain(contacts, [0], n)
    assert {k: p for k, p in enumerate(result.distribution) if p} == {k: p for k, p in sizes.items() if p}
    assert list(result.members_by_depth) == members[: len(result.members_by_depth)]


def test_a_tree_of_a_thousand_nodes():
    rng = np.random.default_rng(0)
    parents = [int(rng.integers(0, k)) for k in range(1, 1000)]
    graph = Graph.from_edges(parents, range(1, 1000))
    result = exact_spread(graph, [0], probability=0.5)
    simulated = spread(graph, [0], probability=0.5, replicates=20_000, rng=1)
    assert sum(result.distribution) == pytest.approx(1)
    assert abs(float(result.spread) - simulated.spread) < 5 * simulated.stderr
    shares = np.bincount(simulated.sample, minlength=1001) / 20_000
    assert np.abs(np.cumsum(shares) - np.cumsum(np.array(result.distribution, float))).max() < 0.0195


def test_number_types():
    graph = Graph.from_edges([0, 0, 1, 2], [1, 2, 3, 3])
    weighted = exact_spread(graph, [0], probability="weighted")
    assert weighted.spread == Fraction(15, 4)
    assert all(isinstance(p, (int, Fraction)) for p in weighted.distribution)
    assert isinstance(exact_spread(graph, [0], probability=0.5).spread, float)
    assert "2.437500" in str(exact_spread(graph, [0], probability=0.5))


def test_too_large_and_wrong():
    pairs = np.random.default_rng(0).integers(0, 60, (600, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    dense = Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")
    with pytest.raises(UnsupportedProblemError, match="simulate with spread"):
        exact_spread(dense, [0], probability=0.5)
    with pytest.raises(InvalidInputError, match=r"probability\[0\] is 2"):
        exact_spread(dense, [0], probability=[2] * dense.m)
    with pytest.raises(InvalidInputError, match="probability is 'wc'"):
        exact_spread(dense, [0], probability="wc")
