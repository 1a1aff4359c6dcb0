"""Polymatrix games: payoffs by walking the arcs, exact numbers, documents, and the normal form."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, LinearQuadratic, Participation
from mechanism.errors import InvalidInputError
from mechanism.games.polymatrix import Polymatrix
from tests.reference.games import random_graph, ring

PAIR = Graph.from_edges([0], [1], directed=False)
NUMBER = {False: st.floats(-3, 3), True: st.fractions(-3, 3, max_denominator=12)}


@st.composite
def games(draw):
    n, s, exact = draw(st.integers(1, 5)), draw(st.integers(1, 3)), draw(st.booleans())
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, 8)

    def numbers(*shape):
        size = int(np.prod(shape))
        values = draw(st.lists(NUMBER[exact], min_size=size, max_size=size))
        return np.array(values, dtype=object if exact else float).reshape(shape)

    return Polymatrix(graph, numbers(graph.m, s, s), unary=numbers(n, s))


def profile_of(draw, game):
    return draw(st.lists(st.integers(0, game.strategies - 1), min_size=game.n, max_size=game.n))


def walked(game, profile, person, strategy):
    """Return what a strategy brings, arc by arc."""
    total = game.unary[person, strategy]
    for arc in range(game.graph.indptr[person], game.graph.indptr[person + 1]):
        total = total + game.pairs[arc, strategy, profile[game.graph.indices[arc]]]
    return total


@settings(max_examples=50)
@given(st.data())
def test_payoffs_by_walking_the_arcs(data):
    game = data.draw(games())
    x = profile_of(data.draw, game)
    table = [[walked(game, x, i, s) for s in range(game.strategies)] for i in range(game.n)]
    now = [table[i][x[i]] for i in range(game.n)]
    gains = [max(row) - own for row, own in zip(table, now, strict=True)]
    if game.unary.dtype == object:
        assert game.values(x).tolist() == table
        assert game.payoffs(x).tolist() == now
        assert game.gains(x).tolist() == gains
        assert all(isinstance(y, Fraction) for y in game.payoffs(x))
    assert game.values(x).astype(float) == pytest.approx(np.array(table, dtype=float))
    assert game.gains(x).astype(float) == pytest.approx(np.array(gains, dtype=float))
    assert (game.gains(x) >= 0).all()


@settings(max_examples=40)
@given(games())
def test_the_normal_form(game):
    form = game.normal_form()
    assert form.strategies == (game.strategies,) * game.n
    for profile in np.ndindex(*form.strategies):
        expected = game.payoffs(profile)
        mine = np.array([array[profile] for array in form.payoffs])
        assert mine.astype(float) == pytest.approx(expected.astype(float))
    still = [x for x in np.ndindex(*form.strategies) if (game.gains(x) <= 1e-9).all()]
    assert form.pure_equilibria(tolerance=1e-9).tolist() == [list(x) for x in still]


@settings(max_examples=30)
@given(games())
def test_documents(game):
    document = json.loads(json.dumps(game.to_dict()))
    again = Polymatrix.from_dict(document)
    assert again.to_dict() == game.to_dict()
    # Without a number nothing tells which kind there was.
    assert again.unary.dtype == game.unary.dtype
    assert again.pairs.dtype == game.pairs.dtype or not game.graph.m
    assert not again.unary.flags.writeable


@settings(max_examples=40)
@given(st.data())
def test_participation(data):
    graph = random_graph(np.random.default_rng(data.draw(st.integers(0, 999))), 5, 12)
    tenths = st.integers(-20, 20).map(lambda k: k / 10)
    benefit, cost = (data.draw(st.lists(tenths, min_size=5, max_size=5)) for _ in range(2))
    support = data.draw(st.lists(tenths, min_size=graph.m, max_size=graph.m))
    system = Participation(graph, benefit, support=support, cost=cost)
    floats, exact = (Polymatrix.of(system, exact=one) for one in (False, True))
    x = profile_of(data.draw, floats)
    assert floats.payoffs(x) == pytest.approx(system.payoffs(x))
    assert floats.gains(x) == pytest.approx(system.gains(x))
    for i in range(5):
        arcs = range(graph.indptr[i], graph.indptr[i + 1])
        value = Fraction(str(benefit[i])) - Fraction(str(cost[i]))
        value += sum(Fraction(str(support[a])) for a in arcs if x[graph.indices[a]])
        assert exact.values(x)[i].tolist() == [0, value]


def test_one_support_for_all():
    game = Polymatrix.of(Participation(ring(3), 0.0, support=0.5, cost=0.75))
    assert game.payoffs([1, 1, 1]).tolist() == [0.25] * 3
    assert game.strategies == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Polymatrix("pair", [], unary=[]), "graph is 'pair'"),
        (lambda: Polymatrix(PAIR, np.zeros((2, 2, 2)), unary=np.zeros(2)), r"unary\[shape\]"),
        (lambda: Polymatrix(PAIR, np.zeros((2, 2, 2)), unary=np.zeros((3, 2))), r"unary\[shape\]"),
        (lambda: Polymatrix(PAIR, np.zeros((2, 2, 2)), unary=np.zeros((2, 0))), r"unary\[shape\]"),
        (
            lambda: Polymatrix(PAIR, np.zeros((1, 2, 2)), unary=np.zeros((2, 2))),
            r"pairs\[shape\].*\(2, 2, 2\)",
        ),
        (
            lambda: Polymatrix(PAIR, np.full((2, 2, 2), np.inf), unary=np.zeros((2, 2))),
            r"pairs\[0, 0, 0\] is inf",
        ),
        (
            lambda: Polymatrix(PAIR, np.zeros((2, 2, 2)), unary=[[0, 1], [0]]),
            "unary has rows of different lengths",
        ),
        (lambda: Polymatrix.of(LinearQuadratic(PAIR, 1.0, interaction=0.5)), "system is"),
        (lambda: SMALL.payoffs([0, 2]), r"profile\[1\] is 2.*0\.\.1"),
        (lambda: SMALL.payoffs([0, -1]), r"profile\[1\] is -1"),
        (lambda: SMALL.payoffs([0, 0.5]), r"profile\[1\] is 0\.5"),
        (lambda: SMALL.payoffs([0, np.nan]), r"profile\[1\] is nan"),
        (lambda: SMALL.payoffs(["a", "b"]), r"profile\[0\] is 'a'"),
        (lambda: SMALL.payoffs([0]), r"profile\[shape\]"),
        (
            lambda: Polymatrix(ring(30), np.zeros((60, 2, 2)), unary=np.zeros((30, 2))).normal_form(),
            "32,212,254,720 payoffs",
        ),
        (lambda: Polymatrix.from_dict({"system": "logit"}), "document is"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


SMALL = Polymatrix(PAIR, np.zeros((2, 2, 2)), unary=np.zeros((2, 2)))
LARGE = Polymatrix(ring(30), np.zeros((60, 2, 2)), unary=np.zeros((30, 2)))
