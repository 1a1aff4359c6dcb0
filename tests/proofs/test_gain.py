"""The leak of a scheme: published values, exact and floating point, any length and cut."""

from __future__ import annotations

from fractions import Fraction
from math import inf, isinf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.schemes import (
    DoubleGeometric,
    EqualSplit,
    FinderTakesAll,
    Geometric,
    PathTable,
    Power,
    Recursive,
)
from proofs import SybilProof, sybil_gain, sybil_gain_float, verify
from tests.proofs.strategies import closed_forms, near_misses, sybil_proof_tables, tables
from tests.reference.sybil import collected, from_rows


def slow_gain(reward, longest):
    most = Fraction(0)
    for length in range(2, longest + 1):
        for k in range(1, length):
            for j in range(length - k):
                before, after = reward(length - k, j), collected(reward, length - k, j, k)
                if after > before:
                    most = max(most, after / before - 1) if before else inf
                if most == inf:
                    return inf
    return most


@pytest.mark.parametrize(
    ("scheme", "at_ten", "at_any_length"),
    [
        (FinderTakesAll(), 0, 0),
        (DoubleGeometric(0.15), 0, 0),
        (Recursive(0.5), 1 - Fraction(1, 2**9), 1),
        (Geometric(0.7, 0.3), Fraction(3, 7) * (1 - Fraction(3, 10) ** 9), Fraction(3, 7)),
        (EqualSplit(), 2, inf),
        (Power(0.5, 1, 1), 9, inf),
        (Power(0.5, 0.9, 0.5), Fraction(167, 400), Fraction(167, 400)),
        (Power(0, 2, 2), 0, 0),
    ],
    ids=lambda x: getattr(x, "label", None),
)
def test_known_leaks(scheme, at_ten, at_any_length):
    assert sybil_gain(scheme, 10).gain == at_ten
    assert sybil_gain(scheme).gain == at_any_length
    assert float(sybil_gain(scheme)) == float(at_any_length)
    assert sybil_gain_float(scheme.table(10)) == pytest.approx(float(at_ten), abs=1e-12)


@pytest.mark.parametrize("identities", range(6))
def test_mit_factors_of_the_finder(identities):
    assert 1 + sybil_gain(Recursive(0.5), identities + 1).gain == 2 - Fraction(1, 2**identities)


@given(st.one_of(tables(), sybil_proof_tables(), near_misses()))
def test_tables(rows):
    scheme = PathTable(rows)
    found = sybil_gain(scheme)
    assert found.gain == slow_gain(from_rows(rows), len(rows) + 1)
    assert sybil_gain(scheme, len(rows) + 3).gain == found.gain
    assert (found.witness is None) is (found.gain == 0)
    if found.witness is not None:
        assert found.witness.relative_gain == found.gain
    if found.gain != inf:
        assert verify(scheme, SybilProof(found.gain)).holds is True
        fast = sybil_gain_float(
            np.array([[float(x) for x in row] + [0.0] * (len(rows) - len(row)) for row in rows])
        )
        assert fast == pytest.approx(float(found.gain), rel=1e-12, abs=1e-14)
    if found.gain > 0:
        below = found.gain - Fraction(1, 10**40) if found.gain != inf else Fraction(10**9)
        assert verify(scheme, SybilProof(below)).holds is False


@given(closed_forms, st.integers(1, 8))
def test_closed_forms(scheme, depth):
    cut = sybil_gain(scheme, depth)
    assert cut.gain == slow_gain(scheme.exact().reward, depth)
    any_length = sybil_gain(scheme)
    assert any_length.gain >= cut.gain
    if any_length.witness is not None:
        assert any_length.witness.relative_gain == any_length.gain
    if not isinf(float(any_length)):
        assert verify(scheme, SybilProof(any_length.gain)).holds is True
        if any_length.gain:
            assert verify(scheme, SybilProof(any_length.gain * (1 - Fraction(1, 10**9)))).holds is False


def test_words():
    assert str(sybil_gain(Recursive(0.5))) == "+100 % at any length, approached but not reached"
    assert str(sybil_gain(EqualSplit())) == "unbounded at any length"
    assert str(sybil_gain(DoubleGeometric(0.5))) == "+0 % at any length"
    assert str(sybil_gain(Recursive(0.5), 2)) == "+50 % in chains of length at most 2"


def test_json():
    assert sybil_gain(EqualSplit()).to_dict() == {"gain": "inf", "witness": None, "max_depth": None}
    assert sybil_gain(Recursive(0.5), 2).to_dict()["witness"]["gain"] == "1/4"


def test_what_is_not_known_is_not_guessed():
    with pytest.raises(UnsupportedProblemError, match="max_depth"):
        sybil_gain(lambda depth, distance: 0.5)
    with pytest.raises(UnsupportedProblemError, match="max_depth"):
        sybil_gain(Power(1, 1 - 1e-9, 1))
    assert sybil_gain(lambda depth, distance: 0.5, 4).gain == 3


@pytest.mark.parametrize("table", [np.ones(3), np.ones((2, 3)), np.ones((0, 0))])
def test_a_table_that_is_not_square(table):
    with pytest.raises(InvalidInputError, match="table"):
        sybil_gain_float(table)


@pytest.mark.parametrize("reward", [nan, inf, -1e-9])
def test_a_reward_that_is_no_share(reward):
    table = np.tri(3)
    table[2, 1] = reward
    with pytest.raises(InvalidInputError, match=r"table\[2, 1\]"):
        sybil_gain_float(table)


def test_a_member_that_is_paid_nothing():
    table = np.tri(3) / 100
    table[0, 0] = 0
    assert sybil_gain_float(table) == inf
    assert sybil_gain(PathTable(table)).gain == inf


def test_what_stands_right_of_the_diagonal_is_not_read():
    table = Recursive(0.5).table(4)
    assert sybil_gain_float(table + np.triu(np.full((4, 4), 7.0), 1)) == sybil_gain_float(table)
