"""The effective game: best responses found by brute force on utilities, and certified inverses."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_array

from mechanism import Graph, Interdependent, LinearQuadratic, Participation, datasets, system_from_dict
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.formats import to_scipy
from solvers.engine import Threads
from solvers.interdependence import effective_game
from solvers.spectral import certified_radius, radius_of_powers

PAIR = Graph.from_edges([0], [1], directed=False)
METHODS = ("dense", "push")


@st.composite
def graphs(draw, n):
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda arc: arc[0] != arc[1])
    arcs = sorted(draw(st.sets(pairs, max_size=n * (n - 1))))
    counts = np.bincount([i for i, _ in arcs], minlength=n) if arcs else np.zeros(n, int)
    return Graph(
        np.concatenate(([0], np.cumsum(counts))), np.array([j for _, j in arcs], dtype=np.int32), np.arange(n)
    )


@st.composite
def systems(draw, kind=LinearQuadratic, *, signed=False, least=2):
    """People who care for one another, with row sums of the absolute weights below 1."""
    n = draw(st.integers(least, 6))
    graph, caring = draw(graphs(n)), draw(graphs(n))

    def numbers(size, low=-2, high=2):
        eighths = st.integers(8 * low, 8 * high).map(lambda k: k / 8)
        return draw(st.lists(eighths, min_size=size, max_size=size))

    if kind is LinearQuadratic:
        base = LinearQuadratic(graph, numbers(n), interaction=numbers(graph.m), lower=-5.0, upper=5.0)
    else:
        base = Participation(graph, numbers(n), support=numbers(graph.m), cost=numbers(n))
    shares = np.array(numbers(caring.m, -1 if signed else 0, 1))
    most = np.repeat(np.maximum(caring.out_degree, 1), caring.out_degree)
    return Interdependent(base, altruism=0.9 * shares / most, graph=caring)


def dense_utilities(system):
    """Return the function that gives everybody's utility, by a dense inverse and nothing of the library's."""
    inverse = np.linalg.inv(np.eye(system.n) - system.altruism.matrix.toarray())
    weights = system.base.matrix.toarray()

    def utilities(x):
        if isinstance(system.base, LinearQuadratic):
            payoffs = x * (system.base.standalone + weights @ x) - x**2 / 2
        else:
            payoffs = x * (system.base.benefit + weights @ x - system.base.cost)
        return inverse @ payoffs

    return utilities


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=10)
@given(data=st.data())
def test_best_responses_maximise_utility(method, data):
    system = data.draw(systems())
    game, utilities = effective_game(system, method=method).game, dense_utilities(system)
    x = np.array(data.draw(st.lists(st.floats(-5, 5), min_size=system.n, max_size=system.n)))
    best = game.best_response(x)
    for i in range(system.n):

        def loss(action, i=i):
            return -utilities(np.where(np.arange(system.n) == i, action, x))[i]

        found = minimize_scalar(loss, bounds=(-5, 5), method="bounded", options={"xatol": 1e-9})
        assert loss(best[i]) <= found.fun + 1e-9
        assert best[i] == pytest.approx(found.x, abs=1e-5)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(data=st.data())
def test_gains_are_gains_of_utility(method, data):
    """Times B_ii, in both games and also with negative altruism."""
    kind = data.draw(st.sampled_from([LinearQuadratic, Participation]))
    system = data.draw(systems(kind, signed=True))
    found, utilities = effective_game(system, method=method), dense_utilities(system)
    at = st.floats(-5, 5) if kind is LinearQuadratic else st.sampled_from([0.0, 1.0])
    x = np.array(data.draw(st.lists(at, min_size=system.n, max_size=system.n)))
    best = found.game.best_response(x) if kind is LinearQuadratic else 1 - x
    gains = [
        utilities(np.where(np.arange(system.n) == i, best, x))[i] - utilities(x)[i] for i in range(system.n)
    ]
    assert found.utility_gains(x) == pytest.approx(np.maximum(gains, 0), abs=1e-9)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40)
@given(data=st.data())
def test_errors_are_as_certified(method, data):
    system = data.draw(systems(signed=data.draw(st.booleans())))
    tolerance = data.draw(st.sampled_from([1e-12, 1e-6, 0.01]))
    found = effective_game(system, tolerance=tolerance, method=method)
    matrix = system.altruism.matrix.toarray()
    inverse = np.linalg.inv(np.eye(system.n) - matrix)
    weights = system.base.matrix.toarray()
    expected = weights + inverse * weights.T / np.diag(inverse)[:, None]
    assert found.game.matrix.toarray() == pytest.approx(expected, abs=found.weight_error + 1e-13)
    assert found.diagonal == pytest.approx(np.diag(inverse), abs=found.error + 1e-13)
    assert found.error <= 1.01 * tolerance + 1e-11
    assert max(abs(np.linalg.eigvals(matrix)), default=0) <= found.radius < 1
    assert (np.abs(matrix) @ found.vector <= found.radius * found.vector).all()
    assert not found.vector.flags.writeable
    assert not found.diagonal.flags.writeable


def test_two_people():
    """B = [[1, a], [b, 1]] / (1 - a b) (Bergstrom, 1999)."""
    a, b, w, v = 0.5, 0.25, 0.125, -0.75
    found = effective_game(
        Interdependent(LinearQuadratic(PAIR, 1.0, interaction=[w, v]), altruism=[a, b]), method="push"
    )
    assert found.diagonal == pytest.approx([1 / (1 - a * b)] * 2, abs=1e-12)
    assert found.game.interaction == pytest.approx([w + a * v, v + b * w], abs=1e-12)


@pytest.mark.parametrize("size", [1.0, 1.0 + 1e-9, 2.0])
@pytest.mark.parametrize("method", METHODS)
def test_utilities_that_feed_one_another_without_end(size, method):
    base = LinearQuadratic(PAIR, 1.0, interaction=0.5)
    with pytest.raises(InvalidInputError, match=r"spectral radius .* without end; it must be scaled by less"):
        effective_game(Interdependent(base, altruism=[size, size]), method=method)
    effective_game(Interdependent(base, altruism=[size, 0.4 / size]), method=method)


def test_radius_between_the_powers():
    """A chain of weights above 1 has radius 0; closed to a ring it has more than 1."""
    chain = Graph.from_edges([0, 1, 2], [1, 2, 3])
    base = LinearQuadratic(chain, 1.0, interaction=0.1)
    found = effective_game(Interdependent(base, altruism=3.0), method="push")
    assert found.diagonal.tolist() == [1.0] * 4
    assert found.radius < 1
    ring = Graph.from_edges([0, 1, 2, 3], [1, 2, 3, 0])
    with pytest.raises(InvalidInputError, match=r"of at least 3: .* less than 0\.3333"):
        effective_game(Interdependent(base, altruism=3.0, graph=ring))
    with pytest.raises(InvalidInputError, match="spectral radius"):
        effective_game(Interdependent(base, altruism=[3.0, 3.0, 3.0, 0.05], graph=ring))
    slow = effective_game(Interdependent(base, altruism=0.9999, graph=ring), tolerance=1e-6)
    assert 0.9999 <= slow.radius < 1


def test_negative_altruism():
    """Who harms who harms it: B = [[1, a], [b, 1]] / (1 - a b), b < 0 < a."""
    base = Participation(PAIR, 0.0, support=1.0, cost=0.5)
    found = effective_game(Interdependent(base, altruism=[0.8, -0.9]))
    assert found.diagonal == pytest.approx([1 / 1.72] * 2)
    # The absolute values alone would feed one another without end.
    wide = effective_game(Interdependent(base, altruism=[2.0, -0.4]))
    assert wide.diagonal == pytest.approx([1 / 1.8] * 2)
    assert np.sqrt(0.8) <= wide.radius < 1
    spun = Interdependent(base, altruism=[4.0, -0.24])
    assert effective_game(spun).vector is not None
    with pytest.raises(InvalidInputError, match="powers that do not vanish"):
        effective_game(Interdependent(base, altruism=[2.0, -0.6]))
    with pytest.raises(UnsupportedProblemError, match="negative weights"):
        effective_game(Interdependent(base, altruism=[2.0, -0.6]), method="push")


def test_the_first_order_condition_of_a_minimum_is_refused():
    """B_ii is a minor of I - A over its determinant: here (1 - 1.5) / 1.125 at person 0, with powers that vanish."""
    matrix = np.array([[0.0, 1.5, 0.25], [-1.5, 0.0, 0.75], [1.0, 2.0, 0.0]])
    assert max(abs(np.linalg.eigvals(matrix))) < 1
    assert np.linalg.inv(np.eye(3) - matrix)[0, 0] == pytest.approx(-0.5 / 1.125)
    full = Graph.from_edges([0, 0, 1], [1, 2, 2], directed=False)
    altruism = matrix[np.repeat(np.arange(3), 2), full.indices]
    with pytest.raises(InvalidInputError, match=r"B_ii = -.* at person 0.*maximum"):
        effective_game(Interdependent(LinearQuadratic(full, 1.0, interaction=0.1), altruism=altruism))


@given(systems(Participation), st.integers(0, 3))
@settings(max_examples=10)
def test_threads_give_the_same_bits(system, extra):
    one, two = (effective_game(system, method="push", engine=Threads(k)) for k in (1, 2 + extra))
    assert one.to_dict() == two.to_dict()


@given(systems(), st.floats(0.5, 4))
@settings(max_examples=20)
def test_units_of_payoffs_do_not_matter(system, unit):
    """Altruism is without a unit: weights scale with the payoffs."""
    base = system.base
    scaled = Interdependent(
        LinearQuadratic(base.graph, base.standalone, interaction=np.asarray(base.interaction) * unit),
        altruism=system.altruism.weights, graph=system.altruism.graph,
    )  # fmt: skip
    games = [effective_game(one).game for one in (system, scaled)]
    assert games[0].layer.by_arc * unit == pytest.approx(games[1].layer.by_arc, abs=1e-12)


def test_without_altruism_nothing_changes():
    path = Graph.from_edges([0, 1], [1, 2])
    game = LinearQuadratic(path, [1.0, 2.0, 3.0], interaction=[0.5, -0.5], lower=0.0)
    found = effective_game(Interdependent(game, altruism=0.0))
    assert found.game.matrix.toarray().tolist() == game.matrix.toarray().tolist()
    assert found.game.lower.tolist() == game.lower.tolist()
    assert found.diagonal.tolist() == [1.0] * 3
    assert found.game.graph.m == 4  # both ways of every arc


def test_who_is_supported_sees_what_its_support_is_worth():
    """0 cares for 1, whom 0's part supports: 0 counts this, and only to the extent of its altruism."""
    arc = Graph.from_edges([1], [0])
    base = Participation(arc, 0.0, support=1.0, cost=0.25)
    caring = Graph.from_edges([0], [1])
    game = effective_game(Interdependent(base, altruism=0.5, graph=caring)).game
    assert game.matrix.toarray().tolist() == [[0.0, 0.5], [1.0, 0.0]]
    assert game.gains([1, 1]).tolist() == [0.0, 0.0]
    assert base.gains([1, 1]).tolist() == [0.25, 0.0]


