"""Share functions: verdicts against brute force, counterexamples that are real, certificates that are refused."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import proofs.check_share
from mechanism import ReferralForest, ShareLottery, ShareTree
from mechanism.errors import CertificateError
from proofs import (
    BudgetBalance,
    BudgetConstraint,
    ContributionIncentive,
    ProfitableOpportunity,
    ProportionalReward,
    SolicitationIncentive,
    SubtreeLocality,
    UnboundedReward,
    UnprofitableBypassing,
    UnprofitableGeneralizedSybilAttack,
    UnprofitableSybilAttack,
    certificate_of,
    check_certificate,
    read_certificate,
    verify,
    write_json,
)
from proofs.check_share import FORMAT, PARAMETERS, Refused, check, largest_sums
from proofs.trees import TREE_PROPERTIES, Additivity, Symmetry, ZeroValueRoot
from proofs.trees.rule import Rule
from proofs.trees.shares import prove_shares, share_split, share_witness
from tests.mechanism.test_share_tree import forests, share_values
from tests.reference.trees import all_splits, rewards

F = Fraction
CHECKER = Path(proofs.check_share.__file__)
USA, UGSA = UnprofitableSybilAttack(), UnprofitableGeneralizedSybilAttack()
PROPERTIES = (
    BudgetConstraint(F(1, 2)),
    BudgetBalance(),
    ContributionIncentive(),
    SolicitationIncentive(),
    ProportionalReward(F(1, 4)),
    ProfitableOpportunity(),
    UnboundedReward(),
    UnboundedReward(1),
    SubtreeLocality(),
    UnprofitableBypassing(),
    USA,
    UnprofitableSybilAttack("chain"),
    UnprofitableSybilAttack("siblings", identity_cost=2),
    UGSA,
    Symmetry(),
    Additivity(),
    ZeroValueRoot(),
)
CONVEX = ShareTree([0, F(1, 8), F(1, 2), 1], F(1, 2))
STEPS = ShareTree([0, F(1, 8), F(1, 2), F(5, 8), 1])  # superadditive, not convex
CONCAVE = ShareTree([0, F(1, 2), F(3, 4), 1])


def claim(name, **given):
    return {"property": name} | given


def certificate(document, multipliers=None):
    return {"format": FORMAT, "claims": [{"claim": document, "multipliers": multipliers or {}}]}


def as_tuple(forest):
    """Return a forest with everybody after its recruiter, as proofs write it."""
    return tuple(forest.parents.tolist()), tuple(forest.contributions.tolist())


class TestSplitting:
    @settings(max_examples=60)
    @given(share_values(), forests(most=4, zero=False), st.data())
    def test_superadditive_is_resistant_and_the_rest_is_not(self, values, forest, data):
        """All splits into two identities of one member of a random forest, against the verdict on all forests."""
        scheme = ShareTree(values, F(1, 2))
        verdict = verify(scheme, USA)
        assert verdict.holds is scheme.is_superadditive
        rule = scheme.rewards
        given_ = as_tuple(forest)
        u = data.draw(st.integers(0, forest.size - 1))
        before = rule(forest)[u]
        if verdict.holds:
            for above, amounts, fakes in all_splits(given_, u, 2):
                paid = rewards(rule, above, amounts)
                assert sum(paid[fake] for fake in fakes) <= before
        for above, amounts, fakes in all_splits(given_, u, 2, structure="chain"):
            paid = rewards(rule, above, amounts)
            assert sum(paid[fake] for fake in fakes) == before

    @given(share_values(), st.sampled_from([F(0), F(1, 3), F(7)]))
    def test_counterexamples_are_real_and_smallest(self, values, cost):
        scheme = ShareTree(values, F(1, 2))
        case = share_split(scheme, UnprofitableSybilAttack(identity_cost=cost))
        if scheme.is_superadditive:
            assert case is None
            return
        after = scheme.rewards(ReferralForest(*case.after))
        before = scheme.rewards(ReferralForest(*case.before))[case.member]
        assert sum(after[i] for i in case.identities) - before - cost == case.gain > 0
        assert sum(case.after[1]) == sum(case.before[1])
        n = len(values) - 1
        alone = any(values[i] + values[n - i] > values[n] for i in range(1, n))
        assert case.members == (2 if alone else 3)

    def test_the_words(self):
        told = str(verify(CONCAVE, USA))
        assert "before: [3]\n  after:  [1], [2]" in told
        assert "is paid 3, its 2 identities 15/4" in told
        assert "at a cost of 3" in str(verify(CONCAVE, UnprofitableSybilAttack(identity_cost=3)))
        assert "a profit of 0, its 2 identities afterwards 3/4" in str(verify(CONCAVE, UGSA))


class TestFairShare:
    @given(share_values(superadditive=True), st.sampled_from([F(1), F(2, 3)]), forests())
    def test_the_least_rate_is_the_slope_at_nothing(self, values, budget, forest):
        scheme = ShareTree(values, budget)
        rate = budget * scheme.cells * values[1]
        assert verify(scheme, ProportionalReward(rate)).holds is True
        assert (scheme.rewards(forest) >= rate * forest.contributions).all()
        refuted = verify(scheme, ProportionalReward(rate + F(1, 1000)))
        assert refuted.holds is False
        assert refuted.counterexample.gain > 0

    def test_superadditivity_is_needed(self):
        """A rate that single members get is not paid to one who recruits two."""
        scheme = ShareTree([0, F(1, 2), F(3, 4)])
        refuted = verify(scheme, ProportionalReward(F(1, 10)))
        assert refuted.holds is False
        assert "(" in str(refuted)


class TestVerdicts:
    @settings(max_examples=150)
    @given(share_values(most=5), forests(most=4, zero=False), st.sampled_from(PROPERTIES), st.data())
    def test_what_is_proved_holds_in_random_forests(self, values, forest, claimed, data):
        scheme = data.draw(st.sampled_from([ShareTree(values, F(1, 2)), ShareTree(values)]))
        if scheme.is_superadditive and data.draw(st.booleans()):
            scheme = ShareLottery(values)
        if prove_shares(scheme.exact(), claimed) is not None:
            for added in claimed.added[:2]:
                assert next(claimed.violations(Rule(scheme), as_tuple(forest), added), None) is None

    @settings(max_examples=40)
    @given(share_values(most=5), st.sampled_from([F(1), F(1, 2), F(1, 6)]), st.sampled_from(PROPERTIES))
    def test_superadditive_trees_are_decided(self, values, budget, claimed):
        scheme = ShareTree(values, budget)
        proved = prove_shares(scheme, claimed) is not None
        if isinstance(claimed, (ProfitableOpportunity, UnboundedReward)):
            verdict = verify(scheme, claimed)
            assert verdict.holds is True or verdict.holds is False or not scheme.is_superadditive
        else:
            case = share_split(scheme, claimed) or share_witness(scheme, claimed)
            if proved:
                assert case is None
            elif any(values):  # of pi = 0 a reward of 0 is all there is
                assert case is not None, claimed

    @given(share_values(most=5), forests(most=5), st.integers(1, 40), st.data())
    def test_generalised_attacks_by_any_growth(self, values, forest, growth, data):
        """One more contribution of any size: its reward is below it if that is proved, above 0 if that is."""
        scheme = ShareTree(values, F(1, 3))
        u = data.draw(st.integers(0, forest.size - 1))
        more = forest.contributions.tolist()
        more[u] += F(growth, 8)
        gain = scheme.rewards(ReferralForest(forest.parents, more))[u] - scheme.rewards(forest)[u]
        if prove_shares(scheme, UGSA):
            assert gain <= F(growth, 8)
        if prove_shares(scheme, ContributionIncentive()):
            assert gain > 0

    @given(share_values(superadditive=True), forests(most=5), st.data())
    def test_convex_functions_reward_solicitation(self, values, forest, data):
        """Nobody loses by a new member below, if pi is convex."""
        increments = sorted(b - a for a, b in pairwise(values))
        convex = [sum(increments[:k], F(0)) for k in range(len(values))]
        scheme = ShareTree(convex)
        assert scheme.is_convex
        under = data.draw(st.integers(0, forest.size - 1))
        larger = ReferralForest(
            [*forest.parents, under], [*forest.contributions, F(data.draw(st.integers(1, 9)), 2)]
        )
        before, after = scheme.rewards(forest), scheme.rewards(larger)
        while under >= 0:
            assert after[under] >= before[under]
            under = int(forest.parents[under])

    def test_superadditive_functions_may_punish_solicitation(self):
        """With a flat stretch after a step, what a recruit's growth adds to the total moves the recruiter nowhere."""
        steps = ShareTree([0, 0, F(1, 2), F(1, 2), 1])
        before = steps.rewards(ReferralForest([-1, 0, -1], [4, 8, 8]))[0]
        after = steps.rewards(ReferralForest([-1, 0, -1], [4, 9, 8]))[0]
        assert steps.is_superadditive
        assert after < before

    def test_every_property_is_known(self):
        assert set(PARAMETERS) == {family.name for family in TREE_PROPERTIES}

    def test_each_family(self):
        holds = {
            str(one): [verify(scheme, one).holds for scheme in (CONVEX, STEPS, ShareLottery(STEPS.values))]
            for one in (USA, BudgetConstraint(F(1, 2)), ProportionalReward(F(3, 16)), UnboundedReward(2))
        }
        assert list(holds.values()) == [
            [True] * 3,
            [True, False, False],
            [True, True, False],
            [True, True, False],
        ]
        assert verify(ShareLottery(STEPS.values), UGSA).holds is False

    @given(st.lists(st.integers(-4, 4), max_size=5), st.integers(0, 5))
    def test_largest_sums(self, items, size):
        """Against all multisets of indices."""
        worth = [F(0), *map(F, items)]
        best = largest_sums(worth)
        size = min(size, len(items))

        def most(left, largest):
            return max([F(0), *(worth[j] + most(left - j, j) for j in range(1, min(left, largest) + 1))])

        assert best[size] == most(size, len(items))


