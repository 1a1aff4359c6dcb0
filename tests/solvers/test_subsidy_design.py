"""Subsidies: least cost, the profile they bring about, limits, posted offers and fakes."""

import json

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from mechanism import Graph, Participation
from mechanism.errors import InvalidInputError, SolveError, UnsupportedProblemError
from solvers.subsidy_design import subsidies
from tests.reference.subsidies import equilibria, least_over_orders, most_by_fakes

PATH = Graph.from_edges(["ann", "bob"], ["bob", "cem"], directed=False)
EIGHTHS = st.integers(0, 16).map(lambda k: k / 8)


@st.composite
def games(draw, most=6, least_support=0):
    """Games of a few people whose numbers are eighths, and a profile."""
    n = draw(st.integers(2, most))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    arcs = sorted(draw(st.lists(st.sampled_from(pairs), min_size=1, unique=True)))
    indptr = np.cumsum([0, *(sum(i == k for i, _ in arcs) for k in range(n))])
    graph = Graph(indptr, np.array([j for _, j in arcs], dtype=np.int32), np.arange(n))
    support = draw(st.lists(st.integers(least_support, 8), min_size=graph.m, max_size=graph.m))
    numbers = st.lists(EIGHTHS, min_size=n, max_size=n)
    game = Participation(graph, draw(numbers), support=np.array(support) / 8, cost=draw(numbers))
    return game, np.array(draw(st.lists(st.sampled_from([1.0, 1.0, 0.0]), min_size=n, max_size=n)))


def solved(game, profile, **asked):
    """Return the payments, or None if there are none."""
    try:
        return subsidies(game, profile, **asked)
    except SolveError:
        return None


@given(games(least_support=-8))
def test_own_subsidies_close_the_gap(case):
    game, profile = case
    plan = solved(game, profile)
    margin = game.margin(profile)
    assert (plan is None) == bool((margin[profile == 0] > 1e-12).any())
    if plan is None:
        return
    assert plan.own == pytest.approx(profile * np.maximum(-margin, 0))
    assert plan.game.gains(profile).max() <= 1e-12
    assert plan.is_least
    paid = plan.own > 1e-12
    for person in np.flatnonzero(paid):
        less = plan.own - 1e-6 * (np.arange(game.n) == person)
        cheaper = Participation(game.graph, game.benefit + less, support=game.support, cost=game.cost)
        assert cheaper.gains(profile)[person] > 0


@settings(max_examples=60)
@given(games(least_support=-8), EIGHTHS, st.integers(0, 8).map(lambda k: k / 16))
def test_limits_against_a_linear_program(case, most, reward):
    """Least own subsidies and peer rewards within limits are those of a program over all of them."""
    game, profile = case
    assume(not (game.margin(profile)[profile == 0] > 0).any())
    source = np.repeat(np.arange(game.n), game.graph.out_degree)
    both = profile[source] * profile[game.graph.indices]
    rows = np.hstack((np.diag(profile), np.array([(source == i) * both for i in range(game.n)])))
    found = linprog(
        np.concatenate((profile, both)),
        A_ub=-rows[profile == 1],
        b_ub=game.margin(profile)[profile == 1],
        bounds=[(0, most)] * game.n + [(0, reward)] * game.graph.m,
    )
    plan = solved(game, profile, peers=True, most=most, identity_cost=reward)
    assert (plan is not None) == (found.status == 0)
    if plan is not None:
        assert plan.cost == pytest.approx(found.fun, abs=1e-9)
        assert plan.own.max() <= most + 1e-12
        assert plan.peer.max(initial=0) <= reward + 1e-12
        assert plan.game.gains(profile).max() <= 1e-12
        assert plan.paid.sum() == pytest.approx(plan.cost)


@settings(max_examples=50)
@given(games(most=5))
def test_robust_subsidies_are_the_least_over_all_orders(case):
    game, profile = case
    plan = solved(game, profile, robust=True)
    members = np.flatnonzero(profile).tolist()
    if plan is None:
        assert (game.margin(profile)[profile == 0] >= 0).any()
        return
    assert plan.cost == pytest.approx(least_over_orders(game, members), abs=1e-9)
    assert plan.is_least
    assert sorted(plan.order.tolist()) == members
    found = equilibria(plan.game)
    assert set(members) in found
    assert all(set(members) <= other for other in found)
    assert subsidies(game, profile).cost <= plan.cost + 1e-9


