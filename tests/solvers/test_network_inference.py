"""Payoff networks from joint actions: optimality, recovery, and when the data do not determine the answer."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism import LinearQuadratic
from mechanism.errors import InvalidInputError, SolveError
from solvers.network_fit import Setting, fit, validated
from solvers.network_inference import auc, infer_network
from solvers.network_program import project
from tests.reference.inference import (
    network_objective,
    payoff_network,
    predicted_from_others,
    project_by_sorting,
    rank_by_pairs,
)

SEEDS = st.integers(0, 2**32)


def world(n, games, radius, seed, degree=4):
    """Return a random network of sum n, the interaction with a spectral radius, and actions in equilibrium."""
    rng = np.random.default_rng(seed)
    links = np.triu(rng.random((n, n)) < degree / n, 1)
    links[0, 1] = True
    truth = (links | links.T) * (n / (2 * links.sum()))
    beta = radius / np.linalg.eigvalsh(truth)[-1]
    return truth, beta, np.linalg.solve(np.eye(n) - beta * truth, rng.standard_normal((n, games)))


def uniform(n):
    return (np.ones((n, n)) - np.eye(n)) / (n - 1)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=40), st.floats(0.01, 100), st.floats(-100, 100))
def test_projection_is_that_by_sorting(entries, total, threshold):
    found, _ = project(np.array(entries), total, threshold)
    assert found == pytest.approx(project_by_sorting(np.array(entries), total), abs=1e-9)
    assert found.sum() == pytest.approx(total)


@settings(max_examples=8)
@given(SEEDS, st.sampled_from([3, 30]), st.sampled_from([0.05, 1.0, 50.0]), st.floats(0.1, 5.0))
def test_no_network_has_a_lower_published_objective(seed, games, penalty, effort):
    truth, beta, x = world(9, games, 0.6, seed)
    given_ = {"interaction": beta, "penalty": penalty, "effort_penalty": effort, "compare_halves": False}
    found = infer_network(x, tolerance=1e-9, **given_)
    best, value = payoff_network(x, beta, penalty, effort)
    assert found.objective == pytest.approx(value, rel=1e-6)
    assert found.objective - found.gap <= value * (1 + 1e-7)
    assert found.network == pytest.approx(best, abs=2e-3)
    conic = infer_network(x, method="cvxpy", tolerance=1e-5, **given_)
    assert conic.objective == pytest.approx(found.objective, rel=1e-6)
    assert auc(conic.network.round(3), truth) == pytest.approx(auc(found.network.round(3), truth), abs=0.02)


@settings(max_examples=6)
@given(SEEDS, st.booleans())
def test_objective_network_and_bound_are_what_they_say(seed, homophilous):
    _, beta, x = world(6, 5, 0.5, seed)
    found = infer_network(
        x, interaction=beta, penalty=0.5, effort_penalty=0.7, homophilous=homophilous, tolerance=1e-5
    )
    parts = (x, beta, 0.5, 0.7, homophilous)
    assert found.objective == pytest.approx(network_objective(found.network, found.standalone, *parts))
    assert (found.network == found.network.T).all()
    assert found.network.min() >= 0
    assert np.diag(found.network).max() == 0
    assert found.network.sum() == pytest.approx(6)
    rng = np.random.default_rng(seed)
    for _ in range(5):  # other standalone values, and other networks nearby, are no better
        away = found.standalone + 0.01 * rng.standard_normal(x.shape)
        assert network_objective(found.network, away, *parts) >= found.objective
        other = rng.exponential(size=(6, 6)) ** 3
        other = np.triu(other, 1) + np.triu(other, 1).T
        mixed = 0.999 * found.network + 0.001 * other * (6 / other.sum())
        least = found.objective - 0.001 * found.gap - 1e-9
        assert network_objective(mixed, found.standalone, *parts) >= least


@settings(max_examples=5)
@given(SEEDS)
def test_homophilous_values_are_no_worse_than_where_they_began(seed):
    _, beta, x = world(8, 10, 0.5, seed)
    setting = Setting(beta, 0.3, 0.5, True, "auto", 1e-6)
    start = uniform(8)
    laplacian = np.diag(start.sum(axis=1)) - start
    values = np.linalg.solve(np.eye(8) + 0.5 * laplacian, x - beta * start @ x)
    before = network_objective(start, values, x, beta, 0.3, 0.5, True)
    found = fit(x, setting)
    after = network_objective(found.network, found.standalone, x, beta, 0.3, 0.5, True)
    assert after < before
    again = fit(x, setting, found.network)
    assert again.network == pytest.approx(found.network)
    assert again.steps == 0


@settings(max_examples=10)
@given(SEEDS)
def test_names_units_and_split_of_the_penalty_do_not_matter(seed):
    _, beta, x = world(8, 40, 0.5, seed)
    rng = np.random.default_rng(seed)
    common = {"tolerance": 1e-9, "compare_halves": False, "interaction": beta}
    found = infer_network(x, penalty=3.0, **common)
    order = rng.permutation(8)
    moved = infer_network(x[order][:, rng.permutation(40)], penalty=3.0, **common)
    assert moved.network == pytest.approx(found.network[np.ix_(order, order)], abs=1e-3)
    scaled = infer_network(10 * x, penalty=300.0, **common)
    assert scaled.network == pytest.approx(found.network, abs=1e-3)
    split = infer_network(x, penalty=3.0 * 2 / 1.25, effort_penalty=4.0, **common)
    assert split.network == pytest.approx(found.network, abs=1e-3)


@pytest.mark.parametrize("radius", [0.5, 0.8, 0.95])
def test_a_planted_network_is_recovered_and_known_to_be(radius):
    truth, beta, x = world(20, 600, radius, 3)
    found = infer_network(x, interaction=beta)
    assert auc(found.network, truth) > 0.99
    assert found.identified
    assert "the same network" in found.reason
    assert found.radius == pytest.approx(radius, abs=0.12)
    assert len(found.validation) == 11
    assert found.penalty == min(found.validation, key=lambda row: row[2])[1]


def test_few_games_do_not_identify_a_network():
    truth, beta, x = world(20, 24, 0.3, 3)
    found = infer_network(x, interaction=beta, penalty=1e-3)
    assert found.identified is False
    assert "odd and even games give different networks" in found.reason
    assert auc(found.network, truth) < 0.8
    _, beta, x = world(20, 12, 0.95, 3)
    few = infer_network(x, interaction=beta, penalty=1e-3)
    assert few.identified is None
    assert "12 independent games for 20 people" in few.reason
    three = infer_network(x[:, :3], interaction=beta, penalty=1e-3)
    assert three.agreement is None
    assert three.reliability is None
    assert three.identified is None


def test_near_the_critical_strength_the_first_mode_hides_the_others():
    """However many the games: a penalty moderate beside all squares outweighs all modes but one."""
    truth, beta, x = world(20, 2000, 0.95, 4)
    mean = beta**2 / 2 * np.vdot(x, x) / 20
    strong = infer_network(x, interaction=beta, penalty=2 * mean)
    assert strong.first_share > 0.8
    assert strong.effective_rank < 1.6
    assert strong.modes == 1
    assert strong.identified is False
    assert "all but 1 of 20 modes" in strong.reason
    weak = infer_network(x, interaction=beta, penalty=1e-3 * mean)
    assert weak.identified
    assert auc(strong.network, truth) < 0.95 < 0.999 < auc(weak.network, truth)


def test_an_interaction_that_is_too_strong_is_told():
    _, beta, x = world(20, 400, 0.8, 5)
    found = infer_network(x, interaction=1.6 * beta, penalty=1.0)
    assert found.radius > 1
    assert found.identified is None
    assert "set too high" in found.reason


def test_the_strength_that_predicts_best_is_taken():
    _, beta, x = world(15, 800, 0.7, 6)
    found = infer_network(x, interaction=[beta / 2, beta, 2 * beta], penalty=5.0)
    assert found.interaction == beta
    assert [row[:2] for row in found.validation] == [(beta / 2, 5.0), (beta, 5.0), (2 * beta, 5.0)]
    assert found.validation[1][2] < 1


def test_substitutes():
    truth, beta, _ = world(12, 1, 0.5, 7)
    b = np.random.default_rng(1).standard_normal((12, 800))
    x = np.linalg.solve(np.eye(12) + beta * truth, b)
    found = infer_network(x, interaction=-beta)
    assert auc(found.network, truth) > 0.99
    assert 0 < found.radius < 1


@pytest.mark.parametrize("homophilous", [False, True])
def test_errors_at_prediction_are_those_of_conditional_means(homophilous):
    _, beta, x = world(7, 12, 0.5, 8)
    setting = Setting(beta, 2.0, 0.8, homophilous, "auto", 1e-7)
    ((_, _, error),) = validated(x, setting, [beta])
    total = 0.0
    for part in range(4):
        kept = np.arange(12) % 4 != part
        rough = Setting(beta, 1.5, 0.8, homophilous, "auto", 1e-4)
        network = fit(np.ascontiguousarray(x[:, kept]), rough).network
        own = np.eye(7) - beta * network
        middle = np.eye(7)
        if homophilous:
            laplacian = np.diag(network.sum(axis=1)) - network
            middle = middle - np.linalg.inv(middle + 0.8 * laplacian) + 1e-9 * middle
        covariance = np.linalg.inv(own @ middle @ own)
        for action in x[:, ~kept].T:
            total += ((action - predicted_from_others(covariance, action)) ** 2).sum()
    assert error * (x**2).sum() == pytest.approx(total, rel=1e-5)


@given(st.integers(3, 9), SEEDS)
@settings(max_examples=25)
def test_auc_counts_pairs(n, seed):
    rng = np.random.default_rng(seed)
    weights, links = rng.integers(0, 3, (n, n)), rng.random((n, n)) < 0.4
    links[0, 1], links[0, 2], links[2, 0] = True, False, False
    both = links | links.T
    assert auc(weights, links) == pytest.approx(rank_by_pairs(weights + weights.T, both))


def test_the_layer_makes_the_game_whose_equilibria_the_actions_are():
    _, beta, x = world(8, 30, 0.6, 9)
    found = infer_network(x, interaction=beta, penalty=0.1)
    layer = found.layer
    worth = x[:, 0] - beta * found.network @ x[:, 0]
    game = LinearQuadratic(layer.graph, worth, interaction=layer.weights)
    assert game.gains(x[:, 0]).max() < 1e-20


def test_prints_draws_and_writes():
    truth, beta, x = world(12, 60, 0.6, 9)
    found = infer_network(x, interaction=beta)
    text = str(found)
    assert "Payoff network of 12 people from 60 games, independent" in text
    assert "chosen among 11 pairs" in text
    assert "more" in text
    document = json.loads(json.dumps(found.to_dict()))
    assert document["links"][0][2] == found.network.max()
    assert len(document["links"]) == np.count_nonzero(found.network) / 2
    axes = found.plot(truth=truth)
    shown = np.asarray(axes.images[0].get_array())
    assert np.triu(shown) == pytest.approx(np.triu(found.network))
    assert np.tril(shown) == pytest.approx(np.tril(truth))
    assert not found.network.flags.writeable
    fond = infer_network(x, interaction=beta, penalty=1.0, homophilous=True, tolerance=1e-4)
    assert "a local optimum" in str(fond)
    assert found.plot().get_xlabel() == "person"


def test_a_tolerance_out_of_reach_is_told_with_what_was_found(monkeypatch):
    monkeypatch.setattr("solvers.network_program._STEPS", 10)
    _, beta, x = world(20, 60, 0.95, 9)
    with pytest.raises(SolveError, match="tolerance was not reached") as error:
        infer_network(x, interaction=beta, penalty=1e-3, method="first-order")
    assert error.value.solution.network.sum() == pytest.approx(20)
    second = infer_network(x, interaction=beta, penalty=1e-3, tolerance=1e-5)
    assert second.method == "cvxpy"


X = np.random.default_rng(0).standard_normal((4, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: infer_network(X[0], interaction=0.5), r"actions\[shape\]"),
        (lambda: infer_network(X[:2], interaction=0.5), "n at least 3"),
        (lambda: infer_network([["a"] * 3] * 3, interaction=0.5), r"actions\[shape\]"),
        (
            lambda: infer_network(np.where(X[2, 1] == X, np.nan, X), interaction=0.5),
            r"actions\[2, 1\] is nan",
        ),
        (lambda: infer_network(0 * X, interaction=0.5), "different from 0 somewhere"),
        (lambda: infer_network(X, interaction=0.0), "interaction is 0"),
        (lambda: infer_network(X, interaction=[]), "at least one"),
        (lambda: infer_network(X, interaction=0.5, penalty=0.0), "penalty is 0"),
        (lambda: infer_network(X, interaction=0.5, penalty="best"), "penalty is 'best'"),
        (lambda: infer_network(X, interaction=0.5, effort_penalty=-1.0), "effort_penalty is -1"),
        (lambda: infer_network(X, interaction=0.5, method="osqp"), "method is 'osqp'"),
        (lambda: infer_network(X, interaction=0.5, method="cvxpy", homophilous=True), "too inexact"),
        (lambda: infer_network(X, interaction=0.5, tolerance=0.0), "tolerance is 0"),
        (lambda: infer_network(X[:, :3], interaction=0.5), "too few to validate"),
        (lambda: auc(X, X), r"estimate\[shape\]"),
        (lambda: auc(np.eye(3), np.eye(4)), r"truth\[shape\]"),
        (lambda: auc(np.eye(3), np.eye(3)), "some pairs linked"),
        (lambda: auc(np.full((3, 3), np.nan), np.eye(3)), "finite"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
