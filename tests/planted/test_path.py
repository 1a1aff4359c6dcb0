"""Almost right path schemes: each breaks one promise by a millionth deep in a long chain, and is found out.

Beside each stands its neighbour, which keeps the promise with nothing, or a millionth, to spare.
"""

from __future__ import annotations

from fractions import Fraction

import pytest

from mechanism.schemes import (
    AlmostUniform,
    BalancedGeometric,
    ConstantSplit,
    DoubleGeometric,
    EqualSplit,
    Geometric,
    PathTable,
    Power,
    PowerSum,
    Recursive,
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
    WithinBudget,
    verify,
)
from tests.proofs.test_path_properties import place
from tests.reference.path import broken
from tests.reference.sybil import from_rows

MILLIONTH = Fraction(1, 10**6)
DEPTH = 9
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)

DOUBLE = DoubleGeometric(THIRD).exact_table(DEPTH)
MIT = Recursive(HALF).exact_table(DEPTH)
BALANCED = BalancedGeometric(HALF).exact_table(DEPTH)
CONSTANT = ConstantSplit(DEPTH).exact_table(DEPTH)

FINDER = [[Fraction(1), *[Fraction(0)] * (n - 1)] for n in range(1, DEPTH + 1)]
LESS, MORE = 1 - MILLIONTH, 1 + MILLIONTH
PART = Fraction(1, DEPTH)

TABLES = {
    # table, length and distance of the reward that is changed, by what factor, broken promise, witness, kept promise
    "a split at depth 7": (DOUBLE, 7, 3, MORE, SybilProof(), (7, 1, 2), SybilProof(MILLIONTH)),
    "a reward before a split": (DOUBLE, 6, 4, LESS, SybilProof(), (7, 1, 4), SybilProof(2 * MILLIONTH)),
    "a split that costs": (
        *(CONSTANT, 8, 2, MORE, SybilProof(identity_cost=PART), (8, 1, 1)),
        SybilProof(identity_cost=PART * MORE),
    ),
    "two fake identities": (
        *(CONSTANT, 8, 2, LESS, SybilProof(2 - MILLIONTH, identities=2), (3, 2, 0)),
        SybilProof(2 + 3 * MILLIONTH, identities=2),
    ),
    "a merger of two": (FINDER, 7, 0, LESS, CollusionProof(), (7, 1, 0), CollusionProof(2 * MILLIONTH)),
    "a merger of eight": (BALANCED, 8, 5, LESS, CollusionProof(), (8, 7, 0), CollusionProof(MILLIONTH)),
    "too much in a chain of eight": (BALANCED, 8, 3, MORE, WithinBudget(), (8, 0, 0), CollusionProof()),
    "too much": (BALANCED, 8, 7, MORE, BudgetBalanced(), (8, 0, 0), CollusionProof()),
    "too little": (BALANCED, 7, 0, LESS, BudgetBalanced(), (7, 0, 0), WithinBudget()),
    "a recruiter": (MIT, 8, 5, LESS, RecruiterShare(HALF), (8, 0, 5), RecruiterShare(HALF * LESS)),
    "a recruiter without pay": (MIT, 8, 5, Fraction(0), RecruiterShare(), (8, 0, 5), FinderShare(HALF)),
    "a recruiter with little": (MIT, 8, 6, MILLIONTH, RecruiterShare(HALF), (8, 0, 6), RecruiterShare()),
    "a finder": (MIT, 8, 0, LESS, FinderShare(HALF), (8, 0, 0), FinderShare(HALF * LESS)),
    "a split too generous": (MIT, 9, 8, MORE, RhoSplit(HALF), (9, 0, 8), RecruiterShare(HALF)),
    "a split too mean": (MIT, 7, 6, LESS, RhoSplit(HALF), (7, 0, 6), WithinBudget()),
    "a member below its cost": (
        *(CONSTANT, 7, 4, LESS, IndividualRationality(PART), (7, 0, 4)),
        IndividualRationality(PART * LESS),
    ),
}


def changed(rows, length, distance, factor):
    rows = [list(row) for row in rows]
    rows[length - 1][distance] *= factor
    return rows


@pytest.mark.parametrize("name", TABLES)
def test_a_table(name):
    rows, length, distance, factor, wanted, witness, kept = TABLES[name]
    bad = changed(rows, length, distance, factor)
    assert broken(from_rows(bad), wanted.to_dict(), DEPTH)[0] == witness
    for scheme in (PathTable(bad), from_rows(bad)):
        verdict = verify(scheme, wanted, max_depth=DEPTH)
        assert isinstance(verdict, Refuted)
        assert place(verdict.counterexample) == witness
        assert isinstance(verify(scheme, kept, max_depth=DEPTH), Proved)
    assert place(verify(from_rows(bad), wanted).counterexample) == witness
    if name != "two fake identities":  # that table is wrong as it is
        assert isinstance(verify(PathTable(rows), wanted, max_depth=DEPTH), Proved)
        assert witness[0] >= 6


