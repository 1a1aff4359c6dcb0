"""Memory kernels and responses: closed forms, quantiles, chances by cells, and what is refused."""

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import gammaincinv

from mechanism import CostModel
from mechanism.errors import InvalidInputError
from mechanism.memory import ExponentialMemory, PowerMemory, Response, StretchedMemory

MEMORIES = [
    ExponentialMemory(2.0),
    PowerMemory(theta=0.4, scale=1.5),
    PowerMemory(theta=1.0, scale=0.5),
    PowerMemory(theta=2.5, scale=3.0),
    StretchedMemory(rate=0.4, power=0.4),
    StretchedMemory(rate=0.3, power=1.7),
]
memories = pytest.mark.parametrize("memory", MEMORIES, ids=str)


def test_the_half_life_of_novelty():
    """Half of all novelty exp(-.4 t^.4) comes within 69 minutes, though novelty is halved within 4."""
    novelty = StretchedMemory(rate=0.4, power=0.4)
    assert round(novelty.median, 2) == 69.0
    assert novelty.median == pytest.approx((gammaincinv(2.5, 0.5) / 0.4) ** 2.5, rel=1e-12)
    halved = (np.log(2) / 0.4) ** 2.5
    assert round(halved, 2) == 3.95
    assert novelty.density(halved) == pytest.approx(novelty.density(0.0) / 2, rel=1e-12)


@memories
def test_density_distribution_survival_and_limited_mean_agree(memory):
    for t in (0.3, 2.0, 25.0):
        mass = quad(memory.density, 0, t, epsabs=1e-12, limit=200)[0]
        assert memory.distribution(t) == pytest.approx(mass, rel=1e-8)
        assert memory.distribution(t) + memory.survival(t) == pytest.approx(1, abs=1e-14)
        assert memory.limited_mean(t) == pytest.approx(quad(memory.survival, 0, t, epsabs=1e-12)[0], rel=1e-8)
    assert memory.density(-1.0) == 0
    assert memory.distribution(-1.0) == 0


@memories
@given(u=st.floats(1e-9, 1 - 1e-9))
@settings(max_examples=20)
def test_quantile_inverts_the_distribution(memory, u):
    assert memory.distribution(memory.quantile(u)) == pytest.approx(u, rel=1e-9)


@memories
def test_means(memory):
    if np.isinf(memory.mean):
        assert memory.theta <= 1
    else:
        assert memory.mean == pytest.approx(quad(memory.survival, 0, np.inf, limit=400)[0], rel=1e-6)
    assert memory.distribution(memory.median) == pytest.approx(0.5, rel=1e-12)


def test_stretched_with_power_one_is_exponential():
    one, other = StretchedMemory(rate=0.5, power=1.0), ExponentialMemory(2.0)
    t = np.linspace(0, 20, 50)
    np.testing.assert_allclose(one.density(t), other.density(t), rtol=1e-12)
    np.testing.assert_allclose(one.lags(0.3, 100), other.lags(0.3, 100), rtol=1e-9)


def test_lags_in_closed_form():
    """The delay plus the trigger's place in its cell: m / h exp(-k h / m) (2 cosh(h / m) - 2)."""
    mean, step, count = 2.0, 0.05, 400
    chances = ExponentialMemory(mean).lags(step, count)
    x = step / mean
    later = np.exp(-x * np.arange(1, count)) * (2 * np.cosh(x) - 2) / x
    np.testing.assert_allclose(chances[1:], later, rtol=1e-9)
    assert chances[0] == pytest.approx(1 - (1 - np.exp(-x)) / x, rel=1e-10)


@memories
@pytest.mark.parametrize("step", [0.07, 5.0])
def test_lags_are_double_integrals(memory, step):
    chances = memory.lags(step, 90)
    for k in (0, 1, 2, 63, 64, 89):
        inside = integral_over_a_pair_of_cells(memory, k, step)
        assert chances[k] == pytest.approx(inside, rel=1e-7, abs=1e-12)


def integral_over_a_pair_of_cells(memory, k, step):
    """The trigger's place in its cell leaves 1 - |t / h - k| of the delays t."""
    ends = [max(k - 1, 0) * step, k * step, (k + 1) * step]
    parts = [
        quad(lambda t: memory.density(t) * (1 - abs(t / step - k)), low, high, epsabs=1e-14, limit=200)[0]
        for low, high in pairwise(ends)
    ]
    return sum(parts)


@memories
def test_lags_add_up(memory):
    """All chances up to k add up to the mean chance to come within the cell k: no action is lost."""
    step, count = 0.5, 300
    ends = memory.limited_mean(step * np.arange(count + 1))
    within = 1 - (ends[-1] - ends[-2]) / step
    assert memory.lags(step, count).sum() == pytest.approx(within, abs=1e-10)


