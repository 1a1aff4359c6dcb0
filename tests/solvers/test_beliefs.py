"""Odds and payoffs: closed forms, also where nobody stands."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Campaign, CostModel, Graph, IncentiveNetwork, Members, Recursive, Search
from solvers.beliefs import by_winner, odds, payoffs
from solvers.worlds import Worlds


def campaign_on(edges, *, depth, contact=0.5, find=0.1, directed=True):
    source, target = zip(*edges, strict=True)
    cost = CostModel.exponential(mean=1)
    network = IncentiveNetwork(
        Graph.from_edges(source, target, directed=directed), contact=contact, join=cost, invite=cost
    )
    return Campaign(network, Search(prize=1, find=find), team=Members([0]), max_depth=depth)


def play(campaign, join, invite, replicates=2000):
    worlds = Worlds(campaign, np.random.SeedSequence(1))
    join, invite = np.array(join, float), np.array(invite, float)
    counts = worlds.play(join, invite, replicates=replicates)
    return counts, odds(worlds, counts, join, invite)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=8), st.floats(0.001, 1))
def test_wins_sum_to_the_chance_that_anybody_finds(members, find):
    chance = Search(prize=1, find=find).stakes(np.array([members]))
    assert np.all(chance >= 0)
    assert chance.sum() == pytest.approx(1 - (1 - find) ** sum(members), abs=1e-12)


def test_payoffs_are_the_sums_of_the_model():
    rng = np.random.default_rng(3)
    members, won, invitations = rng.random(4) + 1, rng.random(4), rng.random(4) + 1
    table = np.tril(rng.random((4, 4)))

    class Fixed:
        joining = np.triu(np.ones((4, 4))) * won / members[:, None]
        inviting = np.triu(np.ones((4, 4)), 1) * won / invitations[:, None]

    joining, inviting = payoffs(table, Fixed, targets=3)
    for d in range(4):
        steps = range(4 - d)
        by_hand = 3 * sum(won[d + m] / members[d] * table[d + m, m] for m in steps)
        assert joining[d] == pytest.approx(by_hand, rel=1e-12)
        by_hand = 3 * sum(won[d + m] / invitations[d] * table[d + m, m] for m in steps if m)
        assert inviting[d] == pytest.approx(by_hand, rel=1e-12)


def test_by_winner_looks_up_the_finders_depth():
    table = Recursive(0.5).table(4)
    lined = by_winner(table)
    assert lined[0, 2] == table[2, 2]
    assert lined[2, 2] == table[2, 0]
    assert lined[2, 1] == 0


def test_one_member_per_depth_on_a_path():
    # Everybody joins: the winner stands at depth d with chance (1 - f)^(d - 1) f, in everybody's line.
    campaign = campaign_on([(i, i + 1) for i in range(4)], depth=4, contact=1.0, find=0.25)
    _, beliefs = play(campaign, [1, 1, 1, 1], [1, 1, 1, 0])
    won = 0.75 ** np.arange(4) * 0.25
    assert beliefs.joining == pytest.approx(np.triu(np.tile(won, (4, 1))), abs=1e-12)
    assert beliefs.inviting == pytest.approx(np.triu(np.tile(won, (4, 1)), 1), abs=1e-12)


def test_an_empty_depth_has_the_limit_of_vanishing_participation():
    # Nobody joins at depth 2, so depths 2 and 3 are empty; there the forced person's line counts alone.
    edges = nx.balanced_tree(3, 5, create_using=nx.DiGraph).edges
    find, contact, join = 0.1, 0.5, [1.0, 0.0, 0.6, 0.5]
    campaign = campaign_on(edges, depth=4, contact=contact, find=find)
    counts, beliefs = play(campaign, join, [0.8, 0.7, 0.6, 0.0])
    assert counts.members[:, 1:].sum() == 0
    first = counts.members[:, 0]
    # A world counts as often as it has pairs: 3 per member of depth 1.
    chosen = np.flatnonzero(first)[:64]
    survive = np.average((1 - find) ** first[chosen], weights=first[chosen])
    assert beliefs.joining[1, 1] == pytest.approx(survive * find, rel=1e-12)
    # The forced person at depth 2 has a line of its own: followers at depth 3 join with chance .6.
    followers = 3 * contact * 0.7 * 0.6
    assert beliefs.joining[1, 2] == pytest.approx(survive * (1 - find) * find * followers, rel=0.5)
    # An invitation reaches with the contact chance and is accepted at the believed rate, here never.
    assert beliefs.inviting[0] == pytest.approx(contact * join[1] * beliefs.joining[1])
    assert beliefs.inviting[1, 2] == pytest.approx(contact * join[2] * beliefs.joining[2, 2])
    assert beliefs.joining[2, 2] == pytest.approx(beliefs.joining[1, 1], rel=1e-12)


def test_a_depth_that_nobody_can_reach_has_odds_zero():
    campaign = campaign_on([(0, 1), (0, 2)], depth=3, contact=1.0)
    _, beliefs = play(campaign, [1, 1, 1], [1, 1, 0], replicates=50)
    assert beliefs.members.tolist() == [2, 0, 0]
    assert not beliefs.joining[1:].any()
    assert not beliefs.inviting.any()


def test_nobody_at_all_still_has_odds():
    campaign = campaign_on([(0, 1), (0, 2), (1, 2)], depth=2, contact=1.0, find=0.1)
    _, beliefs = play(campaign, [0, 0], [1, 0], replicates=200)
    assert beliefs.members.tolist() == [0, 0]
    assert beliefs.joining[0, 0] == pytest.approx(0.1)
