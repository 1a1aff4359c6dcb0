"""Equilibria met from random starts: the stable ones, each once, and searches that come to no end."""

import numpy as np
import pytest

from mechanism import Graph, Interdependent, LinearQuadratic, Participation
from mechanism.errors import InvalidInputError
from solvers.equilibrium_enumeration import all_equilibria
from solvers.equilibrium_sampling import sample_equilibria
from tests.reference.games import random_graph, ring
from tests.solvers.test_equilibrium_enumeration import substitutes


def test_sampling_meets_the_stable_ones():
    game = substitutes(ring(5), 0.75)
    every = all_equilibria(game)
    found = sample_equilibria(game, starts=60, rng=3)
    assert not found.complete
    assert found.profiles == pytest.approx(every.profiles[np.array(every.stable)], abs=1e-8)
    assert all(found.stable)
    assert found.reached.sum() == 60
    assert found.work == {"searches": 60, "without end": 0}
    again = sample_equilibria(game, starts=60, rng=3)
    assert again.to_dict() == found.to_dict()


def test_sampling_a_larger_game():
    graph = random_graph(np.random.default_rng(5), 60, 150)
    both = Graph.from_edges(*np.nonzero((graph_matrix(graph) + graph_matrix(graph).T) > 0))
    game = substitutes(both, 0.6, upper=4.0)
    found = sample_equilibria(game, starts=30, rng=1)
    assert len(found) > 3
    assert (found.gains < 1e-12).all()
    assert all(found.stable)
    assert len({tuple(x) for x in found.profiles.round(6).tolist()}) == len(found)


def graph_matrix(graph):
    return Participation(graph, 0.0, support=1.0, cost=0.0).matrix.toarray()


def test_sampling_participation_meets_both_ends():
    game = Participation(ring(40), 0.0, support=1.0, cost=1.5)
    found = sample_equilibria(game, starts=80, rng=2)
    assert found.profiles.sum(axis=1).tolist() == [0, 40]
    assert found.reached.sum() == 80 - found.work["without end"]
    system = Interdependent(Participation(ring(40), 0.0, support=1.0, cost=1.05), altruism=0.1)
    assert 40 in sample_equilibria(system, starts=40, rng=2).profiles.sum(axis=1)


def test_searches_without_end_are_counted():
    """Who imitates meets who differs; efforts that raise one another without bound."""
    pair = Graph.from_edges([0], [1], directed=False)
    pennies = Participation(pair, [0.0, 1.0], support=[1.0, -1.0], cost=0.5)
    found = sample_equilibria(pennies, starts=5, rng=1)
    assert (len(found), found.work["without end"]) == (0, 5)
    assert len(all_equilibria(pennies)) == 0
    endless = sample_equilibria(LinearQuadratic(pair, 1.0, interaction=2.0, lower=0.0), starts=4, rng=1)
    assert (len(endless), endless.work["without end"]) == (0, 4)
    assert "4" in str(endless)


def test_sampling_from_every_kind_of_bound():
    game = LinearQuadratic(
        Graph.from_edges([0, 1, 2], [1, 2, 3]), 1.0, interaction=0.5,
        lower=[0.0, -np.inf, -np.inf, 2.0], upper=[np.inf, 0.5, np.inf, 2.0],
    )  # fmt: skip
    found = sample_equilibria(game, starts=3, rng=1)
    assert found.profiles.tolist() == [[1.25, 0.5, 2.0, 2.0]]
    assert found.reached.tolist() == [3]


def test_wrong_starts():
    with pytest.raises(InvalidInputError, match="starts is 0"):
        sample_equilibria(substitutes(ring(4), 0.5), starts=0, rng=1)