FORMS = {
    # broken promise and witness, kept promise, each of a scheme
    "recursive": (Recursive(HALF), SybilProof(LESS), (21, 20, 0), Recursive(HALF), SybilProof(1)),
    "geometric": (
        *(Geometric(HALF + MILLIONTH, HALF), WithinBudget(), (19, 0, 0)),
        *(Geometric(HALF, HALF), WithinBudget()),
    ),
    "power, budget": (
        *(Power(Fraction(3, 4) * MORE, Fraction(2, 3), 1), WithinBudget(), (2, 0, 0)),
        *(Power(Fraction(3, 4), Fraction(2, 3), 1), WithinBudget()),
    ),
    "power, splits": (
        *(Power(1, HALF, MORE), SybilProof(), (2, 1, 0)),
        *(Power(1, HALF, 1), SybilProof()),
    ),
    "power, splits that cost": (
        *(Power(HALF, 1, HALF), SybilProof(identity_cost=Fraction(1, 4) * LESS), (2, 1, 0)),
        *(Power(HALF, 1, HALF), SybilProof(identity_cost=Fraction(1, 4))),
    ),
    "power, many splits that cost": (
        *(Power(1, 1, 1), SybilProof(7, identity_cost=Fraction(1, 8) - MILLIONTH), (9, 8, 0)),
        *(Power(1, 1, 1), SybilProof(7, identity_cost=1)),
    ),
    "power, few splits": (
        *(Power(1, 1, HALF), SybilProof(LESS - Fraction(1, 64), identities=6), (7, 6, 0)),
        *(Power(1, 1, HALF), SybilProof(1 - Fraction(1, 64), identities=6)),
    ),
    "power, mergers": (
        *(Power(HALF, LESS, 0), CollusionProof(10 * MILLIONTH), (11, 10, 0)),
        *(Power(HALF, 1, 0), CollusionProof()),
    ),
    "power, mergers upwards": (
        *(Power(HALF, HALF, Fraction(39, 20)), CollusionProof(), (30, 29, 0)),
        *(Power(HALF, HALF, 2), CollusionProof()),
    ),
    "power, finder": (
        *(Power(HALF, LESS, 1), FinderShare(HALF * (1 - 10 * MILLIONTH)), (12, 0, 0)),
        *(Power(HALF, 1, 1), FinderShare(HALF)),
    ),
    "power, costs": (
        *(Power(HALF, 1, LESS), IndividualRationality(HALF * (1 - 10 * MILLIONTH)), (12, 0, 11)),
        *(Power(HALF, LESS, 1 / LESS), FinderShare(0)),
    ),
    "power, balance": (
        *(Power(1, 1, MILLIONTH), BudgetBalanced(), (2, 0, 0)),
        *(Power(1, 1, 0), BudgetBalanced()),
    ),
    "sum, balance": (
        *(PowerSum([(HALF, 1, 0), (HALF, MORE, 0)]), BudgetBalanced(), (2, 0, 0)),
        *(PowerSum([(HALF, 1, 0), (HALF, 1, 0)]), BudgetBalanced()),
    ),
    "sum, one bad term": (
        *(PowerSum([(HALF, HALF, 1), (HALF, HALF, MORE)]), SybilProof(), (2, 1, 0)),
        *(PowerSum([(HALF, HALF, 1), (HALF, THIRD, 2)]), SybilProof()),
    ),
    "balanced, splits": (
        *(BalancedGeometric(HALF), SybilProof(1 - Fraction(1, 1000)), (23, 11, 0)),
        *(BalancedGeometric(HALF), SybilProof(1)),
    ),
    "balanced, few splits": (
        *(BalancedGeometric(HALF), SybilProof(HALF - MILLIONTH, identities=1), None),
        *(BalancedGeometric(HALF), SybilProof(HALF, identities=1)),
    ),
    "balanced, splits that cost": (
        *(BalancedGeometric(HALF), SybilProof(identity_cost=Fraction(1, 4) - MILLIONTH), None),
        *(BalancedGeometric(HALF), SybilProof(identity_cost=Fraction(1, 4))),
    ),
    "balanced, finder": (
        *(BalancedGeometric(HALF), FinderShare(HALF * MORE), (20, 0, 0)),
        *(BalancedGeometric(HALF), FinderShare(HALF)),
    ),
    "balanced, recruiters": (
        *(BalancedGeometric(HALF), RecruiterShare(HALF * MORE), (2, 0, 1)),
        *(BalancedGeometric(HALF), RecruiterShare(HALF)),
    ),
    "equal split": (
        *(EqualSplit(), SybilProof(identity_cost=Fraction(1, 6) - MILLIONTH), (3, 1, 0)),
        *(EqualSplit(), SybilProof(identity_cost=Fraction(1, 6))),
    ),
    "equal split, few splits": (
        *(EqualSplit(), SybilProof(2 - Fraction(1, 500), identities=2), (3001, 2, 0)),
        *(EqualSplit(), SybilProof(2, identities=2)),
    ),
    "constant split": (
        *(ConstantSplit(7), SybilProof(identity_cost=Fraction(1, 7) - MILLIONTH), (2, 1, 0)),
        *(ConstantSplit(7), SybilProof(identity_cost=Fraction(1, 7))),
    ),
    "almost uniform": (
        *(AlmostUniform(HALF, 7), SybilProof(identity_cost=Fraction(1, 9) - MILLIONTH), (3, 1, 1)),
        *(AlmostUniform(HALF, 7), SybilProof(identity_cost=Fraction(1, 9))),
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_closed_form(name):
    bad, wanted, witness, good, kept = FORMS[name]
    verdict = verify(bad, wanted)
    assert isinstance(verdict, Refuted)
    there = place(verdict.counterexample)
    assert witness is None or there == witness
    if there[0] <= 60:  # the same on the cut scheme, and one shorter it holds
        assert verify(bad, wanted, max_depth=there[0]).counterexample == verdict.counterexample
        assert isinstance(verify(bad, wanted, max_depth=max(there[0] - 1, 1)), Proved)
    assert isinstance(verify(good, kept), Proved)
