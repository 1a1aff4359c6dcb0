"""Regimes of mobilisation: their definitions, exact boundaries, and the relaxation from within."""

import json

import numpy as np
import pytest

from mechanism import CostModel
from mechanism.errors import InvalidInputError, UnsupportedProblemError
from mechanism.memory import ExponentialMemory, PowerMemory, Response
from solvers.mobilisation import mobilise, relaxation_exponent, sustained_share
from solvers.phases import Regime, endogenous_relaxation, phase_diagram

MEMORY = ExponentialMemory(2.0)
SHARES = [0.0, 0.1, 0.5, 1.0]
RATIOS = [0.0, 0.5, np.nextafter(1.0, 0.0), 1.0, 1.2]
RESPONSE = Response(0.2, 1.2, CostModel.exponential(mean=4.0))


def test_sustained_shares_are_those_of_the_courses():
    result = phase_diagram(MEMORY, first_share=SHARES, branching=RATIOS, horizon=12.0, periods=6, cells=2)
    for row, share in enumerate(SHARES):
        bought = np.repeat([share, *[(1 - share) / 5] * 5], 2)
        for column, ratio in enumerate(RATIOS):
            course = mobilise(MEMORY, exogenous=bought, branching=ratio, horizon=12.0, step=1.0)
            assert result.sustained[row, column] == pytest.approx(sustained_share(course.rate), rel=1e-9)


@pytest.mark.parametrize("threshold", [0.05, 0.5, 1.0])
def test_regimes_by_definition(threshold):
    result = phase_diagram(
        MEMORY, first_share=SHARES, branching=RATIOS, horizon=12.0, threshold=threshold, cells=2
    )
    for row, values in enumerate(result.sustained):
        for column, value in enumerate(values):
            below = Regime.FLASH if value < threshold else Regime.STEADY
            assert result.regimes[row, column] == (Regime.TAKE_OFF if RATIOS[column] >= 1 else below)
    assert (result.regimes[:, 2] != Regime.TAKE_OFF).all()  # one float below 1
    assert (result.regimes[:, 3] == Regime.TAKE_OFF).all()


def test_the_boundary_by_rewards_is_the_critical_reward():
    critical = RESPONSE.critical_reward
    rewards = [0.0, critical, np.nextafter(critical, np.inf), 2 * critical]
    result = phase_diagram(MEMORY, first_share=[0.2, 0.8], rewards=rewards, response=RESPONSE, horizon=12.0)
    assert (result.regimes == Regime.TAKE_OFF).tolist() == [[False, False, True, True]] * 2
    same = phase_diagram(
        MEMORY, first_share=[0.2, 0.8], branching=RESPONSE.branching([0.0, 2.0]), horizon=12.0
    )
    other = phase_diagram(MEMORY, first_share=[0.2, 0.8], rewards=[0.0, 2.0], response=RESPONSE, horizon=12.0)
    assert (same.sustained == other.sustained).all()


def test_early_purchases_make_flashes_and_triggering_sustains_bursts():
    result = phase_diagram(
        MEMORY, first_share=np.linspace(0.3, 1, 8), branching=np.linspace(0, 0.8, 9), horizon=24.0, cells=2
    )
    assert (np.diff(result.sustained, axis=0) < 0).all()
    assert (np.diff(result.sustained[-1]) > 0).all()
    assert result.regimes[-1, 0] == Regime.FLASH


def test_exponents_of_memories_may_be_the_rows():
    thetas = [0.3, 0.8, 2.0]
    result = phase_diagram(
        [PowerMemory(theta, 0.1) for theta in thetas], first_share=0.4, branching=[0.5, 0.9], horizon=12.0
    )
    assert result.along.tolist() == thetas
    alone = phase_diagram(PowerMemory(0.8, 0.1), first_share=0.4, branching=[0.5, 0.9], horizon=12.0)
    assert result.sustained[1].tolist() == alone.sustained[0].tolist()