def test_draws():
    """The largest distance of 20,000 draws from the law is below its 1e-6 quantile, about 2.7 / sqrt(n)."""
    for memory in MEMORIES:
        draws = np.sort(memory.draw(np.random.default_rng(5), 20_000))
        distance = np.abs(memory.distribution(draws) - (np.arange(20_000) + 0.5) / 20_000).max()
        assert distance < 2.7 / np.sqrt(20_000)


def test_a_memory_is_written_as_plain_values():
    assert json.loads(json.dumps(StretchedMemory(0.4, 0.5).to_dict())) == {
        "memory": "stretched", "rate": 0.4, "power": 0.5,
    }  # fmt: skip


LAW = CostModel.exponential(mean=2.0)


def test_branching_rises_with_the_reward():
    response = Response(0.2, 1.4, LAW)
    assert response.branching(0.0) == pytest.approx(0.2)
    assert response.branching([1.0, 5.0]) == pytest.approx(0.2 + 1.2 * LAW.cdf([1.0, 5.0]))
    assert response.highest == pytest.approx(2 * np.log(1000))


@given(st.floats(0, 0.9), st.floats(1.05, 3))
@settings(max_examples=30)
def test_the_critical_reward_is_where_each_action_triggers_one(least, most):
    response = Response(least, most, LAW)
    critical = response.critical_reward
    assert critical == pytest.approx(float(LAW.ppf((1 - least) / (most - least))), rel=1e-9)
    assert response.branching(critical) < 1 <= response.branching(np.nextafter(critical, np.inf))


def test_critical_rewards_at_the_ends():
    assert np.isinf(Response(0.1, 0.9, LAW).critical_reward)
    assert Response(1.1, 1.2, LAW).critical_reward == 0
    assert Response(1.1, 1.2, LAW).reward_below(0.5) == -np.inf


def test_a_function_may_be_the_law():
    response = Response(0.0, 1.0, lambda reward: reward / (1 + reward), most_reward=50.0)
    assert response.branching(3.0) == pytest.approx(0.75)
    assert response.reward_below(0.5) == pytest.approx(1.0)


@pytest.mark.parametrize("returns", ["root", "saturating"])
@given(st.floats(0.01, 0.95))
@settings(max_examples=20)
def test_bought_actions_cost_their_marginal_spending(returns, share):
    response = Response(0.1, 0.5, LAW, price=3.0, returns=returns, capacity=4.0)
    rate, width = 4 * share, 1e-6
    marginal = (response.spending(rate + width) - response.spending(rate - width)) / (2 * width)
    assert response.bought(marginal) == pytest.approx(rate, rel=1e-5)
    assert response.bought(0.0) == 0
    assert response.spending(0.0) == 0


def test_spending_in_closed_form():
    assert Response(0, 1, LAW, price=3.0).spending(2.0) == 6
    assert Response(0, 1, LAW, price=3.0, returns="root", capacity=4.0).spending(4.0) == 12
    towards = Response(0, 1, LAW, price=3.0, returns="saturating", capacity=4.0)
    assert towards.spending(2.0) == pytest.approx(12 * np.log(2))
    assert np.isinf(towards.spending(4.0))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ExponentialMemory(0.0), "average is 0.0"),
        (lambda: PowerMemory(theta=-1, scale=1), "theta is -1"),
        (lambda: PowerMemory(theta=1, scale=np.inf), "scale is inf"),
        (lambda: StretchedMemory(rate=1, power=float("nan")), "power is nan"),
        (lambda: ExponentialMemory(1.0).lags(0.0, 3), "step is 0.0"),
        (lambda: ExponentialMemory(1.0).lags(1.0, 0), "count is 0"),
        (lambda: ExponentialMemory(1.0).quantile(1.0), "u is 1.0"),
        (lambda: Response(-0.1, 1, LAW), "least is -0.1"),
        (lambda: Response(0.5, 0.4, LAW), "most is 0.4"),
        (lambda: Response(0, 1, LAW, price=0), "price is 0"),
        (lambda: Response(0, 1, "law"), "law is 'law'"),
        (lambda: Response(0, 1, LAW, returns="cubic", capacity=1), "returns is 'cubic'"),
        (lambda: Response(0, 1, LAW, capacity=1), "absent where returns are linear"),
        (lambda: Response(0, 1, LAW, returns="root"), "capacity is None"),
        (lambda: Response(0, 1, lambda r: r), "most_reward is None"),
        (lambda: Response(0, 1, lambda r: 2 * r, most_reward=1), "law gives"),
        (lambda: Response(0, 1, lambda r: 1 - r, most_reward=1), "law gives"),
        (lambda: Response(0, 1, lambda r: 0.5, most_reward=1), "law gives shape"),
        (lambda: Response(0, 1, LAW).bought(1.0), "the price is constant"),
    ],
)
def test_wrong_input(call, message):
    with pytest.raises(InvalidInputError, match=message):
        call()
