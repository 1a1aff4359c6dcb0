"""Query rewards against closed forms: thresholds at a mean of two, split contracts, graphs around a person."""

import json
from decimal import Decimal, localcontext
from math import ceil, comb, e, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, SolveError, datasets
from mechanism.branching import GaltonWatson
from mechanism.games.query import QueryNetwork
from mechanism.games.query_offers import NOTHING, reach
from solvers import query_contracts as module
from solvers.query_contracts import query_rewards
from solvers.query_sweep import query_growth

RARE = 1e128


def five(b, rarity=RARE, cost=1.0):
    """Five contacts, each active with chance b / 5."""
    return QueryNetwork(GaltonWatson.binomial(contacts=5, chance=b / 5), rarity=rarity, cost=cost)


def full(b, rarity):
    """Everybody has b children."""
    return QueryNetwork(GaltonWatson([0] * b + [1]), rarity=rarity)


@pytest.mark.parametrize(("b", "reward"), [(2.5, 955), (3, 533), (4, 317)])
def test_payments_above_two_are_linear_in_the_distance(b, reward):
    result = query_rewards(five(b), success=0.3)
    assert round(result.reward) == reward
    # The levels are whole: to two of them.
    assert result.reward == pytest.approx((b - 1) / (b - 2) * log(RARE) / log(b), abs=4 * (b - 1) / (b - 2))
    assert result.gain < 1e-12