def test_prints_draws_and_writes():
    result = phase_diagram(
        MEMORY, first_share=np.linspace(0, 1, 12), rewards=np.linspace(0, 10, 15), response=RESPONSE, horizon=24.0,
        cells=2,
    )  # fmt: skip
    text = str(result)
    assert "Regimes by reward (money per action) (columns)" in text
    assert all(name in text for name in ("flash 0.", "steady 1.00", "take-off 0."))
    axes = result.plot()
    assert {text.get_text() for text in axes.texts} >= {"flash in the pan", "steady", "take-off"}
    edge = axes.lines[0].get_xdata()[0]
    assert edge == pytest.approx(RESPONSE.critical_reward, rel=0.01)
    written = json.loads(json.dumps(result.to_dict()))
    assert written["regimes"][-1][0] == "flash"
    assert written["regimes"][0][-1] == "take-off"
    assert written["across"]["values"] == result.across.tolist()


@pytest.mark.parametrize("branching", [[0.2, 0.5], [1.1, 1.3], [0.5]])
@pytest.mark.parametrize("shares", [[0.5], [0.1, 0.9], [0.0, 0.001]])
def test_small_diagrams_are_drawn(branching, shares):
    result = phase_diagram(MEMORY, first_share=shares, branching=branching, horizon=6.0, periods=3)
    if len(branching) > 1 and len(shares) > 1:
        assert result.plot().get_xlabel() == "branching ratio"
    else:
        with pytest.raises(UnsupportedProblemError, match="two rows and two columns"):
            result.plot()


def test_the_exponent_of_a_peak_from_within():
    """1 - 2 theta at branching ratio 1, which the integral beyond the horizon decides (Crane and Sornette 2008)."""
    for theta, off in ((0.4, 0.002), (0.3, 0.01)):
        times, excess = endogenous_relaxation(PowerMemory(theta, 1.0), horizon=2.0**15, step=1.0)
        window = (times[-1] / 10, times[-1])
        assert relaxation_exponent(times, excess, window=window) == pytest.approx(1 - 2 * theta, abs=off)


def test_the_relaxation_does_not_depend_on_the_horizon():
    memory = PowerMemory(0.4, 1.0)
    (_, short), (_, long) = (endogenous_relaxation(memory, horizon=h, step=1.0) for h in (2.0**13, 2.0**15))
    np.testing.assert_allclose(short, long[: len(short)], rtol=1e-3)


@pytest.mark.parametrize("memory", [PowerMemory(0.5, 1.0), MEMORY], ids=str)
def test_fluctuations_must_be_finite(memory):
    with pytest.raises(UnsupportedProblemError, match="theta < 1/2"):
        endogenous_relaxation(memory, horizon=8.0, step=1.0)


CASE = {"first_share": [0.1, 0.9], "branching": [0.2, 0.8], "horizon": 6.0, "periods": 3}


@pytest.mark.parametrize(
    ("memory", "change", "message"),
    [
        (MEMORY, {"branching": None}, "branching is None"),
        (MEMORY, {"rewards": [1.0]}, "branching is"),
        (MEMORY, {"branching": None, "rewards": [1.0]}, "branching is None"),
        (MEMORY, {"branching": [0.8, 0.2]}, "increasing finite numbers"),
        (MEMORY, {"branching": []}, "increasing finite numbers"),
        (MEMORY, {"first_share": [0.5, 1.5]}, r"in \[0, 1\]"),
        (MEMORY, {"first_share": [-0.5, 0.5]}, r"in \[0, 1\]"),
        (MEMORY, {"threshold": 1.5}, "threshold is 1.5"),
        (MEMORY, {"periods": 1}, "periods is 1"),
        (MEMORY, {"horizon": 0.0}, "horizon is 0.0"),
        ([PowerMemory(1, 1), PowerMemory(2, 1)], {}, "PowerMemory laws with one first_share"),
        ([MEMORY], {"first_share": 0.5}, "PowerMemory laws with one first_share"),
        ([PowerMemory(2, 1), PowerMemory(1, 1)], {"first_share": 0.5}, "theta is"),
    ],
)
def test_wrong_input(memory, change, message):
    with pytest.raises(InvalidInputError, match=message):
        phase_diagram(memory, **CASE | change)
