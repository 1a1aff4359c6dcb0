"""Peer rewards and subsidies under a budget: best rates, what they bring, and when fakes pay."""

import json
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.errors import InvalidInputError
from mechanism.games.peer_pressure import PeerPressure
from solvers.peer_incentives import budget_curve, peer_rewards
from tests.reference.peer_pressure import enjoyed, most_by_fakes

PAIR = Graph.from_edges(["bob"], ["ann"])
TRIO = Graph.from_edges([0, 1, 2, 2], [1, 0, 0, 1])  # 1 and 2 are peers of 0; 0 and 2 of 1
KINDS = ("peer", "pigou", "both")


def example(**changed):
    return PeerPressure(PAIR, **{"value": 10.0, "price": 1.0, "harm": 0.1, "pressure_cost": 1.0} | changed)


@settings(max_examples=30)
@given(st.floats(0.01, 60))
def test_one_person_in_closed_form(budget):
    """Subsidies: (10 - x)^2 / x = B. Rewards: (10 / x^2 - .1) (10 - x) = B."""
    x = (20 + budget - np.sqrt(budget**2 + 40 * budget)) / 2
    assert peer_rewards(example(), budget, mechanism="pigou").actions[0] == pytest.approx(x)
    plan = peer_rewards(example(), budget)
    y = plan.actions[0]
    assert (10 / y**2 - 0.1) * (10 - y) == pytest.approx(budget)
    assert plan.spent == pytest.approx(budget)
    assert plan.gap <= 1e-9
    assert peer_rewards(example(), budget, mechanism="both").actions[0] == pytest.approx(min(x, y))


def test_the_published_example():
    """The action 5 costs 1.5 in rewards and 1 to press, but 5 in subsidies; to be pressed costs 5 more."""
    plan = peer_rewards(example(), 1.5)
    assert plan.actions[0] == pytest.approx(5)
    assert plan.pressure == pytest.approx([1.0])
    assert plan.pressure_cost == pytest.approx(1)
    assert plan.burden == pytest.approx(5)
    assert plan.cost_by_subsidies == pytest.approx(5)
    assert (
        plan.spent + plan.pressure_cost
        < plan.cost_by_subsidies
        < plan.spent + plan.pressure_cost + plan.burden
    )


@st.composite
def games(draw, same_cost=False):
    def some(size, low, high):
        return draw(st.lists(st.floats(low, high), min_size=size, max_size=size))

    return PeerPressure(
        TRIO,
        value=some(3, 1, 5),
        price=some(3, 0.5, 2),
        harm=some(4, 0, 1),
        pressure_cost=1.3 if same_cost else some(4, 0.2, 3),
        society=some(3, 0.1, 1),
        curvature=draw(st.sampled_from([0.5, 1.0, 2.0])),
    )


def tried(game, budget, mechanism, points=60):
    """Yield actions on a grid of persons 0 and 1, person 2 as the budget left allows, by any way within the budget."""
    x0, curvature = game.baseline, game.curvature
    ways = []
    for j in range(3):
        x = x0[j] * (1 - np.linspace(0, 1, points, endpoint=False) ** 2)
        own = (game.value[j] / x**curvature - game.price[j]) * (x0[j] - x)
        rates = [
            game.pressure_cost[a] * game.value[j] * curvature / x ** (curvature + 1) - game.harm[a]
            for a in np.flatnonzero(TRIO.indices == j)
        ]
        peer = (np.min(rates, axis=0) if rates else np.full(points, np.inf)) * (x0[j] - x + 1e-300)
        peer[0] = 0.0
        own[0] = 0.0
        cost = {"peer": peer, "pigou": own, "both": np.minimum(peer, own)}[mechanism]
        ways.append([(a, b) for a, b in zip(x, cost, strict=True) if b <= budget])
    for (a, ca), (b, cb) in product(*ways[:2]):
        if ca + cb <= budget:
            c = min(z for z, cz in ways[2] if ca + cb + cz <= budget)
            yield np.array([a, b, c])


