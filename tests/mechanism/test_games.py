"""Payoff systems: payoffs by their formulas, best responses by brute force, documents, networks and layers."""

import json
from math import inf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import (
    CostModel,
    Graph,
    IncentiveNetwork,
    Interdependent,
    Layer,
    LinearQuadratic,
    Logit,
    Motives,
    Participation,
    combined,
    system_from_dict,
)
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.layers import altruism_of, support_of
from tests.reference.games import complete, random_graph, ring

PAIR = Graph.from_edges([0], [1], directed=False)
CHAIN = Graph.from_edges([0, 1], [1, 2])
WRONG = [np.nan, inf]


def network(graph=PAIR, join=None, **layers):
    law = CostModel.exponential(mean=1.0)
    motives = layers.pop("motives", None)
    return IncentiveNetwork(graph, contact=0.5, join=join or law, invite=law, motives=motives, **layers)


@st.composite
def systems(draw, kinds=("linear_quadratic", "participation", "logit")):
    n = draw(st.integers(1, 6))
    graph = random_graph(np.random.default_rng(draw(st.integers(0, 10**6))), n, 12)
    number = st.floats(-2, 2)
    each = st.lists(number, min_size=n, max_size=n)
    one = draw(st.booleans())
    weights = draw(number) if one else draw(st.lists(number, min_size=graph.m, max_size=graph.m))
    kind = draw(st.sampled_from(kinds))
    if kind == "linear_quadratic":
        lower = draw(st.sampled_from([-inf, -1.0, 0.0]))
        return LinearQuadratic(
            graph, draw(each), interaction=weights, lower=lower, upper=draw(st.sampled_from([inf, 1.0]))
        )
    if kind == "participation":
        return Participation(graph, draw(each), support=weights, cost=draw(each))
    return Logit(graph, draw(each), support=weights, cost=draw(each), rationality=draw(st.floats(0.1, 9)))


def actions_of(draw, system):
    kind = {"participation": st.sampled_from([0.0, 1.0]), "logit": st.floats(0, 1)}.get(
        system.kind, st.floats(0, 1)
    )
    return np.array(draw(st.lists(kind, min_size=system.n, max_size=system.n)))


def choices_of(system):
    """Return actions among which brute force looks for the best."""
    if system.kind == "participation":
        return np.array([0.0, 1.0])
    if system.kind == "logit":
        return np.linspace(0, 1, 2001)
    return np.linspace(max(system.lower[0], -30), min(system.upper[0], 30), 2001)


@settings(max_examples=40)
@given(st.data())
def test_best_responses_and_gains_by_brute_force(data):
    """Every action of a grid is tried for everybody: none brings more than the best response, which brings the gain."""
    system = data.draw(systems())
    x = actions_of(data.draw, system)
    best, gains, now = system.best_response(x), system.gains(x), system.payoffs(x)
    assert (gains >= 0).all()
    for i in range(system.n):

        def payoff(action, i=i):
            return system.payoffs(np.where(np.arange(system.n) == i, action, x))[i]

        assert payoff(best[i]) - now[i] == pytest.approx(gains[i], abs=1e-9)
        assert max(payoff(action) for action in choices_of(system)[::40]) <= payoff(best[i]) + 1e-9


@given(st.data())
def test_payoffs_by_their_formulas(data):
    system = data.draw(systems(("linear_quadratic", "participation")))
    x = actions_of(data.draw, system)
    weights = system.matrix.toarray()
    pull = np.array([sum(weights[i, j] * x[j] for j in range(system.n)) for i in range(system.n)])
    assert system.pull(x) == pytest.approx(pull)
    if system.kind == "participation":
        expected = x * (system.benefit + pull - system.cost)
    else:
        expected = system.standalone * x - x**2 / 2 + x * pull
    assert system.payoffs(x) == pytest.approx(expected)


