"""Diffusion auctions: published examples, the rules, and wrong markets."""

from fractions import Fraction

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.auctions import Market, Outcome, information_diffusion, vickrey_clarke_groves
from mechanism.errors import InvalidInputError
from tests.reference.auctions import diffusion_by_paths, vickrey_by_welfare

ACQUAINTANCES = "sA sB sC CJ CH AD BE CE CI HI DE IL DF DG GK"
WORTH = {"A": 1, "B": 3, "C": 2, "D": 5, "E": 7, "F": 10, "G": 8, "H": 11, "I": 12, "J": 4, "K": 6, "L": 13}


def symmetric(pairs):
    known = {}
    for u, v in pairs.split():
        known.setdefault(u, []).append(v)
        known.setdefault(v, []).append(u)
    return known


@pytest.fixture
def published():
    """The example of Li, Hao, Zhao and Zhou, AAAI 2017, figure 2."""
    return Market(symmetric(ACQUAINTANCES), WORTH, seller="s")


def test_published_example(published):
    assert published.critical_sequence("L") == ("C", "I", "L")
    outcome = information_diffusion(published)
    assert (outcome.winner, dict(outcome.payments), outcome.revenue) == ("I", {"C": -1, "I": 11}, 10)
    efficient = vickrey_clarke_groves(published)
    assert (efficient.winner, dict(efficient.payments)) == ("L", {"C": -3, "I": -2, "L": 12})
    assert efficient.revenue == 7


def test_second_published_example():
    arcs = [(0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 5), (3, 6), (5, 7), (8, 9)]
    known = {}
    for u, v in arcs:
        known.setdefault(u, []).append(v)
    bids = dict(enumerate([2, 3, 5, 7, 11, 13, 17, 19, 23, 29], start=1))
    market = Market(known, bids, seller=0)
    outcome = information_diffusion(market)
    assert (outcome.revenue, outcome.welfare) == (13, 17)
    assert set(market.reached) == set(range(1, 8))


@st.composite
def markets(draw):
    names = "ABCDEF"[: draw(st.integers(1, 6))]
    nodes = ["s", *names]
    known = {u: draw(st.lists(st.sampled_from(names), unique=True)) for u in nodes}
    return Market(known, {u: draw(st.integers(0, 6)) for u in names}, seller="s")


@given(markets())
def test_dominators_against_networkx(market):
    graph = nx.DiGraph([(u, v) for u, heard in market.invitations.items() for v in heard])
    graph.add_node("s")
    above = nx.immediate_dominators(graph, "s")
    for buyer in market.reached:
        chain, x = [], buyer
        while x != "s":
            chain.append(x)
            x = above[x]
        assert market.critical_sequence(buyer) == tuple(reversed(chain))


@given(markets())
def test_outcomes_against_the_definitions(market):
    assert information_diffusion(market) == diffusion_by_paths(market)
    efficient, expected = vickrey_clarke_groves(market), vickrey_by_welfare(market)
    assert efficient.winner == expected.winner
    for buyer in market.bids:
        assert efficient.payments.get(buyer, 0) == expected.payments.get(buyer, 0)


@given(markets())
def test_rules(market):
    """The winner pays at most its bid, intermediaries are paid, and money adds up."""
    outcome, efficient = information_diffusion(market), vickrey_clarke_groves(market)
    if not market.reached:
        assert outcome.winner is None
        assert outcome.revenue == 0
        return
    for buyer, paid in outcome.payments.items():
        assert paid <= (market.bids[buyer] if buyer == outcome.winner else 0)
    assert outcome.revenue >= max(0, efficient.revenue)
    assert efficient.welfare == max(market.bids[buyer] for buyer in market.reached)


@given(markets(), st.fractions(min_value=Fraction(1, 5), max_value=5))
def test_money_has_no_unit(market, factor):
    bids = {buyer: bid * factor for buyer, bid in market.bids.items()}
    scaled = information_diffusion(Market(market.invitations, bids, seller="s"))
    outcome = information_diffusion(market)
    assert scaled.winner == outcome.winner
    assert dict(scaled.payments) == {buyer: paid * factor for buyer, paid in outcome.payments.items()}


def test_equal_bids_go_to_the_first():
    for order in ("AB", "BA"):
        market = Market({"s": ["A", "B"]}, dict.fromkeys(order, 3), seller="s")
        for auction in (information_diffusion, vickrey_clarke_groves):
            assert auction(market) == Outcome(order[0], {order[0]: 3}, 3)


def test_printing(published):
    assert str(information_diffusion(published)) == "I wins; the seller keeps 10.\n  C is paid 1\n  I pays 11"
    assert information_diffusion(published).to_dict()["revenue"] == "10"


@pytest.mark.parametrize(
    ("invitations", "bids", "message"),
    [
        ({"ann": ["bob"]}, {"ann": 1, "bob": 2}, "seller is 'seller'"),
        ({"seller": ["ann"]}, {"ann": -1}, r"bids\['ann'\] is -1"),
        ({"seller": ["ann"]}, {"ann": float("nan")}, r"bids\['ann'\] is nan"),
        ({"seller": ["bob"]}, {"ann": 1}, r"invitations\['seller'\] is 'bob'"),
        ({"seller": ["ann"], "cem": []}, {"ann": 1}, r"invitations\['cem'\] is 'cem'"),
        ({"seller": ["ann"]}, {"ann": 1, "seller": 2}, r"bids\['seller'\] is 2"),
    ],
)
def test_wrong_markets(invitations, bids, message):
    with pytest.raises(InvalidInputError, match=message):
        Market(invitations, bids)


def test_other_bids_leave_the_first_market_alone(published):
    changed = published.bidding({"H": Fraction(23, 2), "L": 14})
    fresh = Market(symmetric(ACQUAINTANCES), {**WORTH, "H": Fraction(23, 2), "L": 14}, seller="s")
    assert information_diffusion(changed) == information_diffusion(fresh)
    assert information_diffusion(changed).payments["I"] == Fraction(23, 2)
    assert information_diffusion(published).payments["I"] == 11
    with pytest.raises(InvalidInputError, match="bids\\['Z'\\] is 'Z'"):
        published.bidding({"Z": 1})


def test_a_graph_is_a_market(published):
    edges = ACQUAINTANCES.split()
    graph = Graph.from_edges([u for u, _ in edges], [v for _, v in edges], directed=False)
    market = Market.from_graph(graph, WORTH, seller="s")
    assert information_diffusion(market) == information_diffusion(published)
    with pytest.raises(InvalidInputError, match="'Z'"):
        Market.from_graph(graph, WORTH, seller="Z")
    with pytest.raises(InvalidInputError, match="invitations"):
        Market.from_graph(graph, {"A": 1}, seller="s")


def test_nobody_has_no_name():
    with pytest.raises(InvalidInputError, match=r"bids\[None\]"):
        Market({"seller": [None]}, {None: 1})
