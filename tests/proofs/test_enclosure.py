"""Enclosures contain the true value, and only what is certain counts as larger."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from mechanism.schemes import CDRM2, GeometricTree
from proofs.enclosure import enclose, lower, upper
from proofs.trees.rule import Rule

F = Fraction
THIRD, TINY = F(1, 3), F(1, 10**80)
fractions = st.fractions(max_denominator=10**6)


@given(fractions, fractions)
def test_the_true_value_is_inside(x, y):
    for ball, value in ((enclose(x), x), (enclose(x) * enclose(y), x * y), (enclose(x) + enclose(y), x + y)):
        assert lower(ball) <= value <= upper(ball)
        assert upper(ball) - lower(ball) <= F(1, 2**150) * (1 + abs(value) + abs(x) + abs(y))


def test_a_third_is_not_exact():
    assert lower(enclose(THIRD)) < THIRD < upper(enclose(THIRD))
    assert lower(THIRD) == upper(THIRD) == THIRD


def test_only_what_is_certain_counts():
    rule = Rule(CDRM2(F(1, 2), F(3, 10)))
    third = enclose(THIRD)
    assert rule.exceeds(THIRD + F(1, 10**40), third)
    assert not rule.exceeds(THIRD + TINY, third)
    assert not rule.exceeds(third, THIRD - TINY)
    assert not rule.at_most(third, third)
    (paid,) = rule(((-1,), (F(1),)))
    assert rule.exceeds(paid, F(1, 5))
    assert not rule.exceeds(paid, 1)
    assert rule.exceeds(F(1, 2), paid)


def test_fractions_are_compared_exactly():
    rule = Rule(GeometricTree(F(1, 2), F(1, 4)))
    assert rule.exceeds(THIRD + TINY, THIRD)
    assert rule.at_most(THIRD, THIRD)
    assert rule.lift(THIRD) is THIRD