@settings(max_examples=40)
@given(st.data())
def test_documents(data):
    """Infinite bounds too, through JSON, for all systems, and for one of utilities on top."""
    system = data.draw(systems())
    if system.kind != "logit" and data.draw(st.booleans()):
        caring = random_graph(np.random.default_rng(1), system.n, 5)
        system = Interdependent(system, altruism=0.25, graph=caring)
    document = json.loads(json.dumps(system.to_dict(), allow_nan=False))
    again = system_from_dict(document)
    assert type(again) is type(system)
    assert again.to_dict() == system.to_dict()
    assert again.n == system.n


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "document is None"),
        (
            {"system": "chess"},
            "an object of the system interdependent, linear_quadratic, logit, participation",
        ),
        ({"system": "logit"}, "one with graph, benefit, support, cost, rationality"),
        ({**LinearQuadratic(PAIR, 1.0, interaction=0.5).to_dict(), "extra": 1}, "extra"),
        ({**LinearQuadratic(PAIR, 1.0, interaction=0.5).to_dict(), "graph": [1]}, "graph is"),
        ({"system": "interdependent", "graph": {}, "base": {"system": "logit"}, "altruism": 0}, "base is"),
    ],
)
def test_wrong_documents(document, message):
    with pytest.raises(InvalidInputError, match=message):
        system_from_dict(document)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LinearQuadratic("pair", 1.0, interaction=0.5), "graph is 'pair'"),
        (lambda: LinearQuadratic(PAIR, [1.0], interaction=0.5), r"standalone\[shape\]"),
        (lambda: LinearQuadratic(PAIR, [1.0, np.nan], interaction=0.5), r"standalone\[1\] is nan"),
        (lambda: LinearQuadratic(PAIR, 1.0, interaction=[0.5]), r"interaction\[shape\].*one per arc"),
        (lambda: LinearQuadratic(PAIR, 1.0, interaction=inf), "interaction is inf"),
        (lambda: LinearQuadratic(PAIR, 1.0, interaction=0.5, lower=[0.0, inf]), r"lower\[1\] is inf"),
        (lambda: LinearQuadratic(PAIR, 1.0, interaction=0.5, upper=-inf), r"upper\[0\] is -inf"),
        (
            lambda: LinearQuadratic(PAIR, 1.0, interaction=0.5, lower=[0, 2], upper=1),
            r"lower\[1\] is 2.0.*at most",
        ),
        (lambda: Participation(PAIR, "x", support=1.0, cost=0.0), "benefit is 'x'"),
        (lambda: Participation(PAIR, 0.0, support=np.nan, cost=0.0), "support is nan"),
        (lambda: Participation(PAIR, 0.0, support=1.0, cost=[0.0, inf]), r"cost\[1\] is inf"),
        (lambda: Logit(PAIR, 0.0, support=1.0, cost=0.0, rationality=0.0), "rationality is 0.0"),
        (lambda: Logit(PAIR, 0.0, support=1.0, cost=0.0, rationality=[1.0, 2.0]), "rationality"),
        (lambda: Interdependent(PAIR, altruism=0.5), "base is"),
        (
            lambda: Interdependent(Logit(PAIR, 0.0, support=1.0, cost=0.0, rationality=1.0), altruism=0.5),
            "base is",
        ),
        (
            lambda: Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.5), altruism=np.nan),
            "altruism is nan",
        ),
        (
            lambda: Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.5), altruism=[0.1]),
            r"altruism\[shape\]",
        ),
        (
            lambda: Interdependent(LinearQuadratic(PAIR, 1.0, interaction=0.5), altruism=0.5, graph=CHAIN),
            "graph is .*same people",
        ),
        (
            lambda: LinearQuadratic(PAIR, 1.0, interaction=0.5, lower=0.0).payoffs([1.0, -1.0]),
            r"actions\[1\] is -1.0",
        ),
        (lambda: LinearQuadratic(PAIR, 1.0, interaction=0.5).gains([1.0]), r"actions\[shape\]"),
        (
            lambda: Participation(PAIR, 0.0, support=1.0, cost=0.0).gains([1, 0.5]),
            r"actions\[1\] is 0.5.*0 or 1",
        ),
        (
            lambda: Logit(PAIR, 0.0, support=1.0, cost=0.0, rationality=1.0).gains([1, 1.5]),
            r"actions\[1\] is 1.5",
        ),
        (
            lambda: LinearQuadratic(PAIR, 1.0, interaction=[0.5, 0.4]).potential([1, 1]),
            "interaction is .*asymmetric|symm",
        ),
    ],
)
def test_wrong_input(make, message):
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_arrays_cannot_be_changed():
    given_numbers = np.array([1.0, 2.0])
    game = LinearQuadratic(PAIR, given_numbers, interaction=[0.5, 0.25])
    given_numbers[0] = 9.0
    assert game.standalone.tolist() == [1.0, 2.0]
    for array in (game.standalone, game.interaction, game.lower, game.upper):
        assert not array.flags.writeable


def test_interior_equilibria_are_bonacich_centralities():
    """Ballester, Calvo-Armengol and Zenou (2006): x = (I - a G)^-1 1; here 1 / (1 - 2 a) on a ring."""
    game = LinearQuadratic(ring(7), 1.0, interaction=0.2)
    x = np.full(7, 1 / 0.6)
    assert game.best_response(x) == pytest.approx(x)
    assert game.payoffs(x) == pytest.approx(x**2 / 2)
    assert game.is_symmetric
    assert not game.is_bounded
    assert LinearQuadratic(PAIR, 1.0, interaction=0.5, upper=[inf, 1.0]).is_bounded
    assert not LinearQuadratic(PAIR, 1.0, interaction=[0.5, 0.25]).is_symmetric


