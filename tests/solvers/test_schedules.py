"""Budgets over time: brute force, another solver, closed forms, limits kept, and what is refused."""

import json
from dataclasses import replace
from itertools import product

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz

from mechanism import CostModel
from mechanism.errors import InvalidInputError
from mechanism.memory import ExponentialMemory, PowerMemory, Response
from solvers.mobilisation import mobilise
from solvers.schedules import _Problem, schedule

LAW = CostModel.exponential(mean=4.0)
ROOT = Response(0.2, 1.2, LAW, price=5.0, returns="root", capacity=10.0)
SATURATING = Response(0.2, 1.2, LAW, price=5.0, returns="saturating", capacity=10.0)
LINEAR = Response(0.2, 1.2, LAW, price=5.0)
SHORT, LONG = ExponentialMemory(1.0), PowerMemory(0.4, 1.0)


def dense(memory, response, rewards, *, period, cells):
    """Actions in each period for one unit bought in each, from the dense system, and the matrix by cells."""
    count = len(rewards)
    size, step = count * cells, period / cells
    chances = memory.lags(step, size)
    lag = np.subtract.outer(np.arange(size), np.arange(size))
    kernel = np.where(lag >= 0, chances[np.abs(lag)], 0.0)
    ratio = np.repeat(response.branching(np.asarray(rewards, dtype=float)), cells)
    rates = np.linalg.solve(np.eye(size) - kernel * ratio, np.repeat(np.eye(count), cells, axis=0))
    return rates.reshape(count, cells, count).sum(axis=1) * step, rates


@pytest.mark.parametrize("response", [LINEAR, ROOT, SATURATING], ids=lambda one: one.returns)
@pytest.mark.parametrize("memory", [SHORT, LONG], ids=lambda one: one.kind)
@pytest.mark.parametrize("options", [{}, {"rewards": "constant"}, {"discount": 0.9}, {"objective": "alive"}])
def test_budgets_and_values_recomputed(response, memory, options):
    """Spending, value and branching of each programme, from its rewards and purchases alone."""
    count, cells, horizon, budget = 6, 3, 12.0, 150.0
    plan = schedule(
        memory, response=response, budget=budget, horizon=horizon, periods=count, cells=cells, **options
    )
    worth = options.get("discount", 1.0) ** np.arange(count)
    for one in plan.programmes.values():
        bought = one.course.exogenous[::cells]
        counts, rates = dense(memory, response, one.rewards, period=2.0, cells=cells)
        np.testing.assert_allclose(one.course.rate, rates @ bought, rtol=1e-9, atol=1e-12)
        spent = 2.0 * response.spending(bought).sum() + one.rewards @ counts @ bought
        assert one.spent == pytest.approx(spent, rel=1e-12)
        assert budget * (1 - 1e-9) <= spent <= budget * (1 + 1e-12)
        assert (response.branching(one.rewards) < 0.99).all()
        assert (bought >= 0).all()
        if options.get("objective") == "alive":
            ends = horizon - one.course.step * np.arange(count * cells + 1)
            value = -np.diff(memory.limited_mean(ends)) @ one.course.rate
        else:
            value = worth @ counts @ bought
        assert one.value == pytest.approx(value, rel=1e-9)
    assert plan.optimal.value >= max(plan.burst.value, plan.steady.value)
    assert plan.gap <= 1e-9 * plan.optimal.value
    assert not plan.burst.course.exogenous[cells:].any()
    assert np.ptp(plan.steady.course.exogenous) == 0
    if options.get("rewards") == "constant":
        assert np.ptp(plan.burst.rewards) == 0
        assert len(set(plan.optimal.rewards) - {0.0}) <= 1
    finer = mobilise(
        memory, exogenous=plan.optimal.course.exogenous, branching=plan.optimal.course.branching,
        horizon=horizon, step=plan.optimal.course.step,
    )  # fmt: skip
    assert np.abs(finer.rate - plan.optimal.course.rate).max() == pytest.approx(plan.optimal.course.error)


@pytest.mark.parametrize("response", [ROOT, SATURATING], ids=lambda one: one.returns)
def test_purchases_are_those_of_another_solver(response):
    plan = schedule(LONG, response=response, budget=300.0, horizon=12.0, periods=6, discount=0.95, cells=3)
    rewards = plan.optimal.rewards
    counts, _ = dense(LONG, response, rewards, period=2.0, cells=3)
    bought = cp.Variable(6, nonneg=True)
    by_root = 5 * cp.sum_squares(bought) / 10
    spending = by_root if response.returns == "root" else -50 * cp.sum(cp.log(1 - bought / 10))
    within = [2 * spending + (rewards @ counts) @ bought <= 300]
    program = cp.Problem(cp.Maximize((0.95 ** np.arange(6) @ counts) @ bought), within)
    program.solve(solver=cp.CLARABEL)
    assert plan.optimal.value == pytest.approx(program.value, rel=1e-6)


