"""The cascade kernels equal their slow twin on the same coins, exactly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from solvers import kernels
from tests.reference.worlds import World

probability = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


@st.composite
def games(draw):
    n = draw(st.integers(2, 12))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda arc: arc[0] != arc[1])
    arcs = sorted(draw(st.sets(pairs, max_size=40)))
    single = draw(st.booleans())
    contact = [draw(probability)] * len(arcs) if single else [draw(probability) for _ in arcs]
    team = sorted(draw(st.sets(st.integers(0, n - 1), min_size=1, max_size=2)))
    depth = draw(st.integers(1, 5))
    people = draw(st.sampled_from([1, 2, n]))
    join = [[0.0] + [draw(probability) for _ in range(depth)] for _ in range(people)]
    kinds = [draw(st.integers(0, people - 1)) for _ in range(n if people > 1 else 1)]
    invite = [1.0] + [draw(probability) for _ in range(depth)]
    key = draw(st.tuples(*[st.integers(0, 2**64 - 1)] * 2))
    return n, arcs, contact, single, team, kinds, join, invite, draw(st.integers(0, 4)), key


def depth_of(game):
    return len(game[7]) - 1


def arrays(game):
    n, arcs, contact, single, team, kinds, join, invite, max_invites, key = game
    counts = np.bincount([arc[0] for arc in arcs], minlength=n) if arcs else np.zeros(n, int)
    return (
        np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        np.array([arc[1] for arc in arcs], dtype=np.int32),
        np.array((contact[:1] or [0.5]) if single else contact),
        np.array(team, dtype=np.int32),
        np.array(kinds, dtype=np.int32),
        np.array(join),
        np.array(invite),
        max_invites,
        np.array(key, dtype=np.uint64),
    )


def scratch(n, max_invites):
    return (
        np.zeros(n // 64 + 1, dtype=np.uint64),
        np.zeros(n // 64 + 1, dtype=np.uint64),
        np.empty(n, dtype=np.int32),
        np.zeros(n, dtype=np.int64),
        np.empty(max_invites),
        np.empty(max_invites, dtype=np.int64),
        np.empty(kernels.PENDING, dtype=np.int64),
    )


def worlds(game, replicates):
    n, arcs, contact, _, team, kinds, join, invite, max_invites, key = game
    weighted = [(u, v, c) for (u, v), c in zip(arcs, contact, strict=True)]
    people = {"kinds": kinds * n if len(kinds) == 1 else kinds, "max_invites": max_invites}
    return [World(weighted, team, join, invite, key, replicate, **people) for replicate in replicates]


@given(games(), st.integers(0, 10**6))
def test_counts_equal_the_twin(game, first):
    depth = depth_of(game)
    members, invitations = np.zeros((3, depth), np.int64), np.zeros((3, depth))
    kernels.cascade(*arrays(game), first, members, invitations, *scratch(game[0], game[8]))
    twins = worlds(game, range(first, first + 3))
    assert members.tolist() == [world.members for world in twins]
    # The twin adds in another order.
    assert invitations == pytest.approx(np.array([world.invitations for world in twins]), rel=1e-12)


@given(games(), st.integers(0, 10**6))
def test_recruiters_equal_the_twin(game, replicate):
    memory = scratch(game[0], game[8])
    members = np.zeros(depth_of(game), np.int64)
    count = kernels.play(*arrays(game), replicate, members, np.zeros(depth_of(game)), *memory)
    _, _, queue, via, *_ = memory
    (world,) = worlds(game, [replicate])
    order = queue[:count].tolist()
    depths = np.repeat(np.arange(depth_of(game) + 1), [len(game[4]), *members])
    assert dict(zip(order, depths.tolist(), strict=True)) == world.depth
    assert {v: int(via[v]) for v in world.via} == world.via


@given(games(), st.integers(0, 10**6))
def test_forced_play_equals_the_twin(game, replicate):
    depth = depth_of(game)
    (world,) = worlds(game, [replicate])
    deepest = sum(count > 0 for count in world.members)
    members, followers = np.zeros((1, depth), np.int64), np.zeros((1, depth, depth), np.int64)
    reach, pairs = np.zeros((1, depth)), np.zeros(1, np.int64)
    kernels.vanishing(
        *arrays(game),
        np.array([replicate]),
        deepest,
        members,
        followers,
        reach,
        pairs,
        *scratch(game[0], game[8]),
    )
    expected = world.force(deepest)
    assert members[0].tolist() == world.members
    assert (followers[0].tolist(), reach[0].tolist(), int(pairs[0])) == expected


@given(games(), st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_a_world_does_not_depend_on_the_worlds_played_before(game, before):
    depth = depth_of(game)
    reused = scratch(game[0], game[8])
    for replicate in (*before, 7):
        members, invitations = np.zeros((1, depth), np.int64), np.zeros((1, depth))
        kernels.cascade(*arrays(game), replicate, members, invitations, *reused)
    assert not any(marks.any() for marks in reused[:2])
    alone = np.zeros((1, depth), np.int64), np.zeros((1, depth))
    kernels.cascade(*arrays(game), 7, *alone, *scratch(game[0], game[8]))
    assert members.tolist() == alone[0].tolist()
    assert invitations.tolist() == alone[1].tolist()
