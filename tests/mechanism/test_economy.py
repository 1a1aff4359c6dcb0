"""The economy of friends: budget identity, the best split, and when paying friends saves."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.economy import FriendRewards
from mechanism.errors import InvalidInputError

PAIR = Graph.from_edges([0], [1], directed=False)
WHEEL = Graph.from_edges([0, 0, 0, 0, 1, 2, 3], [1, 2, 3, 4, 2, 3, 1], directed=False)


@pytest.mark.parametrize(("tau", "saving"), [(0.0, 0.0), (0.5, 0.2), (1.0, 0.5), (2.0, 0.8)])
def test_published_toy_savings(tau, saving):
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


@given(st.floats(0.1, 3), st.floats(0, 3), st.lists(st.floats(0, 10), min_size=5, max_size=5))
def test_all_that_is_paid_is_received(own, altruism, paid):
    economy = FriendRewards(WHEEL, own=own, altruism=altruism)
    assert economy.received(paid).sum() == pytest.approx(sum(paid))
    assert economy.rewards_for(economy.contributions(paid)) == pytest.approx(paid, abs=1e-9)


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
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
