"""Targeting without bounds: against the closed form, projected ascent, and bounds that hold for every intervention."""

import json
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import Graph, InvalidInputError, LinearQuadratic, Participation, UnsupportedProblemError
from solvers import targeting_exact, targeting_modes
from solvers.interventions import target
from solvers.targeting_exact import best_changes, welfare_bound
from solvers.targeting_modes import Floor, LinearGame, Modes, floor_of, leading_modes
from tests.reference.targeting import climbed, game_of, random_weights, welfare

PAIR = np.array([[0.0, 0.5], [0.5, 0.0]])
METHODS = ("dense", "secular", "lanczos")
seeds = st.integers(0, 2**32 - 1)


def drawn(seed, *, n=None):
    """A random game without bounds, its weights, a budget and prices."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12)) if n is None else n
    radius = rng.choice([0.3, 0.7, 0.95]) * rng.choice([-1, 1])
    weights = random_weights(rng, n, radius, symmetric=rng.random() < 0.5, signed=rng.random() < 0.3)
    b = rng.uniform(-0.5, 1.0, n)
    price = rng.uniform(0.5, 2.0, n) if rng.random() < 0.5 else np.ones(n)
    return game_of(weights, b), weights, float(10 ** rng.uniform(-2, 4)), price, rng


@pytest.mark.parametrize("radius", [0.8, -0.8])
@pytest.mark.parametrize("budget", [0.1, 1.0, 10.0, 1e3, 1e5])
def test_projected_ascent_finds_no_more(radius, budget):
    rng = np.random.default_rng(int(budget))
    weights = random_weights(rng, 10, radius)
    b = rng.uniform(0, 1, 10)
    result = target(game_of(weights, b), budget)
    assert result.value == pytest.approx(climbed(weights, b, budget, np.ones(10), rng, starts=30), rel=1e-9)
    assert result.is_optimal
    assert abs(result.gap) < 1e-7


@pytest.mark.parametrize("beta", [0.2, -0.2])
@pytest.mark.parametrize("budget", [0.1, 10.0, 1e5])
def test_closed_form_in_the_eigenbasis(beta, budget):
    """y_l / b_l = w a_l / (mu - w a_l), a_l = (1 - beta lambda_l)^-2, w = 1/2; the sign of beta picks the end."""
    rng = np.random.default_rng(4)
    adjacency = np.triu(rng.random((10, 10)) < 0.35, 1)
    adjacency = (adjacency + adjacency.T) * 0.5
    b = rng.uniform(0.5, 1.5, 10)
    result = target(game_of(beta * adjacency, b), budget)
    eigenvalues, vectors = np.linalg.eigh(adjacency)
    alpha = (1 - beta * eigenvalues) ** -2.0
    parts = vectors.T @ b
    expected = parts * 0.5 * alpha / (result.shadow_price - 0.5 * alpha)
    assert vectors.T @ result.change == pytest.approx(expected, rel=1e-7, abs=1e-9 * sqrt(budget))
    assert result.shadow_price > 0.5 * alpha.max()
    leading = vectors[:, -1 if beta > 0 else 0]
    assert abs(leading @ result.modes.vectors[:, 0]) == pytest.approx(1)
    if budget == 1e5:
        assert result.cosine > 0.999
        assert abs(leading @ result.change) / sqrt(budget) == pytest.approx(result.cosine)


@given(seeds)
def test_methods_agree_and_reach_the_bound(seed):
    system, weights, budget, price, _ = drawn(seed)
    dense, secular, lanczos = (
        target(system, budget, price=price, method=method, modes=system.n if method == "lanczos" else None)
        for method in METHODS
    )
    for result in (dense, secular, lanczos):
        assert result.value == pytest.approx(dense.value, rel=1e-9)
        assert -1e-9 < result.gap < 1e-6
        assert result.is_optimal
        assert result.cost == pytest.approx(budget)
        assert result.value == pytest.approx(welfare(weights, system.standalone, result.change), rel=1e-8)
        assert result.value_before == pytest.approx(welfare(weights, system.standalone, 0), rel=1e-8)
        assert result.game.gains(result.actions).max() < 1e-12 * (1 + np.abs(result.actions).max()) ** 2


@given(seeds, st.sampled_from(["welfare", "actions"]))
def test_no_intervention_exceeds_the_bound(seed, objective):
    system, weights, budget, price, rng = drawn(seed)
    result = target(system, budget, objective=objective, price=price)
    inverse = np.linalg.inv(np.eye(system.n) - weights)
    for _ in range(20):
        z = rng.standard_normal(system.n)
        change = z * sqrt(budget) / np.linalg.norm(z) / np.sqrt(price)
        x = inverse @ (system.standalone + change)
        value = float(x @ x / 2 if objective == "welfare" else x.sum())
        assert value <= result.bound + 1e-9 * abs(result.bound)
        assert value <= result.value + 1e-9 * abs(result.value)


@given(seeds)
def test_the_sum_of_actions_in_closed_form(seed):
    """The changes are in proportion to the centralities (I - W')^-1 1 over the prices."""
    system, weights, budget, price, _ = drawn(seed)
    centrality = np.linalg.solve(np.eye(system.n) - weights.T, np.ones(system.n))
    expected = centrality / price * sqrt(budget / np.sum(centrality**2 / price))
    for method in ("dense", "secular"):
        result = target(system, budget, objective="actions", price=price, method=method)
        assert result.change == pytest.approx(expected, rel=1e-7, abs=1e-8 * sqrt(budget))
        assert result.value - result.value_before == pytest.approx(centrality @ expected, rel=1e-7)
        assert result.is_optimal
        assert result.simple_value is None


@pytest.mark.parametrize("method", ["dense", "secular"])
@pytest.mark.parametrize("budget", [0.01, 0.5, 50.0])
def test_the_hard_case(method, budget):
    """Standalone values orthogonal to the leading mode (1, 1): it gets what the other, at most 1/32, leaves."""
    result = target(game_of(PAIR, [1.0, -1.0]), budget, method=method)
    other = min(budget, 1 / 32)
    expected = ((budget - other) / 0.25 + (sqrt(2) + sqrt(other)) ** 2 / 2.25) / 2
    assert result.value == pytest.approx(expected, rel=1e-12)
    assert result.is_unique is (budget < 1 / 32)
    assert result.is_optimal
    assert ("not unique" in str(result)) is (budget > 1 / 32)
    turned = -result.change[::-1]  # the same part along (1, -1), the other along (1, 1) turned
    assert welfare(PAIR, result.system.standalone, turned) == pytest.approx(result.value, rel=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_but_the_intervention(method):
    """b = 0: the whole budget goes to the leading mode."""
    weights = random_weights(np.random.default_rng(1), 8, 0.9)
    result = target(game_of(weights, 0.0), 4.0, method=method)
    assert result.value == pytest.approx(4.0 / (2 * result.modes.values[0]), rel=1e-9)
    assert result.cosine == pytest.approx(1)
    assert result.is_unique is False
    assert result.value_before == 0


def test_beyond_dense_sizes(monkeypatch):
    """Conjugate gradients and Lanczos iterations give what a full decomposition gives."""
    monkeypatch.setattr(targeting_modes, "DENSE", 20)
    rng = np.random.default_rng(2)
    n = 90
    for symmetric, price in ((True, np.ones(n)), (False, rng.uniform(0.5, 2, n))):
        weights = rng.uniform(0, 1, (n, n)) * (rng.random((n, n)) < 0.05)
        weights = np.triu(weights, 1) + (np.triu(weights, 1).T if symmetric else np.tril(weights, -1))
        weights *= 0.95 / weights.sum(axis=1).max()
        b = rng.uniform(0, 1, n)
        root = np.sqrt(price)
        left, singular, _ = np.linalg.svd(root[:, None] * (np.eye(n) - weights))
        game = LinearGame.of(game_of(weights, b).matrix, price)
        exact = Modes(singular[::-1] ** 2, left[:, ::-1])
        z, _ = best_changes(game, exact, root * b, 100.0, within_modes=False)
        result = target(game_of(weights, b), 100.0, price=price, method="secular")
        assert result.is_optimal
        assert result.value == pytest.approx(welfare(weights, b, z / root), rel=1e-10)
        assert result.change * root == pytest.approx(z, abs=1e-5)
        assert result.modes.values == pytest.approx(exact.values[:2], rel=1e-6)
        few = target(game_of(weights, b), 100.0, price=price, method="lanczos", modes=2)
        more = target(game_of(weights, b), 100.0, price=price, method="lanczos", modes=6)
        assert few.value <= more.value * (1 + 1e-9) <= result.value * (1 + 1e-8)
        assert result.value <= few.bound
        within = more.modes.vectors.T @ (root * more.change)
        assert float(within @ within) == pytest.approx(100.0, rel=1e-8)


def crowd(n, weight, rng):
    """A sparse random game of n people, ten of whom matter to nobody."""
    source = np.append(rng.integers(0, n - 10, 4 * n), np.arange(n))
    target = np.append(rng.integers(0, n - 10, 4 * n), np.zeros(n, dtype=np.int64))
    arcs = Graph.from_edges(source, target, self_loops="drop", duplicates="merge")
    return LinearQuadratic(arcs, rng.uniform(0, 1, n), interaction=weight / arcs.out_degree.max())


def test_a_bound_at_sizes_that_no_factorisation_certifies():
    rng = np.random.default_rng(3)
    assert target(crowd(1600, 0.9, rng), 10.0).method == "secular"
    result = target(crowd(1600, 0.9, rng), 1e3)
    assert result.is_optimal
    assert -1e-9 < result.gap < 1e-7
    assert target(crowd(1600, 0.9, rng), 10.0, objective="actions").is_optimal
    result = target(crowd(1600, -0.9, rng), 1e3)
    assert abs(result.gap) < 1e-6
    assert not result.bound_is_certified
    assert not result.is_optimal
    assert "an estimate" in str(result)


@given(seeds)
def test_floors_are_below_the_least_eigenvalue(seed):
    system, weights, _, price, _ = drawn(seed)
    game = LinearGame.of(system.matrix, price)
    modes = leading_modes(game, 2)
    root = np.sqrt(price)
    least = np.linalg.svd(root[:, None] * (np.eye(system.n) - weights), compute_uv=False)[-1] ** 2
    assert modes.values[0] == pytest.approx(least, rel=1e-9)
    floor = floor_of(game, modes)
    assert floor.is_certified
    assert 0.999 * least < floor.value < least
    if (weights >= 0).all():
        trial = least * (1 - 1e-7)
        assert trial * (1 - 1e-12) <= targeting_modes._majorised(game, modes, trial) < least
    # Whoever overlooks the leading mode is told so.
    missed = Modes(modes.values[1:2] * 1.01 + 0.01, modes.vectors[:, 1:2])
    assert not floor_of(game, missed).is_certified or missed.values[0] * 0.999 < least


@pytest.mark.parametrize("method", ["_factorised", "_majorised"])
@pytest.mark.parametrize("seed", [7, 8])
def test_a_floor_above_the_least_eigenvalue_is_not_certified(method, seed):
    rng = np.random.default_rng(seed)
    weights = random_weights(rng, 9, 0.8, symmetric=False)
    game = LinearGame.of(game_of(weights, 1.0).matrix, np.ones(9))
    modes = leading_modes(game, 9)
    between = np.sqrt(modes.values[1:] * modes.values[:-1])
    for trial in (1.0001 * modes.values[0], 1.01 * modes.values[0], *between):
        assert getattr(targeting_modes, method)(game, modes, trial) <= modes.values[0]


@given(seeds, st.floats(0, 10))
def test_the_dual_bound_holds_at_every_multiplier(seed, delta):
    system, _, budget, price, _ = drawn(seed)
    game = LinearGame.of(system.matrix, price)
    modes = leading_modes(game, system.n)
    plain = np.sqrt(price) * system.standalone
    bound = welfare_bound(game, modes, plain, budget, delta, floor_of(game, modes)) / 2
    best = target(system, budget, price=price)
    assert bound >= best.value * (1 - 1e-9)
    # A system that is hardly solved, or not at all, makes the bound larger, not wrong.
    for precision in (0.3, 1.0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(targeting_exact, "_BOUND", precision)
            rough = welfare_bound(
                game, modes.first(1), plain, budget, delta, Floor(modes.values[0] * 0.9, True)
            )
        assert rough / 2 >= best.value * (1 - 1e-9)


@given(seeds, st.sampled_from([0.01, 0.1, 0.5]), st.floats(1.0001, 100))
@settings(max_examples=60)
def test_the_simplicity_bound_is_never_violated(seed, epsilon, above):
    system, weights, _, price, _ = drawn(seed)
    threshold = target(system, 1.0, price=price).simplicity(epsilon)
    if threshold > 1e12:
        return
    result = target(system, max(threshold, 1e-9) * above, price=price)
    assert result.value < (1 + epsilon) * result.simple_value
    assert result.cosine > sqrt(1 - epsilon)
    simple = result.modes.vectors[:, 0] * sqrt(result.budget) / np.sqrt(price)
    both = [welfare(weights, system.standalone, sign * simple) for sign in (1, -1)]
    assert max(both) == pytest.approx(result.simple_value, rel=1e-7)
    assert result.simple_value <= result.value * (1 + 1e-9)


def test_simplicity_at_the_ends():
    assert target(game_of(PAIR, 1.0), 1.0).simplicity(0.1) == pytest.approx(
        2 * 2 / 0.1 * ((1 / 2.25) / (4 - 1 / 2.25)) ** 2
    )
    alike = game_of(np.kron(np.eye(2), PAIR), 1.0)
    assert target(alike, 1.0).simplicity(0.1) > 1e25
    with pytest.raises(InvalidInputError, match="epsilon is 1"):
        target(alike, 1.0).simplicity(1)
    bounded = LinearQuadratic(alike.graph, 1.0, interaction=0.5, lower=0.0)
    with pytest.raises(UnsupportedProblemError, match="without bounds"):
        target(bounded, 1.0).simplicity(0.5)


@given(seeds, st.floats(0.01, 100))
def test_units_and_strangers(seed, unit):
    """Values in other units, and a person who neither matters nor begins with anything, change nothing."""
    system, weights, budget, price, _ = drawn(seed)
    plain = target(system, budget, price=price)
    scaled = target(game_of(weights, unit * system.standalone), unit**2 * budget, price=price)
    assert scaled.change == pytest.approx(unit * plain.change, rel=1e-5, abs=1e-6 * unit * sqrt(budget))
    assert scaled.value == pytest.approx(unit**2 * plain.value, rel=1e-9)
    larger = np.pad(weights, (0, 1))
    joined = target(game_of(larger, np.append(system.standalone, 0.0)), budget, price=np.append(price, 1.0))
    if plain.modes.values[0] < 0.99:
        assert joined.value == pytest.approx(plain.value, rel=1e-9)
        assert joined.change[-1] == pytest.approx(0, abs=1e-9)


def test_people_in_another_order():
    system, weights, budget, price, rng = drawn(8, n=9)
    order = rng.permutation(9)
    turned = game_of(weights[np.ix_(order, order)], system.standalone[order])
    first, second = target(system, budget, price=price), target(turned, budget, price=price[order])
    assert second.change == pytest.approx(first.change[order], rel=1e-9)


def test_complements_without_end():
    for radius in (1.0, 1.3):
        with pytest.raises(InvalidInputError, match="spectral radius is not below 1"):
            target(game_of(random_weights(np.random.default_rng(0), 6, radius), 1.0), 1.0)
    with pytest.raises(InvalidInputError, match="spectral radius is not below 1"):
        target(crowd(1600, 20.0, np.random.default_rng(0)), 1.0)


def test_singular_games():
    with pytest.raises(InvalidInputError, match="singular value"):
        target(game_of(np.array([[0.0, -1.0], [-1.0, 0.0]]), 1.0), 1.0)
    # Substitutes of a radius above 1 have one equilibrium without bounds.
    weights = random_weights(np.random.default_rng(0), 6, -1.7)
    assert target(game_of(weights, 1.0), 1.0).is_optimal


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"budget": 0}, "budget is 0"),
        ({"budget": -1.0}, "budget is -1"),
        ({"budget": float("nan")}, "budget is nan"),
        ({"budget": "much"}, "budget is 'much'"),
        ({"objective": "profit"}, "objective is 'profit'"),
        ({"price": 0.0}, r"price\[0\] is 0"),
        ({"price": [1.0, -1.0]}, r"price\[1\] is -1"),
        ({"price": [1.0, 0.0]}, r"price\[1\] is 0"),
        ({"price": [1.0, 2.0, 3.0]}, "price"),
        ({"method": "newton"}, "method is 'newton'"),
        ({"modes": 3}, "modes is 3"),
        ({"method": "lanczos", "modes": 0}, "modes is 0"),
        ({"method": "lanczos", "modes": 3}, "modes is 3"),
        ({"starts": -1}, "starts is -1"),
        ({"rng": None}, "rng is None"),
    ],
)
def test_wrong_arguments(change, words):
    given = {"budget": 1.0} | change
    with pytest.raises(InvalidInputError, match=words):
        target(game_of(PAIR, 1.0), given.pop("budget"), **given)


