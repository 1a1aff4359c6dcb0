"""The economy of friends: budget identity, the best split, and when paying friends saves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.economy import FriendRewards
from mechanism.errors import InvalidInputError

PAIR = Graph.from_edges([0], [1], directed=False)
LONELY = Graph.from_edges([0, 0, 1, 3, 3], [1, 2, 2, 0, 4])
WHEEL = Graph.from_edges([0, 0, 0, 0, 1, 2, 3], [1, 2, 3, 4, 2, 3, 1], directed=False)


@pytest.mark.parametrize(("tau", "saving"), [(0.0, 0.0), (0.5, 0.2), (1.0, 0.5), (2.0, 0.8)])
def test_toy_savings(tau, saving):
    economy = FriendRewards(PAIR, own=3.0, altruism=3.0 * tau)
    assert economy.saving == pytest.approx([saving] * 2)
    alone, together = economy.rewards_for(2.0, friends=False), economy.rewards_for(2.0)
    assert 1 - together / alone == pytest.approx([saving] * 2)


def test_the_closed_form():
    """C = own sqrt(s) + altruism sqrt(T - s) is at most sqrt(T (own^2 + altruism^2)), reached at the best split."""
    economy = FriendRewards(PAIR, own=2.0, altruism=1.5)
    assert economy.contributions(7.0) == pytest.approx([np.sqrt(7 * (4 + 2.25))] * 2)


@given(st.floats(0.1, 3), st.floats(0, 3), st.floats(0, 1), st.floats(0, 10))
def test_no_split_beats_the_best(own, altruism, share, paid):
    economy = FriendRewards(WHEEL, own=own, altruism=altruism)
    assert (economy.contributions(paid, share) <= economy.contributions(paid) * (1 + 1e-12) + 1e-12).all()


FIVE = st.lists(st.floats(0, 10), min_size=5, max_size=5)


@given(st.floats(0.1, 3), st.floats(0, 3), FIVE, st.floats(0, 1) | st.none())
def test_all_that_is_paid_is_received(own, altruism, paid, share):
    economy = FriendRewards(LONELY, own=own, altruism=altruism)
    assert economy.received(paid, share).sum() == pytest.approx(sum(paid))
    assert economy.rewards_for(economy.contributions(paid)) == pytest.approx(paid, abs=1e-9)


def test_who_receives():
    """What is paid for the centre of an outward star reaches its leaves, which pay nothing back."""
    star = Graph.from_edges([0, 0], [1, 2])
    economy = FriendRewards(star, own=1.0, altruism=1.0)
    assert economy.received([6.0, 0.0, 1.0], 1 / 3) == pytest.approx([2.0, 2.0, 3.0])


@given(st.floats(0.1, 3), st.floats(0, 3), FIVE, st.floats(0.1, 5))
def test_more_money_brings_more(own, altruism, paid, more):
    economy = FriendRewards(LONELY, own=own, altruism=altruism)
    before, after = economy.contributions(paid), economy.contributions(np.array(paid) + more)
    assert (after > before).all()


@given(st.floats(0.5, 2), st.floats(0, 1), st.floats(0.01, 2), st.floats(0, 2), st.floats(0.1, 10))
def test_responding_again_and_again_comes_to_equilibrium(own, altruism, own_rate, friend_rate, start):
    economy = FriendRewards(LONELY, own=own, altruism=altruism)
    contributions = np.full(5, start)
    for _ in range(60):
        per_unit = own_rate + economy.friends * friend_rate
        contributions = economy.contributions(contributions * per_unit, own_rate / per_unit)
    assert contributions == pytest.approx(economy.equilibrium(own_rate=own_rate, friend_rate=friend_rate))


@given(st.floats(0.01, 0.95) | st.floats(1, 2), st.floats(0, 0.99))
def test_paying_friends_too_much_is_worse_than_paying_none(tau, place):
    """Above the break-even share friends save, below it they cost."""
    economy = FriendRewards(PAIR, own=2.0, altruism=2.0 * tau)
    low, alone = economy.break_even, 2.0
    between = low + (1 - low) * (0.005 + 0.99 * place)
    assert (economy.contributions(1.0, between) > alone).all()
    assert (economy.contributions(1.0, low * place) < alone).all() == (tau < 1)
    if tau < 1:
        assert economy.contributions(1.0, low) == pytest.approx([alone] * 2)


@given(FIVE, st.floats(0, 2))
def test_no_other_contributions_of_the_same_sum_cost_less(wanted, altruism):
    economy = FriendRewards(LONELY, own=1.5, altruism=altruism)
    for friends in (True, False):
        cost = economy.rewards_for(wanted, friends=friends).sum()
        assert economy.least_total(sum(wanted), friends=friends) <= cost * (1 + 1e-12)
    strength = 1.5**2 + economy.friends * altruism**2
    assert economy.least_total(strength.sum()) == pytest.approx(economy.rewards_for(strength).sum())
    mean = economy.friends.mean() * (altruism / 1.5) ** 2
    assert 1 - economy.least_total(3.0) / economy.least_total(3.0, friends=False) == pytest.approx(
        mean / (1 + mean)
    )


def test_more_friends_save_more_and_no_altruism_saves_nothing():
    economy = FriendRewards(WHEEL, own=1.0, altruism=0.3)
    order = np.argsort(economy.friends)
    assert (np.diff(economy.saving[order]) >= 0).all()
    assert economy.saving[order[0]] < economy.saving[order[-1]]
    assert not FriendRewards(WHEEL, own=1.0, altruism=0.0).saving.any()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: FriendRewards(PAIR, own=0.0, altruism=1.0), "own is 0.0"),
        (lambda: FriendRewards(PAIR, own=1.0, altruism=-1.0), "altruism is -1.0"),
        (lambda: FriendRewards(PAIR, own=1.0, altruism=1.0).contributions([1.0]), r"rewards\[shape\]"),
        (
            lambda: FriendRewards(PAIR, own=1.0, altruism=1.0).contributions([1.0, -1.0]),
            r"rewards\[1\] is -1.0",
        ),
        (
            lambda: FriendRewards(PAIR, own=1.0, altruism=1.0).contributions(1.0, 1.5),
            r"own_share\[0\] is 1.5",
        ),
        (
            lambda: FriendRewards(PAIR, own=1.0, altruism=1.0).equilibrium(own_rate=1.0, friend_rate=-2.0),
            "friend_rate is -2.0",
        ),
        (lambda: FriendRewards(PAIR, own=1.0, altruism=1.0).least_total(float("inf")), "total is inf"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
