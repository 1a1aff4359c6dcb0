"""Messages: what they make of a network, exactly; dearer costs; random messages."""

import json
from math import asin, pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, kstest

from mechanism import CostModel, Graph, IncentiveNetwork, Logit, Motives
from mechanism.errors import InvalidInputError
from mechanism.message import Message, ShiftedCost, random_messages

LAWS = (
    CostModel.exponential(mean=2.0),
    CostModel.uniform(low=0.5, high=3.0),
    CostModel.lognormal(median=1.0, sigma=0.7),
    CostModel.weibull(scale=1.5, shape=0.8),
    CostModel.logistic(mean=1.0, scale=0.5),
    CostModel.empirical([0.2, 1.0, 1.0, 4.0]),
    CostModel.empirical([0.2, 1.0, 1.0, 4.0]).log_concave_majorant(),
    ShiftedCost(CostModel.exponential(mean=2.0), 0.25),
)
PAIR = Graph.from_edges(["ann", "bob"], ["bob", "cem"])
LEVELS = np.linspace(-1, 9, 81) + 0.003  # beside all steps


def network(join=LAWS[0], **changed):
    return IncentiveNetwork(
        PAIR, **{"contact": 0.5, "join": join, "invite": CostModel.exponential(mean=1)} | changed
    )


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("cost", [0.0, 0.75])
def test_the_cost_moves_every_law_to_the_right(law, cost):
    dearer = Message("ask", sharing=0.1, cost=cost).on(network(law)).join
    assert dearer.cdf(LEVELS) == pytest.approx(law.cdf(LEVELS - cost), abs=1e-14)
    assert dearer.log_cdf(LEVELS) == pytest.approx(law.log_cdf(LEVELS - cost), abs=1e-12)
    assert dearer.log_cdf_slope(LEVELS) == pytest.approx(law.log_cdf_slope(LEVELS - cost))
    shares = np.linspace(0.01, 0.99, 33)
    assert dearer.ppf(shares) == pytest.approx(law.ppf(shares) + cost)
    assert dearer.mean == pytest.approx(law.mean + cost)
    assert dearer.is_log_concave == law.is_log_concave
    assert dearer.scaled(2.0).cdf(2 * LEVELS) == pytest.approx(law.cdf(LEVELS - cost), abs=1e-14)
    above = law.log_concave_majorant().cdf(LEVELS - cost)
    assert dearer.log_concave_majorant().cdf(LEVELS) == pytest.approx(above, abs=1e-14)


def test_a_shift_of_a_shift_is_one_and_families_are_kept():
    once = ShiftedCost(CostModel.exponential(mean=2.0), 0.5)
    assert Message("ask", sharing=0, cost=0.25).on(network(once)).join == ShiftedCost(once.law, 0.75)
    logistic = CostModel.logistic(mean=1.0, scale=0.5)
    dearer = Message("ask", sharing=0, cost=1.0).on(network(logistic, support=0.2))
    assert dearer.join == CostModel.logistic(mean=2.0, scale=0.5)
    assert Logit.from_network(dearer, reward=1.0).n == 3


appeals = st.floats(0, 5)


@given(st.lists(appeals, min_size=4, max_size=4), st.lists(st.floats(0, 3), min_size=3, max_size=3))
def test_appeals_multiply_the_weights_of_each_person(factors, charity):
    motives = Motives(profit=0.5, charity=charity, reciprocity=2.0, entertainment=[0.0, 1.0, 3.0])
    names = ("profit", "charity", "reciprocity", "entertainment")
    message = Message("ask", sharing=0.3, **dict(zip(names, factors, strict=True)))
    assert message.appeals == tuple(factors)
    there = message.on(network(motives=motives))
    assert there.motives.weights.tolist() == (motives.weights * factors).tolist()


def test_a_message_that_leaves_all_as_it_is_and_one_that_says_nothing():
    motives = Motives(charity=0.5, reciprocity=0.1, entertainment=[0.0, 1.0, 2.0])
    before = network(motives=motives, altruism=0.1, support=[0.2, 0.3])
    same = Message("all", sharing=0.2, charity=1, reciprocity=1, entertainment=1).on(before)
    assert same.motives.weights.tolist() == motives.weights.tolist()
    assert (same.join, same.invite, same.contact) == (before.join, before.invite, before.contact)
    assert (same.graph, same.altruism, same.support) == (before.graph, before.altruism, before.support)
    plain = Message("plain", sharing=0.2).on(before)  # speaks to money alone
    assert plain.motives.is_profit_alone
    assert not Message("none", sharing=1.0, profit=0.0).on(before).motives.weights.any()


