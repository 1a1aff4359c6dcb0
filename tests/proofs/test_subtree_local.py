"""Rewards that depend on the distance alone: verdicts, certificates, and what freedom from leaks leaves of them."""

from __future__ import annotations

import json
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import AdditiveTree, ReferralForest
from mechanism.errors import InvalidInputError
from mechanism.schemes import (
    ConstantSplit,
    DirectReferral,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    GeometricTree,
    PathTable,
    Power,
    PowerSum,
    Recursive,
)
from proofs import (
    CollusionProof,
    DepthEffect,
    Proved,
    SubtreeLocal,
    SubtreeLocality,
    SybilProof,
    certificate_of,
    check_certificate,
    property_from_text,
    verify,
)
from proofs.check import Refused, check
from tests.proofs.strategies import epsilons, shares

F = Fraction
TINY = F(1, 10**30)


def local(level):
    """Return the table of rewards by distance."""
    return [list(level[:depth]) for depth in range(1, len(level) + 1)]


levels = st.lists(shares, min_size=1, max_size=6)


class TestTheorem:
    """Sybil-proof up to epsilon and subtree local: a(j + 1) <= epsilon a(j); at 0 the finder alone is paid."""

    @given(levels, epsilons)
    def test_rewards_fall_by_epsilon(self, level, epsilon):
        depth = len(level)
        if verify(PathTable(local(level)), SybilProof(epsilon), max_depth=depth).holds:
            assert all(above <= epsilon * reward for reward, above in pairwise(level))

    @given(st.data(), st.integers(2, 6), epsilons)
    def test_the_bound_is_attained_and_nothing_beyond_it(self, data, depth, epsilon):
        """Two paid places may stand in the ratio epsilon; a little more leaks, whatever else is paid."""
        level = [F(1), epsilon, *[F(0)] * (depth - 2)]
        assert verify(PathTable(local(level)), SybilProof(epsilon)).holds
        j = data.draw(st.integers(0, depth - 2))
        more = data.draw(st.lists(shares, min_size=depth, max_size=depth))
        more[j + 1] = epsilon * more[j] + TINY
        assert verify(PathTable(local(more)), SybilProof(epsilon), max_depth=depth).holds is False

    @given(levels)
    def test_without_a_leak_the_finder_alone_is_paid(self, level):
        holds = verify(PathTable(local(level)), SybilProof(), max_depth=len(level)).holds
        assert holds is not any(level[1:])

    @given(epsilons, st.builds(F, st.integers(1, 12), st.just(12)))
    def test_falling_as_fast_as_epsilon_over_one_plus_epsilon_suffices(self, epsilon, first):
        most = epsilon / (1 + epsilon)
        assert verify(Geometric(first, most), SybilProof(epsilon)).holds
        assert verify(Geometric(first, most), SubtreeLocal()).holds
        assert verify(Geometric(first, most + F(1, 50)), SybilProof(epsilon)).holds is False

    @given(levels)
    def test_merging_never_gains(self, level):
        assert verify(PathTable(local(level)), CollusionProof(), max_depth=len(level)).holds


@given(levels, st.data())
def test_tables(level, data):
    rows, depth = local(level), len(level)
    verdict = verify(PathTable(rows), SubtreeLocal(), max_depth=depth)
    assert isinstance(verdict, Proved)
    check(PathTable(rows).to_dict(), certificate_of([verdict]))
    at_every_length = verify(PathTable(rows), SubtreeLocal())
    assert at_every_length.holds is not any(level)  # longer chains pay nobody
    if depth > 1:
        n = data.draw(st.integers(1, depth))
        j = data.draw(st.integers(0, n - 1))
        if n == depth and j == depth - 1:
            return  # nothing to compare that place with
        rows[n - 1][j] += TINY
        refuted = verify(PathTable(rows), SubtreeLocal(), max_depth=depth)
        # The change is first seen where it is, or one longer if it stands at the end of its chain.
        there = n + 1 if j == n - 1 else n
        assert (refuted.counterexample.depth, refuted.counterexample.distance) == (there, j)
        with pytest.raises(
            Refused, match=rf"^R\({there}, j\) = R\({there - 1}, j\) for j < {there - 1} fails$"
        ):
            check(PathTable(rows).to_dict(), certificate_of([verdict]))


