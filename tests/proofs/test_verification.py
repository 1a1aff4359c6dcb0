"""Verdicts: closed forms at every length, tables, callables; compared with the definitions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from math import inf, nan
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism.errors import InvalidInputError
from mechanism.schemes import (
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathScheme,
    PathTable,
    Power,
    PowerTerm,
    Recursive,
)
from proofs import (
    Overspending,
    Proved,
    Refuted,
    SybilAttack,
    SybilProof,
    Unrefuted,
    WithinBudget,
    check,
    sybil_gain,
    verify,
)
from tests.proofs.strategies import closed_forms, epsilons, near_misses, powers, sybil_proof_tables, tables
from tests.reference.sybil import from_rows, overspent, sybil_violations

TINY = Fraction(1, 10**30)
LONGEST = 14


def place(attack):
    return attack.depth, attack.distance, attack.identities


class TestSchemesThatStop:
    @pytest.mark.parametrize("k", [1, 3, 10, 19, 20])
    def test_direct_referral_is_proved_at_every_length(self, k):
        scheme = DirectReferral(k / 20)
        for claim in (SybilProof(), WithinBudget()):
            verdict = verify(scheme, claim)
            assert isinstance(verdict, Proved)
            assert verdict.claim.max_depth is None
        assert sybil_gain(scheme).gain == 0

    def test_a_cut_below_its_length_is_proved_too(self):
        assert verify(DirectReferral(0.1), SybilProof(), max_depth=4).holds is True

    @given(st.integers(1, 40), st.integers(1, 14))
    def test_direct_referral_keeps_its_promises_by_the_definitions(self, k, depth):
        rows = DirectReferral(Fraction(k, 40)).exact_table(depth)
        assert not list(sybil_violations(from_rows(rows), Fraction(0), depth))
        assert all(sum(row) <= 1 for row in rows)

    @pytest.mark.parametrize("referral", ["0", "11/10", "2"])
    def test_the_checker_refuses_a_referral_out_of_range(self, referral):
        certificate = verify(DirectReferral(0.5), SybilProof()).certificate
        with pytest.raises(check.Refused, match="referral"):
            check.check({"scheme": "direct_referral", "referral": referral}, certificate)

    def test_a_cut_scheme_is_checked_row_by_row(self):
        verdict = verify(DirectReferral(0.4), WithinBudget(), max_depth=9)
        assert check.check(DirectReferral(Fraction(2, 5)).to_dict(), verdict.certificate)
        for length in range(1, 10):
            row = check.read_scheme({"scheme": "direct_referral", "referral": "0.4"}).row(length)
            assert row == DirectReferral(Fraction(2, 5)).exact_table(9)[length - 1]


class TestKnownSchemes:
    def test_mit_is_refuted_with_the_smallest_witness(self):
        verdict = verify(Recursive(1 / 2), SybilProof())
        assert isinstance(verdict, Refuted)
        attack = verdict.counterexample
        assert isinstance(attack, SybilAttack)
        assert place(attack) == (1, 0, 1)
        assert (attack.before, attack.after) == (Fraction(1, 2), Fraction(3, 4))
        assert (attack.gain, attack.relative_gain) == (Fraction(1, 4), Fraction(1, 2))
        assert attack.chain_before == (Fraction(1, 2),)
        assert attack.chain_after == (Fraction(1, 2), Fraction(1, 4))

    def test_mit_leaks_one_hundred_percent_and_no_more(self):
        assert verify(Recursive(1 / 2), SybilProof(1)).holds is True

    @pytest.mark.parametrize(
        ("epsilon", "identities"),
        [(Fraction(1, 2), 2), (Fraction(9, 10), 4), (1 - Fraction(1, 2**40), 41), (1 - TINY, 100)],
    )
    def test_mit_below_its_leak_is_refuted_by_the_fewest_identities(self, epsilon, identities):
        attack = verify(Recursive(1 / 2), SybilProof(epsilon)).counterexample
        assert place(attack) == (1, 0, identities)
        assert attack.relative_gain == 1 - Fraction(1, 2**identities) > epsilon
        assert 1 - Fraction(1, 2 ** (identities - 1)) <= epsilon

    @pytest.mark.parametrize("k", range(1, 100))
    def test_double_geometric_is_proved_at_every_length(self, k):
        for b in (k / 100, Fraction(k, 100)):
            verdict = verify(DoubleGeometric(b), SybilProof())
            assert isinstance(verdict, Proved)
            assert verdict.claim.max_depth is None
            assert verdict.certificate["claims"][0]["multipliers"] == {"peak": 0}
            assert verify(DoubleGeometric(b), WithinBudget()).holds is True

    def test_a_float_parameter_stands_for_its_shortest_decimal(self):
        rows = DoubleGeometric(0.2).exact_table(8)
        assert rows == DoubleGeometric(Fraction(1, 5)).exact_table(8)
        assert verify(DoubleGeometric(0.2), SybilProof(), max_depth=8).holds is True
        rounded = PathTable(
            [[Fraction(x) for x in row[:n]] for n, row in enumerate(DoubleGeometric(0.2).table(8), 1)]
        )
        assert verify(rounded, SybilProof()).holds is False

    @pytest.mark.parametrize("epsilon", [0, 0.1, Fraction(3, 7), 1, 2.5, 10, 1000])
    def test_equal_split_leaks_without_bound(self, epsilon):
        attack = verify(EqualSplit(), SybilProof(epsilon)).counterexample
        assert attack.relative_gain > epsilon
        assert attack.before == Fraction(1, attack.depth)
        assert attack.after == Fraction(attack.identities + 1, attack.depth + attack.identities)
        if attack.chain_after is not None:
            assert set(attack.chain_before) == {attack.before}
            assert set(attack.chain_after) == {Fraction(1, len(attack.chain_after))}
        if epsilon <= 3:
            slow = sybil_violations(lambda n, j: Fraction(1, n), SybilProof(epsilon).epsilon, LONGEST)
            assert place(attack) == slow[0]

    def test_equal_split_is_within_budget(self):
        assert verify(EqualSplit(), WithinBudget()).holds is True
        assert verify(EqualSplit(), WithinBudget(), max_depth=9).holds is True

    def test_finder_takes_all_is_proved(self):
        assert verify(FinderTakesAll(), SybilProof()).holds is True
        assert verify(FinderTakesAll(), WithinBudget()).holds is True

    def test_geometric_leaks_ratio_over_its_complement(self):
        leak = Fraction(3, 7)
        assert verify(Geometric(0.7, 0.3), SybilProof(leak)).holds is True
        assert verify(Geometric(0.7, 0.3), SybilProof(leak - TINY)).holds is False
        assert verify(Geometric(0.7, 0.3), WithinBudget()).holds is True
        assert verify(Geometric(Fraction(7, 10) + TINY, Fraction(3, 10)), WithinBudget()).holds is False


class TestPowers:
    @pytest.mark.parametrize(
        ("p", "q", "supremum", "peak"),
        [
            (0, 0, 1, 0),
            (0, 5, 1, 0),
            (Fraction(1, 2), 0, 1, 0),
            (1, 0, 1, 0),
            (Fraction(1, 2), 1, 1, 0),
            (Fraction(2, 3), 1, Fraction(4, 3), 1),
            (Fraction(9, 10), Fraction(1, 2), Fraction(567, 400), 2),
            (1, Fraction(1, 3), Fraction(3, 2), "limit"),
            (Fraction(1, 3), 3, Fraction(3, 2), "limit"),
            (Fraction(1, 5), 3, 1, 0),
            (Fraction(1, 4), Fraction(7, 2), Fraction(9, 8), 1),
        ],
    )
    def test_bounded_growth_is_decided_sharply(self, p, q, supremum, peak):
        scheme = Power(Fraction(1, 3), Fraction(p), Fraction(q))
        proved = verify(scheme, SybilProof(Fraction(supremum) - 1))
        assert isinstance(proved, Proved)
        assert proved.certificate["claims"][0]["multipliers"] == {"peak": peak}
        if supremum > 1:
            assert verify(scheme, SybilProof(Fraction(supremum) - 1 - TINY)).holds is False
        assert verify(Power(1 / Fraction(supremum), Fraction(p), Fraction(q)), WithinBudget()).holds is True
        assert (
            verify(Power(1 / Fraction(supremum) + TINY, Fraction(p), Fraction(q)), WithinBudget()).holds
            is False
        )

    @pytest.mark.parametrize(("p", "q"), [(2, 0), (1.5, 0), (1, 1), (1, 2), (0.5, 2.5), (0.9, 1.2), (3, 3)])
    def test_unbounded_growth_is_refuted_for_every_epsilon(self, p, q):
        for epsilon in (0, 1, 50):
            assert verify(Power(0.01, p, q), SybilProof(epsilon)).holds is False
        assert verify(Power(0.01, p, q), WithinBudget()).holds is False

    def test_a_scheme_that_pays_nothing_is_proved(self):
        for scheme in (Power(0, 3, 3), Geometric(0, 2)):
            assert verify(scheme, SybilProof()).holds is True
            assert verify(scheme, WithinBudget()).holds is True

    def test_a_late_peak_is_proved(self):
        scheme = Power(0.5, 1 - 1e-9, 0.5)
        verdict = verify(scheme, SybilProof(1))
        assert verdict.holds is True
        assert verdict.certificate["claims"][0]["multipliers"]["peak"] == 28

    @pytest.mark.parametrize(
        "scheme", [Power(0.5, Fraction(10**9 + 1, 10**9), 0), Power(1e-6, 1 - 1e-9, 1 - 1e-9)]
    )
    def test_beyond_reach_it_is_honestly_unrefuted(self, scheme):
        verdict = verify(scheme, SybilProof(10**9))
        assert isinstance(verdict, Unrefuted)
        assert verdict.holds is None
        assert "10001" in verdict.searched

    def test_a_limit_just_above_is_refuted_or_honestly_unrefuted(self):
        scheme = Recursive(Fraction(999, 1000))
        attack = verify(scheme, SybilProof(998)).counterexample
        assert attack.identities == 6904
        assert attack.chain_after is None
        assert attack.relative_gain > 998
        assert isinstance(verify(scheme, SybilProof(999 - TINY)), Unrefuted)
        assert verify(scheme, SybilProof(999)).holds is True

    def test_a_long_witness_prints(self):
        verdict = verify(Recursive(Fraction(999, 1000)), SybilProof(998))
        assert "6904 fake identities" in str(verdict)
        assert json.loads(json.dumps(verdict.to_dict()))["counterexample"]["chain_after"] is None


class TestAgainstTheDefinition:
    @given(st.one_of(tables(), sybil_proof_tables(), near_misses()), epsilons)
    def test_tables(self, rows, epsilon):
        slow = sybil_violations(from_rows(rows), epsilon, len(rows) + 2)
        verdict = verify(PathTable(rows), SybilProof(epsilon))
        assert verdict.holds is (not slow)
        if slow:
            assert place(verdict.counterexample) == slow[0]
        too_much = overspent(from_rows(rows), len(rows) + 2)
        verdict = verify(PathTable(rows), WithinBudget())
        assert verdict.holds is (not too_much)
        if too_much:
            assert verdict.counterexample.depth == too_much[0]

    @given(tables(), epsilons, st.integers(1, 8))
    def test_cut_tables(self, rows, epsilon, depth):
        slow = sybil_violations(from_rows(rows[:depth]), epsilon, depth)
        assert verify(PathTable(rows), SybilProof(epsilon), max_depth=depth).holds is (not slow)

    @given(closed_forms, epsilons)
    def test_closed_forms(self, scheme, epsilon):
        reward = scheme.exact().reward
        slow = sybil_violations(reward, epsilon, LONGEST)
        verdict = verify(scheme, SybilProof(epsilon))
        if isinstance(verdict, Refuted):
            attack = verdict.counterexample
            assert attack.relative_gain > epsilon
            if attack.depth + attack.identities <= LONGEST:
                assert place(attack) == slow[0]
            else:
                assert not slow
        else:
            assert isinstance(verdict, Proved)
            assert not slow

    @given(closed_forms)
    def test_closed_forms_and_the_budget(self, scheme):
        too_much = overspent(scheme.exact().reward, LONGEST)
        verdict = verify(scheme, WithinBudget())
        if isinstance(verdict, Refuted):
            case = verdict.counterexample
            assert isinstance(case, Overspending)
            assert case.total == sum(scheme.exact_table(case.depth)[-1])
            assert case.excess == case.total - 1 > 0
            assert too_much[:1] == ([case.depth] if case.depth <= LONGEST else [])
        else:
            assert isinstance(verdict, Proved)
            assert not too_much

    @given(closed_forms, epsilons, st.integers(1, 7))
    def test_cut_closed_forms(self, scheme, epsilon, depth):
        slow = sybil_violations(scheme.exact().reward, epsilon, depth)
        verdict = verify(scheme, SybilProof(epsilon), max_depth=depth)
        assert verdict.holds is (not slow)
        if slow:
            assert place(verdict.counterexample) == slow[0]

    @given(powers, epsilons)
    def test_what_holds_at_every_length_holds_when_cut(self, scheme, epsilon):
        if verify(scheme, SybilProof(epsilon)).holds:
            assert verify(scheme, SybilProof(epsilon), max_depth=6).holds is True

    @given(st.one_of(tables(), sybil_proof_tables(), near_misses()))
    def test_closure_one_fake_identity_decides_at_epsilon_zero(self, rows):
        slow = sybil_violations(from_rows(rows), Fraction(0), len(rows))
        assert bool(slow) is any(identities == 1 for _, _, identities in slow)

    @given(sybil_proof_tables())
    def test_tables_built_from_slacks_are_proved(self, rows):
        assert verify(PathTable(rows), SybilProof()).holds is True
        assert verify(PathTable(rows), WithinBudget()).holds is True


class TestCallables:
    def test_without_a_depth_a_callable_is_at_most_unrefuted(self):
        verdict = verify(lambda depth, distance: 0.5**depth, SybilProof())
        assert isinstance(verdict, Unrefuted)
        assert "12" in verdict.searched

    def test_a_violation_refutes_at_every_length(self):
        verdict = verify(lambda depth, distance: 0.5 ** (distance + 1), SybilProof())
        assert isinstance(verdict, Refuted)
        assert verdict.counterexample == verify(Recursive(1 / 2), SybilProof()).counterexample

    def test_with_a_depth_it_is_proved_for_its_table(self):
        verdict = verify(lambda depth, distance: 0.5**depth, SybilProof(), max_depth=5)
        assert isinstance(verdict, Proved)
        assert verdict.scheme["rewards"][1] == ["1/4", "1/4"]
        assert verdict.claim.max_depth == 5

    def test_a_violation_beyond_the_depth_is_not_seen(self):
        def late(depth, distance):
            return 1 if depth == 13 else 0

        assert isinstance(verify(late, SybilProof()), Unrefuted)
        assert verify(late, SybilProof(), max_depth=12).holds is True
        attack = verify(late, SybilProof(), max_depth=13).counterexample
        assert place(attack) == (12, 0, 1)
        assert attack.relative_gain == inf
        assert "from nothing" in str(attack)

    def test_floats_are_read_as_decimals(self):
        def rule(depth, distance):
            return {(1, 0): 0.3, (2, 0): 0.2, (2, 1): 0.1}[depth, distance]

        assert 0.2 + 0.1 > 0.3
        assert verify(rule, SybilProof(), max_depth=2).holds is True

    @pytest.mark.parametrize("reward", [nan, inf, -0.1, Fraction(-1, 2), "1/2", None, 1j, True])
    def test_a_reward_that_is_no_share_is_named(self, reward):
        with pytest.raises(InvalidInputError, match=r"scheme\[2, 1\]") as caught:
            verify(lambda n, j: reward if (n, j) == (2, 1) else 0, SybilProof())
        assert caught.value.index == (2, 1)

    def test_not_a_scheme(self):
        with pytest.raises(InvalidInputError, match="scheme"):
            verify([[1]], SybilProof())


@dataclass(frozen=True, slots=True)
class Halving(PathScheme):
    """A scheme of a user's own that claims a closed form."""

    kind: ClassVar[str] = "halving"
    base: float = 0.5

    def _formula(self, depth, distance):
        return self.base ** (depth - 1)

    @property
    def label(self):
        return "halving"

    def power_term(self):
        return PowerTerm(1, self.base, 1)


