"""Certified seeds: work that is counted exactly, and spreads beside a peer's.

    pytest benchmarks/test_seeding.py                            # small graphs
    MECHANISM_BENCH=large pytest benchmarks/test_seeding.py      # up to 10 million arcs

``python -m benchmarks.seeding`` prints quality, speed and size in tables. Compare figures of one run only.
"""

from __future__ import annotations

import importlib.util
import os

import numpy as np
import pytest

from benchmarks.seeding import KEY, indexed, pynetim, sampler_of
from benchmarks.workloads import power_law
from solvers import spread
from solvers.engine import Threads
from solvers.seeding import seed

SIZES = [(10**4, 10**5)] + [(10**5, 10**6), (10**6, 10**7)] * (os.environ.get("MECHANISM_BENCH") == "large")
sized = pytest.mark.parametrize(("n", "m"), SIZES, ids=[f"n = {n:,}" for n, _ in SIZES])


@sized
def test_sketches(benchmark, n, m):
    sampler = sampler_of(power_law(n, m))
    drawn = benchmark(indexed, sampler, 5000)
    again = sampler.draw(0, 5000, engine=Threads(2))
    assert drawn.nodes.tobytes() == again.nodes.tobytes()
    assert drawn.pointers.tobytes() == again.pointers.tobytes()
    assert sampler.stage.key is KEY
    sizes = np.diff(drawn.pointers)
    assert sizes.min() >= 1  # the root
    benchmark.extra_info.update(sketches=drawn.number, nodes=len(drawn.nodes), largest=int(sizes.max()))


@sized
@pytest.mark.parametrize("threads", [1, 2])
def test_seed(benchmark, n, m, threads):
    graph = power_law(n, m)
    expected = seed(graph, 50, probability="weighted", rng=1, engine=1)
    found = benchmark(seed, graph, 50, probability="weighted", rng=1, engine=threads)
    assert found.to_dict() == expected.to_dict()
    benchmark.extra_info.update(sketches=2 * found.sketches, rounds=found.rounds, ratio=found.ratio)


@sized
@pytest.mark.skipif(not importlib.util.find_spec("pynetim"), reason="pynetim is not installed")
def test_peer(benchmark, n, m):
    graph = power_law(n, min(m, 10**6))
    seeds = benchmark.pedantic(pynetim(graph, 50), rounds=1)
    assert len(set(seeds)) == 50
    own = seed(graph, 50, probability="weighted", rng=1)
    theirs, ours = (
        spread(graph, chosen, probability="weighted", replicates=2000, rng=2) for chosen in (seeds, own)
    )
    assert ours.spread >= 0.99 * theirs.spread - 4 * np.hypot(ours.stderr, theirs.stderr)
    benchmark.extra_info.update(spread=theirs.spread, own=ours.spread)