@given(levels, st.lists(shares, min_size=1, max_size=4))
def test_local_tables_pay_a_member_for_its_subtree_alone(level, contributions):
    """A chain below one member more: everybody is paid the same, as far as the table reaches."""
    n = min(len(level) - 1, len(contributions))
    if n < 1:
        return
    amounts = [F(c) for c in contributions[:n]]
    scheme = AdditiveTree(local(level))
    shorter = scheme.rewards(ReferralForest(list(range(-1, n - 1)), amounts))
    longer = scheme.rewards(ReferralForest(list(range(-1, n)), [F(7), *amounts]))
    assert longer[1:].tolist() == shorter.tolist()


@pytest.mark.parametrize(
    ("scheme", "holds"),
    [
        (FinderTakesAll(), True),
        (Recursive(F(1, 3)), True),
        (Geometric(F(7, 10), F(3, 10)), True),
        (Power(F(1, 4), 1, 2), True),
        (Power(0, F(1, 2), 2), True),
        (Power(F(1, 4), 1 - TINY, 2), False),
        (PowerSum([(F(1, 4), 1, F(1, 2)), (F(1, 8), 1, 0)]), True),
        (PowerSum([(F(1, 4), 1, F(1, 2)), (0, 2, 1)]), True),
        (PowerSum([(F(1, 4), F(1, 2), 1), (F(1, 4), F(3, 2), 1)]), False),
        (DoubleGeometric(F(1, 5)), False),
        (EqualSplit(), False),
        (ConstantSplit(4), False),
        (DirectReferral(F(1, 10)), False),
        (PathTable([[0], [0, 0]]), True),
    ],
    ids=str,
)
def test_the_catalogue_at_every_length(scheme, holds):
    verdict = verify(scheme, SubtreeLocal())
    assert verdict.holds is holds
    claim = {"claim": SubtreeLocal().claim(None), "multipliers": {}}
    certificate = {"format": "incentive-networks/certificate/1", "claims": [claim]}
    if holds:
        check_certificate(scheme.exact(), verdict.certificate)
        assert check(scheme.exact().to_dict(), certificate) == ["subtree local at every length"]
        claim["multipliers"] = {"peak": 0}
    with pytest.raises(Refused):
        check(scheme.exact().to_dict(), certificate)
    assert verify(ConstantSplit(4), SubtreeLocal(), max_depth=4).holds


def test_the_smallest_witness():
    case = verify(PathTable([[1], [1, 0.5], [1, 0.25, 0.5]]), SubtreeLocal()).counterexample
    assert case == DepthEffect(
        3, 1, F(1, 2), F(1, 4), shorter=(F(1), F(1, 2)), chain=(F(1), F(1, 4), F(1, 2))
    )
    assert str(case) == (
        "team > 1/2 > [1/4] > 1; the recruiter 1 above the finder is paid 1/2 in a chain of length 2, "
        "but 1/4 in one of length 3"
    )
    assert json.loads(json.dumps(case.to_dict())) == {
        "depth": 3, "distance": 1, "before": "1/2", "after": "1/4", "shorter": ["1", "1/2"],
        "chain": ["1", "1/4", "1/2"],
    }  # fmt: skip


def test_the_code_names_the_property_of_the_scheme():
    assert property_from_text("SL") == property_from_text("subtree-local") == SubtreeLocal()
    assert property_from_text("SL", scheme=GeometricTree(F(1, 3), F(1, 3))) == SubtreeLocality()
    with pytest.raises(InvalidInputError):
        property_from_text("subtree_local:1/2")
