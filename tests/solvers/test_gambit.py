"""Pure equilibria of small games against Gambit's: payoffs are exact, so that ties are ties on both sides."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Interdependent, Participation
from mechanism.games.normal_form import NormalForm
from mechanism.games.polymatrix import Polymatrix, exact_array
from solvers.equilibrium_enumeration import all_equilibria
from tests.reference.games import random_graph

pygambit = pytest.importorskip("pygambit", reason="pygambit is not installed: pip install --pre pygambit")

EIGHTHS = st.integers(-8, 8).map(lambda k: k / 8)


@st.composite
def participations(draw, *, most):
    """Payoffs in eighths; often few different ones, so that people are indifferent."""
    n = draw(st.integers(1, most))
    graph = random_graph(
        np.random.default_rng(draw(st.integers(0, 10**6))), n, draw(st.integers(0, 2 * n * n))
    )
    number = draw(st.sampled_from([EIGHTHS, st.sampled_from([-0.125, 0.0, 0.125])]))
    benefit, cost = (draw(st.lists(number, min_size=n, max_size=n)) for _ in range(2))
    support = draw(st.lists(number, min_size=graph.m, max_size=graph.m))
    return Participation(graph, benefit, support=support, cost=cost)


def by_gambit(form):
    """Return the pure equilibria that Gambit finds, sorted."""
    game = form.to_gambit()
    found = []
    for mixed in pygambit.nash.enumpure_solve(game).equilibria:
        chances = [[float(chance) for _, chance in mixed[player]] for player in game.players]
        found.append([own.index(1.0) for own in chances])
    return sorted(found)


@settings(max_examples=180)
@given(participations(most=4))
def test_participation(game):
    form = NormalForm.of(game, exact=True)
    expected = by_gambit(form)
    assert form.pure_equilibria().tolist() == expected
    assert NormalForm.of(game).pure_equilibria().tolist() == expected  # eighths are machine numbers
    assert Polymatrix.of(game).normal_form().pure_equilibria().tolist() == expected
    for exact in (False, True):
        assert all_equilibria(game, exact=exact).profiles.tolist() == expected


@settings(max_examples=120)
@given(participations(most=4), st.data())
def test_interdependent_participation(game, data):
    """Utilities are rational, not in eighths: ties come from whole weights of support that cancel."""
    n = game.n
    graph = random_graph(np.random.default_rng(data.draw(st.integers(0, 10**6))), n, 3 * n)
    largest = max(int(graph.out_degree.max(initial=0)), 1)
    shares = st.integers(0, 7 // largest).map(lambda k: k / 8)  # row sums below 1
    altruism = data.draw(st.lists(shares, min_size=graph.m, max_size=graph.m))
    system = Interdependent(game, altruism=altruism, graph=graph)
    form = NormalForm.of(system, exact=True)
    expected = by_gambit(form)
    assert form.pure_equilibria().tolist() == expected
    for exact in (False, True):
        assert all_equilibria(system, exact=exact).profiles.tolist() == expected


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.booleans())
def test_games_of_more_strategies(seed, exact):
    """Also checks the order in which payoffs are written: sizes differ, and so do players."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 4, size=rng.integers(1, 4)))
    payoffs = [rng.integers(-3, 4, size=shape) / 8 for _ in shape]
    form = NormalForm([exact_array(one) for one in payoffs] if exact else payoffs)
    game = form.to_gambit(title='the "game"')
    assert game.title == 'the "game"'
    for mine, theirs in zip(form.payoffs, game.to_arrays(), strict=True):
        assert mine.astype(float).tolist() == theirs.astype(float).tolist()
    assert form.pure_equilibria().tolist() == by_gambit(form)


def test_a_larger_game():
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 7, 20)
    game = Participation(
        graph, rng.integers(-4, 5, size=7) / 8, support=rng.integers(-2, 5, size=graph.m) / 8, cost=0.25
    )
    assert all_equilibria(game).profiles.tolist() == by_gambit(NormalForm.of(game, exact=True))
