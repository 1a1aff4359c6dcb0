"""Sweeps over payoff systems, bit for bit those of a slow twin."""

from math import exp

import numpy as np
import pytest

from solvers.kernels.sweep import sweep_bounded, sweep_logistic
from tests.reference.games import random_graph, sweep


@pytest.fixture(params=["one weight", "a weight per arc"])
def case(request):
    rng = np.random.default_rng(5)
    graph = random_graph(rng, 40, 150)
    weights = 0.07 if request.param == "one weight" else rng.normal(0, 0.2, graph.m)
    return graph, weights, rng.normal(0.3, 1, 40), rng.random(40)


def test_bounded_responses(case):
    graph, weights, standalone, actions = case
    lower, upper = np.full(40, 0.1), np.linspace(0.5, 2.0, 40)
    twin, mine = actions.copy(), actions.copy()
    for _ in range(3):
        expected = sweep(graph, weights, standalone, lambda v, i: min(max(v, lower[i]), upper[i]), twin)
        change = sweep_bounded(
            graph.indptr, graph.indices, np.atleast_1d(weights), standalone, lower, upper, mine
        )
        assert change == expected
        assert (mine == twin).all()


def test_logistic_responses(case):
    graph, weights, standalone, actions = case

    def respond(value, _):
        small = exp(-abs(3.0 * value))
        return (1.0 if value >= 0 else small) / (1.0 + small)

    twin, mine = actions.copy(), actions.copy()
    for _ in range(3):
        expected = sweep(graph, weights, standalone, respond, twin)
        change = sweep_logistic(graph.indptr, graph.indices, np.atleast_1d(weights), standalone, 3.0, mine)
        assert change == pytest.approx(expected, rel=1e-12)
        assert np.allclose(
            mine, twin, rtol=1e-14, atol=0
        )  # two exponential functions, the last digit may differ