@settings(max_examples=15)
@given(games(), st.floats(0.05, 5), st.sampled_from(KINDS))
def test_no_actions_within_the_budget_have_less_externality(game, budget, mechanism):
    plan = peer_rewards(game, budget, mechanism=mechanism)
    assert plan.spent <= budget * (1 + 1e-9)
    best = min(game.externality(x) for x in tried(game, budget, mechanism))
    assert plan.bound <= best + 1e-9
    assert plan.externality <= best + plan.gap + 1e-9
    settled = game.settle(rewards=plan.rewards, subsidies=plan.subsidies)
    assert settled[0] == pytest.approx(plan.actions)


@settings(max_examples=12)
@given(
    games(same_cost=True),
    st.floats(0.05, 5),
    st.sampled_from(["peer", "pigou"]),
    st.sampled_from(["one", "all"]),
)
def test_one_way_for_each_person_is_solved_exactly(game, budget, mechanism, rewarded):
    for objective in ("externality", "welfare"):
        plan = peer_rewards(game, budget, mechanism=mechanism, rewarded=rewarded, objective=objective)
        assert plan.gap <= 1e-5 * max(1.0, abs(plan.bound))


@settings(max_examples=12)
@given(games(), st.floats(0.05, 5))
def test_what_is_better_than_what(game, budget):
    """More money, more ways and another objective bring what they should."""
    plans = {kind: peer_rewards(game, budget, mechanism=kind) for kind in KINDS}
    both = plans["both"]
    for kind in KINDS:
        assert both.bound <= plans[kind].externality + 1e-9
        assert peer_rewards(game, 2 * budget, mechanism=kind).bound <= plans[kind].bound + 1e-9
        better = peer_rewards(game, budget, mechanism=kind, objective="welfare")
        assert better.bound >= plans[kind].welfare - 1e-6
    everybody = peer_rewards(game, budget, rewarded="all")
    assert plans["peer"].bound <= everybody.externality + 1e-9
    assert both.externality_before == pytest.approx(game.externality(game.baseline))


def test_welfare_of_subsidies_is_best_where_all_harm_is_counted():
    """With money enough, Pigou: u'(x) = what a unit costs all others."""
    game = PeerPressure(
        TRIO, value=[1.0, 2, 3], price=1.0, harm=0.1, pressure_cost=9.0, society=[0.1, 0.5, 1]
    )
    plan = peer_rewards(game, 1e3, mechanism="pigou", objective="welfare")
    assert game.marginal(plan.actions) == pytest.approx(game.harm_done)
    total = sum(enjoyed(game, j, plan.actions[j]) for j in range(3)) - game.externality(plan.actions)
    assert plan.welfare == pytest.approx(total)
    assert plan.bound == pytest.approx(total)


def test_welfare_of_pressure_counts_the_burden():
    """With money enough, (x + c) |u''(x)| = e; pressing for less harm than that is not worth it."""
    harmful = example(society=3.9)
    plan = peer_rewards(harmful, 1e3, objective="welfare")
    x = plan.actions[0]
    assert (x + 1) * 10 / x**2 == pytest.approx(4)
    assert plan.welfare == pytest.approx(plan.bound)
    harmless = peer_rewards(example(society=0.5), 1e3, objective="welfare")
    assert harmless.spent == 0.0


def test_low_budgets():
    """Peers bring more for little money if they press unpaid or are about to, subsidies if peers care too little."""
    for harm, peers in ((0.4, True), (0.1, True), (0.05, False), (0.0, False)):
        curve = budget_curve(example(harm=harm), [1e-3])
        rewarded, subsidised = (curve.plans[kind][0] for kind in ("peer", "pigou"))
        assert (rewarded.actions[0] < subsidised.actions[0]) == peers
    short = example(value=1.0, harm=1.0)  # about to press, but c (q + 1) = 2 is not below 1
    curve = budget_curve(short, [1e-3])
    assert curve.plans["peer"][0].actions[0] > curve.plans["pigou"][0].actions[0]


