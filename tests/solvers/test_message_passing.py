"""Message passing: exact on trees, compared with enumeration; its bias elsewhere is measured."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    InvalidInputError,
    Members,
    Motives,
    ResponseTime,
    Search,
    UnsupportedProblemError,
)
from solvers import spread
from solvers.exact_diffusion import exact_spread
from solvers.message_passing import expected_recruits, expected_spread
from solvers.worlds import Worlds
from tests.reference import exact


def campaign_on(graph, *, depth=4, contact=0.6, **rules):
    network = IncentiveNetwork(
        graph,
        contact=contact,
        join=CostModel.exponential(mean=1),
        invite=CostModel.exponential(mean=1),
        motives=rules.pop("motives", None),
    )
    return Campaign(network, Search(prize=1, find=0.1), team=Members([0]), max_depth=depth, **rules)


@st.composite
def trees(draw):
    """A random tree, each edge in one or both directions, and chances of its arcs."""
    n = draw(st.integers(2, 9))
    arcs = set()
    for v in range(1, n):
        u = draw(st.integers(0, v - 1))
        arcs |= draw(st.sampled_from([{(u, v)}, {(u, v), (v, u)}, {(v, u)}]))
    graph = Graph.from_edges(*zip(*sorted(arcs), strict=True))
    chances = draw(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=graph.m, max_size=graph.m))
    return graph, chances


@given(trees(), st.data())
def test_trees_are_exact(tree, data):
    graph, chances = tree
    seeds = data.draw(st.lists(st.integers(0, graph.n - 1), min_size=1, max_size=2, unique=True))
    passed = expected_spread(graph, seeds, probability=chances, max_depth=graph.n)
    assert passed.is_tree
    expected = exact_spread(graph, seeds, probability=chances).members_by_depth
    padded = np.zeros(graph.n + 1)
    padded[: len(expected)] = [float(x) for x in expected]
    assert passed.members_by_depth == pytest.approx(padded, abs=1e-12)


@pytest.mark.parametrize("join", [["9/10", "1/2", "1/5", "1/10"], ["1/5", "1/2", "4/5", "9/10"]])
@pytest.mark.parametrize("both_ways", [False, True])
def test_recruitment_on_trees_is_exact(join, both_ways):
    arcs = [(0, 1), (0, 2), (1, 3), (1, 4), (4, 5)]
    arcs = sorted([*arcs, *((v, u) for u, v in arcs)]) if both_ways else arcs
    accept, invite = (
        [Fraction(x) for x in join],
        [Fraction(4, 5), Fraction(3, 5), Fraction(1, 4), Fraction(0)],
    )
    expected = exact.members_by_depth(arcs, [0], [0, *accept], [1, *invite], Fraction(3, 5))
    campaign = campaign_on(Graph.from_edges(*zip(*arcs, strict=True)))
    passed = expected_recruits(campaign, join=np.array(accept, float), invite=np.array(invite, float))
    assert passed.members_by_depth[1:] == pytest.approx([float(x) for x in expected], abs=1e-12)


def test_who_is_asked_twice_on_two_ways_is_approximated():
    """A diamond: the two ways to the last person share nobody but the root, whose coins are certain."""
    diamond = Graph.from_edges([0, 0, 1, 2], [1, 2, 3, 3])
    passed = expected_spread(diamond, [0], probability=0.5, max_depth=3)
    assert not passed.is_tree
    assert passed.members_by_depth[2] == pytest.approx(1 - 0.75**2)  # independent here, so exact all the same
    # A shared first arc makes the ways dependent: the total is overstated.
    shared = Graph.from_edges([0, 1, 1, 2, 3], [1, 2, 3, 4, 4])
    passed = expected_spread(shared, [0], probability=0.5, max_depth=4)
    assert passed.total > float(exact_spread(shared, [0], probability=0.5).spread)


def test_bias_against_simulation():
    rng = np.random.default_rng(0)
    pairs = rng.integers(0, 200, (600, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    graph = Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")
    passed = expected_spread(graph, [0, 1], probability=0.2, max_depth=200)
    simulated = spread(graph, [0, 1], probability=0.2, replicates=20_000, rng=3)
    relative, error = passed.bias(simulated)
    assert relative == pytest.approx(passed.total / simulated.spread - 1)
    assert 0 < error < 0.02
    assert -5 * error < relative < 0.5


def test_recruits_near_the_simulated_ones():
    rng = np.random.default_rng(1)
    pairs = rng.integers(0, 3000, (4000, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    graph = Graph.from_edges(pairs[:, 0], pairs[:, 1], duplicates="merge")
    hub = int(np.argmax(graph.out_degree))
    campaign = campaign_on(graph, depth=6)
    object.__setattr__(campaign, "team_nodes", np.array([hub], dtype=np.int32))
    join, invite = np.linspace(0.9, 0.6, 6), np.append(np.full(5, 0.8), 0)
    passed = expected_recruits(campaign, join=join, invite=invite)
    members = Worlds(campaign, np.random.SeedSequence(1)).play(join, invite, replicates=20_000).members
    error = members.std(axis=0) / np.sqrt(len(members))
    # Sparse: nearly a tree around the hub, so that the bias is small beside the sampling error and 3 %.
    assert (
        np.abs(passed.members_by_depth[1:] - members.mean(axis=0)) < 5 * error + 0.03 * members.mean()
    ).all()


@pytest.mark.parametrize(
    "rules",
    [
        {"max_invites": 2},
        {"response": ResponseTime.exponential(mean=1)},
        {"motives": Motives(charity=[0, 1, 0])},
    ],
)
def test_unsupported_campaigns(rules):
    campaign = campaign_on(Graph.from_edges([0, 1], [1, 2]), **rules)
    with pytest.raises(UnsupportedProblemError, match="use recruit"):
        expected_recruits(campaign, join=np.ones(4), invite=np.ones(4))


@pytest.mark.parametrize(
    ("change", "words"), [({"join": [1]}, "join is"), ({"invite": [2, 0, 0, 0]}, "invite is")]
)
def test_wrong_decisions(change, words):
    campaign = campaign_on(Graph.from_edges([0, 1], [1, 2]))
    with pytest.raises(InvalidInputError, match=words):
        expected_recruits(campaign, **({"join": np.ones(4), "invite": np.ones(4)} | change))


def test_prints_as_a_table():
    passed = expected_spread(Graph.from_edges([0, 1], [1, 2]), [0], probability=0.5, max_depth=5)
    assert "exact" in str(passed)
    assert "0.250" in str(passed)
