"""Every property of path schemes on every family: verdicts and checker against the definitions, in both directions."""

from __future__ import annotations

import json
from fractions import Fraction
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import InvalidInputError, UnsupportedProblemError
from mechanism.schemes import EqualSplit, PathTable, PowerSum, Recursive
from proofs import (
    BudgetBalanced,
    CollusionProof,
    DepthEffect,
    FinderShare,
    Imbalance,
    IndividualRationality,
    Merger,
    Monotone,
    Overspending,
    Proved,
    RecruiterShare,
    Refuted,
    RewardCap,
    RhoSplit,
    Rise,
    Shortfall,
    SubtreeLocal,
    SybilAttack,
    SybilProof,
    WithinBudget,
    sybil_gain,
    verify,
)
from proofs.check import FORMAT, Refused, check, read_scheme
from proofs.properties import PATH_PROPERTIES
from tests.proofs.strategies import catalogue, closed_forms, path_properties, sums, tables
from tests.reference.path import broken
from tests.reference.sybil import from_rows

LONGEST = 9


def place(case):
    """Return a counterexample as the reference names it."""
    match case:
        case SybilAttack():
            return case.depth + case.identities, case.identities, case.distance
        case Merger():
            return case.depth, case.members - 1, case.distance
        case Shortfall() | Rise() | DepthEffect():
            return case.depth, 0, case.distance
        case Imbalance() | Overspending():
            return case.depth, 0, 0


def accepts(document, claim, multipliers):
    try:
        return bool(
            check(document, {"format": FORMAT, "claims": [{"claim": claim, "multipliers": multipliers}]})
        )
    except Refused:
        return False


@given(catalogue, path_properties)
def test_verdicts_agree_with_the_definitions(scheme, wanted):
    reward = scheme.exact().reward
    found = broken(reward, wanted.to_dict(), LONGEST)
    verdict = verify(scheme, wanted)
    if isinstance(verdict, Refuted):
        there = place(verdict.counterexample)
        assert (there in found) is (there[0] <= LONGEST)
        assert found[:1] == ([there] if there[0] <= LONGEST else [])
    else:
        assert not found
        assert isinstance(verdict, Proved) or isinstance(scheme, PowerSum)


@given(closed_forms, path_properties)
def test_a_witness_on_a_long_chain_is_one(scheme, wanted):
    verdict = verify(scheme, wanted)
    if isinstance(verdict, Refuted) and LONGEST < place(verdict.counterexample)[0] <= 40:
        there = place(verdict.counterexample)
        assert verify(scheme, wanted, max_depth=there[0]).counterexample == verdict.counterexample
        assert verify(scheme, wanted, max_depth=there[0] - 1).holds is True


@given(catalogue, path_properties, st.integers(1, 7))
def test_verdicts_on_cut_schemes_agree_with_the_definitions(scheme, wanted, depth):
    found = broken(scheme.exact().reward, wanted.to_dict(), depth)
    verdict = verify(scheme, wanted, max_depth=depth)
    assert verdict.holds is (not found)
    if found:
        assert place(verdict.counterexample) == found[0]


@given(catalogue, path_properties, st.integers(1, 7))
def test_the_checker_accepts_a_cut_scheme_if_and_only_if_the_claim_is_true(scheme, wanted, depth):
    claim = wanted.to_dict() | {"max_depth": depth}
    assert accepts(scheme.exact().to_dict(), claim, {}) is (not broken(scheme.exact().reward, claim, depth))
    assert not accepts(scheme.exact().to_dict(), claim, {"peak": 0})


@given(tables(), path_properties, st.none() | st.integers(1, 8))
def test_the_checker_accepts_a_table_if_and_only_if_the_claim_is_true(rows, wanted, depth):
    claim = wanted.to_dict() | {"max_depth": depth}
    found = broken(from_rows(rows), claim, depth or len(rows) + 3)
    assert accepts(PathTable(rows).to_dict(), claim, {}) is (not found)


@given(
    catalogue,
    path_properties,
    st.one_of(
        st.just({}),
        st.builds(lambda k: {"peak": k}, st.just("limit") | st.integers(0, 4)),
        st.builds(lambda k: {"horizon": k}, st.integers(0, 12)),
        st.builds(lambda ks: {"peaks": ks}, st.lists(st.just("limit") | st.integers(0, 4), max_size=3)),
    ),
)
def test_no_multipliers_prove_what_is_false(scheme, wanted, multipliers):
    claim = wanted.to_dict() | {"max_depth": None}
    if accepts(scheme.exact().to_dict(), claim, multipliers):
        assert not broken(scheme.exact().reward, claim, LONGEST)


@given(catalogue)
def test_the_checker_knows_every_family(scheme):
    known = read_scheme(json.loads(json.dumps(scheme.exact().to_dict())))
    assert [known.row(depth) for depth in range(1, 9)] == scheme.exact_table(8)


@given(sums, path_properties)
def test_what_every_term_promises_the_sum_promises(scheme, wanted):
    """For promises that are linear in the rewards and bounded by nothing else."""
    if not isinstance(wanted, (CollusionProof, RhoSplit)) and not (
        isinstance(wanted, SybilProof) and not wanted.identity_cost
    ):
        return
    terms = [PowerSum([term]) for term in scheme.terms]
    if all(verify(term, wanted).holds for term in terms):
        assert verify(scheme, wanted).holds is True


