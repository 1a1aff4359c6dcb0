"""Unilateral deviations: the gains are those of payoffs and utilities that are computed anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, Interdependent, LinearQuadratic, Logit, Participation
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from proofs import Deviation, deviation
from proofs.deviations import utility_weights
from tests.proofs.game_strategies import allowed_actions, systems
from tests.reference.games import random_graph, ring

PAIR = Graph.from_edges(["ann"], ["bob"], directed=False)


def worth(system, x):
    return system.utilities(x) if isinstance(system, Interdependent) else system.payoffs(x)


@settings(max_examples=40)
@given(st.data(), systems)
def test_nobody_does_better(data, system):
    """No deviation that is tried gains more, and one of them gains as much."""
    base = system.base if isinstance(system, Interdependent) else system
    x = allowed_actions(data.draw, system)
    found = deviation(system, x)
    before = worth(system, x)
    assert found.gains.shape == (base.n,)
    assert found.gain == found.gains.max() >= 0
    for i in range(base.n):
        if isinstance(base, Participation):
            tried = [0.0, 1.0]
        else:
            low, high = (base.lower[i], base.upper[i]) if isinstance(base, LinearQuadratic) else (0.0, 1.0)
            tried = np.linspace(max(low, -9), min(high, 9), 41).tolist()
            if not isinstance(system, Interdependent):
                tried.append(base.best_response(x)[i])
        gains = []
        for action in tried:
            other = x.copy()
            other[i] = action
            gains.append(worth(system, other)[i] - before[i])
        assert max(gains) <= found.gains[i] + 1e-9
        if isinstance(base, Participation) or not isinstance(system, Interdependent):
            assert max(gains) >= found.gains[i] - 1e-9
        else:
            assert max(gains) >= found.gains[i] - 0.2  # a grid


def test_chances_too_small_for_floats():
    found = deviation(Logit(PAIR, [0.5, 0.0], support=1.0, cost=0.0, rationality=2000.0), [0.0, 0.5])
    assert found.label == "ann"
    assert found.gain == pytest.approx(1.0, rel=1e-12)


def test_who_gains_most():
    game = LinearQuadratic(PAIR, 1.0, interaction=0.5)
    found = deviation(game, [2.0, 1.0])
    assert (found.gain, found.player, found.label, found.residual) == (0.5, 1, "bob", 1.0)
    assert str(found).startswith("bob gains 0.5 by deviating alone")
    assert found.to_dict() == {
        "gain": 0.5,
        "player": 1,
        "label": "bob",
        "residual": 1.0,
        "gains": [0.125, 0.5],
    }
    assert isinstance(found, Deviation)
    with pytest.raises(ValueError, match="read-only"):
        found.gains[0] = 0


def test_nobody_gains():
    found = deviation(LinearQuadratic(PAIR, 1.0, interaction=0.5), [2.0, 2.0])
    assert (found.gain, found.player, found.label) == (0.0, None, None)
    assert str(found) == "nobody gains by deviating alone; actions are within 0 of the best ones"


def test_the_equilibrium_of_people_who_care():
    """In a pair of efforts with complements, caring for each other raises the effort: 1 / (1 - 0.45)."""
    system = Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.3), altruism=0.5)
    assert deviation(system, [1 / 0.55] * 2).gain < 1e-15
    assert deviation(system, [1 / 0.7] * 2).gain > 0.01
    assert deviation(system.base, [1 / 0.7] * 2).gain < 1e-15


def test_weights_of_people_who_care():
    rng = np.random.default_rng(1)
    graph = random_graph(rng, 40, 150)
    base = LinearQuadratic(graph, 1.0, interaction=rng.normal(size=graph.m))
    friends = random_graph(rng, 40, 150)
    system = Interdependent(base, altruism=rng.uniform(-0.1, 0.1, friends.m), graph=friends)
    weights, scale = utility_weights(system)
    inverse = np.linalg.inv(np.eye(40) - system.altruism.matrix.toarray())
    own = base.matrix.toarray()
    for i in range(40):
        assert scale[i] == pytest.approx(inverse[i, i], rel=1e-12)
        for j in range(40):
            expected = own[i, j] + inverse[i, j] * own[j, i] / inverse[i, i]
            assert weights.toarray()[i, j] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("altruism", [0.5, 0.6, -0.5])
def test_utilities_without_bound(altruism):
    system = Interdependent(LinearQuadratic(ring(4), 1.0, interaction=0.1), altruism=altruism)
    with pytest.raises(UnsupportedProblemError, match="spectral radius"):
        deviation(system, np.ones(4))


def test_too_many_people():
    system = Interdependent(LinearQuadratic(ring(2001), 1.0, interaction=0.1), altruism=0.1)
    with pytest.raises(UnsupportedProblemError, match="2001 people"):
        deviation(system, np.ones(2001))


def test_actions_are_checked():
    with pytest.raises(InvalidInputError, match="actions"):
        deviation(Participation(PAIR, 0.0, support=1.0, cost=0.5), [0.5, 1])
