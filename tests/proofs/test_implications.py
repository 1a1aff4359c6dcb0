"""Implications between properties: none is contradicted, none is empty, and no premise is idle."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.schemes import (
    CDRM1,
    TDRM,
    CappedRate,
    ConstantSplit,
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    GeometricTree,
    LinearPachira,
    MultiLevel,
    PathTable,
    Recursive,
    ShapleyTree,
)
from proofs import verify
from proofs.implications import IMPLICATIONS
from proofs.properties import PathProperty, Property
from proofs.trees import TreeProperty
from tests.proofs.strategies import near_misses, sybil_proof_tables, tables

LENGTH = 5
PATHS = [item for item in IMPLICATIONS if isinstance(item.premises[0], PathProperty)]
TREES = [item for item in IMPLICATIONS if isinstance(item.premises[0], TreeProperty)]
ONE = Fraction(1)
PATH_SCHEMES = [
    FinderTakesAll(),
    EqualSplit(),
    ConstantSplit(LENGTH),
    *(Recursive(Fraction(k, 4)) for k in range(4)),
    *(Geometric(Fraction(k, 4), Fraction(1, 2)) for k in range(1, 5)),
    *(DoubleGeometric(Fraction(k, 6)) for k in range(1, 6)),
    PathTable([[ONE / 4] * length for length in range(1, LENGTH + 1)]),
    PathTable([[ONE] + [ONE / 2] * (length - 1) for length in range(1, LENGTH + 1)]),
    PathTable([[ONE] + [ONE / 8] * (length - 1) for length in range(1, LENGTH + 1)]),
    PathTable([[ONE / 2] + [ONE / 4] * (length - 1) for length in range(1, LENGTH + 1)]),
    PathTable([[ONE / 2] + [ONE / 8] * (length - 1) for length in range(1, LENGTH + 1)]),
    PathTable([[ONE * 0] + [ONE / 2] * (length - 1) for length in range(1, LENGTH + 1)]),
    PathTable([[ONE * 0] * length for length in range(1, LENGTH + 1)]),
    PathTable([[ONE / 2**j for j in range(length)] for length in range(1, LENGTH + 1)]),
    PathTable([[ONE / 4**j for j in range(length)] for length in range(1, LENGTH + 1)]),
]
TREE_SCHEMES = [
    *(GeometricTree(Fraction(k, 3), Fraction(1, 3)) for k in range(3)),
    GeometricTree(Fraction(3, 4), Fraction(1, 4)),
    GeometricTree(Fraction(0), ONE),
    MultiLevel(Fraction(1, 2), Fraction(1, 2)),
    LinearPachira(Fraction(1, 2), Fraction(1, 2), Fraction(1)),
    TDRM(Fraction(1, 2), Fraction(1, 8), Fraction(1, 4), ONE),
    CDRM1(Fraction(1, 2), Fraction(1, 4)),
    CDRM1(Fraction(1, 4), Fraction(1, 4)),
    CappedRate(Fraction(1, 8), Fraction(1, 8), Fraction(1, 4)),
    ShapleyTree(),
]


def has(scheme, claimed: Property):
    """Whether a scheme has a property; None if that is open."""
    return verify(scheme, claimed, max_depth=LENGTH if isinstance(claimed, PathProperty) else None).holds


def contradicts(scheme, item):
    if not all(has(scheme, premise) for premise in item.premises):
        return False
    return item.conclusion is None or has(scheme, item.conclusion) is False


@settings(max_examples=60)
@given(st.one_of(tables(), sybil_proof_tables(), near_misses()))
def test_random_tables_contradict_nothing(rows):
    zero = Fraction(0)
    rows = [*rows, *([zero] * length for length in range(len(rows) + 1, LENGTH + 1))]
    scheme = PathTable(rows)
    assert [item for item in PATHS if contradicts(scheme, item)] == []


@pytest.mark.parametrize("item", IMPLICATIONS, ids=str)
class TestEach:
    def test_the_catalogue_does_not_contradict_it(self, item):
        schemes = PATH_SCHEMES if item in PATHS else TREE_SCHEMES
        assert [scheme for scheme in schemes if contradicts(scheme, item)] == []

    def test_it_is_not_empty(self, item):
        """Some scheme has the premises; where they exclude one another, each is had by some scheme."""
        schemes = PATH_SCHEMES if item in PATHS else TREE_SCHEMES
        groups = [item.premises] if item.conclusion is not None else [(premise,) for premise in item.premises]
        for group in groups:
            assert any(all(has(scheme, premise) for premise in group) for scheme in schemes)

    def test_no_premise_is_idle(self, item):
        """Without any one premise there is a scheme without the conclusion, or with all that remains."""
        schemes = PATH_SCHEMES if item in PATHS else TREE_SCHEMES
        for idle in item.premises:
            rest = [premise for premise in item.premises if premise != idle]
            if item.conclusion is None or rest:
                assert any(
                    all(has(scheme, premise) for premise in rest)
                    and (item.conclusion is None or has(scheme, item.conclusion) is False)
                    for scheme in schemes
                )


def test_a_false_implication_would_be_noticed():
    from proofs.implications import Implication
    from proofs.properties import SybilProof, WithinBudget

    false = Implication((WithinBudget(),), SybilProof(), "")
    assert any(contradicts(scheme, false) for scheme in PATH_SCHEMES)
