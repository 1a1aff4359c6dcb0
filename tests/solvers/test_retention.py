"""What lasts of a burst: the largest part that supports itself, decay by chance, and the least rewards that keep it."""

import json

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag

from mechanism import (
    Campaign,
    CostModel,
    Graph,
    IncentiveNetwork,
    Logit,
    Motives,
    Participation,
    Recursive,
    Search,
    TopDegree,
)
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from solvers import recruit
from solvers.participation_equilibrium import chains
from solvers.retention import burst_of, sustain
from tests.reference import retention as slow
from tests.reference.games import complete, random_graph, ring

TENTHS = st.integers(0, 12).map(lambda k: k / 10)


def test_all_graphs_of_up_to_seven_people():
    """Against all subsets of their people, with several thresholds; the game is played on all graphs side by side."""
    rng = np.random.default_rng(5)
    matrices = [nx.to_numpy_array(one) for one in nx.graph_atlas_g()[1:]]
    assert len(matrices) == 1252
    graph = Graph.from_scipy(block_diag(matrices, format="csr"))
    burst = rng.random(graph.n) < 0.9
    ends = np.cumsum([len(one) for one in matrices])
    for cost in (1.0, 2.0, 3.0, rng.integers(0, 5, graph.n).astype(float)):
        threshold, largest = np.broadcast_to(cost, graph.n), np.zeros(graph.n)
        for matrix, stop in zip(matrices, ends, strict=True):
            people = slice(stop - len(matrix), stop)
            sets = (np.arange(2 ** len(matrix))[:, None] >> np.arange(len(matrix))) & 1
            supports_itself = (sets @ matrix >= threshold[people]) | (sets == 0)
            fits = (supports_itself & (sets <= burst[people])).all(axis=1)
            largest[people] = sets[fits].max(axis=0)
        for support in (1.0, np.ones(graph.m)):
            found = sustain(Participation(graph, 0.0, support=support, cost=cost), burst)
            assert (found.lasting == largest).all()
        assert 100 < largest.sum() < burst.sum() - 100


@st.composite
def games(draw):
    n = draw(st.integers(1, 7))
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, 3 * n)
    support = draw(st.lists(TENTHS, min_size=graph.m, max_size=graph.m) if draw(st.booleans()) else TENTHS)
    benefit, cost = (draw(st.lists(TENTHS, min_size=n, max_size=n)) for _ in range(2))
    burst = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(any))
    residual = draw(st.lists(TENTHS, min_size=n, max_size=n) | TENTHS)
    return Participation(graph, benefit, support=support, cost=cost), np.array(burst), residual


@settings(max_examples=120)
@given(games())
def test_rounds_are_exact_and_end_in_the_greatest_equilibrium_within_the_burst(given):
    """Tenths are no machine numbers: sums of them miss ties, which exact arithmetic decides."""
    game, burst, residual = given
    found = sustain(game, burst, residual=residual, periods=8)
    course = slow.rounds(game, burst, residual)
    assert found.rounds == len(course) - 1
    assert found.members.tolist() == [len(course[min(t, len(course) - 1)]) for t in range(9)]
    assert set(np.flatnonzero(found.lasting).tolist()) == course[-1]
    assert found.sustained == len(course[-1])
    assert slow.largest_part(game, burst, residual) == (course[-1], True)


@settings(max_examples=60)
@given(games())
def test_the_game_restricted_to_the_burst_agrees(given):
    game, burst, _ = given
    people = np.flatnonzero(burst)
    matrix = game.matrix[people][:, people].tocsr()
    matrix.sort_indices()
    part = Graph(matrix.indptr.astype(np.int64), matrix.indices.astype(np.int32), np.arange(len(people)))
    restricted = Participation(part, game.benefit[people], support=matrix.data, cost=game.cost[people])
    greatest = chains(restricted).greatest(len(people))
    assert (sustain(game, burst).lasting[people] == greatest).all()