def test_a_network_of_thousands():
    """Pushes reach as far as altruism does."""
    n = 3000
    ring = Graph.from_edges(np.arange(n), (np.arange(n) + 1) % n, directed=False)
    base = LinearQuadratic(ring, 1.0, interaction=0.25)
    found = effective_game(Interdependent(base, altruism=0.2))
    # On a long ring B_ii = 1 / sqrt(1 - 4 a^2), and each step away multiplies by q = (1 - sqrt(1 - 4 a^2)) / 2 a.
    root = np.sqrt(1 - 4 * 0.2**2)
    assert found.diagonal == pytest.approx(np.full(n, 1 / root), abs=1e-11)
    assert found.game.layer.by_arc == pytest.approx(0.25 * (1 + (1 - root) / 0.4), abs=1e-11)
    assert found.work["pushes"] < 500 * n
    assert found.work["arcs"] == 2 * found.work["pushes"]


def test_a_real_network():
    try:
        path = datasets.path("graphs/nethept")
    except datasets.DatasetMissingError as missing:
        pytest.skip(str(missing))
    graph = Graph.from_file(path, directed=False)
    base = Participation(graph, 0.0, support=1.0, cost=0.5)
    found = effective_game(Interdependent(base, altruism=0.002), tolerance=1e-5)
    assert found.error < 1.1e-5
    row = int(np.argmax(graph.out_degree))
    unit = np.zeros(graph.n)
    unit[row] = 1.0
    exact, caring = unit, 0.002 * to_scipy(graph)
    for _ in range(60):
        exact = unit + caring.T @ exact
    mine = found.game.matrix[[row]].toarray()[0]
    neighbours = graph.indices[graph.indptr[row] : graph.indptr[row + 1]]
    assert mine[neighbours] == pytest.approx(1 + exact[neighbours] / exact[row], abs=2 * found.weight_error)


