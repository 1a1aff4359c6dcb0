"""Violations against the definitions, word by word; the search finds the smallest, and says what it searched."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.schemes import CDRM1, CDRM2, TDRM, GeometricTree, LinearPachira, Luxor, MultiLevel, ShapleyTree
from proofs import verify
from proofs.matrix import TREE_SCHEMES
from proofs.strategies import small_forests
from proofs.trees import (
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
from proofs.trees.opportunity import best_rewards
from proofs.trees.rule import Rule
from proofs.trees.search import Reach, search
from proofs.trees.shapes import forests
from proofs.trees.verification import verify_tree
from tests.reference.trees import breaks, is_additive

F = Fraction
HALF, THIRD, TENTH = F(1, 2), F(1, 3), F(1, 10)
USA, UGSA = UnprofitableSybilAttack(), UnprofitableGeneralizedSybilAttack()
PLAIN = [
    BudgetConstraint(HALF),
    BudgetConstraint(2),
    BudgetBalance(),
    ZeroValueRoot(),
    ProportionalReward(HALF),
    ContributionIncentive(),
    SolicitationIncentive(),
    SubtreeLocality(),
    UnprofitableBypassing(),
]
ATTACKS = [
    *(UnprofitableSybilAttack(s, identity_cost=c) for s in ("any", "chain", "siblings") for c in (0, TENTH)),
    UGSA,
]


def rule_of(kind, share):
    """Return a rule that does not see labels; some keep a property, some hardly break it."""

    def sums(forest):
        inside, count = list(forest.contributions), [1] * forest.size
        for u in reversed(range(forest.size)):
            if forest.parents[u] >= 0:
                inside[forest.parents[u]] += inside[u]
                count[forest.parents[u]] += count[u]
        return inside, count

    def rule(forest):
        own, (inside, count) = forest.contributions, sums(forest)
        depths, total = forest.depths.tolist(), forest.total
        return {
            "own": lambda u: share * own[u],
            "inside": lambda u: share * inside[u],
            "count": lambda u: share * count[u],
            "square": lambda u: share * own[u] * inside[u],
            "capped": lambda u: share * min(own[u], F(3, 2)),
            "chance": lambda u: own[u] / total if total else F(0),
            "deep": lambda u: share * own[u] / depths[u],
            "crowd": lambda u: share * own[u] * forest.size,
            "rest": lambda u: share * (total - inside[u]),
            "direct": lambda u: share * (own[u] + len(forest.children(u))),
        }

    def paid(forest):
        reward = rule(forest)[kind]
        return [F(reward(u)) for u in range(forest.size)]

    return paid


KINDS = ["own", "inside", "count", "square", "capped", "chance", "deep", "crowd", "rest", "direct"]
rules = st.builds(rule_of, st.sampled_from(KINDS), st.sampled_from([TENTH, HALF, F(1), F(3, 2)]))
amounts = st.sampled_from([F(1), F(2), HALF, F(0)])


def found(rule, claimed, forest, added):
    return {case.member for case in claimed.violations(Rule(rule), forest, added)}


class TestDefinitions:
    @settings(max_examples=150)
    @given(rules, st.sampled_from(PLAIN), small_forests(most=4, contributions=amounts))
    def test_incentives_and_budgets(self, rule, claimed, forest):
        for added in claimed.added:
            assert found(rule, claimed, forest, added) == breaks(rule, claimed, forest, added)

    @settings(max_examples=60)
    @given(rules, st.sampled_from(ATTACKS), small_forests(most=3, contributions=amounts), st.integers(0, 2))
    def test_attacks(self, rule, claimed, forest, added):
        added = 1 if added not in claimed.added or (added == 2 and len(forest[0]) > 2) else added
        assert found(rule, claimed, forest, added) == breaks(rule, claimed, forest, added)

    @pytest.mark.parametrize(("cost", "broken"), [(TENTH, False), (TENTH - F(1, 10**30), True)])
    @pytest.mark.parametrize("added", [1, 2])
    def test_every_fake_identity_costs(self, cost, broken, added):
        def rule(forest):
            return [c + TENTH for c in forest.contributions]

        claimed = UnprofitableSybilAttack(identity_cost=cost)
        assert bool(found(rule, claimed, ((-1,), (F(1),)), added)) is broken

    @pytest.mark.parametrize("share", [HALF, F(1)])
    @pytest.mark.parametrize("kind", KINDS)
    def test_additivity(self, kind, share):
        rule, given = rule_of(kind, share), [F(0), F(1), F(2)]
        small = [forest for n in (1, 2, 3) for forest in forests(n, given)]
        broken = any(found(rule, Additivity(), forest, 0) for forest in small)
        assert broken != is_additive(rule, small)
        assert broken != (kind in ("own", "inside"))

    @given(rules, small_forests(most=6))
    def test_what_sees_no_labels_is_symmetric(self, rule, forest):
        assert not found(rule, Symmetry(), forest, 0)

    @pytest.mark.parametrize("members", [2, 4, 5, 8, 12])
    def test_labels_matter_only_from_some_size_on(self, members):
        def rule(forest):
            last = forest.size - 1
            return [c + (u == last >= members - 1) for u, c in enumerate(forest.contributions)]

        case = search(Rule(rule), Symmetry(), Reach())
        assert case is not None
        assert case.members == members

    @pytest.mark.parametrize("labels", [(-1, 0, -1), (-1, -1, 0), (-1, -1, 1)])
    def test_no_order_of_a_few_members_is_left_out(self, labels):
        def rule(forest):
            return [c + (tuple(forest.parents) == labels) for c in forest.contributions]

        case = search(Rule(rule), Symmetry(), Reach(members=3, brooms=3))
        assert case is not None
        assert labels in (case.before[0], case.after[0])


class TestSmallest:
    @settings(max_examples=25)
    @given(rules, st.sampled_from([*PLAIN, *ATTACKS[:3]]))
    def test_nothing_smaller_breaks_the_property(self, rule, claimed):
        """In forests of at most 3 members with contributions of 1 and 2."""
        sizes = [
            n
            for n in (1, 2, 3)
            for added in claimed.added
            if added < n
            for forest in forests(n - added, (F(1), F(2)))
            if breaks(rule, claimed, forest, added)
        ]
        case = search(Rule(rule), claimed, Reach(members=3, brooms=3))
        assert (None if case is None else case.members) == min(sizes, default=None)

    def test_who_contributes_nothing_is_promised_nothing(self):
        """So a rule that multiplies by the own contribution keeps the incentive to solicit."""
        forest = ((-1, 0), (F(0), F(1)))
        assert found(rule_of("square", HALF), SolicitationIncentive(), forest, 1) == set()
        assert found(rule_of("own", HALF), SolicitationIncentive(), forest, 1) == {1}

    def test_recruits_of_recruits_count(self):
        case = search(Rule(rule_of("direct", HALF)), SolicitationIncentive(), Reach())
        assert case is not None
        assert (case.before[0], case.after[0], case.member) == ((-1, 0), (-1, 0, 1), 0)

    def test_of_equal_sizes_the_change_that_adds_fewest(self):
        def rule(forest):
            return [c * min(forest.size, 2) for c in forest.contributions]

        case = search(Rule(rule), UGSA, Reach())
        assert case is not None
        assert [len(forest[0]) for forest in (case.before, case.after)] == [2, 2]
        assert case.identities == (case.member,)

    @pytest.mark.parametrize(
        ("scheme", "claimed", "members"),
        [
            (GeometricTree(THIRD, THIRD), USA, 2),
            (GeometricTree(THIRD, THIRD), UGSA, 2),
            (MultiLevel(THIRD, THIRD), USA, 2),
            (MultiLevel(THIRD, THIRD), ContributionIncentive(), 1),
            (LinearPachira(HALF, F(1, 5), HALF), SubtreeLocality(), 2),
            (LinearPachira(F(9, 10), F(1, 5), HALF), UGSA, 2),
            (TDRM(HALF, F(1, 5), TENTH, F(1)), UGSA, 5),
            (ShapleyTree(), ProportionalReward(TENTH), 11),
            (ShapleyTree(), SubtreeLocality(), 2),
            (ShapleyTree(), UnprofitableBypassing(), 2),
            (ShapleyTree(), USA, 3),
            (ShapleyTree(), UGSA, 3),
            (Luxor(HALF), USA, 2),
        ],
        ids=str,
    )
    def test_known_witnesses(self, scheme, claimed, members):
        case = search(Rule(scheme), claimed, Reach())
        assert case is not None
        assert case.members == members

    def test_a_geometric_tree_falls_to_one_split_of_a_single_member(self):
        case = search(Rule(GeometricTree(THIRD, THIRD)), USA, Reach())
        assert (case.before, case.after) == (((-1,), (F(1),)), ((-1, 0), (HALF, HALF)))
        assert (case.member, case.identities) == (0, (0, 1))
        assert case.gain == THIRD * THIRD * HALF
        assert str(case).splitlines()[:2] == ["before: [1]", "after:  [1/2]([1/2])"]


def gain_of(case, claimed, scheme):
    """Return by how much a case breaks its property, from its forests alone."""
    before = Rule(scheme)(case.before)
    after = before if case.after is None else Rule(scheme)(case.after)
    paid = sum(after[i] for i in case.identities)
    given_before = None if case.member is None else case.before[1][case.member]
    match claimed.code:
        case "BC":
            return sum(before) - claimed.budget * sum(case.before[1])
        case "RPC":
            return claimed.fraction * given_before - before[case.member]
        case "CCI" | "CSI":
            return before[case.member] - paid
        case "SL" | "USB":
            return abs(before[case.member] - paid)
        case "USA":
            return paid - before[case.member]
        case "UGSA":
            given = sum(case.after[1][i] for i in case.identities)
            return (paid - given) - (before[case.member] - given_before)
    raise ValueError(claimed.code)


CLAIMS = [
    BudgetConstraint(TENTH),
    ContributionIncentive(),
    SolicitationIncentive(),
    ProportionalReward(F(1, 4)),
    SubtreeLocality(),
    UnprofitableBypassing(),
    *ATTACKS[::2],
]


@pytest.mark.parametrize(
    "scheme", [scheme for scheme in TREE_SCHEMES.values() if scheme.is_rational], ids=str
)
def test_every_counterexample_is_what_it_says(scheme):
    for claimed in CLAIMS:
        case = search(Rule(scheme), claimed, Reach(members=3, brooms=4))
        if case is not None:
            assert case.gain == gain_of(case, claimed, scheme), claimed
            assert case.gain > 0 or claimed.code in ("CCI", "CSI")
            assert case.value - case.bound == case.gain


@pytest.mark.parametrize("scheme", [CDRM2(HALF, F(3, 10)), LinearPachira(HALF, F(1, 5), HALF)], ids=str)
def test_equality_within_an_enclosure_is_no_violation(scheme):
    """Splits into chains change nothing: no enclosure can tell the two sides apart, so neither is larger."""
    assert search(Rule(scheme), UnprofitableSybilAttack("chain"), Reach(members=3, brooms=4)) is None


class TestSaid:
    def test_how_far(self):
        told = str(verify(rule_of("own", HALF), BudgetConstraint(HALF)))
        assert "all forests of at most 4 members" in told
        assert "a star of up to 12, and 100 random forests of at most 6" in told
        told = str(verify_tree(rule_of("own", HALF), USA, reach=Reach(members=2, brooms=3)))
        assert "a star of up to 3 before attacks that add 1, and 100 random" in told

    def test_promises_are_told_with_trees_that_keep_them(self):
        verdict = verify(rule_of("inside", HALF), ProfitableOpportunity())
        assert verdict.holds is None
        told = verdict.to_dict()["searched"]
        assert "who contributes 1/10 is paid 11/20 in [1/10](1)" in told
        assert "who contributes 10 is paid 21/2 in a tree of 12" not in told  # one large recruit is enough
        assert "who contributes 10 is paid 505 in [10](1000)" in told

    def test_promises_nobody_keeps(self):
        told = str(verify(rule_of("own", HALF), UnboundedReward()))
        assert "who contributes 1/10 is paid 1/20 at most, not 1;" in told
        assert "who contributes 10 is paid 5 at most, not 1000" in told

    @pytest.mark.parametrize(("most", "wide"), [(1, 1), (2, 2), (None, 30)])
    def test_narrow_promises_are_sought_in_narrow_trees(self, most, wide):
        seen = set()

        def rule(forest):
            widest = max(len(forest.children(u)) for u in range(forest.size))
            seen.add((forest.size, widest, max(forest.depths.tolist())))
            assert most is None or len(set(forest.contributions)) == 1  # nobody below contributes more
            return [F(0)] * forest.size

        assert verify(rule, UnboundedReward(most)).holds is None
        assert max(width for _, width, _ in seen) == wide
        assert (31, 1, 31) in seen  # the chain
        assert ((31, 2, 5) in seen) is (wide > 1)  # the full binary tree

    def test_irrational_rewards_are_told_in_short(self):
        told = best_rewards(Rule(CDRM2(HALF, F(3, 10))), ProfitableOpportunity())
        assert "who contributes 1/10 is paid about 0.0499" in told
        assert len(told) < 300

    def test_bounded_families_are_refuted_for_all_trees_not_by_search(self):
        for scheme in (CDRM1(HALF, F(3, 10)), CDRM2(HALF, F(3, 10))):
            for claimed in (ProfitableOpportunity(), UnboundedReward()):
                assert search(Rule(scheme), claimed, Reach(members=3, brooms=4)) is None
                assert verify(scheme, claimed).holds is False