@given(catalogue, st.integers(1, 7))
def test_the_gain_is_the_smallest_true_epsilon(scheme, depth):
    try:
        gain = sybil_gain(scheme).gain
    except UnsupportedProblemError:
        assert isinstance(scheme, PowerSum)
        return
    assert gain >= sybil_gain(scheme, depth).gain
    if gain < inf:
        assert verify(scheme, SybilProof(gain)).holds is True
    if gain > 0:
        below = gain * Fraction(99, 100) if gain < inf else Fraction(50)
        assert verify(scheme, SybilProof(below)).holds is False


@given(path_properties)
def test_properties_print_and_round_trip(wanted):
    document = json.loads(json.dumps(wanted.to_dict()))
    assert document.pop("property") == wanted.name
    values = {key: Fraction(x) if isinstance(x, str) else x for key, x in document.items()}
    assert type(wanted)(**values) == wanted
    assert str(wanted)
    assert "\n" not in str(wanted)


def test_every_property_says_what_it_is():
    assert len({family.name for family in PATH_PROPERTIES}) == len(PATH_PROPERTIES)
    codes = "BC BB SP CP SCR SEC RHO IR MON CAP SL"
    assert [family.code for family in PATH_PROPERTIES] == codes.split()
    for family in PATH_PROPERTIES:
        assert all((family.statement, family.adversary, family.source))


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (SybilProof(Fraction(1, 4)), "sybil-proof with epsilon = 1/4"),
        (SybilProof(identity_cost=0.1), "sybil-proof at a cost of 1/10 per identity"),
        (SybilProof(1, identities=2), "sybil-proof with epsilon = 1 against at most 2 fake identities"),
        (CollusionProof(), "collusion-proof"),
        (CollusionProof(0.5), "collusion-proof with epsilon = 1/2"),
        (RecruiterShare(), "paying everybody"),
        (RecruiterShare(0.25), "paying recruiters at least 1/4 of the reward below"),
        (FinderShare(0.5), "paying the finder at least 1/2"),
        (RhoSplit(0.5), "paying recruiters exactly 1/2 of the reward below"),
        (IndividualRationality(0.01), "individually rational at a cost of 1/100"),
        (WithinBudget(), "within budget"),
        (WithinBudget(0.5), "within a budget of 1/2 prizes"),
        (Monotone(), "monotone"),
        (RewardCap(0.5), "paying nobody more than 1/2"),
        (SubtreeLocal(), "subtree local"),
    ],
)
def test_words(wanted, words):
    assert str(wanted) == words


BOUNDED = [SybilProof, CollusionProof, RecruiterShare, FinderShare, RhoSplit, WithinBudget, RewardCap]


@pytest.mark.parametrize("family", BOUNDED)
@pytest.mark.parametrize("bound", [-1, float("nan"), float("inf"), "1/2", True])
def test_a_bound_that_is_none_is_named(family, bound):
    with pytest.raises(InvalidInputError):
        family(bound)


@pytest.mark.parametrize("change", [{"identity_cost": -1}, {"identities": 0}, {"identities": 1.5}])
def test_wrong_identities_are_named(change):
    with pytest.raises(InvalidInputError, match=next(iter(change))):
        SybilProof(**change)


class TestCounterexamples:
    def test_a_merger(self):
        rows = [[Fraction(1)], [Fraction(1, 2), Fraction(1, 4)]]
        case = verify(PathTable(rows), CollusionProof(), max_depth=2).counterexample
        assert case == Merger(2, 0, 2, Fraction(3, 4), Fraction(1), tuple(rows[1]), tuple(rows[0]))
        assert str(case).splitlines() == [
            "before: team > [1/4] > [1/2]; 2 members, the finder and those above, in a chain of length 2, are paid 3/4",
            "after:  team > [1]; as one member, in a chain of length 1, they are paid 1",
            "gain:   1/4 of the prize (+33.3333 %)",
        ]
        assert json.loads(json.dumps(case.to_dict()))["gain"] == "1/4"

    def test_a_merger_from_nothing(self):
        case = verify(PathTable([[1], [0, 0]]), CollusionProof(5)).counterexample
        assert str(case).endswith("(from nothing)")

    def test_what_identities_cost_is_taken_off(self):
        case = verify(EqualSplit(), SybilProof(identity_cost=Fraction(1, 7))).counterexample
        assert place(case) == (3, 1, 0)
        assert case.gain == Fraction(2, 3) - Fraction(1, 2) - Fraction(1, 7) > 0
        assert str(case).splitlines()[-1] == (
            "gain:   1/42 of the prize, after 1/7 for the one fake identity (+4.76190 %)"
        )

    def test_what_is_unbalanced(self):
        case = verify(Recursive(0.5), BudgetBalanced()).counterexample
        assert str(case) == "a chain of length 1 is paid 1/2 of the prize, 1/2 too little"
        assert case.to_dict() == {"depth": 1, "total": "1/2", "excess": "-1/2"}

    def test_a_shortfall(self):
        case = verify(Recursive(0.5), IndividualRationality(0.2)).counterexample
        assert case == Shortfall(
            3, 2, Fraction(1, 8), Fraction(1, 5), (Fraction(1, 2), Fraction(1, 4), Fraction(1, 8))
        )
        assert json.loads(json.dumps(case.to_dict()))["promised"] == "1/5"

    def test_a_long_chain_is_left_out(self):
        case = verify(Recursive(0.5), IndividualRationality(Fraction(1, 2**80))).counterexample
        assert (case.depth, case.distance, case.chain) == (81, 80, None)
        assert str(case).startswith("the recruiter 80 above the finder")
