"""The growth sequence: the lemma, peaks and first exceedances, against term by term evaluation."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proofs.bisection import first_index
from proofs.growth import Growth
from tests.proofs.strategies import factors

FAR = 40


def slow(p, q, k):
    return p**k * sum(q**i for i in range(k + 1))


@given(factors, factors)
def test_values(p, q):
    growth = Growth.of(p, q)
    assert [growth.value(k) for k in range(9)] == [slow(p, q, k) for k in range(9)]


@given(factors, factors, st.integers(1, 9))
def test_log_concavity_with_its_exact_defect(p, q, k):
    assert slow(p, q, k) ** 2 - slow(p, q, k - 1) * slow(p, q, k + 1) == (p * p * q) ** k


@given(factors, factors)
def test_the_ceiling_is_the_supremum(p, q):
    growth = Growth.of(p, q)
    values = [slow(p, q, k) for k in range(FAR)]
    found = growth.ceiling()
    if found is None:
        assert growth.is_unbounded
        assert values == sorted(set(values))
        return
    peak, top = found
    assert not growth.is_unbounded
    assert max(values) <= top
    if peak == "limit":
        assert max(values) < top
        assert top - slow(p, q, 2000) < top / 1000
    else:
        assert top == slow(p, q, peak)
        assert all(value < top for value in values[:peak])


@given(factors, factors, st.builds(Fraction, st.integers(1, 60), st.integers(1, 12)))
def test_the_first_above(p, q, bound):
    k = Growth.of(p, q).first_above(bound)
    above = [i for i in range(FAR) if slow(p, q, i) > bound]
    assert above[:1] == ([k] if k is not None and k < FAR else [])


@given(factors, factors, st.builds(Fraction, st.integers(1, 12), st.integers(12, 24)))
def test_the_first_below(p, q, bound):
    k = Growth.of(p, q).first_below(bound)
    below = [i for i in range(FAR) if slow(p, q, i) < bound]
    assert below[:1] == ([k] if k is not None and k < FAR else [])
    assert (k is None) is (max(p, p * q) >= 1)


@pytest.mark.parametrize("last", [None, 100, 7, 0])
def test_bisection(last):
    for truth in range(20):
        expected = truth if last is None or truth <= last else None
        assert first_index(lambda k, truth=truth: k >= truth, last=last) == expected
