"""Rewards on referral forests: the compiled pass beside numpy by levels, networkx and plain Python, and a memory copy.

    pytest benchmarks/test_forest.py                       # timed
    FOREST_MEMBERS=10000000 pytest benchmarks/test_forest.py -k "compiled or copy"

Compare figures of one run only. ``extra_info`` holds the members visited.
"""

from __future__ import annotations

import os

import networkx as nx
import numpy as np
import pytest

from mechanism import TDRM, GeometricTree, LinearPachira, ReferralForest, ShapleyTree
from solvers import tree_rewards

MEMBERS = int(os.environ.get("FOREST_MEMBERS", "100000"))
DECAY, SHARE = 0.3, 0.5
SCHEMES = {
    "geometric": GeometricTree(DECAY, SHARE),
    "L-Pachira": LinearPachira(0.5, 0.2, 0.5),
    "TDRM": TDRM(0.5, 0.2, 0.1, 1.0),
    "Shapley": ShapleyTree(),
}


@pytest.fixture(scope="module")
def forest():
    return ReferralForest.random_recursive(MEMBERS, rng=7)


@pytest.fixture(scope="module")
def expected(forest):
    return tree_rewards(SCHEMES["geometric"], forest)


def test_copy_the_limit(benchmark, forest):
    """What the pass must at least move: recruiters and contributions in, sums and rewards out."""
    values = [forest.parents, forest.contributions, np.empty(MEMBERS), np.empty(MEMBERS)]
    benchmark.extra_info["bytes"] = sum(array.nbytes for array in values)
    benchmark(lambda: [array.copy() for array in values])


@pytest.mark.parametrize("name", SCHEMES)
def test_compiled(benchmark, forest, name):
    scheme = SCHEMES[name]
    tree_rewards(scheme, ReferralForest([-1], [1.0]))
    paid = benchmark(tree_rewards, scheme, forest)
    benchmark.extra_info["members"] = len(paid)
    assert len(paid) == MEMBERS
    assert np.isfinite(paid).all()


def test_numpy_by_levels(benchmark, forest, expected):
    """Level by level from the deepest, with np.add.at."""

    def run():
        depths = forest.depths
        levels = np.split(np.argsort(depths, kind="stable"), np.cumsum(np.bincount(depths))[:-1])
        reached = forest.contributions.copy()
        for level in reversed(levels):
            inner = level[forest.parents[level] >= 0]
            np.add.at(reached, forest.parents[inner], DECAY * reached[inner])
        return SHARE * reached

    assert benchmark(run) == pytest.approx(expected)


def test_networkx(benchmark, forest, expected):
    """A depth-first walk of a networkx tree that is built already."""
    tree = nx.DiGraph()
    tree.add_nodes_from(range(-1, MEMBERS))
    tree.add_edges_from((int(parent), u) for u, parent in enumerate(forest.parents))

    def run():
        reached = [0.0] * (MEMBERS + 1)
        for u in nx.dfs_postorder_nodes(tree, -1):
            if u >= 0:
                own = forest.contributions[u]
                reached[u] = own + DECAY * sum(reached[v] for v in tree.successors(u))
        return SHARE * np.array(reached[:-1])

    assert benchmark.pedantic(run, rounds=1 if MEMBERS > 10**5 else 3) == pytest.approx(expected)


def test_plain_python(benchmark, forest, expected):
    paid = benchmark.pedantic(SCHEMES["geometric"].rewards, (forest,), rounds=1 if MEMBERS > 10**6 else 3)
    assert (paid == expected).all()
