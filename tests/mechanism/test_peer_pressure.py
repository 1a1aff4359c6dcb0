"""Peer pressure: the formulas, and that what the game settles at is an equilibrium."""

import json
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.errors import InvalidInputError
from mechanism.games.peer_pressure import PeerPressure, bend, bend_slope, enjoyed, marginal, peer_rate
from tests.reference.peer_pressure import arcs_of, best_action, peer_gain

PAIR = Graph.from_edges(["bob"], ["ann"])
WHEEL = Graph.from_edges([0, 0, 1, 2, 3], [1, 2, 2, 0, 0])  # 2 and 3 are peers of 0, 0 and 1 of 2, 0 of 1


def example(**changed):
    return PeerPressure(PAIR, **{"value": 10.0, "price": 1.0, "harm": 0.1, "pressure_cost": 1.0} | changed)


def test_the_published_example_in_fractions():
    """u = 10 ln x - x, x = 5, c = 1, v = 1/10: s = 1, r = 3/10, and the peer presses by u'(5) = 1."""
    five = Fraction(5)
    assert marginal(10, 1, 1, five) == 1
    assert peer_rate(1, bend(10, 1, five), Fraction(1, 10)) == Fraction(3, 10)
    assert bend_slope(10, 1, five) == Fraction(20, 125)
    actions, pressure = example().settle(rewards=0.3)
    assert actions == pytest.approx([5.0, 10.0])
    assert pressure == pytest.approx([1.0])
    assert example().settle(subsidies=[1.0, 0.0])[0] == pytest.approx([5.0, 10.0])


@given(st.floats(0.5, 5), st.floats(0.5, 3), st.sampled_from([0.5, 1.0, 2.0, 3.0]), st.floats(0.3, 4))
def test_derivatives(value, price, curvature, x):
    h = 1e-4 * x

    def slope(f):
        return (f(x + h) - f(x - h)) / (2 * h)

    assert marginal(value, price, curvature, x) == pytest.approx(
        slope(lambda y: enjoyed(value, price, curvature, y)), rel=1e-5, abs=1e-5
    )
    assert -bend(value, curvature, x) == pytest.approx(
        slope(lambda y: marginal(value, price, curvature, y)), rel=1e-5
    )
    assert bend_slope(value, curvature, x) == pytest.approx(
        -slope(lambda y: bend(value, curvature, y)), rel=1e-5
    )


@st.composite
def paid_games(draw):
    five, four = (st.lists(st.floats(0.1, 3), min_size=k, max_size=k) for k in (5, 4))
    zero_or_more = st.one_of(st.just(0.0), st.floats(0.01, 2))
    game = PeerPressure(
        WHEEL,
        value=draw(four),
        price=draw(four),
        harm=draw(st.lists(zero_or_more, min_size=5, max_size=5)),
        pressure_cost=draw(five),
        curvature=draw(st.sampled_from([0.5, 1.0, 2.0])),
    )
    rewards = np.array(draw(st.lists(zero_or_more, min_size=5, max_size=5)))
    return game, rewards, np.array(draw(st.lists(zero_or_more, min_size=4, max_size=4)))


@settings(max_examples=25)
@given(paid_games())
def test_nobody_gains_by_another_action_or_pressure(case):
    game, rewards, subsidies = case
    actions, pressure = game.settle(rewards=rewards, subsidies=subsidies)
    borne = np.bincount(game.graph.indices, pressure, minlength=4)
    for person in range(4):
        best = best_action(game, person, borne[person], subsidies[person])
        assert actions[person] == pytest.approx(best, rel=1e-5)
    size = 1 + float(np.abs(game.utilities(actions, pressure, rewards=rewards, subsidies=subsidies)).max())
    for arc, _, _ in arcs_of(game):
        around = np.unique(
            np.concatenate(([0.0], pressure[arc] * np.array([0.5, 0.9, 1.1, 2]), [0.1, 1, 10]))
        )
        assert peer_gain(game, pressure, rewards, subsidies, arc, around) <= 1e-8 * size


@given(paid_games(), st.lists(st.floats(0.1, 0.99), min_size=4, max_size=4))
def test_rates_lead_to_actions(case, shares):
    game, _, _ = case
    wanted = game.baseline * np.array(shares)
    pressed = game.graph.in_degree > 0
    subsidies = game.subsidy_rates(wanted)
    assert game.settle(subsidies=subsidies)[0] == pytest.approx(wanted)
    assert not game.settle(subsidies=subsidies)[1].any()
    rates = game.reward_rates(wanted)
    assert game.settle(rewards=rates)[0][pressed] == pytest.approx(wanted[pressed])
    for arc, _, person in arcs_of(game):
        one = rates * (np.arange(game.graph.m) == arc)
        actions, pressure = game.settle(rewards=one)
        assert actions[person] == pytest.approx(wanted[person])
        assert pressure[arc] == pytest.approx(game.marginal(wanted)[person])
        assert game.settle(rewards=0.9 * one)[0][person] > wanted[person]