@pytest.mark.parametrize("by_arc", [False, True])
def test_a_large_core(by_arc):
    """Equal support: the k-core, also by networkx; each arc is visited once at most, and only those of who leaves."""
    graph = random_graph(np.random.default_rng(2), 3000, 7000)
    matrix = Participation(graph, 0.0, support=1.0, cost=0.0).matrix
    graph = Graph.from_scipy(matrix + matrix.T)
    game = Participation(graph, 0.0, support=np.full(graph.m, 0.1) if by_arc else 0.1, cost=0.3)
    found = sustain(game, np.ones(3000))
    arcs = np.repeat(np.arange(3000), graph.out_degree)
    core = nx.k_core(nx.Graph(list(zip(arcs.tolist(), graph.indices.tolist(), strict=True))), 3)
    assert set(np.flatnonzero(found.lasting).tolist()) == set(core)
    assert 0 < found.sustained < 3000
    assert found.work["arcs"] == graph.in_degree[found.lasting == 0].sum() <= graph.m
    assert found.rounds > 3


def test_a_path_comes_apart_from_its_end():
    """1,000 rounds, and still one visit to each arc."""
    path = Graph.from_edges(np.arange(1000), np.arange(1, 1001))
    for support in (1.0, np.full(1000, 0.7)):
        game = Participation(path, 0.0, support=support, cost=0.5)
        found = sustain(game, np.ones(1001), periods=1200)
        assert found.work["arcs"] == 1000
        assert found.rounds == 1001
        assert found.members.tolist() == [*range(1001, 0, -1), *[0] * 200]
        assert found.half_life == 500.5
        assert sustain(game, np.ones(1001), periods=100).sustained == 0
        assert sustain(game, np.ones(1001), periods=100).half_life == np.inf


def test_a_hair_is_enough_to_leave():
    """Sums of floats do not see the difference: .1 + .2 is .3, and less than .30000000000000004."""
    graph = Graph.from_edges([0, 0, 0], [1, 2, 3])
    for cost, others, stays in (
        (0.3, 0.0, True),
        (0.1 + 0.2, 0.0, False),
        (0.3, 1.0, True),
        (0.1 + 0.2, 1.0, False),
    ):
        game = Participation(graph, 0.0, support=[0.1, 0.2, 0.5], cost=[cost, 0.0, 0.0, others])
        found = sustain(game, [0, 1, 2, 3] if others else [0, 1, 2])
        assert found.lasting.tolist() == [float(stays), 1.0, 1.0, 0.0]
        assert found.rounds == (not stays) + int(others)


def test_values_in_closed_form():
    game = Participation(ring(10), 0.0, support=1.0, cost=2.0)
    whole = sustain(game, np.ones(10), periods=3, discount=0.5)
    assert (whole.value, whole.sustained_share, whole.rounds) == (10 * 1.875, 1.0, 0)
    assert whole.half_life == np.inf
    torn = sustain(game, np.arange(9), periods=3, discount=0.5)  # 9, 7, 5, 3
    assert torn.members.tolist() == [9, 7, 5, 3]
    assert torn.value == 9 + 3.5 + 1.25 + 0.375
    assert torn.half_life == 2.25
    kept = sustain(game, np.arange(9), periods=3, residual=np.where(np.arange(10) % 8, 0, 1))
    assert kept.sustained == 9
    assert kept.residual_cost == 2.0


LAWS = st.floats(-1.5, 1.5)


