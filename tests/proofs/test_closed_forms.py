"""Closed forms at every length: the table of path schemes, published conditions, and exact thresholds."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import inf

import pytest

from mechanism.errors import UnsupportedProblemError
from mechanism.schemes import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    Power,
    PowerSum,
    Recursive,
    split_contract,
)
from proofs import (
    BudgetBalanced,
    CollusionProof,
    FinderShare,
    IndividualRationality,
    Proved,
    RecruiterShare,
    Refuted,
    RhoSplit,
    SybilProof,
    Unrefuted,
    WithinBudget,
    sybil_gain,
    verify,
)
from tests.proofs.test_path_properties import place

TINY = Fraction(1, 10**30)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)

SCHEMES = {
    "recursive 1/2": Recursive(HALF),
    "geometric": Geometric(Fraction(7, 10), Fraction(3, 10)),
    "balanced geometric": BalancedGeometric(HALF),
    "double geometric": DoubleGeometric(THIRD),
    "equal split": EqualSplit(),
    "constant split": ConstantSplit(8),
    "finder takes all": FinderTakesAll(),
    "direct referral": DirectReferral(Fraction(1, 10)),
    "almost uniform": AlmostUniform(Fraction(1, 5), 5),
}
COLUMNS = {
    "within budget": WithinBudget(),
    "budget-balanced": BudgetBalanced(),
    "sybil-proof": SybilProof(),
    "collusion-proof": CollusionProof(),
    "all positive": RecruiterShare(),
}
CELLS = {
    "recursive 1/2": "x..xx",
    "geometric": "x..xx",
    "balanced geometric": "xx.xx",
    "double geometric": "x.x.x",
    "equal split": "xx.xx",
    "constant split": "x...x",
    "finder takes all": "xxxx.",
    "direct referral": "x.x..",
    "almost uniform": "x...x",
}
WITNESSES = {  # of sybil-proofness and of collusion-proofness
    "recursive 1/2": ((2, 1, 0), None),
    "geometric": ((2, 1, 0), None),
    "balanced geometric": ((3, 1, 0), None),
    "double geometric": (None, (3, 2, 0)),
    "equal split": ((3, 1, 0), None),
    "constant split": ((2, 1, 0), (9, 1, 0)),
    "direct referral": (None, (3, 2, 0)),
    "almost uniform": ((3, 1, 1), (6, 1, 0)),
}


class TestTheTableOfPathSchemes:
    @pytest.mark.parametrize(("scheme", "column"), list(product(SCHEMES, COLUMNS)))
    def test_every_cell_is_decided(self, scheme, column):
        verdict = verify(SCHEMES[scheme], COLUMNS[column])
        assert verdict.claim.max_depth is None
        expected = CELLS[scheme][[*COLUMNS].index(column)] == "x"
        assert isinstance(verdict, Proved if expected else Refuted)

    @pytest.mark.parametrize("scheme", WITNESSES)
    def test_witnesses_are_the_smallest(self, scheme):
        for wanted, there in zip((SybilProof(), CollusionProof()), WITNESSES[scheme], strict=True):
            if there is not None:
                assert place(verify(SCHEMES[scheme], wanted).counterexample) == there

    @pytest.mark.parametrize(
        ("scheme", "gain"),
        [
            ("recursive 1/2", 1),
            ("geometric", Fraction(3, 7)),
            ("balanced geometric", 1),
            ("double geometric", 0),
            ("equal split", inf),
            ("constant split", 7),
            ("finder takes all", 0),
            ("direct referral", 0),
            ("almost uniform", 3),
        ],
    )
    def test_the_smallest_true_epsilon(self, scheme, gain):
        leak = sybil_gain(SCHEMES[scheme])
        assert leak.gain == gain
        if gain < inf:
            assert verify(SCHEMES[scheme], SybilProof(gain)).holds is True
        if 0 < gain < inf:
            assert verify(SCHEMES[scheme], SybilProof(gain * Fraction(9, 10))).holds is False

    def test_a_scheme_that_stops_is_judged_beyond_its_end(self):
        """Chains longer than the table are paid nothing, so that members of those gain by posing as fewer."""
        scheme = ConstantSplit(4)
        assert verify(scheme, CollusionProof(), max_depth=4).holds is True
        assert place(verify(scheme, CollusionProof(10)).counterexample) == (5, 1, 0)
        for wanted in (FinderShare(0.25), IndividualRationality(0.25)):
            assert verify(scheme, wanted, max_depth=4).holds is True
            assert place(verify(scheme, wanted).counterexample) == (5, 0, 0)
        assert verify(split_contract([HALF] * 4), RhoSplit(HALF)).holds is True
        assert place(verify(ConstantSplit(1), BudgetBalanced()).counterexample) == (2, 0, 0)


class TestIdentitiesThatCost:
    @pytest.mark.parametrize("epsilon", [0, 1])
    def test_equal_split_needs_a_sixth(self, epsilon):
        """(l - 1) / (l (l + 1)) is 1 / 6 for l = 2 and l = 3, and less for all others."""
        sixth = Fraction(1, 6)
        gains = {n: Fraction(2, n + 1) - Fraction(1, n) for n in range(1, 50)}
        assert max(gains.values()) == gains[2] == gains[3] == sixth
        assert verify(EqualSplit(), SybilProof(epsilon, identity_cost=sixth)).holds is True
        low = verify(EqualSplit(), SybilProof(identity_cost=sixth - TINY))
        assert place(low.counterexample) == (3, 1, 0)

    @pytest.mark.parametrize("members", range(2, 9))
    def test_constant_split_needs_what_a_member_is_paid(self, members):
        scheme, part = ConstantSplit(members), Fraction(1, members)
        assert verify(scheme, SybilProof(identity_cost=part)).holds is True
        assert place(verify(scheme, SybilProof(identity_cost=part - TINY)).counterexample) == (2, 1, 0)

    @pytest.mark.parametrize(("beta", "height"), [(1, 3), (THIRD, 3), (2, 6)])
    def test_almost_uniform_needs_what_a_relay_is_paid(self, beta, height):
        scheme = AlmostUniform(beta, height)
        part = scheme.exact().reward(2, 1)
        assert verify(scheme, SybilProof(identity_cost=part)).holds is True
        assert place(verify(scheme, SybilProof(identity_cost=part - TINY)).counterexample) == (3, 1, 1)

    @pytest.mark.parametrize("height", [1, 2])
    def test_almost_uniform_of_two_levels_has_no_room_to_split(self, height):
        assert verify(AlmostUniform(1, height), SybilProof()).holds is True

    @pytest.mark.parametrize("r", [Fraction(1, 5), HALF, Fraction(3, 5)])
    def test_balanced_geometric_needs_its_limit(self, r):
        """One fake identity gains r (1 - r) in the limit of long chains, and that is the most if r is small."""
        scheme = BalancedGeometric(r)
        assert verify(scheme, SybilProof(identity_cost=r * (1 - r))).holds is True
        assert verify(scheme, SybilProof(identity_cost=r * (1 - r) - Fraction(1, 10**4))).holds is False

    def test_balanced_geometric_may_need_more_on_short_chains(self):
        """At r = 4/5 the gain of one fake identity peaks on chains of length 3."""
        scheme = BalancedGeometric(Fraction(4, 5))
        r = Fraction(4, 5)
        gains = [(1 - r**2) / (1 - r ** (n + 1)) - (1 - r) / (1 - r**n) for n in range(1, 60)]
        top = max(gains)
        assert gains.index(top) + 1 not in (1, 59)
        assert top > r * (1 - r)
        assert verify(scheme, SybilProof(identity_cost=top)).holds is True
        low = verify(scheme, SybilProof(identity_cost=top - TINY)).counterexample
        assert (low.depth, low.identities) == (gains.index(top) + 1, 1)

    def test_a_lone_finder_of_a_power_scheme_gains_most(self):
        scheme = Power(HALF, 1, HALF)
        assert verify(scheme, SybilProof(identity_cost=Fraction(1, 4))).holds is True
        assert verify(scheme, SybilProof(identity_cost=Fraction(1, 4) - TINY)).holds is False
        claims = verify(scheme, SybilProof(Fraction(1, 4), identity_cost=Fraction(1, 8))).certificate[
            "claims"
        ]
        assert claims[0]["multipliers"] == {"horizon": 1}

    def test_growth_that_pays_for_every_identity(self):
        for cost in (1, 2):
            assert verify(Power(1, 1, 1), SybilProof(identity_cost=cost)).holds is True
        low = verify(Power(1, 1, 1), SybilProof(5, identity_cost=Fraction(9, 10))).counterexample
        assert place(low) == (52, 51, 0)

    @pytest.mark.parametrize(
        ("scheme", "wanted", "there"),
        [
            (Power(1, 2, 0), SybilProof(identity_cost=100), (9, 1, 0)),
            (Power(Fraction(1, 10), Fraction(3, 2), 1), SybilProof(2, identity_cost=1, identities=1), None),
            (
                Power(Fraction(1, 10), Fraction(7, 4), 1),
                SybilProof(2, identity_cost=1, identities=1),
                (8, 1, 0),
            ),
            (Power(Fraction(1, 10), HALF, 4), SybilProof(1, identity_cost=1, identities=1), (7, 1, 5)),
        ],
    )
    def test_rewards_that_grow_along_the_chain(self, scheme, wanted, there):
        verdict = verify(scheme, wanted)
        if there is None:
            assert verdict.holds is True
        else:
            assert place(verdict.counterexample) == there
            assert verify(scheme, wanted, max_depth=there[0] - 1).holds is True
            assert verify(scheme, wanted, max_depth=there[0]).counterexample == verdict.counterexample

    def test_a_witness_beyond_short_chains(self):
        """A price that only a long chain overcomes: the search by bisection finds the same as the table."""
        wanted = SybilProof(Fraction(1, 10), identity_cost=3)
        scheme = Power(Fraction(1, 4), Fraction(6, 5), Fraction(1, 10))
        verdict = verify(scheme, wanted)
        there = place(verdict.counterexample)
        assert 12 < there[0] < 30
        assert verify(scheme, wanted, max_depth=there[0]).counterexample == verdict.counterexample
        assert verify(scheme, wanted, max_depth=there[0] - 1).holds is True

    @pytest.mark.parametrize("most", [1, 2, 3])
    def test_few_identities(self, most):
        limits = {
            EqualSplit(): Fraction(most),
            BalancedGeometric(HALF): 1 - HALF**most,
            Recursive(HALF): 1 - HALF**most,
        }
        for scheme, limit in limits.items():
            assert verify(scheme, SybilProof(limit, identities=most)).holds is True
            assert verify(scheme, SybilProof(limit - Fraction(1, 100), identities=most)).holds is False


class TestNathRegion:
    """(gamma, delta)-geometric rewards: delta <= min(1 - gamma, epsilon / (1 + epsilon)) (Nath et al., WINE 2012)."""

    GRID = tuple(Fraction(n, 8) for n in range(1, 8))

    @pytest.mark.parametrize("epsilon", [Fraction(1, 3), HALF, Fraction(3, 4), Fraction(1), Fraction(7)])
    def test_on_a_grid(self, epsilon):
        for gamma, delta in product(self.GRID, self.GRID):
            scheme = Geometric(gamma, delta)
            promises = (
                SybilProof(epsilon),
                WithinBudget(),
                CollusionProof(),
                RecruiterShare(delta),
                FinderShare(gamma),
            )
            kept = [verify(scheme, promise).holds for promise in promises]
            assert None not in kept
            assert kept[2:] == [True, True, True]
            assert kept[0] is (delta <= epsilon / (1 + epsilon))
            assert kept[1] is (delta <= 1 - gamma)
            assert all(kept) is (delta <= min(1 - gamma, epsilon / (1 + epsilon)))


class TestCollusion:
    @pytest.mark.parametrize(
        ("p", "q", "holds"),
        [
            *((1, 0, True), (1, HALF, True), (HALF, 2, True), (HALF, 3, True), (2, 0, True)),
            *((HALF, 1, False), (0, 5, False), (Fraction(9, 10), 1, False)),
            (Fraction(9, 10), Fraction(10, 9), True),
        ],
    )
    def test_a_power_scheme_holds_if_and_only_if_it_does_not_fade(self, p, q, holds):
        for epsilon in (0, 3):
            verdict = verify(Power(HALF, p, q), CollusionProof(epsilon))
            assert verdict.holds is holds
            if not holds:
                merger = verdict.counterexample
                assert (merger.depth, merger.distance) == (merger.members, 0)
                assert merger.after > (1 + epsilon) * merger.before
                assert verify(Power(HALF, p, q), CollusionProof(epsilon), max_depth=merger.depth - 1).holds

    def test_a_long_merger(self):
        merger = verify(Power(HALF, Fraction(999, 1000), HALF), CollusionProof(1)).counterexample
        assert merger.members == 1387
        assert merger.chain_before is None
        assert merger.after == HALF > 2 * merger.before


class TestSums:
    SUM = PowerSum([(HALF, 1, 0), (Fraction(1, 4), HALF, 1), (Fraction(1, 4), Fraction(2, 3), HALF)])

    def test_promises_of_all_terms(self):
        for wanted in (SybilProof(), WithinBudget(), RecruiterShare(), FinderShare(HALF)):
            verdict = verify(self.SUM, wanted)
            assert isinstance(verdict, Proved)
        assert verify(self.SUM, SybilProof()).certificate["claims"][0]["multipliers"] == {"peaks": [0, 0, 0]}
        assert sybil_gain(self.SUM).gain == 0

    def test_a_sum_that_is_balanced_though_no_term_is(self):
        half = PowerSum([(HALF, 1, 0), (HALF, 1, 0)])
        assert verify(half, BudgetBalanced()).holds is True
        assert verify(half, RhoSplit(0)).holds is True
        assert verify(self.SUM, BudgetBalanced()).holds is False

    def test_what_is_not_known_is_not_guessed(self):
        late, early = (Fraction(1, 4), Fraction(9, 10), 1), (Fraction(1, 4), HALF, HALF)
        both = PowerSum([late, early])  # they are dearest at different lengths, and never too dear together
        assert isinstance(verify(both, WithinBudget()), Unrefuted)
        assert verify(both, WithinBudget(), max_depth=40).holds is True
        with pytest.raises(UnsupportedProblemError, match="max_depth"):
            sybil_gain(both)
        assert sybil_gain(both, 5).gain > 0

    def test_one_term_is_a_power_scheme(self):
        for wanted in (SybilProof(1), WithinBudget(), CollusionProof(), RhoSplit(HALF)):
            one = verify(PowerSum([(HALF, 1, HALF)]), wanted)
            assert (
                one.to_dict()["verdict"] == verify(Recursive(HALF), wanted).to_dict()["verdict"] == "proved"
            )
