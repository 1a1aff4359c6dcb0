"""Targeting with bounds on actions: against interventions played out one by one."""

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from mechanism import Graph, LinearQuadratic, SolveError, UnsupportedProblemError
from solvers import targeting_bounded
from solvers.interventions import target
from solvers.targeting_bounded import settled
from tests.reference.targeting import game_of, played, random_weights, total

seeds = st.integers(0, 2**32 - 1)
OBJECTIVES = ("welfare", "actions")


def drawn(seed, *, lower, signed=False, standalone=(0.0, 1.0)):
    """A random game with bounds, its weights, a budget and prices."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 8))
    radius = float(rng.choice([0.3, 0.6, 0.85])) * (-1 if signed and rng.random() < 0.5 else 1)
    weights = random_weights(rng, n, radius, symmetric=rng.random() < 0.5, signed=signed)
    upper = rng.choice([inf, 1.0, 2.5], n)
    system = game_of(weights, rng.uniform(*standalone, n), lower=lower, upper=upper)
    return system, weights, float(10 ** rng.uniform(-1.5, 1.5)), rng.uniform(0.5, 2, n), rng


def tried(system, weights, budget, price, rng, objective, *, times=25, from_above=False):
    """Yield the objective under random interventions within the budget."""
    for trial in range(times):
        z = rng.standard_normal(system.n)
        z = np.abs(z) if trial % 2 else z
        change = z * sqrt(budget) * rng.choice([1.0, rng.random()]) / np.linalg.norm(z) / np.sqrt(price)
        b = system.standalone + change
        start = system.upper if from_above else np.clip(b, system.lower, system.upper)
        yield total(weights, b, played(weights, b, system.lower, system.upper, start), objective)


@given(seeds)
@settings(max_examples=30)
def test_the_cone_program_is_exact(seed):
    system, weights, budget, price, rng = drawn(seed, lower=0.0)
    result = target(system, budget, objective="actions", price=price)
    assert result.method == "cone"
    assert result.is_optimal
    assert result.cost <= budget * (1 + 1e-9)
    b = system.standalone + result.change
    actions = played(weights, b, system.lower, system.upper, np.clip(b, 0, system.upper))
    assert result.actions == pytest.approx(actions, rel=1e-9, abs=1e-9)
    assert max(tried(system, weights, budget, price, rng, "actions")) <= result.value * (1 + 1e-6)
    assert result.gap > -1e-6


@given(seeds)
@settings(max_examples=30)
def test_bounds_that_do_not_bind(seed):
    system, weights, budget, price, _ = drawn(seed, lower=0.0)
    wide = game_of(weights, system.standalone, lower=0.0, upper=1e5)
    free = game_of(weights, system.standalone)
    for objective in OBJECTIVES:
        bounded, unbounded = (target(game, budget, objective=objective, price=price) for game in (wide, free))
        assert bounded.value == pytest.approx(unbounded.value, rel=1e-6)
        assert bounded.change == pytest.approx(unbounded.change, abs=1e-3 * sqrt(budget))
        assert bounded.is_optimal


def test_two_strangers():
    """One is worth half a unit and no more; what it does not need goes to the other."""
    apart = Graph.from_edges([0, 1], [1, 0])
    system = LinearQuadratic(apart, 0.0, interaction=0.0, upper=[0.5, inf])
    result = target(system, 1.0, objective="actions")
    assert result.change == pytest.approx([0.5, sqrt(0.75)], abs=1e-5)
    assert result.value == pytest.approx(0.5 + sqrt(0.75), rel=1e-7)
    assert result.shadow_price == pytest.approx(1 / (2 * sqrt(0.75)), rel=1e-4)
    satisfied = target(LinearQuadratic(apart, 0.0, interaction=0.0, upper=0.5), 1.0, objective="actions")
    assert satisfied.cost == pytest.approx(0.5, rel=1e-5)  # no more is spent than that
    assert satisfied.value == pytest.approx(1.0, rel=1e-7)
    assert "spent 0.5" in str(satisfied)
    done = target(LinearQuadratic(apart, 1.0, interaction=0.0, upper=0.5), 1.0, objective="actions")
    assert (done.cost, done.value, done.bound, done.shadow_price) == (0.0, 1.0, 1.0, 0.0)


@given(seeds)
@settings(max_examples=25)
def test_strong_complements_below_a_ceiling(seed):
    """At a radius above 1 the greatest equilibrium counts."""
    rng = np.random.default_rng(seed)
    weights = random_weights(rng, 5, 1.4)
    system = game_of(weights, rng.uniform(-0.6, 0.2, 5), lower=-20.0, upper=rng.uniform(0.5, 2, 5))
    try:
        result = target(system, 1.0, objective="actions")
    except UnsupportedProblemError:
        before = played(weights, system.standalone, system.lower, system.upper, system.upper)
        assert (before == -20.0).any()
        return
    assert result.is_optimal
    b = system.standalone + result.change
    assert result.actions == pytest.approx(
        played(weights, b, system.lower, system.upper, system.upper), abs=1e-9
    )
    assert (
        max(tried(system, weights, 1.0, np.ones(5), rng, "actions", from_above=True)) <= result.value + 1e-6
    )


@given(seeds, st.sampled_from(OBJECTIVES), st.sampled_from([0.0, -1.0, -inf]))
@settings(max_examples=25)
def test_the_bound_holds_for_rivals_too(seed, objective, lower):
    system, weights, budget, price, rng = drawn(seed, lower=lower, signed=True, standalone=(-0.5, 1.0))
    result = target(system, budget, objective=objective, price=price, starts=0)
    assert result.cost <= budget * (1 + 1e-9)
    assert result.game.gains(result.actions).max() < 1e-12 * (1 + np.abs(result.actions).max()) ** 2
    assert max(tried(system, weights, budget, price, rng, objective)) <= result.bound * (1 + 1e-9)
    assert result.value <= result.bound * (1 + 1e-9)
    assert result.value >= result.value_before - 1e-9


@given(seeds)
@settings(max_examples=30)
def test_lower_bounds_above_nothing(seed):
    """Slack without intervention, so that the game without bounds bounds welfare; or else refused."""
    system, weights, budget, price, rng = drawn(seed, lower=0.1)
    values = system.standalone + weights @ played(
        weights, system.standalone, system.lower, system.upper, np.full(system.n, 0.1)
    )
    if (values < 0.1).any():
        for objective in OBJECTIVES:
            with pytest.raises(UnsupportedProblemError, match="no bound on the best"):
                target(system, budget, objective=objective, price=price)
        return
    result = target(system, budget, price=price, starts=0)
    assert max(tried(system, weights, budget, price, rng, "welfare")) <= result.bound * (1 + 1e-9)


def test_welfare_below_a_ceiling():
    """Known by symmetry: a pair of which each may do 1; more standalone value still pays."""
    pair = Graph.from_edges([0], [1], directed=False)
    system = LinearQuadratic(pair, 0.0, interaction=0.5, lower=0.0, upper=1.0)
    result = target(system, 2.0, rng=3)
    # Both at 1 under changes of 1: welfare 2 (1 + 0.5) - 1 = 2. No better by trial on a circle.
    circle = np.linspace(0, 2 * np.pi, 721)
    weights = np.array([[0.0, 0.5], [0.5, 0.0]])
    best = max(
        total(weights, change, played(weights, change, [0, 0], [1, 1], [0, 0]), "welfare")
        for change in sqrt(2) * np.column_stack((np.cos(circle), np.sin(circle)))
    )
    assert best == pytest.approx(2.0)
    assert result.value == pytest.approx(best, rel=1e-6)
    assert result.method == "ascent"
    assert result.bound == pytest.approx(2.0 / (2 * 0.25))
    assert not result.is_optimal
    assert "the best found" in str(result)
    assert result.shadow_price is None
    assert result.cosine is None
    assert result.plot().get_xlabel() == "action without intervention"


def test_an_ascent_does_not_depend_on_chance_alone():
    system = game_of(random_weights(np.random.default_rng(1), 6, -0.6), 0.5, lower=0.0)
    first, second = (target(system, 1.0, starts=2, rng=5) for _ in range(2))
    assert first.change.tolist() == second.change.tolist()


@pytest.mark.parametrize(
    ("radius", "bounds", "words"),
    [
        (1.2, {"lower": 0.0}, "not below 1"),
        (1.2, {"lower": 0.0, "upper": 9.0}, "not below 1"),
        (-1.2, {"lower": 0.0}, "not below 1"),
        (0.5, {"lower": 5.0}, "or the lower bounds be slack"),
        (-0.5, {"lower": 0.1}, "allow an action of 0$"),
        (0.5, {"upper": -0.5}, "allow an action of 0"),
    ],
)
def test_unsupported_bounds(radius, bounds, words):
    system = game_of(random_weights(np.random.default_rng(0), 5, radius), 0.5, **bounds)
    with pytest.raises(UnsupportedProblemError, match=words):
        target(system, 1.0)


def test_responses_that_do_not_settle(monkeypatch):
    monkeypatch.setattr(targeting_bounded, "_STEPS", 100)
    none = np.full(2, inf)
    with pytest.raises(SolveError, match="the actions do not settle"):
        settled(csr_array([[0.0, -1.0], [-1.0, 0.0]]), np.ones(2), -none, none, np.zeros(2))