def test_high_budgets():
    """Below about c q subsidies cost less, whatever the harm."""
    curve = budget_curve(example(), [1.0, 1e4])
    peer, pigou = curve.plans["peer"], curve.plans["pigou"]
    assert peer[0].externality < pigou[0].externality
    assert peer[1].externality > pigou[1].externality
    assert curve.plans["both"][1].externality == pytest.approx(pigou[1].externality)


@pytest.mark.parametrize("curvature", [1.0, 2.0])
@pytest.mark.parametrize("role", ["peer", "person", "outsider"])
def test_no_number_of_fakes_pays_exactly_if_the_cap_holds(role, curvature):
    game = example(curvature=curvature, society=1.0)
    plan = peer_rewards(game, 2.0)
    start, reward = game.baseline[0], plan.rewards[0]

    def gain(share, fakes):
        return most_by_fakes(
            role, value=10.0, price=1.0, curvature=curvature, start=start, now=plan.actions[0],
            reward=reward, harm=0.1, cost=1.0, identity_cost=share * reward * start, fakes=fakes,
        )  # fmt: skip

    numbers = [1, 2, 3, 10, 100, 10**4, 10**6]
    assert max(gain(1.0, k) for k in numbers) <= 1e-6
    assert max(gain(0.95, k) for k in numbers) > 0


@given(games(), st.floats(0.0, 3), st.sampled_from(["one", "all"]))
@settings(max_examples=12)
def test_designed_rewards_do_not_pay_fakes(game, kappa, rewarded):
    plan = peer_rewards(game, 3.0, rewarded=rewarded, identity_cost=kappa)
    assert (plan.rewards * game.baseline[TRIO.indices] <= kappa * (1 + 1e-9) + 1e-12).all()
    assert plan.bound >= peer_rewards(game, 3.0, rewarded=rewarded).bound - 1e-9


def test_nothing_to_spend_and_nobody_to_pay():
    plan = peer_rewards(example(), 0.0)
    assert plan.actions.tolist() == [10, 10]
    assert plan.spent == 0.0
    lonely = PeerPressure(
        Graph.from_edges([0], [1]), value=1.0, price=1.0, harm=0.0, pressure_cost=1.0, society=[1, 0]
    )
    assert peer_rewards(lonely, 1.0).actions[0] == 1.0  # nobody is a peer of 0
    assert peer_rewards(lonely, 1.0, mechanism="pigou").actions[0] < 1.0


def test_prints_draws_and_writes():
    plan = peer_rewards(example(), 1.5)
    text = str(plan)
    assert "ann" in text
    assert "Peer rewards within a budget of 1.5" in text
    assert "subsidies for the same 5" in text
    assert json.loads(json.dumps(plan.to_dict()))["spent"] == pytest.approx(1.5)
    curve = budget_curve(example(), [0.5, 1.5, 1000.0])
    rows = {cells[0]: cells[-1] for cells in map(str.split, str(curve).splitlines()) if cells}
    assert [rows[budget] for budget in ("0.5", "1.5", "1000")] == ["yes", "yes", "no"]
    assert len(curve.plot().lines) == 3
    assert set(json.loads(json.dumps(curve.to_dict()))) == set(KINDS)
    ring = Graph.from_edges(np.arange(30), np.roll(np.arange(30), 1))
    crowd = PeerPressure(ring, value=2.0, price=1.0, harm=0.1, pressure_cost=1.0)
    assert "6 more" in str(peer_rewards(crowd, 1.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: peer_rewards(PAIR, 1.0), "a PeerPressure game"),
        (lambda: peer_rewards(example(), -1.0), "budget is -1.0"),
        (lambda: peer_rewards(example(), 1.0, mechanism="tax"), "mechanism is 'tax'"),
        (lambda: peer_rewards(example(), 1.0, objective="fun"), "objective is 'fun'"),
        (lambda: peer_rewards(example(), 1.0, rewarded="none"), "rewarded is 'none'"),
        (lambda: peer_rewards(example(), 1.0, identity_cost=-1.0), "identity_cost is -1.0"),
        (lambda: budget_curve(example(), []), "at least one budget"),
        (lambda: budget_curve(example(), [1.0, -1.0]), r"budgets\[1\] is -1.0"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