def test_the_result_as_text_and_as_json():
    system = Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.5), altruism=0.5)
    found = effective_game(system)
    document = json.loads(json.dumps(found.to_dict()))
    assert system_from_dict(document["game"]).to_dict() == found.game.to_dict()
    assert "spectral radius of A at most 0.5" in str(found)
    alone = Interdependent(
        LinearQuadratic(Graph.from_edges([0], [0], self_loops="drop"), 1.0, interaction=0.5), altruism=0.5
    )
    assert "0 pushes" in str(effective_game(alone))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerance": 0.0}, "tolerance is 0.0"),
        ({"method": "lu"}, "method is 'lu'"),
        ({"engine": 0}, "engine is 0"),
    ],
)
def test_wrong_input(options, message):
    system = Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.5), altruism=0.5)
    with pytest.raises(InvalidInputError, match=message):
        effective_game(system, **options)


def test_a_payoff_system_is_no_system_of_utilities():
    with pytest.raises(InvalidInputError, match="system is"):
        effective_game(LinearQuadratic(PAIR, 1.0, interaction=0.5))


@settings(max_examples=40)
@given(systems(signed=True), st.floats(0.1, 1.5))
def test_bounds_on_the_radius(system, scale):
    """A bound below 1 is found if the radius of |A| is below 1 - 1e-6, and is never wrong."""
    matrix = np.abs(system.altruism.matrix.toarray())
    true = max(abs(np.linalg.eigvals(matrix)))
    if true > 1e-3:
        matrix *= scale / true
        true = scale
    sparse = csr_array(matrix)
    if true < 1 - 1e-6:
        found = certified_radius(sparse, argument="altruism")
        assert (matrix @ found.vector <= found.rate * found.vector).all()
        assert found.rate < 1
        assert (found.vector > 0).all()
    elif true > 1:
        with pytest.raises(InvalidInputError, match="spectral radius"):
            certified_radius(sparse, argument="altruism")
    powers = radius_of_powers(matrix)
    assert powers >= true * (1 - 1e-9)
    assert np.isfinite(powers) == (true < 1) or abs(true - 1) < 1e-6