class TestCertificates:
    def test_round_trip(self, tmp_path):
        claims = [USA, BudgetConstraint(F(1, 2)), ProportionalReward(F(3, 16)), UGSA, ContributionIncentive()]
        verdicts = [verify(CONVEX, one) for one in claims]
        document = certificate_of(verdicts)
        told = check_certificate(CONVEX, document)
        assert told[0] == (
            "unprofitable sybil attack with structure = any with identity_cost = 0 in every forest"
        )
        assert len(told) == 5
        write_json(tmp_path / "certificate.json", document)
        assert read_certificate(tmp_path / "certificate.json") == document
        with pytest.raises(CertificateError, match="does not follow"):
            check_certificate(CONCAVE, document)

    def test_alone(self, tmp_path):
        """A copy of the file runs without the library."""
        script = tmp_path / "check.py"
        script.write_bytes(CHECKER.read_bytes())
        write_json(tmp_path / "scheme.json", CONVEX.to_dict())
        write_json(tmp_path / "certificate.json", certificate_of(verify(CONVEX, USA)))
        write_json(tmp_path / "concave.json", CONCAVE.to_dict())

        def run(*names):
            command = [sys.executable, "-I", "-S", script, *(tmp_path / name for name in names)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            return done.returncode, done.stdout

        assert run("scheme.json", "certificate.json") == (
            0,
            "accepted: unprofitable sybil attack with structure = any with identity_cost = 0 in every forest\n",
        )
        assert run("concave.json", "certificate.json")[0] == 1
        assert run("nothing.json", "certificate.json")[0] == 2
        assert run("scheme.json")[0] == 2

    @settings(max_examples=200)
    @given(share_values(most=5), st.integers(1, 5), st.integers(-12, 12))
    def test_a_corrupted_value_is_judged_anew(self, values, place, change):
        """A certificate holds no second table: it proves what the values say, and nothing else."""
        place = min(place, len(values) - 1)
        values[place] += F(change, 24)
        document = {"scheme": "share_tree", "values": [str(x) for x in values], "budget": "1"}
        accepted = True
        try:
            check(document, certificate(claim(USA.name, structure="any", identity_cost="0")))
        except Refused:
            accepted = False
        n = len(values) - 1
        fine = all(values[i] + values[k - i] <= values[k] for k in range(n + 1) for i in range(k + 1))
        assert accepted is (fine and all(0 <= x <= 1 for x in values))

    @pytest.mark.parametrize(
        "document",
        [
            {"scheme": "share_tree", "values": ["0", "1"]},
            {"scheme": "share_tree", "values": ["0"], "budget": "1"},
            {"scheme": "share_tree", "values": ["1/2", "1"], "budget": "1"},
            {"scheme": "share_tree", "values": ["0", "2"], "budget": "1"},
            {"scheme": "share_tree", "values": ["0", "-1"], "budget": "1"},
            {"scheme": "share_tree", "values": ["0", 1], "budget": "1"},
            {"scheme": "share_tree", "values": "01", "budget": "1"},
            {"scheme": "share_tree", "values": ["0", "1"], "budget": "0"},
            {"scheme": "share_tree", "values": ["0", "1"], "budget": "3/2"},
            {"scheme": "share_tree", "values": ["0"] * 10_002, "budget": "1"},
            {"scheme": "share_lottery", "values": ["0", "1"], "budget": "1"},
            {"scheme": "share_lottery", "values": ["0", "3/4", "1"]},
            {"scheme": "pachira", "beta": "1", "delta": "1"},
            {},
            None,
        ],
    )
    def test_schemes_that_are_none(self, document):
        with pytest.raises(Refused):
            check(document, certificate(claim(USA.name, structure="any", identity_cost="0")))

    @pytest.mark.parametrize(
        ("document", "multipliers"),
        [
            (claim("solicitation_incentive"), {}),
            (claim("budget_balance"), {}),
            (claim("budget_constraint", budget="0.49"), {}),
            (claim("budget_constraint"), {}),
            (claim("proportional_reward", fraction="0.2"), {}),
            (claim(USA.name, structure="ring", identity_cost="0"), {}),
            (claim(USA.name, structure="any"), {}),
            (claim(USA.name, structure="any", identity_cost="0"), {"potential": "1"}),
            (claim("unbounded_reward", max_children=0), {}),
            (claim("unbounded_reward", max_children=True), {}),
            (claim("unbounded_reward", max_children=1), {}),
            ({"not": claim("unbounded_reward", max_children=2)}, {}),
            ({"not": claim("profitable_opportunity")}, {}),
            (claim("magic"), {}),
            (None, {}),
        ],
    )
    def test_claims_that_are_refused(self, document, multipliers):
        with pytest.raises(Refused):
            check(CONVEX.to_dict(), certificate(document, multipliers))

    def test_certificates_that_are_none(self):
        for document in (None, {}, {"format": FORMAT, "claims": []}, {"format": "other", "claims": [1]}):
            with pytest.raises(Refused):
                check(CONVEX.to_dict(), document)