def test_sharing_multiplies_contact_probabilities():
    message = Message("ask", sharing=0.25, cost=1.0, profit=3.0)
    assert message.shared_on(network()).contact == 0.125
    by_arc = np.array([0.5, 1.0], dtype=np.float32)
    shared = message.shared_on(network(contact=by_arc, support=0.5))
    assert shared.contact.tolist() == [0.125, 0.25]
    assert shared.contact.dtype == np.float32
    assert (shared.join, shared.motives.is_profit_alone) == (LAWS[0], True)
    assert shared.support is not None
    assert message.on(network(contact=by_arc)).contact.tolist() == by_arc.tolist()


@given(st.floats(0, 1), st.floats(0, 1e6), appeals, appeals)
def test_written_and_read_again(sharing, cost, profit, fun):
    message = Message("ask", sharing=sharing, cost=cost, profit=profit, entertainment=fun)
    assert Message.from_dict(json.loads(json.dumps(message.to_dict()))) == message


@pytest.mark.parametrize("r", [-1.0, -0.6, 0.0, 0.8, 1.0])
def test_appeals_go_together_as_wanted(r):
    """Kendall's tau of a normal copula is 2 / pi arcsin r; its standard error here is at most .011."""
    messages = random_messages(4000, rng=3, correlation=r, sharing=(0.2, 0.6), appeal=(1.0, 3.0))
    shared = np.array([one.sharing for one in messages])
    appeal = np.array([one.profit for one in messages])
    assert kendalltau(shared, appeal).statistic == pytest.approx(2 / pi * asin(r), abs=0.054)
    assert kstest((shared - 0.2) / 0.4, "uniform").pvalue > 1e-6
    assert kstest((appeal - 1.0) / 2.0, "uniform").pvalue > 1e-6
    assert all(set(one.appeals) == {one.profit} and one.cost == 0 for one in messages[:20])
    assert len({one.name for one in messages}) == 4000


def test_random_messages_are_named_by_rng():
    assert random_messages(5, rng=3) == random_messages(5, rng=3)
    assert random_messages(5, rng=3) == random_messages(5, rng=np.random.default_rng(3))
    assert random_messages(5, rng=3) != random_messages(5, rng=4)
    same = [[one.sharing for one in random_messages(5, rng=3, correlation=r)] for r in (-1, 0.3)]
    assert same[0] == same[1]  # a sweep changes the appeals to act alone


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Message("", sharing=0.1), "name is ''"),
        (lambda: Message(3, sharing=0.1), "name is 3"),
        (lambda: Message("a", sharing=1.1), "sharing is 1.1"),
        (lambda: Message("a", sharing=float("nan")), "sharing is nan"),
        (lambda: Message("a", sharing=True), "sharing is True"),
        (lambda: Message("a", sharing=0.1, cost=-1), "cost is -1"),
        (lambda: Message("a", sharing=0.1, profit=-0.1), "profit is -0.1"),
        (lambda: Message("a", sharing=0.1, charity=float("inf")), "charity is inf"),
        (lambda: Message("a", sharing=0.1, reciprocity="much"), "reciprocity is 'much'"),
        (lambda: Message("a", sharing=0.1, entertainment=None), "entertainment is None"),
        (lambda: Message("a", sharing=0.1).on(PAIR), "an IncentiveNetwork"),
        (lambda: Message("a", sharing=0.1).shared_on(PAIR), "an IncentiveNetwork"),
        (
            lambda: Message("a", sharing=0.1, profit=1e300).on(network(motives=Motives(profit=1e300))),
            r"profit\[0\] is inf",
        ),
        (lambda: Message.from_dict({"name": "a", "sharing": 0.1}), "the fields charity, cost"),
        (lambda: Message.from_dict("a"), "document is 'a'"),
        (lambda: ShiftedCost(1.0, 1.0), "law is 1.0"),
        (lambda: ShiftedCost(LAWS[0], -1.0), "by is -1.0"),
        (lambda: random_messages(1, rng=1), "count is 1"),
        (lambda: random_messages(3, rng=1, correlation=1.5), "correlation is 1.5"),
        (lambda: random_messages(3, rng=1, sharing=(0.5, 1.5)), "sharing is"),
        (lambda: random_messages(3, rng=1, appeal=(2.0, 1.0)), "appeal is"),
        (lambda: random_messages(3, rng=1, appeal=2.0), "appeal is 2.0"),
    ],
)
def test_wrong_input(call, words):
    with pytest.raises(InvalidInputError, match=words):
        call()
