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
    st.tuples(st.floats(0.01, 100), st.floats(0.1, 2)).map(
        lambda x: CostModel.lognormal(median=x[0], sigma=x[1])
    ),
    st.tuples(st.floats(0.01, 100), st.floats(0.3, 5)).map(
        lambda x: CostModel.weibull(scale=x[0], shape=x[1])
    ),
)
laws = st.one_of(
    models,
    st.tuples(st.floats(0, 10), st.floats(0.1, 10)).map(lambda x: CostModel.logistic(mean=x[0], scale=x[1])),
)


def test_exponential_is_scipys():
    x = np.array([-1.0, 0.0, 0.3, 5.0, 1e9])
    assert CostModel.exponential(mean=2.0).cdf(x) == pytest.approx(stats.expon(scale=2.0).cdf(x))


def test_uniform_is_scipys():
    x = np.array([-1.0, 0.5, 1.0, 2.0, 9.0])
    assert CostModel.uniform(low=0.5, high=2.5).cdf(x) == pytest.approx(stats.uniform(0.5, 2.0).cdf(x))


X = np.array([-1.0, 0.0, 1e-9, 0.3, 1.0, 5.0, 1e6])


@pytest.mark.parametrize(
    ("model", "book"),
    [
        (CostModel.lognormal(median=2, sigma=0.7), stats.lognorm(0.7, scale=2)),
        (CostModel.weibull(scale=2, shape=0.6), stats.weibull_min(0.6, scale=2)),
        (CostModel.weibull(scale=2, shape=3), stats.weibull_min(3, scale=2)),
        (CostModel.logistic(mean=2, scale=0.7), stats.logistic(2, 0.7)),
    ],
)
def test_laws_are_scipys(model, book):
    assert model.cdf(X) == pytest.approx(book.cdf(X), abs=1e-14)
    assert model.mean == pytest.approx(book.mean())
    with np.errstate(divide="ignore"):
        assert model.log_cdf(X) == pytest.approx(book.logcdf(X), rel=1e-9)


def test_slopes_far_out():
    """No overflow and no 0 / 0: infinite where nobody comes, 0 where everybody does."""
    for model in (CostModel.lognormal(median=1, sigma=0.1), CostModel.weibull(scale=1, shape=4)):
        slope = model.log_cdf_slope([0.0, 1e-5, 1e3, 1e300])
        assert slope[0] == np.inf
        assert np.isfinite(slope[1:]).all()
        assert slope[1] > 1e4
        assert slope[3] == 0
    assert CostModel.logistic(mean=1, scale=0.5).log_cdf_slope(-1e9) == 2
    assert CostModel.lognormal(median=1, sigma=0.1).log_cdf(1e-5) < -6000


def test_a_mean_beyond_all_numbers_is_infinite():
    assert CostModel.lognormal(median=1, sigma=40).mean == np.inf


def test_shares_below_zero_are_stated():
    assert CostModel.logistic(mean=0, scale=1).below_zero == 0.5
    assert CostModel.logistic(mean=0, scale=1).log_cdf(0) == pytest.approx(np.log(0.5))


def test_observed_costs():
    model = CostModel.empirical([3, 1, -1, 1])
    assert model.cdf([-2, -1, 0, 1, 2.9, 3]).tolist() == [0, 0.25, 0.25, 0.75, 0.75, 1]
    assert model.ppf([0, 0.24, 0.25, 0.74, 0.75, 0.99]).tolist() == [-1, -1, 1, 1, 3, 3]
    assert model.mean == 1
    assert not model.is_log_concave
    assert model == CostModel.empirical(np.array([1, 3, 1, -1]))


@given(laws, st.floats(0.001, 0.999))
def test_quantiles_invert_the_distribution(model, u):
    assert float(model.cdf(model.ppf(u))) == pytest.approx(u, abs=1e-9)


@given(laws, st.floats(0.01, 0.95), st.floats(0.01, 0.95))
def test_log_cdf_is_concave_and_the_slope_is_its_derivative(model, first, second):
    x, y = float(model.ppf(first)), float(model.ppf(second))
    tangent = float(model.log_cdf(x)) + float(model.log_cdf_slope(x)) * (y - x)
    assert float(model.log_cdf(y)) <= tangent + 1e-9
    low, high = (float(model.ppf(first * (1 + shift))) for shift in (-1e-6, 1e-6))
    difference = float(model.log_cdf(high) - model.log_cdf(low)) / (high - low)
    assert float(model.log_cdf_slope(x)) == pytest.approx(difference, rel=1e-4)


@given(models)
def test_the_mean_is_the_integral_of_the_quantiles(model):
    u = (np.arange(100_000) + 0.5) / 100_000
    assert model.ppf(u).mean() == pytest.approx(model.mean, rel=1e-2)


def test_beyond_the_ends():
    model = CostModel.uniform(low=1, high=2)
    assert model.log_cdf(0.5) == -np.inf
    assert model.log_cdf_slope(3) == 0
    assert model.log_cdf_slope(0.5) == np.inf
    assert CostModel.exponential(mean=1).log_cdf(0) == -np.inf


@pytest.mark.parametrize(
    ("text", "model"),
    [
        ("lognormal:2:0.5", CostModel.lognormal(median=2, sigma=0.5)),
        ("weibull:2:0.5", CostModel.weibull(scale=2, shape=0.5)),
        ("logistic:2:0.5", CostModel.logistic(mean=2, scale=0.5)),
    ],
)
def test_texts_of_other_costs(text, model):
    assert CostModel.parse(text) == model


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
        (lambda: CostModel.lognormal(median=0, sigma=1), "median is 0"),
        (lambda: CostModel.lognormal(median=1, sigma=-1), "sigma is -1; it must be a finite number above 0"),
        (lambda: CostModel.weibull(scale=1, shape=0), "shape is 0"),
        (lambda: CostModel.logistic(mean=-1, scale=1), "mean is -1"),
        (lambda: CostModel.empirical([]), "sample is"),
        (lambda: CostModel.empirical([1, float("nan")]), r"sample\[1\] is nan"),
        (lambda: CostModel.empirical(["a"]), "sample is"),
        (lambda: CostModel.parse("weibull:1"), "weibull:1"),
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
