"""Random search: it finds what only larger forests show, shrinks it, and draws the same with the same seed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.errors import InvalidInputError
from mechanism.schemes import CDRM1, CDRM2, GeometricTree
from proofs import SybilProof, falsify
from proofs.strategies import (
    forests,
    graphs,
    identity_splits,
    path_schemes,
    path_tables,
    shares,
    small_forests,
    tree_schemes,
)
from proofs.trees import (
    ContributionIncentive,
    ProportionalReward,
    SubtreeLocality,
    UnprofitableBypassing,
    UnprofitableSybilAttack,
)

F = Fraction


def crowded(forest):
    """Pay contributions, but nothing to members with five recruits or more."""
    return [0 if len(forest.children(u)) > 4 else c for u, c in enumerate(forest.contributions)]


def deep(forest):
    """Pay contributions, a millionth more from depth 5 on."""
    return [
        c * (1 + F(1, 10**6) * (d > 4))
        for c, d in zip(forest.contributions, forest.depths.tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("rule", "claimed", "members"),
    [
        (crowded, ProportionalReward(1), 6),
        (deep, SubtreeLocality(), 5),
        (deep, UnprofitableBypassing(), 5),
        (GeometricTree(F(1, 2), F(1, 2)), UnprofitableSybilAttack(), 2),
    ],
)
def test_faults_are_found_and_shrunk(rule, claimed, members):
    case = falsify(rule, claimed, max_examples=2000)
    assert case is not None
    assert case.members == members
    assert len(set(case.before[1])) == 1
    assert falsify(rule, claimed, max_examples=2000).to_dict() == case.to_dict()


@pytest.mark.parametrize("scheme", [CDRM1(F(1, 2), F(1, 4)), CDRM2(F(1, 2), F(1, 4))])
@pytest.mark.parametrize(
    "claimed", [UnprofitableSybilAttack(), ContributionIncentive(), ProportionalReward(F(1, 4))]
)
def test_nothing_is_found_where_nothing_is(scheme, claimed):
    assert falsify(scheme, claimed, max_examples=20, members=4) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"members": 0}, "members is 0"),
        ({"max_examples": 0}, "max_examples is 0"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_input(arguments, message):
    with pytest.raises(InvalidInputError, match=message):
        falsify(crowded, ProportionalReward(1), **arguments)
    with pytest.raises(InvalidInputError, match="property is"):
        falsify(crowded, SybilProof())


class TestStrategies:
    @given(small_forests(most=6), st.data())
    def test_splits_keep_everybody_else(self, forest, data):
        member, after, identities = data.draw(identity_splits(forest))
        assert sum(after[1][i] for i in identities) == forest[1][member]
        assert len(after[0]) == len(forest[0]) + len(identities) - 1
        assert all(parent < u for u, parent in enumerate(after[0]))
        others = [c for u, c in enumerate(after[1]) if u not in identities]
        assert others == [c for u, c in enumerate(forest[1]) if u != member]
        above = {after[0][i] for i in identities if after[0][i] not in identities}
        assert above == {forest[0][member]}

    @given(forests())
    def test_forests(self, forest):
        assert forest.is_exact
        assert forest.is_ordered
        assert 1 <= forest.size <= 8

    @given(graphs())
    def test_graphs(self, graph):
        assert 1 <= graph.m <= graph.n * (graph.n - 1)

    @settings(max_examples=40)
    @given(path_schemes(), path_tables())
    def test_path_schemes(self, scheme, table):
        for drawn in (scheme, table):
            assert drawn.exact() == drawn
            assert all(reward >= 0 for row in drawn.exact_table(4) for reward in row)

    @settings(max_examples=40)
    @given(tree_schemes(), forests(most=5))
    def test_tree_schemes(self, scheme, forest):
        assert scheme.is_rational
        assert all(isinstance(reward, Fraction) for reward in scheme.rewards(forest))

    @given(shares(zero=False, one=False))
    def test_shares(self, share):
        assert 0 < share < 1
