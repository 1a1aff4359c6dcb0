"""Least and greatest equilibria of participation games, exactly as going round and round in fractions finds them."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import CostModel, Graph, IncentiveNetwork, Participation
from mechanism.errors import InvalidInputError
from solvers import equilibrium
from solvers.participation_equilibrium import chains
from tests.reference.games import complete, extreme_profile, random_graph, ring


def exact(values, size):
    return [Fraction(str(x)) for x in np.broadcast_to(values, (size,)).tolist()]


def check(game):
    n, m = game.n, game.graph.m
    numbers = exact(game.support, m), exact(game.benefit, n), exact(game.cost, n)
    ends = chains(game)
    for found, greatest in ((ends.least(n), False), (ends.greatest(n), True)):
        assert (found == extreme_profile(game.graph, *numbers, greatest=greatest)).all()
    assert len(set(ends.joining.tolist())) == len(ends.joining)
    assert len(set(ends.leaving.tolist())) == len(ends.leaving)


TENTHS = st.integers(0, 12).map(lambda k: k / 10)


@settings(max_examples=150)
@given(st.data())
def test_both_ends_are_exact_even_where_people_are_indifferent(data):
    """Tenths are no machine numbers: sums of them miss ties, which exact arithmetic decides."""
    n = data.draw(st.integers(1, 9), label="n")
    graph = random_graph(np.random.default_rng(data.draw(st.integers(0, 10**6), label="graph")), n, 3 * n)
    by_arc = data.draw(st.booleans(), label="a weight per arc")
    support = data.draw(st.lists(TENTHS, min_size=graph.m, max_size=graph.m) if by_arc else TENTHS)
    benefit = data.draw(st.lists(TENTHS, min_size=n, max_size=n))
    cost = data.draw(st.lists(TENTHS, min_size=n, max_size=n))
    check(Participation(graph, benefit, support=support, cost=cost))


def test_ten_tenths_make_one():
    """In floats the sum of ten tenths is below 1, in decimals it is 1."""
    n = 11
    graph = Graph.from_edges([0] * 10, range(1, 11))
    support = np.full(10, 0.1)
    assert np.cumsum(support)[-1] < 1.0
    for weights in (support, 0.1):
        game = Participation(graph, [0.0] + [1.0] * 10, support=weights, cost=[1.0] + [0.5] * 10)
        assert equilibrium(game).actions.tolist() == [1.0] * n
        less = Participation(graph, [0.0] + [1.0] * 10, support=weights, cost=[1.0 + 1e-15] + [0.5] * 10)
        assert equilibrium(less).actions.tolist() == [0.0] + [1.0] * 10


def test_large_random_games():
    rng = np.random.default_rng(8)
    graph = random_graph(rng, 3000, 12000)
    for support in (0.5, rng.uniform(0.45, 0.55, graph.m)):
        cost = np.where(rng.random(3000) < 0.01, 0.05, 0.88)
        game = Participation(graph, 0.1, support=support, cost=cost)
        least = greatest = None
        for start in (np.zeros(3000), np.ones(3000)):
            x = start
            while ((after := game.best_response(x)) != x).any():
                x = after
            least, greatest = (x, greatest) if start[0] == 0 else (least, x)
        low, high = equilibrium(game), equilibrium(game, start="upper")
        assert (low.actions == least).all()
        assert (high.actions == greatest).all()
        assert (low.greatest == greatest).all()
        assert low.gain == 0
        assert 0 < least.sum() < greatest.sum() < 3000
        assert low.unique is False
        assert (low.other == greatest).all()


def test_a_club_that_nobody_founds():
    game = Participation(complete(5), 0.0, support=1.0, cost=3.5)
    found = equilibrium(game)
    assert found.total == 0
    assert found.greatest.sum() == 5
    assert found.unique is False
    assert "5 people take part in the greatest equilibrium and not in the least" in str(found)
    assert equilibrium(Participation(complete(5), 4.0, support=1.0, cost=3.5)).unique is True


def test_negative_support_is_refused_by_name():
    graph = ring(4)
    with pytest.raises(InvalidInputError, match=r"support is -1\.0; it must be at least 0 .* all_equilibria"):
        equilibrium(Participation(graph, 1.0, support=-1.0, cost=0.5))
    weights = np.ones(graph.m)
    weights[5] = -0.25
    with pytest.raises(InvalidInputError, match=r"support\[5\] is -0\.25"):
        equilibrium(Participation(graph, 1.0, support=weights, cost=0.5))
    with pytest.raises(InvalidInputError, match="start"):
        equilibrium(Participation(graph, 1.0, support=1.0, cost=0.5), start=[1, 0, 0, 0])


def test_a_network_with_motives_makes_the_game():
    graph = ring(6)
    law = CostModel.exponential(mean=1.0)
    network = IncentiveNetwork(graph, contact=1.0, join=law, invite=law, support=0.75)
    game = Participation.from_network(network, reward=0.5, rng=3)
    assert (game.cost == law.ppf(np.random.default_rng(3).random(6))).all()
    assert game.support == 0.75
    check(game)
