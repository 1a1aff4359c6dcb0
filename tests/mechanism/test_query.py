"""Query incentive networks: reaches, thresholds against a search over all offers, unfolded graphs, limits."""

from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import comb, inf, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, SolveError
from mechanism.branching import GaltonWatson
from mechanism.games.query import QueryNetwork
from mechanism.games.query_offers import NOTHING, Payments, Shares, largest_gain, menu, reach, secant
from tests.reference.query import beyond, payments_by_search, shares_by_search


@st.composite
def laws(draw, most=4):
    weights = draw(st.lists(st.integers(0, 6), min_size=2, max_size=most + 1).filter(sum))
    return [Fraction(w, sum(weights)) for w in weights]


CHANCES = st.fractions(Fraction(1, 50), Fraction(2, 3), max_denominator=50)


def binomial(contacts, chance):
    return [comb(contacts, k) * chance**k * (1 - chance) ** (contacts - k) for k in range(contacts + 1)]


def explored(law, chance, levels):
    row = [NOTHING]
    for _ in range(levels):
        row.append(reach(law, chance, row))
    return row


def several(laws, chance):
    """Reaches of each generation of a tree with a law for each."""
    rows = [[NOTHING]]
    for law in reversed(laws):
        rows.insert(0, [NOTHING, *(reach(law, chance, rows[0][:j]) for j in range(1, len(rows[0]) + 1))])
    return rows


def menus_of(terms, chance, rows):
    """Menus of generations 1, 2, ..."""
    menus = [[]]
    for row in reversed(rows[1:]):
        menus.insert(0, menu(terms, chance, row, menus[0]))
    return menus[:-1]


@given(laws(), CHANCES)
def test_reaches_are_exact_in_fractions(law, chance):
    row = explored(law, chance, 4)
    for before, one in pairwise(row):
        assert one.found == beyond(law, chance, before.found)
        assert one.gained == one.found - before.found
        assert one.found + one.missed == 1


@given(laws(), st.fractions(0, 1), st.fractions(0, 1))
def test_secants(law, a, b):
    phi = [sum(p * x**k for k, p in enumerate(law)) for x in (a, b)]
    slope = sum(k * p * a ** (k - 1) for k, p in enumerate(law) if k)
    assert secant(law, a, b) == (slope if a == b else (phi[0] - phi[1]) / (a - b))


@pytest.mark.parametrize(
    ("law", "rarity", "levels"),
    [
        (binomial(5, Fraction(1, 2)), 10**128, 325),
        (binomial(5, Fraction(3, 10)), 10**20, 110),
        ([Fraction(0), Fraction(0), Fraction(1)], 10**12, 46),
        ([Fraction(1, 4), Fraction(0), Fraction(3, 4)], 10**30, 190),
    ],
)
def test_no_digit_is_lost(law, rarity, levels):
    """Floats against 320 digits: also where the answer is rare, and where hardly anybody misses it."""
    floats = explored([float(p) for p in law], 1.0 / rarity, levels)
    with localcontext() as context:
        context.prec = 320
        wide = explored([Decimal(p.numerator) / p.denominator for p in law], 1 / Decimal(rarity), levels)
        for one, true in zip(floats[1:], wide[1:], strict=True):
            assert one == pytest.approx([float(x) for x in true], rel=1e-11, abs=1e-300)


@given(laws(), CHANCES)
@settings(max_examples=40)
def test_thresholds_of_payments_are_the_published_recursion(law, chance):
    row = explored(law, chance, 5)
    if not all(one.gained for one in row[1:]):
        return
    u = [0, 1]
    for j in range(2, 7):
        last = (u[-1] - u[-2]) * row[j - 2].found / row[j - 1].gained
        u.append(u[-1] + 1 + last)
    assert [offer.price for offer in menu(Payments(), chance, row)] == u[1:]


@given(laws(), CHANCES)
@settings(max_examples=40)
def test_every_offer_is_a_best_response(law, chance):
    """A node offered u_j offers u_(j-1): no other offer pays more, be it on the menu or between, in exact numbers."""
    row = explored(law, chance, 5)
    if not all(one.gained for one in row[1:]):
        return
    u = [offer.price for offer in menu(Payments(), chance, row)]
    tried = sorted(
        {*u, *(low + (high - low) * Fraction(k, 4) for low, high in pairwise(u) for k in (1, 2, 3))}
    )
    for j in range(1, len(u)):
        payoffs = {x: (u[j] - x - 1) * row[sum(x >= price for price in u)].found for x in tried if x < u[j]}
        assert payoffs[u[j - 1]] == max(0, *payoffs.values())
        if j > 1:  # and it is indifferent: at any lower offer to itself it explores a level less
            assert payoffs[u[j - 2]] == payoffs[u[j - 1]]