@settings(max_examples=60)
@given(games(most=5), EIGHTHS, st.integers(0, 8).map(lambda k: k / 16))
def test_robust_subsidies_within_limits(case, most, reward):
    game, profile = case
    assume(not (game.margin(profile)[profile == 0] >= 0).any())
    plan = solved(game, profile, robust=True, peers=True, most=most, identity_cost=reward)
    least = least_over_orders(game, np.flatnonzero(profile).tolist(), most, reward)
    assert (plan is not None) == np.isfinite(least)
    if plan is not None:
        assert plan.cost == pytest.approx(least, abs=1e-9)
        assert (plan.own <= most + 1e-12).all()
        assert (plan.peer <= reward + 1e-12).all()


@pytest.mark.parametrize("seed", range(6))
def test_searched_orders_are_valid_and_bounded(seed):
    rng = np.random.default_rng(seed)
    graph = Graph.from_scipy(_random_matrix(rng, 11, 0.4))
    game = Participation(graph, 0.0, support=rng.random(graph.m), cost=2 * rng.random(graph.n))
    searched = subsidies(game, 1, robust=True, exact=1)
    exact = subsidies(game, 1, robust=True)
    assert searched.bound <= exact.cost <= searched.cost + 1e-9
    assert searched.cost <= 1.05 * exact.cost + 1e-9
    joined = np.zeros(game.n)
    for person in searched.order:
        assert searched.game.margin(joined)[person] >= -1e-12
        joined[person] = 1


def _random_matrix(rng, n, share):
    from scipy.sparse import csr_array

    full = rng.random((n, n)) < share
    np.fill_diagonal(full, False)
    return csr_array(full.astype(float))


def test_knots_are_solved_one_by_one():
    """A thousand pairs in a chain of pairs: 2,000 people, and still the least; in each pair one is paid more."""
    first = np.arange(0, 2000, 2)
    source = np.concatenate((first, first + 1, first[1:]))
    target = np.concatenate((first + 1, first, first[:-1]))
    graph = Graph.from_edges(source, target)
    game = Participation(graph, 0.0, support=0.5, cost=2.0)
    plan = subsidies(game, 1, robust=True)
    assert plan.is_least
    assert plan.cost == pytest.approx(1000 * 3.5 - 999 * 0.5)
    assert plan.bound == pytest.approx(plan.cost)


def test_a_cycle_and_a_clique_in_closed_form():
    """In a cycle one person joins without help; in a clique the k-th joins with the help of k - 1."""
    cycle = Graph.from_edges(np.arange(40), np.roll(np.arange(40), 1))
    game = Participation(cycle, 0.0, support=1.0, cost=1.25)
    plan = subsidies(game, 1, robust=True)
    assert plan.cost == pytest.approx(1.25 + 39 * 0.25)
    assert not plan.is_least  # searched, not proved
    assert plan.bound == pytest.approx(40 * 0.25)
    pairs = np.array([(i, j) for i in range(9) for j in range(9) if i != j])
    clique = Participation(Graph.from_edges(*pairs.T), 0.0, support=0.125, cost=0.5)
    assert subsidies(clique, 1, robust=True).cost == pytest.approx(0.5 + 0.375 + 0.25 + 0.125)


def test_what_is_added():
    game = Participation(PATH, [0.0, 2.0, 0.0], support=1.0, cost=[1.5, 1.5, 1.0])
    plan = subsidies(game, 1)
    assert (plan.before, plan.added, plan.cost) == (2, 1, pytest.approx(0.5))  # bob and cem stay anyway
    assert plan.cost_per_added == pytest.approx(0.5)
    nothing = subsidies(game, [0, 1, 1])
    assert (nothing.cost, nothing.added) == (0.0, 0)
    assert np.isnan(nothing.cost_per_added)


