"""The race by the clock equals its slow twin on the same coins; delays follow their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mechanism import ResponseTime
from solvers import kernels
from solvers.kernels import clock
from solvers.kernels.random import DELAY_STREAM, stream
from tests.reference import clock as twin
from tests.solvers.kernels.test_cascade import arrays, games, scratch

LAWS = {
    "exponential": ResponseTime.exponential(mean=2),
    "gamma": ResponseTime.gamma(shape=2.5, mean=3),
    "gamma below 1": ResponseTime.gamma(shape=0.4, mean=3),
    "lognormal": ResponseTime.lognormal(median=1, sigma=1.5),
    "pareto": ResponseTime.pareto(least=0.5, exponent=1.2),
}
CODES = {
    "exponential": clock.EXPONENTIAL,
    "gamma": clock.GAMMA,
    "lognormal": clock.LOGNORMAL,
    "pareto": clock.PARETO,
}


@given(
    games(),
    st.sampled_from(list(LAWS.values())),
    st.floats(0.001, 1),
    st.sampled_from([np.inf, 1.0, 4.0]),
    st.integers(0, 10**6),
)
def test_worlds_equal_the_twin(game, law, find, horizon, first):
    n, arcs, contact, _, team, kinds, join, invite, max_invites, key = game
    *rules, own_key = arrays(game)
    depth = len(invite) - 1
    times = np.array([0.0, 0.5, 1.0, 3.0, 20.0])
    members, joined = np.zeros((2, depth), np.int64), np.zeros((2, len(times)), np.int64)
    invitations, wins, ends = np.zeros((2, depth)), np.zeros((2, depth)), np.zeros((2, 2))
    via = np.zeros(n, np.int64)
    marks, queue, size = np.zeros(n // 64 + 1, np.uint64), np.empty(n, np.int32), max(len(arcs), 1)
    clock.race(
        *rules, CODES[law.kind], *law.parameters, find, horizon, own_key, first, times, members, invitations, wins,
        joined, ends, marks, queue, via, np.empty(max_invites), np.empty(max_invites, np.int64),
        np.empty(size), np.empty(size, np.int64), np.empty(size, np.int32),
    )  # fmt: skip
    assert not marks.any()
    weighted = [(u, v, c) for (u, v), c in zip(arcs, contact, strict=True)]
    for row in range(2):
        world = twin.Race(
            weighted, team, join, invite, (law.kind, *law.parameters), find, horizon, key, first + row,
            kinds=kinds * n if len(kinds) == 1 else kinds, max_invites=max_invites,
        )  # fmt: skip
        assert members[row].tolist() == world.members
        assert invitations[row] == pytest.approx(world.invitations, rel=1e-12)
        assert wins[row] == pytest.approx(world.wins, rel=1e-12)
        assert joined[row].tolist() == world.joined(times)
        assert ends[row, 0] == pytest.approx(max([0.0, *world.time.values()]), rel=1e-9)
        chances = find * (1 - find) ** np.arange(len(world.order))
        assert ends[row, 1] == pytest.approx(chances @ [world.time[v] for v in world.order], rel=1e-9)
    assert queue[len(team) : len(team) + len(world.order)].tolist() == world.order
    assert {v: int(via[v]) for v in world.via} == world.via


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_delays_follow_their_law(law):
    key = np.uint64(stream(np.array([3, 1], np.uint64), 0, DELAY_STREAM))
    drawn = [clock.delay_of(CODES[law.kind], *law.parameters, key, arc) for arc in range(2000)]
    # A true sample fails with probability 1e-7.
    assert stats.kstest(drawn, law.cdf).pvalue > 1e-7


def race_of(
    graph, law, *, join, invite, contact=1.0, find=0.1, horizon=np.inf, max_invites=0, key=(5, 6), worlds=1
):
    """Play worlds with person 0 as the team; return (members, invitations, ends, queue of the last world)."""
    n, arcs = graph
    game = n, arcs, [contact] * len(arcs), True, [0], [0], [[0.0, *join]], [1.0, *invite], max_invites, key
    depth, m = len(join), len(arcs)
    members, joined = np.zeros((worlds, depth), np.int64), np.zeros((worlds, 0), np.int64)
    invitations, wins, ends = np.zeros((worlds, depth)), np.zeros((worlds, depth)), np.zeros((worlds, 2))
    queue = np.empty(n, np.int32)
    *rules, own_key = arrays(game)
    clock.race(
        *rules, CODES[law.kind], *law.parameters, find, horizon, own_key, 0, np.empty(0), members, invitations, wins,
        joined, ends, np.zeros(n // 64 + 1, np.uint64), queue, np.empty(0, np.int64), np.empty(max_invites),
        np.empty(max_invites, np.int64), np.empty(m), np.empty(m, np.int64), np.empty(m, np.int32),
    )  # fmt: skip
    return members, invitations, ends, queue


@st.composite
def trees(draw):
    """A tree rooted at person 0, arcs away from the root: nobody has two possible recruiters."""
    n = draw(st.integers(2, 12))
    arcs = sorted((draw(st.integers(0, person - 1)), person) for person in range(1, n))
    return n, arcs


@given(
    trees(),
    st.sampled_from(list(LAWS.values())),
    st.lists(st.floats(0, 1), min_size=4, max_size=4),
    st.floats(0.1, 1),
    st.integers(0, 3),
    st.tuples(*[st.integers(0, 2**64 - 1)] * 2),
)
def test_on_trees_the_race_is_the_game_in_rounds(graph, law, chances, contact, max_invites, key):
    rules = {"join": chances, "invite": [*chances[1:], 0.0]}
    members, invitations, _, _ = race_of(
        graph, law, contact=contact, max_invites=max_invites, key=key, worlds=3, **rules
    )
    n, arcs = graph
    game = (
        n,
        arcs,
        [contact] * len(arcs),
        True,
        [0],
        [0],
        [[0.0, *chances]],
        [1.0, *rules["invite"]],
        max_invites,
        key,
    )
    expected, made = np.zeros((3, 4), np.int64), np.zeros((3, 4))
    kernels.cascade(*arrays(game), 0, expected, made, *scratch(n, max_invites))
    assert members.tolist() == expected.tolist()
    assert invitations == pytest.approx(made, rel=1e-12)


def test_equal_delays_make_rounds():
    """Answers after a day each (a Pareto law with all but no spread): members by depth are those in rounds."""
    rng = np.random.default_rng(2)
    arcs = sorted({(int(u), int(v)) for u, v in rng.integers(0, 30, (120, 2)) if u != v})
    law = ResponseTime.pareto(least=1, exponent=1e9)  # within 1e-7 of a day: rounds never overlap
    everybody = {"join": [1.0] * 4, "invite": [1.0, 1.0, 1.0, 0.0]}
    members, _, ends, _ = race_of((30, arcs), law, contact=0.6, worlds=20, **everybody)
    game = 30, arcs, [0.6] * len(arcs), True, [0], [0], [[0.0] + [1.0] * 4], [1.0] * 4 + [0.0], 0, (5, 6)
    expected = np.zeros((20, 4), np.int64)
    kernels.cascade(*arrays(game), 0, expected, np.zeros((20, 4)), *scratch(30, 0))
    assert members.tolist() == expected.tolist()
    assert members.sum() > 100
    assert ends[:, 0] == pytest.approx((members > 0).sum(axis=1), rel=1e-6)


def test_joining_times_on_a_path_are_gamma():
    path = 4, [(0, 1), (1, 2), (2, 3)]
    _, _, ends, _ = race_of(
        path, ResponseTime.exponential(mean=2), join=[1.0] * 3, invite=[1.0] * 3, worlds=1500
    )
    # A true sample fails with probability 1e-6.
    assert stats.kstest(ends[:, 0], stats.gamma(3, scale=2).cdf).pvalue > 1e-6


@given(st.floats(0.1, 10), st.integers(0, 2**64 - 1), st.sampled_from([0, 1]))
def test_the_horizon_cuts_the_order_of_joining(horizon, key, max_invites):
    """On a path who has joined by the horizon is who joins when recruitment ends there."""
    path = 6, [(v, v + 1) for v in range(5)]
    law = ResponseTime.lognormal(median=1, sigma=1)
    rules = {"join": [1.0] * 5, "invite": [1.0] * 5, "key": (key, 1)}
    members, _, ends, _ = race_of(path, law, horizon=horizon, max_invites=max_invites, **rules)
    assert ends[0, 0] <= horizon
    own_key = np.uint64(stream(np.array([key, 1], np.uint64), 0, DELAY_STREAM))
    arrivals = np.cumsum([clock.delay_of(CODES[law.kind], *law.parameters, own_key, arc) for arc in range(5)])
    assert members.sum() == (arrivals <= horizon).sum()


def test_with_one_coupon_a_star_has_one_leaf():
    """Person 0 recruits 1, who has eight contacts and one coupon; each contact is as likely to get it."""
    leaves = 8
    star = leaves + 2, [(0, 1), *((1, 2 + leaf) for leaf in range(leaves))]
    rules = {"join": [1.0, 1.0], "invite": [1.0, 0.0], "max_invites": 1}
    law = ResponseTime.exponential(mean=1)
    got = np.zeros(leaves, int)
    for seed in range(400):
        members, invitations, _, queue = race_of(star, law, key=(seed, 9), **rules)
        assert members.tolist() == [[1, 1]]
        assert invitations.tolist() == [[1.0, 0.0]]
        got[queue[2] - 2] += 1
    # A true sample fails with probability 1e-6.
    assert stats.chisquare(got).pvalue > 1e-6
    # A coupon that does not arrive is spent all the same.
    members, invitations, _, _ = race_of(star, law, contact=0.5, worlds=400, **rules)
    assert (invitations[:, 0] == members[:, 0]).all()
    assert 0 < members[:, 1].sum() < members[:, 0].sum()