@pytest.mark.parametrize(
    "law", [binomial(3, Fraction(1, 2)), binomial(5, Fraction(2, 5)), [Fraction(1, 2), 0, 0, Fraction(1, 2)]]
)
@pytest.mark.parametrize("rarity", [5, 40])
def test_whole_payments_by_search(law, rarity):
    """The game is solved by trying all whole offers; the least offers that lead a level deeper are the thresholds."""
    chance, levels = Fraction(1, rarity), 4
    prices = [
        offer.price for offer in menu(Payments(integer=True), chance, explored(law, chance, levels - 1))
    ]
    grid = range(1, prices[-1] + 3)
    row = explored(law, chance, levels)
    searched = payments_by_search([law] * levels, chance, grid)[0]
    for level, price in enumerate(prices):
        assert searched[price] == row[level].found
        assert price == 1 or searched[price - 1] < row[level].found


@given(
    st.lists(laws(), min_size=3, max_size=4),
    st.fractions(Fraction(1, 20), Fraction(1, 3), max_denominator=20),
)
@settings(max_examples=30)
def test_payments_by_search(given_laws, chance):
    rows = several(given_laws, chance)
    menus = menus_of(Payments(), chance, rows)
    prices = {offer.price for one in menus for offer in one if offer.price < 40}
    grid = sorted({*prices, *(Fraction(k, 2) for k in range(2, 24)), *(p - Fraction(1, 100) for p in prices)})
    searched = payments_by_search(given_laws, chance, grid)
    for one, row, found in zip(menus, rows[1:], searched, strict=True):
        for r in (r for r in grid if r >= 1):
            levels = max(offer.levels for offer in one if offer.price <= r)
            assert found[r] == row[levels - 1].found


@given(
    st.lists(laws(3), min_size=2, max_size=4),
    st.fractions(Fraction(1, 20), Fraction(1, 3), max_denominator=20),
    st.integers(4, 20),
)
@settings(max_examples=30)
def test_shares_by_search(given_laws, chance, reward):
    rows = several(given_laws, chance)
    menus = menus_of(Shares(Fraction(reward)), chance, rows)
    prices = {offer.price for one in menus for offer in one}
    grid = sorted(
        {*prices, *(Fraction(k, 20) for k in range(1, 21)), *(p * Fraction(99, 100) for p in prices)}
    )
    searched = shares_by_search(given_laws, chance, Fraction(reward), grid)
    for one, row, found in zip(menus, rows[1:], searched, strict=True):
        for k in (k for k in grid if k * reward >= 1):
            levels = max(offer.levels for offer in one if offer.price <= k)
            assert found[k] == row[levels - 1].found


def test_a_level_that_brings_little_is_skipped():
    """Hardly anybody has children, but those who have, have many: one asks two levels deeper or not at all."""
    sparse = [Fraction(99, 100), Fraction(1, 100)]
    crowd = [Fraction(0)] * 30 + [Fraction(1)]
    rows = several([[0, 1], [Fraction(0)] * 3 + [Fraction(1)], sparse, crowd], Fraction(1, 1000))
    menus = menus_of(Payments(), Fraction(1, 1000), rows)
    assert [offer.levels for offer in menus[0]] == [1, 2, 4]
    assert [offer.levels for offer in menus[1]] == [1, 2, 3]
    assert largest_gain(Payments(), menus[0], rows[1]) <= 1e-15


def test_gains_are_found_where_offers_are_wrong():
    row = explored(binomial(5, 0.3), 1e-3, 6)
    offers = menu(Payments(), 1e-3, row)
    assert largest_gain(Payments(), offers, row) <= 1e-15
    wrong = [*offers[:-1], offers[-1]._replace(price=offers[-1].price - 1)]
    assert largest_gain(Payments(), wrong, row) > 1e-4


def test_large_rewards_pay_everybody_its_cost():
    """With ever larger rewards all of it comes back, and each person on the path keeps the cost of its effort."""
    offers = menu(Shares(1e7), 1e-6, explored(binomial(5, 0.3), 1e-6, 20))
    assert [offer.price * 1e7 for offer in offers] == pytest.approx([1.0] * 21, rel=1e-4)
    with pytest.raises(SolveError, match="people skip levels"):
        menu(
            Payments(),
            0.5,
            [NOTHING, *[one._replace(gained=-1e-3) for one in explored([0.5, 0.5], 0.5, 3)[1:]]],
        )


@pytest.mark.parametrize(("b", "exponent"), [(1.5, 1.710), (1.8, 0.380), (1.95, 0.077), (3, 0)])
def test_theory(b, exponent):
    network = QueryNetwork(GaltonWatson.binomial(contacts=5, chance=b / 5), rarity=10)
    assert network.exponent == pytest.approx(exponent, abs=5e-4)
    assert network.slope == (pytest.approx((b - 1) / (b - 2)) if b > 2 else inf)


@given(st.floats(0.2, 3.5), st.floats(1.5, 1e6))
@settings(max_examples=25)
def test_limits(mean, rarity):
    network = QueryNetwork(GaltonWatson.poisson(mean=mean), rarity=rarity)
    missed = 1.0
    for _ in range(400):
        missed = float(network.offspring.generating((1 - 1 / rarity) * missed))
    assert network.limit >= (1 - missed) * (1 - 1e-9)
    if abs(mean - 1) > 0.2:
        assert network.limit == pytest.approx(1 - missed, rel=1e-8)