@settings(max_examples=40)
@given(games(least_support=-8), st.sampled_from([None, 0, 1, 3]), st.integers(1, 24).map(lambda k: k / 8))
def test_posted_offers_against_all_corners(case, fakes, kappa):
    game, profile = case
    assume(profile.any())
    asked = {} if fakes is None else {"identity_cost": kappa, "identities": fakes or 1}
    source = np.repeat(np.arange(game.n), game.graph.out_degree)
    friends = np.bincount(source, profile[game.graph.indices], minlength=game.n)
    lacks = -game.margin(profile)
    rows = [(1.0, d, x) for d, x in zip(friends, lacks, strict=True)] + [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0)]
    if asked:
        rows.append((1.0, asked["identities"] + 1.0, kappa))
    best = np.inf
    for k, (a, b, c) in enumerate(rows):
        for d, e, f in rows[:k]:
            if abs(a * e - b * d) < 1e-12:
                continue
            s, r = np.linalg.solve([[a, b], [d, e]], [c, f])
            ok = s >= -1e-9 and r >= -1e-9
            ok &= bool((s + r * friends >= lacks - 1e-9)[profile == 1].all())
            ok &= bool((s + r * friends <= lacks + 1e-9)[profile == 0].all())
            if asked:
                ok &= s + (asked["identities"] + 1) * r <= kappa + 1e-9
            if ok:
                best = min(best, s * profile.sum() + r * friends @ profile)
    plan = solved(game, profile, posted=True, peers=True, **asked)
    assert (plan is not None) == np.isfinite(best)
    if plan is not None:
        assert plan.cost == pytest.approx(best, abs=1e-7)
        assert plan.bound == pytest.approx(best, abs=1e-7)
        assert plan.is_posted
        assert plan.game.gains(profile).max() <= 1e-8
        assert len(set(plan.own.tolist())) == 1


@settings(max_examples=50)
@given(games(most=5))
def test_a_posted_subsidy_from_nobody(case):
    game, profile = case
    plan = solved(game, profile, posted=True, robust=True)
    members = set(np.flatnonzero(profile).tolist())

    def least(paid):
        richer = Participation(game.graph, game.benefit + paid, support=game.support, cost=game.cost)
        return min(equilibria(richer), key=len)

    levels = np.arange(0, 2.01, 0.125)  # everything is in eighths
    good = [paid for paid in levels if least(paid) == members]
    assert (plan is not None) == bool(good)
    if plan is not None:
        assert plan.own[0] == pytest.approx(good[0], abs=1e-9)
        assert plan.is_least


@given(
    st.integers(0, 8).map(lambda k: k / 8),
    st.integers(0, 8).map(lambda k: k / 8),
    st.integers(0, 24).map(lambda k: k / 8),
    st.integers(1, 3),
)
def test_no_number_of_fakes_pays_exactly_if_the_cap_holds(own, peer, kappa, most):
    """The two claims on fakes, against all ways to link them."""
    for_people = [most_by_fakes(own, peer, kappa, k, paid=False) for k in range(1, most + 1)]
    assert (max(for_people) <= 0) == (peer <= kappa)
    posted = [most_by_fakes(own, peer, kappa, k, paid=True) for k in range(1, most + 1)]
    assert (max(posted) <= 0) == (own + (most + 1) * peer <= kappa)
    assert posted == [k * (own + (k + 1) * peer - kappa) for k in range(1, most + 1)]


def test_designed_payments_do_not_pay_fakes():
    game = Participation(PATH, 0.0, support=0.25, cost=1.0)
    plan = subsidies(game, 1, peers=True, most=0.5, identity_cost=0.3)
    assert plan.peer.max() == pytest.approx(0.25)
    for k in (1, 2, 3):
        most = most_by_fakes(0.0, plan.peer.max(), 0.3, k, paid=False)
        assert plan.gain_by_fakes(k, identity_cost=0.3) == pytest.approx(most)
        assert most < 0
        assert plan.gain_by_fakes(k, identity_cost=0.1) > 0
    with pytest.raises(SolveError, match="too low for person ann"):
        subsidies(game, 1, peers=True, most=0.5, identity_cost=0.2)
    star = Graph.from_edges([0] * 5, range(1, 6), directed=False)
    hub = Participation(star, [0.0, *[1.0] * 5], support=0.0, cost=[2.5, *[1.0] * 5])
    posted = subsidies(hub, 1, posted=True, peers=True, identity_cost=1.75, identities=2)
    own, reward = posted.own[0], posted.peer[0]
    assert own + 5 * reward >= 2.5 - 1e-9
    assert own + 3 * reward <= 1.75 + 1e-9
    for k in (1, 2, 3):
        most = most_by_fakes(own, reward, 1.75, k, paid=True)
        assert posted.gain_by_fakes(k, identity_cost=1.75) == pytest.approx(most)
        assert (most <= 1e-9) == (k <= 2)
    with pytest.raises(SolveError, match="too low"):
        subsidies(hub, 1, posted=True, peers=True, identity_cost=1.75)