@settings(max_examples=12)
@given(st.data())
def test_decay_agrees_with_the_exact_chain(data):
    """Mean by period within 5 standard errors, everybody's chance within 5.5: one false alarm in 10^5 at most."""
    n = data.draw(st.integers(1, 5))
    graph = random_graph(np.random.default_rng(data.draw(st.integers(0, 10**6))), n, 3 * n)
    by_arc = data.draw(st.booleans())
    game = Logit(
        graph, data.draw(st.lists(LAWS, min_size=n, max_size=n)),
        support=data.draw(st.lists(LAWS, min_size=graph.m, max_size=graph.m) if by_arc else LAWS),
        cost=data.draw(LAWS), rationality=data.draw(st.floats(0.2, 3)),
    )  # fmt: skip
    burst = np.array(data.draw(st.lists(st.integers(0, 1), min_size=n, max_size=n).filter(any)))
    returns, extra = data.draw(st.booleans()), data.draw(LAWS)
    found = sustain(game, burst, periods=6, residual=extra, returns=returns, replicates=4000, rng=11)
    means, lasting = slow.chain(game, burst, 6, residual=extra, returns=returns)
    error = np.sqrt(np.maximum(found.members_stderr**2, n / 4000**2))
    assert (np.abs(found.members - means) <= 5 * error).all()
    spread = np.sqrt(lasting * (1 - lasting) / 4000 + 1 / 4000**2)
    assert (np.abs(found.lasting - lasting) <= 5.5 * spread).all()
    assert found.sustained == pytest.approx(found.lasting.sum())


def test_a_fixed_seed_is_within_four_standard_errors():
    game = Logit(complete(4), 0.2, support=0.5, cost=0.6, rationality=2.0)
    for returns in (False, True):
        found = sustain(game, np.ones(4), periods=10, returns=returns, replicates=20_000, rng=3)
        means, _ = slow.chain(game, np.ones(4), 10, returns=returns)
        assert (np.abs(found.members - means)[1:] <= 4 * found.members_stderr[1:]).all()
        value = np.sum(means)
        assert abs(found.value - value) <= 4 * found.value_stderr
        assert found.value_stderr < 0.01 * value


def test_threads_do_not_change_a_bit():
    graph = random_graph(np.random.default_rng(4), 200, 800)
    game = Logit(graph, 0.0, support=np.linspace(0, 1, graph.m), cost=0.5, rationality=1.5)
    one, *others = (
        sustain(game, np.ones(200), periods=8, replicates=300, rng=1, engine=k) for k in (1, 2, 3)
    )
    for other in others:
        assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())
    assert one.value != sustain(game, np.ones(200), periods=8, replicates=300, rng=2).value


def test_nearly_rational_people_leave_in_rounds():
    """With much rationality and no ties the logit members are those of the participation game."""
    graph = random_graph(np.random.default_rng(6), 300, 1200)
    numbers = {"support": 1.0, "cost": 2.5}
    sure = sustain(Participation(graph, 0.0, **numbers), np.ones(300), periods=20)
    noisy = Logit(graph, 0.0, **numbers, rationality=1000.0)
    found = sustain(noisy, np.ones(300), periods=20, replicates=3, rng=1)
    assert (found.members == sure.members).all()
    assert (found.lasting == sure.lasting).all()
    assert (found.members_stderr == 0).all()


def campaign(**changed):
    rng = np.random.default_rng(3)
    graph = random_graph(rng, 400, 3000)
    law = CostModel.exponential(mean=0.1)
    network = IncentiveNetwork(graph, contact=0.3, join=law, invite=law, support=1.0)
    given = {"team": TopDegree(3), "max_depth": 6} | changed
    return Campaign(network, Search(prize=100, find=0.01), **given)


def test_a_burst_of_a_campaign():
    """Who was recruited in a world, as many as the world counts; then what lasts of it."""
    race = campaign()
    found = recruit(race, Recursive(1 / 2), replicates=30, rng=7)
    bursts = [burst_of(race, found, rng=7, world=world) for world in range(30)]
    assert [int(one.sum()) for one in bursts] == found.sample.tolist()
    assert not any(one[race.team_nodes].any() for one in bursts)
    game = Participation.from_network(race.network, rng=1)
    kept = sustain(game, bursts[0])
    assert 0 < kept.sustained < kept.members[0]
    with pytest.raises(InvalidInputError, match="rng names other worlds"):
        burst_of(race, found, rng=8)
    with pytest.raises(InvalidInputError, match="world is 30"):
        burst_of(race, found, rng=7, world=30)


