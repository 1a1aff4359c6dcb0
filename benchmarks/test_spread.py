"""The plain cascade beside its peers: means that agree, work that is counted exactly.

    pytest benchmarks/test_spread.py                             # small graphs
    MECHANISM_BENCH=large pytest benchmarks/test_spread.py       # up to 10 million arcs

``python -m benchmarks.compare`` prints the peers side by side in one table. Compare figures of one run only.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks.peers import PEERS, installed
from benchmarks.workloads import LARGE, SMALL
from solvers import spread

WORKLOADS = SMALL + LARGE * (os.environ.get("MECHANISM_BENCH") == "large")
named = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


@named
@pytest.mark.parametrize("threads", [1, 2])
def test_spread(benchmark, workload, threads):
    graph = workload.graph()
    settings = {"probability": workload.probability, "replicates": workload.replicates, "rng": 7}
    expected = spread(graph, workload.seeds, **settings, engine=1)
    result = benchmark(spread, graph, workload.seeds, **settings, engine=threads)
    assert result.work == expected.work
    assert result.sample.tobytes() == expected.sample.tobytes()
    assert result.work["members"] == int(result.sample.sum())
    # Every member but the seeds was reached by an arc that fired.
    assert result.work["fired"] >= result.work["members"] - 50 * workload.replicates
    benchmark.extra_info.update(result.work, worlds=workload.replicates)


@pytest.mark.parametrize("per_arc", [False, True])
def test_work_where_all_arcs_fire(benchmark, per_arc):
    """The counters against a count that knows no kernel: what a breadth-first search reaches, and its arcs."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import breadth_first_order

    graph, seeds = SMALL[0].graph(), SMALL[0].seeds
    matrix = csr_array(
        (np.ones(graph.m, dtype=np.int8), graph.indices, graph.indptr), shape=(graph.n, graph.n)
    )
    reached = np.zeros(graph.n, dtype=bool)
    for seed in seeds:
        reached[breadth_first_order(matrix, seed, return_predecessors=False)] = True
    arcs = int(graph.out_degree[reached].sum())
    chance = np.ones(graph.m, dtype=np.float32) if per_arc else 1.0
    result = benchmark(spread, graph, seeds, probability=chance, replicates=3, rng=7, engine=1)
    assert result.work == {"members": 3 * int(reached.sum()), "arcs": 3 * arcs, "fired": 3 * arcs}


PAIRS = [
    pytest.param(
        workload,
        name,
        id=f"{name}, {workload.name}",
        marks=pytest.mark.skipif(not installed(name), reason=f"{name} is not installed"),
    )
    for workload in WORKLOADS
    for name, (_, _, largest) in PEERS.items()
    if workload.m <= largest
]


@pytest.mark.parametrize(("workload", "name"), PAIRS)
def test_peer(benchmark, workload, name):
    _, build, _ = PEERS[name]
    graph = workload.graph()
    ours = spread(graph, workload.seeds, probability=workload.probability, replicates=2000, rng=7)
    worlds = max(2, min(workload.replicates, 200_000_000 // (graph.m * 20)))
    run = build(graph, workload.seeds, workload.probability)
    mean = benchmark.pedantic(run, (worlds,), rounds=1)
    # The peer's worlds scatter as ours do.
    error = ours.sample.std(ddof=1) * np.sqrt(1 / 2000 + 1 / worlds)
    assert abs(mean - ours.spread) <= 4 * error
    benchmark.extra_info.update(worlds=worlds, mean=mean)
