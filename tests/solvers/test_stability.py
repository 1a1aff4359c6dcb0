"""Stable equilibria: eigenvalues against integration, bounds at which people are just content, large games."""

import numpy as np
import pytest

from mechanism import Graph, LinearQuadratic, Logit, Participation
from mechanism.errors import InvalidInputError
from solvers.equilibrium_enumeration import all_equilibria
from solvers.stability import is_stable
from tests.reference.games import random_graph, ring
from tests.solvers.test_equilibrium_enumeration import substitutes


def test_stability_of_asymmetric_games_by_integration():
    """The real parts of the eigenvalues decide, not their size: what turns round is stable if it moves slowly."""
    pair = Graph.from_edges([0], [1], directed=False)
    spiral = LinearQuadratic(pair, 1.0, interaction=[3.0, -3.0])
    (x,) = all_equilibria(spiral).profiles
    assert is_stable(spiral, x) is True
    rng = np.random.default_rng(4)
    verdicts = set()
    for _ in range(12):
        graph = random_graph(rng, 5, 12)
        game = LinearQuadratic(
            graph, rng.normal(size=5), interaction=1.5 * rng.normal(size=graph.m), lower=-1.0, upper=1.0
        )
        found, weights = all_equilibria(game), game.matrix.toarray()
        for x, stable in zip(found.profiles, found.stable, strict=True):
            y = np.clip(x + 1e-4 * rng.normal(size=5), -1, 1)
            for _ in range(5000):
                y = y + 0.04 * (np.clip(game.standalone + weights @ y, -1, 1) - y)
            assert (np.abs(y - x).max() < 5e-5) == stable
            verdicts.add(stable)
    assert verdicts == {True, False}


def test_stability_of_those_who_are_just_content_at_a_bound():
    """0 and 1 want to do the same; content at 0, they stay together if the circle of responses dies out."""
    pair = Graph.from_edges([0], [1], directed=False)

    def game(weight, **bounds):
        return LinearQuadratic(pair, 0.0, interaction=weight, **bounds)

    assert is_stable(game(0.5, lower=0.0), [0, 0]) is True
    assert is_stable(game([0.5, 0.25], lower=0.0), [0, 0]) is None  # no potential
    assert is_stable(game(2.0, lower=0.0), [0, 0]) is None  # not by what is tested
    assert is_stable(game(2.0, lower=[-np.inf, 0.0]), [0, 0]) is None
    assert is_stable(game(1.0), [0, 0]) is None  # every [x, x] is an equilibrium
    assert is_stable(game(2.0), [0, 0]) is False
    assert is_stable(game(2.0, lower=0.0, upper=0.0), [0, 0]) is True  # nobody can move
    chain = Graph.from_edges([0, 1], [1, 2], directed=False)
    torn = LinearQuadratic(chain, 0.0, interaction=[2.0, 2.0, 0.5, 0.5], lower=[-9.0, -9.0, 0.0])
    assert is_stable(torn, [0, 0, 0]) is False  # 0 and 1 leave, 2 is just content


def test_stability_of_large_blocks():
    n = 2500
    game = substitutes(ring(n), 0.3, lower=-np.inf)
    x = np.full(n, 1 / 1.6)
    assert is_stable(game, x) is True
    assert is_stable(substitutes(ring(n), 0.6, lower=-np.inf), np.full(n, 1 / 2.2)) is False
    one_way = Graph.from_edges(np.arange(n), (np.arange(n) + 1) % n)
    assert is_stable(LinearQuadratic(one_way, 1.0, interaction=-0.5), np.full(n, 1 / 1.5)) is True
    assert is_stable(LinearQuadratic(one_way, 1.0, interaction=-1.5), np.full(n, 1 / 2.5)) is None


def test_wrong_input():
    with pytest.raises(InvalidInputError, match=r"actions\[0\] is -1.0"):
        is_stable(substitutes(ring(4), 0.5), [-1.0, 0, 0, 0])
    with pytest.raises(InvalidInputError, match="game is"):
        is_stable(Logit(ring(4), 0.0, support=1.0, cost=0.0, rationality=1.0), [0.5] * 4)
    for game in (substitutes(ring(4), 0.5), Participation(ring(4), 1.0, support=1.0, cost=0.0)):
        with pytest.raises(InvalidInputError, match="no equilibrium"):
            is_stable(game, [0.0] * 4)