@given(st.data())
def test_deviations_change_the_potential_as_they_change_payoffs(data):
    n = data.draw(st.integers(2, 5))
    game = LinearQuadratic(complete(n), data.draw(st.floats(-2, 2)), interaction=data.draw(st.floats(-1, 1)))
    x = np.array(data.draw(st.lists(st.floats(-3, 3), min_size=n, max_size=n)))
    i, action = data.draw(st.integers(0, n - 1)), data.draw(st.floats(-3, 3))
    other = np.where(np.arange(n) == i, action, x)
    gain = game.payoffs(other)[i] - game.payoffs(x)[i]
    assert game.potential(other) - game.potential(x) == pytest.approx(gain, abs=1e-9)


def test_who_is_indifferent_takes_part():
    game = Participation(PAIR, 0.0, support=0.5, cost=0.5)
    assert game.best_response([1, 1]).tolist() == [1, 1]
    assert game.best_response([0, 0]).tolist() == [0, 0]
    assert game.gains([1, 1]).tolist() == game.gains([0, 0]).tolist() == [0, 0]


def test_logit_responses_sharpen():
    """At little rationality a coin is tossed, at much the best response is taken; the gain of noise is log 2 / L."""
    options = {"support": 2.0, "cost": [0.5, 3.0]}
    calm, sharp = (Logit(PAIR, 0.0, rationality=x, **options) for x in (1e-9, 1e3))
    assert calm.best_response([1, 1]) == pytest.approx([0.5, 0.5])
    assert sharp.best_response([1, 1]) == pytest.approx([1, 0])
    one = Logit(PAIR, 0.0, rationality=4.0, support=2.0, cost=1.0)
    assert one.payoffs([0.5, 0.5]) == pytest.approx([np.log(2) / 4] * 2)
    assert one.gains([1.0, 0.0])[0] > 0


def test_utilities_of_two():
    """u = (I - A)^-1 p with B = [[1, a], [b, 1]] / (1 - a b) (Bergstrom, 1999)."""
    base = LinearQuadratic(PAIR, [1.0, 2.0], interaction=0.0)
    system = Interdependent(base, altruism=[0.5, 0.25])
    p = base.payoffs([1.0, 1.0])
    assert system.utilities([1.0, 1.0]) == pytest.approx(np.array([[1, 0.5], [0.25, 1]]) @ p / (1 - 0.125))
    assert system.utilities([1.0, 1.0]) == pytest.approx(
        p + system.altruism.matrix @ system.utilities([1.0, 1.0])
    )


def test_from_a_network():
    given_layers = network(
        CHAIN, support=[0.5, 0.25], altruism=Layer(Graph.from_edges([2, 1], [0, 0]), 0.125)
    )
    effort = LinearQuadratic.from_network(given_layers, 1.0, lower=0.0)
    assert effort.matrix.toarray().tolist() == [[0, 0.5, 0], [0, 0, 0.25], [0, 0, 0]]
    assert effort.lower.tolist() == [0.0] * 3
    caring = Interdependent.from_network(effort, given_layers)
    assert caring.altruism.matrix.toarray().tolist() == [[0, 0, 0], [0.125, 0, 0], [0.125, 0, 0]]
    joining = Participation.from_network(given_layers, reward=[1.0, 2.0, 3.0], rng=5)
    assert joining.support.tolist() == [0.5, 0.25]
    assert joining.benefit.tolist() == [1.0, 2.0, 3.0]
    again = Participation.from_network(given_layers, rng=5)
    assert (
        again.cost.tolist()
        == joining.cost.tolist()
        != Participation.from_network(given_layers, rng=6).cost.tolist()
    )
    with pytest.raises(InvalidInputError, match="reward"):
        Participation.from_network(given_layers, reward=[1.0], rng=5)


def test_costs_from_a_network_follow_their_law():
    people = network(ring(4000), support=1.0)
    cost = Participation.from_network(people, rng=1).cost
    # The mean of 4,000 exponential costs is off by more than 8 % with probability below 1e-6.
    assert cost.mean() == pytest.approx(1.0, rel=0.08)
    assert (cost > 0).all()


def test_motives_weigh_what_taking_part_brings():
    moved = network(support=1.0, motives=Motives(profit=2.0, charity=0.5, entertainment=0.25))
    game = Participation.from_network(moved, reward=[1.0, 3.0], donation=4.0, rng=1)
    assert game.benefit.tolist() == [2 * 1 + 0.5 * 4 + 0.25, 2 * 3 + 0.5 * 4 + 0.25]