@pytest.mark.parametrize("discount", [1.0, 0.7])
def test_brute_force_on_two_periods(discount):
    """All rewards and splits on a grid: none is better, and the best is close."""
    plan = schedule(SHORT, response=ROOT, budget=60.0, horizon=3.0, periods=2, discount=discount, cells=4)
    best = 0.0
    limit = ROOT.reward_below(0.99)
    for rewards in product(np.linspace(0, limit, 25), repeat=2):
        counts, _ = dense(SHORT, ROOT, rewards, period=1.5, cells=4)
        angle = np.linspace(0, np.pi / 2, 60)
        shape = np.stack((np.cos(angle), np.sin(angle)))
        quadratic = 1.5 * 5 / 10 * (shape**2).sum(axis=0)
        linear = np.asarray(rewards) @ counts @ shape
        scale = (-linear + np.sqrt(linear**2 + 4 * quadratic * 60)) / (2 * quadratic)
        best = max(best, float((discount ** np.arange(2) @ counts @ shape * scale).max()))
    assert best <= plan.optimal.value * (1 + 1e-9)
    assert best == pytest.approx(plan.optimal.value, rel=5e-3)


@pytest.mark.parametrize("response", [LINEAR, ROOT, SATURATING], ids=lambda one: one.returns)
@pytest.mark.parametrize("level", [0.0, 8.0])
def test_slopes_are_those_of_differences(response, level):
    count, cells, width = 4, 3, 1e-5
    problem = _Problem(
        response=response, budget=200.0, period=1.0, chances=np.tril(toeplitz(LONG.lags(1 / cells, count * cells))),
        weights=np.repeat(0.9 ** np.arange(count), cells), level=level, periods=count, parts=(1, 2, 4),
    )  # fmt: skip
    rewards = np.linspace(3, 1, count)
    slope = problem.chosen_and_slope(rewards)[1]
    moves = width * np.eye(count)
    rise = [(problem.chosen(rewards + e)[0] - problem.chosen(rewards - e)[0]) / (2 * width) for e in moves]
    np.testing.assert_allclose(slope, rise, atol=1e-6 * np.abs(slope).max())


def test_brute_force_above_a_level():
    """Only what exceeds the level counts: no longer concave."""
    level, count = 6.0, 3
    plan = schedule(SHORT, response=ROOT, budget=90.0, horizon=3.0, periods=count, level=level, cells=3)
    angles = np.stack([axis.ravel() for axis in np.meshgrid(*[np.linspace(0, np.pi / 2, 30)] * 2)])
    first, second = np.cos(angles), np.sin(angles)
    shape = np.stack((first[0], second[0] * first[1], second[0] * second[1]))

    def most(rewards):
        counts, _ = dense(SHORT, ROOT, rewards, period=1.0, cells=3)
        quadratic = 5 / 10 * (shape**2).sum(axis=0)
        linear = np.asarray(rewards) @ counts @ shape
        scale = (-linear + np.sqrt(linear**2 + 4 * quadratic * 90)) / (2 * quadratic)
        return float(np.maximum(counts @ shape * scale - level, 0).sum(axis=0).max())

    best = max(most(rewards) for rewards in product(np.linspace(0, ROOT.reward_below(0.99), 9), repeat=count))
    under_best_rewards = most(plan.optimal.rewards)
    assert best <= plan.optimal.value * (1 + 1e-9)
    assert under_best_rewards == pytest.approx(plan.optimal.value, rel=5e-3)
    assert under_best_rewards <= plan.optimal.value + plan.gap
    counts = plan.optimal.course.rate.reshape(count, -1).mean(axis=1)
    assert plan.optimal.value == pytest.approx(np.maximum(counts - level, 0).sum())


def test_what_counts_above_a_level_favours_a_burst():
    case = {"response": SATURATING, "budget": 60.0, "horizon": 4.0, "periods": 4, "cells": 2}
    everything, peaks = schedule(SHORT, **case), schedule(SHORT, level=4.0, **case)
    assert everything.steady.value > everything.burst.value
    assert peaks.burst.value > peaks.steady.value == 0
    assert peaks.optimal.course.peak > 1.5 * everything.optimal.course.peak
    assert schedule(SHORT, level=500.0, **case).optimal.value == 0


def test_linear_returns_end_in_a_corner():
    """All is bought in one period, the first: later ones lose what would come after the horizon."""
    plan = schedule(LONG, response=LINEAR, budget=100.0, horizon=12.0, periods=6)
    assert (plan.optimal.course.exogenous.reshape(6, -1)[:, 0] > 0).tolist() == [True, *[False] * 5]
    alive = schedule(SHORT, response=LINEAR, budget=100.0, horizon=12.0, periods=6, objective="alive")
    assert (alive.optimal.course.exogenous.reshape(6, -1)[:, 0] > 0).sum() == 1
    assert alive.optimal.course.exogenous[0] == 0


