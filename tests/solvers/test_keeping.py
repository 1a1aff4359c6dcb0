"""Residual rewards within a budget: against all subsets, and what is paid is exactly enough."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, Logit, Participation
from mechanism.errors import InvalidInputError
from solvers.keeping import Leavers, keep
from tests.reference import retention as slow
from tests.reference.games import complete, random_graph, ring

TENTHS = st.integers(0, 12).map(lambda k: k / 10)


@st.composite
def games(draw):
    n = draw(st.integers(1, 7))
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, 3 * n)
    support = draw(st.lists(TENTHS, min_size=graph.m, max_size=graph.m) if draw(st.booleans()) else TENTHS)
    benefit = draw(st.lists(TENTHS, min_size=n, max_size=n))
    cost = draw(st.lists(st.integers(5, 30).map(lambda k: k / 10), min_size=n, max_size=n))
    burst = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(any))
    return Participation(graph, benefit, support=support, cost=cost), np.array(burst)


@settings(max_examples=40)
@given(games(), st.integers(0, 40).map(lambda k: k / 10))
def test_no_subset_of_the_burst_can_be_kept_that_is_larger(given, budget):
    """By all subsets in fractions. Everybody who should stay does, by exact rounds, and nobody is paid who leaves."""
    game, burst = given
    most = slow.most_kept(game, burst, budget)
    exact = keep(game, burst, budget=budget, method="exact")
    greedy = keep(game, burst, budget=budget)
    assert exact.members == exact.bound == most
    assert exact.is_most
    assert greedy.members <= most <= greedy.bound
    for plan in (exact, greedy):
        assert plan.spent <= budget * (1 + 1e-9)
        stay = slow.rounds(game, burst, plan.residual)[-1]
        assert set(np.flatnonzero(plan.kept).tolist()) == stay
        assert not plan.residual[plan.kept == 0].any()
        assert plan.before == len(slow.rounds(game, burst)[-1])
        assert plan.retention(periods=3).sustained == plan.members


def test_without_support_the_cheapest_are_kept():
    lonely = Participation(ring(50), 0.0, support=0.0, cost=np.arange(1.0, 51.0))
    for method in ("greedy", "exact"):
        plan = keep(lonely, np.ones(50), budget=60.0, method=method)
        assert plan.members == 10  # 1 + 2 + ... + 10 = 55
        assert plan.spent == 55


def test_a_clique_is_worth_its_price():
    """2nk - k (k - 1) keeps k people iff they all support one another: six of a complete part, not of a ring."""
    source, target = np.triu_indices(6, 1)
    links = np.arange(5, 14)
    graph = Graph.from_edges(np.append(source, links), np.append(target, links + 1), directed=False)
    game = Participation(graph, 0.0, support=1.0, cost=30.0)
    price = 30.0 * 6 - 6 * 5
    assert keep(game, np.ones(15), budget=price, method="exact").kept.tolist() == [1.0] * 6 + [0.0] * 9
    assert keep(game, np.ones(15), budget=price - 1, method="exact").members == 5
    circle = Participation(ring(15), 0.0, support=1.0, cost=30.0)
    assert keep(circle, np.ones(15), budget=price, method="exact").members == 5


def test_one_payment_holds_a_ring_together():
    """Two friends are needed: the ends of a row of nine lack one each, and all hangs on them."""
    game = Participation(ring(10), 0.0, support=0.1, cost=0.2)
    plan = keep(game, np.arange(9), budget=0.2)
    assert plan.members == 9
    assert plan.residual.tolist() == [0.1, *[0] * 7, 0.1, 0]
    assert keep(game, np.arange(9), budget=0.19, method="exact").members == 0
    assert keep(game, np.ones(10), budget=0.0).members == 10


def test_those_who_support_one_another_come_for_nothing():
    """A triangle that lacks the support of a paid person: none of the three alone would stay."""
    graph = Graph.from_edges([0, 0, 1, 1, 2, 2, 0, 1, 2], [1, 2, 0, 2, 0, 1, 3, 3, 3])
    game = Participation(graph, 0.0, support=1.0, cost=[3.0, 3.0, 3.0, 1.0])
    for method in ("greedy", "exact"):
        assert keep(game, np.ones(4), budget=1.0, method=method).members == 4


def test_what_is_paid_is_enough_whatever_the_numbers():
    """Half of what is lacking would be rounded down to a machine number, and all would fall apart."""
    rng = np.random.default_rng(4)
    graph = complete(40)
    game = Participation(graph, rng.random(40), support=rng.random(graph.m), cost=rng.uniform(20, 40, 40))
    plan = keep(game, np.ones(40), budget=1e6)
    assert plan.members == 40
    assert len(slow.rounds(game, np.ones(40), plan.residual)) == 1
    lacking = game.cost - game.benefit - game.pull(np.ones(40))
    assert plan.residual == pytest.approx(np.maximum(lacking, 0), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_what_one_person_more_or_less_changes(seed):
    """Also where support is more than is lacking."""
    rng = np.random.default_rng(seed)
    source, target = np.nonzero((rng.random((9, 9)) < 0.6) & ~np.eye(9, dtype=bool))
    gap = rng.integers(1, 30, 9) / 10
    weight = np.minimum(rng.integers(0, 10, len(source)) / 10, gap[source])
    case = Leavers(np.arange(9), gap, source, target, weight)
    chosen = rng.random(9) < 0.5
    for person, change in enumerate(case.change(chosen)):
        flipped = chosen.copy()
        flipped[person] ^= True
        sign = -1 if chosen[person] else 1
        assert sign * change == pytest.approx(case.cost(flipped) - case.cost(chosen), abs=1e-12)


def test_larger_games_are_near_the_bound():
    """Most hang together for 10 units of money, and nobody helps anybody for 5: the greedy sets are near the best."""
    matrix = Participation(random_graph(np.random.default_rng(3), 80, 240), 0.0, support=1.0, cost=0.0).matrix
    game = Participation(Graph.from_scipy(matrix + matrix.T), 0.0, support=1.0, cost=5.0)
    plans = [keep(game, np.ones(80), budget=money) for money in (5.0, 10.0, 20.0, 40.0)]
    assert [plan.members for plan in plans if plan.is_most] == [68, 80]
    assert plans[0].members == 1
    assert 45 <= plans[1].members <= 51
    best = keep(game, np.ones(80), budget=10.0, method="exact")
    assert best.members == best.bound == 51
    short = keep(game, np.ones(80), budget=5.0, method="exact", seconds=0.3)
    assert 1 <= short.members <= short.bound <= plans[0].bound


def test_prints_and_writes():
    game = Participation(complete(30), 0.0, support=1.0, cost=29.5)
    plan = keep(game, np.ones(30), budget=15.0)
    text = str(plan)
    assert "kept           30 of 30 members instead of 0; no rewards keep more" in text
    assert "spent          15 per period on 30 people" in text
    assert "6 more" in text
    assert json.loads(json.dumps(plan.to_dict()))["is_most"] is True


GAME = Participation(ring(4), 0.0, support=1.0, cost=3.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: keep(Logit(ring(4), 0.0, support=1.0, cost=1.0, rationality=1.0), [1], budget=1.0),
            "Participation",
        ),
        (lambda: keep(GAME, [9], budget=1.0), r"burst\[0\] is 9"),
        (lambda: keep(GAME, [1], budget=-1.0), r"budget is -1\.0"),
        (lambda: keep(GAME, [1], budget=np.inf), "budget is inf"),
        (lambda: keep(GAME, [1], budget=1.0, method="best"), "method is 'best'"),
        (lambda: keep(GAME, [1], budget=1.0, method="exact", seconds=0), "seconds is 0"),
        (
            lambda: keep(Participation(ring(4), 0.0, support=-1.0, cost=0.0), [1], budget=1.0),
            r"support is -1\.0",
        ),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
