"""Who stays when a campaign stops: rounds in fractions, and chance on the same draws."""

from itertools import pairwise

import numpy as np
import pytest

from mechanism import Logit, Participation
from solvers.retention import sustain
from solvers.seeds import seed_sequence
from tests.reference import retention as slow
from tests.reference.games import random_graph


@pytest.mark.parametrize("seed", range(6))
def test_rounds(seed):
    """Tenths make ties that no sum of machine numbers meets; equal weights are counted."""
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 60, 240)
    support = 0.1 if seed % 2 else rng.integers(0, 4, graph.m) / 10
    game = Participation(
        graph, rng.integers(0, 3, 60) / 10, support=support, cost=rng.integers(0, 8, 60) / 10
    )
    burst = rng.random(60) < 0.9
    course = slow.rounds(game, burst, 0.1)
    found = sustain(game, burst, residual=0.1, periods=20)
    assert found.members.tolist() == [len(course[min(t, len(course) - 1)]) for t in range(21)]
    assert set(np.flatnonzero(found.lasting).tolist()) == course[-1]
    assert found.work["arcs"] == graph_in(graph, course[0] - course[-1])
    assert len(course) > 2


def graph_in(graph, people):
    return int(graph.in_degree[list(people)].sum())


@pytest.mark.parametrize("returns", [False, True])
@pytest.mark.parametrize("by_arc", [False, True])
def test_the_slow_twin_meets_the_same_draws(by_arc, returns):
    graph = random_graph(np.random.default_rng(4), 40, 160)
    support = np.random.default_rng(5).uniform(0, 0.5, graph.m) if by_arc else 0.25
    game = Logit(graph, 0.0, support=support, cost=0.1, rationality=2.0)
    burst = np.arange(40) % 4 > 0
    found = sustain(game, burst, periods=12, returns=returns, replicates=20, rng=9, engine=1)
    key = seed_sequence(9).generate_state(2, np.uint64).astype(np.uint64)
    courses = [slow.played(game, burst, key, world, 12, returns=returns) for world in range(20)]
    sizes = np.array([[len(there) for there in course] for course in courses])
    assert (found.members == sizes.mean(axis=0)).all()
    ends = np.array([[i in course[-1] for i in range(40)] for course in courses])
    assert (found.lasting == ends.mean(axis=0)).all()
    flips = sum(graph.in_degree[list(one ^ two)].sum() for course in courses for one, two in pairwise(course))
    assert found.work["arcs"] == flips
    assert returns or flips <= 20 * graph.m