def test_prints_draws_and_writes():
    game = Participation(ring(10), 0.0, support=1.0, cost=2.0)
    torn = sustain(game, np.arange(9))
    text = str(torn)
    assert "What lasts of a burst of 9 members" in text
    assert "for ever, from period 5 on: 0.0 %" in text
    assert "half-life      2.25 periods" in text
    assert "6..50" in text
    assert "not within 50 periods" in str(sustain(game, np.ones(10)))
    document = json.loads(json.dumps(torn.to_dict()))
    assert document["members"][:6] == [9, 7, 5, 3, 1, 0]
    assert document["half_life"] == 2.25
    assert json.loads(json.dumps(sustain(game, np.ones(10)).to_dict()))["half_life"] is None
    labels = torn.plot().get_legend_handles_labels()[1]
    assert labels == ["members", "peak 9", "sustained 0 (0.0 %)", "half-life 2.25"]
    noisy = sustain(Logit(ring(30), 0.0, support=1.0, cost=1.0, rationality=2.0), np.ones(30), rng=1)
    assert "means of 1,000 worlds" in str(noisy)
    assert " ± " in str(noisy)
    assert "in period 50" in str(noisy)


GAME = Participation(ring(4), 0.0, support=1.0, cost=2.0)
NOISY = Logit(ring(4), 0.0, support=1.0, cost=2.0, rationality=1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sustain(ring(4), [1, 1, 1, 1]), "a Participation or a Logit game"),
        (lambda: sustain(GAME, [0, 0, 0, 0]), "not all 0"),
        (lambda: sustain(GAME, []), "burst is"),
        (lambda: sustain(GAME, [1, 1, 0.5, 1]), r"burst\[2\] is 0\.5"),
        (lambda: sustain(GAME, [1, 4]), r"burst\[1\] is 4"),
        (lambda: sustain(GAME, [1, 2, 2]), "distinct"),
        (lambda: sustain(GAME, [True, False]), "4 numbers 0 or 1"),
        (lambda: sustain(GAME, "all"), "burst is 'all'"),
        (lambda: sustain(GAME, [1], residual=[1.0]), "residual"),
        (lambda: sustain(GAME, [1], residual=np.nan), "residual is nan"),
        (lambda: sustain(GAME, [1], periods=0), "periods is 0"),
        (lambda: sustain(GAME, [1], discount=0.0), "discount is 0"),
        (lambda: sustain(GAME, [1], discount=1.1), "discount is 1.1"),
        (lambda: sustain(GAME, [1], rng=1), "rng is 1; it must be left out"),
        (lambda: sustain(GAME, [1], replicates=10), "replicates is 10; it must be left out"),
        (lambda: sustain(NOISY, [1]), "rng is None"),
        (lambda: sustain(NOISY, [1], rng=1, replicates=1), "replicates is 1"),
        (lambda: sustain(Participation(ring(4), 0.0, support=-1.0, cost=0.0), [1]), r"support is -1\.0"),
        (
            lambda: sustain(Participation(ring(4), 0.0, support=[1, 1, -1, *[1] * 5], cost=0.0), [1]),
            r"support\[2\] is -1\.0",
        ),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_a_burst_is_shown_for_one_kind_of_people():
    race = campaign()
    found = recruit(race, Recursive(1 / 2), replicates=4, rng=7)
    network = race.network
    mixed = IncentiveNetwork(
        network.graph, contact=0.3, join=network.join, invite=network.invite,
        motives=Motives(profit=np.where(np.arange(400) < 9, 1.0, 2.0)),
    )  # fmt: skip
    with pytest.raises(UnsupportedProblemError, match="one kind"):
        burst_of(Campaign(mixed, race.task, team=race.team, max_depth=6), found, rng=7)