def test_logit_from_a_network():
    """Logistic costs nobody knows: the chance to join is the chance that the cost is below what joining brings."""
    law = CostModel.logistic(mean=2.0, scale=0.5)
    game = Logit.from_network(network(join=law, support=1.5), reward=1.0)
    assert game.rationality == 2.0
    assert game.best_response([1, 0]) == pytest.approx(law.cdf([1.0, 2.5]))
    with pytest.raises(UnsupportedProblemError, match=r"CostModel\.logistic"):
        Logit.from_network(network(support=1.0))


@pytest.mark.parametrize("call", [support_of, altruism_of])
def test_networks_without_layers(call):
    with pytest.raises(InvalidInputError, match="without a"):
        call(network())
    filled = network(support=0.5, altruism=[0.25, 0.5])
    assert call(filled).graph is filled.graph


def test_layers_of_a_network_are_on_its_people():
    elsewhere = Layer(Graph.from_edges([0], [9]), 1.0)
    with pytest.raises(InvalidInputError, match=r"support is .*on the people"):
        network(support=elsewhere)
    with pytest.raises(InvalidInputError, match=r"altruism\[1\] is nan"):
        network(altruism=[0.5, np.nan])


def test_layers():
    layer = Layer(CHAIN, [0.5, -0.25])
    assert layer.by_arc.tolist() == [0.5, -0.25]
    assert Layer(CHAIN, 2.0).by_arc.tolist() == [2.0, 2.0]
    assert layer.reversed.matrix.toarray().tolist() == layer.matrix.toarray().T.tolist()
    assert layer.reversed.reversed.matrix.toarray().tolist() == layer.matrix.toarray().tolist()
    for wrong in WRONG:
        with pytest.raises(InvalidInputError, match="weights"):
            Layer(CHAIN, wrong)
    with pytest.raises(InvalidInputError, match="graph is"):
        Layer([0], 1.0)
    with pytest.raises(InvalidInputError, match=r"weights\[shape\].*one per arc"):
        Layer(CHAIN, [1.0])


@settings(max_examples=50)
@given(st.data())
def test_combined_layers_add_up(data):
    n = data.draw(st.integers(1, 5))
    layers, factors, total = [], [], np.zeros((n, n))
    for place in range(data.draw(st.integers(2, 3))):
        graph = random_graph(np.random.default_rng(data.draw(st.integers(0, 999))), n, 8)
        weights = np.array(data.draw(st.lists(st.floats(-2, 2), min_size=graph.m, max_size=graph.m)))
        layers.append(Layer(graph, weights if place else 0.5))
        each = data.draw(st.floats(-2, 2) | st.lists(st.floats(-2, 2), min_size=n, max_size=n))
        factors.append(each)
        total += np.broadcast_to(np.asarray(each), (n,))[:, None] * layers[-1].matrix.toarray()
    found = combined(layers, factors)
    assert found.matrix.toarray() == pytest.approx(total)
    assert combined(layers).matrix.toarray() == pytest.approx(sum(one.matrix.toarray() for one in layers))
    assert (found.by_arc != 0).all()


def test_one_layer_alone():
    """It comes back weighed, without the arcs that weigh nothing, and is itself left as it was."""
    layer = Layer(CHAIN, [1.0, 0.0])
    assert combined([layer]).matrix.toarray().tolist() == layer.matrix.toarray().tolist()
    assert combined([layer], [[2.0, 1.0, 1.0]]).by_arc.tolist() == [2.0]
    assert layer.by_arc.tolist() == [1.0, 0.0]
    assert CHAIN.m == 2


def test_what_cancels_is_no_arc():
    assert combined([Layer(CHAIN, 1.0), Layer(CHAIN, [1.0, 2.0])], [-1.0, 1.0]).graph.m == 1


@pytest.mark.parametrize(
    ("layers", "factors", "message"),
    [
        ([], None, "layers is"),
        ([Layer(CHAIN, 1.0)], [1.0, 2.0], r"factors\[number\] is 2"),
        ([Layer(CHAIN, 1.0), Layer(PAIR, 1.0)], None, r"layers\[1\] is '2 people'"),
        ([Layer(CHAIN, 1.0)], [np.nan], r"factors\[0\] is nan"),
        ([Layer(CHAIN, 1.0)], [[1.0, 2.0]], r"factors\[0\]\[shape\]"),
    ],
)
def test_layers_that_do_not_combine(layers, factors, message):
    with pytest.raises(InvalidInputError, match=message):
        combined(layers, factors)