def test_rewards_are_for_friends_who_join_before():
    """Bob lacks more than his own subsidy may be, and has ann, who joined, but not yet cem."""
    trio = Graph.from_edges([0, 1, 1, 2], [1, 0, 2, 1])
    game = Participation(trio, [1.0, 0.0, 0.0], support=0.5, cost=[1.0, 1.25, 1.0])
    plan = subsidies(game, 1, robust=True, peers=True, most=0.5, identity_cost=0.25)
    assert plan.order.tolist() == [0, 1, 2]
    assert plan.own == pytest.approx([0, 0.5, 0.5])
    assert plan.peer == pytest.approx([0, 0.25, 0, 0])
    assert plan.is_least


def test_posted_rewards_stand_in_for_subsidies_that_fakes_would_take():
    """Six friends of one another, and one with four friends who lacks 1: s + 4 r >= 1, s + 2 r <= .8."""
    pairs = [(i, j) for i in range(6) for j in range(i)] + [(6, j) for j in range(4)]
    graph = Graph.from_edges(*np.array(pairs).T, directed=False)
    game = Participation(graph, [0.0] * 7, support=0.0, cost=[0.0] * 6 + [1.0])
    plan = subsidies(game, 1, posted=True, peers=True, identity_cost=0.8, identities=1)
    assert (plan.own[0], plan.peer[0]) == (pytest.approx(0.6), pytest.approx(0.1))
    assert plan.cost == pytest.approx(8.0)
    assert plan.bound == pytest.approx(8.0)
    assert plan.gain_by_fakes(1, identity_cost=0.8) <= 1e-9


def test_prints_draws_and_writes():
    game = Participation(PATH, 0.0, support=1.0, cost=1.5)
    plan = subsidies(game, 1, robust=True, peers=True)
    text = str(plan)
    assert "ann" in text
    assert "3 of 3 people" in text
    assert "no payments of this kind cost less" in text
    document = json.loads(json.dumps(plan.to_dict()))
    assert document["cost"] == pytest.approx(2.5)
    assert document["added"] == 3
    assert len(plan.plot().patches) == 3
    limited = subsidies(game, 1, peers=True, most=0.25)
    assert len(limited.plot().patches) == 6
    assert "peer" in str(limited)


def test_many_rows_are_summed():
    ring = Graph.from_edges(np.arange(30), np.roll(np.arange(30), 1))
    assert "6 more" in str(subsidies(Participation(ring, 0.0, support=0.0, cost=1.0), 1))


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: subsidies(g.graph, 1), InvalidInputError, "a Participation game"),
        (lambda g: subsidies(g, [1, 0, 2]), InvalidInputError, r"profile\[2\] is 2.0"),
        (lambda g: subsidies(g, 1, most=-1.0), InvalidInputError, "most is -1.0"),
        (lambda g: subsidies(g, 1, posted=True, most=[1, 1, 1]), InvalidInputError, "one number for posted"),
        (lambda g: subsidies(g, 1, identity_cost=-1), InvalidInputError, "identity_cost is -1"),
        (lambda g: subsidies(g, 1, identities=2), InvalidInputError, "identities is 2"),
        (lambda g: subsidies(g, 1, exact=21), InvalidInputError, "exact is 21"),
        (lambda g: subsidies(g, [1, 0, 0]), SolveError, "person cem is wanted out but wants in"),
        (lambda g: subsidies(g, 1, most=0.25), SolveError, "too low for person ann"),
        (lambda g: subsidies(g, 1, most=0.75, robust=True), SolveError, "no order of joining meets"),
        (lambda g: subsidies(g, 1, most=0.7, exact=1, robust=True), UnsupportedProblemError, "3 people wait"),
        (lambda g: subsidies(g, 1, posted=True, peers=True, robust=True), UnsupportedProblemError, "posted"),
        (lambda g: subsidies(g, [1, 1, 0], posted=True), SolveError, "wanted out"),
    ],
)
def test_wrong_input_and_hopeless_wishes(call, error, message):
    game = Participation(PATH, [0.0, 0.0, 1.5], support=0.5, cost=1.25)
    if "wait" in message or "order" in message:
        game = Participation(PATH, 0.0, support=1.0, cost=1.5)
    with pytest.raises(error, match=message):
        call(game)


def test_least_equilibria_need_support():
    game = Participation(PATH, 0.0, support=-1.0, cost=1.5)
    with pytest.raises(UnsupportedProblemError, match="below 0"):
        subsidies(game, 1, robust=True)
