"""Mobilisation over time: closed forms, order of the grid, simulation, exponents of relaxation."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mechanism.branching import GaltonWatson
from mechanism.errors import InvalidInputError, SolveError
from mechanism.memory import ExponentialMemory, PowerMemory, StretchedMemory
from solvers.mobilisation import half_life, mobilise, relaxation_exponent, renewal, simulate, sustained_share

MEAN = 2.0
MEMORY = ExponentialMemory(MEAN)


def cells_of(integral, horizon, step):
    """Means over cells of a function with a known integral."""
    return np.diff(integral(step * np.arange(round(horizon / step) + 1))) / step


def burst_integral(ratio):
    """Of the response n / m exp(-(1 - n) t / m) to one action at time 0."""
    speed = (1 - ratio) / MEAN
    return lambda t: -ratio / (1 - ratio) * np.expm1(-speed * t)


def steady_integral(ratio):
    """Of the response mu / (1 - n) (1 - n exp(-(1 - n) t / m)) to purchases at rate 1."""
    return lambda t: (t - MEAN * burst_integral(ratio)(t)) / (1 - ratio)


@given(st.floats(0, 0.95))
@settings(max_examples=8)
def test_exponential_memory_in_closed_form(ratio):
    case = {"branching": ratio, "horizon": 30, "step": 0.05}
    burst = mobilise(MEMORY, exogenous=0, burst=1, **case)
    steady = mobilise(MEMORY, exogenous=1, **case)
    for result, integral in ((burst, burst_integral(ratio)), (steady, steady_integral(ratio))):
        np.testing.assert_allclose(result.rate, cells_of(integral, 30, 0.05), atol=1.2e-4)
        assert np.abs(result.rate - cells_of(integral, 30, 0.05)).max() <= result.error + 1e-11


def test_take_off_in_closed_form():
    """Above 1 the rate grows as exp((n - 1) t / m)."""
    result = mobilise(MEMORY, exogenous=0, branching=1.5, horizon=10, step=0.01, burst=1)
    np.testing.assert_allclose(result.rate, cells_of(burst_integral(1.5), 10, 0.01), rtol=1e-4)
    assert result.peak == result.rate[-1]
    assert np.isinf(result.half_life)


def test_the_error_is_of_second_order():
    integral = steady_integral(0.8)
    errors = [
        np.abs(
            mobilise(MEMORY, exogenous=1, branching=0.8, horizon=16, step=step).rate - cells_of(integral, 16, step)
        ).max()
        for step in (0.4, 0.2, 0.1)
    ]  # fmt: skip
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert (np.abs(orders - 2) < 0.1).all()


@pytest.mark.parametrize("memory", [PowerMemory(0.4, 1.0), StretchedMemory(0.4, 0.4)], ids=str)
def test_the_error_estimate_holds_where_there_is_no_closed_form(memory):
    case = {"exogenous": 0.5, "branching": 0.9, "horizon": 32, "burst": 3}
    coarse, fine = (mobilise(memory, step=step, **case) for step in (0.5, 1 / 32))
    truth = fine.rate.reshape(len(coarse.rate), -1).mean(axis=1)
    assert 0 < np.abs(coarse.rate - truth).max() <= coarse.error
    assert fine.error < coarse.error / 8


@given(st.integers(1, 700), st.integers(0, 10**6))
@settings(max_examples=25)
def test_blocks_and_convolutions_solve_the_dense_system(size, seed):
    draw = np.random.default_rng(seed)
    chances = PowerMemory(0.3, 2.0).lags(1.0, size)
    source, branching = draw.random(size), 1.5 * draw.random(size)
    matrix = np.eye(size)
    for lag in range(size):
        matrix[np.arange(lag, size), np.arange(size - lag)] -= chances[lag] * branching[: size - lag]
    np.testing.assert_allclose(
        renewal(chances, source, branching), np.linalg.solve(matrix, source), rtol=1e-11
    )


def test_courses_add_up():
    """Rates are linear in what is bought."""
    ratio = 0.9 * np.random.default_rng(1).random(300)
    case = {"branching": ratio, "horizon": 30, "step": 0.1}
    bought = np.random.default_rng(2).random(300)
    one, two = mobilise(MEMORY, exogenous=bought, **case), mobilise(MEMORY, exogenous=0, burst=2, **case)
    both = mobilise(MEMORY, exogenous=3 * bought, burst=2, **case)
    np.testing.assert_allclose(both.rate, 3 * one.rate + two.rate, rtol=1e-11)
    assert both.bought == pytest.approx(2 + 0.3 * bought.sum())


@pytest.mark.parametrize("ratio", [0.3, 0.8])
def test_a_burst_brings_the_progeny_of_a_branching_process(ratio):
    """1 / (1 - n) for each, in the limit and in every simulated course."""
    process = GaltonWatson.poisson(mean=ratio)
    long = mobilise(MEMORY, exogenous=0, branching=ratio, horizon=160, step=0.5, burst=1)
    assert long.total == pytest.approx(process.expected_size, rel=1e-6)
    runs = 20_000
    played = simulate(
        MEMORY, exogenous=0, branching=ratio, horizon=400, step=400, burst=1, replicates=runs, rng=3
    )
    law = process.size_distribution(6)[1:]
    seen = np.bincount(played.totals, minlength=7)[1:7] / runs
    assert (np.abs(seen - law) < 4.9 * np.sqrt(law * (1 - law) / runs)).all()
    assert abs(played.total - process.expected_size) < 4 * played.total_stderr


@pytest.mark.parametrize(
    "memory", [MEMORY, PowerMemory(0.4, 0.5), StretchedMemory(0.4, 0.4)], ids=lambda one: one.kind
)
def test_simulations_have_the_expected_rate(memory):
    bought = np.repeat([4.0, 0.0, 1.0], 8)
    ratio = np.repeat([1.2, 0.9, 0.5, 0.0], 6)
    case = {"exogenous": bought, "branching": ratio, "horizon": 12, "step": 0.5, "burst": 2.5}
    expected = mobilise(memory, **case)
    played = simulate(memory, replicates=3000, rng=11, **case)
    assert (np.abs(played.rate - expected.rate) < 4 * played.rate_stderr + expected.error).all()
    assert abs(played.total - expected.total) < 4 * played.total_stderr + expected.error * 12
    again = simulate(memory, replicates=3000, rng=11, **case)
    assert (again.totals == played.totals).all()


def test_exponents_after_a_burst():
    """With theta = .4: 1 + theta below branching ratio 1, 1 - theta at it (Crane and Sornette 2008)."""
    cells = 2**15
    window = (cells / 10, cells)
    exponents = {}
    for ratio in (0.3, 1.0):
        result = mobilise(PowerMemory(0.4, 1.0), exogenous=0, branching=ratio, horizon=cells, step=1, burst=1)
        exponents[ratio] = relaxation_exponent(result.times, result.rate, window=window)
    assert exponents[0.3] == pytest.approx(1.4, abs=0.008)
    assert exponents[1.0] == pytest.approx(0.6, abs=0.001)


def test_half_lives_and_sustained_shares():
    result = mobilise(MEMORY, exogenous=0, branching=0.5, horizon=40, step=0.1, burst=1)
    assert result.half_life == pytest.approx(np.log(2) * MEAN / 0.5, rel=1e-3)
    assert half_life(np.array([1.0, 4, 3, 1, 0]), step=2.0) == 3.0
    assert np.isinf(half_life(np.array([1.0, 4, 3]), step=1.0))
    assert np.isinf(half_life(np.zeros(3), step=1.0))
    assert sustained_share(np.r_[np.full(18, 4.0), 1, 3]) == 0.5
    assert np.isnan(sustained_share(np.zeros(3)))
    steady = mobilise(MEMORY, exogenous=1, branching=0.5, horizon=40, step=0.1)
    assert steady.sustained_share == pytest.approx(1, abs=1e-3)


def test_prints_draws_and_writes():
    result = mobilise(MEMORY, exogenous=1, branching=0.5, horizon=4, step=0.1, burst=2)
    text = str(result)
    assert "at once          2 at time 0" in text
    assert f"{result.total:,.6g} in 4, 6 of them bought" in text
    assert len(result.plot().lines) == 2
    written = json.loads(json.dumps(result.to_dict()))
    assert written["rate"] == result.rate.tolist()
    assert written["half_life"] is None
    played = simulate(MEMORY, exogenous=1, branching=0.5, horizon=4, step=1, replicates=3, rng=1)
    assert json.loads(json.dumps(played.to_dict()))["total"] == played.total


CASE = {"exogenous": 1.0, "branching": 0.5, "horizon": 10.0, "step": 1.0}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mobilise("power", **CASE), "memory is 'power'"),
        (lambda: mobilise(MEMORY, **CASE | {"horizon": 0.0}), "horizon is 0.0"),
        (lambda: mobilise(MEMORY, **CASE | {"step": 0.3}), "a whole fraction of the horizon"),
        (lambda: mobilise(MEMORY, **CASE | {"step": 30.0}), "a whole fraction of the horizon"),
        (lambda: mobilise(MEMORY, **CASE | {"exogenous": -1}), "exogenous is -1.0"),
        (lambda: mobilise(MEMORY, **CASE | {"exogenous": [1, 2]}), r"exogenous has shape \(2,\)"),
        (lambda: mobilise(MEMORY, **CASE | {"branching": [0.5] * 9 + [np.nan]}), r"branching\[9\] is nan"),
        (lambda: mobilise(MEMORY, **CASE, burst=-1), "burst is -1"),
        (lambda: mobilise(MEMORY, **CASE | {"branching": 9}), "so short that"),
        (lambda: simulate(MEMORY, **CASE, replicates=1, rng=1), "replicates is 1"),
        (lambda: simulate(MEMORY, **CASE, rng=-1), "rng is -1"),
        (lambda: relaxation_exponent([1, 2, 3], [1, 2], window=(1, 3)), "one rate for each moment"),
        (lambda: relaxation_exponent([1, 2, 3], [1, 2, 3], window=(3, 1)), "two moments in order"),
        (lambda: relaxation_exponent([1, 2, 3], [1, 2, 3], window=(0, 1)), "window is 0"),
        (lambda: relaxation_exponent([1, 2, 3], [1, 0, 3], window=(1, 3)), "above 0 in the window"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()


def test_too_much(monkeypatch):
    with pytest.raises(SolveError, match="beyond the largest number"):
        mobilise(MEMORY, exogenous=1, branching=2.0, horizon=4000, step=1.0)
    with pytest.raises(SolveError, match="are bought"):
        simulate(MEMORY, exogenous=1e9, branching=0, horizon=1, step=1, rng=1)
    monkeypatch.setattr("solvers.mobilisation._MOST_ACTIONS", 10_000)
    with pytest.raises(SolveError, match="actions: fewer"):
        simulate(MEMORY, exogenous=1, branching=3, horizon=40, step=1, replicates=10, rng=1)
