"""Equilibria of payoff systems: work counted exactly, time for comparison within one run.

    pytest benchmarks/test_network_games.py

``extra_info`` holds the passes over the arcs that each search made.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import eye_array
from scipy.sparse.linalg import bicgstab

from benchmarks.workloads import power_law
from mechanism import LinearQuadratic, Logit, Participation
from solvers import equilibrium, spectral_radius

PEOPLE, ARCS = 10**4, 10**5


@pytest.fixture(scope="module")
def graph():
    return power_law(PEOPLE, ARCS)


@pytest.fixture(scope="module")
def games(graph):
    weight = 0.9 / spectral_radius(graph).upper
    rng = np.random.default_rng(1)
    worth = rng.uniform(-1, 1, PEOPLE)
    return {
        "without bounds": LinearQuadratic(graph, 1.0, interaction=weight),
        "between bounds": LinearQuadratic(graph, worth, interaction=weight, lower=0.0, upper=1.0),
        "participation": Participation(graph, 0.0, support=1.0, cost=rng.uniform(-0.5, 6, PEOPLE)),
        "logit": Logit(graph, worth, support=weight, cost=0.0, rationality=2.0),
    }


@pytest.mark.parametrize("name", ["without bounds", "between bounds", "participation", "logit"])
def test_equilibrium(benchmark, games, name):
    found = benchmark(equilibrium, games[name])
    benchmark.extra_info["passes"] = found.work.passes
    assert found.residual <= 1e-9
    assert found.unique is not False or name == "participation"
    assert found.work.passes <= 40


def test_bicgstab_the_peer(benchmark, games):
    game = games["without bounds"]
    matrix = (eye_array(PEOPLE, format="csr") - game.matrix).tocsr()
    x, failed = benchmark(bicgstab, matrix, game.standalone, rtol=1e-10, atol=0.0)
    assert not failed
    assert np.abs(x - equilibrium(game).actions).max() <= 1e-7 * np.abs(x).max()


def test_one_pass_the_limit(benchmark, games):
    """What any method pays for each pass over the arcs."""
    matrix, ones = games["without bounds"].matrix, np.ones(PEOPLE)
    assert benchmark(lambda: matrix @ ones).shape == (PEOPLE,)
