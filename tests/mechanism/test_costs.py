"""Cost distributions: closed forms, log-concavity, wrong input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mechanism import CostModel, InvalidInputError

models = st.one_of(
    st.floats(1e-3, 1e3).map(lambda mean: CostModel.exponential(mean=mean)),
    st.tuples(st.floats(0, 10), st.floats(0.1, 10)).map(
        lambda x: CostModel.uniform(low=x[0], high=x[0] + x[1])
    ),
)


def test_exponential_is_scipys():
    x = np.array([-1.0, 0.0, 0.3, 5.0, 1e9])
    assert CostModel.exponential(mean=2.0).cdf(x) == pytest.approx(stats.expon(scale=2.0).cdf(x))


def test_uniform_is_scipys():
    x = np.array([-1.0, 0.5, 1.0, 2.0, 9.0])
    assert CostModel.uniform(low=0.5, high=2.5).cdf(x) == pytest.approx(stats.uniform(0.5, 2.0).cdf(x))


@given(models, st.floats(0, 0.999))
def test_quantiles_invert_the_distribution(model, u):
    assert float(model.cdf(model.ppf(u))) == pytest.approx(u, abs=1e-9)


@given(models, st.floats(0.01, 0.95), st.floats(0.01, 0.95))
def test_log_cdf_is_concave_and_the_slope_is_its_derivative(model, first, second):
    x, y = float(model.ppf(first)), float(model.ppf(second))
    tangent = float(model.log_cdf(x)) + float(model.log_cdf_slope(x)) * (y - x)
    assert float(model.log_cdf(y)) <= tangent + 1e-9
    step = 1e-6 * x
    difference = (model.log_cdf(x + step) - model.log_cdf(x - step)) / (2 * step)
    assert float(model.log_cdf_slope(x)) == pytest.approx(float(difference), rel=1e-4)


@given(models)
def test_the_mean_is_the_integral_of_the_quantiles(model):
    u = (np.arange(100_000) + 0.5) / 100_000
    assert model.ppf(u).mean() == pytest.approx(model.mean, rel=1e-3)


def test_beyond_the_ends():
    model = CostModel.uniform(low=1, high=2)
    assert model.log_cdf(0.5) == -np.inf
    assert model.log_cdf_slope(3) == 0
    assert model.log_cdf_slope(0.5) == np.inf
    assert CostModel.exponential(mean=1).log_cdf(0) == -np.inf


def test_texts_of_uniform_costs():
    assert CostModel.parse("uniform:0.5:2") == CostModel.uniform(low=0.5, high=2)


@pytest.mark.parametrize("text", ["0.8", "exponential:0.8"])
def test_texts_of_exponential_costs(text):
    assert CostModel.parse(text) == CostModel.exponential(mean=0.8)


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: CostModel.exponential(mean=0), "mean is 0"),
        (lambda: CostModel.exponential(mean=float("nan")), "mean is nan"),
        (lambda: CostModel.exponential(mean="1"), "mean is '1'"),
        (lambda: CostModel.uniform(low=-1, high=1), "low is -1"),
        (lambda: CostModel.uniform(low=1, high=1), "high is 1"),
        (lambda: CostModel.uniform(low=0, high=float("inf")), "high is inf"),
        (lambda: CostModel.parse("cheap"), "cheap"),
        (lambda: CostModel.parse("uniform:1"), "uniform:1"),
        (lambda: CostModel.parse("-1"), "-1"),
        (lambda: CostModel.parse("nan"), "nan"),
        (lambda: CostModel.parse(0.8), "0.8"),
        (lambda: CostModel.exponential(mean=1).ppf([0.5, 1.0]), r"u\[1\] is 1.0"),
        (lambda: CostModel.uniform(low=0, high=1).ppf(float("nan")), "u is nan"),
    ],
)
def test_wrong_costs_are_named(build, words):
    with pytest.raises(InvalidInputError, match=words):
        build()
