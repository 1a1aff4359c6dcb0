"""Altruism design: the profile is an equilibrium, nothing cheaper makes it one, and the multipliers prove it."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from mechanism import Graph, Layer, Participation
from mechanism.errors import InvalidInputError, SolveError
from solvers.altruism_design import design_altruism
from tests.reference.altruism import least_by_knapsacks, least_whole, most_gained

PAIR = Graph.from_edges(["ann"], ["bob"], directed=False)
CYCLE = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0], directed=False)
EIGHTHS = st.integers(0, 8).map(lambda k: k / 8)


@st.composite
def cases(draw, mutual=False):
    """A game on a cycle, a profile, altruism as it is, and what changes cost; numbers in eighths."""

    def some(size, low, high):
        return np.array(draw(st.lists(st.integers(low, high), min_size=size, max_size=size))) / 8

    game = Participation(CYCLE, some(4, 0, 6), support=some(8, -4, 12), cost=some(4, 0, 12))
    profile = np.array(draw(st.lists(st.sampled_from([1.0, 1.0, 0.0]), min_size=4, max_size=4)))
    before, price = some(8, 0, 4), some(8, 1, 8)
    if mutual:
        matrix = Layer(CYCLE, before).matrix.toarray()
        before = np.maximum(matrix, matrix.T)[np.repeat(np.arange(4), 2), CYCLE.indices]
    return game, profile, Layer(CYCLE, before), price


def solved(game, profile, before, price, **asked):
    try:
        return design_altruism(game, profile, altruism=before, cost=price, **asked)
    except SolveError:
        return None


@settings(max_examples=60)
@given(cases(), st.sampled_from([0.5, 1.0]))
def test_each_person_is_won_over_most_cheaply(case, most):
    game, profile, before, price = case
    plan = solved(*case, most=most)
    least = least_by_knapsacks(game, profile, before, price, most)
    assert (plan is not None) == np.isfinite(least)
    if plan is None:
        return
    assert plan.cost == pytest.approx(least, abs=1e-7)
    assert plan.bound == pytest.approx(least, abs=1e-7)
    assert plan.bound <= least + 1e-9
    gained = float(most_gained(game, plan.after, profile))
    assert gained <= 1e-7
    assert plan.gains.max() == pytest.approx(max(gained, 0), abs=1e-9)
    assert (plan.after.by_arc >= 0).all()
    assert (plan.after.by_arc <= most).all()


@settings(max_examples=40)
@given(cases(mutual=True))
def test_mutual_changes_against_another_formulation(case):
    """One variable for the level of each pair, and one for the size of its change."""
    game, profile, before, price = case
    sources = np.repeat(np.arange(4), 2)
    pairs = sorted(
        {tuple(sorted(pair)) for pair in zip(sources.tolist(), CYCLE.indices.tolist(), strict=True)}
    )
    number = {pair: k for k, pair in enumerate(pairs)}
    weights, old = game.matrix.toarray(), before.matrix.toarray()
    rows, right = np.zeros((4, 8)), np.zeros(4)
    for i in range(4):
        sign = 2 * profile[i] - 1
        right[i] = sign * game.margin(profile)[i]
        for j in CYCLE.indices[CYCLE.indptr[i] : CYCLE.indptr[i + 1]]:
            rows[i, number[tuple(sorted((i, int(j))))]] = -sign * weights[j, i] * profile[j]
    each = np.bincount([number[tuple(sorted(p))] for p in zip(sources, CYCLE.indices, strict=True)], price)
    level = np.array([old[pair] for pair in pairs])
    size = np.block([[np.eye(4), -np.eye(4)], [-np.eye(4), -np.eye(4)]])
    found = linprog(
        np.concatenate((np.zeros(4), each)),
        A_ub=np.vstack((rows, size)),
        b_ub=np.concatenate((right, level, -level)),
        bounds=[(0, 1)] * 4 + [(0, None)] * 4,
    )
    plan = solved(*case, mutual=True)
    assert (plan is not None) == (found.status == 0)
    if plan is not None:
        assert plan.cost == pytest.approx(found.fun, abs=1e-7)
        assert plan.bound == pytest.approx(found.fun, abs=1e-7)
        assert plan.bound <= found.fun + 1e-9
        after = plan.after.matrix.toarray()
        assert after == pytest.approx(after.T)
        assert most_gained(game, plan.after, profile) <= 1e-7


@settings(max_examples=12)
@given(cases(mutual=True))
def test_whole_changes_against_all_combinations(case):
    game, profile, before, price = case
    sources = np.repeat(np.arange(4), 2).tolist()
    pairs = {}
    for arc, pair in enumerate(zip(sources, CYCLE.indices.tolist(), strict=True)):
        pairs.setdefault(tuple(sorted(pair)), []).append(arc)
    plan = solved(*case, mutual=True, whole=True)
    least = least_whole(game, profile, before, price, 1.0, list(pairs.values()))
    assert (plan is not None) == np.isfinite(least)
    if plan is not None:
        assert plan.cost == pytest.approx(least)
        assert plan.bound <= least + 1e-9
        levels = [[0.0, 1.0, old] for old in before.by_arc]
        assert all(x in level for x, level in zip(plan.after.by_arc, levels, strict=True))


@settings(max_examples=12)
@given(cases())
def test_whole_changes_one_by_one(case):
    game, profile, before, price = case
    used = np.flatnonzero(np.repeat(np.arange(4), 2) < 2).tolist()  # the arcs of the first two people
    before = Layer(CYCLE, np.where(np.isin(np.arange(8), used), before.by_arc, 0.0))
    most = np.where(np.isin(np.arange(8), used), 1.0, 0.0)
    plan = solved(game, profile, before, price, whole=True, most=most)
    least = least_whole(game, profile, before, price, 1.0, [(a,) for a in used])
    assert (plan is not None) == np.isfinite(least)
    if plan is not None:
        assert plan.cost == pytest.approx(least)


def test_a_whole_change_may_cost_more():
    game = Participation(PAIR, 0.0, support=1.0, cost=[1.25, 0.5])
    plan = design_altruism(game, 1, whole=True)
    assert plan.cost == 1.0
    assert plan.bound == pytest.approx(0.25)
    assert not plan.is_least
    assert "none below 0.25" in str(plan)


@settings(max_examples=40)
@given(cases())
def test_utilities_of_utilities_keep_those_who_are_won_over(case):
    """Where nothing is negative and all are wanted, the design works for u = p + A u, too."""
    game, _, before, price = case
    game = Participation(CYCLE, game.benefit, support=np.abs(game.support), cost=game.cost)
    plan = solved(game, 1, Layer(CYCLE, 0.8 * before.by_arc), price, most=0.45)
    assume(plan is not None)
    spread = np.linalg.inv(np.eye(4) - plan.after.matrix.toarray())  # rows of A add up to at most .9
    for person in range(4):
        alone = np.ones(4)
        alone[person] = 0
        stay, leave = (float(spread[person] @ game.payoffs(x)) for x in (np.ones(4), alone))
        assert stay >= leave - 1e-6


def test_less_altruism_keeps_people_out():
    """Bob is wanted out; he takes part for ann alone, and cares for her less."""
    game = Participation(PAIR, 0.0, support=1.0, cost=[0.0, 1.5])
    plan = design_altruism(game, [1, 0], altruism=Layer(PAIR, 0.75), cost=[1.0, 2.0])
    assert plan.after.by_arc == pytest.approx([0.75, 0.5])
    assert plan.cost == pytest.approx(0.5)
    assert plan.utilities([1, 1]) == pytest.approx([1 - 0.75 * 0.5, -0.5 + 0.5])


def test_nothing_to_change():
    lonely = Participation(
        Graph(np.zeros(3, dtype=int), np.zeros(0, dtype=np.int32), np.arange(2)), 1.0, support=0, cost=0
    )
    for whole in (False, True):
        plan = design_altruism(lonely, 1, whole=whole)
        assert (plan.cost, plan.bound, plan.is_least) == (0.0, 0.0, True)


def test_prints_and_writes():
    ring = Graph.from_edges(np.arange(30), np.roll(np.arange(30), 1))
    plan = design_altruism(Participation(ring, 0.0, support=1.0, cost=1.5), 1)
    text = str(plan)
    assert "30 of 30 people" in text
    assert "6 more" in text
    assert "no change costs less" in text
    document = json.loads(json.dumps(plan.to_dict()))
    assert document["cost"] == pytest.approx(15)
    assert document["bound"] == pytest.approx(15)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: design_altruism(PAIR, 1), InvalidInputError, "a Participation game"),
        (lambda g: design_altruism(g, [1, 2]), InvalidInputError, r"profile\[1\] is 2.0"),
        (lambda g: design_altruism(g, 1, cost=-1.0), InvalidInputError, "cost is -1.0"),
        (lambda g: design_altruism(g, 1, altruism=Layer(CYCLE, 0.0)), InvalidInputError, "same people"),
        (lambda g: design_altruism(g, 1, altruism=Layer(PAIR, -0.5)), InvalidInputError, "altruism"),
        (lambda g: design_altruism(g, 1, altruism=Layer(PAIR, 0.5), most=0.25), InvalidInputError, "most"),
        (lambda g: design_altruism(g, 1, most=0.125), SolveError, "wins over person ann"),
        (
            lambda g: design_altruism(g, 1, altruism=Layer(PAIR, [0.5, 0.25]), mutual=True),
            InvalidInputError,
            r"altruism\[0\] is 0.5; it must be the same",
        ),
        (
            lambda g: design_altruism(
                g,
                1,
                altruism=Layer(Graph(np.array([0, 1, 1]), np.array([1], dtype=np.int32), PAIR.labels), 0.0),
                mutual=True,
            ),
            InvalidInputError,
            "ann -> bob has no reverse",
        ),
    ],
)
def test_wrong_input_and_hopeless_wishes(call, error, message):
    game = Participation(PAIR, 0.0, support=1.0, cost=[1.25, 0.5])
    with pytest.raises(error, match=message):
        call(game)
