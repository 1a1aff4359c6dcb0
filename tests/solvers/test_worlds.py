"""Simulated members by depth against exact computations and closed forms."""

from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Search
from mechanism.campaign import Members
from solvers.worlds import Worlds
from tests.reference import exact

REPLICATES = 100_000
FALSE_ALARM = 1e-6  # for each comparison of one expected count, two-sided
BOUND = stats.norm.isf(FALSE_ALARM / 2)


def campaign_on(arcs, team, depth, contact, n=None):
    source, target = zip(*arcs, strict=True)
    network = IncentiveNetwork(
        Graph.from_edges(source, target),
        contact=contact,
        join=CostModel.exponential(mean=1),
        invite=CostModel.exponential(mean=1),
    )
    return Campaign(network, Search(prize=1, find=0.1), team=Members(team), max_depth=depth)


def simulated(campaign, join, invite, seed=5):
    worlds = Worlds(campaign, np.random.SeedSequence(seed))
    return worlds.play(np.array(join, float), np.array(invite, float), replicates=REPLICATES)


def agree(members, expected, *, people):
    """Compare mean counts with exact values, each within the false-alarm rate.

    Frequent counts are compared by the normal law of the mean, rare ones by Bernstein's inequality,
    with E count^2 <= people * E count.
    """
    replicates = len(members)
    for depth, value in enumerate(map(float, expected)):
        column = members[:, depth]
        if replicates * value > 2000:
            allowed = BOUND * column.std() / np.sqrt(replicates)
        else:
            log = np.log(2 / FALSE_ALARM)
            allowed = np.sqrt(2 * people * value * log / replicates) + people * log / (3 * replicates)
            allowed *= value > 0
        assert abs(column.mean() - value) <= allowed, (depth, column.mean(), value, allowed)


GRAPHS = {
    "diamond, twice the same contact": ([(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (1, 4)], [0]),
    "cycle with a chord": ([(0, 1), (1, 2), (2, 3), (3, 0), (1, 3), (3, 1), (2, 0)], [0]),
    "who refuses is asked again deeper": ([(0, 3), (0, 1), (1, 3), (1, 2), (2, 3), (3, 4)], [0]),
    "two in the team": ([(0, 2), (1, 2), (1, 3), (2, 3), (3, 4), (2, 5), (5, 4), (4, 5)], [0, 1]),
    "clique of four": ([(u, v) for u in range(4) for v in range(4) if u != v], [0]),
}
for _seed in range(4):
    _rng = np.random.default_rng(_seed)
    _pairs = [(u, v) for u in range(5) for v in range(1, 5) if u != v]
    _arcs = sorted(_pairs[i] for i in _rng.choice(len(_pairs), 10, replace=False))
    GRAPHS[f"random {_seed}"] = (sorted({(0, 1), *_arcs}), [0])
PROFILES = {
    "deeper is worth less": (["9/10", "1/2", "1/5", "1/10"], ["4/5", "3/5", "1/4", "0"]),
    "deeper is worth more": (["1/5", "1/2", "4/5", "9/10"], ["1/4", "3/5", "1", "0"]),
    "nobody below depth two": (["3/4", "1/2", "0", "0"], ["1", "1/2", "1", "0"]),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_members_by_depth_equal_exact_enumeration(graph, profile):
    arcs, team = graph
    join, invite = ([Fraction(x) for x in values] for values in profile)
    expected = exact.members_by_depth(arcs, team, [0, *join], [1, *invite], Fraction(3, 5))
    members = simulated(campaign_on(arcs, team, 4, 0.6), join, invite).members
    agree(members, expected, people=5)


def test_path_closed_form():
    arcs = [(i, i + 1) for i in range(5)]
    join, invite, contact = [0.9, 0.8, 0.7, 0.6], [0.5, 0.6, 0.7, 0], 0.9
    reach = contact * np.array([1, *invite[:-1]]) * np.array(join)
    agree(simulated(campaign_on(arcs, [0], 4, contact), join, invite).members, np.cumprod(reach), people=1)


def test_star_closed_form():
    arcs = [(0, i) for i in range(1, 41)] + [(i, 0) for i in range(1, 41)]
    members = simulated(campaign_on(arcs, [0], 3, 0.3), [0.5, 1, 1], [1, 1, 0]).members
    assert not members[:, 1:].any()
    # Independent people: the count is binomial in every world, so its sum and its variance are known.
    assert stats.binomtest(int(members.sum()), 40 * REPLICATES, 0.15).pvalue > FALSE_ALARM
    variance = 40 * 0.15 * 0.85
    assert abs(members[:, 0].var(ddof=1) / variance - 1) < BOUND * np.sqrt(2.1 / REPLICATES)


def test_complete_binary_tree_closed_form():
    arcs = [(i, child) for i in range(31) for child in (2 * i + 1, 2 * i + 2)]
    join, invite, contact = [0.9, 0.7, 0.5, 0.4], [0.8, 0.9, 0.6, 0], 0.7
    branching = 2 * contact * np.array([1, *invite[:-1]]) * np.array(join)
    counts = simulated(campaign_on(arcs, [0], 4, contact), join, invite)
    agree(counts.members, np.cumprod(branching), people=16)
    # Each member invites each of its two contacts with the inviting chance, whether it arrives or not.
    error = counts.invitations.std(axis=0) / np.sqrt(REPLICATES)
    expected = 2 * np.array(invite) * np.cumprod(branching)
    assert np.all(np.abs(counts.invitations.mean(axis=0) - expected) <= BOUND * error)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_do_not_change_a_bit(threads):
    rng = np.random.default_rng(0)
    arcs = sorted({(int(u), int(v)) for u, v in rng.integers(0, 200, (1500, 2)) if u != v})
    campaign = campaign_on(arcs, [arcs[0][0]], 5, 0.4)
    join, invite = np.full(5, 0.8), np.append(np.full(4, 0.7), 0)
    one = Worlds(campaign, np.random.SeedSequence(3), engine=1)
    many = Worlds(campaign, np.random.SeedSequence(3), engine=threads)
    expected = one.play(join, invite, replicates=333)
    got = many.play(join, invite, replicates=333)
    assert np.array_equal(expected.members, got.members)
    assert np.array_equal(expected.invitations, got.invitations)
    # Any stretch of worlds is the same stretch, whoever plays it.
    part = many.play(join, invite, replicates=50, first=200)
    assert np.array_equal(expected.members[200:250], part.members)