class TestOwnSchemes:
    def test_its_own_word_proves_nothing(self):
        assert isinstance(verify(Halving(), SybilProof()), Unrefuted)
        assert verify(Halving(), SybilProof(), max_depth=4).holds is True
        assert isinstance(
            verify(Power(1, 0.5, 1), SybilProof()), Proved
        )  # the same rewards, in the catalogue

    def test_a_subclass_of_a_known_family_is_judged_by_its_own_rewards(self):
        @dataclass(frozen=True, slots=True)
        class Greedy(EqualSplit):
            def _formula(self, depth, distance):
                return 1

        verdict = verify(Greedy(), WithinBudget())
        assert isinstance(verdict, Refuted)
        assert verdict.counterexample.depth == 2


class TestArguments:
    @pytest.mark.parametrize("max_depth", [0, -1, 1.5, "3", True])
    def test_max_depth(self, max_depth):
        with pytest.raises(InvalidInputError, match="max_depth"):
            verify(Recursive(0.5), SybilProof(), max_depth=max_depth)

    @pytest.mark.parametrize("epsilon", [-0.1, nan, inf, "0", None, True])
    def test_epsilon(self, epsilon):
        with pytest.raises(InvalidInputError, match="epsilon"):
            SybilProof(epsilon)

    def test_epsilon_is_exact(self):
        assert SybilProof(0.1).epsilon == Fraction(1, 10)
        assert SybilProof(0.1) == SybilProof(Fraction(1, 10))

    def test_property(self):
        with pytest.raises(InvalidInputError, match="property"):
            verify(Recursive(0.5), SybilProof)