def test_the_reward_of_a_long_programme_in_closed_form():
    """An action bought brings 1 / (1 - n) for price + R / (1 - n): best where price n'(R) = 1."""
    response = Response(0.2, 0.9, LAW, price=15.0)
    plan = schedule(
        ExponentialMemory(0.2), response=response, budget=100.0, horizon=60.0, periods=12, rewards="constant"
    )
    best = 4 * np.log(15 * 0.7 / 4)
    assert plan.optimal.rewards[0] == pytest.approx(best, rel=1e-3)
    ratio = float(response.branching(best))
    assert plan.optimal.value == pytest.approx(100 / (15 * (1 - ratio) + best), rel=1e-5)


def test_diminishing_returns_spread_what_is_bought():
    """Without triggering and discount, equal purchases are best under concave returns; the half-life is none."""
    plain = Response(0.0, 0.0, LAW, price=5.0, returns="root", capacity=10.0)
    plan = schedule(SHORT, response=plain, budget=180.0, horizon=8.0, periods=4)
    np.testing.assert_allclose(plan.optimal.course.exogenous, np.sqrt(180 / 8 * 10 / 5), rtol=1e-7)
    assert not plan.optimal.rewards.any()
    assert plan.optimal.value == pytest.approx(plan.steady.value, rel=1e-12)
    # The same money in one period of four buys half as much.
    assert plan.burst.value == pytest.approx(plan.steady.value / 2, rel=1e-9)


def test_impatience_leads_to_bursts():
    case = {"response": SATURATING, "budget": 300.0, "horizon": 12.0, "periods": 6, "cells": 2}
    patient, hasty = schedule(SHORT, **case), schedule(SHORT, discount=0.6, **case)
    assert hasty.optimal.course.sustained_share < 0.1 < patient.optimal.course.sustained_share
    assert hasty.burst.value / hasty.steady.value > patient.burst.value / patient.steady.value


def test_rewards_by_period_are_no_worse_than_constant_ones():
    case = {"response": SATURATING, "budget": 300.0, "horizon": 12.0, "periods": 6, "cells": 4}
    constant, free = (schedule(LONG, rewards=kind, **case) for kind in ("constant", "periods"))
    assert free.optimal.value >= constant.optimal.value * (1 + 1e-4)


@given(st.floats(0.01, 100))
@settings(max_examples=2)
def test_units_of_money_do_not_matter(unit):
    case = {"budget": 150.0, "horizon": 6.0, "periods": 4, "cells": 3}
    one = schedule(SHORT, response=ROOT, **case)
    scaled = replace(ROOT, law=LAW.scaled(unit), price=5.0 * unit, most_reward=None)
    other = schedule(SHORT, response=scaled, **case | {"budget": 150.0 * unit})
    assert other.optimal.value == pytest.approx(one.optimal.value, rel=1e-6)


def test_prints_draws_and_writes():
    plan = schedule(SHORT, response=SATURATING, budget=300.0, horizon=12.0, periods=6)
    text = str(plan)
    assert "A budget of 300 over time: discounted actions" in text
    rows = {cells[0]: cells for cells in map(str.split, text.splitlines()) if cells}
    assert rows["optimal"][-1] == f"{plan.optimal.value:,.6g}"
    assert rows["burst"][1] == "300"
    written = json.loads(json.dumps(plan.to_dict()))
    assert written["steady"]["spent"] == pytest.approx(300)
    assert written["optimal"]["course"]["memory"] == "exponential"
    axes = plan.plot()
    assert [line.get_label() for line in axes.lines] == ["optimal", "steady", "burst"]
    below = axes.figure.axes[1]
    assert all(line.get_ydata()[-1] == pytest.approx(100) for line in below.lines)
    with pytest.raises(InvalidInputError, match="axes of a grid"):
        plan.plot(ax=axes.figure.add_axes((0, 0, 1, 1)))


CASE = {"response": ROOT, "budget": 10.0, "horizon": 4.0, "periods": 2}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"response": LAW}, "it must be a Response"),
        ({"budget": 0.0}, "budget is 0.0"),
        ({"horizon": -1.0}, "horizon is -1.0"),
        ({"periods": 1}, "periods is 1"),
        ({"cells": 0}, "cells is 0"),
        ({"objective": "fame"}, "objective is 'fame'"),
        ({"rewards": "rising"}, "rewards is 'rising'"),
        ({"level": -1.0}, "level is -1.0"),
        ({"level": 1.0, "objective": "alive"}, "level is 1.0; it must be 0 with 'alive'"),
        ({"discount": 1.2}, "discount is 1.2"),
        ({"discount": 0.9, "objective": "alive"}, "discount is 0.9"),
        ({"response": Response(0.995, 1.2, LAW)}, "response triggers 0.995 actions without reward"),
        ({"response": SATURATING, "budget": 1e5}, "a period is at its capacity"),
    ],
)
def test_wrong_input(change, message):
    with pytest.raises(InvalidInputError, match=message):
        schedule(SHORT, **CASE | change)
    with pytest.raises(InvalidInputError, match="memory is None"):
        schedule(None, **CASE)