def test_the_limit_tends_to_survival():
    for law in (GaltonWatson.poisson(mean=1.5), GaltonWatson([0.25, 0, 0.75]), GaltonWatson([0, 0.5, 0.5])):
        assert QueryNetwork(law, rarity=1e128).limit == pytest.approx(1 - law.extinction, abs=1e-12)
    assert QueryNetwork(GaltonWatson.poisson(mean=0.5), rarity=1e100).limit == pytest.approx(
        1e-100, rel=1e-12
    )


def unfolded_by_hand(graph, root, depth):
    """Mean offspring of each generation of the tree of walks, written out walk by walk."""
    contacts = [graph.indices[graph.indptr[u] : graph.indptr[u + 1]].tolist() for u in range(graph.n)]
    walks, counts = [(None, root)], []
    for _ in range(depth):
        children = [[(v, w) for w in contacts[v] if w != u] for u, v in walks]
        if not walks:
            break
        counts.append(np.bincount([len(c) for c in children]) / len(walks))
        walks = [child for some in children for child in some]
    return counts


@given(
    st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda e: e[0] != e[1]), min_size=1),
    st.booleans(),
)
def test_unfolding(edges, directed):
    source, target = zip(*sorted(edges), strict=True)
    graph = Graph.from_edges(source, target, directed=directed, duplicates="merge")
    network = QueryNetwork.unfolded(graph, graph.labels[0].item(), depth=5, rarity=10)
    expected = unfolded_by_hand(graph, 0, 5)
    assert len(network.laws) == len(expected)
    for law, true in zip(network.laws, expected, strict=True):
        assert law == pytest.approx(true.tolist(), abs=1e-12)


def test_unfolding_with_chances():
    """On a circle with chords everybody has four contacts; an active one is drawn for each."""
    nodes = np.arange(20)
    graph = Graph.from_edges(np.r_[nodes, nodes], np.r_[(nodes + 1) % 20, (nodes + 5) % 20], directed=False)
    network = QueryNetwork.unfolded(graph, 7, depth=3, chance=0.4, rarity=10, cost=2)
    for law, contacts in zip(network.laws, (4, 3, 3), strict=True):
        assert law == pytest.approx(binomial(contacts, 0.4))
    assert network.mean == pytest.approx((1.6 * 1.2**2) ** (1 / 3))
    assert network.cost == 2


def test_documents():
    one = QueryNetwork(GaltonWatson([0.5, 0, 0.5]), rarity=10, cost=3)
    two = QueryNetwork([GaltonWatson([0.5, 0.5]), GaltonWatson([0, 1])], rarity=10)
    for network in (one, two):
        again = QueryNetwork.from_dict(network.to_dict())
        assert again.to_dict() == network.to_dict()
        assert again.laws == network.laws
    with pytest.raises(InvalidInputError, match="document is"):
        QueryNetwork.from_dict({"system": "query_network"})


LAW = GaltonWatson([0.5, 0, 0.5])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: QueryNetwork([0.5, 0.5], rarity=10), r"offspring\[0\] is 0.5; it must be a GaltonWatson"),
        (lambda: QueryNetwork([], rarity=10), "offspring is"),
        (lambda: QueryNetwork("law", rarity=10), "offspring is"),
        (lambda: QueryNetwork(LAW, rarity=1), "rarity is 1; it must be in"),
        (lambda: QueryNetwork(LAW, rarity=10**400), "rarity is"),
        (lambda: QueryNetwork(LAW, rarity=float("nan")), "rarity is nan"),
        (lambda: QueryNetwork(LAW, rarity=10, cost=0), "cost is 0; it must be a finite number above 0"),
        (lambda: QueryNetwork(LAW, rarity=10).exponent, r"offspring\[mean\] is 1.0; it must be above 1"),
        (lambda: QueryNetwork([LAW, LAW], rarity=10).slope, "one law for everybody"),
        (lambda: QueryNetwork.unfolded(LAW, 0, depth=2, rarity=10), "graph is"),
        (lambda: QueryNetwork.unfolded(Graph.from_edges([0], [1]), 5, depth=2, rarity=10), "label is 5"),
        (lambda: QueryNetwork.unfolded(Graph.from_edges([0], [1]), 0, depth=0, rarity=10), "depth is 0"),
        (lambda: QueryNetwork.unfolded(Graph.from_edges([0], [1]), 0, depth=2, chance=0, rarity=10), "chance is 0"),
    ],
)  # fmt: skip
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_levels_per_rarity():
    """The answer is about log(rarity) / log(mean) levels away: the distance that rewards are compared with."""
    network = QueryNetwork(GaltonWatson.binomial(contacts=5, chance=0.4), rarity=1e30)
    row = explored(network.laws[0], network.chance, 105)
    level = next(j for j, one in enumerate(row) if one.found >= 0.3)
    assert level == pytest.approx(log(1e30) / log(2), abs=3)
