"""Published figures of path schemes: payouts, totals, what an ancestor earns, what recruiting is worth."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    Hybrid,
    InvalidInputError,
    Recursive,
    split_contract,
)

ratios = st.fractions(Fraction(1, 50), Fraction(49, 50), max_denominator=200)
HALF = Fraction(1, 2)


class TestNetworkChallenge:
    """Pickard et al., Science 2011: half to the finder, half of that to its recruiter, and so on."""

    @pytest.mark.parametrize("prize", [4000])
    def test_payouts(self, prize):
        paid = [prize * Recursive(HALF).reward(4, j) for j in range(4)]
        assert [*reversed(paid)] == [250, 500, 1000, 2000]
        assert prize - sum(paid) == 250

    @pytest.mark.parametrize("length", range(1, 12))
    def test_a_chain_is_paid_all_but_two_to_the_minus_length(self, length):
        assert sum(Recursive(HALF).reward(length, j) for j in range(length)) == 1 - HALF**length

    @pytest.mark.parametrize(
        ("fakes", "factor"), [(0, 1), (1, 1.5), (2, 1.75), (3, 1.875), (4, 1.9375), (5, 1.96875)]
    )
    def test_fake_ancestors_multiply_the_take_of_a_finder(self, fakes, factor):
        scheme = Recursive(HALF)
        for depth in (1, 2, 5):
            collected = sum(scheme.reward(depth + fakes, j) for j in range(fakes + 1))
            assert collected / scheme.reward(depth, 0) == Fraction(factor) == 2 - HALF**fakes
            if depth > 1:  # what is left for the true recruiter
                left = scheme.reward(depth + fakes, fakes + 1)
                assert left == scheme.reward(depth, 1) * HALF**fakes

    @pytest.mark.parametrize(
        "branching", [Fraction(1), Fraction(3, 2), Fraction(19, 10), Fraction(2), Fraction(5, 2)]
    )
    def test_what_an_ancestor_earns_diverges_at_branching_two(self, branching):
        """A member whose subtree has m^h members at depth h on average, each a finder with the same small chance."""
        scheme = Recursive(HALF)
        level = [branching**h * scheme.reward(h + 1, h) for h in range(40)]
        ratio = {level[h + 1] / level[h] for h in range(39)}
        assert ratio == {branching / 2}  # so that the sum converges if and only if the branching is below 2
        if branching < 2:
            whole = HALF / (1 - branching / 2)
            assert whole - sum(level) == whole * (branching / 2) ** 40
        else:
            assert min(level) == level[0] == HALF

    @pytest.mark.parametrize(("members", "friends"), list(product(range(1, 9), range(6))))
    def test_what_recruiting_is_worth(self, members, friends):
        """The finder is uniform among all informed; the member at hand brings in some friends."""
        scheme = Recursive(HALF)
        alone = Fraction(1, members) * scheme.reward(1, 0)
        with_friends = Fraction(1, members + friends) * (
            scheme.reward(1, 0) + sum((scheme.reward(2, 1) for _ in range(friends)), Fraction(0))
        )
        factor = with_friends / alone
        assert factor == Fraction(members) * (1 + Fraction(friends, 2)) / (members + friends)
        assert (factor >= 1) is (members >= 2 or friends == 0)
        assert (factor == 1) is (members == 2 or friends == 0)


@given(ratios, st.integers(1, 15))
def test_balanced_geometric_pays_the_prize(ratio, length):
    paid = [BalancedGeometric(ratio).reward(length, j) for j in range(length)]
    assert sum(paid) == 1
    assert all(paid[j + 1] == ratio * paid[j] for j in range(length - 1))


@given(ratios, st.integers(1, 10))
def test_equal_splits_are_the_recursive_scheme(ratio, length):
    assert split_contract([ratio] * length).exact_table(length) == Recursive(ratio).exact_table(length)


@given(st.lists(st.fractions(0, 1, max_denominator=20), min_size=1, max_size=6))
def test_split_contracts_follow_the_money(splits):
    """Hand the prize up the chain, member by member."""
    scheme = split_contract(splits)
    for length in range(1, len(splits) + 1):
        purse, kept = Fraction(1), []
        for depth in range(length, 0, -1):
            handed = purse * splits[depth - 1]
            kept.append(purse - handed)
            purse = handed
        assert [scheme.reward(length, j) for j in range(length)] == kept
        assert sum(kept) + purse == 1
    assert scheme.longest == len(splits)


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        ([], "splits is"),
        ("abc", "splits is"),
        ([0.5, 1.5], r"splits\[1\] is 1.5"),
        ([-0.1], r"splits\[0\] is -0.1"),
    ],
)
def test_wrong_splits_are_named(splits, words):
    with pytest.raises(InvalidInputError, match=words):
        split_contract(splits)


@given(st.fractions(Fraction(1, 20), 2, max_denominator=40), st.integers(1, 12))
def test_almost_uniform_pays_one_plus_height_times_beta(beta, height):
    """In units of the authorisation fee, whatever the length; a split leaves the finder where it was."""
    scheme = AlmostUniform(beta, height)
    assert scheme.total == 1 + height * beta
    for length in range(1, height + 1):
        assert sum(scheme.total * scheme.reward(length, j) for j in range(length)) == scheme.total
        assert scheme.total * scheme.reward(length, 0) == 1 + beta * (height - length + 1)
        for k in range(1, height - length + 1):
            assert sum(scheme.reward(length + k, j) for j in range(k + 1)) == scheme.reward(length, 0)
            if length > 1:  # a relay gains beta for each fake
                split = sum(scheme.reward(length + k, 1 + j) for j in range(k + 1))
                assert scheme.total * (split - scheme.reward(length, 1)) == k * beta
    assert not any(scheme.reward(height + 1, j) for j in range(height + 1))


@pytest.mark.parametrize("height", range(1, 9))
def test_published_totals(height):
    assert AlmostUniform(Fraction(1, height), height).total == 2
    assert AlmostUniform(Fraction(1), height).total == height + 1


@pytest.mark.parametrize("members", range(1, 7))
def test_constant_split_earns_a_part_for_each_fake(members):
    scheme = ConstantSplit(members).exact()
    for depth in range(1, members):
        for k in range(1, members - depth + 1):
            assert sum(scheme.reward(depth + k, j) for j in range(k + 1)) - scheme.reward(
                depth, 0
            ) == Fraction(k, members)


class TestHybrid:
    """Babaioff, Dobzinski, Oren and Zohar, EC 2012, theorem 2.3."""

    @pytest.mark.parametrize("seeds", [15, 16, 20, 50, 1000])
    @pytest.mark.parametrize("degree", [3, 4, 5, 10])
    @pytest.mark.parametrize("height", [1, 2, 3, 4, 5, 8, 9, 10, 26, 27, 28, 100])
    def test_the_published_bounds(self, degree, height, seeds):
        scheme = Hybrid(degree, height, seeds=seeds)
        assert scheme.expected_payment <= 3
        assert degree ** (scheme.worst_payment - 2) <= height  # at most 2 + log(height)
        assert scheme.informed_share >= Fraction(seeds - 7, seeds)

    def test_the_logarithm_rounded_up(self):
        scheme = Hybrid(3, 5, seeds=15, short_height=3)
        assert scheme.informed == (7 * 13, 8 * 121)
        assert scheme.expected_payment == 2 + Fraction(2 * 91, 1059)
        assert round(float(scheme.expected_payment), 3) == 2.172
        assert scheme.worst_payment == 4 > 2 + log(5, 3)
        assert round(2 + log(5, 3), 3) == 3.465

    def test_the_logarithm_rounded_down(self):
        scheme = Hybrid(3, 5, seeds=15)
        assert scheme.short_height == 2
        assert scheme.expected_payment == 2 + Fraction(28, 996)
        assert scheme.worst_payment == 3 <= 2 + log(5, 3)
        assert scheme.informed_share == Fraction(28 + 968, 1815) >= Fraction(8, 15)
        assert round(8 / 15, 3) == 0.533

    @pytest.mark.parametrize("degree", [2, 3, 4])
    @pytest.mark.parametrize("height", [1, 2, 4, 5])
    def test_against_a_forest_member_by_member(self, degree, height):
        scheme = Hybrid(degree, height, seeds=9)
        paid, members = [], 0
        for tree in range(9):
            rule = scheme.short if tree < 7 else scheme.tall
            level = [0]
            for depth in range(1, height + 1):
                members += len(level)
                if depth <= rule.height:  # whoever authorises there, the chain to it is paid
                    fee = sum(rule.total * rule.reward(depth, j) for j in range(depth))
                    paid += [fee] * len(level)
                level = [0] * (len(level) * degree)
        assert scheme.expected_payment == Fraction(sum(paid), len(paid))
        assert scheme.worst_payment == max(paid)
        assert scheme.informed_share == Fraction(len(paid), members)

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"degree": 1}, "degree is 1"),
            ({"height": 0}, "height is 0"),
            ({"seeds": 7}, "seeds is 7"),
            ({"short_height": 6}, "short_height is 6"),
            ({"short_height": 0}, "short_height is 0"),
        ],
    )
    def test_wrong_arguments_are_named(self, change, words):
        values = {"degree": 3, "height": 5, "seeds": 15} | change
        with pytest.raises(InvalidInputError, match=words):
            Hybrid(values.pop("degree"), values.pop("height"), **values)