@pytest.mark.parametrize(
    ("b", "most", "tolerance"), [(1.5, 128, 2e-3), (1.8, 128, 1e-3), (1.95, 128, 1e-3), (1.2, 30, 0.1)]
)
def test_payments_below_two_are_a_power_of_the_rarity(b, most, tolerance):
    growth = query_growth([five(b)], rarities=10.0 ** np.arange(most // 4, most, 2), success=0.3)
    assert growth.exponents[0] == pytest.approx(-log(b - 1) / log(b), abs=tolerance)


def test_payments_at_two_are_quadratic_in_the_distance():
    """The increments grow by one from level to level."""
    for rarity in (1e32, 1e64, 1e128):
        result = query_rewards(full(2, rarity), success=0.3)
        assert result.reward == pytest.approx(result.depth**2 / 2, rel=0.05)


def whole_payment(b, levels, second, *, tie):
    """The least whole payment in 400 digits; at a tie of the second level it is 2 or 3."""
    with localcontext() as context:
        context.prec = 400
        q = Decimal(b) / 5
        law = [comb(5, k) * q**k * (1 - q) ** (5 - k) for k in range(6)]
        row, u = [NOTHING], [1, second]
        for _ in range(levels):
            row.append(reach(law, Decimal(10) ** -128, row))
        for j in range(2, levels):
            u.append(u[-1] + 1 + ceil((u[-1] - u[-2]) * row[j - 1].found / row[j].gained - tie))
    return u[-1]


@pytest.mark.parametrize(("b", "reward", "without"), [("2.5", 982, 1118), ("3", 553, 667), ("4", 423, 422)])
def test_whole_payments(b, reward, without):
    """Another reading of the first tie adds one; without a tolerance others of ties that recur add up to a quarter."""
    result = query_rewards(five(float(b)), success=0.3, integer=True)
    assert result.reward == whole_payment(b, result.depth, 2, tie=Decimal("1e-9")) == reward - 1
    assert whole_payment(b, result.depth, 3, tie=Decimal("1e-9")) == reward
    assert whole_payment(b, result.depth, 2, tie=0) == without
    assert result.gain < 1e-9


@pytest.mark.parametrize("b", [2, 3, 4])
def test_rare_failure_costs_exponentially_more(b):
    """Failure of at most 1 / rarity makes rewards a power of the rarity at all means, a constant chance does not.

    The last levels' increments grow by 1 / failure_j each, and failure_j = failure_(j-1)^b: with the last but one above
    1 / rarity, these are rarity^(x (1 + 1/b + ...)), 1 / b^2 <= x <= 1 / b.
    """
    rarities = 10.0 ** np.arange(6, 61, 3)
    network = full(b, 10)
    constant = query_growth([network], rarities=rarities, success=0.5)
    rare = query_growth([network], rarities=rarities, failure_exponent=1)
    assert constant.exponents[0] < 0.05
    assert (rare.rewards[0] > rarities ** (1 / (b * (b - 1)))).all()
    assert (rare.rewards[0] < 2 * rare.levels[0] * rarities ** (1 / (b - 1))).all()
    assert 1 / (b * (b - 1)) < rare.exponents[0] < 1 / (b - 1)
    assert (rare.levels - constant.levels <= 9).all()


@pytest.mark.parametrize("b", [1.2, 1.5, 1.8, 2, 2.5, 4])
def test_selfish_splits_are_linear_in_the_distance(b):
    """For all means above one; paying everybody on the path its cost would take as much as there are levels."""
    growth = query_growth([five(b)], rarities=10.0 ** np.arange(8, 60, 10), success=0.3, split="selfish")
    per_level = growth.rewards[0] / growth.levels[0]
    assert (np.diff(per_level) < 0).all()
    assert (per_level > 1).all()
    assert per_level[-1] < 1.1
    assert growth.slopes[0] == pytest.approx(1, abs=0.04)
    assert growth.rewards[0, -1] < 1.15 * growth.distances[0, -1]


def test_selfish_splits_under_rare_failure():
    growth = query_growth(
        [full(2, 10)], rarities=10.0 ** np.arange(6, 31, 2), failure_exponent=1, split="selfish"
    )
    assert growth.exponents[0] > 0.3


def test_selfish_splits_at_their_reward():
    """Contacts keep all they receive; with a little less reward they would not go so deep."""
    network = five(1.5, 1e8)
    result = query_rewards(network, success=0.3, split="selfish")
    assert result.offers[-1] == pytest.approx(1, abs=1e-9)
    assert (np.diff(result.offers) > 0).all()
    assert result.offers[0] == pytest.approx(1 / result.reward)
    assert result.gain < 1e-12
    assert query_rewards(network, success=1e-9, split="selfish").reward == pytest.approx(1, abs=1e-9)
    assert result.reward < 1e-6 * query_rewards(network, success=0.3).reward


@pytest.mark.parametrize("ratio", [0.1, 0.5, 0.9])
def test_one_split_for_all(ratio):
    """Who hands the answer on at the end of the path has its cost, nobody below has less."""
    result = query_rewards(five(1.8, 1e6, cost=3.0), success=0.4, split=ratio)
    above = (1 - ratio) * ratio ** np.arange(result.depth) * result.reward
    assert above.min() == pytest.approx(3.0)


def test_the_best_split_for_all():
    network = five(1.8, 1e9)
    best = query_rewards(network, success=0.4, split="best")
    assert best.depth < best.reward < e * best.depth
    others = [
        query_rewards(network, success=0.4, split=x).reward for x in np.linspace(0.5, 0.995, 200).tolist()
    ]
    assert best.reward <= min(others) <= 1.001 * best.reward
    assert query_rewards(network, success=0.4, split="selfish").reward < best.reward
    assert query_rewards(network, success=1e-10, split="best").reward == 1


@given(st.floats(1.1, 4), st.floats(1, 8), st.floats(0.1, 0.9), st.sampled_from([None, "selfish"]))
@settings(max_examples=25)
def test_equal_generations_are_one_law(b, power, share, split):
    network = five(b, 10.0**power)
    wanted = share * network.limit
    one = query_rewards(network, success=wanted, split=split)
    if one.depth > 40:
        return
    many = QueryNetwork([network.offspring] * (one.depth + 2), rarity=network.rarity)
    other = query_rewards(many, success=wanted, split=split)
    assert (one.levels == other.levels).all()
    assert one.offers == pytest.approx(other.offers, rel=1e-9)
    assert one.success == pytest.approx(other.success, rel=1e-12)
    assert one.reward == pytest.approx(other.reward, rel=1e-9)
    assert max(one.gain, other.gain) < 1e-12


@given(st.floats(0.3, 3.5), st.floats(1, 5), st.floats(0.05, 0.95), st.floats(0.1, 100))
@settings(max_examples=25)
def test_units_and_more_success(mean, power, share, cost):
    law = GaltonWatson.poisson(mean=mean)
    network, scaled = (QueryNetwork(law, rarity=10.0**power, cost=c) for c in (1.0, cost))
    wanted = share * network.limit
    for split in (None, "selfish", "best"):
        result = query_rewards(network, success=wanted, split=split)
        assert query_rewards(scaled, success=wanted, split=split).reward == pytest.approx(
            cost * result.reward
        )
        assert query_rewards(network, success=wanted / 2, split=split).reward <= result.reward
        assert result.success[-1] >= wanted
        assert len(result.success) == 1 or result.success[-2] < wanted
        assert result.success + result.failure == pytest.approx(1)
        assert 1 <= result.expected_distance <= result.depth


def test_failure_is_one_less_success():
    network = five(2.2, 1e6)
    assert query_rewards(network, failure=0.6).reward == query_rewards(network, success=0.4).reward


def test_a_level_that_nobody_stops_at():
    """The third level brings little, the fourth much: who asks beyond the second, asks for the fourth."""
    laws = ([0, 0, 0, 1], [0] * 10 + [1], [0.99, 0.01], [0] * 999 + [1])
    network = QueryNetwork([GaltonWatson(law) for law in laws], rarity=1000)
    result = query_rewards(network, success=0.0331)
    assert result.levels.tolist() == [1, 2, 4]
    assert result.reward == result.offers[-1]


@pytest.fixture(scope="module")
def gnutella():
    try:
        path = datasets.path("graphs/p2p-gnutella08")
    except datasets.DatasetMissingError as error:
        pytest.skip(str(error))
    return Graph.from_file(path)


def test_around_a_person_of_a_real_graph(gnutella):
    """Arcs lead to people with more contacts than independence says: the homogeneous law asks for far too much."""
    from scipy.sparse import csr_array
    from scipy.sparse.linalg import eigs

    chance, rarity = 0.3, 1e4
    process = GaltonWatson.of_graph(gnutella, chance=chance)
    homogeneous = QueryNetwork(process, rarity=rarity)
    around = QueryNetwork.unfolded(gnutella, 0, depth=25, chance=chance, rarity=rarity)
    ones = np.ones(gnutella.m)
    matrix = csr_array((ones, gnutella.indices, gnutella.indptr), shape=(gnutella.n, gnutella.n))
    growth = chance * float(eigs(matrix, k=1, which="LM", v0=np.ones(gnutella.n))[0].real[0])
    # No contact of this graph is mutual: walks grow with the largest eigenvalue of the arcs.
    assert around.offspring[-1].mean == pytest.approx(growth, rel=1e-4)
    assert around.offspring[0].mean == pytest.approx(chance * gnutella.out_degree[0])
    assert process.mean < 0.9 * growth

    near, far = (query_rewards(network, success=0.2) for network in (around, homogeneous))
    mixed = query_rewards(QueryNetwork([around.offspring[0], *[process] * 24], rarity=rarity), success=0.2)
    assert near.depth < mixed.depth < far.depth
    assert 100 * near.reward < mixed.reward < far.reward / 100
    shares = [query_rewards(network, success=0.2, split="selfish") for network in (around, homogeneous)]
    assert shares[0].reward < shares[1].reward < 100
    assert max(near.gain, far.gain, *(one.gain for one in shares)) < 1e-12


def test_tables():
    text = str(query_rewards(five(1.5, 1e12), success=0.3))
    assert text.startswith("Query rewards under fixed payments, one answer in 1e+12")
    assert "3.66667" in text
    assert "..." in text
    assert "1.05694e+19 for 64 levels" in text
    assert "0.3277 of at most 0.6811" in text
    assert "selfish splits" in str(query_rewards(five(4, 100), success=0.3, split="selfish"))
    assert "whole units" in str(query_rewards(five(4, 100), success=0.3, integer=True))
    growth = query_growth([five(1.5), five(3)], rarities=[1e10, 1e20, 1e30], success=0.3)
    assert "success 0.3, one answer in 1e+30" in str(growth)
    assert str(growth).count("\n") == 7
    assert "failure in one of rarity^1" in str(
        query_growth([full(2, 10)], rarities=[10, 100], failure_exponent=1)
    )


def test_documents():
    for split in (None, "selfish", "best", 0.5):
        document = json.loads(json.dumps(query_rewards(five(1.5, 1e6), success=0.3, split=split).to_dict()))
        assert len(document["offers"]) == document["levels"][-1] == 30
        assert (document["gain"] is None) == (split in ("best", 0.5))
    growth = query_growth([five(3)], rarities=[1e3, 1e4], success=0.3)
    assert json.loads(json.dumps(growth.to_dict()))["levels"] == growth.levels.tolist()
    with pytest.raises(ValueError, match="read-only"):
        growth.rewards[0, 0] = 1


def test_plots():
    axes = query_rewards(five(1.5, 1e12), success=0.3).plot()
    assert query_rewards(five(3, 1e12), success=0.3).plot(label="three", ax=axes) is axes
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["1.5", "three"]
    colors = {line.get_color() for line in axes.get_lines()}
    assert len(colors) == 2
    assert query_rewards(five(1.5, 1e3), success=0.3, split="selfish").plot().get_yscale() == "linear"
    growth = query_growth([five(1.5), five(3)], rarities=[1e10, 1e20], success=0.3).plot()
    assert len(growth.get_lines()) == 2
    assert "reward" in growth.get_ylabel()


def test_what_cannot_be_reached():
    poor = QueryNetwork(GaltonWatson.poisson(mean=0.8), rarity=100)
    with pytest.raises(InvalidInputError, match=r"success is 0.5; it must be below 0.0\d+: .* dies out"):
        query_rewards(poor, success=0.5)
    rich = QueryNetwork(GaltonWatson.poisson(mean=1.5), rarity=1e9)
    with pytest.raises(InvalidInputError, match=r"below 0.58281\d: .* lives on with chance 0.582812"):
        query_rewards(rich, success=0.6)
    with pytest.raises(InvalidInputError, match=r"failure is 0.4; it must be above 0.417188"):
        query_rewards(rich, failure=0.4)
    two = QueryNetwork([GaltonWatson([0, 1])] * 2, rarity=2)
    assert query_rewards(two, success=0.75).depth == 2
    with pytest.raises(InvalidInputError, match=r"at most 0.75: .* last generation"):
        query_rewards(two, success=0.76)
    assert query_rewards(two, failure=0.25).depth == 2
    with pytest.raises(InvalidInputError, match=r"at least 0\.25"):
        query_rewards(two, failure=0.2)


def test_what_cannot_be_computed(monkeypatch):
    with pytest.raises(SolveError, match="above 1e308: ask for a smaller chance or rarity"):
        query_rewards(five(1.2), success=0.3)
    with pytest.raises(SolveError, match="above 1e308"):
        query_rewards(five(1.2), success=0.3, split=0.5)
    monkeypatch.setattr(module, "_MOST_LEVELS", 50)
    with pytest.raises(SolveError, match="50 levels reach the chance"):
        query_rewards(five(1.5), success=0.3)


NETWORK = five(1.5, 1e6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: query_rewards(GaltonWatson([0, 1]), success=0.3), "network is"),
        (lambda: query_rewards(NETWORK), "given, or failure, but not both"),
        (lambda: query_rewards(NETWORK, success=0.3, failure=0.7), "given, or failure, but not both"),
        (lambda: query_rewards(NETWORK, success=0), r"success is 0; it must be in \(0, 1\)"),
        (lambda: query_rewards(NETWORK, success=1.0), r"success is 1.0; it must be in \(0, 1\)"),
        (lambda: query_rewards(NETWORK, failure="rare"), "failure is 'rare'"),
        (lambda: query_rewards(NETWORK, success=0.3, split=1), "split is 1; it must be a fraction"),
        (lambda: query_rewards(NETWORK, success=0.3, split="half"), "split is 'half'"),
        (lambda: query_rewards(NETWORK, success=0.3, integer=1), "integer is 1; it must be True or False"),
        (lambda: query_rewards(NETWORK, success=0.3, integer=True, split=0.5), "False for splits"),
        (lambda: query_growth(NETWORK, rarities=[10, 100], success=0.3), "networks is"),
        (lambda: query_growth([], rarities=[10, 100], success=0.3), "networks is"),
        (lambda: query_growth([NETWORK], rarities=[10], success=0.3), "rarities is"),
        (lambda: query_growth([NETWORK], rarities=[100, 10], success=0.3), "rarities is"),
        (lambda: query_growth([NETWORK], rarities=[10, 100]), "given, or failure_exponent, but not both"),
        (lambda: query_growth([NETWORK], rarities=[10, 100], failure_exponent=0), "failure_exponent is 0"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
