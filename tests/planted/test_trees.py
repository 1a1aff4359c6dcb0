"""Almost right tree schemes: each breaks its property by a millionth, or only from six members on, and is found out."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mechanism.schemes import CappedRate, GeometricTree, LinearPachira, MultiLevel
from proofs import verify
from proofs.trees import (
    TREE_PROPERTIES,
    Additivity,
    BudgetBalance,
    BudgetConstraint,
    ContributionIncentive,
    ProfitableOpportunity,
    ProportionalReward,
    SolicitationIncentive,
    SubtreeLocality,
    Symmetry,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
    ZeroValueRoot,
)
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search

F = Fraction
E = F(1, 10**6)
HALF = F(1, 2)
SIX = 6


def sizes(forest):
    """Return the members of every subtree."""
    count = [1] * forest.size
    for u in reversed(forest.order):
        if forest.parents[u] >= 0:
            count[forest.parents[u]] += count[u]
    return count


def each(reward):
    """Return the rule that pays reward(contribution, size of the subtree, depth, members) to everybody."""

    def rule(forest):
        rows = zip(forest.contributions, sizes(forest), forest.depths.tolist(), strict=True)
        return [reward(c, size, depth, forest.size) for c, size, depth in rows]

    return rule


def numbered(sign):
    """Return the rule that pays the last of several members a little more or less."""
    return lambda forest: [c + sign * E * (u == forest.size - 1) for u, c in enumerate(forest.contributions)]


def solicited(extra):
    """Return the rule that pays by recruits below, hardly more for the sixth and those after it."""
    return each(lambda c, size, depth, n: c * (min(size, SIX) + extra * max(0, size - SIX)))


def bypassed(extra):
    return each(lambda c, size, depth, n: c * (1 + extra * (depth >= SIX)))


def level_sums(extra):
    return each(lambda c, size, depth, n: c + extra * size)


PLANTED = [  # property, the scheme that breaks it, the scheme that just does not
    (
        BudgetConstraint(HALF),
        each(lambda c, size, depth, n: c * HALF * (1 + E * (depth >= SIX))),
        each(lambda c, size, depth, n: c * HALF),
    ),
    (
        BudgetBalance(),
        each(lambda c, size, depth, n: c * (1 - E * (size >= SIX))),
        each(lambda c, size, depth, n: c),
    ),
    (
        ContributionIncentive(),
        each(lambda c, size, depth, n: min(c, F(2)) - E * max(F(0), c - 2)),
        each(lambda c, size, depth, n: min(c, F(2)) + E * max(F(0), c - 2)),
    ),
    (SolicitationIncentive(), solicited(0), solicited(E)),
    (
        ProportionalReward(HALF),
        each(lambda c, size, depth, n: c * HALF * (1 - E * (depth >= SIX))),
        each(lambda c, size, depth, n: c * HALF * (1 + E * (depth >= SIX))),
    ),
    (
        SubtreeLocality(),
        each(lambda c, size, depth, n: c * (1 + E * (n >= SIX))),
        each(lambda c, size, depth, n: c * (1 + E * (size >= SIX))),
    ),
    (UnprofitableBypassing(), bypassed(E), bypassed(0)),
    (
        UnprofitableSybilAttack(),
        each(lambda c, size, depth, n: c * HALF * (1 + E * (size >= SIX))),
        each(lambda c, size, depth, n: c * HALF),
    ),
    (
        UnprofitableSybilAttack(structure="siblings"),
        each(lambda c, size, depth, n: c + E * (n >= SIX)),
        each(lambda c, size, depth, n: c),
    ),
    (
        UnprofitableSybilAttack(identity_cost=E),
        each(lambda c, size, depth, n: c + E * F(1001, 1000)),
        each(lambda c, size, depth, n: c + E),
    ),
    (
        UnprofitableGeneralizedSybilAttack(),
        each(lambda c, size, depth, n: c * (1 + E * (size >= SIX))),
        each(lambda c, size, depth, n: c * (1 - E)),
    ),
    (Symmetry(), numbered(1), numbered(0)),
    (Additivity(), level_sums(E), level_sums(0)),
    (
        ZeroValueRoot(),
        each(lambda c, size, depth, n: F(1, n) * (1 - E * (n >= SIX))),
        each(lambda c, size, depth, n: F(1, n)),
    ),
]
REACH = Reach(members=3, brooms=7)


@pytest.mark.parametrize(("claimed", "wrong", "right"), PLANTED, ids=lambda x: getattr(x, "code", ""))
def test_found_out(claimed, wrong, right):
    case = search(Rule(wrong), claimed, REACH)
    assert case is not None
    assert 0 <= case.gain <= F(1, 1000)
    assert search(Rule(right), claimed, REACH) is None


@pytest.mark.parametrize(
    ("claimed", "wrong", "right"),
    [
        (ProfitableOpportunity(), LinearPachira(1 - E, F(1), HALF), LinearPachira(F(1), F(1), HALF)),
        (ProfitableOpportunity(), CappedRate(F(0), HALF, 1 - E), CappedRate(F(0), HALF, F(1))),
        (UnboundedReward(), LinearPachira(HALF, F(1), HALF), LinearPachira(HALF, 1 - E, HALF)),
        (BudgetConstraint(HALF), GeometricTree(HALF + E, F(1, 4)), GeometricTree(HALF - E, F(1, 4))),
        (BudgetConstraint(HALF), GeometricTree(HALF, (1 + E) / 4), GeometricTree(HALF, F(1, 4))),
        (
            UnprofitableGeneralizedSybilAttack(),
            LinearPachira(HALF, HALF, 2 * (1 + E)),
            LinearPachira(HALF, HALF, F(2)),
        ),
    ],
    ids=str,
)
def test_families_a_hair_beyond_their_condition(claimed, wrong, right):
    assert verify(wrong, claimed).holds is False
    assert verify(right, claimed).holds is True


def test_recruits_of_recruits_that_count_for_nothing():
    """With a decay of 0 a newcomer is felt one level up only, which takes three members to see."""
    verdict = verify(MultiLevel(F(0), HALF), SolicitationIncentive())
    assert verdict.holds is False
    assert verdict.counterexample.members == 3
    assert verify(MultiLevel(E, HALF), SolicitationIncentive()).holds is True


def test_every_property_has_a_planted_fault():
    tested = {type(claimed) for claimed, *_ in PLANTED} | {ProfitableOpportunity, UnboundedReward}
    assert tested == set(TREE_PROPERTIES)
