"""The race by the clock equals its slow twin on the same coins; delays follow their laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mechanism import ResponseTime
from solvers.kernels import clock
from solvers.kernels.random import DELAY_STREAM, stream
from tests.reference import clock as twin
from tests.solvers.kernels.test_cascade import arrays, games

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