class TestVerdicts:
    VERDICTS = (
        verify(Recursive(0.5), SybilProof()),
        verify(Recursive(0.5), WithinBudget()),
        verify(Geometric(1, 0.5), WithinBudget()),
        verify(lambda n, j: 0, SybilProof()),
    )

    @pytest.mark.parametrize("verdict", VERDICTS, ids=str)
    def test_no_truth_value(self, verdict):
        with pytest.raises(TypeError, match="holds"):
            bool(verdict)

    @pytest.mark.parametrize("verdict", VERDICTS, ids=str)
    def test_json(self, verdict):
        values = json.loads(json.dumps(verdict.to_dict()))
        assert values["verdict"] == {True: "proved", False: "refuted", None: "unrefuted"}[verdict.holds]
        assert values["claim"] == verdict.claim.to_dict()

    def test_words(self):
        assert [str(verdict).splitlines()[0] for verdict in self.VERDICTS] == [
            "Refuted: not sybil-proof in chains of every length.",
            "Proved: within budget in chains of every length.",
            "Refuted: not within budget in chains of every length.",
            f"Unrefuted, not proved: {self.VERDICTS[3].claim}. Searched all chains of length at most 12.",
        ]

    @pytest.mark.parametrize("length", [64, 65])
    @pytest.mark.parametrize("kind", ["power", "equal split", "callable"])
    def test_chains_are_kept_up_to_64(self, kind, length):
        if kind == "power":
            verdict = verify(Recursive(0.5), SybilProof(1 - Fraction(1, 2 ** (length - 2))))
        elif kind == "equal split":
            verdict = verify(EqualSplit(), SybilProof({64: 15.4, 65: 15.6}[length]))
        else:
            verdict = verify(lambda n, j: int(n == length), SybilProof(), max_depth=length)
        attack = verdict.counterexample
        assert attack.depth + attack.identities == length
        assert (attack.chain_after is None) is (attack.chain_before is None) is (length > 64)
        if attack.chain_after is not None:
            assert (len(attack.chain_before), len(attack.chain_after)) == (attack.depth, length)
            assert attack.before == attack.chain_before[attack.distance]
            assert attack.after == sum(attack.chain_after[attack.distance :][: attack.identities + 1])

    @pytest.mark.parametrize("length", [6, 7])
    def test_chains_are_drawn_up_to_6(self, length):
        attack = verify(Recursive(0.5), SybilProof(1 - Fraction(1, 2 ** (length - 2)))).counterexample
        assert str(attack).count(" > ") == (length + 1 if length <= 6 else 0)

    def test_an_attack_higher_up_is_described(self):
        rows = [
            [Fraction(1)],
            [Fraction(1, 2), Fraction(1, 4)],
            [Fraction(1, 4), Fraction(1, 4), Fraction(1, 4)],
        ]
        attack = verify(PathTable(rows), SybilProof()).counterexample
        assert place(attack) == (2, 1, 1)
        assert str(attack).splitlines() == [
            "before: team > [1/4] > 1/2; the recruiter 1 above the finder, in a chain of length 2, is paid 1/4",
            "after:  team > [1/4] > [1/4] > 1/4; with one fake identity, in a chain of length 3, it is paid 1/2",
            "gain:   1/4 of the prize (+100 %)",
        ]
