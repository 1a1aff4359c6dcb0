"""Counterexamples far away: each is evaluated again, and is the smallest of its kind."""

from __future__ import annotations

from fractions import Fraction

import pytest

from mechanism.schemes import (
    CDRM1,
    CDRM2,
    TDRM,
    CappedRate,
    GeometricTree,
    LinearLuxor,
    LinearPachira,
    Luxor,
    MultiLevel,
    Pachira,
    ShapleyTree,
)
from proofs.enclosure import lower, upper
from proofs.trees import (
    Additivity,
    BudgetConstraint,
    ProportionalReward,
    SolicitationIncentive,
    Symmetry,
    UnprofitableGeneralizedSybilAttack,
)
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search
from proofs.trees.witness import witness

F = Fraction
HALF = F(1, 2)
TINY = F(1, 10**30)
UGSA = UnprofitableGeneralizedSybilAttack()

FAR = [  # what a search over small forests with contributions of 1 and 2 does not find
    (GeometricTree(F(1, 3), F(1, 3)), BudgetConstraint(HALF - TINY), 63),
    (LinearLuxor(HALF, HALF), BudgetConstraint(HALF - TINY), 99),
    (MultiLevel(HALF, F(1, 4)), BudgetConstraint(HALF - TINY), 100),
    (TDRM(HALF, F(1, 5), F(1, 10), F(1)), BudgetConstraint(HALF - F(1, 1000)), 1),
    (CDRM1(HALF, F(1, 4)), BudgetConstraint(HALF - TINY), 1),
    (CDRM2(HALF, F(1, 4)), BudgetConstraint(HALF - TINY), 1),
    (CappedRate(F(0), F(1, 1000), HALF), BudgetConstraint(HALF - TINY), 1),
    (CDRM1(HALF, F(1, 4)), ProportionalReward(F(1, 4) + TINY), 1),
    (CDRM2(HALF, F(1, 4)), ProportionalReward(F(1, 4) + TINY), 1),
    (TDRM(HALF, F(1, 5), F(1, 10), F(3)), ProportionalReward(F(1, 10) + TINY), 1),
    (LinearPachira(HALF, HALF, F(1)), ProportionalReward(F(1, 4) + TINY), 2),
    (ShapleyTree(), ProportionalReward(F(1, 100)), 101),
    (CappedRate(F(1, 4), F(1, 1000), HALF), SolicitationIncentive(), 2),
    (CappedRate(F(1, 5), F(1), F(3, 5)), Additivity(), 1),
    (TDRM(F(1, 10), F(1, 5), F(0), F(3)), UGSA, 122),
    (CappedRate(F(1, 5), F(1, 9), F(3, 5) + TINY), UGSA, 1),
    (LinearPachira(F(9, 10), F(1, 5), HALF), UGSA, 2),
    (LinearPachira(HALF, F(0), 1 + F(1, 1000)), UGSA, 2),
    (Luxor(HALF), UGSA, 2),
    (Pachira(F(1), HALF), UGSA, 2),
]


@pytest.mark.parametrize(("scheme", "claimed", "members"), FAR, ids=str)
def test_the_gain_is_what_the_forests_give(scheme, claimed, members):
    case = witness(scheme, claimed)
    assert case is not None
    assert case.members == members
    rule = Rule(scheme)
    paid = rule(case.before)
    if isinstance(claimed, BudgetConstraint):
        gain = sum(paid) - rule.lift(claimed.budget * sum(case.before[1]))
    elif isinstance(claimed, ProportionalReward):
        gain = rule.lift(claimed.fraction * case.before[1][case.member]) - paid[case.member]
    elif isinstance(claimed, SolicitationIncentive):
        assert (rule(case.after)[0], case.gain) == (paid[0], 0)
        return
    elif isinstance(claimed, Additivity):
        gain = case.before[1][0] * rule(((-1,), (F(1),)))[0] - paid[0]
    else:
        (u,) = case.identities
        assert (case.member, case.before[0]) == (u, case.after[0])
        more = case.after[1][u] - case.before[1][u]
        assert more > 0
        gain = rule(case.after)[u] - paid[u] - rule.lift(more)
    assert lower(gain) <= case.gain + TINY**2
    assert 0 < case.gain <= upper(gain)


@pytest.mark.parametrize(
    ("scheme", "budget"),
    [(GeometricTree(F(1, 3), F(1, 3)), HALF - F(1, 480)), (MultiLevel(HALF, F(1, 4)), HALF - F(1, 30))],
)
def test_the_chain_is_the_shortest(scheme, budget):
    claimed, rule = BudgetConstraint(budget), Rule(scheme)
    case = witness(scheme, claimed)
    assert case.members == 5
    chains = [(tuple(range(-1, n - 1)), (*[F(0)] * (n - 1), F(1))) for n in range(1, 6)]
    assert [bool(list(claimed.violations(rule, chain, 0))) for chain in chains] == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("scheme", "claimed"),
    [
        (GeometricTree(F(1, 3), F(1, 3)), BudgetConstraint(HALF)),
        (TDRM(HALF, F(1, 5), F(1, 10), F(1, 100)), BudgetConstraint(HALF)),
        (CDRM2(HALF, F(1, 4)), BudgetConstraint(HALF)),
        (CDRM1(HALF, F(1, 4)), ProportionalReward(F(1, 4))),
        (LinearPachira(HALF, HALF, F(1)), ProportionalReward(F(1, 4))),
        (LinearPachira(HALF, F(0), F(1)), UGSA),
        (CappedRate(F(1, 5), F(1, 9), F(3, 5)), UGSA),
        (CDRM1(F(1), HALF), UGSA),
        (MultiLevel(HALF, F(0)), Additivity()),
        (ShapleyTree(), Symmetry()),
    ],
    ids=str,
)
def test_nothing_breaks_what_holds(scheme, claimed):
    assert witness(scheme, claimed) is None


def test_a_small_search_does_not_reach_as_far():
    reach = Reach(members=3, brooms=4)
    assert all(search(Rule(scheme), claimed, reach) is None for scheme, claimed, _ in FAR[:7])