def test_subsidies_first_replace_pressure():
    """Where a peer presses unpaid, small subsidies change who makes ann do less, not how much less."""
    game = example(harm=0.4)
    assert game.alone[0] == pytest.approx(10)
    assert game.baseline[0] == pytest.approx(5)
    for subsidy in (0.0, 0.25, 0.75, 1.0):
        actions, pressure = game.settle(subsidies=[subsidy, 0.0])
        assert actions[0] == pytest.approx(5)
        assert pressure[0] == pytest.approx(1 - subsidy)
    assert game.settle(subsidies=[1.5, 0.0])[0][0] == pytest.approx(4)
    assert game.subsidy_rates([5.0, 10.0]).tolist() == [0, 0]


def test_peers_who_want_the_same_share_the_pressure():
    twins = PeerPressure(
        Graph.from_edges([1, 2], [0, 0]), value=10.0, price=1.0, harm=[0.4, 0.4], pressure_cost=1.0
    )
    actions, pressure = twins.settle()
    assert actions[0] == pytest.approx(5)
    assert pressure == pytest.approx([0.5, 0.5])


def test_when_peers_cost_less():
    """One peer costs less if c |u''| - v < u'; all of them, if the sum does; nobody has no peers for less."""
    game = PeerPressure(
        Graph.from_edges([1, 2], [0, 0]), value=10.0, price=1.0, harm=[0.1, 0.05], pressure_cost=1.0
    )
    x = np.array([5.0, 10.0, 10.0])
    assert game.reward_rates(x) == pytest.approx([0.3, 0.35])
    assert game.peers_cost_less(x).tolist() == [True, False, False]
    low = np.array([9.5, 10.0, 10.0])  # c |u''| - v = .0108, .0608; u' = .0526
    assert game.peers_cost_less(low).tolist() == [True, False, False]
    assert not game.peers_cost_less(low, rewarded="all")[0]
    assert not game.peers_cost_less([0.9, 10.0, 10.0])[0]  # about c q


def test_utilities_add_up():
    """What all get is what they enjoy, less harm, pressure on both sides, plus payments."""
    game = PeerPressure(WHEEL, value=[2.0, 3, 4, 5], price=1.0, harm=0.2, pressure_cost=0.7, society=0.5)
    x, p = np.array([1.0, 2, 1.5, 3]), np.array([0.1, 0, 0.3, 0.2, 0])
    r, s = np.array([0.3, 0, 0.1, 0, 0.2]), np.array([0.0, 0.1, 0, 0])
    total = game.utilities(x, p, rewards=r, subsidies=s).sum()
    less = game.baseline - x
    paid = r @ less[WHEEL.indices] + s @ less
    harmed = 0.2 * x[WHEEL.indices].sum()
    assert total == pytest.approx(
        (np.array([2.0, 3, 4, 5]) * np.log(x) - x).sum()
        - harmed
        - 0.7 * p.sum()
        - p @ x[WHEEL.indices]
        + paid
    )
    assert game.externality(x) == pytest.approx(harmed + 0.5 * x.sum())


def test_round_trip():
    game = PeerPressure(WHEEL, value=2.0, price=1.0, harm=0.2, pressure_cost=0.7, society=0.5, curvature=2)
    document = json.loads(json.dumps(game.to_dict()))
    assert PeerPressure.from_dict(document).to_dict() == game.to_dict()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: example(value=0.0), "value is 0.0"),
        (lambda: example(price=-1.0), "price is -1.0"),
        (lambda: example(harm=-0.1), "harm is -0.1"),
        (lambda: example(pressure_cost=0.0), "pressure_cost is 0.0"),
        (lambda: example(society=-1.0), "society is -1.0"),
        (lambda: example(curvature=0), "curvature is 0"),
        (lambda: example().marginal(0.0), "actions is 0.0"),
        (lambda: example().reward_rates([11.0, 1.0]), r"actions\[0\] is 11.0"),
        (lambda: example().settle(rewards=-1.0), "rewards is -1.0"),
        (lambda: example().peers_cost_less(1.0, rewarded="some"), "rewarded is 'some'"),
        (lambda: PeerPressure.from_dict({"system": "logit"}), "document is"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
