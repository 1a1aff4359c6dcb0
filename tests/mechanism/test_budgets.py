"""Budgets: what a chain may be paid, in money and in shares; words; wrong input."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Budget, InvalidInputError, Search

amounts = st.fractions(Fraction(1, 1000), 1000)


@given(amounts, st.floats(0.01, 1e6), st.integers(1, 20))
def test_a_total_is_shared_by_all_targets(amount, prize, targets):
    limit = Budget.total(amount).chain_limit(Search(prize=prize, targets=targets, find=0.1))
    assert limit * Fraction(repr(prize)) * targets == amount


@given(amounts, amounts)
def test_chains_have_limits_of_their_own(share, chain):
    task = Search(prize=7, targets=3, find=0.1)
    assert Budget.worst_case(share).chain_limit(task) == share
    assert Budget.expected(share, chain=chain).chain_limit(task) == chain
    assert Budget.tail(share, chain=chain).chain_limit(task) == chain


@given(amounts)
def test_decimals_are_exact(amount):
    assert Budget.worst_case(0.1).share == Fraction(1, 10)
    assert Budget.worst_case(float(amount)).share == Fraction(repr(float(amount)))
    assert Budget.worst_case(amount) == Budget.worst_case(amount)
    assert len({Budget.worst_case(amount), Budget.worst_case(amount), Budget.expected(amount)}) == 2


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        (Budget.worst_case(0.5), "at most 0.5 of a prize per chain"),
        (Budget.total(1000), "at most 1000 in all, whatever happens"),
        (Budget.expected(0.25), "at most 0.25 of a prize per target on average"),
        (
            Budget.tail(0.5, level=0.9),
            "at most 0.5 of a prize per target on average in the dearest 10 % of cases",
        ),
    ],
)
def test_words(budget, words):
    assert str(budget) == words


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Budget.worst_case(0), "share is 0; it must be a finite number above 0"),
        (lambda: Budget.worst_case("1"), "share is '1'"),
        (lambda: Budget.worst_case(True), "share is True"),
        (lambda: Budget.total(-5), "amount is -5"),
        (lambda: Budget.total(float("inf")), "amount is inf"),
        (lambda: Budget.expected(float("nan")), "share is nan"),
        (lambda: Budget.expected(1, chain=0), "chain is 0"),
        (lambda: Budget.tail(1, level=1), "level is 1; it must be a number of at least 0 and below 1"),
        (lambda: Budget.tail(1, level=-0.1), "level is -0.1"),
        (lambda: Budget.tail(1, chain=None), "chain is None"),
    ],
)
def test_wrong_input_is_named(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()
