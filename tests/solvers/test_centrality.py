"""Centralities against dense algebra, closed forms, the formulas of the papers and networkx."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mechanism import Graph
from mechanism.errors import InvalidInputError, SolveError
from mechanism.layers import Layer
from solvers.centrality import (
    bonacich_centrality,
    certified_sums,
    diffusion_centrality,
    feedback,
    katz_centrality,
)
from solvers.spectral import SpectralRadius, radius_of, spectral_radius
from solvers.uniqueness import certified

PAIR = Graph.from_edges([0], [1], directed=False)
KARATE = nx.karate_club_graph()


def graph_of(network):
    """Return the graph of a network of networkx whose nodes are 0, 1, ..."""
    ends = np.array(network.edges())
    return Graph.from_edges(ends[:, 0], ends[:, 1], directed=network.is_directed())


@st.composite
def weighted_graphs(draw, most=9):
    """Draw a directed graph, weights of at least 0 and their dense matrix."""
    n = draw(st.integers(2, most))
    pairs = [(i, j) for i in range(n) for j in range(n) if i != j]
    arcs = draw(st.lists(st.sampled_from(pairs), min_size=1, max_size=3 * n, unique=True))
    graph = Graph.from_edges(*zip(*sorted(arcs), strict=True))
    weights = draw(st.lists(st.floats(0.01, 3), min_size=graph.m, max_size=graph.m))
    return graph, np.array(weights), Layer(graph, weights).matrix.toarray()


def dense_radius(matrix):
    """Return the radius of each cyclic part alone, so that the eigenvalues are not those of a nilpotent matrix."""
    network = nx.from_numpy_array(matrix, create_using=nx.DiGraph)
    parts = [list(part) for part in nx.strongly_connected_components(network)]
    return max(np.abs(np.linalg.eigvals(matrix[np.ix_(part, part)])).max() for part in parts)


@given(weighted_graphs())
def test_the_radius_is_enclosed(case):
    graph, weights, dense = case
    found, radius = spectral_radius(graph, weights), dense_radius(dense)
    assert found.lower <= radius * (1 + 1e-9)
    assert radius * (1 - 1e-9) <= found.upper
    assert found.upper - found.lower <= 1e-6 * found.upper


@pytest.mark.parametrize(
    ("network", "radius"),
    [
        (nx.complete_graph(7), 6.0),
        (nx.cycle_graph(9), 2.0),
        (nx.star_graph(6), np.sqrt(6)),
        (nx.complete_bipartite_graph(3, 5), np.sqrt(15)),
        (nx.path_graph(12), 2 * np.cos(np.pi / 13)),
        (nx.petersen_graph(), 3.0),
        (nx.cycle_graph(5, create_using=nx.DiGraph), 1.0),
        (nx.disjoint_union_all([nx.complete_graph(4), nx.path_graph(30), nx.star_graph(10)]), np.sqrt(10)),
    ],
)
def test_known_radii(network, radius):
    found = spectral_radius(graph_of(network))
    assert found.lower <= radius * (1 + 1e-15)
    assert radius * (1 - 1e-15) <= found.upper
    assert found.upper - found.lower <= 2e-10 * radius
    few = spectral_radius(graph_of(network), steps=2)
    assert few.lower <= radius * (1 + 1e-15)
    assert radius * (1 - 1e-15) <= few.upper


def test_without_a_cycle_the_radius_is_0_and_no_decay_too_large():
    chain = Graph.from_edges([0, 1, 0], [1, 2, 2])
    found = spectral_radius(chain, 7.0)
    assert found == SpectralRadius(0.0, 0.0)
    assert found.critical_decay == np.inf
    assert bonacich_centrality(chain, decay=100.0).tolist() == pytest.approx([10201.0, 101.0, 1.0])
    assert spectral_radius(Graph.from_edges([0, 1], [1, 0]), [3.0, 0.0]) == SpectralRadius(0.0, 0.0)


def test_the_radius_of_weights_of_any_size():
    small, large = (spectral_radius(graph_of(KARATE), scale) for scale in (1e-200, 1e200))
    assert small.upper * 1e200 == pytest.approx(large.upper / 1e200)
    assert large.to_dict() == {"lower": large.lower, "upper": large.upper}
    assert str(SpectralRadius(1.5, 2.0)) == "spectral radius in [1.5, 2]"


def test_a_slow_enclosure_is_wide_and_true():
    path = graph_of(nx.path_graph(400))
    found = spectral_radius(path, steps=100)
    assert found.lower < 2 * np.cos(np.pi / 401) < found.upper
    assert found.upper - found.lower > 1e-6


@given(weighted_graphs(), st.integers(1, 12), st.data())
def test_diffusion_sums_the_powers(case, periods, data):
    graph, weights, dense = case
    chance = np.array(data.draw(st.lists(st.floats(0, 1), min_size=graph.m, max_size=graph.m)))
    step = dense * Layer(graph, chance).matrix.toarray()
    powers = sum(np.linalg.matrix_power(step, t) for t in range(1, periods + 1))
    found = diffusion_centrality(graph, probability=chance, periods=periods, weights=weights)
    assert found == pytest.approx(powers.sum(axis=1))


def test_diffusion_by_hand():
    """From the centre of a star with three leaves: q * 3 people hear it, and it comes back from each."""
    star = graph_of(nx.star_graph(3))
    assert diffusion_centrality(star, probability=0.5, periods=2) == pytest.approx([2.25, 1.25, 1.25, 1.25])
    out = Graph.from_edges([0, 0], [1, 2])
    assert diffusion_centrality(out, probability=0.5, periods=5).tolist() == [1.0, 0.0, 0.0]


def test_diffusion_for_ever_is_bonacich():
    graph = graph_of(KARATE)
    q = 0.8 * spectral_radius(graph).critical_decay
    long = diffusion_centrality(graph, probability=q, periods=400)
    assert long + 1 == pytest.approx(bonacich_centrality(graph, decay=q), rel=1e-12)


@given(weighted_graphs(), st.floats(-0.95, 0.95), st.data())
def test_the_centralities_solve_their_equations(case, share, data):
    graph, weights, dense = case
    decay = share * min(spectral_radius(graph, weights).critical_decay, 10.0)
    worth = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=graph.n, max_size=graph.n)))
    system = np.eye(graph.n) - decay * dense
    found = bonacich_centrality(graph, decay=decay, weights=weights, exogenous=worth)
    assert found == pytest.approx(np.linalg.solve(system, worth), rel=1e-9, abs=1e-9)
    even = bonacich_centrality(graph, decay=decay, weights=weights, exogenous=2.0)
    assert even == pytest.approx(np.linalg.solve(system, np.full(graph.n, 2.0)), rel=1e-9, abs=1e-9)
    if decay >= 0:
        status = np.linalg.inv(system).sum(axis=0) - 1
        assert katz_centrality(graph, decay=decay, weights=weights) == pytest.approx(
            status, rel=1e-9, abs=1e-9
        )


@given(weighted_graphs(), st.floats(0.05, 0.9))
def test_how_the_conventions_convert(case, share):
    graph, weights, dense = case
    radius = spectral_radius(graph, weights)
    assume(radius.upper > 0)
    a, alpha = share / radius.upper, 0.7
    b = bonacich_centrality(graph, decay=a, weights=weights)
    c = alpha * np.linalg.inv(np.eye(graph.n) - a * dense) @ dense.sum(axis=1)
    rounding = 1e-10 * b.max()
    assert b == pytest.approx(1 + a / alpha * c, abs=rounding)
    ours = bonacich_centrality(graph, decay=a, weights=weights, exogenous=alpha * dense.sum(axis=1))
    assert ours == pytest.approx(c, abs=rounding)
    back = Layer(graph, weights).reversed
    turned = bonacich_centrality(back.graph, decay=a, weights=back.weights)
    assert katz_centrality(graph, decay=a, weights=weights) == pytest.approx(
        turned - 1, abs=1e-10 * turned.max()
    )


def test_katz_as_networkx_counts_it():
    network = nx.gn_graph(30, seed=3)
    network.add_edges_from([(0, 7), (3, 11), (11, 0)])
    graph = graph_of(network)
    theirs = nx.katz_centrality_numpy(network, alpha=0.3, beta=2.0, normalized=False)
    values = np.array([theirs[i] for i in range(graph.n)])
    ours = 2.0 * (1 + katz_centrality(graph, decay=0.3))
    assert ours == pytest.approx(values)
    normalised = nx.katz_centrality_numpy(network, alpha=0.3, beta=2.0)
    assert ours / np.linalg.norm(ours) == pytest.approx([normalised[i] for i in range(graph.n)])
    chosen = katz_centrality(Graph.from_edges(["ann", "bob", "cem"], ["dea"] * 3), decay=0.5)
    assert chosen.tolist() == [0.0, 0.0, 0.0, 1.5]


@pytest.mark.parametrize("weight", [None, "weight"])
def test_near_the_critical_decay_bonacich_is_the_eigenvector(weight):
    network = nx.karate_club_graph()
    for _, _, arc in network.edges(data=True):
        arc["weight"] += 0.5
    graph = graph_of(network)
    source = np.repeat(np.arange(34), graph.out_degree)
    weights = [network[i][j][weight] if weight else 1.0 for i, j in zip(source, graph.indices, strict=True)]
    decay = (1 - 1e-7) * spectral_radius(graph, weights).critical_decay
    near = bonacich_centrality(graph, decay=decay, weights=weights)
    theirs = nx.eigenvector_centrality_numpy(network, weight=weight)
    assert near / np.linalg.norm(near) == pytest.approx([theirs[i] for i in range(34)], rel=1e-5)


@pytest.mark.parametrize("share", [1.0, 1 + 1e-12, 1.1, 50.0])
@pytest.mark.parametrize("network", [KARATE, nx.cycle_graph(6), nx.cycle_graph(5, create_using=nx.DiGraph)])
def test_a_decay_too_large_is_refused(network, share):
    graph = graph_of(network)
    radius = spectral_radius(graph)
    decay = share / radius.lower
    for call in (bonacich_centrality, katz_centrality):
        with pytest.raises(InvalidInputError, match=r"decay is .*with diffusion_centrality") as refusal:
            call(graph, decay=decay)
        critical = float(refusal.value.allowed.split()[1])
        assert critical == pytest.approx(radius.critical_decay, rel=1e-8)
    with pytest.raises(InvalidInputError, match="decay is -"):
        bonacich_centrality(graph, decay=-decay)


def test_what_proves_a_contraction():
    graph = graph_of(nx.complete_graph(4))
    for scale, ok in ((0.33, True), (1 / 3, False), (0.34, False)):
        assert (certified(Layer(graph, scale).matrix, np.ones(4)) is not None) is ok
    assert certified(Layer(graph, 0.1).matrix, np.array([1.0, 1.0, 1.0, 0.0])) is None
    assert certified(Layer(graph, 0.1).matrix, np.array([1.0, 1.0, 1.0, np.inf])) is None
    assert certified(Layer(graph, 0.33).matrix, np.array([1.0, 1.0, 1.0, 0.5])) is None
    with pytest.raises(SolveError, match="not solved") as failure:
        feedback(Layer(PAIR, 1.0).matrix)(np.ones(2))
    assert failure.value.solution.shape == (2,)
    assert radius_of(Layer(graph, 0.5).matrix).upper == pytest.approx(1.5)
    assert certified_sums(Layer(graph, 0.25).matrix, refuse=lambda _: None) == pytest.approx([4.0] * 4)


def test_a_large_sum_is_no_number():
    with pytest.raises(SolveError, match="fewer periods"):
        diffusion_centrality(graph_of(nx.complete_graph(9)), probability=1.0, periods=500)


def test_finite_sums_beyond_the_floats_are_no_answer():
    chain = Graph.from_edges(np.arange(30), np.arange(1, 31))
    with pytest.raises(SolveError, match="radius is 0, so they are finite"):
        bonacich_centrality(chain, decay=100.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: diffusion_centrality("g", probability=0.5, periods=1), "graph is 'g'"),
        (lambda: diffusion_centrality(PAIR, probability=1.5, periods=1), "probability is 1.5"),
        (lambda: diffusion_centrality(PAIR, probability=[0.5, -1], periods=1), r"probability\[1\] is -1.0"),
        (lambda: diffusion_centrality(PAIR, probability=0.5, periods=0), "periods is 0"),
        (lambda: diffusion_centrality(PAIR, probability=0.5, periods=2, weights=-1.0), "weights is -1.0"),
        (lambda: bonacich_centrality(PAIR, decay=float("nan")), "decay is nan"),
        (lambda: bonacich_centrality(PAIR, decay=0.5, exogenous=[1.0]), r"exogenous\[shape\]"),
        (lambda: katz_centrality(PAIR, decay=-0.1), "decay is -0.1"),
        (lambda: katz_centrality(PAIR, decay=0.1, weights=[1.0, -2.0]), r"weights\[1\] is -2.0"),
        (lambda: spectral_radius(PAIR, tolerance=-1.0), "tolerance is -1.0"),
        (lambda: spectral_radius(PAIR, steps=0), "steps is 0"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_results_cannot_be_changed():
    for array in (
        diffusion_centrality(PAIR, probability=0.5, periods=1),
        bonacich_centrality(PAIR, decay=0.5),
        bonacich_centrality(PAIR, decay=-0.5),
        katz_centrality(PAIR, decay=0.5),
    ):
        assert not array.flags.writeable