def test_wrong_systems():
    graph = Graph.from_edges([0], [1], directed=False)
    with pytest.raises(InvalidInputError, match="system is 'Participation'"):
        target(Participation(graph, 1.0, support=0.5, cost=1.0), 1.0)
    with pytest.raises(InvalidInputError, match="method is 'secular'"):
        target(LinearQuadratic(graph, 1.0, interaction=0.5, lower=0.0), 1.0, method="secular")
    with pytest.raises(InvalidInputError, match="method is 'dense'"):
        target(crowd(600, 0.9, np.random.default_rng(0)), 1.0, method="dense")


def test_modes_that_do_not_matter():
    """Along (1, -1), the leading mode of substitutes, a pair's sum of actions stays as it is."""
    with pytest.raises(InvalidInputError, match="leave the sum of actions as it is"):
        target(game_of(-PAIR, 1.0), 1.0, objective="actions", method="lanczos", modes=1)


def test_one_person():
    lone = LinearQuadratic(
        Graph(np.array([0, 0]), np.array([], dtype=np.int32), np.array([7])), 1.0, interaction=0.5
    )
    for method in METHODS:
        result = target(lone, 4.0, method=method)
        assert result.change.tolist() == [2.0]
        assert result.value == pytest.approx(4.5)
        assert result.simplicity(0.5) == 0


def test_words_and_documents():
    system = LinearQuadratic(
        Graph.from_edges(["ann"] * 11, [f"p{k:02}" for k in range(11)], directed=False), 1.0, interaction=0.2
    )
    result = target(system, 25.0)
    text = str(result)
    for words in ("ann", "2 more", "spent 25", "certified", "optimal", "cosine 0.99", "secular equation"):
        assert words in text
    document = json.loads(json.dumps(result.to_dict()))
    assert document["value"] == result.value
    assert document["change"] == result.change.tolist()
    assert not result.change.flags.writeable
    assert "the best found" in str(target(system, 0.1, method="lanczos", modes=1))


def test_pictures():
    result = target(game_of(random_weights(np.random.default_rng(0), 9, 0.8), 1.0), 2.0)
    axes = result.plot()
    assert axes.get_xlabel() == "entry of the leading mode"
    line, dots = axes.get_lines()
    assert dots.get_ydata() == pytest.approx(result.change)
    assert np.asarray(line.get_ydata()) == pytest.approx(sqrt(2) * np.asarray(line.get_xdata()))
    assert result.plot(ax=axes) is axes
