"""Sketches measure what sets of nodes add, and are the same bits on any engine."""

import numpy as np
import pytest
from scipy import stats

import solvers.engine
import solvers.sketches
from solvers.engine import Threads
from solvers.sketches import Sampler
from tests.reference.sketches import subsets
from tests.solvers.seed_networks import LIMITS, SAMPLERS, expanded, patterns_of, random_graph, random_network

BOUND = stats.norm.isf(1e-6 / 2)
KEY = np.array([3, 5], dtype=np.uint64)


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("how", SAMPLERS)
def test_sketches_measure_spread(how, limits):
    """The weight of all times the chance to meet a sketch is what a set adds to the members, for all small sets."""
    network, limits, how = random_network(5), expanded(LIMITS[limits], random_network(5)[0].n), SAMPLERS[how]
    graph, _, chances = network
    walls = np.zeros(graph.n, dtype=np.int8)
    walls[limits.get("blocked", [])], walls[limits.get("members", [])] = 1, 2
    weights = limits.get("weights")
    sampler = Sampler(
        graph, chances if how["probability"] is None else how["probability"], model=how.get("model", "cascade"),
        weights=None if weights is None else np.array(weights), walls=walls if walls.any() else None,
        max_depth=limits.get("max_depth", graph.n), key=KEY,
    )  # fmt: skip
    drawn = sampler.draw(0, 100_000, engine=Threads(1))
    patterns = patterns_of(network, how, limits)
    total = graph.n if weights is None else sum(weights)
    members = limits.get("members", ())
    base = patterns.spread(members, weights)
    assert drawn.met / drawn.number == pytest.approx(base / total, abs=BOUND * 0.5 / np.sqrt(drawn.number))
    assert bool(drawn.met) == bool(members)
    for seeds in subsets(range(graph.n), 2)[1:]:
        p = (patterns.spread({*seeds, *members}, weights) - base) / total
        error = BOUND * np.sqrt(max(p * (1 - p), 1e-9) / drawn.number)
        assert drawn.covered(np.array(seeds)) / drawn.number == pytest.approx(p, abs=error)


def bits(drawn):
    return drawn.number, drawn.met, drawn.pointers.tobytes(), drawn.nodes.tobytes()


@pytest.mark.parametrize("how", SAMPLERS)
def test_threads_blocks_and_rooms(how, monkeypatch):
    graph = random_graph()
    walls = np.zeros(graph.n, dtype=np.int8)
    walls[:5], walls[5:10] = 1, 2
    probability = SAMPLERS[how]["probability"]
    sampler = Sampler(
        graph, np.linspace(0, 0.5, graph.m) if probability is None else probability, walls=walls,
        model=SAMPLERS[how].get("model", "cascade"), weights=np.arange(graph.n) % 7.0, max_depth=6, key=KEY,
    )  # fmt: skip
    expected = bits(sampler.draw(100, 3000, engine=Threads(1)))
    for threads in (2, 3):
        assert bits(sampler.draw(100, 3000, engine=Threads(threads))) == expected
    parts = [sampler.draw(first, count, engine=Threads(1)) for first, count in ((100, 999), (1099, 2001))]
    assert bits(parts[0].joined(parts[1])) == expected
    monkeypatch.setattr(solvers.sketches, "_ROOM", 3)
    assert bits(sampler.draw(100, 3000, engine=Threads(1))) == expected
    monkeypatch.setattr(solvers.engine, "_LARGEST_BLOCK", 17)
    assert bits(sampler.draw(100, 3000, engine=Threads(2))) == expected
