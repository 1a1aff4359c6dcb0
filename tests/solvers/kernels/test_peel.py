"""Chains of decisions: who changes sides, and in an order in which each wants to."""

import numpy as np
import pytest

from solvers.kernels.peel import CHANGED, peel_by_count, peel_by_weight
from tests.reference.games import random_graph


@pytest.mark.parametrize("kind", [np.int16, np.int32])
@pytest.mark.parametrize("seed", range(5))
def test_counts(seed, kind):
    rng = np.random.default_rng(seed)
    graph = random_graph(rng, 60, 240)  # arc j -> i: j matters to i
    need = rng.integers(0, 4, size=60)
    changed, order = set(), []
    while True:
        waits = need.copy()
        for person in changed:
            waits[graph.indices[graph.indptr[person] : graph.indptr[person + 1]]] -= 1
        new = {int(i) for i in np.flatnonzero(waits <= 0)} - changed
        if not new:
            break
        changed |= new
        order.append(new)
    queue = np.empty(60, dtype=np.int32)
    first = np.flatnonzero(need <= 0)
    queue[: len(first)] = first
    left = need.astype(kind)
    tail = peel_by_count(graph.indptr, graph.indices, left, queue, len(first))
    assert set(queue[:tail].tolist()) == changed
    assert len(order) > 1
    waits = need.copy()
    for person in queue[:tail]:  # in this order nobody changes too early
        assert waits[person] <= 0
        waits[graph.indices[graph.indptr[person] : graph.indptr[person + 1]]] -= 1
    assert (waits == left).all()


def test_weights_and_doubts():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 60, 240)
    weights = rng.integers(1, 4, size=graph.m).astype(float)
    margin = -rng.integers(-1, 8, size=60).astype(float)
    slack = np.full(60, 1e-9)
    state, queue, doubts = np.zeros(60, np.int8), np.empty(60, np.int32), np.empty(60, np.int32)
    first = np.flatnonzero(margin > 0)
    state[first] = CHANGED
    queue[: len(first)] = first
    now = margin.copy()
    tail, doubtful = peel_by_weight(
        graph.indptr, graph.indices, weights, now, slack, state, queue, 0, len(first), doubts
    )
    totals = margin.copy()
    for person in queue[:tail]:
        assert totals[person] > 0
        arcs = slice(graph.indptr[person], graph.indptr[person + 1])
        np.add.at(totals, graph.indices[arcs], weights[arcs])
    assert (totals == now).all()
    assert {int(i) for i in np.flatnonzero(totals > 0)} == set(queue[:tail].tolist())
    # Whoever has met the margin 0 on the way is in doubt, unless the margin has risen since.
    waiting = {int(i) for i in np.flatnonzero((totals == 0) & (totals > margin))}
    assert waiting <= set(doubts[:doubtful].tolist())
    assert len(first) < tail < 60
